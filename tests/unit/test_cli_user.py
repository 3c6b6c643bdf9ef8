"""`callcentre user`: accounts from the machine itself."""

import asyncio
import json
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from argon2 import extract_parameters
from argon2.profiles import RFC_9106_LOW_MEMORY
from typer.testing import CliRunner, Result

from callcentre.cli import app
from callcentre.core.errors import CallcentreError, ConfigError
from callcentre.runtime.clock import SystemClock
from callcentre.store.account_results import AuditEntry, Credentials
from callcentre.store.database import Database
from callcentre.store.results import Account, Role
from callcentre.web import passwords
from callcentre.web.sessions import hashed
from tests.tables import put_tables
from tests.unit.web.entered import PASSWORD, QUICK

CONFIG = """
fallback_line = "enquiries"
[[pbx]]
name = "main"
[[line]]
name = "enquiries"
pbx = "main"
nation = "ENG"
queues = ["enquiries"]
"""
NEW = "another handful of words"


@pytest.fixture
def first(tmp_path: Path) -> Path:
    """The configuration of an office where callcentre never ran."""
    file = tmp_path / "callcentre.toml"
    file.write_text(CONFIG)
    return file


@pytest.fixture
def config(first: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The configuration of an office that has its tables; passwords are hashed with the least that argon2 takes."""
    put_tables(first.parent / "callcentre.sqlite")
    monkeypatch.setattr(passwords, "PasswordHasher", lambda: QUICK)
    return first


def call(config: Path, *words: str, stdin: str = "") -> Result:
    return CliRunner().invoke(app, ["user", *words, "--config", str(config)], input=stdin, catch_exceptions=True)


def done(config: Path, *words: str, stdin: str = "") -> str:
    result = call(config, *words, stdin=stdin)
    assert result.exit_code == 0, (result.output, result.exception)
    return result.stdout


def refused(config: Path, *words: str, stdin: str = "") -> CallcentreError:
    result = call(config, *words, stdin=stdin)
    assert isinstance(result.exception, CallcentreError), result.output
    return result.exception


def add(config: Path, name: str = "alice", *more: str) -> str:
    return done(config, "add", name, "--password-stdin", *more, stdin=f"{PASSWORD}\n")


def look(config: Path, name: str = "alice") -> tuple[Credentials | None, list[AuditEntry]]:
    async def looked() -> tuple[Credentials | None, list[AuditEntry]]:
        database = await Database.open(f"sqlite:///{config.parent}/callcentre.sqlite", create=False)
        try:
            return await database.accounts.credentials(name), list(await database.audit.entries())
        finally:
            await database.close()

    return asyncio.run(looked())


def test_the_first_account_is_made_before_callcentre_ever_ran(first: Path) -> None:
    said = add(first, "alice", "--role", "admin", "--telephone", "PJSIP/101", "--line", "enquiries")
    assert said == "alice may log in as admin\n"
    found, log = look(first)
    assert found is not None
    assert found.account == Account(
        name="alice", role=Role.ADMIN, telephone="PJSIP/101", lines=frozenset({"enquiries"})
    )
    assert found.password is not None
    assert extract_parameters(found.password) == RFC_9106_LOW_MEMORY
    assert [(one.who, one.action, one.what) for one in log] == [("command line", "account added", "alice, admin")]
    assert PASSWORD not in said


def test_the_password_is_asked_for_twice_and_not_shown(config: Path) -> None:
    result = call(config, "add", "alice", stdin=f"{PASSWORD}\n{PASSWORD}\n")
    assert result.exit_code == 0
    assert PASSWORD not in result.output
    again = call(config, "password", "alice", stdin=f"{NEW}\nsomething else\n{NEW}\n{NEW}\n")
    assert again.exit_code == 0
    assert NEW not in again.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["add", "a/b", "--password-stdin"], "A name has letters"),
        (["add", "carol", "--role", "boss", "--password-stdin"], "there is no role boss"),
        (["add", "carol", "--telephone", "101", "--password-stdin"], "A telephone is technology/name"),
        (["add", "carol", "--line", "bar", "--password-stdin"], "There is no line bar"),
        (["add", "Alice", "--password-stdin"], "there is an account Alice already"),
        (["role", "alice", "boss"], "there is no role boss"),
        (["token", "alice", "--name", "crm", "--scope", "all"], "no scope all"),
    ],
)
def test_what_is_refused(config: Path, words: list[str], said: str) -> None:
    add(config)
    error = refused(config, *words, stdin=f"{PASSWORD}\n")
    assert isinstance(error, ConfigError)
    assert said in str(error)


def test_a_bad_password_is_refused_and_not_repeated(config: Path) -> None:
    error = refused(config, "add", "alice", "--password-stdin", stdin="tooshort\n")
    assert "at least 10" in str(error)
    assert "tooshort" not in str(error)


@pytest.mark.parametrize(
    "words", [["password", "--password-stdin"], ["disable"], ["enable"], ["totp-off"], ["remove", "--yes"]]
)
def test_who_is_not_there_is_told(config: Path, words: list[str]) -> None:
    add(config)
    error = refused(config, words[0], "bob", *words[1:], stdin=f"{PASSWORD}\n")
    assert "there is no account bob" in str(error)


def test_an_account_is_changed_step_by_step(config: Path) -> None:
    add(config, "root", "--role", "admin")
    add(config)
    assert "supervisor" in done(config, "role", "ALICE", "supervisor")
    done(config, "password", "alice", "--password-stdin", stdin=NEW)
    done(config, "disable", "alice")
    rows = {row["name"]: row for row in map(json.loads, done(config, "list", "--json").splitlines())}
    assert rows["alice"] == {
        "name": "alice",
        "role": "supervisor",
        "full_name": "",
        "telephone": None,
        "lines": [],
        "codes": False,
        "disabled": True,
    }
    assert "disabled" in done(config, "list")
    done(config, "enable", "alice")
    done(config, "totp-off", "alice")
    assert call(config, "remove", "alice", stdin="n\n").exit_code == 1
    done(config, "remove", "alice", "--yes")
    found, log = look(config)
    assert found is None
    actions = [one.action for one in reversed(log)][2:]
    assert actions == ["role changed", "password set", "disabled", "enabled", "codes off", "account removed"]


def test_the_last_administrator_stays(config: Path) -> None:
    add(config, "root", "--role", "admin")
    for words in (["disable", "root"], ["role", "root", "agent"], ["remove", "root", "--yes"]):
        assert "the last administrator" in str(refused(config, *words))


def test_a_token_is_printed_and_only_its_hash_kept(config: Path) -> None:
    add(config)
    secret = done(config, "token", "alice", "--name", "crm", "--scope", "calls:read", "--days", "2").strip()

    async def kept() -> Any:
        database = await Database.open(f"sqlite:///{config.parent}/callcentre.sqlite", create=False)
        try:
            return await database.tokens.find(hashed(secret))
        finally:
            await database.close()

    stored, account = asyncio.run(kept())
    assert (account.name, stored.name, stored.scopes) == ("alice", "crm", frozenset({"calls:read"}))
    left = stored.expires_at - SystemClock().now().astimezone(UTC)
    assert 0 < left.total_seconds() <= 2 * 86_400
    raw = (config.parent / "callcentre.sqlite").read_bytes()
    assert secret.encode() not in raw
    assert PASSWORD.encode() not in raw
