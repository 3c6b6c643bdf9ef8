"""Messages, tasks and their kin as rows and back: the columns of their tables are the fields of their values.

Unlike calls these are few, so nothing here is written out by hand.
"""

import json
from dataclasses import fields
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import Table

from callcentre.core.facts import MailboxSeen, VoicemailUsed
from callcentre.core.tasks import Callout, Click, Entry, Filing, Message, Notice, Task, WrapUp
from callcentre.core.terms import (
    CalloutResult,
    ClickResult,
    ClickState,
    MailboxState,
    MessageStatus,
    NoticeKind,
    Quality,
    TaskOutcome,
    TaskSource,
    TaskState,
    TaskStep,
    Verdict,
    WrapKind,
)
from callcentre.store.columns import EPOCH
from callcentre.store.reader import AnyRow
from callcentre.store.results import DeliveryState
from callcentre.store.rows import Form, Row

T = TypeVar("T")

_NAMES: dict[type[object], tuple[str, ...]] = {}
"""The fields of each dataclass that rows are made into: looked up once, not for each row."""


def row_of(table: Table, thing: object, form: Form) -> Row:
    """Make the row of `thing`, whose fields are named as the columns of `table`."""
    return tuple(_value(getattr(thing, column.name), form) for column in table.columns)


def _value(value: object, form: Form) -> Any:
    match value:
        case datetime():
            return form.when(value)
        case bool():
            return form.flag(value)
        case str():
            return storable(value)
        case tuple():
            return json.dumps(value)
    return value


def storable(words: str) -> str:
    """Return `words` without what no database takes (zero bytes, half a pair): nothing may be lost for that."""
    return str(words).encode(errors="replace").decode().replace("\0", "\ufffd")


def outbox_rows(notice: Notice, form: Form) -> list[Row]:
    """Make the rows of `outbox` without their id, one for each contact; one that nobody is told if there is none."""
    # At once, whatever the PBX's clock makes of the time.
    state, first_try = (DeliveryState.PENDING, EPOCH) if notice.to else (DeliveryState.NOBODY, None)
    told = (notice.line, notice.kind, notice.at, notice.title, notice.text, notice.task)
    delivery = (state, 0, first_try, None, None, None)
    return [
        tuple(_value(value, form) for value in (notice.pbx, notice.key, contact, *told, *delivery))
        for contact in dict.fromkeys(notice.to or ("",))
    ]


def message(row: AnyRow) -> Message:
    """Read a row of `messages`."""
    return made_of(Message, row, quality=Quality(row.quality), status=MessageStatus(row.status))


def filing(row: AnyRow) -> Filing:
    """Read a row of `filings`."""
    return made_of(Filing, row)


def task(row: AnyRow) -> Task:
    """Read a row of `tasks`."""
    return made_of(
        Task,
        row,
        source=TaskSource(row.source),
        state=TaskState(row.state),
        rests_in=TaskState(row.rests_in),
        outcome=None if row.outcome is None else TaskOutcome(row.outcome),
        alarms=words(row.alarms),
        needs=words(row.needs),
    )


@lru_cache(maxsize=256)
def words(listed: str) -> tuple[str, ...]:
    """The words of a JSON list: of which there are few, and of most tasks none."""
    return tuple(json.loads(listed))


def entry(row: AnyRow) -> Entry:
    """Read a row of `task_history`."""
    return made_of(Entry, row, step=TaskStep(row.step), state=TaskState(row.state))


def callout(row: AnyRow) -> Callout:
    """Read a row of `callouts`."""
    return made_of(Callout, row, result=None if row.result is None else CalloutResult(row.result))


def click(row: AnyRow) -> Click:
    """Read a row of `clicks`."""
    result = None if row.result is None else ClickResult(row.result)
    return made_of(Click, row, state=ClickState(row.state), result=result)


def wrap_up(row: AnyRow) -> WrapUp:
    """Read a row of `wrap_ups`."""
    return made_of(WrapUp, row, kind=WrapKind(row.kind))


def mailbox(row: AnyRow) -> MailboxSeen:
    """Read a row of `mailboxes`."""
    return made_of(MailboxSeen, row, state=MailboxState(row.state), notice=None)


def voicemail_use(row: AnyRow) -> VoicemailUsed:
    """Read a row of `voicemail_uses`."""
    return made_of(VoicemailUsed, row, verdict=Verdict(row.verdict))


def notice(row: AnyRow) -> Notice:
    """Read the notice of a row of `outbox`."""
    return made_of(Notice, row, kind=NoticeKind(row.kind), to=(row.contact,))


def made_of(made: type[T], row: AnyRow, /, **others: object) -> T:
    """Make a `made` of the columns that are named as its fields, and of `others`."""
    names = _NAMES.get(made) or _NAMES.setdefault(made, tuple(field.name for field in fields(made)))  # type: ignore[arg-type]
    # By place: asking the row for one name costs as much as all of this.
    found = dict(zip(row._fields, row, strict=True))
    return made(**{name: found[name] for name in names if name not in others}, **others)
