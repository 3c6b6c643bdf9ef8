"""GET /events: what changed, as it happens, as server-sent events; and which committed facts are news of what.

An event names a topic; the page reads its part of it again. Within, `me` is two topics: one of the person's name, one
of their telephone, so that no fact need know who sits where.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final

from aiohttp import web

from callcentre.core.facts import (
    AttendanceChanged,
    BreachChanged,
    Call,
    CallAnswered,
    CallEnded,
    CallHealed,
    CallOffered,
    CallProgressed,
    CallWrapped,
    CaseChanged,
    ClickChanged,
    Fact,
    GapClosed,
    GapOpened,
    IncidentChanged,
    MailboxSeen,
    MenuAbandoned,
    PresenceChanged,
    TaskChanged,
)
from callcentre.store.results import Account, Role
from callcentre.web.access import account_of, allows
from callcentre.web.site import site_of
from callcentre.web.stream import QUIET_SECONDS, Hub, Watcher

BEAT_SECONDS: Final = 15.0
"""A stream without news says that it lives: proxies keep it open, and whoever left is noticed."""

LASTS_SECONDS: Final = 300.0
"""A stream ends after so long and is opened anew: whoever may no longer watch is out by then."""

MOST: Final[Mapping[Role, int]] = {Role.AGENT: 20, Role.SUPERVISOR: 300, Role.ADMIN: 300}
"""Open streams of one account; many wallboards may be logged in as one."""

TOPICS: Final = ("tasks", "cases", "board", "me")

_OPEN: Final = web.AppKey("streams", Counter[str])
_BOARD: Final = (
    AttendanceChanged
    | BreachChanged
    | CallHealed
    | GapClosed
    | GapOpened
    | MailboxSeen
    | MenuAbandoned
    | PresenceChanged
    | CallWrapped
)


def routes(app: web.Application) -> list[web.RouteDef]:
    """The stream; `app` counts who has how many open."""
    app[_OPEN] = Counter()
    return [web.get("/events", events, allow_head=False)]


@allows(Role.AGENT)
async def events(request: web.Request) -> web.StreamResponse:
    """Stream the topics named in `topics`: `tasks`, `cases`, `board`, `me`."""
    asked = request.query.get("topics", "").split(",")
    if not set(asked) <= set(TOPICS):
        raise web.HTTPBadRequest(text=f"topics: any of {', '.join(TOPICS)}")
    return await follow(request, watched(account_of(request), asked))


def watched(account: Account, asked: Sequence[str]) -> dict[str, str]:
    """The hub's topics that `account` watches, and the name that each has outside."""
    found = {topic: topic for topic in asked if topic != "me"}
    if "me" in asked:
        found[of_person(account.name)] = "me"
        if account.telephone:
            found[of_telephone(account.telephone)] = "me"
    return found


async def follow(request: web.Request, topics: Mapping[str, str]) -> web.StreamResponse:
    """Stream the hub's `topics` by the names they map to, until either side ends it or it has lasted long enough.

    Answers 429 where the account has too many streams open.
    """
    name, role = account_of(request).name, account_of(request).role
    count = request.config_dict[_OPEN]
    if count[name] >= MOST[role]:
        raise web.HTTPTooManyRequests(text="too many pages are open with this account; close some")
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "X-Accel-Buffering": "no"})
    count[name] += 1
    try:
        hub = site_of(request).hub
        with hub.watching(topics.keys()) as watcher:
            await response.prepare(request)
            await response.write(b"retry: 2000\n\n")
            await _pass_on(hub, watcher, response, topics)
    except ConnectionResetError:
        pass  # whoever watched is gone
    finally:
        count[name] -= 1
        if not count[name]:
            del count[name]
    return response


async def _pass_on(hub: Hub, watcher: Watcher, response: web.StreamResponse, topics: Mapping[str, str]) -> None:
    now = asyncio.get_running_loop().time
    until = now() + LASTS_SECONDS
    while not watcher.closed and now() < until:
        told = await watcher.news_within(BEAT_SECONDS)
        await hub.turn()
        by_name = {topics[topic]: data for topic, data in told.items()}
        said = "".join(event(name, data) for name, data in by_name.items())
        if not watcher.closed:
            await response.write((said or ": still here\n\n").encode())
        if told and not watcher.closed:
            await asyncio.sleep(QUIET_SECONDS)


@lru_cache(maxsize=16)
def event(name: str, data: str) -> str:
    """One event of a stream, whatever lines `data` has; made once for all who are sent it."""
    lines = "".join(f"data: {line}\n" for line in data.splitlines() or [""])
    return f"event: {name}\n{lines}\n"


# --- which facts are news of what ------------------------------------------------------------------------------------


def of_person(name: str) -> str:
    """The topic of what concerns an account."""
    return f"me:{name.casefold()}"


def of_telephone(telephone: str) -> str:
    """The topic of what goes on at a telephone."""
    return f"telephone:{telephone}"


class Teller:
    """Tells the hub what committed facts are news of (runtime.loop.Observer)."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def observe(self, facts: Sequence[Fact]) -> None:
        """Tell each topic once."""
        if self._hub.count:
            for topic in {topic for fact in facts for topic in topics_of(fact)}:
                self._hub.tell(topic)


def topics_of(fact: Fact) -> Iterator[str]:
    """The topics that a fact is news of."""
    match fact:
        case CallOffered() | CallProgressed() | CallAnswered() | CallEnded():
            yield "board"
            yield from _telephones(fact.call)
        case TaskChanged():
            yield from ("tasks", "board")
        case CaseChanged():
            yield from ("cases", of_person(fact.case.opened_by))
        case IncidentChanged():
            yield of_telephone(fact.incident.telephone)
        case ClickChanged():
            yield from ("tasks", of_person(fact.click.who))
        case _ if isinstance(fact, _BOARD):
            yield "board"
    if isinstance(fact, CallWrapped):
        yield of_person(fact.wrap.who)


def _telephones(call: Call) -> Iterator[str]:
    yield from (of_telephone(attempt.interface) for attempt in call.attempts)
    if call.answered_by:
        yield of_telephone(call.answered_by)
