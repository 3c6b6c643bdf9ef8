"""The callback tasks: what there is to do, one task with all of it, and the messages found at the first start."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Final

import typer

from callcentre.cli.asking import Asker, Refused, ask, opened
from callcentre.cli.options import DEFAULT_CONFIG, ConfigPath, known_line, loaded, pbx_of
from callcentre.cli.running import carried_out
from callcentre.cli.shown import Clocks, Json, picked, plain, print_json, span, table, words
from callcentre.core.errors import ConfigError
from callcentre.core.requests import BacklogDecided
from callcentre.core.tasks import Filing, Message, Task
from callcentre.core.terms import TaskState

if TYPE_CHECKING:
    from callcentre.config.settings import Config
    from callcentre.store.database import Database
    from callcentre.store.results import TaskDetail

TASK_KEYS: Final = (
    *("pbx", "number", "line", "source", "state", "caller", "dial", "opened_at", "due", "act_by", "holder"),
    *("lease_until", "attempts", "last_attempt_at", "responded_at", "reached_at", "got_through", "got_through_at"),
    *("outcome", "closed_at", "closed_by", "in_time", "call_at", "resolved", "complaint", "ack_due", "ack_act_by"),
)
MESSAGE_KEYS: Final = (
    *("key", "mailbox", "msg_id", "uniqueid", "line", "caller", "left_at", "duration", "quality", "status"),
    *("folder", "in_mailbox", "playable"),
)
FILING_KEYS: Final = (
    *("task", "due", "act_by", "due_reason", "charter", "charter_version", "heard_at", "heard_by"),
    *("responded_at", "reached_at", "ack_due", "ack_act_by", "ack_reason", "acknowledged_at"),
)
ATTEMPT_KEYS: Final = ("uniqueid", "telephone", "begun_at", "ring_start", "answered_at", "ended_at", "result")
ENTRY_KEYS: Final = ("seq", "at", "who", "step", "why", "state")

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a line instead of a table.")]
OnPbx = Annotated[str | None, typer.Option("--pbx", help="Only this PBX's.")]
OnLine = Annotated[str | None, typer.Option("--line", help="Only this line's.")]


@dataclass(frozen=True, slots=True)
class Listed:
    """A task with its filings, as the list shows it at `now`."""

    task: Task
    filings: Sequence[Filing]
    now: datetime

    @property
    def waits(self) -> bool:
        """Whether something in it was not answered yet."""
        if self.task.state is TaskState.CLOSED:
            return False
        own = self.filings or (self.task,)
        return any(each.responded_at is None for each in own)

    @property
    def overdue(self) -> bool:
        """Whether its deadline passed unanswered."""
        return self.waits and self.task.due < self.now

    @property
    def left(self) -> str:
        """How much time is left until act_by, in words."""
        if self.task.state is TaskState.CLOSED:
            return words(self.task.outcome)
        if not self.waits:
            return "answered"
        if self.overdue:
            return f"overdue by {span(self.now - self.task.due)}"
        late = self.task.act_by < self.now
        return f"closed until due, {span(self.task.due - self.now)}" if late else span(self.task.act_by - self.now)

    def json(self) -> Json:
        """The task as a JSON object."""
        return picked(self.task, TASK_KEYS) | {"overdue": self.overdue, "messages": len(self.filings)}


def list_tasks(
    line: OnLine = None,
    state: Annotated[list[TaskState] | None, typer.Option(help="Only those in this state; may be repeated.")] = None,
    overdue: Annotated[bool, typer.Option("--overdue", help="Only those whose deadline passed unanswered.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="Closed ones too.")] = False,
    as_json: AsJson = False,
    pbx: OnPbx = None,
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """List the callbacks to make, the most pressing first."""
    settings = loaded(config)
    known_line(settings, line)
    if state and everything:
        raise ConfigError("--all and --state are given; keep one of them")
    states = frozenset(state or ()) or (
        frozenset(TaskState) if everything else frozenset(TaskState) - {TaskState.CLOSED}
    )
    wanted = None if pbx is None else pbx_of(settings, pbx)
    rows = [each for each in carried_out(lambda: _tasks(settings, wanted, line, states)) if each.overdue or not overdue]
    if as_json:
        for each in rows:
            print_json(each.json())
        return
    several = len(settings.pbxs) > 1
    clocks = Clocks(settings.office)
    headings = ("task", *(("pbx",) if several else ()), "line", "caller", "act by", "left", "state", "held by")
    table(
        (*headings, "attempts", "messages"),
        [_row(each, clocks, several=several) for each in rows],
        right=("task", "attempts", "messages"),
    )
    late = sum(each.overdue for each in rows)
    print(f"{len(rows)} task{'' if len(rows) == 1 else 's'}, {late} overdue")


async def _tasks(config: "Config", pbx: str | None, line: str | None, states: frozenset[TaskState]) -> list[Listed]:
    from callcentre.runtime.clock import SystemClock
    from callcentre.store.queries import PAGE

    found: list[Listed] = []
    async with opened(config) as database:
        now = SystemClock().now()
        while True:
            page = await database.queries.tasks(pbx=pbx, line=line, states=states, offset=len(found))
            found += [await _with_filings(database, task, now) for task in page]
            if len(page) < PAGE:
                return found


async def _with_filings(database: "Database", task: Task, now: datetime) -> Listed:
    return Listed(task, await database.queries.filings_of(task.pbx, task.number), now)


def _row(each: Listed, clocks: Clocks, *, several: bool) -> list[object]:
    task = each.task
    due = "" if task.due == task.act_by else f" (due {clocks.short(task.due, task.line)})"
    got_through = ", got through since" if task.got_through and task.state is not TaskState.CLOSED else ""
    return [
        task.number,
        *([task.pbx] if several else []),
        task.line,
        _caller(task),
        f"{clocks.short(task.act_by, task.line)}{due}",
        each.left,
        f"{words(task.state)}{got_through}",
        task.holder or "",
        task.attempts,
        len(each.filings),
    ]


def _caller(task: Task) -> str:
    told = task.caller or "withheld"
    return f"{task.dial} (shown: {told})" if task.dial else told


# --- one task --------------------------------------------------------------------------------------------------------


def show_task(
    number: Annotated[int, typer.Argument(help="The task's number.", min=1)],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead of words.")] = False,
    pbx: Annotated[str | None, typer.Option("--pbx", help="Whose task; needed if there are several PBXs.")] = None,
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Show one task with its messages, its attempts and its history."""
    from callcentre.runtime.clock import SystemClock

    settings = loaded(config)
    detail = carried_out(lambda: detail_of(settings, pbx_of(settings, pbx), number))
    listed = Listed(detail.task, detail.filings, SystemClock().now())
    if as_json:
        print_json(_detail_json(listed, detail))
    else:
        _print_detail(listed, detail, Clocks(settings.office))


async def detail_of(config: "Config", pbx: str, number: int) -> "TaskDetail":
    """Return a task with all of it; Refused if there is none of that number."""
    async with opened(config) as database:
        detail = await database.queries.task(pbx, number)
    if detail is None:
        raise Refused(f"there is no task {number} on {pbx}; callcentre tasks list --all shows those there are")
    return detail


def _detail_json(listed: Listed, detail: "TaskDetail") -> Json:
    filed = {filing.key: filing for filing in detail.filings}
    return {
        "task": listed.json(),
        "messages": [message_json(one, filed.get(one.key)) for one in detail.messages],
        "attempts": [picked(one, ATTEMPT_KEYS) for one in detail.callouts],
        "history": [picked(one, ENTRY_KEYS) for one in detail.entries],
    }


def message_json(message: Message, filing: Filing | None) -> Json:
    """A message and its place in its task as a JSON object; the keys of the second are null without one."""
    placed = dict.fromkeys(FILING_KEYS) if filing is None else picked(filing, FILING_KEYS)
    return {"pbx": message.pbx} | picked(message, MESSAGE_KEYS) | placed


def _print_detail(listed: Listed, detail: "TaskDetail", clocks: Clocks) -> None:
    task = detail.task
    held = f", held by {plain(task.holder)} until {clocks.short(task.lease_until, task.line)}" if task.holder else ""
    print(f"task {task.number} on {task.pbx}, line {task.line}: {words(task.state)}{held}")
    print(f"caller    {plain(_caller(task))}")
    print(f"opened    {clocks.full(task.opened_at, task.line)}, for {words(task.source)}")
    print(f"due       {clocks.full(task.due, task.line)}, act by {clocks.full(task.act_by, task.line)}: {listed.left}")
    if task.ack_due is not None and task.state is not TaskState.CLOSED:
        late = ": overdue" if task.ack_due < listed.now else ""
        print(f"receipt   to be acknowledged by {clocks.full(task.ack_due, task.line)}{late}")
    if task.call_at is not None:
        print(f"call at   {clocks.full(task.call_at, task.line)}, not before")
    if task.complaint:
        print("complaint the caller complains")
    if task.got_through_at is not None:
        print(f"since     the caller got through on {clocks.full(task.got_through_at, task.line)}")
    if task.closed_at is not None:
        in_time = {True: "in time", False: "late", None: ""}[task.in_time]
        first = {True: ", resolved at first contact", False: ", not resolved at first contact", None: ""}[task.resolved]
        print(f"closed    {clocks.full(task.closed_at, task.line)} by {plain(task.closed_by)}, {in_time}{first}")
    filed = {filing.key: filing for filing in detail.filings}
    if detail.messages:
        print("\nmessages")
        table(
            ("left", "length", "mailbox", "due", "heard", "answered"),
            [_message_row(one, filed.get(one.key), clocks) for one in detail.messages],
        )
        for filing in detail.filings:
            print(f"  {plain(filing.due_reason)}")
            if filing.ack_due is not None:
                print(f"  {_acknowledgement(filing, clocks)}")
    if detail.callouts:
        print("\nattempts")
        table(
            ("begun", "telephone", "rang", "result"),
            [
                (
                    clocks.full(one.begun_at, task.line),
                    one.telephone,
                    ""
                    if one.ring_start is None
                    else span((one.answered_at or one.ended_at or listed.now) - one.ring_start),
                    words(one.result) or "still runs",
                )
                for one in detail.callouts
            ],
        )
    print("\nhistory")
    table(
        ("at", "who", "what", "why", "then"),
        [(clocks.full(e.at, task.line), e.who, words(e.step), e.why, words(e.state)) for e in detail.entries],
    )


def _acknowledgement(filing: Filing, clocks: Clocks) -> str:
    """By when the caller was to be told of a message's receipt, and when they were."""
    told = clocks.full(filing.acknowledged_at, filing.line) if filing.acknowledged_at else "not yet"
    return f"To be acknowledged by {clocks.full(filing.ack_due, filing.line)}: {told}. {plain(filing.ack_reason or '')}"


def _message_row(message: Message, filing: Filing | None, clocks: Clocks) -> list[object]:
    length = "" if message.duration is None else f"{message.duration} s"
    left = clocks.full(message.left_at, message.line)
    if filing is None:
        return [left, length, message.mailbox, "", "", ""]
    heard = f"{clocks.short(filing.heard_at, filing.line)} {filing.heard_by or ''}"
    return [
        left,
        length,
        message.mailbox,
        clocks.short(filing.due, filing.line),
        heard.strip(),
        clocks.short(filing.responded_at, filing.line),
    ]


# --- messages found at the first start -------------------------------------------------------------------------------


def backlog(
    take_on: Annotated[bool, typer.Option("--take-on", help="Each becomes a task.")] = False,
    dismiss: Annotated[bool, typer.Option("--dismiss", help="Nobody need call back.")] = False,
    by: Annotated[str, typer.Option("--by", help="Who decides: the name for the history.")] = "",
    why: Annotated[str, typer.Option("--why", help="Words for the history.")] = "",
    as_json: AsJson = False,
    pbx: Annotated[str | None, typer.Option("--pbx", help="Which PBX; needed if there are several.")] = None,
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """List the messages that were there before callcentre was; or decide on all of them at once."""
    settings = loaded(config)
    name = pbx_of(settings, pbx)
    if take_on and dismiss:
        raise ConfigError("--take-on and --dismiss are given; keep one of them")
    if take_on or dismiss:
        if not by.strip():
            raise ConfigError("--by is missing; write the name of who decides")
        ask(settings, BacklogDecided(**Asker(settings, name).common, take_on=take_on, who=by, why=why))
        return
    waiting = carried_out(lambda: _backlog(settings, name))
    if as_json:
        for one in waiting:
            print_json(message_json(one, None))
        return
    clocks = Clocks(settings.office)
    table(
        ("left", "line", "mailbox", "caller", "length"),
        [
            (
                clocks.full(one.left_at, one.line),
                one.line,
                one.mailbox,
                one.caller or "withheld",
                "" if one.duration is None else f"{one.duration} s",
            )
            for one in waiting
        ],
    )
    print(f"{len(waiting)} message{'' if len(waiting) == 1 else 's'} waiting for a decision")


async def _backlog(config: "Config", pbx: str) -> list[Message]:
    async with opened(config) as database:
        return await database.queries.backlog(pbx=pbx)
