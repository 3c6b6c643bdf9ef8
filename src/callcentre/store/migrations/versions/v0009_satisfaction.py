"""What callers answered when they were asked how it was; agents may say that a call was not resolved."""

import sqlalchemy as sa
from alembic import op

from callcentre.core.errors import StoreConflict
from callcentre.store.columns import UtcTime

revision = "0009"
down_revision = "0008"


_KINDS = "kind IN ('resolved', 'unresolved', 'follow_up', 'complaint', 'abusive')"


def upgrade() -> None:
    """Make the table; let wrap-ups be of one kind more."""
    op.create_table(
        "satisfaction",
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("uniqueid", sa.Text(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("asked_at", UtcTime(), nullable=False),
        sa.Column("answered_at", UtcTime()),
        sa.Column("answer", sa.Integer()),
        sa.Column("telephone", sa.Text()),
        sa.CheckConstraint("answer BETWEEN 1 AND 5", name=op.f("ck_satisfaction_answer")),
        sa.PrimaryKeyConstraint("pbx", "uniqueid", name=op.f("pk_satisfaction")),
    )
    columns = ["asked_at", "line"]
    op.create_index(op.f("ix_satisfaction_asked_at_line"), "satisfaction", columns, unique=False)
    if op.get_context().dialect.name == "sqlite":
        _wrap_ups_anew()
    else:
        op.drop_constraint(op.f("ck_wrap_ups_kind"), "wrap_ups", type_="check")
        op.create_check_constraint(op.f("ck_wrap_ups_kind"), "wrap_ups", _KINDS)


def downgrade() -> None:
    """Refuse: what a newer version wrote has no place in older tables."""
    raise StoreConflict("callcentre does not go back to an older schema; restore the backup made before the upgrade")


def _wrap_ups_anew() -> None:
    """SQLite has no other way to change a CHECK."""
    op.execute("CREATE TEMPORARY TABLE wrap_ups_0008 AS SELECT * FROM wrap_ups")
    op.drop_table("wrap_ups")
    op.create_table(
        "wrap_ups",
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("uniqueid", sa.Text(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("caller", sa.Text()),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("task", sa.Integer()),
        sa.CheckConstraint(_KINDS, name=op.f("ck_wrap_ups_kind")),
        sa.PrimaryKeyConstraint("pbx", "uniqueid", "who", name=op.f("pk_wrap_ups")),
    )
    columns = "pbx, uniqueid, who, at, line, caller, kind, why, task"
    op.execute(f"INSERT INTO wrap_ups ({columns}) SELECT {columns} FROM wrap_ups_0008")  # noqa: S608  names of ours
    op.execute("DROP TABLE wrap_ups_0008")
    op.create_index(op.f("ix_wrap_ups_at_pbx_uniqueid_who"), "wrap_ups", ["at", "pbx", "uniqueid", "who"], unique=False)
    op.create_index(op.f("ix_wrap_ups_pbx_caller"), "wrap_ups", ["pbx", "caller"], unique=False)
