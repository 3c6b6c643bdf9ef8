"""GET /wrap-ups: what agents said of calls: first contact, follow-ups, complaints, abusive callers (H1, W5)."""

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from urllib.parse import urlencode

from aiohttp import web

from callcentre.core.tasks import WrapUp
from callcentre.core.terms import WrapKind
from callcentre.store.caller_queries import WrapPlace, WrapsWanted
from callcentre.store.results import Role
from callcentre.web import sheets, task_words
from callcentre.web.access import account_of, address_of, allows
from callcentre.web.days import asked_day, bounds, day_of
from callcentre.web.pages import render
from callcentre.web.site import Site, site_of

ON_A_PAGE: Final = 50
HEADING: Final = ("pbx", "uniqueid", "at", "who", "line", "caller", "kind", "why", "task")
_USUAL: Final = timedelta(days=6)
_LONGEST: Final = timedelta(days=400)
_BETWEEN: Final = "\x1f"


@dataclass(frozen=True, slots=True, kw_only=True)
class WrapFilter:
    """What an address asks for."""

    first: date
    last: date
    line: str
    kind: str
    who: str

    def address(self, path: str = "/wrap-ups", **changes: str) -> str:
        """The address that asks for the same, with `changes`."""
        said = {
            "from": self.first.isoformat(),
            "until": self.last.isoformat(),
            "line": self.line,
            "kind": self.kind,
            "who": self.who,
        }
        return f"{path}?{urlencode({name: value for name, value in (said | changes).items() if value})}"

    def wanted(self, site: Site) -> WrapsWanted:
        """The same for the store."""
        since, until = bounds(self.first, self.last, site.zone(self.line))
        return WrapsWanted(
            since=since,
            until=until,
            lines=(self.line,) if self.line else (),
            kinds=(WrapKind(self.kind),) if self.kind else (),
            who=self.who or None,
        )


def routes() -> list[web.RouteDef]:
    """The routes of this module."""
    return [web.get("/wrap-ups", wrap_ups), web.get("/wrap-ups.csv", as_csv, allow_head=False)]


@allows(Role.SUPERVISOR)
async def wrap_ups(request: web.Request) -> web.Response:
    """A page of wrap-ups with what all of them come to."""
    site, chosen = site_of(request), _asked(request)
    wanted = chosen.wanted(site)
    found = await site.queries.wrap_page(wanted, after=_place(request.query.get("after", "")), limit=ON_A_PAGE + 1)
    shown, last = found[:ON_A_PAGE], found[ON_A_PAGE - 1] if len(found) > ON_A_PAGE else None
    kinds: Counter[WrapKind] = Counter()
    for (_, kind), number in (await site.queries.wrap_counts(wanted)).items():
        kinds[kind] += number
    resolved, said = await site.queries.first_contact(wanted.since, wanted.until, wanted.lines)
    return render(
        request,
        "wrap_ups.html",
        chosen=chosen,
        wraps=shown,
        kinds=kinds,
        resolved=resolved,
        said_of=said,
        share=resolved / said if said else None,
        onwards=None if last is None else chosen.address(after=_after(last)),
        first_page=chosen.address() if "after" in request.query else None,
        lines=site.office.lines,
        WRAPS=task_words.WRAPS,
    )


@allows(Role.SUPERVISOR)
async def as_csv(request: web.Request) -> web.StreamResponse:
    """All of them as a file; who took it is written down."""
    site, chosen = site_of(request), _asked(request)
    what = f"wrap-ups {chosen.first} to {chosen.last}"
    await site.audit(account_of(request).name, "exported", what, address=address_of(request))

    async def pages() -> AsyncIterator[Iterable[Sequence[sheets.Cell]]]:
        place: WrapPlace | None = None
        while page := await site.queries.wrap_page(chosen.wanted(site), after=place, limit=500):
            yield [[getattr(each, name) for name in HEADING] for each in page]
            place = (page[-1].at, page[-1].pbx, page[-1].uniqueid, page[-1].who)

    name = f"wrap-ups-{chosen.first}-{chosen.last}.csv"
    return await sheets.send(request, name, HEADING, pages(), site.zone(chosen.line))


def _asked(request: web.Request) -> WrapFilter:
    site, query = site_of(request), request.query
    line, kind = query.get("line", ""), query.get("kind", "")
    if line and site.line(line) is None:
        raise web.HTTPBadRequest(text="line: there is no such line")
    if kind and kind not in set(WrapKind):
        raise web.HTTPBadRequest(text=f"kind: one of {', '.join(WrapKind)}")
    last = asked_day(request, "until", day_of(site.now(), site.zone(line)))
    first = asked_day(request, "from", last - _USUAL)
    if not timedelta() <= last - first < _LONGEST:
        raise web.HTTPBadRequest(text=f"from, until: at most {_LONGEST.days} days, the earlier first")
    return WrapFilter(first=first, last=last, line=line, kind=kind, who=query.get("who", "").strip()[:80])


def _after(last: WrapUp) -> str:
    return _BETWEEN.join((last.at.isoformat(), last.pbx, last.uniqueid, last.who))


def _place(said: str) -> WrapPlace | None:
    """The place that an address names; None for the first page. 400 for what no page of ours says."""
    if not said:
        return None
    try:
        at, pbx, uniqueid, who = said.split(_BETWEEN)
        moment = datetime.fromisoformat(at)
    except ValueError:
        raise web.HTTPBadRequest(text="after: begin again at the first page") from None
    if moment.tzinfo is None:
        raise web.HTTPBadRequest(text="after: begin again at the first page")
    return moment, pbx, uniqueid, who
