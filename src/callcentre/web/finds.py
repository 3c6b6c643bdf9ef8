"""What people look for in lists: kept in memory, so that no address, history or log of a proxy holds a number."""

import secrets
from collections import OrderedDict
from collections.abc import Mapping
from typing import Final

from aiohttp import web

from callcentre.core.numbers import without_numbers

_REMEMBERED: Final = 2_000


class Finds:
    """What was looked for, by the name that an address has for it; the latest of them, each for its account alone."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, tuple[str, str]] = OrderedDict()

    def keep(self, account: str, text: str) -> str:
        """Return a name for `text`."""
        name = secrets.token_urlsafe(9)
        self._kept[name] = (account, text)
        while len(self._kept) > _REMEMBERED:
            self._kept.popitem(last=False)
        return name

    def text(self, account: str, name: str) -> str | None:
        """What that name stands for; None if it is forgotten or another's."""
        kept = self._kept.get(name)
        return kept[1] if kept is not None and kept[0] == account else None


def for_address(said: Mapping[str, str], search: str) -> tuple[dict[str, str], str]:
    """What of the fields of a list may stand in an address, and what is looked for.

    A telephone number typed into another field is looked for, if nothing else is: it may not stand there.
    """
    numbers = [text for text in said.values() if without_numbers(text) != text]
    return {name: "" if text in numbers else text for name, text in said.items()}, search or " ".join(numbers[:1])


FINDS: Final = web.AppKey("finds", Finds)
