"""What is known of a caller, of dials by a click, and what agents said of calls."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select, tuple_

from callcentre.core.numbers import canonical
from callcentre.core.tasks import Click, Task, WrapUp
from callcentre.core.terms import CallKey, Outcome, TaskState, TaskStep, WrapKind
from callcentre.store import callback_rows as read
from callcentre.store.reader import PAGE, Reader, all_rows
from callcentre.store.tables import calls, clicks, task_history, tasks, wrap_ups

WrapPlace = tuple[datetime, str, str, str]
"""Where a page of wrap-ups ends: at, pbx, uniqueid and who of its last one."""

_WRAPS: Final = (wrap_ups.c.at, wrap_ups.c.pbx, wrap_ups.c.uniqueid, wrap_ups.c.who)
_FLAGGED_AMONG: Final = 50
"""So many of a caller's newest tasks are asked for how to speak with them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PastCall:
    """A call of a caller as their history shows it; `answered_by` is a telephone (`PJSIP/101`)."""

    key: CallKey
    line: str
    offered_at: datetime
    outcome: Outcome
    answered_by: str | None
    talk_seconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerHistory:
    """What is known of a caller, the newest first, of each kind no more than was asked for.

    `number` is in the spelling of core.numbers. `calls_in_all` counts all their calls. `language` and `needs` are how
    to speak with them, as it was noted last with their agreement (H13).
    """

    number: str
    calls: tuple[PastCall, ...] = ()
    calls_in_all: int = 0
    tasks: tuple[Task, ...] = ()
    wraps: tuple[WrapUp, ...] = ()
    language: str | None = None
    needs: tuple[str, ...] = ()

    @property
    def open_tasks(self) -> tuple[Task, ...]:
        """Those of their tasks that are not closed."""
        return tuple(task for task in self.tasks if task.state is not TaskState.CLOSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class WrapsWanted:
    """Which wrap-ups: said in [since, until), and all of what is given; None or empty: any. `who` in any case."""

    since: datetime
    until: datetime
    pbx: str | None = None
    lines: Collection[str] = ()
    kinds: Collection[WrapKind] = ()
    who: str | None = None


class CallerQueries(Reader):
    """Callers, clicks and wrap-ups."""

    async def caller_history(
        self, pbx: str, number: str | None, *, limit: int = 10, flags_at: datetime | None = None
    ) -> CallerHistory | None:
        """Return what is known of the caller of this number, however it is spelled; None for a withheld one.

        Calls are found in the spellings that trunks send, without signs between the digits. How to speak with them is
        told only if `flags_at` is given, to whoever may know, and if the agreement lasts then.
        """
        caller = canonical(number)
        if caller is None:
            return None
        return await self._read(lambda connection: _history(connection, pbx, caller, min(limit, PAGE), flags_at))

    async def click(self, pbx: str, key: str) -> Click | None:
        """Return the click of this key."""
        found = await self._rows(select(clicks).where(clicks.c.pbx == pbx, clicks.c.key == key))
        return read.click(found[0]) if found else None

    async def clicks_of(self, pbx: str, task: int) -> list[Click]:
        """Return the clicks for a task, in the order in which they were asked for."""
        of_task = and_(clicks.c.pbx == pbx, clicks.c.task == task)
        pages = self._pages(select(clicks), of_task, clicks.c.asked_at, clicks.c.key)
        return [read.click(row) async for page in pages for row in page]

    async def wraps_of(self, key: CallKey) -> list[WrapUp]:
        """Return what agents said of one call, in the order in which they did."""
        of_call = and_(wrap_ups.c.pbx == key.pbx, wrap_ups.c.uniqueid == key.uniqueid)
        return [read.wrap_up(row) for row in await self._rows(select(wrap_ups).where(of_call).order_by(*_WRAPS))]

    async def wrap_page(self, wanted: WrapsWanted, *, after: WrapPlace | None = None, limit: int = 50) -> list[WrapUp]:
        """Return at most `limit` (1,000) wrap-ups, the newest first; those `after` the last one of another page."""
        where = _wraps_where(wanted)
        if after is not None:
            beyond = tuple_(*_WRAPS) < tuple_(*after, types=[column.type for column in _WRAPS])
            where = [wrap_ups.c.at <= after[0], beyond, *where]
        newest = select(wrap_ups).where(*where).order_by(*(column.desc() for column in _WRAPS))
        return [read.wrap_up(row) for row in await self._rows(newest.limit(min(limit, PAGE)))]

    async def wrap_counts(self, wanted: WrapsWanted) -> dict[tuple[str, WrapKind], int]:
        """Count these wrap-ups by line and kind."""
        by: list[ColumnElement[Any]] = [wrap_ups.c.line, wrap_ups.c.kind]
        query = select(*by, func.count()).where(*_wraps_where(wanted)).group_by(*by).order_by(*by)
        return {(row[0], WrapKind(row[1])): row[2] for row in await self._rows(query)}


def _wraps_where(wanted: WrapsWanted) -> list[ColumnElement[bool]]:
    w = wrap_ups.c
    where: list[ColumnElement[bool]] = [w.at >= wanted.since, w.at < wanted.until]
    where += [w.pbx == wanted.pbx] if wanted.pbx is not None else []
    where += [w.line.in_(sorted(wanted.lines))] if wanted.lines else []
    where += [w.kind.in_(sorted(wanted.kinds))] if wanted.kinds else []
    where += [func.lower(w.who) == wanted.who.lower()] if wanted.who is not None else []
    return where


def _history(connection: Connection, pbx: str, caller: str, limit: int, flags_at: datetime | None) -> CallerHistory:
    by_caller = and_(calls.c.pbx == pbx, calls.c.caller.in_(_spellings(caller)))
    query = select(calls).where(by_caller).order_by(calls.c.offered_at.desc(), calls.c.uniqueid.desc())
    past = all_rows(connection, query.limit(limit))
    number = all_rows(connection, select(func.count().label("number")).select_from(calls).where(by_caller))
    theirs = and_(tasks.c.pbx == pbx, or_(tasks.c.caller == caller, tasks.c.dial == caller))
    rows = all_rows(
        connection, select(tasks).where(theirs).order_by(tasks.c.number.desc()).limit(max(limit, _FLAGGED_AMONG))
    )
    of_caller = [read.task(row) for row in rows]
    of_wraps = and_(wrap_ups.c.pbx == pbx, wrap_ups.c.caller == caller)
    wraps = all_rows(connection, select(wrap_ups).where(of_wraps).order_by(wrap_ups.c.at.desc()).limit(limit))
    spoken = None if flags_at is None else _spoken_with(connection, pbx, of_caller)
    language, needs = (None, ()) if spoken is None or flags_at is None else spoken.flags(flags_at)
    return CallerHistory(
        number=caller,
        calls=tuple(
            PastCall(
                key=CallKey(row.pbx, row.uniqueid),
                line=row.line,
                offered_at=row.offered_at,
                outcome=Outcome(row.outcome),
                answered_by=row.answered_by,
                talk_seconds=row.talk_seconds,
            )
            for row in past
        ),
        calls_in_all=number[0].number,
        tasks=tuple(of_caller[:limit]),
        wraps=tuple(read.wrap_up(row) for row in wraps),
        language=language,
        needs=needs,
    )


def _spoken_with(connection: Connection, pbx: str, of_caller: Iterable[Task]) -> Task | None:
    """The task that says how to speak with the caller: where it was noted last, be it that nothing is so any more."""
    by_number = {task.number: task for task in of_caller}
    h = task_history.c
    noted = and_(h.pbx == pbx, h.task.in_(by_number), h.step == TaskStep.FLAGGED.value)
    last = all_rows(connection, select(h.task).where(noted).order_by(h.at.desc(), h.task.desc()).limit(1))
    if last:
        return by_number[last[0].task]
    return next((task for task in by_number.values() if task.language or task.needs), None)


def _spellings(caller: str) -> list[str]:
    """How trunks spell a number that is `caller` in the spelling of core.numbers."""
    if caller.startswith("+"):
        return [caller, f"00{caller[1:]}"]
    if not caller.startswith("0"):
        return [caller]
    world = f"44{caller[1:]}"
    return [caller, world, f"+{world}", f"00{world}"]
