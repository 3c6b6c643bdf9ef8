"""The channels of one PBX that are alive now: which telephone each is, which call it serves, what it showed so far.

Kept apart from calls because AMI's threads race: a leg may ring before its DialBegin is told, so what a channel showed
is remembered here until somebody knows whose leg it is.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from callcentre.core.terms import device_of, is_local

STATE_RING = 4
STATE_RINGING = 5
STATE_UP = 6


@dataclass(slots=True, kw_only=True)
class Channel:
    """One live channel.

    `is_caller` marks one that somebody dialled in on (made in state Ring); `call` is the uniqueid of the call it
    serves as caller, leg, Local half or consultation; `offer_at` when its caller was first sent to a queue or Dial.
    """

    uniqueid: str
    name: str
    linkedid: str
    created_at: datetime
    is_caller: bool
    caller_number: str = ""
    exten: str = ""
    call: str | None = None
    offer_at: datetime | None = None
    dialled: bool = False
    ringing_at: datetime | None = None
    up_at: datetime | None = None

    @property
    def device(self) -> str:
        """The telephone or trunk this channel belongs to."""
        return device_of(self.name)

    @property
    def local(self) -> bool:
        """Whether this is one half of a Local pair."""
        return is_local(self.name)


class ChannelBook:
    """The live channels of one PBX by uniqueid, with their names."""

    def __init__(self) -> None:
        self._by_id: dict[str, Channel] = {}
        self._by_name: dict[str, Channel] = {}

    def __iter__(self) -> Iterator[Channel]:
        return iter(tuple(self._by_id.values()))

    def __len__(self) -> int:
        return len(self._by_id)

    def add(self, channel: Channel) -> None:
        """Take a new channel."""
        self._by_id[channel.uniqueid] = channel
        self._by_name[channel.name] = channel

    def get(self, uniqueid: str | None) -> Channel | None:
        """The live channel with that uniqueid, or None."""
        return self._by_id.get(uniqueid) if uniqueid else None

    def mate(self, channel: Channel) -> Channel | None:
        """The other half of a Local pair, or None."""
        stem, _, half = channel.name.rpartition(";")
        return self._by_name.get(f"{stem};{'2' if half == '1' else '1'}") if stem else None

    def rename(self, uniqueid: str, new: str) -> None:
        """A masquerade moved a name onto this channel."""
        channel = self._by_id.get(uniqueid)
        if channel is None:
            return
        if self._by_name.get(channel.name) is channel:
            del self._by_name[channel.name]
        channel.name = new
        self._by_name[new] = channel

    def remove(self, uniqueid: str) -> Channel | None:
        """Forget a channel that hung up; return what was known of it."""
        channel = self._by_id.pop(uniqueid, None)
        if channel is not None and self._by_name.get(channel.name) is channel:
            del self._by_name[channel.name]
        return channel

    def clear(self) -> None:
        """Forget all: the PBX restarted."""
        self._by_id.clear()
        self._by_name.clear()
