"""Cases: the list, one of them, a new one, and what can be done about one."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any, Final

from aiohttp import web
from pydantic import BeforeValidator, Field

from callcentre.core.case_requests import CaseAction, CaseAsked
from callcentre.core.case_values import CaseChannel, CaseOutcome, CaseState, CaseStep, ClockName
from callcentre.core.errors import IllegalTransition
from callcentre.core.facts import CaseChanged, Fact
from callcentre.store.case_queries import OPEN_CASE_STATES, CaseDetail, CasesWanted
from callcentre.store.results import Role
from callcentre.web.access import may
from callcentre.web.api.cursors import cursor, place
from callcentre.web.api.operations import Asked, KeyUse, Operation
from callcentre.web.api.shape import MOST, Instant, Moment, Name, Nothing, Number, Shape, Words
from callcentre.web.api.steps import name_of

_MOST_PAGES: Final = 2**31 - 1


def _whole(sent: object) -> object:
    """A whole number as JSON may write it: 2.0 is 2."""
    return int(sent) if isinstance(sent, float) and sent.is_integer() else sent


Whole = BeforeValidator(_whole)
Short = Annotated[str, Field(max_length=200)]
Long = Annotated[str, Field(max_length=2_000)]
Dialled = Annotated[str, Field(max_length=40)]


# --- what is answered ------------------------------------------------------------------------------------------------


class CaseRow(Shape):
    """A case. The clocks are those of its present stage; null is what is not promised, or not known."""

    pbx: str
    number: int
    line: str
    charter: str
    charter_version: int
    kind: str
    channel: CaseChannel
    category: str
    stage: int
    role: str = Field(description="the role that its stage goes to; empty where the charter names none")
    state: CaseState
    owner: str | None
    direct_dial: str | None
    caller: str | None
    name: str | None
    email: str | None
    address: str | None
    summary: str
    about: str | None
    task: int | None
    call: str | None
    received_at: Instant
    opened_at: Instant
    opened_by: str
    ack_due: Instant | None
    ack_act_by: Instant | None
    acknowledged_at: Instant | None
    answer_due: Instant | None
    answer_act_by: Instant | None
    answer_first_due: Instant | None
    answered_at: Instant | None
    agreed_at: Instant | None
    agreed_for: Instant | None
    agreed_from: str | None
    agreed_why: str
    update_days: int | None
    update_due: Instant | None
    updated_at: Instant | None
    next_due: Instant | None
    next_act_by: Instant | None
    told_how_at: Instant | None
    outcome: CaseOutcome | None
    referred_to: str | None
    cause: str | None
    remedy: str | None
    remedied_at: Instant | None
    closed_at: Instant | None
    closed_by: str | None


class CaseList(Shape):
    """Cases, the most pressing first, closed ones last; `next` is the cursor of the page after this one, or null."""

    cases: tuple[CaseRow, ...]
    next: str | None


class CaseClockRow(Shape):
    """One promise: to be done by `due`, done at `met_at`, or given up at `dropped_at`. `due_reason` says why then."""

    seq: int
    clock: ClockName
    stage: int
    channel: CaseChannel
    charter: str
    charter_version: int
    started_at: Instant
    due: Instant
    act_by: Instant
    due_reason: str
    met_at: Instant | None
    dropped_at: Instant | None


class CaseEntryRow(Shape):
    """One line of a case's history; `state` is the case's afterwards."""

    seq: int
    at: Instant
    who: str
    step: CaseStep
    why: str
    state: CaseState


class CaseWhole(Shape):
    """A case with every clock that ever ran, and its history."""

    case: CaseRow
    clocks: tuple[CaseClockRow, ...]
    history: tuple[CaseEntryRow, ...]


class CaseDone(Shape):
    """What came of a request: the case as it is now, and the entries of its history that this request made."""

    case: CaseRow
    done: tuple[CaseEntryRow, ...]


# --- what is asked ---------------------------------------------------------------------------------------------------


class CasesParams(Shape):
    """Which cases."""

    pbx: Name | None = Field(None, description="on this PBX")
    line: Name | None = Field(None, description="of this line")
    state: list[CaseState] = Field([], description="in this state; may be repeated; without it, all but closed ones")
    kind: list[Short] = Field([], description="of this kind; may be repeated")
    owner: Name | None = Field(None, description="owned by this account")
    overdue: bool = Field(False, description="only those of which something is late")
    since: Moment | None = Field(None, description="received then or later")
    until: Moment | None = Field(None, description="received before then")
    limit: Annotated[int, Field(ge=1, le=MOST)] = Field(100, description="rows of a page at most")
    cursor: str | None = Field(None, description="`next` of the page before, with the same filters")


class CaseParams(Shape):
    """One case."""

    pbx: Name = Field(description="the PBX's name")
    number: Number = Field(description="the case's number on that PBX")


class CaseBody(Shape):
    """A new case: what is known of it. `received_at` is when it reached the office; null: now."""

    line: Name
    kind: Annotated[str, Field(min_length=1, max_length=32)]
    channel: CaseChannel
    received_at: Moment | None = None
    category: Short = ""
    stage: Annotated[int, Field(ge=1, le=3), Whole] = 1
    owner: Short | None = None
    direct_dial: Dialled | None = None
    caller: Dialled | None = None
    name: Short | None = None
    email: Short | None = None
    address: Annotated[str, Field(max_length=500)] | None = None
    summary: Long = ""
    about: Short | None = None
    task: Annotated[Number, Whole] | None = None
    call: Short | None = None
    why: Words = ""


class CaseStepBody(Shape):
    """What is to be done: `action`, with the fields that belong to it; `why` is words for the history."""

    action: CaseAction
    why: Words = ""
    category: Short | None = None
    caller: Dialled | None = None
    name: Short | None = None
    email: Short | None = None
    address: Annotated[str, Field(max_length=500)] | None = None
    summary: Long | None = None
    about: Short | None = None
    owner: Short | None = None
    direct_dial: Dialled | None = None
    when: Moment | None = None
    agreed_on: date | None = None
    agreed_from: Short | None = None
    update_days: Annotated[int, Field(ge=1, le=366), Whole] | None = None
    stage: Annotated[int, Field(ge=2, le=3), Whole] | None = None
    channel: CaseChannel | None = None
    received_at: Moment | None = None
    cause: Short | None = None
    remedy: Words | None = None
    referred_to: Short | None = None
    outcome: CaseOutcome | None = None


async def cases(asked: Asked[CasesParams, Nothing]) -> CaseList:
    """List cases."""
    site, params = asked.site, asked.params
    wanted = CasesWanted(
        pbx=params.pbx,
        lines=() if params.line is None else (params.line,),
        states=frozenset(params.state) or OPEN_CASE_STATES,
        kinds=tuple(params.kind),
        owner=params.owner,
        overdue_at=site.now() if params.overdue else None,
        received_since=params.since,
        received_until=params.until,
    )
    offset = 0
    if params.cursor is not None:
        (offset,) = place(params, params.cursor, (int,))
    found = await site.queries.case_page(wanted, offset=max(0, offset), limit=params.limit)
    is_last = len(found) < params.limit
    return CaseList(
        cases=tuple(CaseRow.model_validate(case) for case in found),
        next=None if is_last else cursor(params, (min(offset + len(found), _MOST_PAGES),)),
    )


async def case(asked: Asked[CaseParams, Nothing]) -> CaseWhole:
    """Give one case."""
    found = await _detail(asked, asked.params.pbx, asked.params.number)
    return CaseWhole(
        case=CaseRow.model_validate(found.case),
        clocks=tuple(CaseClockRow.model_validate(clock) for clock in found.clocks),
        history=tuple(CaseEntryRow.model_validate(entry) for entry in found.entries),
    )


async def open_case(asked: Asked[Nothing, CaseBody]) -> CaseDone:
    """Open a case, once for its key."""
    line = next((line for line in asked.site.office.lines if line.name == asked.body.line), None)
    if line is None:
        raise IllegalTransition("there is no line of this name; choose one of the configuration")
    return await _ask(asked, line.pbx, CaseAction.OPEN, None, dict(asked.body))


async def step(asked: Asked[CaseParams, CaseStepBody]) -> CaseDone:
    """Take a step, and say what is so after it."""
    told: dict[str, Any] = dict(asked.body)
    action = told.pop("action")
    if action is CaseAction.OPEN:
        raise IllegalTransition("this case is there already; a new one is opened by POST /cases")
    detail = await _detail(asked, asked.params.pbx, asked.params.number)
    return await _ask(asked, asked.params.pbx, action, detail, told)


async def _ask(
    asked: Asked[Any, Any], pbx: str, action: CaseAction, detail: CaseDetail | None, told: dict[str, Any]
) -> CaseDone:
    site, account, request = asked.site, asked.identity.account, name_of(asked)
    known = await site.queries.case_of_request(pbx, request) if asked.key else None
    if known is not None:
        return _done(await _detail(asked, pbx, known), request)
    closed = detail is not None and detail.case.state is CaseState.CLOSED
    facts = await site.ask(
        CaseAsked(
            pbx=pbx,
            at=site.time_at(pbx),
            number=0 if detail is None else detail.case.number,
            action=action,
            who=account.name,
            through=asked.identity.token,
            request=request,
            supervisor=may(account, Role.SUPERVISOR),
            admin=may(account, Role.ADMIN),
            row=detail.case if detail is not None and closed else None,
            clocks=detail.clocks if detail is not None and closed else (),
            **told,
        ),
        request,
    )
    changed = next((fact for fact in facts if isinstance(fact, CaseChanged)), None)
    number = changed.case.number if changed is not None else await site.queries.case_of_request(pbx, request)
    return _done(await _detail(asked, pbx, number or 0), request, facts)


def _done(detail: CaseDetail, request: str, facts: Sequence[Fact] = ()) -> CaseDone:
    entries = [entry for fact in facts if isinstance(fact, CaseChanged) for entry in fact.entries]
    made = entries or [entry for entry in detail.entries if entry.request == request]
    return CaseDone(
        case=CaseRow.model_validate(detail.case), done=tuple(CaseEntryRow.model_validate(entry) for entry in made)
    )


async def _detail(asked: Asked[Any, Any], pbx: str, number: int) -> CaseDetail:
    found = await asked.site.queries.case(pbx, number)
    if found is None:
        raise web.HTTPNotFound(text="there is no such case")
    return found


OPERATIONS: Final = (
    Operation(
        name="listCases",
        method="GET",
        path="/cases",
        summary="Cases, the most pressing first",
        role=Role.AGENT,
        scope="tasks:read",
        params=CasesParams,
        body=Nothing,
        reply=CaseList,
        run=cases,
        fails=(404,),
    ),
    Operation(
        name="getCase",
        method="GET",
        path="/cases/{pbx}/{number}",
        summary="One case with every promise and its history",
        role=Role.AGENT,
        scope="tasks:read",
        params=CaseParams,
        body=Nothing,
        reply=CaseWhole,
        run=case,
        rows="cases",
        fails=(404,),
    ),
    Operation(
        name="openCase",
        method="POST",
        path="/cases",
        summary="Open a case",
        role=Role.AGENT,
        scope="tasks:write",
        params=Nothing,
        body=CaseBody,
        reply=CaseDone,
        run=open_case,
        key=KeyUse.MAY,
        fails=(404, 409),
    ),
    Operation(
        name="stepCase",
        method="POST",
        path="/cases/{pbx}/{number}/step",
        summary="Do something about a case",
        role=Role.AGENT,
        scope="tasks:write",
        params=CaseParams,
        body=CaseStepBody,
        reply=CaseDone,
        run=step,
        rows="cases",
        key=KeyUse.MAY,
        fails=(404, 409),
    ),
)
