"""What the queries of accounts give back. Frozen; times aware UTC."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from callcentre.store.results import Account


class Stage(StrEnum):
    """How far a log-in has come: OPEN is logged in, CODE still owes a TOTP code, SET_UP must set TOTP up first."""

    OPEN = "open"
    CODE = "code"
    SET_UP = "set_up"


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What an account proves itself with. `password` is argon2id's hash, None where there is none.

    `totp_new` is a TOTP secret that was shown and is not confirmed yet.
    """

    account: Account
    password: str | None
    totp: str | None
    totp_new: str | None
    created_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionSeen:
    """One session of an account, known by the hash of its cookie."""

    hash: str
    stage: Stage
    created_at: datetime
    seen_at: datetime
    address: str
    agent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiToken:
    """One token of an account, known by its hash. `created_by` is who made it; None: never expires, was never used."""

    hash: str
    user: str
    name: str
    scopes: frozenset[str]
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """Who did what, when, and from where; `id` rises with time."""

    id: int
    at: datetime
    who: str
    action: str
    what: str
    address: str
