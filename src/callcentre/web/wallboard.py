"""GET /wallboard: each line in figures that are read from across the room; and the stream that keeps them true.

Whatever changes, the board is made once and pushed to all who watch it, at most twice a second; waits and clocks run on
in the browser. What cannot be seen now is shown as not known, never as it was.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from aiohttp import web

from callcentre.core.terms import Attendance, MemberState
from callcentre.runtime.clock import Tasks
from callcentre.store.results import Role
from callcentre.web import words
from callcentre.web.access import allows
from callcentre.web.call_filters import calls_of
from callcentre.web.pages import moments, part, render
from callcentre.web.site import SITE, Site, site_of
from callcentre.web.status import STATUS, LineToday, Status
from callcentre.web.streaming import follow

TOPIC: Final = "wallboard"

BEAT_SECONDS: Final = 4.0
"""Made anew this often though nothing happened: deadlines pass, a database goes away. A page that has heard nothing for
12 s takes itself to be cut off (static/wallboard.js)."""

QUIET_SECONDS: Final = 0.25
"""With the hub's own quarter of a second: at most two boards a second."""

_SHARE: Final = 4
"""Making boards takes at most one part in so many of the time: a slow database makes them rarer, not calls later."""

_THERE: Final = (MemberState.FREE, MemberState.RINGING, MemberState.TALKING, MemberState.WRAPUP)


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """The office as a whole; None is what is not known."""

    waiting: int | None
    longest: datetime | None
    within: int | None
    of: int
    abandoned: int | None
    overdue: int
    due_today: int | None
    attended: int
    lines: int


def routes(app: web.Application) -> list[web.RouteDef]:
    """The routes of this module; `app` makes the boards while it runs."""
    app.cleanup_ctx.append(_making)
    return [web.get("/wallboard", wallboard), web.get("/wallboard/events", events, allow_head=False)]


@allows(Role.SUPERVISOR)
async def wallboard(request: web.Request) -> web.Response:
    """The page; with `?lines=a,b` of these lines alone."""
    site = site_of(request)
    chosen = [name for name in request.query.get("lines", "").split(",") if name]
    if any(site.line(name) is None for name in chosen):
        raise web.HTTPNotFound(text="lines: one of them is not there; write names as the configuration has them")
    status = await request.config_dict[STATUS]()
    return render(request, "wallboard.html", chosen=",".join(chosen), **_shown(site, status, chosen))


@allows(Role.SUPERVISOR)
async def events(request: web.Request) -> web.StreamResponse:
    """The board, each time that it changed."""
    return await follow(request, {TOPIC: TOPIC})


async def board(app: web.Application) -> str:
    """The board of all lines as it is now, for whoever watches; each page leaves out what it does not show."""
    return part(app, "wallboard_part.html", **_shown(app[SITE], await app[STATUS](), ()))


async def _making(app: web.Application) -> AsyncIterator[None]:
    async with Tasks() as tasks:
        tasks.spawn(_make(app), name="wallboard")
        yield


async def _make(app: web.Application) -> None:
    """Make the board whenever something of it changed, as long as somebody looks."""
    site = app[SITE]
    now = asyncio.get_running_loop().time
    with site.hub.watching({"board"}) as changes:
        while not changes.closed:
            await changes.news_within(BEAT_SECONDS)
            began = now()
            if site.hub.watched(TOPIC):
                try:
                    site.hub.tell(TOPIC, await board(app))
                except Exception:  # a fault of ours in one board must not end all the others
                    site.log.exception("a wallboard cannot be made")
            await asyncio.sleep(max(QUIET_SECONDS, _SHARE * (now() - began)))


# --- what is shown ---------------------------------------------------------------------------------------------------


def _shown(site: Site, status: Status, chosen: Sequence[str]) -> dict[str, Any]:
    lines = [each for each in status.lines if not chosen or each.line.name in chosen]
    return {
        "state": status,
        "tiles": lines,
        "alarms": [each for each in lines if each.is_breach],
        "blind": sorted({each.line.pbx for each in lines} & set(status.out_of_sight)),
        "totals": totals(status),
        "moment": moments(site, status.at),
        "clock": f"{status.at.astimezone(ZoneInfo(status.zone)):%H:%M:%S}",
        "calls_of": calls_of,
        "agents_of": agents_of,
        "attended": Attendance.ATTENDED,
    }


def totals(status: Status) -> Totals:
    """The figures of all lines together."""
    waiting: list[datetime] | None = []
    for each in status.lines:
        waiting = None if waiting is None or each.waiting is None else [*waiting, *each.waiting]
    judged = [each.judged for each in status.lines if each.judged is not None]
    known = status.figures_problem == "" and not status.out_of_sight
    due = [each.callbacks.due_today for each in status.lines]
    return Totals(
        waiting=None if waiting is None else len(waiting),
        longest=min(waiting, default=None) if waiting else None,
        within=sum(level.within for level in judged) if known else None,
        of=sum(level.of for level in judged),
        abandoned=sum(each.abandoned or 0 for each in status.lines) if known else None,
        overdue=sum(each.callbacks.overdue for each in status.lines),
        due_today=None if None in due else sum(number or 0 for number in due),
        attended=sum(
            each.attendance is not None and each.attendance.state is Attendance.ATTENDED for each in status.lines
        ),
        lines=len(status.lines),
    )


def agents_of(each: LineToday) -> list[tuple[int, str, str]]:
    """How many agents are in which state, the ones who can answer first: number, words, and how it looks."""
    found = {} if each.agents is None else each.agents
    return [
        (number, words.MEMBERS[state], "here" if state in _THERE else "away")
        for state in MemberState
        if (number := found.get(state, 0))
    ]
