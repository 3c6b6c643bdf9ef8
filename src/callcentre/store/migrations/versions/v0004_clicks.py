"""Dials by a click, what agents say of calls, and what a task says of its caller; indexes for the pages that show them.

SQLite can change a CHECK only by making a table anew: the tables that refer to `tasks` go with it, and come back.
"""

import sqlalchemy as sa
from alembic import op

from callcentre.core.errors import StoreConflict
from callcentre.store.columns import UtcTime

revision = "0004"
down_revision = "0003"

_STATES = "'open', 'claimed', 'dialling', 'reached', 'unanswered', 'closed', 'reopened'"
_SOURCES = "source IN ('voicemail', 'abandoned', 'follow_up')"
_STEPS = (
    "step IN ('opened', 'message_joined', 'message_changed', 'heard', 'claimed', 'renewed', 'released', 'lapsed', "
    "'dialled', 'connected', 'not_connected', 'responded', 'got_through', 'number_typed', 'noted', 'dial_asked', "
    "'scheduled', 'flagged', 'assigned', 'undone', 'complaint', 'follow_up', 'deadline_changed', 'warned', 'overdue', "
    "'escalated', 'closed', 'reopened', 'erased')"
)
_FILINGS = (
    "pbx, key, task, line, left_at, due, act_by, due_reason, charter, charter_version, playable, heard_at, heard_by, "
    "responded_at, reached_at"
)
_HISTORY = "pbx, task, seq, at, who, step, why, state, request"
_TASKS = (
    "pbx, number, line, caller, source, state, opened_at, due, act_by, entries, dial, call, rests_in, holder, "
    "lease_until, attempts, last_attempt_at, responded_at, reached_at, got_through, got_through_at, alarms, outcome, "
    "closed_at, closed_by, in_time"
)


def upgrade() -> None:
    """Make the tables; widen what is there."""
    if op.get_context().dialect.name == "sqlite":
        _tasks_anew()
    else:
        for column in _new_columns():
            op.add_column("tasks", column)
        for table, name, words in (("tasks", "source", _SOURCES), ("task_history", "step", _STEPS)):
            op.drop_constraint(op.f(f"ck_{table}_{name}"), table, type_="check")
            op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, words)
    _index("tasks", "pbx", "caller")
    _partial_index("ix_tasks_pbx_dial", "tasks", ["pbx", "dial"], "dial IS NOT NULL")
    _partial_index("ix_tasks_closed", "tasks", ["closed_at", "pbx", "number"], "closed_at IS NOT NULL")
    _partial_index("ix_calls_pbx_caller", "calls", ["pbx", "caller"], "caller IS NOT NULL")
    _clicks()
    _wrap_ups()


def downgrade() -> None:
    """Refuse: what a newer version wrote has no place in older tables."""
    raise StoreConflict("callcentre does not go back to an older schema; restore the backup made before the upgrade")


def _new_columns() -> list[sa.Column[object]]:
    """What every task has from now on; the defaults are for the rows of before."""
    return [
        sa.Column("call_at", UtcTime()),
        sa.Column("language", sa.Text()),
        sa.Column("needs", sa.Text(), nullable=False, server_default=sa.text("'[]'")),
        sa.Column("resolved", sa.Boolean()),
        sa.Column("complaint", sa.Boolean(), nullable=False, server_default=sa.text("false")),
    ]


def _clicks() -> None:
    op.create_table(
        "clicks",
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("task", sa.Integer(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("telephone", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("asked_at", UtcTime(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("result", sa.Text()),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("overridden", sa.Boolean(), nullable=False),
        sa.Column("agent_up_at", UtcTime()),
        sa.Column("callout", sa.Text()),
        sa.Column("rang_at", UtcTime()),
        sa.Column("talking_at", UtcTime()),
        sa.Column("ended_at", UtcTime()),
        sa.CheckConstraint(
            "state IN ('wanted', 'ringing_agent', 'dialling', 'ringing_caller', 'talking', 'ended')",
            name=op.f("ck_clicks_state"),
        ),
        sa.CheckConstraint(
            "result IN ('connected', 'no_answer', 'busy', 'failed', 'agent_gone', 'refused', 'uncertain')",
            name=op.f("ck_clicks_result"),
        ),
        sa.PrimaryKeyConstraint("pbx", "key", name=op.f("pk_clicks")),
    )
    _index("clicks", "pbx", "task")
    _index("clicks", "asked_at", "pbx", "key")
    _partial_index("ix_clicks_open", "clicks", ["pbx", "key"], "ended_at IS NULL")


def _wrap_ups() -> None:
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
        sa.CheckConstraint("kind IN ('resolved', 'follow_up', 'complaint', 'abusive')", name=op.f("ck_wrap_ups_kind")),
        sa.PrimaryKeyConstraint("pbx", "uniqueid", "who", name=op.f("pk_wrap_ups")),
    )
    _index("wrap_ups", "at", "pbx", "uniqueid", "who")
    _index("wrap_ups", "pbx", "caller")


# --- SQLite ----------------------------------------------------------------------------------------------------------


def _tasks_anew() -> None:
    """Make tasks, filings and task_history anew; those that refer to tasks go first and come last."""
    columns = {"tasks": _TASKS, "filings": _FILINGS, "task_history": _HISTORY}
    for table in ("task_history", "filings", "tasks"):
        op.execute(f"CREATE TEMPORARY TABLE {table}_0003 AS SELECT * FROM {table}")  # noqa: S608  names of ours
        op.drop_table(table)
    _make_tasks()
    _make_filings()
    _make_history()
    for table, names in columns.items():
        op.execute(f"INSERT INTO {table} ({names}) SELECT {names} FROM {table}_0003")  # noqa: S608  names of ours
        op.execute(f"DROP TABLE {table}_0003")


def _make_tasks() -> None:
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
        *_new_columns(),
        sa.CheckConstraint(_SOURCES, name=op.f("ck_tasks_source")),
        sa.CheckConstraint(f"state IN ({_STATES})", name=op.f("ck_tasks_state")),
        sa.CheckConstraint(f"rests_in IN ({_STATES})", name=op.f("ck_tasks_rests_in")),
        sa.CheckConstraint(
            "outcome IN ('done', 'no_answer', 'wrong_number', 'got_through', 'duplicate', 'not_needed')",
            name=op.f("ck_tasks_outcome"),
        ),
        sa.PrimaryKeyConstraint("pbx", "number", name=op.f("pk_tasks")),
    )
    _index("tasks", "act_by", "pbx", "number")
    _partial_index("ix_tasks_open", "tasks", ["act_by", "pbx", "number"], "state <> 'closed'")


def _make_filings() -> None:
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
    _index("filings", "pbx", "task")
    _index("filings", "left_at", "line")


def _make_history() -> None:
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
    _partial_index(
        "ix_task_history_request", "task_history", ["pbx", "request", "task"], "request IS NOT NULL", unique=True
    )


def _index(table: str, *columns: str) -> None:
    op.create_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table, list(columns), unique=False)


def _partial_index(name: str, table: str, columns: list[str], where: str, *, unique: bool = False) -> None:
    op.create_index(name, table, columns, unique=unique, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
