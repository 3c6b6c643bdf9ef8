"""Which line a call belongs to: by DID, by queue, by extension; and which devices are telephones of the office.

A DID outranks a queue; a call belongs to the line it reached first (docs/explanation: how a call is measured).
"""

from callcentre.core.charter import Line, Office
from callcentre.core.terms import is_local


class Claims:
    """The claims of all lines on one PBX, and what was learned about its devices."""

    def __init__(self, office: Office, pbx: str) -> None:
        lines = [line for line in office.lines if line.pbx == pbx]
        self._by_name = {line.name: line for line in lines}
        self._by_did = {did: line for line in lines for did in line.dids}
        self._by_queue = {queue: line for line in lines for queue in line.queues}
        self._by_extension = {extension: line for line in lines for extension in line.extensions}
        settings = next((p for p in office.pbxs if p.name == pbx), None)
        self._menus = settings.menus if settings else frozenset()
        self._trunks = settings.trunks if settings else frozenset()
        self._telephones = set(self._by_extension)
        self._members: set[str] = set()

    def line(self, name: str) -> Line | None:
        """The line of that name."""
        return self._by_name.get(name)

    def by_did(self, exten: str) -> Line | None:
        """The line that answers this DID."""
        return self._by_did.get(exten)

    def by_queue(self, queue: str) -> Line | None:
        """The line that this queue belongs to."""
        return self._by_queue.get(queue)

    def by_extension(self, device: str) -> Line | None:
        """The line that this extension belongs to."""
        return self._by_extension.get(device)

    def is_menu(self, exten: str) -> bool:
        """Whether hanging up at this exten is leaving a menu: a configured one, or any where none is configured."""
        return exten in self._menus if self._menus else bool(exten) and exten != "s"

    def is_telephone(self, device: str) -> bool:
        """Whether a device is a telephone of this office: an extension of a line, a member of a queue.

        Where the trunks are configured, whatever is none of them. That a call was sent to a device proves nothing: a
        mobile is rung through the trunk that outside calls come by.
        """
        if self._trunks:
            return device not in self._trunks
        return device in self._telephones

    def claims_device(self, device: str) -> bool:
        """Whether some line answers at this telephone: its extension, or a member of its queue."""
        return device in self._by_extension or device in self._members

    def learn_member(self, queue: str, device: str) -> None:
        """A queue has this device as a member."""
        if not is_local(device):
            self._telephones.add(device)
        if queue in self._by_queue:
            self._members.add(device)
