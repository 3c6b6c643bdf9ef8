"""Passwords: argon2id with the library's recommended parameters, in threads of their own.

A verification takes much memory and a core for a while on purpose. At most two go on at once, and few may wait, so that
who guesses cannot take the machine from the calls.
"""

import asyncio
import secrets
import unicodedata
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Final, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from callcentre.core.errors import CallcentreError

T = TypeVar("T")

SHORTEST: Final = 10
"""Characters of a password at least."""
_LONGEST: Final = 256
_FEWEST_DIFFERENT: Final = 5
_AT_ONCE: Final = 2
_MOST_WAITING: Final = 30


class TooBusy(CallcentreError):
    """Too many passwords wait to be verified; try again in a moment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether a password is right; `better` is a new hash of it to keep, where the parameters have changed."""

    right: bool
    better: str | None = None


class Passwords:
    """Hashes and verifies. Verifying takes as long for who is not there."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._threads = ThreadPoolExecutor(max_workers=_AT_ONCE, thread_name_prefix="passwords")
        self._waiting = 0
        self._nobodys: Future[str] | None = None
        """What is verified for who is not there; made for the first who logs in, for a start is not to wait for it."""

    def close(self) -> None:
        """Let go of the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def hashed(self, password: str) -> str:
        """The hash to keep of a new password. Raises TooBusy."""
        return await self._in_thread(lambda: self._hasher.hash(_one_spelling(password)))

    async def verify(self, password: str, known: str | None) -> Verdict:
        """Whether `password` is the one whose hash is `known`; None is nobody's, and takes as long. Raises TooBusy."""
        nobodys = self._nobodys
        if nobodys is None:
            nobodys = self._nobodys = self._threads.submit(self._hasher.hash, secrets.token_hex(16))
        return await self._in_thread(lambda: self._verify(_one_spelling(password), known, nobodys))

    def _verify(self, password: str, known: str | None, nobodys: Future[str]) -> Verdict:
        wait([nobodys])  # who is there waits as long
        try:
            self._hasher.verify(known or nobodys.result(), password)
        except (VerificationError, InvalidHashError):
            return Verdict(right=False)
        if known is None:
            return Verdict(right=False)
        changed = self._hasher.check_needs_rehash(known)
        return Verdict(right=True, better=self._hasher.hash(password) if changed else None)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        if self._waiting >= _MOST_WAITING:
            raise TooBusy("too many people log in at this moment; try again in a few seconds")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._waiting -= 1


def problem_with(password: str, name: str) -> str:
    """What is wrong with a new password for the account `name`, in words; empty if nothing is.

    Long counts, not colourful: NIST SP 800-63B, 3.1.1.2.
    """
    plain = _one_spelling(password).casefold()
    if len(password) < SHORTEST:
        return f"A password has at least {SHORTEST} characters; a few words in a row are good."
    if len(password) > _LONGEST:
        return f"A password has at most {_LONGEST} characters."
    if len(set(plain)) < _FEWEST_DIFFERENT:
        return "This password repeats itself; use more different characters."
    if name.casefold() in plain and len(plain) < len(name) + SHORTEST:
        return "This password is the name with little added; use words that nobody expects."
    return ""


def _one_spelling(password: str) -> str:
    """The same password typed on another keyboard: NFKC, and nothing that UTF-8 cannot hold; cut past all reason."""
    return unicodedata.normalize("NFKC", password[: 4 * _LONGEST]).encode(errors="replace").decode()
