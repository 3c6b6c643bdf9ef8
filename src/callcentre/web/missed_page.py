"""GET /missed: the callers whom nobody answered or reached since; a callback is made of one with one click.

A caller on several lines is one entry with each of them. The number that is dialled comes from the call that the store
has, never from the browser.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from aiohttp import web

from callcentre.core.errors import IllegalTransition
from callcentre.core.numbers import canonical
from callcentre.core.requests import WrapUpAsked
from callcentre.core.terms import CallKey, WrapKind
from callcentre.store.results import MissedCaller, Role
from callcentre.web.access import account_of, allows
from callcentre.web.errors import wants_json
from callcentre.web.pages import render
from callcentre.web.site import Site, site_of

DAYS: Final = (1, 3, 7, 14, 31)
_USUAL: Final = 7
_MOST: Final = 500
_LETTERS: Final = str.maketrans("0123456789", "ghijklmnop")
_WHY: Final = "called and was not answered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """One caller with the lines on which they were missed, the latest first."""

    number: str
    pbx: str
    lines: tuple[MissedCaller, ...]

    @property
    def calls(self) -> int:
        """On all lines together."""
        return sum(each.calls for each in self.lines)

    @property
    def last_at(self) -> datetime:
        """When they called last."""
        return max(each.last_at for each in self.lines)

    @property
    def task(self) -> int | None:
        """The newest callback for them."""
        return max((each.task for each in self.lines if each.task is not None), default=None)


def routes() -> list[web.RouteDef]:
    """The routes of this module."""
    return [web.get("/missed", missed), web.post("/missed", call_back)]


@allows(Role.AGENT)
async def missed(request: web.Request) -> web.Response:
    """The list, the latest call first."""
    site = site_of(request)
    days = _days(request)
    line = request.query.get("line", "")
    if line and site.line(line) is None:
        raise web.HTTPNotFound(text="there is no line of this name")
    now = site.now()
    found = await site.queries.missed_callers(now - timedelta(days=days), now, line=line or None)
    callers = grouped(found)
    return render(
        request,
        "missed.html",
        callers=callers[:_MOST],
        left_out=max(0, len(callers) - _MOST),
        lines=site.office.lines,
        line=line,
        days=days,
        choices=DAYS,
    )


@allows(Role.AGENT)
async def call_back(request: web.Request) -> web.StreamResponse:
    """Make a callback for the caller of one missed call: a follow-up, with the deadline of a message left now."""
    site, who = site_of(request), account_of(request).name
    form = await request.post()
    pbx, line, at, ending = (str(form.get(name, ""))[:200] for name in ("pbx", "line", "at", "caller"))
    asked = await _asked(site, pbx, line, at, ending, who)
    await site.ask(asked, asked.request)
    if wants_json(request):
        return web.json_response({"ok": True, "said": "A callback was made."})
    raise web.HTTPSeeOther(str(request.rel_url))


async def _asked(site: Site, pbx: str, line: str, at: str, ending: str, who: str) -> WrapUpAsked:
    """The request for the call that the form names by its place in time and the end of its caller's number."""
    try:
        offered_at = datetime.fromisoformat(at)
    except ValueError:
        offered_at = None
    if offered_at is None or offered_at.tzinfo is None:
        raise web.HTTPBadRequest(text="load the list of missed callers again")
    for each in await site.queries.calls_at(pbx, line, offered_at):
        number = canonical(each.caller)
        if number is not None and number.endswith(ending) and ending:
            return WrapUpAsked(
                pbx=pbx,
                at=site.time_at(pbx),
                call=each.key,
                line=each.line,
                caller=each.caller,
                kind=WrapKind.FOLLOW_UP,
                who=who,
                request=_request_of(each.key),
                why=_WHY,
            )
    raise IllegalTransition("this call is there no longer; load the list again")


def _request_of(call: CallKey) -> str:
    """The name of the request for one call: two people who ask make one callback. Letters only, as no number has."""
    name = hashlib.sha256(f"{call.pbx}/{call.uniqueid}".encode()).hexdigest()[:40]
    return f"missed-{name.translate(_LETTERS)}"


def grouped(found: Sequence[MissedCaller]) -> list[Caller]:
    """The same by caller, in the order of their latest calls."""
    by: dict[tuple[str, str], list[MissedCaller]] = {}
    for each in found:
        by.setdefault((each.pbx, each.caller), []).append(each)
    return [Caller(number=number, pbx=pbx, lines=tuple(lines)) for (pbx, number), lines in by.items()]


def _days(request: web.Request) -> int:
    said = request.query.get("days", "")
    return int(said) if said.isascii() and said.isdigit() and int(said) in DAYS else _USUAL
