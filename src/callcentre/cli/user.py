"""Accounts of the pages, from the machine itself: the first one, and the way back in for who is locked out.

The daemon need not run, and if it does it sees what is changed here within a second.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Final

import typer

from callcentre.cli.options import DEFAULT_CONFIG, ConfigPath, loaded
from callcentre.core.errors import CallcentreError, ConfigError

if TYPE_CHECKING:
    from callcentre.config.settings import Config
    from callcentre.store.database import Database
    from callcentre.store.results import Account, Role

WHO: Final = "command line"
"""Who it was, in the audit log."""

Name = Annotated[str, typer.Argument(help="The account's name, in any case.", show_default=False)]
FromStdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")]


class NoSuchAccount(CallcentreError):
    """There is no account of this name, or it is the last administrator, whom the office needs."""


def add(
    name: Annotated[str, typer.Argument(help="What they log in with, and are called in histories.")],
    role: Annotated[str, typer.Option(help="agent, supervisor or admin.")] = "agent",
    full_name: Annotated[str, typer.Option("--full-name", help="Their name for people.")] = "",
    telephone: Annotated[str | None, typer.Option(help="Their telephone, such as PJSIP/101.")] = None,
    line: Annotated[
        list[str] | None, typer.Option(help="A line whose callbacks they see first; may be given again.")
    ] = None,
    password_stdin: FromStdin = False,
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Make an account, and ask for its password."""
    from callcentre.store.results import Account
    from callcentre.web.people import problem_of

    settings = loaded(config)
    account = Account(
        name=name, role=_role(role), full_name=full_name, telephone=telephone, lines=frozenset(line or [])
    )
    wrong = problem_of(account, [each.name for each in settings.office.lines])
    if wrong:
        raise ConfigError(wrong)
    password = _password(name, from_stdin=password_stdin)

    async def work(database: "Database", at: datetime) -> None:
        if not await database.accounts.add(account, password=await _hashed(password), at=at):
            raise ConfigError(
                f"there is an account {name} already; its password is changed by `callcentre user password`"
            )
        await database.audit.add(at, WHO, "account added", f"{name}, {account.role}")

    _do(settings, work, make=True)
    print(f"{name} may log in as {account.role}")


def list_users(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object for each account.")] = False,
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """List the accounts."""
    found: list[Account] = []

    async def work(database: "Database", _at: datetime) -> None:
        found.extend(await database.accounts.all())

    _do(loaded(config), work)
    if as_json:
        for one in found:
            print(json.dumps(_told(one), ensure_ascii=False))
        return
    for one in found:
        marks = [word for word, on in (("codes", one.totp), ("disabled", one.disabled)) if on]
        parts = [one.name, one.role.value, one.full_name or "-", one.telephone or "-", ", ".join(marks) or "-"]
        print("  ".join(parts))


def password(name: Name, password_stdin: FromStdin = False, config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Set a new password, and end the account's sessions."""
    new = _password(name, from_stdin=password_stdin)

    async def work(database: "Database", at: datetime) -> None:
        _there(await database.accounts.set_password(name, await _hashed(new), at), name)
        await database.audit.add(at, WHO, "password set", name)

    _do(loaded(config), work)
    print(f"{name} has a new password, and is logged out everywhere")


def role(
    name: Name,
    role: Annotated[str, typer.Argument(help="agent, supervisor or admin.", show_default=False)],
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Change what an account may do, and end its sessions."""
    wanted = _role(role)

    async def work(database: "Database", at: datetime) -> None:
        _there(await database.accounts.set_role(name, wanted, at), name)
        await database.audit.add(at, WHO, "role changed", f"{name}, {wanted}")

    _do(loaded(config), work)
    print(f"{name} is {wanted} now, and is logged out everywhere")


def disable(name: Name, config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Shut an account out, its tokens too; what it did stays."""

    async def work(database: "Database", at: datetime) -> None:
        _there(await database.accounts.disable(name, at), name)
        await database.audit.add(at, WHO, "disabled", name)

    _do(loaded(config), work)
    print(f"{name} cannot log in any more, and is logged out everywhere")


def enable(name: Name, config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Let a disabled account in again."""

    async def work(database: "Database", at: datetime) -> None:
        _there(await database.accounts.enable(name, at), name)
        await database.audit.add(at, WHO, "enabled", name)

    _do(loaded(config), work)
    print(f"{name} may log in again")


def totp_off(name: Name, config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Ask an account for no more codes: its telephone and its recovery codes are lost."""

    async def work(database: "Database", at: datetime) -> None:
        _there(await database.accounts.stop_totp(name, at), name)
        await database.audit.add(at, WHO, "codes off", name)

    _do(loaded(config), work)
    print(f"{name} logs in without a code now")


def remove(
    name: Name,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask whether it is meant.")] = False,
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Remove an account with its tokens; histories and the audit log keep its name. See also `disable`."""
    settings = loaded(config)
    if not yes:
        typer.confirm(f"Remove the account {name} for good?", abort=True, err=True)

    async def work(database: "Database", at: datetime) -> None:
        _there(await database.accounts.remove(name), name)
        await database.audit.add(at, WHO, "account removed", name)

    _do(settings, work)
    print(f"{name} is removed")


def token(
    name: Name,
    called: Annotated[str, typer.Option("--name", help="What the token is called: the program that it is for.")],
    scope: Annotated[list[str], typer.Option(help="What it allows, such as calls:read; may be given again.")],
    days: Annotated[int | None, typer.Option(help="Good for so many days; else until it is taken back.", min=1)] = None,
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Make an API token, which acts as this account, and print it: it is shown only now."""
    from callcentre.web.people import new_token, problem_of_token

    wrong = problem_of_token(called, scope)
    if wrong:
        raise ConfigError(wrong)
    made = ""

    async def work(database: "Database", at: datetime) -> None:
        nonlocal made
        made, stored = new_token(name, called, scope, by=WHO, now=at, days=days)
        _there(await database.tokens.add(stored), name)
        await database.audit.add(at, WHO, "token made", f"{name}, {called}: {', '.join(sorted(scope))}")

    _do(loaded(config), work)
    print(made)


def _do(settings: "Config", work: "Callable[[Database, datetime], Awaitable[None]]", *, make: bool = False) -> None:
    from callcentre.runtime.clock import SystemClock

    async def done() -> None:
        async with _opened(settings, make=make) as database:
            await work(database, SystemClock().now())

    asyncio.run(done())


@asynccontextmanager
async def _opened(settings: "Config", *, make: bool) -> AsyncIterator["Database"]:
    """The database; with `make`, it and its tables are made if they are not there: the first account comes first."""
    from callcentre.store.database import Database

    database = await Database.open(settings.store.url, create=make)
    try:
        if make:
            await database.prepare()
        else:
            await database.check()
        yield database
    finally:
        await database.close()


async def _hashed(password: str) -> str:
    from callcentre.web.passwords import Passwords

    passwords = Passwords()
    try:
        return await passwords.hashed(password)
    finally:
        passwords.close()


def _password(name: str, *, from_stdin: bool) -> str:
    from callcentre.web.passwords import problem_with

    if from_stdin:
        given = sys.stdin.readline().rstrip("\r\n")
    else:
        given = typer.prompt("Password", hide_input=True, confirmation_prompt="Once more", err=True)
    wrong = problem_with(given, name)
    if wrong:
        raise ConfigError(wrong)
    return given


def _role(word: str) -> "Role":
    from callcentre.web.people import role_of

    found = role_of(word)
    if found is None:
        raise ConfigError(f"there is no role {word}; write agent, supervisor or admin")
    return found


def _there(done: bool, name: str) -> None:
    if not done:
        raise NoSuchAccount(f"there is no account {name}, or it is the last administrator; see `callcentre user list`")


def _told(one: "Account") -> dict[str, object]:
    return {
        "name": one.name,
        "role": one.role.value,
        "full_name": one.full_name,
        "telephone": one.telephone,
        "lines": sorted(one.lines),
        "codes": one.totp,
        "disabled": one.disabled,
    }
