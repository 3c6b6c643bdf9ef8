"""GET and POST /cases/new: a case opened by hand; from a callback or a call, with what is known of it filled in.

What was typed is never lost: a form that is refused is shown again as it was.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from aiohttp import web

from callcentre.core.case_requests import CaseAction, CaseAsked
from callcentre.core.case_values import COMPLAINT, CaseChannel
from callcentre.core.charter import ANY_KIND
from callcentre.core.errors import IllegalTransition
from callcentre.core.facts import CaseChanged
from callcentre.core.terms import CallKey, TaskSource
from callcentre.store.results import Account, Role
from callcentre.web import case_words
from callcentre.web.access import account_of, allows, may
from callcentre.web.case_actions import again, carry_out, typed
from callcentre.web.case_fields import (
    NotUnderstood,
    choice_of,
    dial_of,
    email_of,
    moment_of,
    number_of,
    words_of,
)
from callcentre.web.case_page import Refused, names_of
from callcentre.web.cases_page import kinds_of
from callcentre.web.pages import render
from callcentre.web.sent import Form, name_of, text_of
from callcentre.web.site import Site, site_of
from callcentre.web.task_actions import AWAY

_FIELDS: Final = (
    *("kind", "channel", "line", "category", "received_at", "summary", "about", "name", "caller", "email", "address"),
    *("owner", "direct_dial", "acknowledged", "told_how", "pbx", "task", "call"),
)
_DIGITS: Final = 9


def routes() -> list[web.RouteDef]:
    """The routes of this module."""
    return [web.get("/cases/new", form_of), web.post("/cases/new", opened)]


@allows(Role.AGENT)
async def form_of(request: web.Request) -> web.Response:
    """The form, empty or with what a callback or a call tells: `?pbx=…&task=…`, `?pbx=…&call=…`."""
    known = await _known(site_of(request), account_of(request), request.query)
    return await _shown(request, Refused(said="", typed=known, status=200))


@allows(Role.AGENT)
async def opened(request: web.Request) -> web.StreamResponse:
    """Open the case, and lead to it."""
    form = await request.post()
    try:
        asked = _asked(request, form)
        number = await _open(site_of(request), asked)
        for step in _steps(asked, form, number):
            await carry_out(site_of(request), step)
    except (IllegalTransition, NotUnderstood) as refusal:
        field, status = (refusal.field, 422) if isinstance(refusal, NotUnderstood) else ("", 409)
        return await _shown(request, Refused(said=str(refusal), typed=typed(form), field=field, status=status))
    except AWAY as away:
        return again(request, form, away)
    raise web.HTTPSeeOther(f"/cases/{asked.pbx}/{number}")


async def _shown(request: web.Request, refused: Refused) -> web.Response:
    site, account = site_of(request), account_of(request)
    told = {name: refused.typed.get(name, "") for name in _FIELDS}
    return render(
        request,
        "case_new.html",
        status=refused.status,
        refused=refused,
        typed=told,
        kinds=kinds_of(site),
        categories=_categories(site),
        lines=[(line.name, line.title or line.name) for line in site.office.lines],
        names=await names_of(site),
        needs_owner=_needs_owner(site),
        supervisor=may(account, Role.SUPERVISOR),
        cw=case_words,
    )


def _categories(site: Site) -> list[str]:
    """The categories that the charters of the office name."""
    charters = [line.charter for line in site.office.lines]
    return [*dict.fromkeys(word for one in charters for word in (*one.categories, *one.outside))]


def _needs_owner(site: Site) -> str:
    """Where a charter wants a name and a direct dial, in words (H11)."""
    rules = [rule for line in site.office.lines for rule in line.charter.cases if rule.contact_required]
    if not rules:
        return "It can be put down later."
    kinds = dict.fromkeys(
        case_words.kind(rule.kind).lower() if rule.kind != ANY_KIND else "all cases" for rule in rules
    )
    channels = {one for rule in rules for one in rule.channels}
    by = ", ".join(title.lower() for one, title in case_words.CHANNELS.items() if one in channels)
    return f"A name and a direct dial are promised, and needed, for {' and '.join(kinds)}{f' by {by}' if by else ''}."


# --- what is known already -------------------------------------------------------------------------------------------


async def _known(site: Site, account: Account, query: Mapping[str, str]) -> dict[str, str]:
    """What is filled in before anything is typed."""
    pbx, task, call = (query.get(name, "") for name in ("pbx", "task", "call"))
    lines = site.office.lines
    line = next((one.name for one in lines if one.name in account.lines), lines[0].name)
    known = {"kind": COMPLAINT, "channel": CaseChannel.LETTER.value, "line": line}
    known |= {"owner": "" if may(account, Role.SUPERVISOR) else account.name}
    at = site.now()
    if (
        task.isascii()
        and task.isdigit()
        and len(task) <= _DIGITS
        and (found := await site.queries.task(pbx, int(task))) is not None
    ):
        of, message = found.task, found.task.source is TaskSource.VOICEMAIL
        channel = CaseChannel.MESSAGE if message else CaseChannel.CALL
        known |= {
            "pbx": pbx,
            "task": task,
            "line": of.line,
            "channel": channel.value,
            "caller": of.dial or of.caller or "",
        }
        at = min((one.left_at for one in found.filings), default=of.opened_at)
    elif call and (of_call := await site.queries.call(CallKey(pbx, call))) is not None:
        known |= {"pbx": pbx, "call": call, "channel": CaseChannel.CALL.value, "caller": of_call.caller or ""}
        known |= {"line": of_call.line}
        at = of_call.offered_at
    return known | {"received_at": _local(site, at, known["line"])}


def _local(site: Site, at: datetime, line: str) -> str:
    return at.astimezone(site.zone(line)).strftime("%Y-%m-%dT%H:%M")


# --- what is asked ---------------------------------------------------------------------------------------------------


def _asked(request: web.Request, form: Form) -> CaseAsked:
    site, account = site_of(request), account_of(request)
    line = site.line(text_of(form, "line"))
    if line is None:
        raise NotUnderstood("line", "pick a line")
    kind = text_of(form, "kind")
    if kind not in kinds_of(site):
        raise NotUnderstood("kind", "pick what it is")
    task = text_of(form, "task")
    told: dict[str, Any] = {
        "channel": choice_of(form, "channel", CaseChannel, "say how it came"),
        "received_at": moment_of(site, form, "received_at", line.name),
        "category": words_of(form, "category") or None,
        "summary": words_of(form, "summary", needed="say what it is about"),
        "about": words_of(form, "about") or None,
        "name": words_of(form, "name") or None,
        "caller": number_of(site, form, "caller"),
        "email": email_of(form, "email"),
        "address": words_of(form, "address") or None,
        "owner": words_of(form, "owner") or None,
        "direct_dial": dial_of(site, form, "direct_dial"),
        "task": int(task) if task.isascii() and task.isdigit() and len(task) <= _DIGITS else None,
        "call": text_of(form, "call") or None,
    }
    return CaseAsked(
        pbx=line.pbx,
        at=site.time_at(line.pbx),
        number=0,
        action=CaseAction.OPEN,
        who=account.name,
        request=name_of("case open", form, account.name),
        line=line.name,
        kind=kind,
        supervisor=may(account, Role.SUPERVISOR),
        **told,
    )


async def _open(site: Site, asked: CaseAsked) -> int:
    """The number of the case: of the one that was opened, if the form is sent again."""
    known = await site.queries.case_of_request(asked.pbx, asked.request)
    if known is None:
        facts = await site.ask(asked, asked.request)
        known = next((fact.case.number for fact in facts if isinstance(fact, CaseChanged)), None)
    if known is None:  # the core had it already, sent at the same moment
        known = await site.queries.case_of_request(asked.pbx, asked.request)
    if known is None:
        raise IllegalTransition("this form was sent before; look for its case in the list")
    return known


def _steps(asked: CaseAsked, form: Form, number: int) -> list[CaseAsked]:
    """What the form says was done already."""
    done = {"acknowledged": CaseAction.ACKNOWLEDGE, "told_how": CaseAction.TOLD_HOW}
    return [
        CaseAsked(
            pbx=asked.pbx,
            at=asked.at,
            number=number,
            action=action,
            who=asked.who,
            request=name_of(f"case {action.value} {number}", form, asked.who),
            supervisor=asked.supervisor,
        )
        for name, action in done.items()
        if form.get(name) == "1"
    ]
