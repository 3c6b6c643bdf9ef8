"""GET /events: what is committed from now on, as server-sent events with JSON; there is no asking for the past."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Final, Literal

from aiohttp import web
from pydantic import BaseModel, Field

from callcentre.core.facts import (
    AttendanceChanged,
    CallAnswered,
    CallEnded,
    CallHealed,
    CallOffered,
    CallProgressed,
    ClickChanged,
    Fact,
    TaskChanged,
)
from callcentre.core.numbers import masked
from callcentre.store.results import Role
from callcentre.web.api.operations import Asked, Operation
from callcentre.web.api.shape import Nothing, Shape
from callcentre.web.api.shapes import CallRow, ClickNews, EntryRow, TaskNews
from callcentre.web.api.standing import AttendanceNews
from callcentre.web.feed import News, Reader

BEAT_SECONDS: Final = 15.0
LASTS_SECONDS: Final = 300.0
"""A stream ends after so long and is opened anew: a token that was taken back is out by then."""

LASTS: Final = web.AppKey("api streams last", float)
"""So long on this server: as above, but in tests."""

MOST: Final = 100
"""Open streams of one account."""

Kind = Literal["call", "task", "attendance", "click"]
KINDS: Final[tuple[Kind, ...]] = ("call", "task", "attendance", "click")
SHAPES: Final[dict[Kind, type[BaseModel]]] = {
    "call": CallRow,
    "task": TaskNews,
    "attendance": AttendanceNews,
    "click": ClickNews,
}
"""What the data of each kind of event is."""

OPEN: Final = web.AppKey("api streams", dict[str, list[web.Request]])
_CALLS: Final = (CallOffered, CallProgressed, CallAnswered, CallEnded, CallHealed)

View = tuple[frozenset[Kind], bool, bool]
"""Which kinds, and whether callers' numbers are whole in those of calls, and of tasks."""


class EventsParams(Shape):
    """Which events."""

    kind: list[Kind] = Field([], description="of this kind; may be repeated; without it, all")
    seconds: Annotated[float, Field(gt=0, le=LASTS_SECONDS)] = Field(
        LASTS_SECONDS, description="how long the stream lasts; then open it again"
    )


async def events(asked: Asked[EventsParams, Nothing]) -> web.StreamResponse:
    """Stream what happens from now on."""
    identity = asked.identity
    scopes = identity.scopes
    # A person's session sees what the pages show; a token, what its scopes name.
    whole = not identity.token
    view: View = (
        frozenset(asked.params.kind or KINDS),
        whole or "calls:read" in scopes,
        whole or "tasks:read" in scopes,
    )
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "X-Accel-Buffering": "no"})
    with (
        _counted(asked.request.config_dict[OPEN], identity.account.name, asked.request),
        asked.site.feed.reading() as reader,
    ):
        try:
            await response.prepare(asked.request)
            await response.write(b"retry: 2000\n\n")
            await _follow(reader, response, view, min(asked.params.seconds, asked.request.config_dict[LASTS]))
        except ConnectionResetError:
            pass  # whoever followed is gone
    return response


@contextmanager
def _counted(streams: dict[str, list[web.Request]], name: str, request: web.Request) -> Iterator[None]:
    """Count a stream while it is open; of those that were left and not noticed yet, none counts."""
    mine = streams.setdefault(name, [])
    if sum(each.transport is not None for each in mine) >= MOST:
        raise web.HTTPTooManyRequests(text="too many streams are open with this account; close some")
    mine.append(request)
    try:
        yield
    finally:
        mine[:] = [each for each in mine if each is not request]
        if not mine:
            streams.pop(name, None)


async def _follow(reader: Reader, response: web.StreamResponse, view: View, seconds: float) -> None:
    now = asyncio.get_running_loop().time
    until = now() + seconds
    beat = now() + BEAT_SECONDS
    while not reader.closed and (left := until - now()) > 0:
        said = "".join(_said(news, view) for news in await reader.within(max(0.0, min(left, beat - now()))))
        if reader.behind:
            await response.write(b"event: behind\ndata: {}\n\n")
            return
        if said or now() >= beat:
            await response.write((said or ": still here\n\n").encode())
            beat = now() + BEAT_SECONDS


def _said(news: News, view: View) -> str:
    found = news.said.get(view)
    if found is None:
        found = news.said[view] = "".join(_event(fact, view) for fact in news.facts)
    return found


def _event(fact: Fact, view: View) -> str:
    told = _told(fact, calls=view[1], tasks=view[2])
    if told is None or told[0] not in view[0]:
        return ""
    return f"event: {told[0]}\ndata: {told[1].model_dump_json()}\n\n"


def _told(fact: Fact, *, calls: bool, tasks: bool) -> tuple[Kind, BaseModel] | None:
    """What a fact is to programs; `calls` and `tasks`: with whole numbers of callers."""
    match fact:
        case AttendanceChanged():
            return "attendance", AttendanceNews.model_validate(fact)
        case ClickChanged():
            return "click", ClickNews.model_validate(fact.click)
        case TaskChanged() if fact.task is not None:
            own = {name: getattr(fact.task, name) for name in TaskNews.model_fields if hasattr(fact.task, name)}
            caller = own["caller"] if tasks else masked(own["caller"])
            entries = tuple(EntryRow.model_validate(entry) for entry in fact.entries)
            return "task", TaskNews.model_validate(own | {"caller": caller, "entries": entries})
        case _ if isinstance(fact, _CALLS):
            row = CallRow.model_validate(fact.call)
            return "call", row if calls else row.model_copy(update={"caller": masked(row.caller)})
    return None


OPERATIONS: Final = (
    Operation(
        name="followEvents",
        method="GET",
        path="/events",
        summary="What happens from now on, as server-sent events",
        role=Role.SUPERVISOR,
        scope="events:read",
        params=EventsParams,
        body=Nothing,
        reply=Nothing,
        run=events,
        content="text/event-stream",
        fails=(429,),
    ),
)
