"""Idempotency-Key: what an account asks for again under the same key gets the first reply, and is not done again.

Here the latest are remembered, refusals included; what the core was asked is remembered for good, by the name that
`request_of` makes of account and key.
"""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from aiohttp import web

from callcentre.core.errors import IllegalTransition

KEY: Final = "Idempotency-Key"
MOST_LETTERS: Final = 255
KEY_PATTERN: Final = f"^[!-~]{{1,{MOST_LETTERS}}}$"
_REMEMBERED: Final = 4_096
_LETTERS: Final = str.maketrans("0123456789", "ghijklmnop")


def request_of(account: str, key: str) -> str:
    """The name of a request for good. Letters only: logs mask what could be a telephone number."""
    name = hashlib.sha256(f"{account.casefold()}\0{key}".encode()).hexdigest()[:40]
    return f"api-{name.translate(_LETTERS)}"


@dataclass(slots=True)
class _First:
    """The first request under a key, and what it was answered once it was."""

    same: bytes
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    reply: tuple[int, bytes] | None = None
    refusal: IllegalTransition | None = None


class Replies:
    """The first replies by account and key."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, str], _First] = OrderedDict()

    async def first(
        self, account: str, key: str, same: bytes, carried_out: Callable[[], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """Carry a request out, or give the reply of the one before it; `same` tells whether it is the same request.

        IllegalTransition if it is another, or if the first was refused. What failed otherwise may be tried again.
        """
        known = self._known.setdefault((account.casefold(), key), _First(same))
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        if known.same != same:
            raise IllegalTransition(f"this {KEY} was used for another request; make a new one for each")
        async with known.turn:
            if known.refusal is not None:
                raise type(known.refusal)(*known.refusal.args)
            if known.reply is not None:
                status, body = known.reply
                again = {"Idempotency-Replayed": "true"}
                return web.Response(status=status, body=body, content_type="application/json", headers=again)
            try:
                response = await carried_out()
            except IllegalTransition as refusal:
                known.refusal = refusal
                raise
            if isinstance(response, web.Response) and isinstance(response.body, bytes):
                known.reply = (response.status, response.body)
            return response


REPLIES: Final = web.AppKey("replies", Replies)
