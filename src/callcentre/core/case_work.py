"""One case in hand, and one change of it: its steps, clocks and notices gathered into one fact, or dropped whole.

Nothing of a change is so before `CaseWork.done`: a request that is refused half-way leaves the case as it was.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from callcentre.core.calendar import Deadline
from callcentre.core.case_states import require
from callcentre.core.case_values import (
    ONCE_A_STAGE,
    Case,
    CaseChannel,
    CaseClock,
    CaseEntry,
    CaseState,
    CaseStep,
    ClockName,
)
from callcentre.core.charter import Agreed, CaseRule, Charter, DeadlineRule, Line, Office, RuleName, told_in
from callcentre.core.desk import US
from callcentre.core.facts import CaseChanged
from callcentre.core.promises import Promises
from callcentre.core.tasks import Notice

AGREED_WITH: Final = "Agreed with the person."
"""How the reasons of a clock begin whose end was agreed."""

OVERDUE: Final = "overdue"
"""The name of the alarm that a clock's end has passed."""

VERBS: Final = {
    ClockName.ACKNOWLEDGE: "acknowledged",
    ClockName.ANSWER: "answered",
    ClockName.AGREED: "answered as agreed",
    ClockName.UPDATE: "told how it stands",
}
"""What is to be done by a clock: the case, or the person, is to be …"""

_RECEIVED: Final = "Received on"
_BEGAN: Final = {ClockName.UPDATE: "Counted from"}
"""How the reasons of a clock begin that is not counted from when something was received."""


@dataclass(slots=True, kw_only=True)
class HeldCase:
    """A case in memory: its row and all its clocks, in their order. `wake` is when something falls due."""

    case: Case
    clocks: list[CaseClock] = field(default_factory=list)
    wake: datetime | None = None

    @property
    def closed(self) -> bool:
        """Whether it is closed."""
        return self.case.state is CaseState.CLOSED

    def running(self) -> list[CaseClock]:
        """The clocks that run, the most pressing first."""
        return sorted((clock for clock in self.clocks if clock.runs), key=lambda clock: (clock.due, clock.seq))


class CaseWork:
    """One change of one case at `at`: a copy to work on, put back by `done`.

    `through` names the program that a person asks with; the history shows it beside them.
    """

    def __init__(self, held: HeldCase, at: datetime, office: Office, promises: Promises) -> None:
        self.held = held
        self.at = at
        self.case = held.case
        self.clocks = list(held.clocks)
        self.office = office
        self.promises = promises
        self.calendar = promises.calendar(held.case.line)
        self.notices: list[Notice] = []
        self.through = ""
        self._entries: list[CaseEntry] = []
        self._judged: dict[int, CaseClock] = {}

    @property
    def line(self) -> Line:
        """The line whose calendar and contacts it has: its own, else the fallback line."""
        return self.promises.line(self.case.line)

    @property
    def charter(self) -> Charter:
        """The charter that its line keeps today."""
        return self.line.charter

    @property
    def rule(self) -> CaseRule | None:
        """What is promised of such a case today; None: nothing."""
        return self.charter.case_rule(self.case.kind, self._stage_began()[1], self.case.category)

    @property
    def agreed(self) -> Agreed:
        """What an agreed date does to the promise of an answer."""
        return Agreed.BESIDE if self.rule is None else self.rule.agreed

    def tell(self) -> tuple[str, ...]:
        """Who is told of it: the owner, if that is a contact, and those to whom its stage goes."""
        owner = [name for name in self.office.contacts if name.casefold() == (self.case.owner or "").casefold()]
        return tuple(dict.fromkeys((*owner, *told_in(self.office, self.line, self.case.role))))

    # --- steps -------------------------------------------------------------------------------------------------------

    def step(
        self,
        step: CaseStep,
        why: str,
        *,
        who: str = US,
        to: CaseState | None = None,
        request: str | None = None,
        **row: Any,
    ) -> None:
        """Take one step, to the state `to` (none: it stays), with what else changes in the case's row.

        Raises IllegalTransition where the table has no such step.
        """
        state = to or self.case.state
        require(self.case, step, state, self.calendar)
        seq = self.case.entries + 1
        self.case = replace(self.case, state=state, entries=seq, **row)
        self._entries.append(
            CaseEntry(
                pbx=self.case.pbx,
                case_number=self.case.number,
                seq=seq,
                at=self.at,
                who=f"{who} ({self.through})" if self.through and who != US else who,
                step=step,
                why=why,
                state=state,
                request=request,
            )
        )

    # --- clocks ------------------------------------------------------------------------------------------------------

    def running(self, *names: ClockName) -> list[CaseClock]:
        """The clocks of these names that run."""
        return [clock for clock in self.clocks if clock.runs and clock.clock in names]

    def deadline(self, name: ClockName, rule: DeadlineRule, since: datetime) -> Deadline:
        """By when what a clock of this name watches is due, counted from `since`, and why."""
        return self.calendar.due(rule, since, _BEGAN.get(name, _RECEIVED))

    def start(self, name: ClockName, started_at: datetime, deadline: Deadline, channel: CaseChannel) -> None:
        """Have a clock run."""
        case, charter = self.case, self.charter
        self.clocks.append(
            CaseClock(
                pbx=case.pbx,
                case_number=case.number,
                seq=len(self.clocks) + 1,
                clock=name,
                line=case.line,
                charter=charter.name,
                charter_version=charter.version,
                kind=case.kind,
                channel=channel,
                stage=case.stage,
                started_at=started_at,
                due=deadline.due,
                act_by=deadline.act_by,
                due_reason=" ".join(deadline.reasons),
            )
        )

    def meet(self, when: datetime, *names: ClockName) -> None:
        """What was promised was done at `when`."""
        for clock in self.running(*names):
            self._end(replace(clock, met_at=when))

    def give_up(self, *names: ClockName) -> None:
        """What was promised is no longer: it comes to nothing, unless it was due before; then it was not kept."""
        for clock in self.running(*names):
            late = self.at > clock.due
            self._end(replace(clock, met_at=self.at) if late else replace(clock, dropped_at=self.at))

    def _end(self, clock: CaseClock) -> None:
        if clock.met_at is not None and not self._was_judged(clock):
            self._judged[clock.seq] = clock
        self.clocks[clock.seq - 1] = clock

    def _was_judged(self, clock: CaseClock) -> bool:
        """Whether the same promise came to its end before, in a case that was closed late and opened again."""
        return clock.clock in ONCE_A_STAGE and any(
            (one.clock, one.stage) == (clock.clock, clock.stage) and one.met_at is not None
            for one in self.clocks[: clock.seq - 1]
        )

    def told(self, clock: CaseClock, alarm: str) -> CaseClock:
        """Note that people were told of a clock."""
        clock = replace(clock, alarms=(*clock.alarms, alarm))
        self.clocks[clock.seq - 1] = clock
        return clock

    def move(self, clock: CaseClock, deadline: Deadline, why: str) -> None:
        """A clock has another end: it is watched from the start."""
        words = f"to be {VERBS[clock.clock]} by {self.calendar.moment(deadline.due)} instead of "
        self.step(CaseStep.DEADLINE_CHANGED, f"{words}{self.calendar.moment(clock.due)}: {why}")
        charter = self.charter
        self.clocks[clock.seq - 1] = replace(
            clock,
            due=deadline.due,
            act_by=deadline.act_by,
            due_reason=" ".join(deadline.reasons),
            charter=charter.name,
            charter_version=charter.version,
            kind=self.case.kind,
            alarms=tuple(alarm for alarm in clock.alarms if alarm == OVERDUE),
        )

    def promise(self, why: str = "", began: tuple[datetime, CaseChannel] | None = None) -> None:
        """Have the clocks run that the charter wants today; `why` (words) is told of what changes by that.

        `began` is when and how the person asked for a new stage.
        """
        started_at, channel = began or self._stage_began()
        rule = self.charter.case_rule(self.case.kind, channel, self.case.category)
        first = (ClockName.ACKNOWLEDGE, None if rule is None else rule.acknowledge, self.case.acknowledged_at)
        then = (ClockName.ANSWER, None if rule is None else rule.answer, self.case.answered_at)
        for name, deadline_rule, done_at in (first, then):
            if done_at is None:
                self._promise_one(name, deadline_rule, (started_at, channel), why)
        for clock in self.running(ClockName.UPDATE) if why else ():
            days = self.case.update_days
            if days is not None:
                self._reckon(clock, DeadlineRule(RuleName.WORKING_DAYS, days), why)

    def _promise_one(
        self, name: ClockName, rule: DeadlineRule | None, began: tuple[datetime, CaseChannel], why: str
    ) -> None:
        clock = next(iter(self.running(name)), None)
        if clock is None and rule is not None:
            self.start(name, began[0], self.deadline(name, rule, began[0]), began[1])
            if why:
                words = f"to be {VERBS[name]} by {self.calendar.moment(self.clocks[-1].due)}: {why}"
                self.step(CaseStep.DEADLINE_CHANGED, words)
        elif clock is not None and rule is None:
            self.give_up(name)
            self.step(CaseStep.DEADLINE_CHANGED, f"no longer promised to be {VERBS[name]} by a time: {why}")
        elif clock is not None and rule is not None and not self._agreed_instead(clock):
            self._reckon(clock, rule, why)

    def _reckon(self, clock: CaseClock, rule: DeadlineRule, why: str) -> None:
        deadline = self.deadline(clock.clock, rule, clock.started_at)
        if (deadline.due, deadline.act_by) != (clock.due, clock.act_by):
            self.move(clock, deadline, why)

    def _agreed_instead(self, clock: CaseClock) -> bool:
        """Whether this clock's end is a date that was agreed with the person."""
        return clock.clock is ClockName.ANSWER and clock.due_reason.startswith(AGREED_WITH)

    def _stage_began(self) -> tuple[datetime, CaseChannel]:
        """When and how the person asked for the present stage."""
        firsts = (ClockName.ACKNOWLEDGE, ClockName.ANSWER)
        of_stage = [c for c in self.clocks if c.stage == self.case.stage and c.clock in firsts]
        if not of_stage:
            return self.case.received_at, self.case.channel
        return of_stage[-1].started_at, of_stage[-1].channel

    # --- the fact ----------------------------------------------------------------------------------------------------

    @property
    def touched(self) -> bool:
        """Whether anything of the case is no longer as it was."""
        return bool(self._entries) or self.case != self.held.case or self.clocks != self.held.clocks

    def done(self) -> CaseChanged:
        """Put the change into effect, and tell it."""
        self._settle()
        before = {clock.seq: clock for clock in self.held.clocks}
        changed = tuple(clock for clock in self.clocks if before.get(clock.seq) != clock)
        self.held.case, self.held.clocks = self.case, self.clocks
        return CaseChanged(
            pbx=self.case.pbx,
            at=self.at,
            case=self.case,
            entries=tuple(self._entries),
            clocks=changed,
            judged=tuple(self.clocks[seq - 1] for seq in sorted(self._judged)),
            notices=tuple(self.notices),
        )

    def _settle(self) -> None:
        """Have the case show the ends of its clocks."""
        stage = [clock for clock in self.clocks if clock.stage == self.case.stage and clock.dropped_at is None]
        ack, answer = _last(stage, ClockName.ACKNOWLEDGE), _last(stage, ClockName.ANSWER)
        update = _last(self.running(ClockName.UPDATE), ClockName.UPDATE)
        case = self.case
        first_due = case.answer_first_due
        if answer is None:
            first_due = None
        elif not self._agreed_instead(answer):
            first_due = answer.due
        self.case = replace(
            case,
            ack_due=None if ack is None else ack.due,
            ack_act_by=None if ack is None else ack.act_by,
            answer_due=None if answer is None else answer.due,
            answer_act_by=None if answer is None else answer.act_by,
            answer_first_due=first_due,
            update_due=None if update is None else update.due,
            next_due=min((clock.due for clock in self.clocks if clock.runs), default=None),
            next_act_by=min((clock.act_by for clock in self.clocks if clock.runs), default=None),
        )


def _last(clocks: Iterable[CaseClock], name: ClockName) -> CaseClock | None:
    return max((clock for clock in clocks if clock.clock is name), key=lambda clock: clock.seq, default=None)
