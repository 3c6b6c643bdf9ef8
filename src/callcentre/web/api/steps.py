"""What can be done to a task: each step is an operation, asked of the core as a page would ask it."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any, Final, Literal, TypeVar

from aiohttp import web
from pydantic import Field

from callcentre.core.facts import Fact, TaskChanged
from callcentre.core.requests import TaskAction, TaskAsked
from callcentre.core.tasks import NEEDS
from callcentre.core.terms import AckHow, TaskOutcome, TaskState
from callcentre.store.results import Role, TaskDetail
from callcentre.web.access import may
from callcentre.web.api.operations import Asked, KeyUse, Operation
from callcentre.web.api.replies import request_of
from callcentre.web.api.shape import Moment, Name, Shape, Words
from callcentre.web.api.shapes import ClickRow, Done, EntryRow
from callcentre.web.api.tasks import TaskParams, row_with
from callcentre.web.people import given_to
from callcentre.web.site import new_key

Need = Literal["interpreter", "text_relay", "hard_of_hearing", "sight", "speech", "learning", "carer_calls"]

B = TypeVar("B", bound=Shape)


class WhyBody(Shape):
    """Words for the history."""

    why: Words = ""


class HeardBody(WhyBody):
    """`message` is the key of the one that was listened to; null: all of the task's."""

    message: Name | None = None


class NumberBody(WhyBody):
    """`dial` is the number heard in the message."""

    dial: Annotated[str, Field(min_length=1, max_length=40)]


class NoteBody(Shape):
    """What should be remembered."""

    why: Annotated[Words, Field(min_length=1)]


class CloseBody(WhyBody):
    """`outcome` is what came of it, `resolved` whether at first contact (null: not said)."""

    outcome: TaskOutcome
    resolved: bool | None = None


class LaterBody(WhyBody):
    """`call_at` is when to try again, not before; null takes that back."""

    call_at: Moment | None


class FlagsBody(WhyBody):
    """How the caller is to be spoken with, if they `agreed` to its being kept; both replace what was there."""

    language: Annotated[str, Field(max_length=35)] | None = None
    needs: tuple[Need, ...] = Field((), max_length=len(NEEDS))
    agreed: bool = False


class AssignBody(WhyBody):
    """`to` is the account that is to have the task: one that is there, and is not disabled."""

    to: Name


class AcknowledgeBody(WhyBody):
    """`how` the caller was told that their message was received, and `when`; null: now."""

    how: AckHow
    when: Moment | None = None


async def step(asked: Asked[TaskParams, Any], action: TaskAction) -> Done:
    """Take a step, and say what is so after it."""
    site, params = asked.site, asked.params
    detail = await _detail(asked)
    request = name_of(asked)
    if asked.key and await site.queries.was_requested(params.pbx, request):
        return await _done(asked, detail, request)
    account, told = asked.identity.account, dict(asked.body)
    supervisor = may(account, Role.SUPERVISOR)
    if supervisor and "to" in told:
        told["to"] = await given_to(site.opened.accounts, told["to"])
    closed = detail.task.state is TaskState.CLOSED
    facts = await site.ask(
        TaskAsked(
            pbx=params.pbx,
            at=site.time_at(params.pbx),
            number=params.number,
            action=action,
            who=account.name,
            through=asked.identity.token,
            request=request,
            telephone=account.telephone if action is TaskAction.DIAL else None,
            supervisor=supervisor,
            row=detail.task if closed else None,
            filings=detail.filings if closed else (),
            **told,
        ),
        request,
    )
    return await _done(asked, await _detail(asked), request, facts)


def name_of(asked: Asked[Any, Any]) -> str:
    """The name of a request for good."""
    return request_of(asked.identity.account.name, asked.key) if asked.key else new_key()


async def _detail(asked: Asked[TaskParams, Any]) -> TaskDetail:
    found = await asked.site.queries.task(asked.params.pbx, asked.params.number)
    if found is None:
        raise web.HTTPNotFound(text="there is no such task")
    return found


async def _done(asked: Asked[TaskParams, Any], detail: TaskDetail, request: str, facts: Sequence[Fact] = ()) -> Done:
    """The task now; the entries that the request made, also those that belong to them (a claim before a dial)."""
    click = await asked.site.queries.click(asked.params.pbx, request)
    changes = [fact for fact in facts if isinstance(fact, TaskChanged)]
    entries = [entry for change in changes for entry in change.entries if entry.task == asked.params.number]
    made = entries or [entry for entry in detail.entries if entry.request == request]
    return Done(
        task=row_with(detail.task, detail.filings, asked.site.now()),
        done=tuple(EntryRow.model_validate(entry) for entry in made),
        click=None if click is None else ClickRow.model_validate(click),
    )


def _operation(name: str, action: TaskAction, summary: str, body: type[Shape], key: KeyUse = KeyUse.MAY) -> Any:
    return Operation(
        name=name,
        method="POST",
        path=f"/tasks/{{pbx}}/{{number}}/{action.value.replace('_', '-')}",
        summary=summary,
        role=Role.AGENT,
        scope="tasks:write",
        params=TaskParams,
        body=body,
        reply=Done,
        run=_taking(action),
        rows="tasks",
        key=key,
        fails=(404, 409),
    )


def _taking(action: TaskAction) -> Callable[[Asked[TaskParams, Any]], Awaitable[Done]]:
    async def taken(asked: Asked[TaskParams, Any]) -> Done:
        return await step(asked, action)

    return taken


OPERATIONS: Final = (
    _operation("claimTask", TaskAction.CLAIM, "Claim a task: it is yours until the lease ends", WhyBody),
    _operation("renewTask", TaskAction.RENEW, "Have it for longer", WhyBody),
    _operation("releaseTask", TaskAction.RELEASE, "Give it back", WhyBody),
    _operation("heardTask", TaskAction.HEARD, "Say that its messages were listened to", HeardBody),
    _operation("numberTask", TaskAction.NUMBER, "Type the number heard in a message", NumberBody),
    _operation("noteTask", TaskAction.NOTE, "Write a note", NoteBody),
    _operation("closeTask", TaskAction.CLOSE, "Close it with an outcome", CloseBody),
    _operation("reopenTask", TaskAction.REOPEN, "Open a closed task again", WhyBody),
    _operation("laterTask", TaskAction.LATER, "Say when to try again", LaterBody),
    _operation("flagTask", TaskAction.FLAGS, "Say how the caller is to be spoken with", FlagsBody),
    _operation("assignTask", TaskAction.ASSIGN, "Give it to somebody (supervisors)", AssignBody),
    _operation(
        "undoTask", TaskAction.UNDO, "Take back your last close, release or acknowledgement, within a minute", WhyBody
    ),
    _operation("complainTask", TaskAction.COMPLAINT, "Note that the caller complains", WhyBody),
    _operation(
        "acknowledgeTask",
        TaskAction.ACKNOWLEDGE,
        "Say that the caller was told that their message was received",
        AcknowledgeBody,
    ),
    _operation("followUpTask", TaskAction.FOLLOW_UP, "Open another task for the caller", WhyBody),
    _operation(
        "dialTask",
        TaskAction.DIAL,
        "Ring your telephone, then the caller's; at most one dial for each Idempotency-Key",
        WhyBody,
        KeyUse.MUST,
    ),
)
