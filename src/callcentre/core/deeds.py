"""A breach with all that was done about it, and what each step stands for: the action that is sent, and its undoing.

A Case gathers the rows, commands and notices of one moment until they are taken as facts. Its rows are its memory.
"""

import re
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from callcentre.core.breach import Breach, BreachStep
from callcentre.core.calendar import Calendar
from callcentre.core.charter import Line
from callcentre.core.commands import Act, AddMember, PauseMember, RemoveMember, RingTelephone, StoreValue
from callcentre.core.facts import BreachChanged, Fact
from callcentre.core.hints import CommandWanted
from callcentre.core.tasks import Notice
from callcentre.core.terms import ActionKind, ActionResult

RING_SECONDS: Final = 30
UNDOING: Final = {
    ActionKind.ADD_STANDBY: ActionKind.REMOVE_STANDBY,
    ActionKind.DIVERT: ActionKind.UNDIVERT,
}
HELD: Final = frozenset({ActionResult.DONE, ActionResult.WANTED, ActionResult.UNCERTAIN})
"""Results after which something may be so because of us."""

_NO_MORE_RINGING: Final = frozenset(
    {ActionResult.WANTED, ActionResult.DONE, ActionResult.OBSERVED, ActionResult.HELD_BACK}
)
_WHY: Final = 200
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9 _.-]")


@dataclass(slots=True)
class Case:
    """A breach that lasts or is being undone, with all its steps by seq.

    `unsent` are steps written with WANTED whose action this run has not sent; of those in `again` an earlier attempt
    may have arrived; those in `renew` were done before the PBX started anew. `complained` names what people were told
    that could not be done. Until `wait_until` nothing more is wanted: somebody was unpaused, and the roster is yet to
    tell.
    """

    line: Line
    calendar: Calendar
    breach: Breach
    steps: list[BreachStep] = field(default_factory=list)
    unsent: set[int] = field(default_factory=set)
    again: set[int] = field(default_factory=set)
    renew: set[int] = field(default_factory=set)
    complained: set[str] = field(default_factory=set)
    tries: dict[int, int] = field(default_factory=dict)
    retry_at: datetime | None = None
    ring_until: datetime | None = None
    wait_until: datetime | None = None
    notices: list[Notice] = field(default_factory=list)
    changed: bool = False
    _rows: dict[int, None] = field(default_factory=dict)
    _commands: list[Act] = field(default_factory=list)

    # --- what is so --------------------------------------------------------------------------------------------------

    @property
    def ended(self) -> bool:
        """Whether it is over, but for what is still to be taken back."""
        return self.breach.ended_at is not None

    @property
    def settled(self) -> bool:
        """Whether nothing of it is under way or to be tried again."""
        wanted = any(step.result is ActionResult.WANTED for step in self.steps)
        return not wanted and not any(undoing_failed(step) for step in self.steps)

    def step(self, seq: int) -> BreachStep:
        """One of its steps."""
        return self.steps[seq - 1]

    def live(self) -> list[BreachStep]:
        """What was done or wanted, each target's latest row, in order."""
        latest = {(step.action, step.target): step for step in self.steps if step.undoes is None}
        return sorted(latest.values(), key=lambda step: step.seq)

    def held(self) -> list[BreachStep]:
        """What may be so because of us, each target's latest such row, in order."""
        done = (step for step in self.steps if step.undoes is None and step.result in HELD)
        return sorted({(step.action, step.target): step for step in done}.values(), key=lambda step: step.seq)

    def awaits(self) -> bool:
        """Whether an action, not one that takes back, has no answer yet."""
        return bool(self.wanted())

    def wanted(self) -> list[BreachStep]:
        """The steps, none that takes back, that have no answer yet."""
        return [step for step in self.steps if step.result is ActionResult.WANTED and step.undoes is None]

    def holding(self, action: ActionKind, target: str) -> BreachStep | None:
        """The step because of which `target` may be so, unless it was taken back."""
        over = {step.undoes for step in self.steps if step.undoes is not None and _is_over(step)}
        mine = (step for step in self.held() if (step.action, step.target) == (action, target))
        return next((step for step in mine if step.seq not in over), None)

    def added(self) -> set[tuple[str, str]]:
        """The (queue, telephone) pairs that we put there."""
        return {queue_and_telephone(step.target) for step in self.held() if step.action is ActionKind.ADD_STANDBY}

    # --- what changes ------------------------------------------------------------------------------------------------

    def change(self, **values: Any) -> None:
        """Change the record itself."""
        self.breach = replace(self.breach, **values)
        self.changed = True

    def want(self, at: datetime, action: ActionKind, target: str, why: str, undoes: int | None = None) -> BreachStep:
        """Write a step that is to be sent."""
        breach = self.breach
        step = BreachStep(
            pbx=breach.pbx,
            line=breach.line,
            since=breach.since,
            seq=len(self.steps) + 1,
            at=at,
            action=action,
            target=target,
            result=ActionResult.WANTED,
            why=bounded(why),
            undoes=undoes,
        )
        self.steps.append(step)
        self._rows[step.seq] = None
        self.unsent.add(step.seq)
        self.change(steps=len(self.steps))
        return step

    def settle(self, step: BreachStep, result: ActionResult, at: datetime | None, why: str = "") -> BreachStep:
        """Write what became of a step; WANTED (and no time) means that it is to be sent again."""
        words = bounded(why) if why else step.why
        step = self.steps[step.seq - 1] = replace(step, result=result, settled_at=at, why=words)
        self._rows[step.seq] = None
        (self.unsent.add if result is ActionResult.WANTED else self.unsent.discard)(step.seq)
        return step

    def send(self, step: BreachStep) -> None:
        """Send a step's action."""
        self.unsent.discard(step.seq)
        self._commands.append(command(step))

    def retry_by(self, at: datetime | None) -> None:
        """Try again at `at`, or sooner."""
        if at is not None:
            self.retry_at = at if self.retry_at is None else min(self.retry_at, at)

    def take(self, at: datetime) -> list[Fact]:
        """What happened to it since the last time, as one transaction, and what is to be sent after it."""
        facts: list[Fact] = []
        if self.changed or self._rows or self.notices:
            steps = tuple(self.step(seq) for seq in sorted(self._rows))
            notices = tuple(self.notices)
            facts.append(BreachChanged(pbx=self.breach.pbx, at=at, breach=self.breach, steps=steps, notices=notices))
        facts += (CommandWanted(pbx=one.pbx, at=at, command=one) for one in self._commands)
        self.changed = False
        self._rows.clear()
        self.notices.clear()
        self._commands.clear()
        return facts


def queue_and_telephone(target: str) -> tuple[str, str]:
    """The parts of a target `enquiries PJSIP/109`; a queue's name may hold spaces, a telephone's does not."""
    queue, _, telephone = target.rpartition(" ")
    return queue, telephone


def bounded(words: str) -> str:
    """Words from outside as one line of bounded length."""
    return " ".join(words.split())[:_WHY]


def command(step: BreachStep) -> Act:
    """The action of a step."""
    queue, telephone = queue_and_telephone(step.target)
    base: dict[str, Any] = {"pbx": step.pbx, "key": step.key}
    match step.action:
        case ActionKind.ADD_STANDBY:
            return AddMember(**base, queue=queue, interface=telephone)
        case ActionKind.REMOVE_STANDBY:
            return RemoveMember(**base, queue=queue, interface=telephone)
        case ActionKind.DIVERT | ActionKind.UNDIVERT:
            value = "1" if step.action is ActionKind.DIVERT else None
            return StoreValue(**base, name=f"line/{step.target}/divert", value=value)
        case ActionKind.UNPAUSE:
            return PauseMember(**base, queue=queue, interface=telephone, paused=False)
        case ActionKind.RING_SUPERVISOR:
            name = _UNSAFE.sub("", step.line)
            return RingTelephone(
                **base,
                telephone=step.target,
                context="callcentre-alarm",
                exten="s",
                variables=(("CALLCENTRE_LINE", name),),
                seconds=RING_SECONDS,
            )


# --- what a step is ------------------------------------------------------------------------------------------------


def forgotten(step: BreachStep, booted_at: datetime) -> bool:
    """Whether the PBX, which started at `booted_at`, no longer knows of what this step did."""
    known = step.result in (ActionResult.DONE, ActionResult.UNCERTAIN)
    return known and step.action in UNDOING and (step.settled_at or step.at) < booted_at


def is_dial(step: BreachStep) -> bool:
    """Whether it is a telephone rung: at most once, whatever happens."""
    return step.action is ActionKind.RING_SUPERVISOR


def rings(step: BreachStep) -> bool:
    """Whether it is a telephone that rings, as far as is known."""
    return is_dial(step) and step.result is ActionResult.WANTED


def may_be_taken(step: BreachStep) -> bool:
    """Whether somebody answered a telephone, or may yet, or would have."""
    return step.result in _NO_MORE_RINGING


def retried(step: BreachStep) -> bool:
    """Whether a step is one to send again after a while: it did not arrive, or may not have, and may be repeated."""
    faulty = step.result in (ActionResult.FAILED, ActionResult.UNCERTAIN)
    return faulty and not is_dial(step) and step.undoes is None


def undoing_failed(step: BreachStep) -> bool:
    """Whether it should have taken something back, and did not arrive."""
    return step.undoes is not None and step.result is ActionResult.FAILED


def _is_over(step: BreachStep) -> bool:
    return step.result not in (ActionResult.WANTED, ActionResult.FAILED)
