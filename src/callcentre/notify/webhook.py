"""Webhooks: one POST of JSON. Any 2xx is yes; what the request itself is refused for is no for good."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import urlsplit

from aiohttp import (
    ClientConnectorCertificateError,
    ClientConnectorError,
    ClientError,
    ClientSession,
    ClientSSLError,
    ClientTimeout,
    DummyCookieJar,
)

from callcentre.core.tasks import Notice
from callcentre.notify.answers import NotSent, Taken, shown, system_words
from callcentre.notify.letters import json_of, key_of
from callcentre.runtime.clock import Clock

# Statuses that say "later": asked too soon, too slowly, or too often. Every other 4xx is about the request itself.
_LATER: Final = frozenset({408, 425, 429})
_LONGEST_WAIT: Final = timedelta(hours=1)


class Webhook:
    """Posts to web addresses; each posting takes at most `within` seconds. Redirects are not followed."""

    def __init__(self, *, within: float, clock: Clock) -> None:
        self._within = within
        self._clock = clock

    async def send(self, url: str, notice: Notice) -> Taken:
        """Post the notice to `url`, or raise NotSent."""
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Idempotency-Key": key_of(notice),
            "User-Agent": "callcentre",
        }
        try:
            async with (
                asyncio.timeout(self._within),
                ClientSession(timeout=ClientTimeout(total=self._within), cookie_jar=DummyCookieJar()) as session,
                session.post(url, data=json_of(notice), headers=headers, allow_redirects=False) as answer,
            ):
                return self._judged(answer.status, answer.reason or "", answer.headers, hidden=_secrets(url))
        except TimeoutError:
            raise NotSent(f"the webhook did not answer within {self._within:g} s") from None
        except (ClientError, OSError, ValueError) as error:
            raise NotSent(f"the webhook {_why(error)}") from None

    def _judged(self, status: int, reason: str, headers: Mapping[str, str], *, hidden: list[str]) -> Taken:
        said = f"HTTP {status} {shown(reason, hidden)}".rstrip()
        if 200 <= status < 300:
            return Taken(said)
        if 300 <= status < 400:
            why = "the webhook has moved, and redirects are not followed; write its new address"
            raise NotSent(f"{why} ({said})", is_final=True)
        if 400 <= status < 500 and status not in _LATER:
            raise NotSent(f"the webhook refused it: {said}; check the address and what it expects", is_final=True)
        raise NotSent(f"the webhook answered {said}", after=self._after(headers.get("Retry-After", "")))

    def _after(self, told: str) -> timedelta | None:
        """Read a Retry-After, in seconds or as a date; None for what is neither, never more than an hour."""
        if told.isascii() and told.isdigit():
            return min(timedelta(seconds=min(int(told[:9]), 10**6)), _LONGEST_WAIT)
        try:
            moment = parsedate_to_datetime(told)
        except ValueError:
            return None
        wait = _aware(moment) - self._clock.now()
        return min(max(wait, timedelta(0)), _LONGEST_WAIT)


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _secrets(url: str) -> list[str]:
    """List what an answer might repeat of the address: all of it, and each part that may be a token."""
    parts = urlsplit(url)
    return [url, parts.path, parts.query, parts.username or "", parts.password or "", *parts.path.split("/")]


def _why(error: Exception) -> str:
    """Tell why no answer came, in words of ours: the library's name the address."""
    match error:
        case ClientConnectorCertificateError():
            return "has a certificate that is not trusted"
        case ClientSSLError():
            return "does not speak TLS; check http or https, and the port"
        case ClientConnectorError(os_error=os_error):
            return f"cannot be reached ({system_words(os_error)}); check host and port"
    return f"gave no answer ({type(error).__name__})"
