"""GET /cases: complaints, compliments, letters, by what is due next; filters and search are plain forms.

What somebody searches for is in no address (web.finds): it may be a number or a name.
"""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from typing import Final
from urllib.parse import urlencode

from aiohttp import web

from callcentre.core.case_values import COMPLAINT, KINDS, CaseChannel, CaseState, ClockName
from callcentre.store.case_queries import CaseFigure, CasesWanted
from callcentre.store.results import Account, Role
from callcentre.web import case_words, sheets
from callcentre.web.access import account_of, address_of, allows, may
from callcentre.web.case_page import row_of
from callcentre.web.finds import FINDS, for_address
from callcentre.web.pages import render
from callcentre.web.site import Site, site_of

PAGE: Final = 50
VIEWS: Final[Mapping[str, str]] = {
    "open": "Open",
    "overdue": "Overdue",
    "mine": "Mine",
    "unacknowledged": "Not acknowledged",
    "answered": "To be closed",
    "closed": "Closed",
}
HEADING: Final = (
    *("pbx", "number", "line", "kind", "category", "channel", "stage", "role", "state", "owner", "direct_dial"),
    *("received_at", "ack_due", "acknowledged_at", "answer_due", "answered_at", "agreed_for", "agreed_from"),
    *("caller", "name", "email", "summary", "about", "outcome", "referred_to", "cause", "remedy", "remedied_at"),
    *("closed_at", "closed_by", "task", "call"),
)
_LONGEST: Final = 80
_DIGITS: Final = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What the list shows: one of VIEWS, of a kind, line, stage or owner (empty: any), searched.

    `find` is the name by which the address knows what is searched for (web.finds); `search` is that itself, and
    `forgotten` says that it is not kept any longer.
    """

    view: str = "open"
    kind: str = ""
    line: str = ""
    stage: str = ""
    owner: str = ""
    find: str = ""
    search: str = ""
    forgotten: bool = False

    @property
    def narrowed(self) -> bool:
        """Whether the list is of some only."""
        return any((self.kind, self.line, self.stage, self.owner, self.search))

    def url(self, path: str = "/cases", *, after: str = "", **changes: str) -> str:
        """The list with these filters, some of them others."""
        told = {name: getattr(self, name) for name in ("view", "kind", "line", "stage", "owner", "find")} | changes
        told["after"] = after
        said = urlencode({name: value for name, value in told.items() if value and (name, value) != ("view", "open")})
        return f"{path}?{said}" if said else path


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """How many promises of one sort had their end, and how many of them were kept."""

    all: int
    in_time: int

    @property
    def share(self) -> float | None:
        """The share kept; None of none."""
        return self.in_time / self.all if self.all else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lately:
    """The same over the twelve months that end now, and over this month."""

    year: Kept
    month: Kept


def routes() -> list[web.RouteDef]:
    """The routes of this module."""
    return [
        web.get("/cases", cases),
        web.post("/cases", look_for),
        web.get("/cases.csv", as_csv, allow_head=False),
    ]


@allows(Role.AGENT)
async def cases(request: web.Request) -> web.Response:
    """The list, a page of it."""
    site, account, filters = site_of(request), account_of(request), _filters(request)
    now, after = site.now(), _place(request.query.get("after", ""))
    counted = {view: wanted(account, replace(filters, view=view), now) for view in VIEWS}
    counts = await site.queries.case_counts(counted)
    found = await site.queries.case_page(wanted(account, filters, now), offset=after, limit=PAGE + 1)
    acknowledged, answered = await _lately(site, now)
    return render(
        request,
        "cases.html",
        rows=[row_of(one, now) for one in found[:PAGE]],
        page=PAGE,
        filters=filters,
        views=VIEWS,
        counts=counts,
        acknowledged=acknowledged,
        answered=answered,
        promised=_promised(site),
        kinds=kinds_of(site),
        lines=[(line.name, line.title or line.name) for line in site.office.lines],
        first=not after,
        following=filters.url(after=str(after + PAGE)) if len(found) > PAGE else None,
        supervisor=may(account, Role.SUPERVISOR),
        cw=case_words,
    )


@allows(Role.AGENT)
async def look_for(request: web.Request) -> web.Response:
    """Take the form of the list, and lead to what it asks for under an address without a number or a name."""
    form = await request.post()
    told = {name: str(form.get(name, "")).strip()[:_LONGEST] for name in ("view", "kind", "line", "stage", "owner")}
    told, search = for_address(told, str(form.get("search", "")).strip()[:_LONGEST])
    find = request.config_dict[FINDS].keep(account_of(request).name, search) if search else ""
    raise web.HTTPSeeOther(_chosen(told, find=find).url())


@allows(Role.SUPERVISOR)
async def as_csv(request: web.Request) -> web.StreamResponse:
    """All of the list as a file; who took it is written down."""
    site, account, filters = site_of(request), account_of(request), _filters(request)
    now = site.now()
    some = wanted(account, filters, now)
    await site.audit(account.name, "exported", f"cases {VIEWS[filters.view].lower()}", address=address_of(request))

    async def pages() -> AsyncIterator[Iterable[Sequence[sheets.Cell]]]:
        told = 0
        while page := await site.queries.case_page(some, offset=told, limit=500):
            yield [[getattr(each, name) for name in HEADING] for each in page]
            told += len(page)

    name = f"cases-{now.astimezone(site.zone()).date()}.csv"
    return await sheets.send(request, name, HEADING, pages(), site.zone(filters.line))


def kinds_of(site: Site) -> list[str]:
    """Every kind that a charter of the office knows, ours first."""
    found = dict.fromkeys(KINDS)
    for line in site.office.lines:
        found |= dict.fromkeys(line.charter.case_kinds())
    return [*found]


# --- which cases -----------------------------------------------------------------------------------------------------


def wanted(account: Account, filters: Filters, now: datetime) -> CasesWanted:
    """Which cases a list with these filters shows to `account`."""
    some = CasesWanted(
        kinds=(filters.kind,) if filters.kind else (),
        lines=(filters.line,) if filters.line else (),
        stage=int(filters.stage) if filters.stage else None,
        owner=filters.owner or None,
        search=filters.search,
    )
    match filters.view:
        case "overdue":
            return replace(some, overdue_at=now)
        case "mine":
            return replace(some, owner=account.name)
        case "unacknowledged":
            return replace(some, states={CaseState.OPEN})
        case "answered":
            return replace(some, states={CaseState.ANSWERED})
        case "closed":
            return replace(some, states={CaseState.CLOSED})
    return some


def _filters(request: web.Request) -> Filters:
    query, find = request.query, request.query.get("find", "")
    search = request.config_dict[FINDS].text(account_of(request).name, find) or ""
    told = {name: query.get(name, "").strip()[:_LONGEST] for name in ("view", "kind", "line", "stage", "owner")}
    chosen = _chosen(told, find=find if search else "")
    return replace(chosen, search=search, forgotten=bool(find) and not search)


def _chosen(told: Mapping[str, str], *, find: str) -> Filters:
    return Filters(
        view=told["view"] if told["view"] in VIEWS else "open",
        kind=told["kind"],
        line=told["line"],
        stage=told["stage"] if told["stage"] in ("1", "2", "3") else "",
        owner=told["owner"],
        find=find,
    )


def _place(told: str) -> int:
    """How many come before this page."""
    return int(told) if told.isascii() and told.isdigit() and len(told) <= _DIGITS else 0


# --- figures ---------------------------------------------------------------------------------------------------------


async def _lately(site: Site, now: datetime) -> tuple[Lately, Lately]:
    """Complaints acknowledged and answered in time, of those whose time is over."""
    month = datetime.combine(now.astimezone(site.zone()).replace(day=1), time(), site.zone())
    year = month.replace(year=month.year - 1)
    over_year = await site.queries.case_figures(year.astimezone(UTC), now, now)
    over_month = await site.queries.case_figures(month.astimezone(UTC), now, now)
    made = [
        Lately(year=_kept(over_year, clock), month=_kept(over_month, clock))
        for clock in (ClockName.ACKNOWLEDGE, ClockName.ANSWER)
    ]
    return made[0], made[1]


def _kept(figures: Sequence[CaseFigure], clock: ClockName) -> Kept:
    some = [one for one in figures if one.kind == COMPLAINT and one.clock is clock]
    return Kept(all=sum(one.in_time + one.late for one in some), in_time=sum(one.in_time for one in some))


def _promised(site: Site) -> float | None:
    """The share of complaints that must be acknowledged in time; None where no charter says."""
    rules = (line.charter.case_rule(COMPLAINT, CaseChannel.CALL, "") for line in site.office.lines)
    return next((rule.fraction for rule in rules if rule is not None and rule.fraction is not None), None)
