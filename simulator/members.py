"""Queue members: who is to be rung for a queue, and the events of their comings, goings, pauses and states."""

from collections.abc import Callable
from dataclasses import dataclass

from callcentre_simulator.books import QueueLog
from callcentre_simulator.engine import Engine
from callcentre_simulator.telephones import BUSY_DEVICE, INUSE, NOT_INUSE, ON_HOLD, RINGING_DEVICE, Telephones
from callcentre_simulator.wire import Headers

REACHABLE = {NOT_INUSE, INUSE, BUSY_DEVICE, RINGING_DEVICE, ON_HOLD}


@dataclass(slots=True, kw_only=True)
class Member:
    """One place in one queue."""

    queue: str
    interface: str
    name: str
    state_interface: str
    dynamic: bool = False
    penalty: int = 0
    paused: bool = False
    reason: str = ""
    taken: int = 0
    last_call: int = 0
    last_pause: int = 0
    since: int = 0
    status: int = 5
    in_call: int = 0
    wrapup: int = 0
    position: int = 0
    """Its place in the queue's list, which strategies with a memory count from."""

    def headers(self) -> Headers:
        """As the events tell it."""
        return (
            ("Queue", self.queue),
            ("MemberName", self.name),
            ("Interface", self.interface),
            ("StateInterface", self.state_interface),
            ("Membership", "dynamic" if self.dynamic else "static"),
            ("Penalty", str(self.penalty)),
            *self._figures(),
            ("Ringinuse", "0"),
            ("Wrapuptime", str(self.wrapup)),
        )

    def listed(self) -> Headers:
        """As QueueStatus lists it."""
        return (
            ("Queue", self.queue),
            ("Name", self.name),
            ("Location", self.interface),
            ("StateInterface", self.state_interface),
            ("Membership", "dynamic" if self.dynamic else "static"),
            ("Penalty", str(self.penalty)),
            *self._figures(),
            ("Wrapuptime", str(self.wrapup)),
        )

    def _figures(self) -> Headers:
        return (
            ("CallsTaken", str(self.taken)),
            ("LastCall", str(self.last_call)),
            ("LastPause", str(self.last_pause)),
            ("LoginTime", str(self.since)),
            ("InCall", str(self.in_call)),
            ("Status", str(self.status)),
            ("Paused", str(int(self.paused))),
            ("PausedReason", self.reason),
        )

    def available(self, now: float) -> bool:
        """Whether a call could be sent there now: reachable, idle, unpaused and rested after its last call."""
        rested = not self.last_call or not self.wrapup or now >= self.last_call + self.wrapup
        return self.status == NOT_INUSE and not self.paused and not self.in_call and rested


class Members:
    """All members of all queues, and what is said of them."""

    def __init__(self, engine: Engine, telephones: Telephones, log: QueueLog) -> None:
        self._engine = engine
        self._telephones = telephones
        self._log = log
        self.of_queue: dict[str, list[Member]] = {}
        self._said: dict[str, bool] = {}
        self._of_device: dict[str, list[Member]] = {}
        self._free: dict[str, int] = {}
        """How many are free in queues where that changes only with what is told here (no wrap-up runs out)."""
        self.hear: list[Callable[[], None]] = []
        """Who hears that members, their pauses or their states are not what they were."""
        self.came: list[Callable[[str], None]] = []
        """Who hears of each telephone at which somebody logged in or went on after a pause."""
        telephones.hear(self._device_changed)

    def find(self, queue: str, interface: str) -> Member | None:
        """The member of a queue with an interface."""
        return next((one for one in self.of_queue.get(queue, ()) if one.interface == interface), None)

    def free(self, queue: str) -> int:
        """How many members of a queue could be rung now."""
        known = self._free.get(queue)
        if known is not None:
            return known
        members = self.of_queue.get(queue, ())
        count = sum(one.available(self._engine.now) for one in members)
        if not any(one.wrapup for one in members):
            self._free[queue] = count
        return count

    def put(self, member: Member) -> None:
        """Give a queue a member without a word, as a configuration does at start."""
        members = self.of_queue.setdefault(member.queue, [])
        member.position = len(members)
        member.since = member.since or int(self._engine.now)
        member.status = self._telephones.known(member.state_interface)
        members.append(member)
        self._of_device.setdefault(member.state_interface, []).append(member)
        self._free.pop(member.queue, None)
        self._said[member.queue] = any(one.available(self._engine.now) for one in members)

    def add(self, member: Member, *, by: str = "MANAGER") -> None:
        """Log an agent in; `by` is the channel that did it, or MANAGER."""
        before = self._said.get(member.queue, False)
        self.put(member)
        self._said[member.queue] = before
        self._log.write(by, member.queue, member.name, "ADDMEMBER", "PAUSED" if member.paused else "")
        self._engine.agent("QueueMemberAdded", member.headers())
        self._telephones.say(f"Queue:{member.queue}_pause_{member.interface}", "NOT_INUSE")
        self._avail(member.queue)
        for hear in self.came:
            hear(member.state_interface)

    def remove(self, member: Member, *, by: str = "MANAGER") -> None:
        """Log an agent out."""
        self.of_queue[member.queue].remove(member)
        self._of_device[member.state_interface].remove(member)
        self._engine.agent("QueueMemberRemoved", member.headers())
        self._log.write(by, member.queue, member.name, "REMOVEMEMBER")
        self._avail(member.queue)

    def restarted(self) -> None:
        """A new start: dynamic members and their pauses are remembered, figures and static pauses are not."""
        self._free.clear()
        for queue, members in self.of_queue.items():
            for member in members:
                member.taken = member.last_call = member.in_call = member.last_pause = 0
                member.paused = member.paused and member.dynamic
                member.reason = member.reason if member.paused else ""
                member.since = int(self._engine.now) + 1
                member.status = self._telephones.state(member.state_interface)
            self._said[queue] = any(one.available(self._engine.now) for one in members)

    def pause(self, interface: str, *, on: bool, reason: str = "", queue: str = "") -> int:
        """Pause or unpause an agent in one queue, or in all; how many places that touched."""
        touched = 0
        members = [one for queue_of in self.of_queue.values() for one in queue_of if one.interface == interface]
        members = [one for one in members if not queue or one.queue == queue]
        if members and not queue:
            self._log.write("NONE", "NONE", members[0].name, "PAUSEALL" if on else "UNPAUSEALL")
        for member in members:
            touched += 1
            back = member.paused and not on
            member.paused = on
            member.reason = reason if on else ""
            if on:
                member.last_pause = int(self._engine.now)
            held = "INUSE" if on else "NOT_INUSE"
            self._telephones.say(f"Queue:{member.queue}_pause_{interface}", held)
            self._avail(member.queue)
            self._log.write("NONE", member.queue, member.name, "PAUSE" if on else "UNPAUSE", reason)
            said = (("Reason", reason),) if self._engine.version == 16 and reason else ()
            self._engine.agent("QueueMemberPause", (*member.headers(), *said))
            for hear in self.came if back else ():
                hear(member.state_interface)
        return touched

    def _avail(self, queue: str) -> None:
        self._free.pop(queue, None)
        for hear in self.hear:
            hear()
        some = any(one.available(self._engine.now) for one in self.of_queue.get(queue, ()))
        if self._said.get(queue, False) == some:
            return
        self._said[queue] = some
        self._telephones.say(f"Queue:{queue}_avail", "NOT_INUSE" if some else "INUSE")

    def _device_changed(self, device: str, state: int) -> None:
        for member in self._of_device.get(device, ()):
            if member.status != state:
                member.status = state
                self._engine.agent("QueueMemberStatus", member.headers())
                self._avail(member.queue)
