"""How recorded messages, mailboxes and first contact stood, day by day."""

import sqlalchemy as sa
from alembic import op

from callcentre.core.errors import StoreConflict
from callcentre.store.columns import UtcTime

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "standings",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("since", UtcTime(), nullable=False),
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("good", sa.Integer(), nullable=False),
        sa.Column("bad", sa.Integer(), nullable=False),
        sa.Column("unknown", sa.Integer(), nullable=False),
        sa.CheckConstraint("kind IN ('greetings', 'mailboxes', 'first_contact')", name=op.f("ck_standings_kind")),
        sa.PrimaryKeyConstraint("kind", "since", "pbx", "line", "what", name=op.f("pk_standings")),
    )
    op.create_index(op.f("ix_standings_since"), "standings", ["since"])


def downgrade() -> None:
    """Refuse: what a newer version wrote has no place in older tables."""
    raise StoreConflict("callcentre does not go back to an older schema; restore the backup made before the upgrade")
