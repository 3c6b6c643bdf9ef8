"""GET /tasks/{pbx}/{number}: one callback on one screen, with all that is known of its caller beside it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Final
from urllib.parse import quote
from zoneinfo import ZoneInfo

from aiohttp import web

from callcentre.core.calendar import Calendar
from callcentre.core.calling import CallingHours, number_refused
from callcentre.core.charter import Line
from callcentre.core.numbers import canonical
from callcentre.core.task_states import FREE
from callcentre.core.tasks import NEEDS, Click, Filing, Message, Task
from callcentre.core.terms import ClickState, TaskState
from callcentre.store.results import Account, Role, TaskDetail
from callcentre.store.task_pages import TaskOfPage
from callcentre.web import case_words, task_words
from callcentre.web.access import account_of, allows, may
from callcentre.web.drafts import drafts_of
from callcentre.web.flagged import flags_for, sees
from callcentre.web.pages import render
from callcentre.web.site import Site, site_of
from callcentre.web.task_rows import rows_of
from callcentre.web.task_words import path_of, same
from callcentre.web.tasks_page import next_task
from callcentre.web.undoing import done_before, undoable

SHOWN_AFTER: Final = timedelta(minutes=15)
"""How a dial ended is shown at the top for so long; it stays in the history."""

_MORNING: Final = time(9)
_AFTERNOON: Final = time(14)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A message with its place in the task; `src` is where its recording can be had, empty if it cannot."""

    message: Message | None
    filing: Filing
    src: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Quick:
    """A time to try again that is one tap away."""

    title: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """What could not be done, in words, with what was typed; `field` is the one that is wrong."""

    said: str
    typed: Mapping[str, str] = field(default_factory=dict)
    field: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calling:
    """Whether the caller can be dialled with a click: `why` not, empty if so; `override`: a supervisor may anyway."""

    why: str = ""
    override: bool = False


def routes() -> list[web.RouteDef]:
    """The routes of this module."""
    return [web.get(r"/tasks/{pbx}/{number:\d{1,9}}", task)]


@allows(Role.AGENT)
async def task(request: web.Request) -> web.Response:
    """The page of one task."""
    return await shown(request)


async def detail_of(request: web.Request) -> TaskDetail:
    """The task that a request names; 404 if there is none."""
    pbx, number = request.match_info["pbx"], int(request.match_info["number"])
    found = await site_of(request).queries.task(pbx, number)
    if found is None:
        raise web.HTTPNotFound(text=f"there is no task {number} on {pbx}")
    return found


async def shown(request: web.Request, refused: Refused | None = None) -> web.Response:
    """The page of the task that the request names; with what was `refused` at its top."""
    site, account = site_of(request), account_of(request)
    detail, now = await detail_of(request), site.now()
    row_of = detail.task
    clicks = await site.queries.clicks_of(row_of.pbx, row_of.number)
    flagged = sees(site, account, row_of)
    history = await site.queries.caller_history(
        row_of.pbx, row_of.dial or row_of.caller, flags_at=now if flagged else None
    )
    line = site.line(row_of.line)
    heard = [*_heard(site, detail)]
    return render(
        request,
        "task.html",
        status=200 if refused is None else 409,
        row=rows_of(site, account, now)(_of_page(detail)),
        detail=detail,
        heard=heard,
        playing=_playing(heard),
        drafts=await drafts_of(request, [one.message for one in heard if one.src and one.message is not None]),
        click=_latest(clicks, now),
        calling=calling(site, account, row_of, now),
        history=history,
        free=row_of.state in FREE,
        closed=row_of.state is TaskState.CLOSED,
        lasts=row_of.state in (TaskState.CLAIMED, TaskState.REACHED) and row_of.lease_until is not None,
        quick=quick(line, now) if line is not None else [],
        supervisor=may(account, Role.SUPERVISOR),
        names=await _names(site, account),
        undo=undoable(detail, account, now),
        done=await done_before(request),
        following=await next_task(site, account, but=row_of),
        cases=await site.queries.cases_of_task(row_of.pbx, row_of.number),
        refused=refused or Refused(said=""),
        needs=NEEDS,
        flags=flags_for(site, account, row_of, now),
        flagged=flagged,
        flags_last=site.office.flags_last,
        lease=site.office.lease,
        tw=task_words,
        cw=case_words,
        path_of=path_of,
    )


def _of_page(detail: TaskDetail) -> TaskOfPage:
    lengths = [message.duration for message in detail.messages if message.duration is not None]
    waits = [filing for filing in detail.filings if filing.responded_at is None]
    open_call = not detail.filings and detail.task.responded_at is None
    return TaskOfPage(
        task=detail.task,
        messages=len(detail.filings),
        waits=detail.task.state is not TaskState.CLOSED and (bool(waits) or open_call),
        seconds=sum(lengths) if lengths else None,
        longest=max(lengths, default=None),
        unheard=sum(filing.playable and filing.heard_at is None for filing in detail.filings),
    )


def _heard(site: Site, detail: TaskDetail) -> Iterator[Heard]:
    """The messages of a task, in the order in which they were left."""
    by_key = {message.key: message for message in detail.messages}
    for filing in detail.filings:
        message = by_key.get(filing.key)
        there = message is not None and message.in_mailbox and filing.pbx in site.spools
        src = f"/recordings/{quote(filing.pbx, safe='')}/{quote(filing.key, safe='')}" if there else ""
        yield Heard(message=message, filing=filing, src=src)


def _playing(heard: list[Heard]) -> str:
    """What the key for playing plays: the first message that nobody listened to, else the first."""
    sounds = [one for one in heard if one.src]
    return next((one.src for one in sounds if one.filing.heard_at is None), sounds[0].src if sounds else "")


def _latest(clicks: list[Click], now: datetime) -> Click | None:
    """The dial that lasts, else the last one, while it is news."""
    last = clicks[-1] if clicks else None
    if last is None or last.state is not ClickState.ENDED:
        return last
    return last if now - (last.ended_at or last.asked_at) < SHOWN_AFTER else None


async def _names(site: Site, account: Account) -> list[str]:
    """To whom a supervisor may give a task."""
    if not may(account, Role.SUPERVISOR):
        return []
    return [one.name for one in await site.opened.accounts.all() if not one.disabled]


# --- calling back ----------------------------------------------------------------------------------------------------


def calling(site: Site, account: Account, row_of: Task, now: datetime) -> Calling:
    """Why the core would refuse a click now, as far as can be known before; what it says itself is the last word."""
    why = _no_call(site, account, row_of)
    line = site.line(row_of.line)
    if why or line is None:
        return Calling(why=why)
    hours = CallingHours(line).refused(now)
    return Calling(why=hours, override=bool(hours) and may(account, Role.SUPERVISOR))


def _no_call(site: Site, account: Account, row_of: Task) -> str:
    number = canonical(row_of.dial) or canonical(row_of.caller)
    pbx = next((one for one in site.office.pbxs if one.name == row_of.pbx), None)
    running = site.live.click(account.name)
    if row_of.state is TaskState.CLOSED:
        return "the task is closed; reopen it first"
    if row_of.state is TaskState.DIALLING:
        return "it is being dialled now"
    if running is not None:
        return f"your last call, for task {running.task}, is not over"
    if row_of.holder is not None and not same(row_of.holder, account.name):
        return f"{row_of.holder} has this task"
    if number is None:
        return "the number was withheld: listen to the message, and type the number heard below"
    if pbx is None or not pbx.acts:
        return "callcentre may not dial on this telephone system; dial from your telephone, and the attempt is seen"
    if not account.telephone:
        return "your account has no telephone; ask an administrator to enter it"
    return number_refused(site.office.calling, number)


# --- another time ----------------------------------------------------------------------------------------------------


def quick(line: Line, now: datetime) -> list[Quick]:
    """Times to try again at which the line's callers may be called: in an hour, this afternoon, the next morning."""
    zone, hours = ZoneInfo(line.zone), CallingHours(line)
    local = now.astimezone(zone)
    hour = (local + timedelta(hours=1)).replace(second=0, microsecond=0)
    afternoon = datetime.combine(local.date(), _AFTERNOON, zone)
    found = [Quick(title="In 1 hour", at=hour)] if not hours.refused(hour) else []
    if afternoon > hour and not hours.refused(afternoon):
        found.append(Quick(title="This afternoon", at=afternoon))
    morning = _morning_after(line, hours, local.date())
    if morning is not None:
        tomorrow = morning.astimezone(zone).date() == local.date() + timedelta(days=1)
        day = "Tomorrow" if tomorrow else f"{morning.astimezone(zone):%A}"
        found.append(Quick(title=f"{day} morning", at=morning))
    return found


def _morning_after(line: Line, hours: CallingHours, day: date) -> datetime | None:
    """Nine o'clock on the line's next working day, or when it opens, if nobody is called at nine."""
    calendar, zone = Calendar(line), ZoneInfo(line.zone)
    for ahead in range(1, 15):
        if spans := calendar.open_on(day + timedelta(days=ahead)):
            nine = datetime.combine(day + timedelta(days=ahead), _MORNING, zone)
            return spans[0][0] if hours.refused(nine) else nine
    return None
