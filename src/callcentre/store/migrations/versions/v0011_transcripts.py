"""Drafts of what voicemails say."""

import sqlalchemy as sa
from alembic import op

from callcentre.core.errors import StoreConflict
from callcentre.store.columns import UtcTime

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "transcripts",
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("made_at", UtcTime(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("seconds", sa.Double()),
        sa.Column("why", sa.Text(), nullable=False),
        sa.CheckConstraint("state IN ('trying', 'made', 'failed')", name=op.f("ck_transcripts_state")),
        sa.ForeignKeyConstraint(
            ["pbx", "key"],
            ["messages.pbx", "messages.key"],
            name=op.f("fk_transcripts_messages"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("pbx", "key", name=op.f("pk_transcripts")),
    )


def downgrade() -> None:
    """Refuse: what a newer version wrote has no place in older tables."""
    raise StoreConflict("callcentre does not go back to an older schema; restore the backup made before the upgrade")
