"""Recorded messages: how each was found last, and who signed off its wording; people are told of them."""

import sqlalchemy as sa
from alembic import op

from callcentre.core.errors import StoreConflict
from callcentre.store.columns import UtcTime

revision = "0006"
down_revision = "0005"

_KINDS = (
    "kind IN ('warning', 'overdue', 'escalation', 'backlog', 'unnamed_mailbox', 'mailbox', 'test', 'unattended', "
    "'still_unattended', 'recovered', 'cover', 'action_refused', 'greeting')"
)


def upgrade() -> None:
    """Make the tables; let notices be of greetings."""
    op.create_table(
        "greetings",
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("stem", sa.Text(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("standing", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("pbx", "place", "stem", name=op.f("pk_greetings")),
    )
    op.create_table(
        "greeting_sign_offs",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("stem", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("wording", sa.Text(), nullable=False),
        sa.Column("review_on", sa.Text(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_greeting_sign_offs")),
    )
    columns = ["pbx", "place", "stem", "id"]
    op.create_index(op.f("ix_greeting_sign_offs_pbx_place_stem_id"), "greeting_sign_offs", columns, unique=False)
    if op.get_context().dialect.name == "sqlite":
        _outbox_anew()
    else:
        op.drop_constraint(op.f("ck_outbox_kind"), "outbox", type_="check")
        op.create_check_constraint(op.f("ck_outbox_kind"), "outbox", _KINDS)


def downgrade() -> None:
    """Refuse: what a newer version wrote has no place in older tables."""
    raise StoreConflict("callcentre does not go back to an older schema; restore the backup made before the upgrade")


def _outbox_anew() -> None:
    """SQLite has no other way to change a CHECK; the rows keep their ids."""
    op.execute("CREATE TEMPORARY TABLE outbox_0005 AS SELECT * FROM outbox")
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
    op.execute(f"INSERT INTO outbox ({columns}) SELECT {columns} FROM outbox_0005")  # noqa: S608  names of ours
    op.execute("DROP TABLE outbox_0005")
    pending = sa.text("state = 'pending'")
    op.create_index(
        "ix_outbox_pending", "outbox", ["next_try_at", "id"], sqlite_where=pending, postgresql_where=pending
    )
