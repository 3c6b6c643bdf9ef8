"""Pages from templates: what every page is given, and where the menu leads."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import aiohttp_jinja2
import jinja2
from aiohttp import web

from callcentre.core.numbers import without_numbers
from callcentre.store.results import Account, Role
from callcentre.web import words
from callcentre.web.access import IDENTITY, may
from callcentre.web.site import SITE, Site, new_key, site_of

CSRF: Final = web.RequestKey("csrf", str)
"""The token that a form of this session must send back; set by web/identity.py."""

_TEMPLATES: Final = Path(__file__).parent / "templates"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the menu, for `role` and those above it; under the heading `group`, or in the bar itself."""

    path: str
    title: str
    role: Role
    group: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Entries of the menu that open under a heading; an empty `title`: the entry stands in the bar itself."""

    title: str
    entries: tuple[Entry, ...]


# In the bar: what somebody opens each day. The rest opens under a heading, so that all of it fits on a telephone.
MENU: Final = (
    Entry("/tasks", "Callbacks", Role.AGENT),
    Entry("/cases", "Cases", Role.AGENT),
    Entry("/missed", "Missed", Role.AGENT),
    Entry("/today", "Today", Role.SUPERVISOR),
    Entry("/wallboard", "Wallboard", Role.SUPERVISOR),
    Entry("/calls", "Calls", Role.SUPERVISOR),
    Entry("/attendance", "Attendance", Role.SUPERVISOR, "Figures"),
    Entry("/first-contact", "First contact", Role.SUPERVISOR, "Figures"),
    Entry("/wrap-ups", "Wrap-ups", Role.SUPERVISOR, "Figures"),
    Entry("/reports", "Reports", Role.SUPERVISOR, "Figures"),
    Entry("/greetings", "Greetings", Role.SUPERVISOR, "Office"),
    Entry("/incidents", "Incidents", Role.SUPERVISOR, "Office"),
    Entry("/users", "Users", Role.ADMIN, "Office"),
    Entry("/config", "Configuration", Role.SUPERVISOR, "Office"),
    Entry("/audit", "Audit", Role.ADMIN, "Office"),
)


def menu_of(account: Account | None) -> list[Group]:
    """What the menu shows to `account`. A heading of one entry is none: the entry stands in the bar instead."""
    shown = [entry for entry in MENU if account is not None and may(account, entry.role)]
    plain = [Group("", (entry,)) for entry in shown if not entry.group]
    titles = dict.fromkeys(entry.group for entry in shown if entry.group)
    under = [(title, tuple(entry for entry in shown if entry.group == title)) for title in titles]
    return plain + [Group(title if len(entries) > 1 else "", entries) for title, entries in under]


def here_of(path: str) -> str:
    """The entry of the menu that a page at `path` belongs to, the most exact one; empty if to none."""
    around = (entry.path for entry in MENU if path == entry.path or path.startswith(f"{entry.path}/"))
    return max(around, key=len, default="")


def set_up(app: web.Application) -> None:
    """Give `app` its templates."""
    app[aiohttp_jinja2.APP_KEY] = _environment()


@lru_cache(maxsize=1)
def _environment() -> jinja2.Environment:
    """The templates, each compiled once in a process: everything escaped, a name that is not there an error."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        # They do not change under a running daemon; asking the disk for each would be paid by every page.
        auto_reload=False,
    )
    environment.filters.update(
        length=words.length,
        span=words.span,
        hours=words.hours,
        percent=words.percent,
        number=words.number,
        local=_local,
        masked=without_numbers,
    )
    environment.globals.update(some=words.some, left=words.left, new_key=new_key, words=words)
    return environment


def render(request: web.Request, template: str, /, status: int = 200, **context: Any) -> web.Response:
    """Return the page that `template` makes of `context`.

    It is also given: `account` (None before log-in), `menu`, `here`, `csrf`, `now`, `notice`, `welcome`, `version`,
    `path`, `moment(at, line="")` (the civil time of a line in words) and `title_of(line)`.
    """
    site = site_of(request)
    identity = request.get(IDENTITY)
    account = identity.account if identity is not None else None
    now = site.now()
    given = {
        "account": account,
        "menu": menu_of(account),
        "here": here_of(request.path),
        "csrf": request.get(CSRF, ""),
        "now": now,
        "notice": site.notice,
        "welcome": site.welcome,
        "version": site.version,
        "path": request.path,
        "moment": moments(site, now),
        "title_of": site.title,
    }
    return aiohttp_jinja2.render_template(template, request, given | context, status=status)


def part(app: web.Application, template: str, /, **context: Any) -> str:
    """Return what `template` makes of `context` alone: for what is pushed to many at once, who see the same."""
    given = {"title_of": app[SITE].title} | context
    return aiohttp_jinja2.get_env(app).get_template(template).render(given)


def moments(site: Site, now: datetime) -> Callable[..., str]:
    """`moment(at, line="")`: the civil time of a line in words, as seen `now`."""

    def moment(at: datetime, line: str = "") -> str:
        return words.moment(at, now, site.zone(line))

    return moment


def _local(at: datetime, zone: str) -> str:
    """ISO 8601 to the second, in a zone: for the `datetime` of a <time>."""
    return at.astimezone(ZoneInfo(zone)).isoformat(timespec="seconds")
