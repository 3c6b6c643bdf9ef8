"""Sessions and API tokens: both known by the hash of a secret that only the browser or the program has."""

from datetime import datetime

from sqlalchemy import select

from callcentre.store import account_rows as rows
from callcentre.store.account_results import ApiToken, SessionSeen
from callcentre.store.account_rows import key_of
from callcentre.store.account_tables import api_tokens, sessions, users
from callcentre.store.accounts import AccountStore
from callcentre.store.callback_rows import storable
from callcentre.store.reader import PAGE
from callcentre.store.results import Account

_SESSION = (
    sessions.c.hash,
    sessions.c.stage,
    sessions.c.created_at.label("begun_at"),
    sessions.c.seen_at,
    sessions.c.address,
    sessions.c.agent,
)
_TOKEN = (
    api_tokens.c.hash,
    api_tokens.c.name.label("token"),
    api_tokens.c.scopes,
    api_tokens.c.created_by,
    api_tokens.c.created_at.label("made_at"),
    api_tokens.c.expires_at,
    api_tokens.c.used_at,
)


class Sessions(AccountStore):
    """What keeps people logged in. Raises StoreUnavailable, StoreConflict."""

    async def find(self, hash: str) -> tuple[SessionSeen, Account] | None:  # noqa: A002  the column's name
        """The session of this hash with its account, whether or not it is too old or the account disabled."""
        query = select(*_SESSION, users).join(users, users.c.key == sessions.c.user).where(sessions.c.hash == hash)
        found = await self._rows(query)
        return (rows.session(found[0]), rows.account(found[0])) if found else None

    async def of(self, name: str) -> list[SessionSeen]:
        """The sessions of an account (at most 1,000), the last seen first; some may be too old to be of use."""
        query = select(*_SESSION).where(sessions.c.user == key_of(name)).order_by(sessions.c.seen_at.desc()).limit(PAGE)
        return [rows.session(row) for row in await self._rows(query)]

    async def begin(self, name: str, session: SessionSeen, *, instead_of: str | None, before: datetime) -> None:
        """Store a new session of `name`, in the place of another; those begun `before` are removed, whosever.

        Nothing is stored for an account that is not there or disabled.
        """
        key, when = key_of(name), self._when
        await self._change(
            ("SELECT key FROM users WHERE key = ? AND NOT disabled", (key,)),
            ("DELETE FROM sessions WHERE hash = ? OR created_at < ?", (instead_of or "", when(before))),
            (
                (
                    'INSERT INTO sessions (hash, "user", stage, created_at, seen_at, address, agent) '
                    "VALUES (?, ?, ?, ?, ?, ?, ?)"
                ),
                (
                    session.hash,
                    key,
                    str(session.stage),
                    when(session.created_at),
                    when(session.seen_at),
                    storable(session.address),
                    storable(session.agent),
                ),
            ),
        )

    async def seen(self, hash: str, at: datetime, address: str) -> None:  # noqa: A002  the column's name
        """Note that a session was used."""
        await self._change(
            (
                "UPDATE sessions SET seen_at = ?, address = ? WHERE hash = ? RETURNING hash",
                (self._when(at), storable(address), hash),
            )
        )

    async def end(self, name: str, hash: str) -> bool:  # noqa: A002  the column's name
        """End a session of this account; False if it has none such."""
        return await self._change(
            ('DELETE FROM sessions WHERE hash = ? AND "user" = ? RETURNING hash', (hash, key_of(name)))
        )

    async def end_all(self, name: str, *, but: str = "") -> bool:
        """End all sessions of an account, save the one of the hash `but`; False if there was none."""
        return await self._change(
            ('DELETE FROM sessions WHERE "user" = ? AND hash <> ? RETURNING hash', (key_of(name), but))
        )


class Tokens(AccountStore):
    """What lets programs in. Raises StoreUnavailable, StoreConflict."""

    async def find(self, hash: str) -> tuple[ApiToken, Account] | None:  # noqa: A002  the column's name
        """The token of this hash with its account, whether or not it has expired or the account is disabled."""
        query = select(*_TOKEN, users).join(users, users.c.key == api_tokens.c.user).where(api_tokens.c.hash == hash)
        found = await self._rows(query)
        return (rows.token(found[0]), rows.account(found[0])) if found else None

    async def all(self) -> list[ApiToken]:
        """All tokens (at most 1,000), by account and name."""
        joined = select(*_TOKEN, users).join(users, users.c.key == api_tokens.c.user)
        query = joined.order_by(users.c.key, api_tokens.c.name, api_tokens.c.hash).limit(PAGE)
        return [rows.token(row) for row in await self._rows(query)]

    async def add(self, token: ApiToken) -> bool:
        """Store a token; False if there is no such account."""
        key, when = key_of(token.user), self._when
        return await self._change(
            ("SELECT key FROM users WHERE key = ?", (key,)),
            (
                (
                    'INSERT INTO api_tokens (hash, "user", name, scopes, created_by, created_at, expires_at) '
                    "VALUES (?, ?, ?, ?, ?, ?, ?)"
                ),
                (
                    token.hash,
                    key,
                    storable(token.name),
                    rows.words(token.scopes),
                    storable(token.created_by),
                    when(token.created_at),
                    when(token.expires_at),
                ),
            ),
        )

    async def used(self, hash: str, at: datetime) -> None:  # noqa: A002  the column's name
        """Note that a token was used."""
        await self._change(("UPDATE api_tokens SET used_at = ? WHERE hash = ? RETURNING hash", (self._when(at), hash)))

    async def remove(self, hash: str) -> bool:  # noqa: A002  the column's name
        """Take a token back; False if there is none such."""
        return await self._change(("DELETE FROM api_tokens WHERE hash = ? RETURNING hash", (hash,)))
