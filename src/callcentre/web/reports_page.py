"""The monthly reports: a list of them, each as a page, and as files to keep. For supervisors.

The page has the report's body and its style sheet as a file of ours, so that the strict policy on content stands as it
is; the file that has its style within it is only ever sent as a download.
"""

import asyncio
import json
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from aiohttp import web

from callcentre.core.errors import ConfigError
from callcentre.reports.figures import Report, as_json
from callcentre.reports.gather import lines_of, report_of
from callcentre.reports.months import Month
from callcentre.reports.pdf import NoPdf, pdf_of
from callcentre.reports.render import body_of, html_of, style
from callcentre.reports.sheet import HEADING, rows_of
from callcentre.store.results import Role
from callcentre.web import sheets
from callcentre.web.access import allows
from callcentre.web.pages import render
from callcentre.web.site import Site, site_of

MONTHS_LISTED: Final = 13
FRESH: Final = timedelta(minutes=1)
"""A report that was just made is shown again as it is: it may have read millions of calls."""

_KEPT: Final = 8
_FORMS: Final = {"html": "text/html", "pdf": "application/pdf", "csv": "text/csv", "json": "application/json"}


@dataclass(slots=True)
class Made:
    """Reports made lately. Each is made once at a time, however many people ask for it."""

    reports: OrderedDict[tuple[str, Month], Report] = field(default_factory=OrderedDict)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def report(self, site: Site, charter: str, month: Month) -> Report:
        """The report, as it was a minute ago at most."""
        async with self.turn:
            known = self.reports.get((charter, month))
            now = site.now()
            if known is not None and timedelta() <= now - known.made_at <= FRESH:
                return known
            made = await report_of(site.opened, site.office, charter, month, now)
            self.reports[charter, month] = made
            self.reports.move_to_end((charter, month))
            while len(self.reports) > _KEPT:
                self.reports.popitem(last=False)
            return made


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A charter with its months, the newest first."""

    charter: str
    title: str
    months: tuple[Month, ...]
    now: Month
    readers: tuple[str, ...]


_MADE: Final = web.AppKey("reports", Made)


def routes(app: web.Application) -> list[web.RouteDef]:
    """The routes of this module; `app` keeps the reports made lately."""
    app[_MADE] = Made()
    return [
        web.get("/reports", reports),
        web.get("/reports/report.css", sheet),
        web.get(r"/reports/{charter}/{month}.{form:html|pdf|csv|json}", as_file, allow_head=False),
        web.get("/reports/{charter}/{month}", report),
    ]


@allows(Role.SUPERVISOR)
async def reports(request: web.Request) -> web.Response:
    """Every charter's months."""
    site = site_of(request)
    now = site.now()
    return render(request, "reports.html", listed=[_listed(site, name, now) for name in _charters(site)])


@allows(Role.SUPERVISOR)
async def report(request: web.Request) -> web.Response:
    """One report as a page."""
    made = await _asked(request)
    return render(request, "report.html", report=made, body=body_of(made))


@allows(Role.SUPERVISOR)
async def as_file(request: web.Request) -> web.Response:
    """One report as a file."""
    made, form = await _asked(request), request.match_info["form"]
    return web.Response(
        body=await _written(made, form),
        content_type=_FORMS[form],
        charset=None if form == "pdf" else "utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="report-{made.charter}-{made.month}.{form}"',
            "Cache-Control": "private, no-store",
        },
    )


@allows(Role.SUPERVISOR)
async def sheet(_request: web.Request) -> web.Response:
    """The style of reports."""
    return web.Response(text=style(), content_type="text/css", headers={"Cache-Control": "no-cache"})


async def _asked(request: web.Request) -> Report:
    """The report that the address names; 404, with what to write, for one that there is not."""
    site = site_of(request)
    try:
        month = Month.read(request.match_info["month"])
        return await request.config_dict[_MADE].report(site, request.match_info["charter"], month)
    except ConfigError as error:
        raise web.HTTPNotFound(text=str(error)) from None


async def _written(made: Report, form: str) -> bytes:
    match form:
        case "json":
            return json.dumps(as_json(made), ensure_ascii=False, indent=2).encode()
        case "csv":
            return sheets.rows_of([HEADING, *rows_of(made)], ZoneInfo(made.zone)).encode()
        case "pdf":
            try:
                return await asyncio.to_thread(pdf_of, html_of(made))
            except NoPdf as error:
                raise web.HTTPNotImplemented(text=str(error)) from None
    return html_of(made).encode()


def _charters(site: Site) -> list[str]:
    return list(dict.fromkeys(line.charter.name for line in site.office.lines))


def _listed(site: Site, name: str, now: datetime) -> Listed:
    line = lines_of(site.office, name)[0]
    this = Month.of(now, ZoneInfo(line.zone))
    return Listed(
        charter=name,
        title=line.charter.title or name,
        months=tuple(this.moved(-step) for step in range(MONTHS_LISTED)),
        now=this,
        readers=next((one.to for one in site.config.reports if one.charter == name), ()),
    )
