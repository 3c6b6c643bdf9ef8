"""Incidents with abusive callers: the warning, the end of the call, and what became of the mark."""

import sqlalchemy as sa
from alembic import op

from callcentre.core.errors import StoreConflict
from callcentre.store.columns import UtcTime

revision = "0008"
down_revision = "0007"

_STATES = "state IN ('warning', 'not_warned', 'warned', 'ending', 'not_ended', 'ended', 'said')"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "abuse_incidents",
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("uniqueid", sa.Text(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("caller", sa.Text()),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("telephone", sa.Text(), nullable=False),
        sa.Column("how", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("expires_at", UtcTime(), nullable=False),
        sa.Column("review_due", UtcTime(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("warned_at", UtcTime()),
        sa.Column("ended_at", UtcTime()),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("reviewed_at", UtcTime()),
        sa.Column("reviewed_by", sa.Text()),
        sa.Column("review", sa.Text()),
        sa.Column("notified", sa.Boolean(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.CheckConstraint("how IN ('code', 'button', 'wrap_up')", name=op.f("ck_abuse_incidents_how")),
        sa.CheckConstraint(_STATES, name=op.f("ck_abuse_incidents_state")),
        sa.CheckConstraint("review IN ('kept', 'withdrawn')", name=op.f("ck_abuse_incidents_review")),
        sa.PrimaryKeyConstraint("pbx", "uniqueid", name=op.f("pk_abuse_incidents")),
    )
    named = op.f("ix_abuse_incidents_caller_expires_at")
    op.create_index(named, "abuse_incidents", ["caller", "expires_at"], unique=False)
    op.create_index(op.f("ix_abuse_incidents_at"), "abuse_incidents", ["at"], unique=False)


def downgrade() -> None:
    """Refuse: what a newer version wrote has no place in older tables."""
    raise StoreConflict("callcentre does not go back to an older schema; restore the backup made before the upgrade")
