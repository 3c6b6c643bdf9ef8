"""/audit: who did what, the newest first."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from aiohttp import web

from callcentre.store.results import Role
from callcentre.web.access import allows
from callcentre.web.pages import render
from callcentre.web.site import Site, site_of

_ROWS: Final = 100


def routes() -> list[web.RouteDef]:
    """The routes of this module."""
    return [web.get("/audit", show)]


@allows(Role.ADMIN)
async def show(request: web.Request) -> web.StreamResponse:
    """A page of the audit log, by who, what they did, and when."""
    site, asked = site_of(request), request.query
    first, last = _day(asked.get("from", "")), _day(asked.get("to", ""))
    before = asked.get("before", "")
    entries = await site.opened.audit.entries(
        who=asked.get("who") or None,
        action=asked.get("action") or None,
        since=None if first is None else _midnight(site, first),
        until=None if last is None else _midnight(site, last + timedelta(days=1)),
        before=int(before) if before.isascii() and before.isdigit() and len(before) < 10 else None,
        limit=_ROWS + 1,
    )
    shown = entries[:_ROWS]
    kept = {name: asked[name] for name in ("who", "action", "from", "to") if asked.get(name)}
    given: dict[str, Any] = {
        "entries": shown,
        "asked": {name: asked.get(name, "") for name in ("who", "action", "from", "to")},
        "older": f"/audit?{urlencode(kept | {'before': shown[-1].id})}" if len(entries) > _ROWS else "",
        "newest": f"/audit?{urlencode(kept)}" if before else "",
        "zone": str(site.zone()),
    }
    return render(request, "accounts_audit.html", **given)


def _day(written: str) -> date | None:
    """The day that a date field sent; None for none, or for what is none."""
    try:
        day = date.fromisoformat(written)
    except ValueError:
        return None
    return day if 2000 <= day.year <= 2999 else None


def _midnight(site: Site, day: date) -> datetime:
    return datetime.combine(day, time.min, site.zone()).astimezone(UTC)
