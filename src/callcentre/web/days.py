"""Civil days of a line, as pages and addresses name them."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from aiohttp import web


def day_of(at: datetime, zone: ZoneInfo) -> date:
    """The civil day of a moment."""
    return at.astimezone(zone).date()


def bounds(first: date, last: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """When `first` begins and `last` ends on the clocks of `zone`, in UTC: [begin, end)."""
    end = last + timedelta(days=1)
    begins, ends = (datetime.combine(day, time(), zone).astimezone(UTC) for day in (first, end))
    return begins, ends


def asked_day(request: web.Request, name: str, otherwise: date) -> date:
    """The day that the address names (2026-11-20), or `otherwise`; 400 for what is no day, with what to write."""
    said = request.query.get(name, "").strip()
    if not said:
        return otherwise
    try:
        found = date.fromisoformat(said)
    except ValueError:
        raise web.HTTPBadRequest(text=f"{name}: write a day such as {otherwise.isoformat()}") from None
    if not 2000 <= found.year <= 2100:
        raise web.HTTPBadRequest(text=f"{name}: write a day such as {otherwise.isoformat()}")
    return found
