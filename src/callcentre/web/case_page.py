"""GET /cases/{pbx}/{number}: one case on one screen: its clocks with their reasons, who it is from, what was done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from aiohttp import web

from callcentre.core.case_values import COMPLAINT, Case, CaseOutcome, CaseState, ClockName
from callcentre.core.charter import abuse_role, not_theirs
from callcentre.core.facts import Call
from callcentre.core.terms import CallKey
from callcentre.store.case_queries import CaseDetail
from callcentre.store.results import Account, Role
from callcentre.web import case_words, task_words
from callcentre.web.access import account_of, allows, may
from callcentre.web.case_words import Clock, Promise
from callcentre.web.days import day_of
from callcentre.web.flagged import sees_case
from callcentre.web.pages import render
from callcentre.web.site import Site, site_of
from callcentre.web.task_words import Pressing, path_of, same

_YEAR: Final = timedelta(days=365)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """What could not be done, in words, with what was typed; `field` is the one that is wrong, `form` its form."""

    said: str
    typed: Mapping[str, str] = field(default_factory=dict)
    field: str = ""
    form: str = ""
    status: int = 409


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A case in words: its next promise (None: nothing is due), where it stands, and `who` it is from."""

    case: Case
    path: str
    pressing: Pressing
    next: Promise | None
    standing: str
    who: str


@dataclass(frozen=True, slots=True, kw_only=True)
class May:
    """What the person who looks may do: all that an owner may, `take` it (nobody owns it), or `decide` as well."""

    own: bool
    take: bool
    decide: bool


def routes() -> list[web.RouteDef]:
    """The routes of this module."""
    return [web.get(r"/cases/{pbx}/{number:\d{1,9}}", case)]


@allows(Role.AGENT)
async def case(request: web.Request) -> web.Response:
    """The page of one case."""
    return await case_shown(request)


async def detail_of(request: web.Request) -> CaseDetail:
    """The case that a request names; 404 if there is none."""
    pbx, number = request.match_info["pbx"], int(request.match_info["number"])
    found = await site_of(request).queries.case(pbx, number)
    if found is None:
        raise web.HTTPNotFound(text=f"there is no case {number} on {pbx}")
    return found


def row_of(of: Case, now: datetime) -> Row:
    """A case in words, as it is `now`."""
    promise = case_words.next_promise(of)
    return Row(
        case=of,
        path=case_words.path_of(of),
        pressing=case_words.pressing(of, promise, now),
        next=promise,
        standing=case_words.standing(of),
        who=of.name or "",
    )


async def case_shown(request: web.Request, refused: Refused | None = None) -> web.Response:
    """The page of the case that the request names; with what was `refused` at its top."""
    site, account, detail = site_of(request), account_of(request), await detail_of(request)
    of, now = detail.case, site.now()
    flags_at = now if sees_case(site, account, of) else None
    history = await site.queries.caller_history(of.pbx, of.caller, flags_at=flags_at) if of.caller else None
    others = await site.queries.cases_of_caller(of.pbx, of.caller) if of.caller else []
    allowed = may_of(account, of)
    return render(
        request,
        "case.html",
        status=200 if refused is None else refused.status,
        row=row_of(of, now),
        clocks=clocks_of(detail, now),
        entries=detail.entries,
        call=await _call(site, of),
        history=history,
        others=[one for one in others if one.number != of.number],
        closed=of.state is CaseState.CLOSED,
        allowed=allowed,
        complaint=of.kind == COMPLAINT,
        stages=_charter(site, of, "stages") if of.kind == COMPLAINT else (),
        to_acknowledge=of.state is CaseState.OPEN,
        to_answer=of.state in (CaseState.OPEN, CaseState.ACKNOWLEDGED),
        outcomes=outcomes_of(site, account, of),
        outside=_charter(site, of, "outside"),
        categories=(*_charter(site, of, "categories"), *_charter(site, of, "outside")),
        causes=await _causes(site, now) if allowed.decide else [],
        names=await names_of(site),
        today=day_of(now, site.zone(of.line)),
        received=now.astimezone(site.zone(of.line)).strftime("%Y-%m-%dT%H:%M"),
        refused=refused or Refused(said=""),
        cw=case_words,
        tw=task_words,
        path_of=path_of,
    )


def clocks_of(detail: CaseDetail, now: datetime) -> Sequence[Clock]:
    """The clocks of a case: of each promise the last; those of stages that are over are told by the history."""
    last = {clock.clock: clock for clock in detail.clocks if clock.stage == detail.case.stage}
    return [case_words.clock(last[name], now) for name in ClockName if name in last]


def may_of(account: Account, of: Case) -> May:
    """What the core would let `account` do to a case."""
    decide, own = may(account, Role.SUPERVISOR), same(of.owner, account.name)
    return May(own=own or decide, take=of.owner is None, decide=decide)


def outcomes_of(site: Site, account: Account, of: Case) -> list[CaseOutcome]:
    """How `account` may close a case: "acknowledgement only" is for who decides that by the charter."""
    role = abuse_role(site.office, of.line)
    named = bool(role) and not not_theirs(site.office, role, account.name, admin=may(account, Role.ADMIN))
    decides = may(account, Role.SUPERVISOR)
    if of.state is CaseState.CLOSED:
        return []
    return [one for one in case_words.OUTCOMES if (named if one is CaseOutcome.ACKNOWLEDGED_ONLY else decides)]


async def names_of(site: Site) -> list[str]:
    """Who may own a case."""
    return [one.name for one in await site.opened.accounts.all() if not one.disabled]


def _charter(site: Site, of: Case, what: str) -> Sequence[str]:
    """The words that the charter of a case's line has: its `stages`, `categories`, or what is `outside`."""
    line = site.line(of.line)
    words: Sequence[str] = getattr(line.charter, what) if line is not None else ()
    return words


async def _call(site: Site, of: Case) -> Call | None:
    return await site.queries.call(CallKey(of.pbx, of.call)) if of.call is not None else None


async def _causes(site: Site, now: datetime) -> list[str]:
    """Causes that were written down lately, to be written the same way again."""
    return [one.cause for one in await site.queries.case_causes(now - _YEAR, now) if one.cause]
