"""The list of tasks page by page: each page begins after the last task of the one before, so that none is missed.

What a row of the list shows of messages is asked once for a page, not once for each task. Statements are made once for
all lists that differ only in times and names.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import (
    BindParameter,
    Column,
    ColumnElement,
    Connection,
    Text,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal_column,
    or_,
    select,
    true,
    tuple_,
)

from callcentre.core.tasks import Task
from callcentre.core.terms import TaskSource, TaskState
from callcentre.store import callback_rows as read
from callcentre.store.callback_queries import OPEN_STATES
from callcentre.store.columns import EPOCH
from callcentre.store.reader import PAGE, AnyRow, AnySelect, Reader
from callcentre.store.tables import filings, messages, task_history, tasks

TaskPlace = tuple[datetime, str, int]
"""Where a page of tasks ends: act_by, pbx and number of its last one."""

_TASKS: Final = (tasks.c.act_by, tasks.c.pbx, tasks.c.number)
_KEYS_A_QUERY: Final = 250
COUNTED: Final = 10_000
"""So far tasks are counted: past it a page says "more than"."""
# Written out: in these words both databases see that the small index of open tasks serves.
_OPEN: Final = tasks.c.state != literal_column("'closed'", Text)
_NAMES: Final = ("holder", "held_but_by")
_TIMES: Final = ("overdue_at", "not_later_than", "later_than", "closed_since")
"""What of TasksWanted is bound to a statement, not part of it."""
_ESCAPE: Final = "\\"
_SIGNS: Final = frozenset("0123456789+()./- ")


@dataclass(frozen=True, slots=True, kw_only=True)
class TasksWanted:
    """Which tasks; None or empty: of any. `holder` is a name in any case, `unheld`: those that nobody holds.

    `overdue_at`: those whose deadline passed before it unanswered. `unacknowledged`: those in which something is still
    to be acknowledged. `not_later_than`: without those that are put off beyond it. `held_but_by`: those that somebody
    holds who is not called so; `later_than`: those put off beyond it; `closed_since`: those closed at it or later.
    `search` is part of a caller's number, the task's own (`#12`), or words of its history, in any case.
    """

    states: Collection[TaskState]
    pbx: str | None = None
    lines: Collection[str] = ()
    source: TaskSource | None = None
    holder: str | None = None
    overdue_at: datetime | None = None
    unheld: bool = False
    not_later_than: datetime | None = None
    search: str = ""
    held_but_by: str | None = None
    later_than: datetime | None = None
    closed_since: datetime | None = None
    unacknowledged: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskOfPage:
    """A task, how many messages it holds, and whether something in it was not answered yet.

    `seconds` is how long its messages are together, `longest` the longest of them; None where no length is known.
    `unheard` counts those that can be played and nobody listened to.
    """

    task: Task
    messages: int
    waits: bool
    seconds: int | None = None
    longest: int | None = None
    unheard: int = 0


@dataclass(frozen=True, slots=True)
class _Filed:
    """What the messages of a task come to."""

    messages: int
    unanswered: int
    unheard: int
    seconds: int | None
    longest: int | None


class TaskPages(Reader):
    """Tasks, a page at a time."""

    async def task_page(
        self, wanted: TasksWanted, *, after: TaskPlace | None = None, limit: int = PAGE
    ) -> list[TaskOfPage]:
        """Return at most `limit` (1,000) tasks by act_by."""
        return await self._read(lambda connection: _page(connection, wanted, after, min(limit, PAGE)))

    async def task_counts(self, wanted: Mapping[str, TasksWanted]) -> dict[str, int]:
        """Count these tasks by name, each up to COUNTED and one more; all of one moment.

        The open ones are gone through once for all names.
        """
        return await self._read(lambda connection: _counts(connection, wanted))

    async def task_list(
        self, wanted: TasksWanted, counted: Mapping[str, TasksWanted], *, after: TaskPlace | None, limit: int
    ) -> tuple[list[TaskOfPage], dict[str, int]]:
        """Return what `task_page` and `task_counts` do, all of one moment."""
        return await self._read(
            lambda connection: (_page(connection, wanted, after, min(limit, PAGE)), _counts(connection, counted))
        )


# --- reading ---------------------------------------------------------------------------------------------------------


def _page(connection: Connection, wanted: TasksWanted, after: TaskPlace | None, limit: int) -> list[TaskOfPage]:
    # What somebody searches for is not kept.
    made = _listing if not wanted.search else _listing.__wrapped__
    place = {} if after is None else dict(zip(("act_by", "pbx", "number"), after, strict=True))
    rows = _asked(connection, made(_form(wanted), after is not None), _values(wanted) | place | {"most": limit})
    found = [read.task(row) for row in rows]
    counts = _counted_messages(connection, [(task.pbx, task.number) for task in found])
    return [_of_page(task, counts.get((task.pbx, task.number))) for task in found]


def _counts(connection: Connection, wanted: Mapping[str, TasksWanted]) -> dict[str, int]:
    made = _counting if not any(one.search for one in wanted.values()) else _counting.__wrapped__
    values: dict[str, object] = {"most": COUNTED + 1}
    for name, one in wanted.items():
        values |= _values(one, name)
    (row,) = _asked(connection, made(tuple((name, _form(one)) for name, one in wanted.items())), values)
    return {name: min(getattr(row, name), COUNTED + 1) for name in wanted}


def _counted_messages(connection: Connection, keys: Sequence[tuple[str, int]]) -> dict[tuple[str, int], _Filed]:
    """What the messages of each of these tasks come to."""
    found: dict[tuple[str, int], _Filed] = {}
    for pbx in sorted({pbx for pbx, _ in keys}):
        numbers = [number for other, number in keys if other == pbx]
        for start in range(0, len(numbers), _KEYS_A_QUERY):
            some = {"of_pbx": pbx, "of_tasks": numbers[start : start + _KEYS_A_QUERY]}
            found |= {(pbx, row[0]): _Filed(*row[1:]) for row in _asked(connection, _MESSAGES, some)}
    return found


def _asked(connection: Connection, query: AnySelect, values: Mapping[str, object]) -> Sequence[AnyRow]:
    return connection.execute(query, values).all()


# --- statements ------------------------------------------------------------------------------------------------------


def _form(wanted: TasksWanted) -> TasksWanted:
    """`wanted` without what is bound to its statement: of these only whether they are given."""
    given: dict[str, Any] = {name: "" for name in _NAMES if getattr(wanted, name) is not None}
    given |= {name: EPOCH for name in _TIMES if getattr(wanted, name) is not None}
    return replace(wanted, states=frozenset(wanted.states), lines=tuple(sorted(wanted.lines)), **given)


def _values(wanted: TasksWanted, of: str = "") -> dict[str, object]:
    """What is bound to the statement of `wanted`, where it is called `of`."""
    names = {f"{of}_{name}": value.lower() for name in _NAMES if (value := getattr(wanted, name)) is not None}
    return names | {f"{of}_{name}": value for name in _TIMES if (value := getattr(wanted, name)) is not None}


@lru_cache(maxsize=128)
def _listing(form: TasksWanted, beyond: bool) -> AnySelect:
    """The page of these tasks; `beyond` the place that is bound to it."""
    where = _tasks_where(form)
    if beyond:
        place = [bindparam(column.name, type_=column.type) for column in _TASKS]
        where += [tasks.c.act_by >= place[0], tuple_(*_TASKS) > tuple_(*place)]
    return select(tasks).where(*where).order_by(*_TASKS).limit(bindparam("most"))


@lru_cache(maxsize=128)
def _counting(forms: tuple[tuple[str, TasksWanted], ...]) -> AnySelect:
    """How many there are of each: a column of its name."""
    sums: list[ColumnElement[Any]] = []
    of_open = [name for name, form in forms if TaskState.CLOSED not in form.states]
    for name, form in forms:
        where = _tasks_where(form, name)
        if name in of_open:
            # That they are open is said of all.
            number = _number_of(and_(*(one for one in where if one is not _OPEN), true()))
            sums.append(func.coalesce(number, 0).label(name))
        else:
            some = select(tasks.c.number).where(*where).limit(bindparam("most")).subquery()
            sums.append(select(func.count()).select_from(some).scalar_subquery().label(name))
    query = select(*sums)
    return query.where(_OPEN) if of_open else query


def _number_of(condition: ColumnElement[bool]) -> ColumnElement[Any]:
    return func.sum(case((condition, 1), else_=0))


def _messages_of_tasks() -> AnySelect:
    """What the messages of tasks come to, a row for each task."""
    unheard = and_(filings.c.playable, filings.c.heard_at.is_(None))
    return (
        select(
            filings.c.task,
            func.count(),
            _number_of(filings.c.responded_at.is_(None)),
            _number_of(unheard),
            func.sum(messages.c.duration),
            func.max(messages.c.duration),
        )
        .outerjoin(messages, and_(messages.c.pbx == filings.c.pbx, messages.c.key == filings.c.key))
        .where(filings.c.pbx == bindparam("of_pbx"), filings.c.task.in_(bindparam("of_tasks", expanding=True)))
        .group_by(filings.c.pbx, filings.c.task)
    )


_MESSAGES: Final = _messages_of_tasks()


def _tasks_where(form: TasksWanted, of: str = "") -> list[ColumnElement[bool]]:
    """What tasks of this form have; where it is called `of`, its values are bound by that name."""

    def given(name: str, column: Column[Any]) -> BindParameter[Any]:
        return bindparam(f"{of}_{name}", type_=column.type)

    t = tasks.c
    where: list[ColumnElement[bool]] = [_OPEN] if TaskState.CLOSED not in form.states else []
    where += [t.state.in_(sorted(form.states))] if set(form.states) != OPEN_STATES else []
    where += [t.pbx == form.pbx] if form.pbx is not None else []
    where += [t.line.in_(form.lines)] if form.lines else []
    where += [t.source == form.source.value] if form.source is not None else []
    where += [func.lower(t.holder) == given("holder", t.holder)] if form.holder is not None else []
    where += [t.holder.is_(None)] if form.unheld else []
    where += [_OPEN, t.ack_due.is_not(None)] if form.unacknowledged else []
    if form.not_later_than is not None:
        where += [or_(t.call_at.is_(None), t.call_at <= given("not_later_than", t.call_at))]
    if form.held_but_by is not None:
        where += [t.holder.is_not(None), func.lower(t.holder) != given("held_but_by", t.holder)]
    where += [t.call_at > given("later_than", t.call_at)] if form.later_than is not None else []
    if form.closed_since is not None:
        # As a list of keys: else SQLite goes through all that was ever closed, in order of act_by.
        late = tasks.alias("late")
        keys = select(late.c.pbx, late.c.number).where(late.c.closed_at >= given("closed_since", t.closed_at))
        where += [tuple_(t.pbx, t.number).in_(keys)]
    if sought := form.search.strip():
        where += [_sought(sought)]
    if form.overdue_at is not None:
        where += [_OPEN, t.due < given("overdue_at", t.due), _waits()]
    return where


def _waits() -> ColumnElement[bool]:
    """That something in a task was not answered."""
    own = and_(filings.c.pbx == tasks.c.pbx, filings.c.task == tasks.c.number)
    return or_(
        exists().where(own, filings.c.responded_at.is_(None)),
        and_(tasks.c.responded_at.is_(None), ~exists().where(own)),
    )


def _sought(words: str) -> ColumnElement[bool]:
    """The tasks that somebody looks for by these words."""
    if words.startswith("#") and words[1:].isascii() and words[1:].isdigit() and len(words) < 10:
        return tasks.c.number == int(words[1:])
    if digits := _part_of_number(words):
        in_numbers = [
            column.contains(digits, autoescape=True, escape=_ESCAPE) for column in (tasks.c.caller, tasks.c.dial)
        ]
        return or_(*in_numbers)
    of_task = and_(task_history.c.pbx == tasks.c.pbx, task_history.c.task == tasks.c.number)
    said = func.lower(task_history.c.why).contains(words.lower(), autoescape=True, escape=_ESCAPE)
    return exists().where(of_task, or_(said, _by(words)))


def _by(who: str) -> ColumnElement[bool]:
    """What somebody did, by themselves or through a program."""
    name = func.lower(task_history.c.who)
    return or_(name == who.lower(), name.startswith(f"{who.lower()} (", autoescape=True, escape=_ESCAPE))


def _part_of_number(words: str) -> str:
    """What of a number somebody typed, in the spelling that tasks have; empty if it is none."""
    digits = "".join(sign for sign in words if sign.isdigit())
    if not digits or not _SIGNS.issuperset(words):
        return ""
    if not words.startswith("+") and not digits.startswith("00"):
        return digits
    world = digits.removeprefix("00")
    return f"0{world[2:].removeprefix('0')}" if world.startswith("44") else world


def _of_page(task: Task, filed: _Filed | None) -> TaskOfPage:
    if filed is None:
        filed = _Filed(0, int(task.responded_at is None), 0, None, None)
    return TaskOfPage(
        task=task,
        messages=filed.messages,
        waits=task.state is not TaskState.CLOSED and filed.unanswered > 0,
        seconds=filed.seconds,
        longest=filed.longest,
        unheard=filed.unheard,
    )
