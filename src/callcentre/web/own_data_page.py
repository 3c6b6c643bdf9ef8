"""/account/data: what is kept of whoever looks at it. Of nobody else, and compared with nobody."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import Final, TypeVar

from aiohttp import web

from callcentre.store.own_data import OwnRow
from callcentre.store.results import Role
from callcentre.web.access import account_of, allows
from callcentre.web.pages import render
from callcentre.web.site import site_of
from callcentre.web.task_words import CLICK_RESULTS, STEPS, WRAPS

SHOWN: Final = timedelta(days=30)
_Word = TypeVar("_Word", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of what is kept: its title, what it is, its rows, and what their last two columns are headed."""

    title: str
    what: str
    rows: Sequence[OwnRow]
    of: str = "Where"
    says: str = "What"


def routes() -> list[web.RouteDef]:
    """The routes of this module."""
    return [web.get("/account/data", show)]


@allows(Role.AGENT)
async def show(request: web.Request) -> web.StreamResponse:
    """The last thirty days of one's own."""
    site, account = site_of(request), account_of(request)
    found = await site.opened.own_data.of(account, site.now() - SHOWN)
    retention = site.config.retention
    kinds = [
        Kind("Attendance", "what the books of attendance say of you", found.attendance),
        Kind("Rang out", "calls that rang at your telephone and were not picked up", found.rang_out),
        Kind("Called back", "callers you had dialled from the page", _told(found.clicks, CLICK_RESULTS)),
        Kind("Wrap-ups", "what you said of calls", _told(found.wraps, WRAPS)),
        Kind("Callbacks", "what you did to callbacks", _told(found.steps, STEPS)),
        Kind("Messages", "messages you listened to", [replace(one, says="listened") for one in found.heard]),
        Kind("Audit", "what you opened, exported or changed", found.audit, of="What", says="Which"),
    ]
    response = render(
        request,
        "own_data.html",
        kinds=kinds,
        days=SHOWN.days,
        zone=str(site.zone()),
        terms={name: term.days for name, term in retention.terms.items() if term is not None},
        applied=retention.apply,
    )
    response.headers["Cache-Control"] = "no-store"
    return response


def _told(rows: Sequence[OwnRow], words: Mapping[_Word, str]) -> Sequence[OwnRow]:
    """The rows in the words of the other pages, where these have one."""
    said = {value.value.replace("_", " "): word.lower() for value, word in words.items()}
    return [replace(one, says=said.get(one.says, one.says)) for one in rows]
