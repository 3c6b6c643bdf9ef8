"""Passwords: argon2id, the same time for nobody, few at once."""

import asyncio
import threading
from typing import Literal

import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.profiles import RFC_9106_LOW_MEMORY

from callcentre.web import passwords as module
from callcentre.web.passwords import Passwords, TooBusy, Verdict, problem_with
from tests.unit.web.entered import PASSWORD, QUICK


async def test_a_password_is_known_again_and_another_is_not() -> None:
    passwords = Passwords(QUICK)
    kept = await passwords.hashed(PASSWORD)
    assert PASSWORD not in kept
    assert await passwords.verify(PASSWORD, kept) == Verdict(right=True)
    assert await passwords.verify(PASSWORD + "!", kept) == Verdict(right=False)
    assert await passwords.hashed(PASSWORD) != kept
    passwords.close()


async def test_the_same_password_of_another_keyboard_is_the_same() -> None:
    passwords = Passwords(QUICK)
    kept = await passwords.hashed("cafe\u0301 au lait")
    assert (await passwords.verify("caf\xe9 au lait", kept)).right
    passwords.close()


@pytest.mark.parametrize("known", [None, "", "no hash at all", "$argon2id$v=19$m=8,t=1,p=1$YQ$"])
async def test_nobodys_password_is_never_right(known: str | None) -> None:
    passwords = Passwords(QUICK)
    assert not (await passwords.verify("", known)).right
    passwords.close()


async def test_nobody_costs_as_much_as_somebody() -> None:
    """The work for a name that is not there is a verification with the same parameters."""
    hasher = PasswordHasher(time_cost=2, memory_cost=16, parallelism=1)
    passwords = Passwords(hasher)
    await passwords.verify(PASSWORD, hasher.hash(PASSWORD))
    assert passwords._nobodys is not None
    assert extract_parameters(passwords._nobodys.result()) == extract_parameters(hasher.hash("x"))
    passwords.close()


async def test_the_parameters_are_those_recommended_and_old_hashes_are_made_anew() -> None:
    passwords = Passwords()
    verdict = await passwords.verify(PASSWORD, QUICK.hash(PASSWORD))
    assert verdict.right
    assert verdict.better is not None
    assert extract_parameters(verdict.better) == RFC_9106_LOW_MEMORY
    assert await passwords.verify(PASSWORD, verdict.better) == Verdict(right=True)
    passwords.close()


class Slow(PasswordHasher):
    """Waits until it is told, and counts how many do at once."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.go = threading.Event()
        self.inside = 0
        self.most = 0
        self.lock = threading.Lock()

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002
        with self.lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
        self.go.wait()
        with self.lock:
            self.inside -= 1
        return super().verify(hash, password)


async def test_two_at_once_and_few_wait() -> None:
    hasher = Slow()
    passwords = Passwords(hasher)
    kept = hasher.hash(PASSWORD)
    async with asyncio.TaskGroup() as group:
        tries = [group.create_task(passwords.verify(PASSWORD, kept)) for _ in range(module._MOST_WAITING)]
        await asyncio.sleep(0)
        with pytest.raises(TooBusy):
            await passwords.verify(PASSWORD, kept)
        hasher.go.set()
    assert all(one.result().right for one in tries)
    assert 1 <= hasher.most <= 2
    assert (await passwords.verify(PASSWORD, kept)).right, "there is room again"
    passwords.close()


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("short", "at least 10"),
        ("x" * 257, "at most 256"),
        ("aaaaaaaaaaaabbbb", "repeats itself"),
        ("Alice12345", "the name with little added"),
    ],
)
def test_what_is_no_good_password(password: str, said: str) -> None:
    told = problem_with(password, "alice")
    assert said in told
    assert password not in told


@pytest.mark.parametrize("password", [PASSWORD, "ünïcödé wörds", "a" * 5 + "bcdefg", "alice in the looking glass"])
def test_what_is_one(password: str) -> None:
    assert problem_with(password, "alice") == ""
