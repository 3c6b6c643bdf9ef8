"""Rows of accounts as values, and names in one spelling."""

import json
import unicodedata
from collections.abc import Iterable

from callcentre.store.account_results import ApiToken, AuditEntry, Credentials, SessionSeen, Stage
from callcentre.store.callback_rows import storable
from callcentre.store.reader import AnyRow
from callcentre.store.results import Account, Role


def key_of(name: str) -> str:
    """The spelling of a name that accounts are told apart by."""
    return unicodedata.normalize("NFKC", storable(name)).casefold().strip()


def words(some: Iterable[str]) -> str:
    """Words as a column holds them."""
    return json.dumps(sorted(some), ensure_ascii=False)


def account(row: AnyRow) -> Account:
    """The account of a row of `users`."""
    return Account(
        name=row.name,
        role=Role(row.role),
        full_name=row.full_name,
        telephone=row.telephone,
        lines=frozenset(json.loads(row.lines)),
        totp=row.totp is not None,
        disabled=bool(row.disabled),
    )


def credentials(row: AnyRow) -> Credentials:
    """The credentials of a row of `users`."""
    return Credentials(
        account=account(row),
        password=row.password,
        totp=row.totp,
        totp_new=row.totp_new,
        created_at=row.created_at,
        changed_at=row.changed_at,
    )


def session(row: AnyRow) -> SessionSeen:
    """The session of a row of `sessions`."""
    return SessionSeen(
        hash=row.hash,
        stage=Stage(row.stage),
        created_at=row.begun_at,
        seen_at=row.seen_at,
        address=row.address,
        agent=row.agent,
    )


def token(row: AnyRow) -> ApiToken:
    """The token of a row of `api_tokens`, read together with its account."""
    return ApiToken(
        hash=row.hash,
        user=row.name,
        name=row.token,
        scopes=frozenset(json.loads(row.scopes)),
        created_by=row.created_by,
        created_at=row.made_at,
        expires_at=row.expires_at,
        used_at=row.used_at,
    )


def entry(row: AnyRow) -> AuditEntry:
    """The entry of a row of `audit`."""
    return AuditEntry(id=row.id, at=row.at, who=row.who, action=row.action, what=row.what, address=row.address)
