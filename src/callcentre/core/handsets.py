"""Which telephones of one PBX ring or are in a call at this moment: those that have a channel."""

from collections.abc import Iterable

from callcentre.core.events import ChannelCreated, ChannelGone, ChannelRenamed, ChannelSeen
from callcentre.core.terms import device_of, is_local


class Handsets:
    """The devices of the live channels. After a gap, what a list of channels says holds."""

    def __init__(self) -> None:
        self._devices: dict[str, str] = {}

    def in_use(self, telephone: str) -> bool:
        """Whether `telephone` (`PJSIP/101`) has a channel."""
        return telephone in self._devices.values()

    def created(self, event: ChannelCreated) -> None:
        """A channel began."""
        if not is_local(event.channel):
            self._devices[event.uniqueid] = device_of(event.channel)

    def renamed(self, event: ChannelRenamed) -> None:
        """A channel stands for another telephone now."""
        if event.uniqueid in self._devices:
            self._devices[event.uniqueid] = device_of(event.new)

    def gone(self, event: ChannelGone) -> None:
        """A channel ended."""
        self._devices.pop(event.uniqueid, None)

    def listed(self, rows: Iterable[ChannelSeen], *, complete: bool) -> None:
        """These channels live; if the list is complete, no others do."""
        if complete:
            self._devices.clear()
        self._devices.update({row.uniqueid: device_of(row.channel) for row in rows if not is_local(row.channel)})

    def clear(self) -> None:
        """No channel lives any more."""
        self._devices.clear()
