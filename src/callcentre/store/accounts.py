"""Accounts: who may log in, with what role, and what they prove it with.

Each write is one transaction in the writer's thread. What changes who may do what ends the account's sessions in the
same transaction, so that nobody goes on with yesterday's rights.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Final

from sqlalchemy import func, select

from callcentre.store import account_rows as rows
from callcentre.store.account_results import Credentials
from callcentre.store.account_rows import key_of
from callcentre.store.account_tables import recovery_codes, users
from callcentre.store.callback_rows import storable
from callcentre.store.reader import PAGE, Reader, Readers
from callcentre.store.results import Account, Role
from callcentre.store.statements import Cursor, Dialect
from callcentre.store.tables import secrets
from callcentre.store.writer import Writer

# Somebody else who can let people in again.
_ANOTHER_ADMIN: Final = (
    "EXISTS (SELECT 1 FROM users AS u WHERE u.key <> users.key AND u.role = 'admin' AND NOT u.disabled)"
)
_END_SESSIONS: Final = 'DELETE FROM sessions WHERE "user" = ?'


class AccountStore(Reader):
    """What the rooms of accounts share: reading by pages, writing through the one writer."""

    def __init__(self, writer: Writer, dialect: Dialect, readers: Readers) -> None:
        super().__init__(readers)
        self._writer = writer
        self._dialect = dialect

    async def _change(self, *steps: tuple[str, tuple[object, ...]]) -> bool:
        """Carry out `steps` in one transaction, if the first gives back a row; return whether it did."""

        def work(cursor: Cursor) -> bool:
            for number, (statement, values) in enumerate(steps):
                self._dialect.say(cursor, statement, *values)
                if number == 0 and not cursor.fetchall():
                    return False
            return True

        return await self._writer.transact(work)

    def _when(self, at: datetime | None) -> object:
        return None if at is None else self._dialect.form.when(at)


class Accounts(AccountStore):
    """Accounts and their credentials. Names may be given in any case. Raises StoreUnavailable, StoreConflict."""

    # --- reads -----------------------------------------------------------------------------------------------------

    async def any(self) -> bool:
        """Whether there is an account at all."""
        return bool(await self._rows(select(users.c.key).limit(1)))

    async def all(self) -> list[Account]:
        """All accounts (at most 1,000), by name."""
        return [rows.account(row) for row in await self._rows(select(users).order_by(users.c.key).limit(PAGE))]

    async def account(self, name: str) -> Account | None:
        """The account of this name."""
        found = await self.credentials(name)
        return None if found is None else found.account

    async def credentials(self, name: str) -> Credentials | None:
        """What the account of this name proves itself with."""
        found = await self._rows(select(users).where(users.c.key == key_of(name)))
        return rows.credentials(found[0]) if found else None

    async def recovery_codes_left(self, name: str) -> int:
        """How many recovery codes an account has left."""
        count = select(func.count()).select_from(recovery_codes).where(recovery_codes.c.user == key_of(name))
        return int((await self._rows(count))[0][0])

    async def secret(self, name: str) -> bytes:
        """A secret that the migrations drew (`web`); the same for all daemons on this database."""
        found = await self._rows(select(secrets.c.value).where(secrets.c.name == name))
        return bytes.fromhex(found[0].value)

    # --- writes ----------------------------------------------------------------------------------------------------

    async def add(self, account: Account, *, password: str | None, at: datetime) -> bool:
        """Add an account with a hashed password; False if one of this name is there."""
        flag = self._dialect.form.flag
        return await self._change(
            (
                (
                    "INSERT INTO users (key, name, role, full_name, telephone, lines, password, disabled, created_at, "
                    "changed_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING RETURNING key"
                ),
                (
                    key_of(account.name),
                    storable(account.name),
                    str(account.role),
                    storable(account.full_name),
                    account.telephone,
                    rows.words(account.lines),
                    password,
                    flag(account.disabled),
                    self._when(at),
                    self._when(at),
                ),
            )
        )

    async def describe(self, name: str, *, full_name: str, telephone: str | None, lines: Collection[str]) -> bool:
        """Change what gives no rights; False if there is no such account."""
        return await self._change(
            (
                "UPDATE users SET full_name = ?, telephone = ?, lines = ? WHERE key = ? RETURNING key",
                (storable(full_name), telephone, rows.words(lines), key_of(name)),
            )
        )

    async def set_role(self, name: str, role: Role, at: datetime) -> bool:
        """Change a role and end the account's sessions; False for the last admin, or no such account."""
        key = key_of(name)
        return await self._change(
            (
                (
                    "UPDATE users SET role = ?, changed_at = ? WHERE key = ? "  # noqa: S608  words of ours
                    f"AND (? = 'admin' OR role <> 'admin' OR {_ANOTHER_ADMIN}) RETURNING key"
                ),
                (str(role), self._when(at), key, str(role)),
            ),
            (_END_SESSIONS, (key,)),
        )

    async def disable(self, name: str, at: datetime) -> bool:
        """Shut an account out and end its sessions; False for the last admin, or no such account."""
        key, flag = key_of(name), self._dialect.form.flag
        return await self._change(
            (
                (
                    "UPDATE users SET disabled = ?, changed_at = ?, link = NULL WHERE key = ? "  # noqa: S608  words of ours
                    f"AND (role <> 'admin' OR {_ANOTHER_ADMIN}) RETURNING key"
                ),
                (flag(True), self._when(at), key),
            ),
            (_END_SESSIONS, (key,)),
        )

    async def enable(self, name: str, at: datetime) -> bool:
        """Let an account in again; False if there is no such account."""
        return await self._change(
            (
                "UPDATE users SET disabled = ?, changed_at = ? WHERE key = ? RETURNING key",
                (self._dialect.form.flag(False), self._when(at), key_of(name)),
            )
        )

    async def remove(self, name: str) -> bool:
        """Remove an account with its sessions, tokens and codes; False for the last admin, or no such account.

        What it did stays in histories and in the audit log.
        """
        return await self._change(
            (
                f"DELETE FROM users WHERE key = ? AND (role <> 'admin' OR {_ANOTHER_ADMIN}) RETURNING key",  # noqa: S608
                (key_of(name),),
            )
        )

    async def set_password(self, name: str, password: str, at: datetime) -> bool:
        """Take a new hashed password, end all sessions and any link; False if there is no such account."""
        key = key_of(name)
        return await self._change(
            (
                (
                    "UPDATE users SET password = ?, changed_at = ?, link = NULL, link_until = NULL WHERE key = ? "
                    "RETURNING key"
                ),
                (password, self._when(at), key),
            ),
            (_END_SESSIONS, (key,)),
        )

    async def rehash(self, name: str, before: str, password: str) -> bool:
        """Put another hash of the same password in the place of `before`; False if that is not there any more."""
        return await self._change(
            (
                "UPDATE users SET password = ? WHERE key = ? AND password = ? RETURNING key",
                (password, key_of(name), before),
            )
        )

    async def set_link(self, name: str, link: str, until: datetime) -> bool:
        """Give an account the hash of a one-time link, in the place of any earlier one."""
        return await self._change(
            (
                "UPDATE users SET link = ?, link_until = ? WHERE key = ? AND NOT disabled RETURNING key",
                (link, self._when(until), key_of(name)),
            )
        )

    async def of_link(self, link: str, at: datetime) -> Account | None:
        """Whose link has this hash; None for one that was used, replaced, or is past its time."""
        query = select(users).where(users.c.link == link, users.c.link_until > at, users.c.disabled.is_(False))
        found = await self._rows(query)
        return rows.account(found[0]) if found else None

    async def use_link(self, link: str, password: str, at: datetime) -> bool:
        """Take a new hashed password by a link, once; all sessions end."""
        return await self._change(
            (
                (
                    "UPDATE users SET password = ?, changed_at = ?, link_until = NULL "
                    "WHERE link = ? AND link_until > ? AND NOT disabled RETURNING key"
                ),
                (password, self._when(at), link, self._when(at)),
            ),
            ('DELETE FROM sessions WHERE "user" = (SELECT key FROM users WHERE link = ?)', (link,)),
            ("UPDATE users SET link = NULL WHERE link = ?", (link,)),
        )

    # --- TOTP ------------------------------------------------------------------------------------------------------

    async def offer_totp(self, name: str, secret: str) -> bool:
        """Keep a TOTP secret that is shown until a code confirms it."""
        return await self._change(
            ("UPDATE users SET totp_new = ? WHERE key = ? AND totp IS NULL RETURNING key", (secret, key_of(name)))
        )

    async def start_totp(self, name: str, secret: str, step: int, codes: Collection[str], at: datetime) -> bool:
        """Ask for codes from now on, and end all sessions; False if another secret was offered meanwhile.

        `secret` is the one offered, confirmed by the code of `step`; `codes` are hashes of recovery codes.
        """
        key = key_of(name)
        return await self._change(
            (
                (
                    "UPDATE users SET totp = totp_new, totp_new = NULL, totp_step = ?, changed_at = ? "
                    "WHERE key = ? AND totp IS NULL AND totp_new = ? RETURNING key"
                ),
                (step, self._when(at), key, secret),
            ),
            (_END_SESSIONS, (key,)),
            ('DELETE FROM recovery_codes WHERE "user" = ?', (key,)),
            *(('INSERT INTO recovery_codes ("user", hash) VALUES (?, ?)', (key, code)) for code in sorted(set(codes))),
        )

    async def stop_totp(self, name: str, at: datetime) -> bool:
        """Ask for no more codes, and end all sessions; False if there is no such account."""
        key = key_of(name)
        return await self._change(
            (
                (
                    "UPDATE users SET totp = NULL, totp_new = NULL, totp_step = NULL, changed_at = ? WHERE key = ? "
                    "RETURNING key"
                ),
                (self._when(at), key),
            ),
            (_END_SESSIONS, (key,)),
            ('DELETE FROM recovery_codes WHERE "user" = ?', (key,)),
        )

    async def use_totp(self, name: str, step: int) -> bool:
        """Use up the code of a time step; False if it, or a later one, was used before."""
        return await self._change(
            (
                (
                    "UPDATE users SET totp_step = ? WHERE key = ? AND totp IS NOT NULL "
                    "AND (totp_step IS NULL OR totp_step < ?) RETURNING key"
                ),
                (step, key_of(name), step),
            )
        )

    async def use_recovery_code(self, name: str, code: str) -> bool:
        """Use up a recovery code, given as its hash; False if there is none such."""
        return await self._change(
            ('DELETE FROM recovery_codes WHERE "user" = ? AND hash = ? RETURNING hash', (key_of(name), code))
        )
