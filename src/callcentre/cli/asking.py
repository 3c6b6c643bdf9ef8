"""Asking the daemon for something: an order in its database, and its answer.

The commands change no task themselves, so that all that happens to one passes through the same rules and history.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TextIO
from uuid import uuid4

from callcentre.cli.running import carried_out
from callcentre.core.errors import CallcentreError

if TYPE_CHECKING:
    from callcentre.config.settings import Config
    from callcentre.orders import Request
    from callcentre.store.database import Database

PATIENCE_SECONDS: Final = 15.0
SAYS_SO_AFTER_SECONDS: Final = 1.0
_LOOKS_EVERY: Final = 0.1
_LETTERS: Final = str.maketrans("0123456789", "ghijklmnop")


class Refused(CallcentreError):
    """The daemon did not do what was asked; the message is its reason, and what to do instead."""


class Unanswered(CallcentreError):
    """No daemon answered in time; the order is kept."""


@asynccontextmanager
async def opened(config: "Config") -> AsyncIterator["Database"]:
    """The database of `config`, which must be there and have the right schema."""
    from callcentre.store.database import Database

    database = await Database.open(config.store.url, create=False)
    try:
        await database.check()
        yield database
    finally:
        await database.close()


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks: the start of every request, `common`, is the same."""

    config: "Config"
    pbx: str

    @property
    def common(self) -> dict[str, Any]:
        """PBX, time and a key of its own, for a request."""
        from callcentre.runtime.clock import SystemClock

        return {"pbx": self.pbx, "at": SystemClock().now(), "request": _name()}


def ask(config: "Config", *requests: "Request", quietly: bool = False) -> None:
    """Have the daemon do what `requests` say, and print its answers; `quietly`, on standard error.

    What takes long says how far it is, on standard error. Raises Refused with its reasons; Unanswered if nothing is
    heard for 15 s: then the orders stay, and are carried out when callcentre runs.
    """
    refusals, waiting = carried_out(lambda: _answered(config, requests, sys.stderr if quietly else sys.stdout))
    if waiting:
        raise Unanswered(
            f"no answer within {PATIENCE_SECONDS:.0f} s; is callcentre running? The request is kept, and will be "
            f"carried out when callcentre runs (order {', '.join(waiting)})"
        )
    if refusals:
        raise Refused("\n".join(refusals))


async def _answered(config: "Config", requests: Sequence["Request"], out: TextIO) -> tuple[list[str], list[str]]:
    """Leave the orders, and print each answer as it comes; return what was refused and which were not answered."""
    from callcentre.orders import body_of

    refusals: list[str] = []
    waiting = [request.request for request in requests]
    async with opened(config) as database:
        for one in requests:
            await database.writer.order(one.request, one.pbx, one.at, body_of(one))
        waited, heard = 0.0, dict.fromkeys(waiting, "")
        while waiting and waited < PATIENCE_SECONDS:
            for order in [await database.queries.order(each) for each in waiting]:
                if order is not None and order.done_at is None and order.answer != heard[order.id]:
                    heard[order.id], waited = order.answer, SAYS_SO_AFTER_SECONDS  # it is being carried out
                    print(order.answer, file=sys.stderr, flush=True)
                if order is not None and order.done_at is not None:
                    waiting.remove(order.id)
                    if order.refused:
                        refusals.append(order.answer)
                    else:
                        print(order.answer, file=out, flush=True)
            before, waited = waited, waited + _LOOKS_EVERY
            if waiting and before < SAYS_SO_AFTER_SECONDS <= waited:
                print("waiting for callcentre to carry it out …", file=sys.stderr, flush=True)
            if waiting:
                await asyncio.sleep(_LOOKS_EVERY)
    return refusals, waiting


def _name() -> str:
    """A name for a request that nobody else gives: letters only, as logs mask what could be a telephone number."""
    return uuid4().hex.translate(_LETTERS)
