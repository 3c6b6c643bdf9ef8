"""The button for an abusive caller on the call's part of every page, and what is shown of an incident there (W5)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from aiohttp import web

from callcentre.core.charter import abuse_role, not_theirs
from callcentre.core.errors import IllegalTransition
from callcentre.core.incidents import AbuseStep, Incident, IncidentState, Review
from callcentre.core.requests import AbuseAsked, IncidentNoted, IncidentReviewed
from callcentre.core.terms import CallKey
from callcentre.store.results import Account, Role
from callcentre.web.access import account_of, address_of, allows, may
from callcentre.web.errors import wants_json
from callcentre.web.sent import Form, name_of, text_of
from callcentre.web.site import Site, site_of

SAID: Final = {
    AbuseStep.WARN: "The warning is asked for",
    AbuseStep.END: "The end of the call is asked for",
}
_FIRST: Final = frozenset({IncidentState.NOT_WARNED, IncidentState.SAID})
_SECOND: Final = frozenset({IncidentState.WARNED, IncidentState.NOT_ENDED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Abusive:
    """What the part says: the incident of this call, the marks of its caller, and which press is next.

    `step` is None where there is none to make; `by_code` says that only the telephone's code can.
    """

    incident: Incident | None
    marks: tuple[Incident, ...]
    step: AbuseStep | None
    by_code: bool


def routes() -> list[web.RouteDef]:
    """The routes of this module."""
    return [
        web.post("/call/{pbx}/{uniqueid}/abuse", pressed),
        web.post("/call/{pbx}/{uniqueid}/incident", noted),
    ]


async def abusive(site: Site, key: CallKey, other: str | None, stage: str, now: datetime) -> Abusive:
    """What is to be shown at this stage of a call with `other`: marks before it is answered, the button while it lasts.

    `key` is the call's, or of the PBX and the key of a click.
    """
    incident = None if stage == "rings" else await site.queries.incident(key)
    marks = await site.queries.marks_of(other, now)
    by_code = not any(pbx.acts for pbx in site.office.pbxs if pbx.name == key.pbx)
    return Abusive(
        incident=incident,
        marks=tuple(mark for mark in marks if (mark.pbx, mark.uniqueid) != (key.pbx, key.uniqueid)),
        step=None if stage != "talks" or by_code else _next(incident),
        by_code=by_code,
    )


def _next(incident: Incident | None) -> AbuseStep | None:
    if incident is None or incident.state in _FIRST:
        return AbuseStep.WARN
    return AbuseStep.END if incident.state in _SECOND else None


@allows(Role.AGENT)
async def pressed(request: web.Request) -> web.StreamResponse:
    """Press the button: the call that is named must be up, and be at the person's own telephone."""
    site, account, form = site_of(request), account_of(request), await request.post()
    try:
        step = AbuseStep(text_of(form, "step"))
    except ValueError:
        raise web.HTTPBadRequest(text="press one of the two: warn, or end the call") from None
    if not account.telephone:
        raise IllegalTransition("your account has no telephone; ask an administrator to enter it")
    key = CallKey(request.match_info["pbx"], request.match_info["uniqueid"])
    if not any(pbx.name == key.pbx for pbx in site.office.pbxs):
        raise web.HTTPNotFound(text="there is no such call")
    asked = AbuseAsked(
        pbx=key.pbx,
        at=site.time_at(key.pbx),
        call=key,
        step=step,
        telephone=account.telephone,
        who=account.name,
        request=name_of("abuse", form, account.name),
    )
    await site.ask(asked, asked.request)
    return _done(request, SAID[step])


@allows(Role.AGENT)
async def noted(request: web.Request) -> web.StreamResponse:
    """Add a note to the incident of a call that was at the person's own telephone."""
    site, account, form = site_of(request), account_of(request), await request.post()
    row = await of_path(request)
    if not is_theirs(row, account):
        raise IllegalTransition("that call was not at your telephone; a supervisor may add a note")
    await add_note(site, account, row, form)
    return _done(request, "Noted")


def is_theirs(row: Incident, account: Account) -> bool:
    """Whether somebody was the agent of an incident."""
    at_their_telephone = bool(account.telephone) and row.telephone == account.telephone
    return at_their_telephone or row.agent.casefold() == account.name.casefold()


async def of_path(request: web.Request) -> Incident:
    """The incident that a path names; 404 if there is none."""
    found = await site_of(request).queries.incident(CallKey(request.match_info["pbx"], request.match_info["uniqueid"]))
    if found is None:
        raise web.HTTPNotFound(text="there is no such incident")
    return found


async def add_note(site: Site, account: Account, row: Incident, form: Form) -> None:
    """Ask for a note to be added, as `account`."""
    name = name_of("incident", form, account.name)
    note = text_of(form, "note")
    await site.ask(
        IncidentNoted(pbx=row.pbx, at=site.time_at(row.pbx), row=row, note=note, who=account.name, request=name), name
    )


def may_review(site: Site, account: Account, row: Incident) -> str:
    """Why `account` may not review the mark of an incident, in words; empty if it may."""
    role = abuse_role(site.office, row.line, row.role)
    return not_theirs(site.office, role, account.name, admin=may(account, Role.ADMIN))


async def decide(request: web.Request, row: Incident, review: Review, note: str, name: str) -> None:
    """Ask for a mark to be kept or withdrawn, as whoever asks; `name` is the request's for good. Kept in the audit."""
    site, account = site_of(request), account_of(request)
    await site.ask(
        IncidentReviewed(
            pbx=row.pbx,
            at=site.time_at(row.pbx),
            row=row,
            review=review,
            note=note,
            who=account.name,
            request=name,
            admin=may(account, Role.ADMIN),
        ),
        name,
    )
    what = f"{row.pbx} {row.uniqueid}: {review}"
    await site.audit(account.name, "incident review", what, address=address_of(request))


def _done(request: web.Request, said: str) -> web.StreamResponse:
    if wants_json(request):
        return web.json_response({"ok": True, "said": said})
    raise web.HTTPSeeOther("/call")
