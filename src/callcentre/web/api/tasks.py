"""Tasks: the list, and one of them with all that hangs together with it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Final

from aiohttp import web
from pydantic import Field

from callcentre.core.tasks import Filing, Task
from callcentre.core.terms import TaskSource, TaskState
from callcentre.store.queries import OPEN_STATES
from callcentre.store.results import Role
from callcentre.store.task_pages import TaskOfPage, TaskPlace, TasksWanted
from callcentre.web.api.cursors import cursor, place
from callcentre.web.api.operations import Asked, Operation
from callcentre.web.api.shape import MOST, Name, Nothing, Number, Shape
from callcentre.web.api.shapes import ClickRow, DialRow, EntryRow, MessageRow, TaskList, TaskRow, TaskWhole

_PLACE: Final = (datetime, str, int)


class TasksParams(Shape):
    """Which tasks."""

    pbx: Name | None = Field(None, description="on this PBX")
    line: Name | None = Field(None, description="of this line")
    state: list[TaskState] = Field([], description="in this state; may be repeated; without it, all but closed ones")
    source: TaskSource | None = Field(None, description="opened for this")
    holder: Name | None = Field(None, description="claimed by this account")
    overdue: bool = Field(False, description="only those whose deadline passed unanswered")
    unacknowledged: bool = Field(False, description="only those in which something is still to be acknowledged")
    limit: Annotated[int, Field(ge=1, le=MOST)] = Field(100, description="rows of a page at most")
    cursor: str | None = Field(None, description="`next` of the page before, with the same filters")


class TaskParams(Shape):
    """One task."""

    pbx: Name = Field(description="the PBX's name")
    number: Number = Field(description="the task's number on that PBX")


def row(task: Task, messages: int, now: datetime, *, waits: bool) -> TaskRow:
    """A task as the API shows it at `now`; `waits`: something in it was not answered yet."""
    told = {name: getattr(task, name) for name in TaskRow.model_fields if hasattr(task, name)}
    return TaskRow.model_validate(told | {"overdue": waits and task.due < now, "messages": messages})


def row_with(task: Task, filings: Sequence[Filing], now: datetime) -> TaskRow:
    """A task with its filings, as the API shows it."""
    own: Sequence[Task | Filing] = filings or (task,)
    waits = task.state is not TaskState.CLOSED and any(each.responded_at is None for each in own)
    return row(task, len(filings), now, waits=waits)


async def tasks(asked: Asked[TasksParams, Nothing]) -> TaskList:
    """List tasks."""
    site, params = asked.site, asked.params
    now = site.now()
    wanted = TasksWanted(
        states=frozenset(params.state) or OPEN_STATES,
        pbx=params.pbx,
        lines=() if params.line is None else (params.line,),
        source=params.source,
        holder=params.holder,
        overdue_at=now if params.overdue else None,
        unacknowledged=params.unacknowledged,
    )
    after: TaskPlace | None = None
    if params.cursor is not None:
        at, pbx, number = place(params, params.cursor, _PLACE)
        after = (at, pbx, number)
    found = await site.queries.task_page(wanted, after=after, limit=params.limit)
    last = found[-1].task if len(found) == params.limit else None
    return TaskList(
        tasks=tuple(_row(each, now) for each in found),
        next=None if last is None else cursor(params, (last.act_by, last.pbx, last.number)),
    )


def _row(each: TaskOfPage, now: datetime) -> TaskRow:
    return row(each.task, each.messages, now, waits=each.waits)


async def task(asked: Asked[TaskParams, Nothing]) -> TaskWhole:
    """Give one task."""
    found = await asked.site.queries.task(asked.params.pbx, asked.params.number)
    if found is None:
        raise web.HTTPNotFound(text="there is no such task")
    clicks = await asked.site.queries.clicks_of(asked.params.pbx, asked.params.number)
    filed = {filing.key: filing for filing in found.filings}
    return TaskWhole(
        task=row_with(found.task, found.filings, asked.site.now()),
        messages=tuple(MessageRow.of(message, filed.get(message.key)) for message in found.messages),
        attempts=tuple(DialRow.model_validate(one) for one in found.callouts),
        clicks=tuple(ClickRow.model_validate(click) for click in clicks),
        history=tuple(EntryRow.model_validate(entry) for entry in found.entries),
    )


OPERATIONS: Final = (
    Operation(
        name="listTasks",
        method="GET",
        path="/tasks",
        summary="Callback tasks, the most pressing first",
        role=Role.AGENT,
        scope="tasks:read",
        params=TasksParams,
        body=Nothing,
        reply=TaskList,
        run=tasks,
        fails=(404,),
    ),
    Operation(
        name="getTask",
        method="GET",
        path="/tasks/{pbx}/{number}",
        summary="One task with its messages, the dials made for it, and its history",
        role=Role.AGENT,
        scope="tasks:read",
        params=TaskParams,
        body=Nothing,
        reply=TaskWhole,
        run=task,
        rows="tasks",
        fails=(404,),
    ),
)
