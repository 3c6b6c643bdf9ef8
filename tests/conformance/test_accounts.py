"""Accounts, sessions, tokens and the audit log, on both databases."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from callcentre.store.account_results import ApiToken, SessionSeen, Stage
from callcentre.store.account_rows import key_of
from callcentre.store.database import Database
from callcentre.store.results import Account, Role
from tests.conformance import sample

NINE = sample.NINE
ALICE = Account(
    name="Alice",
    role=Role.SUPERVISOR,
    full_name="Alice Adams",
    telephone="PJSIP/101",
    lines=frozenset({"enquiries", "nurse"}),
)
ROOT = Account(name="root", role=Role.ADMIN)


def session(mark: str, **changes: Any) -> SessionSeen:
    made = SessionSeen(
        hash=mark, stage=Stage.OPEN, created_at=NINE, seen_at=NINE, address="192.0.2.7", agent="Firefox on Linux"
    )
    return replace(made, **changes)


def token(mark: str, **changes: Any) -> ApiToken:
    made = ApiToken(
        hash=mark,
        user="alice",
        name="dashboard",
        scopes=frozenset({"calls:read", "figures:read"}),
        created_by="root",
        created_at=NINE,
        expires_at=None,
        used_at=None,
    )
    return replace(made, **changes)


async def begin(database: Database, name: str, made: SessionSeen, instead_of: str | None = None) -> None:
    await database.sessions.begin(name, made, instead_of=instead_of, before=NINE - timedelta(days=1))


@pytest.fixture
async def alice(database: Database) -> Database:
    """A database with Alice, and an admin who lets her in."""
    assert await database.accounts.add(ROOT, password="r", at=NINE)
    assert await database.accounts.add(ALICE, password="p", at=NINE)
    return database


async def test_an_account_comes_back_as_it_was_given(alice: Database) -> None:
    assert await alice.accounts.account("alice") == ALICE
    assert await alice.accounts.account("ALICE ") == ALICE
    assert await alice.accounts.account("alic") is None
    assert await alice.accounts.all() == [ALICE, ROOT]
    found = await alice.accounts.credentials("alice")
    assert found is not None
    assert (found.password, found.totp, found.totp_new, found.created_at) == ("p", None, None, NINE)


async def test_whether_there_is_any_account(database: Database) -> None:
    assert not await database.accounts.any()
    await database.accounts.add(ROOT, password=None, at=NINE)
    assert await database.accounts.any()


async def test_a_name_is_taken_in_every_case(alice: Database) -> None:
    assert not await alice.accounts.add(replace(ALICE, name="ALICE"), password="other", at=NINE)
    found = await alice.accounts.credentials("alice")
    assert found is not None
    assert found.password == "p"


@pytest.mark.parametrize(("one", "other"), [("Straße", "STRASSE"), ("café", "cafe\u0301"), ("Åsa", "å\u0073a")])
def test_names_are_compared_in_one_spelling(one: str, other: str) -> None:
    assert key_of(one) == key_of(other)


async def test_hostile_text_is_kept_and_harms_nothing(database: Database) -> None:
    odd = Account(name="o'\"; DROP TABLE users --\0", role=Role.AGENT, full_name="\ud800 % ? %s")
    assert await database.accounts.add(odd, password=None, at=NINE)
    (found,) = await database.accounts.all()
    assert found.name == "o'\"; DROP TABLE users --\ufffd"
    await database.audit.add(NINE, "x" * 9_000, "login", "\0 % ? %s")
    (entry,) = await database.audit.entries()
    assert (len(entry.who), entry.what) == (500, "\ufffd % ? %s")


async def test_what_gives_no_rights_ends_no_session(alice: Database) -> None:
    await begin(alice, "alice", session("s1"))
    assert await alice.accounts.describe("Alice", full_name="A.", telephone=None, lines=["nurse"])
    found = await alice.sessions.find("s1")
    assert found is not None
    assert found[1] == replace(ALICE, full_name="A.", telephone=None, lines=frozenset({"nurse"}))
    assert not await alice.accounts.describe("nobody", full_name="", telephone=None, lines=[])


@pytest.mark.parametrize("how", ["role", "password", "disable", "totp", "totp_off", "link", "remove"])
async def test_what_changes_rights_ends_all_sessions_and_only_theirs(alice: Database, how: str) -> None:
    accounts, later = alice.accounts, sample.after(60)
    for mark in ("s1", "s2"):
        await begin(alice, "alice", session(mark))
    await begin(alice, "root", session("other"))
    await accounts.offer_totp("alice", "SECRET")
    await accounts.set_link("alice", "link", sample.after(3_600))
    steps = {
        "role": lambda: accounts.set_role("alice", Role.AGENT, later),
        "password": lambda: accounts.set_password("alice", "new", later),
        "disable": lambda: accounts.disable("alice", later),
        "totp": lambda: accounts.start_totp("alice", "SECRET", 1, [], later),
        "totp_off": lambda: accounts.stop_totp("alice", later),
        "link": lambda: accounts.use_link("link", "new", later),
        "remove": lambda: accounts.remove("alice"),
    }
    assert await steps[how]()
    assert await alice.sessions.of("alice") == []
    assert [one.hash for one in await alice.sessions.of("root")] == ["other"]
    found = await accounts.credentials("alice")
    assert (found is None) == (how == "remove")
    assert found is None or found.changed_at == later


async def test_the_last_admin_stays(alice: Database) -> None:
    accounts = alice.accounts
    assert not await accounts.set_role("root", Role.AGENT, NINE)
    assert not await accounts.disable("root", NINE)
    assert not await accounts.remove("root")
    assert await accounts.set_role("root", Role.ADMIN, NINE)
    assert await accounts.set_role("alice", Role.ADMIN, NINE)
    assert await accounts.disable("alice", NINE)
    assert not await accounts.remove("root"), "the other admin is disabled"
    assert await accounts.enable("alice", NINE)
    assert await accounts.remove("root")


async def test_a_rehash_takes_the_place_of_the_same_password_only(alice: Database) -> None:
    await begin(alice, "alice", session("s1"))
    assert await alice.accounts.rehash("alice", "p", "p2")
    assert not await alice.accounts.rehash("alice", "p", "p3")
    assert len(await alice.sessions.of("alice")) == 1


async def test_a_link_works_once_and_not_for_ever(alice: Database) -> None:
    accounts, until = alice.accounts, sample.after(3_600)
    assert await accounts.set_link("alice", "first", until)
    assert await accounts.set_link("alice", "link", until)
    assert await accounts.of_link("first", NINE) is None
    assert await accounts.of_link("link", until) is None
    assert not await accounts.use_link("link", "late", until)
    assert await accounts.of_link("link", NINE) == ALICE
    assert await accounts.use_link("link", "new", NINE)
    assert not await accounts.use_link("link", "again", NINE)
    found = await accounts.credentials("alice")
    assert found is not None
    assert found.password == "new"


async def test_a_link_of_a_disabled_account_is_void(alice: Database) -> None:
    await alice.accounts.set_link("alice", "link", sample.after(60))
    await alice.accounts.disable("alice", NINE)
    assert not await alice.accounts.set_link("alice", "other", sample.after(60))
    await alice.accounts.enable("alice", NINE)
    assert await alice.accounts.of_link("link", NINE) is None


async def test_a_new_password_voids_the_link(alice: Database) -> None:
    await alice.accounts.set_link("alice", "link", sample.after(60))
    await alice.accounts.set_password("alice", "new", NINE)
    assert await alice.accounts.of_link("link", NINE) is None


async def test_a_totp_secret_counts_once_confirmed(alice: Database) -> None:
    accounts = alice.accounts
    assert await accounts.offer_totp("alice", "ONE")
    assert await accounts.offer_totp("alice", "TWO")
    assert not await accounts.start_totp("alice", "ONE", 7, ["a"], NINE)
    assert await accounts.start_totp("alice", "TWO", 7, ["a", "b", "a"], NINE)
    found = await accounts.credentials("alice")
    assert found is not None
    assert (found.totp, found.totp_new, found.account.totp) == ("TWO", None, True)
    assert await accounts.recovery_codes_left("alice") == 2
    assert not await accounts.offer_totp("alice", "THREE"), "it must be stopped first"
    assert await accounts.stop_totp("alice", NINE)
    assert await accounts.recovery_codes_left("alice") == 0
    assert not await accounts.use_totp("alice", 99)


async def test_no_code_is_taken_twice(alice: Database) -> None:
    accounts = alice.accounts
    await accounts.offer_totp("alice", "ONE")
    await accounts.start_totp("alice", "ONE", 7, ["a"], NINE)
    assert not await accounts.use_totp("alice", 7)
    assert not await accounts.use_totp("alice", 6)
    assert sorted(await asyncio.gather(*(accounts.use_totp("alice", 8) for _ in range(5)))) == [False] * 4 + [True]
    assert await accounts.use_recovery_code("alice", "a")
    assert not await accounts.use_recovery_code("alice", "a")
    assert not await accounts.use_recovery_code("root", "a")


async def test_a_session_comes_back_with_its_account(alice: Database) -> None:
    await begin(alice, "Alice", session("s1"))
    assert await alice.sessions.find("s1") == (session("s1"), ALICE)
    assert await alice.sessions.find("s2") is None
    await alice.sessions.seen("s1", sample.after(90), "192.0.2.8")
    assert await alice.sessions.of("ALICE") == [session("s1", seen_at=sample.after(90), address="192.0.2.8")]


async def test_a_new_session_takes_the_place_of_one_and_clears_what_is_old(alice: Database) -> None:
    await begin(alice, "alice", session("old", created_at=NINE - timedelta(days=2)))
    await begin(alice, "alice", session("s1", stage=Stage.CODE))
    await begin(alice, "alice", session("s2"), instead_of="s1")
    assert [one.hash for one in await alice.sessions.of("alice")] == ["s2"]


async def test_no_session_for_who_may_not_log_in(alice: Database) -> None:
    await alice.accounts.disable("alice", NINE)
    await begin(alice, "alice", session("s1"))
    await begin(alice, "nobody", session("s2"))
    assert await alice.sessions.find("s1") is None
    assert await alice.sessions.find("s2") is None


async def test_sessions_are_ended_by_their_own_account(alice: Database) -> None:
    for mark in ("s1", "s2", "s3"):
        await begin(alice, "alice", session(mark))
    assert not await alice.sessions.end("root", "s1")
    assert await alice.sessions.end("alice", "s1")
    assert not await alice.sessions.end("alice", "s1")
    assert await alice.sessions.end_all("alice", but="s2")
    assert not await alice.sessions.end_all("alice", but="s2")
    assert [one.hash for one in await alice.sessions.of("alice")] == ["s2"]


async def test_a_token_comes_back_with_its_account(alice: Database) -> None:
    kept = token("t1", expires_at=sample.after(60))
    assert await alice.tokens.add(kept)
    assert await alice.tokens.add(token("t2", name="crm"))
    assert not await alice.tokens.add(token("t3", user="nobody"))
    assert await alice.tokens.find("t1") == (replace(kept, user="Alice"), ALICE)
    await alice.tokens.used("t1", sample.after(5))
    assert [(one.name, one.used_at) for one in await alice.tokens.all()] == [
        ("crm", None),
        ("dashboard", sample.after(5)),
    ]
    assert await alice.tokens.remove("t2")
    assert not await alice.tokens.remove("t2")
    assert await alice.accounts.remove("alice")
    assert await alice.tokens.find("t1") is None


async def test_the_audit_log_is_read_backwards_by_pages(database: Database) -> None:
    for number in range(7):
        who, action = ("alice", "login") if number % 2 else ("bob", "listened")
        await database.audit.add(sample.after(number), who, action, f"message {number}", "192.0.2.7")

    async def found(**wanted: Any) -> list[str]:
        return [entry.what.removeprefix("message ") for entry in await database.audit.entries(**wanted)]

    assert await found() == list("6543210")
    assert await found(who="alice") == list("531")
    assert await found(action="listened", limit=2) == list("64")
    assert await found(since=sample.after(2), until=sample.after(4)) == list("32")
    first = await database.audit.entries(limit=3)
    assert await found(limit=3, before=first[-1].id) == list("321")
    assert (first[0].who, first[0].address, first[0].at) == ("bob", "192.0.2.7", sample.after(6))


async def test_the_audit_log_outlives_the_account(alice: Database) -> None:
    await alice.audit.add(NINE, "Alice", "login", "")
    await alice.accounts.remove("alice")
    assert len(await alice.audit.entries(who="Alice")) == 1


async def test_the_secret_of_pages_is_drawn_once(alice: Database, second: Database) -> None:
    drawn = await alice.accounts.secret("web")
    assert len(drawn) == 32
    assert await second.accounts.secret("web") == drawn
