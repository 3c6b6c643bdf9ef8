"""What people at the office do at a set time, each deed checked when its scenario is read."""

from collections.abc import Callable

from callcentre_simulator.members import Member
from callcentre_simulator.pbx import Pbx
from callcentre_simulator.schema import DeedTable

OF_TELEPHONES = {"register", "unregister", "pause", "unpause", "log in", "log out"}
OF_MAILBOXES = {"hear", "erase"}
OF_QUEUES = {"log in", "log out"}


class Deeds:
    """The deeds that an office knows."""

    def __init__(self, pbx: Pbx) -> None:
        self._pbx = pbx

    def made(self, deed: DeedTable) -> Callable[[], None]:
        """What a deed does; ValueError where it is done to something that the office has not."""
        self._check(deed)
        pbx, device = self._pbx, f"PJSIP/{deed.telephone}"
        match deed.do:
            case "register" | "unregister":
                return lambda: pbx.telephones.register(device, on=deed.do == "register")
            case "pause" | "unpause":
                return lambda: self.pause(device, on=deed.do == "pause", reason=deed.reason, queue=deed.queue)
            case "log in":
                return lambda: self._log_in(device, deed.queue)
            case "log out":
                return lambda: self._log_out(device, deed.queue)
            case "restart":
                return pbx.restarts.restart
            case "crash":
                return lambda: pbx.restarts.crash(deed.away)
            case "hear":
                return lambda: pbx.voicemail.hear(deed.mailbox)
            case "erase":
                return lambda: pbx.voicemail.erase(deed.mailbox)
            case "put":
                return lambda: self._put(deed.key, deed.value)
            case "delete":
                return lambda: self._delete(deed.key)

    def _check(self, deed: DeedTable) -> None:
        """Refuse a deed that would stop the office in the middle of its run."""
        pbx = self._pbx
        known = {
            "telephone": ({one.extension for one in pbx.telephones.all.values()}, deed.do in OF_TELEPHONES),
            "queue": (set(pbx.queueing.queues), deed.do in OF_QUEUES or bool(deed.queue)),
            "mailbox": (set(pbx.voicemail.boxes), deed.do in OF_MAILBOXES),
        }
        for what, (names, needed) in known.items():
            given: str = getattr(deed, what)
            if needed and given not in names:
                raise ValueError(
                    f"the deed {deed.do!r} at {deed.at} names the {what} {given!r}, which this office has not; "
                    f"it has {', '.join(sorted(names))}"
                )
        if deed.do in {"put", "delete"} and not deed.key:
            raise ValueError(f"the deed {deed.do!r} at {deed.at} names no key of the database")

    def pause(self, device: str, *, on: bool, reason: str = "", queue: str = "") -> None:
        """Somebody pauses or goes on, in one queue or in all."""
        if self._pbx.up:
            self._pbx.members.pause(device, on=on, reason=reason, queue=queue)

    def _put(self, key: str, value: str) -> None:
        self._pbx.database["callcentre", key] = str(int(self._pbx.now)) if value == "now" else value

    def _delete(self, key: str) -> None:
        self._pbx.database.pop(("callcentre", key), None)

    def _log_in(self, device: str, queue: str) -> None:
        name = self._pbx.telephones.all[device].person or device
        if self._pbx.members.find(queue, device) is None:
            member = Member(queue=queue, interface=device, name=name, state_interface=device, dynamic=True)
            self._pbx.members.add(member)

    def _log_out(self, device: str, queue: str) -> None:
        member = self._pbx.members.find(queue, device)
        if member is not None:
            self._pbx.members.remove(member)
