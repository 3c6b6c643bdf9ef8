"""POST /cases/{pbx}/{number}/{action}: what people do to a case. Forms that work without script, or answer as JSON.

What is refused is shown with everything that was typed.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from aiohttp import web

from callcentre.core.case_requests import CaseAction, CaseAsked
from callcentre.core.case_values import Case, CaseChannel, CaseOutcome, CaseState
from callcentre.core.errors import IllegalTransition
from callcentre.store.results import Role
from callcentre.web.access import account_of, allows, may
from callcentre.web.case_fields import (
    NotUnderstood,
    choice_of,
    day_of,
    days_of,
    dial_of,
    email_of,
    moment_of,
    number_of,
    words_of,
)
from callcentre.web.case_page import Refused, case_shown, detail_of
from callcentre.web.errors import answer, status_of, wants_json
from callcentre.web.pages import render
from callcentre.web.sent import Form, name_of
from callcentre.web.site import Site, site_of
from callcentre.web.task_actions import AWAY

ACTIONS: Final = {
    one.value.replace("_", "-"): one for one in CaseAction if one not in (CaseAction.OPEN, CaseAction.REFER)
}
"""Whoever closes a case as outside the remit refers it."""

Told = dict[str, Any]


def routes() -> list[web.RouteDef]:
    """The routes of this module."""
    return [web.post(r"/cases/{pbx}/{number:\d{1,9}}/{action}", act)]


@allows(Role.AGENT)
async def act(request: web.Request) -> web.StreamResponse:
    """Do what a form says, and lead back to the case; refused, it is shown with what was typed."""
    action = ACTIONS.get(request.match_info["action"])
    if action is None:
        raise web.HTTPNotFound(text="there is nothing of this name to do")
    form = await request.post()
    try:
        asked = await _asked(request, action, form)
        await carry_out(site_of(request), asked)
    except (IllegalTransition, NotUnderstood) as refusal:
        return await _refused(request, action, form, refusal)
    except AWAY as away:
        if wants_json(request):
            raise
        return again(request, form, away)
    if wants_json(request):
        return web.json_response({"ok": True, "said": SAID[asked.action].format(number=asked.number)})
    raise web.HTTPSeeOther(f"/cases/{request.match_info['pbx']}/{asked.number}")


async def carry_out(site: Site, asked: CaseAsked) -> None:
    """Have the core do it, once for its request."""
    if await site.queries.case_of_request(asked.pbx, asked.request) is None:
        await site.ask(asked, asked.request)


def again(request: web.Request, form: Form, away: Exception) -> web.StreamResponse:
    """The page to send the form from once more, as nothing can be done at the moment."""
    sent = [(name, value) for name, value in form.items() if isinstance(value, str)]
    response = render(request, "task_again.html", status=503, said=str(away), sent=sent)
    response.headers["Retry-After"] = "2"
    return response


async def _refused(
    request: web.Request, action: CaseAction, form: Form, refusal: IllegalTransition | NotUnderstood
) -> web.StreamResponse:
    field = refusal.field if isinstance(refusal, NotUnderstood) else ""
    status = 422 if isinstance(refusal, NotUnderstood) else status_of(refusal)
    if wants_json(request):
        return answer(request, status, str(refusal), field=field)
    refused = Refused(said=str(refusal), typed=typed(form), field=field, form=action.value, status=status)
    return await case_shown(request, refused)


def typed(form: Form) -> Mapping[str, str]:
    """What was typed, to be shown again."""
    return {name: value for name, value in form.items() if isinstance(value, str) and name not in ("csrf", "key")}


# --- what is asked ---------------------------------------------------------------------------------------------------


async def _asked(request: web.Request, action: CaseAction, form: Form) -> CaseAsked:
    site, account, detail = site_of(request), account_of(request), await detail_of(request)
    case = detail.case
    told: Told = {"action": action, "why": words_of(form, "why")} | (
        _TOLD[action](site, case, form) if action in _TOLD else {}
    )
    closed = case.state is CaseState.CLOSED
    return CaseAsked(
        pbx=case.pbx,
        at=site.time_at(case.pbx),
        number=case.number,
        who=account.name,
        request=name_of(f"case {action.value} {case.pbx} {case.number}", form, account.name),
        supervisor=may(account, Role.SUPERVISOR),
        admin=may(account, Role.ADMIN),
        row=case if closed else None,
        clocks=tuple(detail.clocks) if closed else (),
        **told,
    )


def _note(_site: Site, _case: Case, form: Form) -> Told:
    return {"why": words_of(form, "why", needed="write what is to be noted")}


def _edit(site: Site, case: Case, form: Form) -> Told:
    """What differs from what is written; an empty word clears it."""
    read: Told = {
        "caller": number_of(site, form, "caller"),
        "email": email_of(form, "email"),
        **{name: words_of(form, name) for name in ("name", "address", "category", "about")},
        "summary": words_of(form, "summary", needed="say what it is about"),
    }
    told = {name: value or "" for name, value in read.items() if (value or "") != (getattr(case, name) or "")}
    if not told:
        raise IllegalTransition("nothing is different from what is written; change what is wrong, and save it then")
    return told


def _assign(site: Site, _case: Case, form: Form) -> Told:
    owner = words_of(form, "owner", needed="say whose case it is")
    return {"owner": owner, "direct_dial": dial_of(site, form, "direct_dial")}


def _agree(_site: Site, _case: Case, form: Form) -> Told:
    return {
        "agreed_on": day_of(form, "agreed_on"),
        "agreed_from": words_of(form, "agreed_from", needed="say from whom the answer will come"),
        "update_days": days_of(form, "update_days"),
    }


def _stage(site: Site, case: Case, form: Form) -> Told:
    channel = choice_of(form, "channel", CaseChannel, "say how they asked for it")
    return {
        "stage": case.stage + 1,
        "channel": channel,
        "received_at": moment_of(site, form, "received_at", case.line),
    }


def _cause(_site: Site, _case: Case, form: Form) -> Told:
    return {"cause": words_of(form, "cause", needed="say what caused the complaint")}


def _remedy(_site: Site, _case: Case, form: Form) -> Told:
    return {"remedy": words_of(form, "remedy", needed="say what was changed, so that it does not happen again")}


def _close(_site: Site, _case: Case, form: Form) -> Told:
    outcome = choice_of(form, "outcome", CaseOutcome, "say what came of it")
    if outcome is not CaseOutcome.OUTSIDE_REMIT:
        return {"outcome": outcome}
    to = words_of(form, "referred_to", needed="say whom they were sent to: that closes what is outside our remit")
    return {"action": CaseAction.REFER, "referred_to": to, "category": words_of(form, "outside") or None}


_TOLD: Final[Mapping[CaseAction, Callable[[Site, Case, Form], Told]]] = {
    CaseAction.NOTE: _note,
    CaseAction.EDIT: _edit,
    CaseAction.ASSIGN: _assign,
    CaseAction.AGREE: _agree,
    CaseAction.STAGE: _stage,
    CaseAction.CAUSE: _cause,
    CaseAction.REMEDY: _remedy,
    CaseAction.CLOSE: _close,
}
SAID: Final[Mapping[CaseAction, str]] = {
    CaseAction.OPEN: "Case {number} is open",
    CaseAction.NOTE: "The note is saved",
    CaseAction.EDIT: "It is corrected",
    CaseAction.ASSIGN: "The owner is put down",
    CaseAction.ACKNOWLEDGE: "Case {number} is acknowledged",
    CaseAction.AGREE: "The date is agreed",
    CaseAction.UPDATE: "The update is noted",
    CaseAction.ANSWER: "Case {number} is answered",
    CaseAction.STAGE: "Case {number} is at its next stage",
    CaseAction.TOLD_HOW: "It is noted that they were told",
    CaseAction.CAUSE: "The cause is noted",
    CaseAction.REMEDY: "The remedy is noted",
    CaseAction.REFER: "Case {number} is closed: outside our remit",
    CaseAction.CLOSE: "Case {number} is closed",
    CaseAction.REOPEN: "Case {number} is open again",
}
