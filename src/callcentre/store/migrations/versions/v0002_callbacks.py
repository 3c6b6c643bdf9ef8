"""Messages and their tasks: filings, history, dials, mailboxes, the outbox, orders, and what was erased.

The messages of 0001 had a deadline but no task. They become a backlog, which waits for one decision made by a person;
their deadlines are made anew if they are taken on.
"""

import secrets

import sqlalchemy as sa
from alembic import op

from callcentre.core.errors import StoreConflict
from callcentre.store.columns import UtcTime

revision = "0002"
down_revision = "0001"

_STATES = "'open', 'claimed', 'dialling', 'reached', 'unanswered', 'closed', 'reopened'"


def upgrade() -> None:
    """Make the tables; take the messages over."""
    _messages()
    _tasks()
    _history()
    _callouts()
    _mailboxes()
    _outbox()
    _orders()
    _erased()


def downgrade() -> None:
    """Refuse: what a newer version wrote has no place in older tables."""
    raise StoreConflict("callcentre does not go back to an older schema; restore the backup made before the upgrade")


def _messages() -> None:
    # Made anew and filled: SQLite has no other way to drop a column's place and add constraints.
    op.execute("CREATE TEMPORARY TABLE messages_0001 AS SELECT * FROM messages")
    op.drop_table("messages")
    op.create_table(
        "messages",
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("mailbox", sa.Text(), nullable=False),
        sa.Column("msg_id", sa.Text()),
        sa.Column("uniqueid", sa.Text()),
        sa.Column("channel", sa.Text()),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("caller", sa.Text()),
        sa.Column("began_at", UtcTime()),
        sa.Column("left_at", UtcTime(), nullable=False),
        sa.Column("duration", sa.Integer()),
        sa.Column("quality", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("folder", sa.Text()),
        sa.Column("in_mailbox", sa.Boolean(), nullable=False),
        sa.Column("playable", sa.Boolean(), nullable=False),
        sa.CheckConstraint("quality IN ('complete', 'partial', 'inferred')", name=op.f("ck_messages_quality")),
        sa.CheckConstraint(
            "status IN ('filed', 'backlog', 'dismissed', 'elsewhere', 'erased')", name=op.f("ck_messages_status")
        ),
        sa.PrimaryKeyConstraint("pbx", "key", name=op.f("pk_messages")),
    )
    op.create_index(op.f("ix_messages_line_left_at"), "messages", ["line", "left_at"], unique=False)
    op.execute(
        "INSERT INTO messages (pbx, key, mailbox, msg_id, uniqueid, line, caller, left_at, duration, quality, status, "
        "in_mailbox, playable) SELECT pbx, key, mailbox, msg_id, uniqueid, line, caller, left_at, duration, quality, "
        "'backlog', false, false FROM messages_0001"
    )
    op.execute("DROP TABLE messages_0001")


def _tasks() -> None:
    op.create_table(
        "tasks",
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("caller", sa.Text()),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("opened_at", UtcTime(), nullable=False),
        sa.Column("due", UtcTime(), nullable=False),
        sa.Column("act_by", UtcTime(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("dial", sa.Text()),
        sa.Column("call", sa.Text()),
        sa.Column("rests_in", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text()),
        sa.Column("lease_until", UtcTime()),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_attempt_at", UtcTime()),
        sa.Column("responded_at", UtcTime()),
        sa.Column("reached_at", UtcTime()),
        sa.Column("got_through", sa.Text()),
        sa.Column("got_through_at", UtcTime()),
        sa.Column("alarms", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text()),
        sa.Column("closed_at", UtcTime()),
        sa.Column("closed_by", sa.Text()),
        sa.Column("in_time", sa.Boolean()),
        sa.CheckConstraint("source IN ('voicemail', 'abandoned')", name=op.f("ck_tasks_source")),
        sa.CheckConstraint(f"state IN ({_STATES})", name=op.f("ck_tasks_state")),
        sa.CheckConstraint(f"rests_in IN ({_STATES})", name=op.f("ck_tasks_rests_in")),
        sa.CheckConstraint(
            "outcome IN ('done', 'no_answer', 'wrong_number', 'got_through', 'duplicate', 'not_needed')",
            name=op.f("ck_tasks_outcome"),
        ),
        sa.PrimaryKeyConstraint("pbx", "number", name=op.f("pk_tasks")),
    )
    op.create_index(op.f("ix_tasks_act_by_pbx_number"), "tasks", ["act_by", "pbx", "number"], unique=False)
    _partial_index("ix_tasks_open", "tasks", ["act_by", "pbx", "number"], "state <> 'closed'")
    op.create_table(
        "filings",
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("task", sa.Integer(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("left_at", UtcTime(), nullable=False),
        sa.Column("due", UtcTime(), nullable=False),
        sa.Column("act_by", UtcTime(), nullable=False),
        sa.Column("due_reason", sa.Text(), nullable=False),
        sa.Column("charter", sa.Text(), nullable=False),
        sa.Column("charter_version", sa.Integer(), nullable=False),
        sa.Column("playable", sa.Boolean(), nullable=False),
        sa.Column("heard_at", UtcTime()),
        sa.Column("heard_by", sa.Text()),
        sa.Column("responded_at", UtcTime()),
        sa.Column("reached_at", UtcTime()),
        sa.ForeignKeyConstraint(["pbx", "task"], ["tasks.pbx", "tasks.number"], name=op.f("fk_filings_tasks")),
        sa.PrimaryKeyConstraint("pbx", "key", name=op.f("pk_filings")),
    )
    op.create_index(op.f("ix_filings_pbx_task"), "filings", ["pbx", "task"], unique=False)
    op.create_index(op.f("ix_filings_left_at_line"), "filings", ["left_at", "line"], unique=False)


def _history() -> None:
    op.create_table(
        "task_history",
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("task", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("request", sa.Text()),
        sa.CheckConstraint(
            "step IN ('opened', 'message_joined', 'message_changed', 'heard', 'claimed', 'renewed', 'released', "
            "'lapsed', 'dialled', 'connected', 'not_connected', 'responded', 'got_through', 'number_typed', 'noted', "
            "'deadline_changed', 'warned', 'overdue', 'escalated', 'closed', 'reopened', 'erased')",
            name=op.f("ck_task_history_step"),
        ),
        sa.CheckConstraint(f"state IN ({_STATES})", name=op.f("ck_task_history_state")),
        sa.ForeignKeyConstraint(["pbx", "task"], ["tasks.pbx", "tasks.number"], name=op.f("fk_task_history_tasks")),
        sa.PrimaryKeyConstraint("pbx", "task", "seq", name=op.f("pk_task_history")),
    )
    _partial_index(
        "ix_task_history_request", "task_history", ["pbx", "request", "task"], "request IS NOT NULL", unique=True
    )


def _callouts() -> None:
    op.create_table(
        "callouts",
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("uniqueid", sa.Text(), nullable=False),
        sa.Column("caller", sa.Text(), nullable=False),
        sa.Column("telephone", sa.Text(), nullable=False),
        sa.Column("begun_at", UtcTime(), nullable=False),
        sa.Column("task", sa.Integer()),
        sa.Column("ring_start", UtcTime()),
        sa.Column("answered_at", UtcTime()),
        sa.Column("ended_at", UtcTime()),
        sa.Column("result", sa.Text()),
        sa.CheckConstraint(
            "result IN ('connected', 'no_answer', 'busy', 'failed', 'uncertain')", name=op.f("ck_callouts_result")
        ),
        sa.PrimaryKeyConstraint("pbx", "uniqueid", name=op.f("pk_callouts")),
    )
    op.create_index(op.f("ix_callouts_pbx_task"), "callouts", ["pbx", "task"], unique=False)
    op.create_index(op.f("ix_callouts_begun_at"), "callouts", ["begun_at"], unique=False)
    _partial_index("ix_callouts_open", "callouts", ["pbx", "uniqueid"], "ended_at IS NULL")


def _mailboxes() -> None:
    op.create_table(
        "mailboxes",
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("mailbox", sa.Text(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("named", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("new", sa.Integer()),
        sa.Column("old", sa.Integer()),
        sa.Column("capacity", sa.Integer()),
        sa.CheckConstraint(
            "state IN ('healthy', 'nearly_full', 'full', 'missing', 'not_recordable')", name=op.f("ck_mailboxes_state")
        ),
        sa.PrimaryKeyConstraint("pbx", "mailbox", name=op.f("pk_mailboxes")),
    )
    op.create_table(
        "voicemail_uses",
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("uniqueid", sa.Text(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "verdict IN ('closed_hours', 'rang_out', 'all_busy', 'nobody_there', 'misuse', 'unknown')",
            name=op.f("ck_voicemail_uses_verdict"),
        ),
        sa.PrimaryKeyConstraint("pbx", "uniqueid", name=op.f("pk_voicemail_uses")),
    )
    op.create_index(op.f("ix_voicemail_uses_at_line"), "voicemail_uses", ["at", "line"], unique=False)


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("contact", sa.Text(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("task", sa.Integer()),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_try_at", UtcTime()),
        sa.Column("tried_at", UtcTime()),
        sa.Column("sent_at", UtcTime()),
        sa.Column("error", sa.Text()),
        sa.CheckConstraint(
            "kind IN ('warning', 'overdue', 'escalation', 'backlog', 'unnamed_mailbox', 'mailbox', 'test')",
            name=op.f("ck_outbox_kind"),
        ),
        sa.CheckConstraint("state IN ('pending', 'sent', 'failed', 'nobody')", name=op.f("ck_outbox_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("pbx", "key", "contact", name=op.f("uq_outbox_pbx_key_contact")),
    )
    _partial_index("ix_outbox_pending", "outbox", ["next_try_at", "id"], "state = 'pending'")


def _orders() -> None:
    op.create_table(
        "orders",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("done_at", UtcTime()),
        sa.Column("refused", sa.Boolean(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders")),
    )
    _partial_index("ix_orders_not_done", "orders", ["at", "id"], "done_at IS NULL")


def _erased() -> None:
    op.create_table(
        "erased_numbers",
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("erased_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_erased_numbers")),
    )
    made = op.create_table(
        "secrets",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_secrets")),
    )
    op.bulk_insert(made, [{"name": "erasure", "value": secrets.token_hex(32)}])


def _partial_index(name: str, table: str, columns: list[str], where: str, *, unique: bool = False) -> None:
    op.create_index(name, table, columns, unique=unique, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
