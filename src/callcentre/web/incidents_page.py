"""/incidents: calls with abusive callers, whose mark is to be reviewed, and what became of it (W5)."""

from datetime import datetime
from typing import Final

from aiohttp import web

from callcentre.core.charter import Office, holders
from callcentre.core.incidents import AbuseHow, Incident, IncidentState, Review
from callcentre.store.results import Role
from callcentre.web.abuse import add_note, decide, may_review, of_path
from callcentre.web.access import account_of, address_of, allows
from callcentre.web.pages import render
from callcentre.web.sent import name_of, text_of
from callcentre.web.site import site_of

ON_A_PAGE: Final = 50
STATES: Final = {
    IncidentState.WARNING: "the warning is asked for",
    IncidentState.NOT_WARNED: "not warned: the PBX did not do it",
    IncidentState.WARNED: "warned",
    IncidentState.ENDING: "the end is asked for",
    IncidentState.NOT_ENDED: "warned; not ended: the PBX did not do it",
    IncidentState.ENDED: "ended",
    IncidentState.SAID: "said after the call",
}
HOW: Final = {AbuseHow.CODE: "code", AbuseHow.BUTTON: "button", AbuseHow.WRAP_UP: "wrap-up"}
REVIEWS: Final = {Review.KEPT: "kept", Review.WITHDRAWN: "withdrawn"}


def routes() -> list[web.RouteDef]:
    """The routes of this module."""
    return [
        web.get("/incidents", incidents),
        web.post("/incidents/{pbx}/{uniqueid}/note", note),
        web.post("/incidents/{pbx}/{uniqueid}/review", review),
    ]


@allows(Role.SUPERVISOR)
async def incidents(request: web.Request) -> web.Response:
    """Those to be reviewed first, then all, the newest first."""
    site, now = site_of(request), site_of(request).now()

    def refused(row: Incident) -> str:
        return may_review(site, account_of(request), row)

    lines = [line.name for line in site.office.lines]
    found = await site.queries.incidents(lines, before=_before(request), limit=ON_A_PAGE + 1)
    due = await site.queries.incidents_to_review(lines, now)
    return render(
        request,
        "incidents.html",
        due=due,
        tasks=await site.queries.called_back([*due, *found]),
        shown=found[:ON_A_PAGE],
        earlier=found[ON_A_PAGE - 1].at.isoformat() if len(found) > ON_A_PAGE else "",
        first_page="before" in request.query,
        marks=site.office.marks,
        refused=refused,
        nobodys=_nobodys(site.office),
        STATES=STATES,
        HOW=HOW,
        REVIEWS=REVIEWS,
    )


@allows(Role.SUPERVISOR)
async def note(request: web.Request) -> web.StreamResponse:
    """Add a note."""
    site, account, row = site_of(request), account_of(request), await of_path(request)
    await add_note(site, account, row, await request.post())
    await site.audit(account.name, "incident note", f"{row.pbx} {row.uniqueid}", address=address_of(request))
    raise web.HTTPSeeOther("/incidents")


@allows(Role.SUPERVISOR)
async def review(request: web.Request) -> web.StreamResponse:
    """Keep a mark until it expires, or withdraw it: then no agent is shown it any more. For the named role alone."""
    row, form = await of_path(request), await request.post()
    try:
        decided = Review(text_of(form, "review"))
    except ValueError:
        raise web.HTTPBadRequest(text="review: keep the mark, or withdraw it") from None
    name = name_of("review", form, account_of(request).name)
    await decide(request, row, decided, text_of(form, "note"), name)
    raise web.HTTPSeeOther("/incidents")


def _nobodys(office: Office) -> dict[str, list[str]]:
    """The lines where administrators review, by the role of their charter that nobody holds; an empty one is none."""
    found: dict[str, list[str]] = {}
    for line in office.lines:
        if not holders(office, line.charter.abuse_role):
            found.setdefault(line.charter.abuse_role, []).append(line.title or line.name)
    return found


def _before(request: web.Request) -> datetime | None:
    said = request.query.get("before", "")
    if not said:
        return None
    try:
        moment = datetime.fromisoformat(said)
    except ValueError:
        raise web.HTTPBadRequest(text="before: begin again at the first page") from None
    if moment.tzinfo is None:
        raise web.HTTPBadRequest(text="before: begin again at the first page")
    return moment
