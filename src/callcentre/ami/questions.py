"""Questions of one connection that somebody waits for: the Response to an action, or the list that answers it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from asterisk.ami import Action

from callcentre.ami.messages import Item, Reply
from callcentre.ami.shapes import LIST_ENDS
from callcentre.core.errors import LinkLost

MAX_LISTED = 100_000
"""Items of one list that are kept: ten times the largest mailbox, five times the mailboxes of a large PBX."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The whole answer. `is_list` if items came, or could have; `whole` is False if some were not believed."""

    reply: Reply
    items: tuple[Item, ...] = ()
    is_list: bool = False
    whole: bool = True


@dataclass(slots=True)
class _Waiting:
    answer: asyncio.Future[Answer]
    wants_list: bool
    reply: Reply | None = None
    items: list[Item] = field(default_factory=list)


class Questions:
    """Sends actions by `send`, which returns their ActionID, until `lost` tells that the connection has ended."""

    def __init__(self, *, send: Callable[[Action], str], lost: asyncio.Future[str]) -> None:
        self._send = send
        self._lost = lost
        self._waiting: dict[str, _Waiting] = {}

    async def ask(self, action: Action, *, wants_list: bool = False) -> Answer:
        """Send an action and wait for its Response, or for its list; LinkLost if the connection ends first."""
        if self._lost.done():
            raise LinkLost(self._lost.result())
        action_id = self._send(action)
        waiting = _Waiting(asyncio.get_running_loop().create_future(), wants_list)
        self._waiting[action_id] = waiting
        try:
            return await waiting.answer
        except asyncio.CancelledError:
            asking = asyncio.current_task()
            if self._lost.done() and not (asking and asking.cancelling()):
                raise LinkLost(self._lost.result()) from None
            raise
        finally:
            del self._waiting[action_id]

    def cancel(self) -> None:
        """The connection has ended."""
        for waiting in self._waiting.values():
            waiting.answer.cancel()

    def reply(self, reply: Reply) -> bool:
        """Take a Response; False if it is for none of these questions."""
        waiting = self._waiting.get(reply.action_id)
        if waiting is None:
            return False
        waiting.reply = reply
        if not waiting.wants_list or not reply.success or reply.fields.get("EventList") != "start":
            self._settle(waiting, Answer(reply=reply))
        return True

    def item(self, item: Item) -> bool:
        """Take a list item or a list's end; False if it is for none of these questions."""
        waiting = self._waiting.get(item.action_id)
        if waiting is None:
            return False
        if item.name not in LIST_ENDS:
            if len(waiting.items) < MAX_LISTED:
                waiting.items.append(item)
        elif waiting.reply is not None:
            promised = item.values["ListItems"] or ""
            whole = promised.isascii() and promised.isdigit() and int(promised[:9]) == len(waiting.items)
            items = tuple(waiting.items)
            self._settle(waiting, Answer(reply=waiting.reply, items=items, is_list=True, whole=whole))
        return True

    def _settle(self, waiting: _Waiting, answer: Answer) -> None:
        if not waiting.answer.done():
            waiting.answer.set_result(answer)
