"""Data protection: legal holds, what callers agreed to, and what was removed when."""

import sqlalchemy as sa
from alembic import op

from callcentre.core.errors import StoreConflict
from callcentre.store.columns import UtcTime

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Make the tables; how to speak with a caller is from now on noted with their agreement, and for a time."""
    op.create_table(
        "legal_holds",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("number", sa.Text()),
        sa.Column("case_number", sa.Integer()),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("until", UtcTime()),
        sa.Column("lifted_at", UtcTime()),
        sa.Column("lifted_by", sa.Text()),
        sa.Column("lifted_why", sa.Text()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legal_holds")),
    )
    op.create_table(
        "erasures",
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("counts", sa.Text(), nullable=False),
        sa.Column("messages", sa.Text(), nullable=False),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("request", "pbx", name=op.f("pk_erasures")),
    )
    op.create_index(op.f("ix_erasures_at"), "erasures", ["at"])
    op.create_table(
        "erased_cases",
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("pbx", "number", name=op.f("pk_erased_cases")),
    )
    op.create_table(
        "retention_runs",
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("applied", sa.Boolean(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("kept", sa.Integer(), nullable=False),
        sa.Column("oldest", UtcTime()),
        sa.Column("who", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("at", "kind", name=op.f("pk_retention_runs")),
    )
    for column in (
        sa.Column("flags_by", sa.Text()),
        sa.Column("flags_at", UtcTime()),
        sa.Column("flags_until", UtcTime()),
    ):
        op.add_column("tasks", column)
    # Nobody wrote down that these callers agreed. They can be asked again, and then it is noted.
    op.execute("UPDATE tasks SET language = NULL, needs = '[]' WHERE language IS NOT NULL OR needs <> '[]'")
    op.execute("UPDATE task_history SET why = 'noted before agreement was asked for' WHERE step = 'flagged'")


def downgrade() -> None:
    """Refuse: what a newer version wrote has no place in older tables."""
    raise StoreConflict("callcentre does not go back to an older schema; restore the backup made before the upgrade")
