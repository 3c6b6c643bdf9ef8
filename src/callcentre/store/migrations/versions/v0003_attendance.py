"""Attendance: who is why, how many are there, breaches with their steps, and the notices about them."""

import sqlalchemy as sa
from alembic import op

from callcentre.core.errors import StoreConflict
from callcentre.store.columns import UtcTime

revision = "0003"
down_revision = "0002"

_KINDS = (
    "kind IN ('warning', 'overdue', 'escalation', 'backlog', 'unnamed_mailbox', 'mailbox', 'test', 'unattended', "
    "'still_unattended', 'recovered', 'cover', 'action_refused')"
)


def upgrade() -> None:
    """Make the tables; widen what is there."""
    # The default is for the rows of before: of those it is not known who.
    op.add_column("attendance", sa.Column("who", sa.Text(), nullable=False, server_default=sa.text("'[]'")))
    _presence()
    _breaches()
    if op.get_context().dialect.name == "sqlite":
        _outbox_anew()
    else:
        op.drop_constraint(op.f("ck_outbox_kind"), "outbox", type_="check")
        op.create_check_constraint(op.f("ck_outbox_kind"), "outbox", _KINDS)


def downgrade() -> None:
    """Refuse: what a newer version wrote has no place in older tables."""
    raise StoreConflict("callcentre does not go back to an older schema; restore the backup made before the upgrade")


def _presence() -> None:
    op.create_table(
        "presence",
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("there", sa.Integer()),
        sa.PrimaryKeyConstraint("pbx", "line", "at", name=op.f("pk_presence")),
    )


def _breaches() -> None:
    op.create_table(
        "breaches",
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("since", UtcTime(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("unattended_at", UtcTime()),
        sa.Column("alarmed_at", UtcTime()),
        sa.Column("asked_by", sa.Text()),
        sa.Column("told", sa.Text(), nullable=False),
        sa.Column("waiting", sa.Integer(), nullable=False),
        sa.Column("steps", sa.Integer(), nullable=False),
        sa.Column("ended_at", UtcTime()),
        sa.Column("end", sa.Text()),
        sa.CheckConstraint("mode IN ('observe', 'enforce')", name=op.f("ck_breaches_mode")),
        sa.CheckConstraint(
            "\"end\" IN ('recovered', 'closed_hours', 'not_needed')",
            name=op.f("ck_breaches_end"),
        ),
        sa.PrimaryKeyConstraint("pbx", "line", "since", name=op.f("pk_breaches")),
    )
    op.create_index(op.f("ix_breaches_since_pbx_line"), "breaches", ["since", "pbx", "line"], unique=False)
    _partial_index("ix_breaches_open", "breaches", ["pbx", "line", "since"], "ended_at IS NULL")
    op.create_table(
        "breach_steps",
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("since", UtcTime(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("undoes", sa.Integer()),
        sa.Column("settled_at", UtcTime()),
        sa.CheckConstraint(
            "action IN ('unpause', 'add_standby', 'divert', 'ring_supervisor', 'remove_standby', 'undivert')",
            name=op.f("ck_breach_steps_action"),
        ),
        sa.CheckConstraint(
            "result IN ('wanted', 'done', 'already', 'refused', 'failed', 'uncertain', 'observed', 'held_back')",
            name=op.f("ck_breach_steps_result"),
        ),
        sa.ForeignKeyConstraint(
            ["pbx", "line", "since"],
            ["breaches.pbx", "breaches.line", "breaches.since"],
            name=op.f("fk_breach_steps_breaches"),
        ),
        sa.PrimaryKeyConstraint("pbx", "line", "since", "seq", name=op.f("pk_breach_steps")),
    )
    op.create_index(op.f("ix_breach_steps_at"), "breach_steps", ["at"], unique=False)
    _partial_index(
        "ix_breach_steps_to_undo",
        "breach_steps",
        ["pbx", "line", "since", "seq"],
        "undoes IS NOT NULL AND result IN ('wanted', 'failed')",
    )


def _outbox_anew() -> None:
    """SQLite has no other way to change a CHECK; the rows keep their ids."""
    op.execute("CREATE TEMPORARY TABLE outbox_0002 AS SELECT * FROM outbox")
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
    op.execute(f"INSERT INTO outbox ({columns}) SELECT {columns} FROM outbox_0002")  # noqa: S608  names of ours
    op.execute("DROP TABLE outbox_0002")
    _partial_index("ix_outbox_pending", "outbox", ["next_try_at", "id"], "state = 'pending'")


def _partial_index(name: str, table: str, columns: list[str], where: str) -> None:
    op.create_index(name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
