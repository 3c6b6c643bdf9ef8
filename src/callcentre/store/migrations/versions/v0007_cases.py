"""Cases: complaints and other promises with clocks, and the history of each; people are told of them, and of more."""

import sqlalchemy as sa
from alembic import op

from callcentre.core.errors import StoreConflict
from callcentre.store.columns import UtcTime

revision = "0007"
down_revision = "0006"

_KINDS = (
    "kind IN ('warning', 'overdue', 'escalation', 'backlog', 'unnamed_mailbox', 'mailbox', 'test', 'unattended', "
    "'still_unattended', 'recovered', 'cover', 'action_refused', 'greeting', 'case', 'case_due', 'case_overdue', "
    "'compliment', 'abuse', 'abuse_review', 'report', 'retention')"
)


def upgrade() -> None:
    """Make the tables; let notices be of them."""
    _cases()
    _clocks()
    _history()
    if op.get_context().dialect.name == "sqlite":
        _outbox_anew()
    else:
        op.drop_constraint(op.f("ck_outbox_kind"), "outbox", type_="check")
        op.create_check_constraint(op.f("ck_outbox_kind"), "outbox", _KINDS)


def downgrade() -> None:
    """Refuse: what a newer version wrote has no place in older tables."""
    raise StoreConflict("callcentre does not go back to an older schema; restore the backup made before the upgrade")


def _cases() -> None:
    op.create_table(
        "cases",
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("charter", sa.Text(), nullable=False),
        sa.Column("charter_version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("received_at", UtcTime(), nullable=False),
        sa.Column("opened_at", UtcTime(), nullable=False),
        sa.Column("opened_by", sa.Text(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("stage", sa.Integer(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text()),
        sa.Column("direct_dial", sa.Text()),
        sa.Column("caller", sa.Text()),
        sa.Column("name", sa.Text()),
        sa.Column("email", sa.Text()),
        sa.Column("address", sa.Text()),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("about", sa.Text()),
        sa.Column("task", sa.Integer()),
        sa.Column("call", sa.Text()),
        sa.Column("ack_due", UtcTime()),
        sa.Column("ack_act_by", UtcTime()),
        sa.Column("acknowledged_at", UtcTime()),
        sa.Column("answer_due", UtcTime()),
        sa.Column("answer_act_by", UtcTime()),
        sa.Column("answer_first_due", UtcTime()),
        sa.Column("answered_at", UtcTime()),
        sa.Column("agreed_at", UtcTime()),
        sa.Column("agreed_for", UtcTime()),
        sa.Column("agreed_from", sa.Text()),
        sa.Column("agreed_why", sa.Text(), nullable=False),
        sa.Column("update_days", sa.Integer()),
        sa.Column("update_due", UtcTime()),
        sa.Column("next_due", UtcTime()),
        sa.Column("next_act_by", UtcTime()),
        sa.Column("updated_at", UtcTime()),
        sa.Column("told_how_at", UtcTime()),
        sa.Column("outcome", sa.Text()),
        sa.Column("referred_to", sa.Text()),
        sa.Column("cause", sa.Text()),
        sa.Column("remedy", sa.Text()),
        sa.Column("remedied_at", UtcTime()),
        sa.Column("closed_at", UtcTime()),
        sa.Column("closed_by", sa.Text()),
        sa.CheckConstraint(
            "outcome IN ('resolved', 'not_upheld', 'outside_remit', 'acknowledged_only', 'withdrawn', 'duplicate', "
            "'passed_on')",
            name=op.f("ck_cases_outcome"),
        ),
        sa.CheckConstraint("state IN ('open', 'acknowledged', 'answered', 'closed')", name=op.f("ck_cases_state")),
        sa.CheckConstraint(
            "channel IN ('call', 'message', 'letter', 'fax', 'email', 'web', 'social', 'in_person')",
            name=op.f("ck_cases_channel"),
        ),
        sa.PrimaryKeyConstraint("pbx", "number", name=op.f("pk_cases")),
    )
    op.create_index("ix_cases_closed_at", "cases", ["closed_at"])
    op.create_index(
        "ix_cases_open",
        "cases",
        ["received_at", "pbx", "number"],
        sqlite_where=sa.text("state <> 'closed'"),
        postgresql_where=sa.text("state <> 'closed'"),
    )
    op.create_index(
        "ix_cases_pbx_caller",
        "cases",
        ["pbx", "caller"],
        sqlite_where=sa.text("caller IS NOT NULL"),
        postgresql_where=sa.text("caller IS NOT NULL"),
    )
    op.create_index(
        "ix_cases_pbx_task",
        "cases",
        ["pbx", "task"],
        sqlite_where=sa.text("task IS NOT NULL"),
        postgresql_where=sa.text("task IS NOT NULL"),
    )
    op.create_index("ix_cases_received_at_pbx_number", "cases", ["received_at", "pbx", "number"])


def _clocks() -> None:
    op.create_table(
        "case_clocks",
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("case_number", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("clock", sa.Text(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("charter", sa.Text(), nullable=False),
        sa.Column("charter_version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("stage", sa.Integer(), nullable=False),
        sa.Column("started_at", UtcTime(), nullable=False),
        sa.Column("due", UtcTime(), nullable=False),
        sa.Column("act_by", UtcTime(), nullable=False),
        sa.Column("due_reason", sa.Text(), nullable=False),
        sa.Column("met_at", UtcTime()),
        sa.Column("dropped_at", UtcTime()),
        sa.Column("alarms", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["pbx", "case_number"], ["cases.pbx", "cases.number"], name=op.f("fk_case_clocks_cases")
        ),
        sa.CheckConstraint("clock IN ('acknowledge', 'answer', 'agreed', 'update')", name=op.f("ck_case_clocks_clock")),
        sa.CheckConstraint(
            "channel IN ('call', 'message', 'letter', 'fax', 'email', 'web', 'social', 'in_person')",
            name=op.f("ck_case_clocks_channel"),
        ),
        sa.PrimaryKeyConstraint("pbx", "case_number", "seq", name=op.f("pk_case_clocks")),
    )
    op.create_index("ix_case_clocks_started_at_clock_kind", "case_clocks", ["started_at", "clock", "kind"])


def _history() -> None:
    op.create_table(
        "case_history",
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("case_number", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("request", sa.Text()),
        sa.CheckConstraint(
            "state IN ('open', 'acknowledged', 'answered', 'closed')", name=op.f("ck_case_history_state")
        ),
        sa.ForeignKeyConstraint(
            ["pbx", "case_number"], ["cases.pbx", "cases.number"], name=op.f("fk_case_history_cases")
        ),
        sa.CheckConstraint(
            "step IN ('opened', 'joined', 'noted', 'edited', 'assigned', 'acknowledged', 'agreed', "
            "'updated', 'answered', 'staged', 'told_how', 'caused', 'remedied', 'notified', "
            "'deadline_changed', 'warned', 'overdue', 'escalated', 'closed', 'reopened', 'erased')",
            name=op.f("ck_case_history_step"),
        ),
        sa.PrimaryKeyConstraint("pbx", "case_number", "seq", name=op.f("pk_case_history")),
    )
    op.create_index("ix_case_history_at", "case_history", ["at"])
    op.create_index(
        "ix_case_history_request",
        "case_history",
        ["pbx", "request"],
        unique=True,
        sqlite_where=sa.text("request IS NOT NULL"),
        postgresql_where=sa.text("request IS NOT NULL"),
    )


def _outbox_anew() -> None:
    """SQLite has no other way to change a CHECK; the rows keep their ids."""
    op.execute("CREATE TEMPORARY TABLE outbox_0006 AS SELECT * FROM outbox")
    op.drop_table("outbox")
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
        sa.CheckConstraint(_KINDS, name=op.f("ck_outbox_kind")),
        sa.CheckConstraint("state IN ('pending', 'sent', 'failed', 'nobody')", name=op.f("ck_outbox_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("pbx", "key", "contact", name=op.f("uq_outbox_pbx_key_contact")),
    )
    columns = (
        "id, pbx, key, contact, line, kind, at, title, text, task, state, tries, next_try_at, tried_at, sent_at, error"
    )
    op.execute(f"INSERT INTO outbox ({columns}) SELECT {columns} FROM outbox_0006")  # noqa: S608  names of ours
    op.execute("DROP TABLE outbox_0006")
    pending = sa.text("state = 'pending'")
    op.create_index(
        "ix_outbox_pending", "outbox", ["next_try_at", "id"], sqlite_where=pending, postgresql_where=pending
    )
