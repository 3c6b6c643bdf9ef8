"""The tables of messages, their tasks, and what people are told and ask. All are tables of `store.tables`.

A message is described in `messages` and has its place and deadline in `filings`, whose key makes a second place
impossible. `task_history` only ever grows.
"""

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    text,
)

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
from callcentre.store.columns import UtcTime, metadata, one_of
from callcentre.store.results import DeliveryState

OPEN_TASKS = text("state <> 'closed'")
NOT_ENDED = text("ended_at IS NULL")
SETTLED = text("closed_at IS NOT NULL")
TYPED = text("dial IS NOT NULL")
PENDING = text("state = 'pending'")
ASKED = text("request IS NOT NULL")
NOT_DONE = text("done_at IS NULL")

messages = Table(
    "messages",
    metadata,
    Column("pbx", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("mailbox", Text, nullable=False),
    Column("msg_id", Text),
    Column("uniqueid", Text),
    Column("channel", Text),
    Column("line", Text, nullable=False),
    Column("caller", Text),
    Column("began_at", UtcTime),
    Column("left_at", UtcTime, nullable=False),
    Column("duration", Integer),
    Column("quality", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("folder", Text),
    Column("in_mailbox", Boolean, nullable=False),
    Column("playable", Boolean, nullable=False),
    one_of("quality", Quality),
    one_of("status", MessageStatus),
    Index(None, "line", "left_at"),
)

tasks = Table(
    "tasks",
    metadata,
    Column("pbx", Text, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("line", Text, nullable=False),
    Column("caller", Text),
    Column("source", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("opened_at", UtcTime, nullable=False),
    Column("due", UtcTime, nullable=False),
    Column("act_by", UtcTime, nullable=False),
    # How long its history is: a snapshot with fewer is older than the one there, and never replaces it.
    Column("entries", Integer, nullable=False),
    Column("dial", Text),
    Column("call", Text),
    Column("rests_in", Text, nullable=False),
    Column("holder", Text),
    Column("lease_until", UtcTime),
    Column("attempts", Integer, nullable=False),
    Column("last_attempt_at", UtcTime),
    Column("responded_at", UtcTime),
    Column("reached_at", UtcTime),
    Column("got_through", Text),
    Column("got_through_at", UtcTime),
    # A JSON list of words.
    Column("alarms", Text, nullable=False),
    Column("outcome", Text),
    Column("closed_at", UtcTime),
    Column("closed_by", Text),
    Column("in_time", Boolean),
    Column("call_at", UtcTime),
    Column("language", Text),
    # A JSON list of words.
    Column("needs", Text, nullable=False, server_default=text("'[]'")),
    Column("resolved", Boolean),
    Column("complaint", Boolean, nullable=False, server_default=text("false")),
    # Who noted that the caller agreed to `language` and `needs` being kept, when, and how long they are.
    Column("flags_by", Text),
    Column("flags_at", UtcTime),
    Column("flags_until", UtcTime),
    # The earliest of what is still to be acknowledged.
    Column("ack_due", UtcTime),
    Column("ack_act_by", UtcTime),
    one_of("source", TaskSource),
    one_of("state", TaskState),
    one_of("rests_in", TaskState),
    one_of("outcome", TaskOutcome),
    Index(None, "act_by", "pbx", "number"),
    Index("ix_tasks_open", "act_by", "pbx", "number", sqlite_where=OPEN_TASKS, postgresql_where=OPEN_TASKS),
    # Whose tasks they are: both numbers are in the spelling of core.numbers.
    Index(None, "pbx", "caller"),
    Index("ix_tasks_pbx_dial", "pbx", "dial", sqlite_where=TYPED, postgresql_where=TYPED),
    # What was closed lately, among years of it.
    Index("ix_tasks_closed", "closed_at", "pbx", "number", sqlite_where=SETTLED, postgresql_where=SETTLED),
)

filings = Table(
    "filings",
    metadata,
    Column("pbx", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("task", Integer, nullable=False),
    Column("line", Text, nullable=False),
    Column("left_at", UtcTime, nullable=False),
    Column("due", UtcTime, nullable=False),
    Column("act_by", UtcTime, nullable=False),
    Column("due_reason", Text, nullable=False),
    Column("charter", Text, nullable=False),
    Column("charter_version", Integer, nullable=False),
    Column("playable", Boolean, nullable=False),
    Column("heard_at", UtcTime),
    Column("heard_by", Text),
    Column("responded_at", UtcTime),
    Column("reached_at", UtcTime),
    Column("ack_due", UtcTime),
    Column("ack_act_by", UtcTime),
    Column("ack_reason", Text),
    Column("acknowledged_at", UtcTime),
    ForeignKeyConstraint(["pbx", "task"], ["tasks.pbx", "tasks.number"]),
    Index(None, "pbx", "task"),
    Index(None, "left_at", "line"),
)

task_history = Table(
    "task_history",
    metadata,
    Column("pbx", Text, primary_key=True),
    Column("task", Integer, primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("who", Text, nullable=False),
    Column("step", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("request", Text),
    one_of("step", TaskStep),
    one_of("state", TaskState),
    ForeignKeyConstraint(["pbx", "task"], ["tasks.pbx", "tasks.number"]),
    # A request is carried out once on each task it concerns, whatever the daemon remembers.
    Index(
        "ix_task_history_request",
        "pbx",
        "request",
        "task",
        unique=True,
        sqlite_where=ASKED,
        postgresql_where=ASKED,
    ),
)

callouts = Table(
    "callouts",
    metadata,
    Column("pbx", Text, primary_key=True),
    Column("uniqueid", Text, primary_key=True),
    # In the spelling of core.numbers; empty once erased.
    Column("caller", Text, nullable=False),
    Column("telephone", Text, nullable=False),
    Column("begun_at", UtcTime, nullable=False),
    Column("task", Integer),
    Column("ring_start", UtcTime),
    Column("answered_at", UtcTime),
    Column("ended_at", UtcTime),
    Column("result", Text),
    one_of("result", CalloutResult),
    Index(None, "pbx", "task"),
    Index(None, "begun_at"),
    Index("ix_callouts_open", "pbx", "uniqueid", sqlite_where=NOT_ENDED, postgresql_where=NOT_ENDED),
)

clicks = Table(
    "clicks",
    metadata,
    Column("pbx", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("task", Integer, nullable=False),
    Column("who", Text, nullable=False),
    Column("telephone", Text, nullable=False),
    # In the spelling of core.numbers; empty once erased.
    Column("number", Text, nullable=False),
    Column("asked_at", UtcTime, nullable=False),
    Column("state", Text, nullable=False),
    Column("result", Text),
    Column("why", Text, nullable=False),
    Column("overridden", Boolean, nullable=False),
    Column("agent_up_at", UtcTime),
    Column("callout", Text),
    Column("rang_at", UtcTime),
    Column("talking_at", UtcTime),
    Column("ended_at", UtcTime),
    one_of("state", ClickState),
    one_of("result", ClickResult),
    Index(None, "pbx", "task"),
    Index(None, "asked_at", "pbx", "key"),
    Index("ix_clicks_open", "pbx", "key", sqlite_where=NOT_ENDED, postgresql_where=NOT_ENDED),
)

wrap_ups = Table(
    "wrap_ups",
    metadata,
    Column("pbx", Text, primary_key=True),
    Column("uniqueid", Text, primary_key=True),
    Column("who", Text, primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("line", Text, nullable=False),
    # In the spelling of core.numbers.
    Column("caller", Text),
    Column("kind", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("task", Integer),
    one_of("kind", WrapKind),
    Index(None, "at", "pbx", "uniqueid", "who"),
    Index(None, "pbx", "caller"),
)

mailboxes = Table(
    "mailboxes",
    metadata,
    Column("pbx", Text, primary_key=True),
    Column("mailbox", Text, primary_key=True),
    # When it was looked at last.
    Column("at", UtcTime, nullable=False),
    Column("line", Text, nullable=False),
    Column("named", Boolean, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("new", Integer),
    Column("old", Integer),
    Column("capacity", Integer),
    one_of("state", MailboxState),
)

voicemail_uses = Table(
    "voicemail_uses",
    metadata,
    Column("pbx", Text, primary_key=True),
    Column("uniqueid", Text, primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("line", Text, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("reason", Text, nullable=False),
    one_of("verdict", Verdict),
    Index(None, "at", "line"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("pbx", Text, nullable=False),
    Column("key", Text, nullable=False),
    # A name of the configuration; empty where nobody is named for this kind of notice.
    Column("contact", Text, nullable=False),
    Column("line", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("title", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("task", Integer),
    Column("state", Text, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("next_try_at", UtcTime),
    Column("tried_at", UtcTime),
    Column("sent_at", UtcTime),
    Column("error", Text),
    one_of("kind", NoticeKind),
    one_of("state", DeliveryState),
    UniqueConstraint("pbx", "key", "contact"),
    Index("ix_outbox_pending", "next_try_at", "id", sqlite_where=PENDING, postgresql_where=PENDING),
)

orders = Table(
    "orders",
    metadata,
    Column("id", Text, primary_key=True),
    Column("pbx", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    # JSON; emptied once it is done, because it may hold a telephone number.
    Column("body", Text, nullable=False),
    Column("done_at", UtcTime),
    Column("refused", Boolean, nullable=False),
    Column("answer", Text, nullable=False),
    Index("ix_orders_not_done", "at", "id", sqlite_where=NOT_DONE, postgresql_where=NOT_DONE),
)

erased_numbers = Table(
    "erased_numbers",
    metadata,
    # HMAC-SHA256, in hexadecimal, of the PBX, a zero byte, and the number in the spelling of core.numbers; its key is
    # the secret `erasure`.
    Column("hash", Text, primary_key=True),
    Column("erased_at", UtcTime, nullable=False),
)

secrets = Table(
    "secrets",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)
