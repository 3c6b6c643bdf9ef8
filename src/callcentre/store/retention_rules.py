"""What retention removes, rule by rule: which rows of which table, by what time, and how. Data, for store/retention.py.

A rule names its kind (a key of [retention]). Numbers and names go first and rows later, so that figures stay as they
were. Nothing here touches a task or a case that is not closed: each rule says so, and is asked again before it writes.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Table

from callcentre.store import tables
from callcentre.store.erasure import emptied
from callcentre.store.personal import Says, table_of

_PAGE: Final = 1_000
_FAMILY: Final = 50
"""Rows that have a family of others (a task with its history): so many at once stay under a thousand in all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Rows of `table` whose `moment` is over the term of `kind` and that are `due` (SQL): each step is said for each.

    A step's values are the row's primary key. `task` and `call` are the columns that name a task, or a call, which may
    have to stay. `sliced`: the time has an index, so old rows are read in its order, else all in that of the key.
    `at_once`: the time itself says when it is over (flags, marks of callers), whatever the term.
    """

    kind: str
    table: Table
    moment: str
    due: str
    steps: tuple[str, ...]
    page: int = _PAGE
    task: str = ""
    call: str = ""
    sliced: bool = False
    at_once: bool = False

    @property
    def key(self) -> tuple[str, ...]:
        """The columns of the primary key, in order."""
        return tuple(column.name for column in self.table.primary_key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """What a run removed of a kind, or would: `rows`, the `oldest` of them, and how many were due and `kept`."""

    kind: str
    rows: int = 0
    kept: int = 0
    oldest: datetime | None = None


def _where(table: Table) -> str:
    return " AND ".join(f'"{column.name}" = ?' for column in table.primary_key)


def _update(table: Table, sets: dict[str, str | None], where: str = "") -> str:
    said = ", ".join(f'"{name}" = {"NULL" if value is None else repr(value)}' for name, value in sets.items())
    return f"UPDATE {table.name} SET {said} WHERE {where or _where(table)}"  # noqa: S608  names of ours


def _delete(table: Table, where: str = "") -> str:
    return f"DELETE FROM {table.name} WHERE {where or _where(table)}"  # noqa: S608  names of ours


_FLAGS: Final[dict[str, str | None]] = {
    **emptied(tables.tasks, Says.PERSON),
    **dict.fromkeys(("flags_by", "flags_at", "flags_until")),
}
_CLOSED: Final = "state = 'closed'"
_OF_TASK: Final = "pbx = ? AND task = ?"
_OF_CASE: Final = "pbx = ? AND case_number = ?"
_OF_CALL: Final = "pbx = ? AND uniqueid = ?"
_IN_MAILBOX: Final = (
    "EXISTS (SELECT 1 FROM filings f JOIN messages m ON m.pbx = f.pbx AND m.key = f.key "
    "WHERE f.pbx = tasks.pbx AND f.task = tasks.number AND m.in_mailbox)"
)
_OPEN_TASK: Final = (
    "EXISTS (SELECT 1 FROM filings f JOIN tasks t ON t.pbx = f.pbx AND t.number = f.task "
    "WHERE f.pbx = {table}.pbx AND f.key = {table}.key AND t.state <> 'closed')"
)
_NO_TASK: Final = "NOT EXISTS (SELECT 1 FROM tasks t WHERE t.pbx = {table}.pbx AND t.number = {table}.task)"
_MESSAGES_OF_TASK: Final = (
    "NOT in_mailbox AND pbx = ? AND key IN (SELECT key FROM filings WHERE filings.pbx = messages.pbx AND task = ?)"
)
_LAST: Final = "at < (SELECT max(b.at) FROM {table} b WHERE b.pbx = {table}.pbx AND b.line = {table}.line)"


def _numbers() -> list[Rule]:
    kind, number = "numbers", Says.NUMBER
    t = tables
    return [
        Rule(
            kind=kind,
            table=t.calls,
            moment="offered_at",
            due="caller IS NOT NULL AND outcome <> 'in_progress'",
            steps=(_update(t.calls, emptied(t.calls, number)),),
            call="uniqueid",
            sliced=True,
        ),
        Rule(
            kind=kind,
            table=t.messages,
            moment="left_at",
            due=(
                "caller IS NOT NULL AND NOT in_mailbox AND status <> 'backlog' "
                f"AND NOT {_OPEN_TASK.format(table='messages')}"
            ),
            steps=(_update(t.messages, emptied(t.messages, number)),),
        ),
        Rule(
            kind=kind,
            table=t.tasks,
            moment="closed_at",
            due=f"{_CLOSED} AND (caller IS NOT NULL OR dial IS NOT NULL) AND NOT {_IN_MAILBOX}",
            steps=(_update(t.tasks, emptied(t.tasks, number) | _FLAGS),),
            task="number",
        ),
        Rule(
            kind=kind,
            table=t.callouts,
            moment="begun_at",
            due="caller <> '' AND ended_at IS NOT NULL",
            steps=(_update(t.callouts, emptied(t.callouts, number)),),
            task="task",
            sliced=True,
        ),
        Rule(
            kind=kind,
            table=t.clicks,
            moment="asked_at",
            due="number <> '' AND ended_at IS NOT NULL",
            steps=(_update(t.clicks, emptied(t.clicks, number)),),
            task="task",
            sliced=True,
        ),
        Rule(
            kind=kind,
            table=t.wrap_ups,
            moment="at",
            due="caller IS NOT NULL",
            steps=(_update(t.wrap_ups, emptied(t.wrap_ups, number)),),
            call="uniqueid",
            sliced=True,
        ),
    ]


def _notes() -> list[Rule]:
    kind, t = "notes", tables
    noted = "EXISTS (SELECT 1 FROM task_history h WHERE h.pbx = tasks.pbx AND h.task = tasks.number AND h.why <> '')"
    return [
        Rule(
            kind=kind,
            table=t.tasks,
            moment="closed_at",
            due=f"{_CLOSED} AND {noted}",
            steps=(_update(t.task_history, {"why": ""}, _OF_TASK),),
            page=_FAMILY,
            task="number",
        ),
        Rule(
            kind=kind,
            table=t.clicks,
            moment="asked_at",
            due="why <> '' AND ended_at IS NOT NULL",
            steps=(_update(t.clicks, {"why": ""}),),
            task="task",
            sliced=True,
        ),
        Rule(
            kind=kind,
            table=t.wrap_ups,
            moment="at",
            due="why <> ''",
            steps=(_update(t.wrap_ups, {"why": ""}),),
            call="uniqueid",
            sliced=True,
        ),
        Rule(
            kind="flags",
            table=t.tasks,
            moment="flags_until",
            due=_CLOSED,
            steps=(_update(t.tasks, _FLAGS),),
            task="number",
            at_once=True,
        ),
    ]


def _calls() -> list[Rule]:
    kind, t = "calls", tables
    return [
        Rule(
            kind=kind,
            table=t.calls,
            moment="offered_at",
            due="outcome <> 'in_progress'",
            steps=(_delete(t.ring_attempts, _OF_CALL), _delete(t.visits, _OF_CALL), _delete(t.calls)),
            page=_FAMILY,
            call="uniqueid",
            sliced=True,
        ),
        Rule(
            kind=kind,
            table=t.voicemail_uses,
            moment="at",
            due="1 = 1",
            steps=(_delete(t.voicemail_uses),),
            call="uniqueid",
        ),
        Rule(kind=kind, table=t.menu_abandons, moment="at", due="1 = 1", steps=(_delete(t.menu_abandons),)),
        *(
            Rule(kind=kind, table=table, moment="asked_at", due="1 = 1", steps=(_delete(table),), call="uniqueid")
            for name in ("satisfaction",)
            if (table := table_of(name)) is not None
        ),
    ]


def _tasks() -> list[Rule]:
    kind, t = "tasks", tables
    return [
        Rule(
            kind=kind,
            table=t.tasks,
            moment="closed_at",
            due=f"{_CLOSED} AND NOT {_IN_MAILBOX}",
            steps=(
                _delete(t.task_history, _OF_TASK),
                _delete(t.clicks, _OF_TASK),
                _delete(t.callouts, _OF_TASK),
                _delete(t.messages, _MESSAGES_OF_TASK),
                _delete(t.filings, _OF_TASK),
                _delete(t.tasks),
            ),
            page=_FAMILY,
            task="number",
        ),
        Rule(
            kind=kind,
            table=t.messages,
            moment="left_at",
            due=(
                "NOT in_mailbox AND status <> 'backlog' AND NOT EXISTS "
                "(SELECT 1 FROM filings f WHERE f.pbx = messages.pbx AND f.key = messages.key)"
            ),
            steps=(_delete(t.messages),),
        ),
        Rule(
            kind=kind,
            table=t.callouts,
            moment="begun_at",
            due=f"ended_at IS NOT NULL AND {_NO_TASK.format(table='callouts')}",
            steps=(_delete(t.callouts),),
        ),
        Rule(kind=kind, table=t.wrap_ups, moment="at", due="1 = 1", steps=(_delete(t.wrap_ups),), call="uniqueid"),
        Rule(
            kind="transcripts",
            table=t.transcripts,
            moment="made_at",
            due=f"(text <> '' OR why <> '') AND state <> 'trying' AND NOT {_OPEN_TASK.format(table='transcripts')}",
            # The row stays while the message does: else a draft would be made once more.
            steps=(_update(t.transcripts, emptied(t.transcripts, Says.WORDS)),),
        ),
    ]


def _cases() -> list[Rule]:
    t = tables
    gone = emptied(t.cases, Says.NUMBER, Says.PERSON, Says.WORDS)
    told = " OR ".join(f"{name} IS NOT NULL" if value is None else f"{name} <> ''" for name, value in gone.items())
    return [
        Rule(
            kind="case_details",
            table=t.cases,
            moment="closed_at",
            due=f"{_CLOSED} AND ({told})",
            steps=(_update(t.cases, gone), _update(t.case_history, {"why": ""}, _OF_CASE)),
            page=_FAMILY,
        ),
        Rule(
            kind="cases",
            table=t.cases,
            moment="closed_at",
            due=_CLOSED,
            steps=(_delete(t.case_history, _OF_CASE), _delete(t.case_clocks, _OF_CASE), _delete(t.cases)),
            page=_FAMILY,
        ),
    ]


def _incidents() -> list[Rule]:
    table = table_of("abuse_incidents")
    if table is None:
        return []
    gone = emptied(table, Says.NUMBER, Says.WORDS)
    told = " OR ".join(f"{name} IS NOT NULL" if value is None else f"{name} <> ''" for name, value in gone.items())
    return [
        # The mark on a caller ends by itself: who it was goes with it, the incident is counted for its own term.
        Rule(
            kind="marks",
            table=table,
            moment="expires_at",
            due=f"({told})",
            steps=(_update(table, gone),),
            at_once=True,
        ),
        Rule(kind="incidents", table=table, moment="expires_at", due="1 = 1", steps=(_delete(table),)),
    ]


def _attendance() -> list[Rule]:
    names, rows, t = "attendance_names", "attendance", tables
    ended = "ended_at IS NOT NULL"
    of_breach = '"pbx" = ? AND "line" = ? AND "since" = ?'
    return [
        Rule(
            kind=names,
            table=t.attendance,
            moment="at",
            due=f"who <> '[]' AND {_LAST.format(table='attendance')}",
            steps=(_update(t.attendance, {"who": "[]"}),),
        ),
        Rule(
            kind=names,
            table=t.breaches,
            moment="since",
            due=f"{ended} AND (who <> '[]' OR asked_by IS NOT NULL)",
            steps=(
                _update(t.breaches, {"who": "[]", "asked_by": None}),
                _update(t.breach_steps, {"target": "", "why": ""}, of_breach),
            ),
            page=_FAMILY,
            sliced=True,
        ),
        *(
            Rule(kind=rows, table=table, moment="at", due=_LAST.format(table=table.name), steps=(_delete(table),))
            for table in (t.attendance, t.presence)
        ),
        Rule(
            kind=rows,
            table=t.breaches,
            moment="since",
            due=ended,
            steps=(_delete(t.breach_steps, of_breach), _delete(t.breaches)),
            page=_FAMILY,
            sliced=True,
        ),
    ]


def _books() -> list[Rule]:
    """Our own books: who did what, what was sent, what was asked and removed."""
    t = tables
    over = "lifted_at IS NOT NULL OR until IS NOT NULL"
    return [
        Rule(kind="audit", table=t.audit, moment="at", due="1 = 1", steps=(_delete(t.audit),), sliced=True),
        Rule(kind="notices", table=t.outbox, moment="at", due="state <> 'pending'", steps=(_delete(t.outbox),)),
        Rule(kind="sessions", table=t.sessions, moment="seen_at", due="1 = 1", steps=(_delete(t.sessions),)),
        Rule(kind="sessions", table=t.orders, moment="done_at", due="1 = 1", steps=(_delete(t.orders),)),
        Rule(kind="standings", table=t.standings, moment="since", due="1 = 1", steps=(_delete(t.standings),)),
        Rule(kind="runs", table=t.retention_runs, moment="at", due="1 = 1", steps=(_delete(t.retention_runs),)),
        Rule(
            kind="runs",
            table=t.legal_holds,
            moment="coalesce(lifted_at, until)",
            due=over,
            steps=(_delete(t.legal_holds),),
        ),
        Rule(kind="certificates", table=t.erasures, moment="at", due="1 = 1", steps=(_delete(t.erasures),)),
    ]


RULES: Final = (
    *_numbers(),
    *_notes(),
    *_tasks(),
    *_calls(),
    *_cases(),
    *_incidents(),
    *_attendance(),
    *_books(),
)
