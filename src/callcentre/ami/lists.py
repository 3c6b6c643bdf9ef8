"""The answers to a resync, put together: list items by ActionID until their list is complete. Sans-IO."""

from dataclasses import dataclass, field
from datetime import datetime

from callcentre.ami.messages import Item
from callcentre.ami.translate import UNKNOWN_PARTY, is_telephone_device, member_of
from callcentre.core.events import (
    CallerSeen,
    ChannelSeen,
    ChannelsListed,
    DevicesListed,
    Event,
    MemberSeen,
    QueuesListed,
)

MAX_ITEMS = 200_000
"""Items of one list that are kept: twenty times the channels of the largest PBX that one daemon serves."""

_LIST_OF = {
    "CoreShowChannel": "CoreShowChannelsComplete",
    "QueueParams": "QueueStatusComplete",
    "QueueMember": "QueueStatusComplete",
    "QueueEntry": "QueueStatusComplete",
    "DeviceStateChange": "DeviceStateListComplete",
}
_ENDS = frozenset(_LIST_OF.values())


@dataclass(slots=True)
class _Gathered:
    count: int = 0
    channels: list[ChannelSeen] = field(default_factory=list)
    queues: list[str] = field(default_factory=list)
    members: list[MemberSeen] = field(default_factory=list)
    callers: list[CallerSeen] = field(default_factory=list)
    devices: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A list came to its end. `whole` is False if items of it were not believed; `event` is what it says."""

    action_id: str
    event: Event
    whole: bool


class Lists:
    """Gathers list items of one connection. Values that make no sense leave their item out, and the list not whole."""

    def __init__(self, pbx: str) -> None:
        self._pbx = pbx
        self._open: dict[tuple[str, str], _Gathered] = {}

    def take(self, item: Item, at: datetime) -> Listed | None:
        """Add an item; the list, if this was its end (`at` is when it was read)."""
        end = _LIST_OF.get(item.name)
        if end is None:
            return self._finish(item, at) if item.name in _ENDS else None
        gathered = self._open.setdefault((item.action_id, end), _Gathered())
        if gathered.count >= MAX_ITEMS:
            return None
        try:
            self._add(gathered, item.name, item.values)
        except ValueError:
            return None
        gathered.count += 1
        return None

    def forget(self) -> None:
        """Drop what is unfinished."""
        self._open.clear()

    def _add(self, gathered: _Gathered, name: str, values: dict[str, str | None]) -> None:
        told = {header: value or "" for header, value in values.items()}
        if name == "CoreShowChannel":
            gathered.channels.append(_channel(told))
        elif name == "QueueParams":
            gathered.queues.append(told["Queue"])
        elif name == "QueueMember":
            gathered.members.append(member_of(*told.values()))
        elif name == "QueueEntry":
            gathered.callers.append(
                CallerSeen(
                    queue=told["Queue"],
                    uniqueid=told["Uniqueid"],
                    channel=told["Channel"],
                    position=int(told["Position"]),
                    wait_seconds=int(told["Wait"]),
                )
            )
        else:
            gathered.devices.append((told["Device"], told["State"]))

    def _finish(self, item: Item, at: datetime) -> Listed | None:
        gathered = self._open.pop((item.action_id, item.name), _Gathered())
        promised = item.values["ListItems"] or ""
        whole = promised.isascii() and promised.isdigit() and int(promised[:9]) == gathered.count
        event: Event
        if item.name == "CoreShowChannelsComplete":
            event = ChannelsListed(pbx=self._pbx, at=at, channels=tuple(gathered.channels), complete=whole)
        elif item.name == "QueueStatusComplete":
            event = QueuesListed(
                pbx=self._pbx,
                at=at,
                queues=tuple(gathered.queues),
                members=tuple(gathered.members),
                callers=tuple(gathered.callers),
            )
        else:
            devices = tuple(pair for pair in gathered.devices if is_telephone_device(pair[0]))
            event = DevicesListed(pbx=self._pbx, at=at, devices=devices)
        return Listed(action_id=item.action_id, event=event, whole=whole)


def _channel(told: dict[str, str]) -> ChannelSeen:
    number = told["CallerIDNum"]
    return ChannelSeen(
        channel=told["Channel"],
        uniqueid=told["Uniqueid"],
        linkedid=told["Linkedid"],
        state=int(told["ChannelState"]),
        caller_number="" if number == UNKNOWN_PARTY else number,
        context=told["Context"],
        exten=told["Exten"],
        application=told["Application"],
        bridge=told["BridgeId"],
        duration_seconds=_seconds(told["Duration"]),
    )


def _seconds(clock: str) -> float | None:
    """`HH:MM:SS`, the hours unbounded."""
    parts = clock.split(":")
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() and len(part) < 9 for part in parts):
        return None
    hours, minutes, seconds = map(int, parts)
    return float(hours * 3600 + minutes * 60 + seconds)
