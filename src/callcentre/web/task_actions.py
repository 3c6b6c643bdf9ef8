"""POST /tasks/{pbx}/{number}/{action}: what people do to a task. Forms that work without script, or answer as JSON.

What is refused, or cannot be done at the moment, is shown with everything that was typed.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from aiohttp import web

from callcentre.core.errors import CallcentreError, IllegalTransition, StoreUnavailable
from callcentre.core.numbers import canonical
from callcentre.core.requests import TaskAction, TaskAsked
from callcentre.core.tasks import NEEDS, Task
from callcentre.core.terms import AckHow, NumberKind, TaskOutcome, TaskState
from callcentre.runtime.inbox import Stopping, TooSlow
from callcentre.store.results import Role, TaskDetail
from callcentre.web import case_words, task_words
from callcentre.web.access import account_of, allows, may
from callcentre.web.errors import answer, wants_json
from callcentre.web.pages import render
from callcentre.web.people import given_to
from callcentre.web.sent import Form, key_of, name_of, text_of
from callcentre.web.site import Site, Starting, site_of
from callcentre.web.task_page import Refused, detail_of, shown
from callcentre.web.task_words import path_of
from callcentre.web.tasks_page import next_task

AWAY: Final = (Starting, StoreUnavailable, Stopping, TooSlow)
"""For a moment nothing can be done; what was typed is not lost for that."""

ACTIONS: Final = {action.value.replace("_", "-"): action for action in TaskAction}
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*").fullmatch
_BACK: Final = re.compile(r"/tasks(\?[\w=&%.+~-]*)?").fullmatch
_KEPT: Final = ("why", "dial", "call_at", "language", "to", "when")


class NotUnderstood(CallcentreError):
    """A field holds what cannot be meant; `field` names it."""

    def __init__(self, field: str, words: str) -> None:
        super().__init__(words)
        self.field = field


def routes() -> list[web.RouteDef]:
    """The routes of this module."""
    return [web.post(r"/tasks/{pbx}/{number:\d{1,9}}/{action}", act)]


@allows(Role.AGENT)
async def act(request: web.Request) -> web.StreamResponse:
    """Do what a form says, and lead on; refused, the task is shown with what was typed."""
    action = ACTIONS.get(request.match_info["action"])
    if action is None:
        raise web.HTTPNotFound(text="there is nothing of this name to do")
    form = await request.post()
    try:
        detail = await detail_of(request)
        asked = _asked(request, action, detail, form)
        await _carry_out(site_of(request), asked)
        return await _led_on(request, asked, form)
    except (IllegalTransition, NotUnderstood) as refusal:
        field = refusal.field if isinstance(refusal, NotUnderstood) else ""
        if wants_json(request):
            return answer(request, 409, str(refusal), field=field)
        return await shown(request, Refused(said=str(refusal), typed=_typed(form), field=field))
    except AWAY as away:
        if wants_json(request):
            raise
        sent = [(name, str(value)) for name, value in form.items() if isinstance(value, str)]
        response = render(request, "task_again.html", status=503, said=str(away), sent=sent)
        response.headers["Retry-After"] = "2"
        return response


async def _carry_out(site: Site, asked: TaskAsked) -> None:
    if asked.action is TaskAction.DIAL:
        await _dial(site, asked)
    elif not await site.queries.was_requested(asked.pbx, asked.request):
        if asked.to and asked.supervisor:
            asked = replace(asked, to=await given_to(site.opened.accounts, asked.to))
        await site.ask(asked, asked.request)


async def _dial(site: Site, asked: TaskAsked) -> None:
    """Have the core dial, once for the key of the click; refuse the key of another's click, or of another task's."""
    click, own = await site.queries.click(asked.pbx, asked.request), (asked.number, asked.who.casefold())
    if click is None:
        # Under a name of its own: of two that come with one key at once, the core refuses the second.
        await site.ask(asked, "\0".join((asked.request, asked.pbx, str(own[0]), own[1])))
    elif (click.task, click.who.casefold()) != own:
        raise IllegalTransition("nothing was dialled: this click was used before; reload the page and click again")


def _typed(form: Form) -> Mapping[str, str]:
    return {name: value for name in _KEPT if isinstance(value := form.get(name), str) and value}


# --- what is asked ---------------------------------------------------------------------------------------------------


def _asked(request: web.Request, action: TaskAction, detail: TaskDetail, form: Form) -> TaskAsked:
    site, account = site_of(request), account_of(request)
    task, told = detail.task, _told(site_of(request), action, detail.task, form)
    closed = task.state is TaskState.CLOSED
    supervisor = may(account, Role.SUPERVISOR)
    if action is TaskAction.DIAL:
        # Whoever may override must say so: nobody is rung at night by a slip of the finger.
        supervisor = supervisor and form.get("override") == "1"
        told["telephone"] = account.telephone
    return TaskAsked(
        pbx=task.pbx,
        at=site.time_at(task.pbx),
        number=task.number,
        action=action,
        who=account.name,
        request=request_of(action, task, form, account.name),
        supervisor=supervisor,
        row=task if closed else None,
        filings=detail.filings if closed else (),
        **told,
    )


def request_of(action: TaskAction, task: Task, form: Form, who: str) -> str:
    """The name of a request for good. A click's is the form's key alone: at most one dial for each."""
    return key_of(form) if action is TaskAction.DIAL else name_of(f"{action.value} {task.pbx} {task.number}", form, who)


def _told(site: Site, action: TaskAction, task: Task, form: Form) -> dict[str, Any]:
    """What a form says besides the action: only what belongs to it."""
    told: dict[str, Any] = {"why": text_of(form, "why")}
    match action:
        case TaskAction.CLOSE:
            told |= {"outcome": _outcome(form), "resolved": {"yes": True, "no": False}.get(text_of(form, "resolved"))}
        case TaskAction.HEARD:
            told |= {"message": text_of(form, "message") or None}
        case TaskAction.NUMBER:
            told |= {"dial": _number(site, text_of(form, "dial"))}
        case TaskAction.LATER:
            told |= {"call_at": _moment(site, task, form)}
        case TaskAction.FLAGS:
            forget = text_of(form, "forget") == "1"
            needs = set[str]() if forget else {str(need) for need in form.getall("needs", [])}
            told |= {"language": None if forget else _language(form), "agreed": text_of(form, "agreed") == "1"}
            told |= {"needs": tuple(need for need in NEEDS if need in needs)}
        case TaskAction.ASSIGN:
            told |= {"to": text_of(form, "to")}
        case TaskAction.ACKNOWLEDGE:
            told |= {"how": _how(form), "when": _told_at(site, task, form)}
    return told


def _how(form: Form) -> AckHow:
    try:
        return AckHow(text_of(form, "how"))
    except ValueError:
        raise NotUnderstood("how", "say how they were told: pick one of the list") from None


def _told_at(site: Site, task: Task, form: Form) -> datetime | None:
    """When they were told, on the clocks of the line; None: just now."""
    typed = text_of(form, "when")
    try:
        at = datetime.fromisoformat(typed) if typed else None
    except ValueError:
        raise NotUnderstood("when", "that is no time; pick a day and a time, or leave it empty") from None
    return at if at is None or at.tzinfo is not None else at.replace(tzinfo=site.zone(task.line))


def _outcome(form: Form) -> TaskOutcome:
    try:
        return TaskOutcome(text_of(form, "outcome"))
    except ValueError:
        raise NotUnderstood("outcome", "say what came of it: press one of the outcomes") from None


def _number(site: Site, typed: str) -> str:
    """The number heard in a message, if it can be one."""
    number, calling = canonical(typed), site.office.calling
    if number is None:
        raise NotUnderstood("dial", "that is no telephone number; type its digits, with the area code")
    known = any(number.startswith(beginning) for beginning in calling.also)
    if not known and calling.kind_of(number) is NumberKind.INVALID:
        raise NotUnderstood("dial", "that is no number that anybody has; listen once more, and mind the area code")
    return typed


def _moment(site: Site, task: Task, form: Form) -> datetime | None:
    """When to try again, on the clocks of the line; None takes it back."""
    told = text_of(form, "quick") or text_of(form, "call_at")
    if told in ("", "none"):
        if "none" not in (told, text_of(form, "quick")):
            raise NotUnderstood("call_at", "say when: pick a day and a time")
        return None
    try:
        at = datetime.fromisoformat(told)
        at = at if at.tzinfo is not None else at.replace(tzinfo=site.zone(task.line))
    except ValueError:
        raise NotUnderstood("call_at", "that is no time; pick a day and a time") from None
    if at <= site.now():
        raise NotUnderstood("call_at", "that time has passed; pick a later one")
    return at


def _language(form: Form) -> str | None:
    told = text_of(form, "language")
    if told and _LANGUAGE(told) is None:
        raise NotUnderstood("language", "pick a language from the list")
    return told.casefold() or None


# --- where it leads --------------------------------------------------------------------------------------------------


async def _led_on(request: web.Request, asked: TaskAsked, form: Form) -> web.StreamResponse:
    """To the next task after one that is over, to the case of a complaint, else back to where the form was."""
    site, account = site_of(request), account_of(request)
    detail = await detail_of(request)
    task, go = detail.task, ""
    if asked.action in (TaskAction.CLOSE, TaskAction.RELEASE):
        following = await next_task(site, account, but=task) if asked.action is TaskAction.CLOSE else None
        go = f"{path_of(following) if following is not None else '/tasks'}?done={task.pbx}-{task.number}"
    if asked.action is TaskAction.COMPLAINT:
        cases = await site.queries.cases_of_task(task.pbx, task.number)
        go = case_words.path_of(cases[-1]) if cases else ""  # where the rest of it is written down
    back = text_of(form, "back")
    stays = bool(back) and asked.action is TaskAction.RELEASE
    if back and asked.action in (TaskAction.CLAIM, TaskAction.DIAL):
        go = path_of(task)  # whoever takes one from the list works on it
    if wants_json(request):
        return web.json_response({"ok": True, "said": said(site, asked, task), "go": "" if stays else go})
    raise web.HTTPSeeOther(go or (back if _BACK(back) else path_of(task)))


def said(site: Site, asked: TaskAsked, task: Task) -> str:
    """What was done, in words."""
    name = f"Task {task.number}"
    match asked.action:
        case TaskAction.CLAIM | TaskAction.RENEW:
            until = task.lease_until.astimezone(site.zone(task.line)) if task.lease_until is not None else None
            return f"{name} is yours until {until:%H:%M}" if until is not None else f"{name} is yours"
        case TaskAction.CLOSE:
            return f"{name} is closed: {task_words.OUTCOMES[task.outcome].lower() if task.outcome else ''}"
        case TaskAction.LATER:
            return f"{name} waits until then" if asked.call_at is not None else f"{name} is not put off any more"
        case TaskAction.ASSIGN:
            return f"{name} is {task.holder}’s"
    return _SAID[asked.action].format(name=name)


_SAID: Final = {
    TaskAction.RELEASE: "{name} waits for somebody again",
    TaskAction.HEARD: "Marked as listened to",
    TaskAction.NUMBER: "The number is noted",
    TaskAction.NOTE: "The note is saved",
    TaskAction.REOPEN: "{name} is open again",
    TaskAction.DIAL: "Your telephone will ring",
    TaskAction.FLAGS: "It is noted how to speak with them",
    TaskAction.UNDO: "Undone: {name} is yours again",
    TaskAction.COMPLAINT: "The complaint is noted",
    TaskAction.FOLLOW_UP: "Another callback is opened for them",
    TaskAction.ACKNOWLEDGE: "It is noted that they were told",
}
