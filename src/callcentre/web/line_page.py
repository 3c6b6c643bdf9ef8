"""GET /today/{line}: one line on one day: answer times by half-hour against the target, and who was there."""

import math
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from aiohttp import web

from callcentre.attendance import line_day
from callcentre.core.charter import Line
from callcentre.core.service_level import UNDECIDED
from callcentre.core.terms import Hours, Outcome
from callcentre.store.results import Role, Waited
from callcentre.web.access import allows
from callcentre.web.call_filters import calls_of
from callcentre.web.charts import HalfHour, answer_times, attendance_strip
from callcentre.web.days import asked_day, bounds, day_of
from callcentre.web.figures import service_level
from callcentre.web.pages import render
from callcentre.web.site import site_of
from callcentre.web.status import LineToday

_HALF: Final = timedelta(minutes=30)


def routes() -> list[web.RouteDef]:
    """The routes of this module."""
    return [web.get("/today/{line}", line)]


@allows(Role.SUPERVISOR)
async def line(request: web.Request) -> web.Response:
    """A line's day; today, if none is named."""
    site = site_of(request)
    found = site.line(request.match_info["line"])
    if found is None:
        raise web.HTTPNotFound(text="there is no line of this name")
    zone = site.zone(found.name)
    last = day_of(site.now(), zone)
    day = min(asked_day(request, "day", last), last)
    since, until = bounds(day, day, zone)
    waits = await site.queries.waits(found.name, since, until)
    counts = await site.queries.counts(since, until, line=found.name)
    seen = (await site.queries.seen_until()).get(found.pbx)
    one = await line_day(site.queries, found, day, site.now(), seen)
    hours = half_hours(waits, zone)
    answered = sorted(each.wait_seconds for each in waits if _counts(each) and each.wait_seconds is not None)
    return render(
        request,
        "line.html",
        line=found,
        day=day,
        last=last,
        before=day - timedelta(days=1),
        after=day + timedelta(days=1) if day < last else None,
        said_day=f"{day:%A} {day.day} {day:%B %Y}",
        level=LineToday(line=found, outcomes={}, level=service_level(found, counts)).judged,
        median=_at_share(answered, 0.5),
        ninth=_at_share(answered, 0.9),
        hours=hours,
        chart=answer_times(
            hours, promise=found.charter.answer_fraction, uid="times", title=f"Answer times of {_title(found)}, {day}"
        ),
        one=one,
        inferred=next((each for each in site.first_contact() if each.line == found.name and each.calls), None),
        strip=attendance_strip(one.ledger, zone, uid="strip", title=f"Attendance of {_title(found)}, {day}"),
        calls_of=calls_of,
    )


def half_hours(waits: Sequence[Waited], zone: ZoneInfo) -> list[HalfHour]:
    """The calls of core hours by half-hour on the clocks, without gap from the first to the last that had any."""
    found: dict[datetime, Counter[str]] = {}
    for each in waits:
        if each.hours is not Hours.CORE or each.outcome in UNDECIDED:
            continue
        how = "missed" if each.outcome is not Outcome.ANSWERED else "in_time" if each.within_seconds else "late"
        found.setdefault(_half(each.offered_at), Counter())[how] += 1
    if not found:
        return []
    at, made = min(found), []
    while at <= max(found):
        made.append(HalfHour(label=f"{at.astimezone(zone):%H:%M}", **(found.get(at) or Counter())))
        at += _HALF
    return made


def _half(at: datetime) -> datetime:
    return at.replace(minute=at.minute // 30 * 30, second=0, microsecond=0)


def _counts(each: Waited) -> bool:
    return each.hours is Hours.CORE and each.outcome is Outcome.ANSWERED


def _at_share(ordered: Sequence[float], share: float) -> float | None:
    """The nearest rank: the least value that at least so many of them do not exceed."""
    if not ordered:
        return None
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def _title(found: Line) -> str:
    return found.title or found.name
