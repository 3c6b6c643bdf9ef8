"""The first tables: calls with their attempts and visits, menus, gaps, boots, attendance, messages, progress."""

import sqlalchemy as sa
from alembic import op

from callcentre.core.errors import StoreConflict
from callcentre.store.tables import UtcTime

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    _calls()
    _pbx()
    _messages()


def downgrade() -> None:
    """Refuse: what a newer version wrote has no place in older tables."""
    raise StoreConflict("callcentre does not go back to an older schema; restore the backup made before the upgrade")


def _calls() -> None:
    op.create_table(
        "calls",
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("uniqueid", sa.Text(), nullable=False),
        sa.Column("linkedid", sa.Text(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("did", sa.Text()),
        sa.Column("caller", sa.Text()),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("offered_at", UtcTime(), nullable=False),
        sa.Column("first_ring_at", UtcTime()),
        sa.Column("answered_at", UtcTime()),
        sa.Column("ended_at", UtcTime()),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("wait_seconds", sa.Double()),
        sa.Column("ring_seconds", sa.Double()),
        sa.Column("rings", sa.Integer()),
        sa.Column("talk_seconds", sa.Double()),
        sa.Column("answered_by", sa.Text()),
        sa.Column("within_seconds", sa.Boolean()),
        sa.Column("within_rings", sa.Boolean()),
        sa.Column("hours", sa.Text(), nullable=False),
        sa.Column("quality", sa.Text(), nullable=False),
        sa.Column("charter", sa.Text(), nullable=False),
        sa.Column("charter_version", sa.Integer(), nullable=False),
        sa.CheckConstraint("hours IN ('core', 'closed')", name=op.f("ck_calls_hours")),
        sa.CheckConstraint("origin IN ('external', 'internal')", name=op.f("ck_calls_origin")),
        sa.CheckConstraint(
            "outcome IN ('answered', 'voicemail', 'voicemail_empty', 'overflowed', 'closed', 'refused', "
            "'short_abandoned', 'abandoned', 'lost', 'in_progress')",
            name=op.f("ck_calls_outcome"),
        ),
        sa.CheckConstraint("quality IN ('complete', 'partial', 'inferred')", name=op.f("ck_calls_quality")),
        sa.PrimaryKeyConstraint("pbx", "uniqueid", name=op.f("pk_calls")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_calls_offered_at_line"), "calls", ["offered_at", "line"], unique=False)
    op.create_index(
        "ix_calls_undecided",
        "calls",
        ["pbx", "uniqueid"],
        unique=False,
        sqlite_where=sa.text("outcome IN ('in_progress', 'lost')"),
        postgresql_where=sa.text("outcome IN ('in_progress', 'lost')"),
    )
    op.create_table(
        "ring_attempts",
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("uniqueid", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("interface", sa.Text(), nullable=False),
        sa.Column("begun_at", UtcTime(), nullable=False),
        sa.Column("ring_start", UtcTime()),
        sa.Column("ring_end", UtcTime()),
        sa.Column("result", sa.Text()),
        sa.Column("after_answer", sa.Boolean(), nullable=False),
        sa.Column("progress_only", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "result IN ('answered', 'cancelled', 'rang_out', 'busy', 'unreachable', 'forwarded', 'picked_up', 'lost')",
            name=op.f("ck_ring_attempts_result"),
        ),
        sa.ForeignKeyConstraint(
            ["pbx", "uniqueid"],
            ["calls.pbx", "calls.uniqueid"],
            name=op.f("fk_ring_attempts_calls"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("pbx", "uniqueid", "seq", name=op.f("pk_ring_attempts")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "visits",
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("uniqueid", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("enter", UtcTime(), nullable=False),
        sa.Column("leave", UtcTime()),
        sa.Column("result", sa.Text()),
        sa.Column("after_answer", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "result IN ('answered', 'abandoned', 'timeout', 'empty', 'exit_key', 'lost')",
            name=op.f("ck_visits_result"),
        ),
        sa.ForeignKeyConstraint(
            ["pbx", "uniqueid"], ["calls.pbx", "calls.uniqueid"], name=op.f("fk_visits_calls"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("pbx", "uniqueid", "seq", name=op.f("pk_visits")),
        sqlite_with_rowid=False,
    )


def _pbx() -> None:
    op.create_table(
        "menu_abandons",
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("uniqueid", sa.Text(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("pbx", "uniqueid", name=op.f("pk_menu_abandons")),
    )
    op.create_table(
        "gaps",
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("opened_at", UtcTime(), nullable=False),
        sa.Column("closed_at", UtcTime()),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("pbx", "opened_at", name=op.f("pk_gaps")),
    )
    op.create_table(
        "boots",
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("booted_at", UtcTime(), nullable=False),
        sa.Column("seen_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("pbx", "booted_at", name=op.f("pk_boots")),
    )
    op.create_table(
        "attendance",
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("core", sa.Boolean(), nullable=False),
        sa.CheckConstraint("state IN ('attended', 'unattended', 'unknown')", name=op.f("ck_attendance_state")),
        sa.PrimaryKeyConstraint("pbx", "line", "at", name=op.f("pk_attendance")),
    )


def _messages() -> None:
    op.create_table(
        "messages",
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("mailbox", sa.Text(), nullable=False),
        sa.Column("msg_id", sa.Text()),
        sa.Column("uniqueid", sa.Text()),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("caller", sa.Text()),
        sa.Column("left_at", UtcTime(), nullable=False),
        sa.Column("duration", sa.Integer()),
        sa.Column("due", UtcTime()),
        sa.Column("act_by", UtcTime()),
        sa.Column("due_reason", sa.Text(), nullable=False),
        sa.Column("quality", sa.Text(), nullable=False),
        sa.CheckConstraint("quality IN ('complete', 'partial', 'inferred')", name=op.f("ck_messages_quality")),
        sa.PrimaryKeyConstraint("pbx", "key", name=op.f("pk_messages")),
    )
    op.create_index(op.f("ix_messages_line_left_at"), "messages", ["line", "left_at"], unique=False)
    op.create_table(
        "progress",
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("last_fact_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("pbx", name=op.f("pk_progress")),
    )
