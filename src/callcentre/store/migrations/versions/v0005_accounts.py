"""Accounts: who may log in, sessions, tokens of programs, recovery codes, and the audit log."""

import secrets

import sqlalchemy as sa
from alembic import op

from callcentre.core.errors import StoreConflict
from callcentre.store.columns import UtcTime

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Make the tables, and draw the secret that pages sign with."""
    op.create_table(
        "users",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("full_name", sa.Text(), nullable=False),
        sa.Column("telephone", sa.Text()),
        sa.Column("lines", sa.Text(), nullable=False),
        sa.Column("password", sa.Text()),
        sa.Column("totp", sa.Text()),
        sa.Column("totp_new", sa.Text()),
        sa.Column("totp_step", sa.Integer()),
        sa.Column("link", sa.Text()),
        sa.Column("link_until", UtcTime()),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("changed_at", UtcTime(), nullable=False),
        sa.CheckConstraint("role IN ('agent', 'supervisor', 'admin')", name=op.f("ck_users_role")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_users")),
        sa.UniqueConstraint("link", name=op.f("uq_users_link")),
    )
    _ways_in()
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.create_index(op.f("ix_audit_at_id"), "audit", ["at", "id"], unique=False)
    op.create_index(op.f("ix_audit_who_at"), "audit", ["who", "at"], unique=False)
    op.create_index(op.f("ix_audit_action_at"), "audit", ["action", "at"], unique=False)
    kept = sa.table("secrets", sa.column("name", sa.Text()), sa.column("value", sa.Text()))
    op.bulk_insert(kept, [{"name": "web", "value": secrets.token_hex(32)}])


def downgrade() -> None:
    """Refuse: what a newer version wrote has no place in older tables."""
    raise StoreConflict("callcentre does not go back to an older schema; restore the backup made before the upgrade")


def _ways_in() -> None:
    op.create_table(
        "sessions",
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("user", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("seen_at", UtcTime(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.CheckConstraint("stage IN ('open', 'code', 'set_up')", name=op.f("ck_sessions_stage")),
        sa.ForeignKeyConstraint(["user"], ["users.key"], name=op.f("fk_sessions_users"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_sessions")),
    )
    op.create_index(op.f("ix_sessions_user"), "sessions", ["user"], unique=False)
    op.create_index(op.f("ix_sessions_created_at"), "sessions", ["created_at"], unique=False)
    op.create_table(
        "api_tokens",
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("user", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("expires_at", UtcTime()),
        sa.Column("used_at", UtcTime()),
        sa.ForeignKeyConstraint(["user"], ["users.key"], name=op.f("fk_api_tokens_users"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_api_tokens")),
    )
    op.create_index(op.f("ix_api_tokens_user"), "api_tokens", ["user"], unique=False)
    op.create_table(
        "recovery_codes",
        sa.Column("user", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["user"], ["users.key"], name=op.f("fk_recovery_codes_users"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user", "hash", name=op.f("pk_recovery_codes")),
    )
