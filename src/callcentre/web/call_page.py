"""GET /call, a part of every page: the call that rings the person's telephone, that they are in, or that just ended.

While it rings they read what to say (H6) and who calls; after it, one tap says what it was (H1, W5).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from aiohttp import web

from callcentre.core.case_values import Case, CaseState
from callcentre.core.errors import IllegalTransition
from callcentre.core.facts import Call
from callcentre.core.numbers import canonical
from callcentre.core.requests import WrapUpAsked
from callcentre.core.tasks import Click, Task, WrapUp
from callcentre.core.terms import CallKey, WrapKind
from callcentre.store.caller_queries import CallerHistory
from callcentre.store.case_queries import CasesWanted
from callcentre.store.results import Account, Role
from callcentre.web import case_words, task_words
from callcentre.web.abuse import Abusive, abusive
from callcentre.web.access import account_of, allows
from callcentre.web.errors import wants_json
from callcentre.web.live import WRAP_WITHIN
from callcentre.web.pages import render
from callcentre.web.sent import name_of, text_of
from callcentre.web.site import Site, site_of
from callcentre.web.task_words import path_of
from callcentre.web.words import number

USUAL: Final = "{time}, {line}, {name} speaking"
_SAID_FOR: Final = timedelta(minutes=1)
"""So long what was said of a call can be seen, and said otherwise."""

_PAST: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class AtTheTelephone:
    """A call at somebody's telephone: `stage` is rings, talks or over; `wrap` is what they said of it.

    `cases` are those of the caller that are open, or what came of this very call. `left` is for how many seconds a
    call that is over is shown.
    """

    stage: str
    call: Call
    greeting: str
    history: CallerHistory | None
    announce: str
    abuse: Abusive
    cases: Sequence[Case] = ()
    wrap: WrapUp | None = None
    left: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CalledBack:
    """A callback from somebody's telephone: `stage` is talks or over; of one that is over only an incident is shown."""

    stage: str
    click: Click
    task: Task
    abuse: Abusive
    left: int = 0


def routes() -> list[web.RouteDef]:
    """The routes of this module."""
    return [web.get("/call", call), web.post("/call/{pbx}/{uniqueid}/wrap", wrap_up)]


@allows(Role.AGENT)
async def call(request: web.Request) -> web.Response:
    """The part of a page, empty where nothing goes on at the person's telephone; by itself, a page."""
    site, account = site_of(request), account_of(request)
    there = await at_the_telephone(site, account, site.now())
    callbacks = await _called_back(site, account, site.now())
    part = "X-Part" in request.headers
    if part and not there and not callbacks:
        return web.Response(text="", content_type="text/html")
    return render(
        request,
        "call_part.html" if part else "call.html",
        calls=there,
        callbacks=callbacks,
        telephone=account.telephone,
        cw=case_words,
        tw=task_words,
        path_of=path_of,
    )


async def at_the_telephone(site: Site, account: Account, now: datetime) -> list[AtTheTelephone]:
    """What goes on at the telephone of `account`: what rings or else talks, and what is over and not yet told of."""
    telephone = account.telephone
    if not telephone:
        return []
    shown = []
    rings, talks, over = site.live.ringing(telephone), site.live.talking(telephone), site.live.over(telephone, now)
    if rings is not None:
        announce = f"{site.title(rings.line)} rings: {number(rings.caller)}"
        shown.append(await _shown(site, account, "rings", rings, now, announce))
    elif talks is not None:
        shown.append(await _shown(site, account, "talks", talks, now))
    wrap = site.live.wrap(over.key, account.name) if over is not None else None
    if over is not None and (wrap is None or now - wrap.at < _SAID_FOR):
        announce = "" if shown or wrap is not None else "The call is over: say what it was"
        shown.append(await _shown(site, account, "over", over, now, announce, wrap))
    return shown


async def _called_back(site: Site, account: Account, now: datetime) -> list[CalledBack]:
    """The callback that goes on at the telephone of `account`, or was abusive and is just over."""
    telephone = account.telephone
    if not telephone:
        return []
    talks, over = site.live.calls_back(telephone), site.live.called_back(telephone, now)
    shown = []
    for stage, click in (("talks", talks), ("over", over)):
        detail = None if click is None else await site.queries.task(click.pbx, click.task)
        if click is None or detail is None:
            continue
        abuse = await abusive(site, CallKey(click.pbx, click.key), click.number, stage, now)
        if stage == "talks" or (abuse.incident is not None and abuse.incident.happened):
            left = max(0, int(((click.ended_at or now) + WRAP_WITHIN - now).total_seconds()))
            shown.append(CalledBack(stage=stage, click=click, task=detail.task, abuse=abuse, left=left))
    return shown


async def _shown(
    site: Site, account: Account, stage: str, of: Call, now: datetime, announce: str = "", wrap: WrapUp | None = None
) -> AtTheTelephone:
    return AtTheTelephone(
        stage=stage,
        call=of,
        greeting=greeting(site, of.line, account, now),
        history=await site.queries.caller_history(of.key.pbx, of.caller, limit=_PAST, flags_at=now),
        announce=announce,
        abuse=await abusive(site, of.key, of.caller, stage, now),
        cases=await _cases(site, of),
        wrap=wrap,
        left=_left(of, wrap, now),
    )


async def _cases(site: Site, of: Call) -> list[Case]:
    caller = canonical(of.caller)
    if caller is not None:
        found = await site.queries.cases_of_caller(of.key.pbx, caller)
        return [one for one in found if one.state is not CaseState.CLOSED]
    lately = CasesWanted(pbx=of.key.pbx, lines=(of.line,), received_since=of.offered_at)
    return [one for one in await site.queries.case_page(lately) if one.call == of.key.uniqueid]


def _left(of: Call, wrap: WrapUp | None, now: datetime) -> int:
    until = wrap.at + _SAID_FOR if wrap is not None else (of.ended_at or now) + WRAP_WITHIN
    return max(0, int((until - now).total_seconds()))


def greeting(site: Site, line: str, account: Account, now: datetime) -> str:
    """What to say when answering: the line's own words, or the usual ones, with the time of day on its clocks (H6)."""
    of = site.line(line)
    hour = now.astimezone(site.zone(line)).hour
    day = "Good morning" if hour < 12 else "Good afternoon" if hour < 18 else "Good evening"
    words = (of.greeting if of is not None else "") or USUAL
    told = {"{time}": day, "{line}": site.title(line), "{name}": account.full_name or account.name}
    for mark, value in told.items():
        words = words.replace(mark, value)
    return words


@allows(Role.AGENT)
async def wrap_up(request: web.Request) -> web.StreamResponse:
    """Say what a call was; said again, it is changed."""
    site, account, form = site_of(request), account_of(request), await request.post()
    key = CallKey(request.match_info["pbx"], request.match_info["uniqueid"])
    of = await site.queries.call(key)
    if of is None:
        raise web.HTTPNotFound(text="there is no such call")
    if of.answered_by is None or of.answered_by != account.telephone:
        raise IllegalTransition("that call was not answered at your telephone; who answered it says what it was")
    try:
        kind = WrapKind(text_of(form, "kind"))
    except ValueError:
        raise web.HTTPBadRequest(text="say what the call was: press one of the buttons") from None
    asked = WrapUpAsked(
        pbx=key.pbx,
        at=site.time_at(key.pbx),
        call=key,
        line=of.line,
        caller=of.caller,
        kind=kind,
        who=account.name,
        request=name_of("wrap", form, account.name),
        why=text_of(form, "why"),
        call_at=of.offered_at,
    )
    await site.ask(asked, asked.request)
    if wants_json(request):
        return web.json_response({"ok": True, "said": f"Noted: {task_words.WRAPS[kind].lower()}"})
    raise web.HTTPSeeOther("/call")
