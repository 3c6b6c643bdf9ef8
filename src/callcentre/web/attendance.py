"""What a page says of a line's attendance: its state, since when, why and who, and what was done about a breach."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from callcentre.core.breach import Breach, BreachStep
from callcentre.core.numbers import without_numbers
from callcentre.core.terms import ActionKind, ActionResult, Attendance, Mode

_STEPS_SHOWN = 8

DID: Mapping[ActionKind, str] = {
    ActionKind.UNPAUSE: "Unpause",
    ActionKind.ADD_STANDBY: "Add standby",
    ActionKind.DIVERT: "Divert callers",
    ActionKind.RING_SUPERVISOR: "Ring supervisor",
    ActionKind.REMOVE_STANDBY: "Remove standby",
    ActionKind.UNDIVERT: "End the diversion",
}
CAME: Mapping[ActionResult, tuple[str, str]] = {
    ActionResult.WANTED: ("under way", "quiet"),
    ActionResult.DONE: ("done", "good"),
    ActionResult.ALREADY: ("was so before", "quiet"),
    ActionResult.REFUSED: ("refused by the PBX", "bad"),
    ActionResult.FAILED: ("failed", "bad"),
    ActionResult.UNCERTAIN: ("not certain", "warn"),
    ActionResult.OBSERVED: ("not done: observed only", "quiet"),
    ActionResult.HELD_BACK: ("held back: too many in an hour", "warn"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AttendanceNow:
    """A line's attendance now: `state` since `since` (None: since before anything was told), because of `reason`.

    `core`: the line is in its core hours. `who` has one entry for each member who is why. `breach` is set while the
    line needs somebody, with the `steps` taken about it, oldest first.
    """

    state: Attendance
    since: datetime | None = None
    core: bool = False
    reason: str = ""
    who: Sequence[str] = ()
    breach: Breach | None = None
    steps: Sequence[BreachStep] = ()

    @property
    def is_breach(self) -> bool:
        """Whether the promise is broken now: people were told, and nobody can answer."""
        told = self.breach is not None and self.breach.alarmed_at is not None
        return told and self.state is Attendance.UNATTENDED

    @property
    def looks(self) -> str:
        """How it is to look: good, quiet, warn or bad."""
        if self.is_breach:
            return "bad"
        if self.breach is not None or (self.core and self.state is Attendance.UNATTENDED):
            return "warn"
        return "good" if self.state is Attendance.ATTENDED else "quiet"

    @property
    def headline(self) -> str:
        """The state in a word or three."""
        if self.breach is not None and self.state is Attendance.ATTENDED:
            return "Covered" if self.breach.unattended_at is not None else "Cover asked for"
        if self.state is Attendance.UNATTENDED and not self.core and self.breach is None:
            return "Closed, nobody there"
        return {
            Attendance.ATTENDED: "Attended",
            Attendance.UNATTENDED: "Unattended",
            Attendance.UNKNOWN: "Not known",
        }[self.state]

    @property
    def why(self) -> str:
        """Why, as a sentence; empty where an attended or a closed line needs no reason."""
        said = self.reason if self._is_telling else ""
        if self.breach is not None and self.state is Attendance.ATTENDED:
            said = "somebody else can answer; its own people are not back for good yet"
        return sentence(said)

    @property
    def people(self) -> Sequence[str]:
        """Whose absence it is, as far as it is worth saying."""
        return [without_numbers(each) for each in self.who] if self._is_telling else []

    @property
    def latest_steps(self) -> Sequence[BreachStep]:
        """What was done about it, the latest last."""
        return self.steps[-_STEPS_SHOWN:]

    @property
    def _is_telling(self) -> bool:
        return bool(self.reason) and self.looks != "good" and (self.core or self.state is Attendance.UNKNOWN)


def sentence(said: str) -> str:
    """With a capital, telephone numbers masked."""
    safe = without_numbers(said)
    return safe[:1].upper() + safe[1:]


def told(now: AttendanceNow, moment: Callable[[datetime], str]) -> str:
    """What is known of the breach itself, in one sentence; empty where there is none."""
    breach = now.breach
    if breach is None:
        return ""
    said = []
    if breach.asked_by is not None:
        said.append(f"{without_numbers(breach.asked_by)} asked for cover")
    if breach.alarmed_at is not None:
        said.append(f"people were told at {moment(breach.alarmed_at)}")
    if breach.mode is Mode.OBSERVE:
        said.append("observed only: nothing is changed on the PBX")
    if breach.end is not None:
        said.append("over; what was done is being taken back")
    return sentence(" · ".join(said))
