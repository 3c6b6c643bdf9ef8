"""Who was there: what the model itself knows of each line's attendance, noted as it happens.

None of it is taken from the events that the office raises. What follows from the notes is worked out in `ledger`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Literal

from callcentre_simulator.members import REACHABLE
from callcentre_simulator.schema import LineTable
from callcentre_simulator.truth import Call

if TYPE_CHECKING:
    from callcentre_simulator.pbx import Pbx

DECIDED = 2.0
"""Seconds after its end at which a call counts as unanswered, as the product's contract has it."""
PROMISED = {"hct": 15.0}
"""Seconds of ringing that a charter promises; where it promises none, a telephone must have rung until let be."""

What = Literal["there", "shown", "rang out", "down", "up"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One thing that matters to a line (empty: to all), at `at` (epoch seconds).

    "there": so many telephones (`count`) are there, and `why` no others; "shown": somebody proved to be there; "rang
    out": nobody came to a free telephone; "down" and "up": the PBX.
    """

    at: float
    what: What
    line: str = ""
    count: int = 0
    why: str = ""


class Watch:
    """Notes, for each line of the office, who is there and who has shown it."""

    def __init__(self, pbx: "Pbx", lines: Iterable[LineTable], holidays: Iterable[date]) -> None:
        self.lines = tuple(lines)
        self.holidays = frozenset(holidays)
        self.began = pbx.now
        self.notes: list[Note] = []
        self._pbx = pbx
        self._there: dict[str, tuple[int, str]] = {}
        pbx.members.hear.append(self.look)
        pbx.members.came.append(self.shown)
        pbx.telephones.hear(lambda _device, _state: self.look())
        pbx.telephones.registered.append(self.look)
        pbx.telephones.used.append(self.shown)
        pbx.truth.answered.append(self._answered)
        pbx.truth.ended.append(self._ended)
        pbx.subroutines.here.append(self.here)
        pbx.restarts.marks.append(self._marked)
        self.look()

    def look(self) -> None:
        """Note for each line how many of its telephones are there, if that is not what it was."""
        for line in self.lines if self._pbx.up else ():
            found = self._count(line)
            if self._there.get(line.name) != found:
                self._there[line.name] = found
                self._note("there", line.name, *found)

    def shown(self, device: str) -> None:
        """Somebody at this telephone proved to be there: took a call, made one, logged in, unpaused."""
        for line in self.lines:
            if device in self._places(line):
                self._note("shown", line.name)

    def here(self, line: str) -> None:
        """Somebody pressed "I'm here" for a line."""
        self._note("shown", line)

    def line_of(self, call: Call) -> str | None:
        """The line a call belongs to: by the number dialled, else by its first queue, else by the telephone rung."""
        queue = call.visits[0].queue if call.visits else ""
        desk = call.attempts[0].interface if call.attempts and not call.visits else ""
        by_did = (line.name for line in self.lines if call.did in line.dids and not call.internal)
        by_queue = (line.name for line in self.lines if queue in line.queues)
        by_desk = (line.name for line in self.lines if desk in line.extensions)
        return next((name for found in (by_did, by_queue, by_desk) for name in found), None)

    def _note(self, what: What, line: str, count: int = 0, why: str = "") -> None:
        self.notes.append(Note(at=self._pbx.now, what=what, line=line, count=count, why=why))

    def _places(self, line: LineTable) -> dict[str, list[bool]]:
        """The line's telephones, and for each of its places there whether it is paused."""
        if not line.queues:
            return {device: [False] for device in line.extensions}
        found: dict[str, list[bool]] = {}
        for queue in line.queues:
            for member in self._pbx.members.of_queue.get(queue, ()):
                found.setdefault(member.state_interface, []).append(member.paused)
        return found

    def _count(self, line: LineTable) -> tuple[int, str]:
        """How many telephones of a line are there, and why the others are not."""
        there, why = 0, set()
        for device, paused in self._places(line).items():
            if all(paused):
                why.add("paused")
            elif self._reachable(device):
                there += 1
            else:
                why.add("out of reach")
        return there, " and ".join(sorted(why, reverse=True)) or "logged off"

    def _reachable(self, device: str) -> bool:
        """A telephone by its registration alone: one that went while it rang is gone, whatever its state is."""
        telephone = self._pbx.telephones.all.get(device)
        return telephone.registered if telephone is not None else self._pbx.telephones.state(device) in REACHABLE

    def _answered(self, call: Call) -> None:
        line = self.line_of(call)
        if line is not None:
            self._note("shown", line)

    def _ended(self, call: Call) -> None:
        name = self.line_of(call)
        line = next((one for one in self.lines if one.name == name), None)
        if line is not None and call.ended is not None and _rang_out(call, line):
            self.notes.append(Note(at=call.ended + DECIDED, what="rang out", line=line.name))

    def _marked(self, at: float, mark: str) -> None:
        """The PBX went or came: from its last word until it speaks again, nobody sees anything."""
        self._there.clear()
        if mark == "up":
            self.notes.append(Note(at=at, what="up"))
            self.look()
        else:
            self.notes.append(Note(at=self._pbx.engine.said_at, what="down"))


def _rang_out(call: Call, line: LineTable) -> bool:
    """Whether a free telephone rang for as long as the line promises, and nobody came; who declines is there."""
    if call.answered is not None or call.outcome in {"closed", "lost", "in_progress"}:
        return False
    rung = [one for one in call.attempts if not one.after_answer]
    if any(one.result == "busy" for one in rung):
        return False
    least = PROMISED.get(line.charter)
    enough = {"rang_out"} if least is None else {"rang_out", "cancelled"}
    return any(
        one.free and one.result in enough and (one.ring_end or 0.0) - one.ring_start >= (least or 0.0) for one in rung
    )
