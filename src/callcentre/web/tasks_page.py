"""GET /tasks: the callbacks to make, the most pressing first; filters and search are plain forms."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from typing import Final
from urllib.parse import urlencode

from aiohttp import web

from callcentre.core.tasks import Task
from callcentre.core.terms import TaskState
from callcentre.store.queries import OPEN_STATES
from callcentre.store.results import Account, Role
from callcentre.store.task_pages import TaskPlace, TasksWanted
from callcentre.web import task_words
from callcentre.web.access import account_of, allows
from callcentre.web.finds import FINDS, for_address
from callcentre.web.pages import CSRF, render
from callcentre.web.site import Site, site_of
from callcentre.web.task_rows import ROWS, rows_of
from callcentre.web.undoing import done_before

PAGE: Final = 50
VIEWS: Final[dict[str, str]] = {
    "waiting": "Waiting",
    "mine": "Mine",
    "held": "Held by others",
    "later": "For later",
    "closed": "Closed today",
}
ACKNOWLEDGE: Final = "acknowledge"
"""The list of what is to be acknowledged, which only an office has that promises that."""
_LONGEST_SEARCH: Final = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What the list shows: one of the views, of a line (empty: the person's own lines; `all`: every line), searched.

    `find` is the name by which the address knows what is searched for (web.finds); `search` is that itself, and
    `forgotten` says that it is not kept any longer.
    """

    view: str = "waiting"
    line: str = ""
    overdue: bool = False
    find: str = ""
    search: str = ""
    forgotten: bool = False

    def url(self, **changes: object) -> str:
        """The list with these filters, some of them others."""
        now = replace(self, **{name: value for name, value in changes.items() if name != "after"})  # type: ignore[arg-type]
        told = {"view": now.view, "line": now.line, "overdue": "1" if now.overdue else "", "find": now.find}
        told["after"] = str(changes.get("after", ""))
        said = urlencode(
            {name: value for name, value in told.items() if value and (name, value) != ("view", "waiting")}
        )
        return f"/tasks?{said}" if said else "/tasks"


def routes() -> list[web.RouteDef]:
    """The routes of this module."""
    return [web.get("/tasks", tasks), web.post("/tasks", look_for)]


@allows(Role.AGENT)
async def tasks(request: web.Request) -> web.Response:
    """The list, a page of it."""
    site, account, filters = site_of(request), account_of(request), _filters(request)
    now = site.now()
    views = _views(site)
    shown = {view: wanted(site, account, replace(filters, view=view), now) for view in views}
    late = wanted(site, account, replace(filters, view="waiting", overdue=True), now)
    after = _place(request.query.get("after", ""))
    found, counts = await site.queries.task_list(
        wanted(site, account, filters, now), shown | {"overdue": late}, after=after, limit=PAGE + 1
    )
    rows = map(rows_of(site, account, now), found[:PAGE])
    return render(
        request,
        "tasks.html",
        rows=request.config_dict[ROWS].html(rows, request.get(CSRF, ""), filters.url()),
        page=PAGE,
        filters=filters,
        views=views,
        counts=counts,
        overdue=counts["overdue"],
        lines=[(line.name, line.title or line.name) for line in site.office.lines],
        own_lines=sorted(account.lines),
        first=after is None,
        following=filters.url(after=_told(found[PAGE - 1].task)) if len(found) > PAGE else None,
        lease=site.office.lease,
        done=await done_before(request),
        tw=task_words,
    )


@allows(Role.AGENT)
async def look_for(request: web.Request) -> web.Response:
    """Take the form of the list, and lead to what it asks for under an address without a number."""
    form = await request.post()
    view = str(form.get("view", ""))
    told, search = for_address({"line": str(form.get("line", ""))}, str(form.get("search", "")).strip())
    search = search[:_LONGEST_SEARCH]
    chosen = Filters(
        view=view if view in _views(site_of(request)) else "waiting",
        line=told["line"],
        overdue=form.get("overdue") == "1",
        find=request.config_dict[FINDS].keep(account_of(request).name, search) if search else "",
    )
    raise web.HTTPSeeOther(chosen.url())


def _views(site: Site) -> Mapping[str, str]:
    """The lists that there are, with their titles."""
    promised = any(line.charter.acknowledge_rule is not None for line in site.office.lines)
    return VIEWS | {ACKNOWLEDGE: "To acknowledge"} if promised else VIEWS


def wanted(site: Site, account: Account, filters: Filters, now: datetime) -> TasksWanted:
    """Which tasks a list with these filters shows to `account`."""
    lines = {"": account.lines, "all": frozenset[str]()}.get(filters.line, frozenset({filters.line}))
    some = TasksWanted(states=OPEN_STATES, lines=lines, search=filters.search)
    if filters.overdue:
        some = replace(some, overdue_at=now)
    match filters.view:
        case "mine":
            return replace(some, holder=account.name)
        case "held":
            return replace(some, held_but_by=account.name)
        case "later":
            return replace(some, later_than=now)
        case "acknowledge":
            return replace(some, unacknowledged=True)
        case "closed":
            midnight = datetime.combine(now.astimezone(site.zone()), time.min, site.zone())
            return replace(some, states={TaskState.CLOSED}, closed_since=midnight.astimezone(UTC), overdue_at=None)
    return replace(some, unheld=True, not_later_than=now)


async def next_task(site: Site, account: Account, *, but: Task) -> Task | None:
    """The most pressing task that waits for somebody, another than `but`: of the person's own lines."""
    some = wanted(site, account, Filters(), site.now())
    found = (one.task for one in await site.queries.task_page(some, limit=2))
    return next((task for task in found if (task.pbx, task.number) != (but.pbx, but.number)), None)


def _filters(request: web.Request) -> Filters:
    query = request.query
    view, find = query.get("view", "waiting"), query.get("find", "")
    search = request.config_dict[FINDS].text(account_of(request).name, find) or ""
    return Filters(
        view=view if view in _views(site_of(request)) else "waiting",
        line=query.get("line", ""),
        overdue=query.get("overdue", "") == "1",
        find=find if search else "",
        search=search,
        forgotten=bool(find) and not search,
    )


def _told(task: Task) -> str:
    return f"{task.act_by.timestamp():.6f}_{task.number}_{task.pbx}"


def _place(told: str) -> TaskPlace | None:
    """Where the page before ended; None for the first page, and for what is no place."""
    at, _, rest = told.partition("_")
    number, _, pbx = rest.partition("_")
    try:
        return datetime.fromtimestamp(float(at), UTC), pbx, int(number)
    except (ValueError, OverflowError, OSError):
        return None
