"""GET /first-contact: both figures of first contact against the charter (H1), what callers answered (H18), the calls.

What each figure counts stands beside it; docs/explanation/first-contact.md says why there are two.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from aiohttp import web

from callcentre.core.charter import Line
from callcentre.reports.contacts import first_contacts
from callcentre.store.first_contact import WINDOW, FirstContact
from callcentre.store.results import Role
from callcentre.store.satisfaction import Satisfaction
from callcentre.web.access import allows
from callcentre.web.call_filters import place_after, read_place
from callcentre.web.days import asked_day, bounds, day_of
from callcentre.web.first_contact_chart import Week, shares
from callcentre.web.pages import render
from callcentre.web.site import Site, site_of

ON_A_PAGE: Final = 50
USUAL_WEEKS: Final = 12
LONGEST: Final = timedelta(days=400)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What an address asks for, days on the clocks of the line."""

    first: date
    last: date
    line: str

    def address(self, path: str = "/first-contact", **changes: str) -> str:
        """The address that asks for the same, with `changes`."""
        said = {"from": self.first.isoformat(), "until": self.last.isoformat(), "line": self.line}
        return f"{path}?{urlencode({name: value for name, value in (said | changes).items() if value})}"


@dataclass(frozen=True, slots=True, kw_only=True)
class OfLine:
    """One line's figures, with what its charter promises; None: no share is promised."""

    line: Line
    promise: float | None
    figures: FirstContact
    satisfaction: Satisfaction | None


def routes() -> list[web.RouteDef]:
    """The routes of this module."""
    return [web.get("/first-contact", first_contact), web.get("/first-contact/calls", followed)]


@allows(Role.SUPERVISOR)
async def first_contact(request: web.Request) -> web.Response:
    """Both figures, by line and by week."""
    site, asked = site_of(request), _asked(request)
    zone, now = site.zone(asked.line), site.now()
    edges, lines = weeks(asked.first, asked.last, zone), _lines(site, asked.line)
    names = [line.name for line in lines]
    found = await first_contacts(site.opened, lines, edges, zone, now)
    answers = await site.queries.satisfaction((edges[0], edges[-1]), names)
    rows = [_of_line(line, found, answers, edges) for line in lines]
    by_week = [_together([each for each in found if each.since == since], edges) for since in edges[:-1]]
    by_week = [
        replace(one, since=since, until=until) for one, since, until in zip(by_week, edges, edges[1:], strict=False)
    ]
    promises = {row.promise for row in rows if row.promise is not None}
    promise = promises.pop() if len(promises) == 1 else None
    drawn = [Week(label=_day(one.since, zone), said=one.said_share, inferred=one.inferred_share) for one in by_week]
    return render(
        request,
        "first_contact.html",
        asked=asked,
        lines=site.office.lines,
        rows=rows,
        sums=_together(found, edges),
        promise=promise,
        weeks=list(zip(drawn, by_week, strict=True)),
        chart=shares(drawn, promise=promise, uid="shares", title="First contact by week"),
        hidden=await _hidden(site, lines, edges, now),
        days=WINDOW.days,
        looks=_looks,
    )


@allows(Role.SUPERVISOR)
async def followed(request: web.Request) -> web.Response:
    """The calls behind the inferred figure: answered, and followed by another of the same number."""
    site, asked = site_of(request), _asked(request)
    since, until = bounds(asked.first, asked.last, site.zone(asked.line))
    place, names = read_place(request.query.get("after", "")), [asked.line] if asked.line else []
    found = await site.queries.followed_calls(since, until, names, after=place, limit=ON_A_PAGE + 1)
    shown, more = found[:ON_A_PAGE], len(found) > ON_A_PAGE
    last = shown[-1] if shown else None
    path = "/first-contact/calls"
    return render(
        request,
        "first_contact_calls.html",
        asked=asked,
        path_here=path,
        lines=site.office.lines,
        calls=shown,
        days=WINDOW.days,
        onwards=asked.address(path, after=place_after(last.offered_at, last.line, last.key)) if last and more else None,
        first_page=asked.address(path) if place is not None else None,
    )


def weeks(first: date, last: date, zone: ZoneInfo) -> list[datetime]:
    """The moments between the weeks of these days, Mondays at midnight on the clocks of `zone`, with both ends."""
    begin, end = bounds(first, last, zone)
    monday, found = first + timedelta(days=7 - first.weekday()), [begin]
    while monday <= last:
        found.append(bounds(monday, monday, zone)[0])
        monday += timedelta(days=7)
    return [*found, end]


def _asked(request: web.Request) -> Asked:
    site, query = site_of(request), request.query
    line = query.get("line", "")
    if line and site.line(line) is None:
        raise web.HTTPBadRequest(text="line: there is no such line")
    last = asked_day(request, "until", day_of(site.now(), site.zone(line)))
    usual = last - timedelta(days=last.weekday() + 7 * (USUAL_WEEKS - 1))
    first = asked_day(request, "from", usual)
    if not timedelta() <= last - first < LONGEST:
        raise web.HTTPBadRequest(text=f"from, until: at most {LONGEST.days} days, the earlier first")
    return Asked(first=first, last=last, line=line)


def _lines(site: Site, name: str) -> Sequence[Line]:
    return [line for line in site.office.lines if name in ("", line.name)]


def _of_line(
    line: Line, found: Iterable[FirstContact], answers: Iterable[Satisfaction], edges: Sequence[datetime]
) -> OfLine:
    own = [each for each in found if each.line == line.name]
    return OfLine(
        line=line,
        promise=line.charter.first_contact_fraction,
        figures=_together(own, edges),
        satisfaction=next((each for each in answers if each.line == line.name), None),
    )


def _together(found: Iterable[FirstContact], edges: Sequence[datetime]) -> FirstContact:
    """The sums of these figures."""
    total = FirstContact(line="", since=edges[0], until=edges[-1])
    for each in found:
        total = replace(
            total,
            resolved=total.resolved + each.resolved,
            said=total.said + each.said,
            callbacks_resolved=total.callbacks_resolved + each.callbacks_resolved,
            callbacks_said=total.callbacks_said + each.callbacks_said,
            alone=total.alone + each.alone,
            counted=total.counted + each.counted,
            open=total.open + each.open,
            unnumbered=total.unnumbered + each.unnumbered,
        )
    return total


async def _hidden(site: Site, lines: Sequence[Line], edges: Sequence[datetime], now: datetime) -> dict[str, timedelta]:
    """How long each PBX was out of sight in this time, and in the week after it that tells of it."""
    found = {}
    for pbx in sorted({line.pbx for line in lines}):
        since, until = edges[0], min(edges[-1] + WINDOW, now)
        gaps = await site.queries.hidden(pbx, since, until) if since < until else []
        gone = sum((min(end, until) - max(begin, since) for begin, end in gaps), timedelta())
        if gone:
            found[pbx] = gone
    return found


def _looks(share: float | None, promise: float | None) -> str:
    """How a share is shown: good or bad against what is promised, quiet where nothing is or nothing is known."""
    if share is None or promise is None:
        return "quiet"
    return "good" if share >= promise else "bad"


def _day(at: datetime, zone: ZoneInfo) -> str:
    local = at.astimezone(zone)
    return f"{local.day} {local:%b}"
