"""The tables of accounts: who may log in, what keeps them logged in, and who did what.

All are tables of `store.tables`. No password, link, code or token is in them, only hashes; the one secret that has to
be kept as it is, a TOTP secret, is worth nothing without the password.
"""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, Table, Text

from callcentre.store.account_results import Stage
from callcentre.store.columns import UtcTime, metadata, one_of
from callcentre.store.results import Role

users = Table(
    "users",
    metadata,
    # The name in one spelling (account_rows.key_of): who logs in may write it in any case.
    Column("key", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("full_name", Text, nullable=False),
    Column("telephone", Text),
    # A JSON list of names of lines.
    Column("lines", Text, nullable=False),
    # argon2id; NULL: cannot log in with a password.
    Column("password", Text),
    Column("totp", Text),
    # The secret that was shown and not confirmed by a code yet.
    Column("totp_new", Text),
    # The time step of the last code that was used: no code is taken twice.
    Column("totp_step", Integer),
    # A one-time link to set a password with.
    Column("link", Text, unique=True),
    Column("link_until", UtcTime),
    Column("disabled", Boolean, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    # When password, role, TOTP or `disabled` changed last; the sessions of before are gone.
    Column("changed_at", UtcTime, nullable=False),
    one_of("role", Role),
)

sessions = Table(
    "sessions",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("user", Text, ForeignKey("users.key", ondelete="CASCADE"), nullable=False),
    Column("stage", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("seen_at", UtcTime, nullable=False),
    Column("address", Text, nullable=False),
    Column("agent", Text, nullable=False),
    one_of("stage", Stage),
    Index(None, "user"),
    Index(None, "created_at"),
)

api_tokens = Table(
    "api_tokens",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("user", Text, ForeignKey("users.key", ondelete="CASCADE"), nullable=False),
    Column("name", Text, nullable=False),
    # A JSON list of words.
    Column("scopes", Text, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime),
    Column("used_at", UtcTime),
    Index(None, "user"),
)

recovery_codes = Table(
    "recovery_codes",
    metadata,
    Column("user", Text, ForeignKey("users.key", ondelete="CASCADE"), primary_key=True),
    Column("hash", Text, primary_key=True),
)

# Refers to no account: what somebody did is kept when their account is gone.
audit = Table(
    "audit",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("at", UtcTime, nullable=False),
    Column("who", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("address", Text, nullable=False),
    Index(None, "at", "id"),
    Index(None, "who", "at"),
    Index(None, "action", "at"),
)
