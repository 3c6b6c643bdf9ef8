"""When a message was acknowledged, where a charter promises that."""

import sqlalchemy as sa
from alembic import op

from callcentre.core.errors import StoreConflict
from callcentre.store.columns import UtcTime

revision = "0013"
down_revision = "0012"

_STEPS = (
    "step IN ('opened', 'message_joined', 'message_changed', 'heard', 'claimed', 'renewed', 'released', 'lapsed', "
    "'dialled', 'connected', 'not_connected', 'responded', 'got_through', 'number_typed', 'noted', 'dial_asked', "
    "'scheduled', 'flagged', 'assigned', 'undone', 'complaint', 'follow_up', 'acknowledged', 'deadline_changed', "
    "'warned', 'overdue', 'escalated', 'closed', 'reopened', 'erased')"
)
_STATES = "'open', 'claimed', 'dialling', 'reached', 'unanswered', 'closed', 'reopened'"


def upgrade() -> None:
    """Widen the tables; histories have a step more."""
    for table, column in (
        ("filings", sa.Column("ack_due", UtcTime())),
        ("filings", sa.Column("ack_act_by", UtcTime())),
        ("filings", sa.Column("ack_reason", sa.Text())),
        ("filings", sa.Column("acknowledged_at", UtcTime())),
        ("tasks", sa.Column("ack_due", UtcTime())),
        ("tasks", sa.Column("ack_act_by", UtcTime())),
    ):
        op.add_column(table, column)
    if op.get_context().dialect.name == "sqlite":
        _history_anew()
    else:
        op.drop_constraint(op.f("ck_task_history_step"), "task_history", type_="check")
        op.create_check_constraint(op.f("ck_task_history_step"), "task_history", _STEPS)


def downgrade() -> None:
    """Refuse: what a newer version wrote has no place in older tables."""
    raise StoreConflict("callcentre does not go back to an older schema; restore the backup made before the upgrade")


def _history_anew() -> None:
    """SQLite has no other way to change a CHECK."""
    op.execute("CREATE TEMPORARY TABLE task_history_0012 AS SELECT * FROM task_history")
    op.drop_table("task_history")
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
        sa.CheckConstraint(_STEPS, name=op.f("ck_task_history_step")),
        sa.CheckConstraint(f"state IN ({_STATES})", name=op.f("ck_task_history_state")),
        sa.ForeignKeyConstraint(["pbx", "task"], ["tasks.pbx", "tasks.number"], name=op.f("fk_task_history_tasks")),
        sa.PrimaryKeyConstraint("pbx", "task", "seq", name=op.f("pk_task_history")),
    )
    columns = "pbx, task, seq, at, who, step, why, state, request"
    rows = f"SELECT {columns} FROM task_history_0012"  # noqa: S608  names of ours
    op.execute(f"INSERT INTO task_history ({columns}) {rows}")
    op.execute("DROP TABLE task_history_0012")
    op.create_index(
        "ix_task_history_request",
        "task_history",
        ["pbx", "request", "task"],
        unique=True,
        sqlite_where=sa.text("request IS NOT NULL"),
        postgresql_where=sa.text("request IS NOT NULL"),
    )
