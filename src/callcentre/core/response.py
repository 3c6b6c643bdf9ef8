"""What is done about a breach: which steps, in what order, what came of each, and what takes it back.

What comes next is worked out from the rows each time, so that a restart goes on where they end.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from callcentre.core.breach import Breach, BreachStep
from callcentre.core.calendar import Calendar
from callcentre.core.charter import Line, Office
from callcentre.core.deeds import (
    HELD,
    RING_SECONDS,
    UNDOING,
    Case,
    is_dial,
    may_be_taken,
    queue_and_telephone,
    retried,
    rings,
    undoing_failed,
)
from callcentre.core.events import ActionAnswered, OriginateAnswered
from callcentre.core.terms import ActionKind, ActionResult, Mode

RETRY: Final = timedelta(seconds=30)
"""So long after an action that could not be sent it is tried again."""

_RING_END: Final = timedelta(seconds=RING_SECONDS + 15)
"""A telephone whose end nobody told of by then has rung: whether it was answered stays unknown."""

_ROSTER_FOLLOWS: Final = timedelta(seconds=2)
"""Answers and events come by two links: within this time the roster tells of a member who was unpaused."""

_TRIES: Final = 3
"""A telephone is not rung in vain over a link that is only late: what went before it is tried so often first."""

_HOUR: Final = timedelta(hours=1)
_ALREADY: Final = {
    ActionKind.ADD_STANDBY: "already there",
    ActionKind.REMOVE_STANDBY: "not there",
    ActionKind.UNDIVERT: "not found",
}
"""What Asterisk answers (apps/app_queue.c, main/db.c) when it was so before."""

_NOT_TAKEN: Final = {0: "it could not be rung", 5: "it was busy", 8: "it could not be reached"}
"""Reasons of OriginateResponse (main/manager.c); whatever else it says, nobody answered."""


class Limit:
    """At most so many actions within any hour, over all lines. Taking back is neither counted nor held back."""

    def __init__(self, per_hour: int) -> None:
        self._per_hour = per_hour
        self._acted: deque[datetime] = deque()

    def restore(self, acted: Iterable[datetime]) -> None:
        """Take what an earlier run did."""
        self._acted = deque(sorted(acted))

    def take(self, at: datetime) -> bool:
        """Count one action at `at`, or return False: it would be too many."""
        while self._acted and self._acted[0] <= at - _HOUR:
            self._acted.popleft()
        if len(self._acted) >= self._per_hour:
            return False
        self._acted.append(at)
        return True

    def room_at(self) -> datetime | None:
        """When there is room again; None if there never is."""
        return self._acted[0] + _HOUR if self._acted else None


class Means:
    """What may be sent: to PBXs in sight that may be acted on, for lines that say so, within the limit.

    `running` is False in a replay: then nothing is ever sent.
    """

    def __init__(self, office: Office) -> None:
        self._acts: Mapping[str, bool] = {pbx.name: pbx.acts for pbx in office.pbxs}
        self._limit = Limit(office.actions_per_hour)
        self.linked: set[str] = set()
        self.running = False

    def restore(self, acted: Iterable[datetime]) -> None:
        """The daemon begins; an earlier run did this within the hour."""
        self.running = True
        self._limit.restore(acted)

    def acts(self, pbx: str) -> bool:
        """Whether this PBX may be acted on at all."""
        return self.running and self._acts.get(pbx, False)

    def may_send(self, case: Case) -> bool:
        """Whether something can be sent now."""
        return case.breach.pbx in self.linked and self.acts(case.breach.pbx)

    def limit(self, line: Line) -> Limit | None:
        """The limit of what may be done for a line; None where nothing may."""
        return self._limit if line.attention.mode is Mode.ENFORCE and self.acts(line.pbx) else None


# --- doing ---------------------------------------------------------------------------------------------------------


def plan(case: Case, paused: tuple[str, ...] = ()) -> Iterator[tuple[ActionKind, tuple[str, ...]]]:
    """What is done, kind by kind in order, with its targets; where only cover was asked for, standby alone."""
    attention, queues = case.line.attention, sorted(case.line.queues)
    alarmed = case.breach.alarmed_at is not None
    if alarmed:
        yield ActionKind.UNPAUSE, paused
    yield ActionKind.ADD_STANDBY, tuple(f"{queue} {one}" for one in attention.standby for queue in queues)
    if alarmed:
        yield ActionKind.DIVERT, (case.breach.line,) if attention.divert else ()
        yield ActionKind.RING_SUPERVISOR, attention.supervisors


def later(case: Case) -> list[tuple[ActionKind, str]]:
    """What of the plan has no row yet."""
    known = {(step.action, step.target) for step in case.steps}
    return [(action, target) for action, targets in plan(case) for target in targets if (action, target) not in known]


def proceed(case: Case, at: datetime, limit: Limit | None, members: Set[str], paused: tuple[str, ...] = ()) -> None:
    """Want what comes next, as far as nothing before it waits for an answer; without a `limit` it is only observed.

    `paused` are the members to unpause, named when people are told and never again. A standby telephone among the
    `members` is one of the line's own people: added to another of its queues, their pause would be got round.
    """
    if case.wait_until is not None and at < case.wait_until:
        return
    case.wait_until = None
    while not case.awaits() and _wants_next(case, at, limit, members, paused):
        pass


def _wants_next(case: Case, at: datetime, limit: Limit | None, members: Set[str], paused: tuple[str, ...]) -> bool:
    known = {(step.action, step.target) for step in case.steps}
    for action, targets in plan(case, paused):
        missing = [target for target in targets if (action, target) not in known]
        if action is ActionKind.RING_SUPERVISOR:
            missing = missing[:1] if _may_ring(case) else []
        for target in missing:
            if action is ActionKind.ADD_STANDBY and queue_and_telephone(target)[1] in members:
                case.settle(case.want(at, action, target, ""), ActionResult.ALREADY, at, "is a member of this line")
            else:
                _want(case, at, limit, action, target, case.breach.reason)
        if missing:
            return True
    return False


def _want(case: Case, at: datetime, limit: Limit | None, action: ActionKind, target: str, why: str) -> BreachStep:
    step = case.want(at, action, target, why)
    if limit is None:
        return case.settle(step, ActionResult.OBSERVED, at)
    if not limit.take(at):
        case.retry_by(limit.room_at())
        return case.settle(step, ActionResult.HELD_BACK, at)
    return step


def _may_ring(case: Case) -> bool:
    """One telephone after the other, until one is answered; what failed before it is tried some times first."""
    for step in case.live():
        if is_dial(step):
            if may_be_taken(step):
                return False
        elif step.result is ActionResult.FAILED and case.tries.get(step.seq, 0) < _TRIES:
            return False
    return True


def renew(case: Case, at: datetime, limit: Limit | None) -> None:
    """Do again what the PBX has forgotten since it started anew: a new row each."""
    for step in case.held() if limit is not None else ():
        if step.seq in case.renew:
            anew = _want(case, at, limit, step.action, step.target, "the PBX has started anew")
            case.again.add(anew.seq)
    case.renew.clear()


def retry(case: Case, at: datetime, limit: Limit | None) -> None:
    """Want again what could not be sent: once it is over only what takes back, before that the rest, but no dial."""
    case.retry_at = None
    if case.ended:
        for step in [step for step in case.steps if undoing_failed(step)]:
            case.settle(step, ActionResult.WANTED, None)
        return
    if limit is None:
        return
    for step in case.live():
        if step.result is ActionResult.HELD_BACK:
            if limit.take(at):  # it counts for the hour in which it is sent
                case.settle(replace(step, at=at), ActionResult.WANTED, None)
            else:
                case.retry_by(limit.room_at())
        elif retried(step):
            if step.result is ActionResult.UNCERTAIN:
                case.again.add(step.seq)
            case.settle(step, ActionResult.WANTED, None)


# --- what came of it -----------------------------------------------------------------------------------------------


def answered(case: Case, step: BreachStep, event: ActionAnswered, *, ours: bool) -> BreachStep:
    """Write what the PBX answered. `ours`: another case of ours may have done it, so that it is no one else's."""
    if is_dial(step) and event.done:
        case.ring_until = event.at + _RING_END
        return step
    result = _result(step, event)
    again = step.seq in case.again
    if result is ActionResult.ALREADY and step.action is ActionKind.ADD_STANDBY and (ours or again):
        result = ActionResult.DONE
    elif result is ActionResult.FAILED and again and step.undoes is None:
        result = ActionResult.UNCERTAIN  # this attempt did not arrive, but one before it may have
    step = case.settle(step, result, event.at, event.words)
    if step.action is ActionKind.UNPAUSE and result is ActionResult.DONE:
        case.wait_until = event.at + _ROSTER_FOLLOWS
    if retried(step) or undoing_failed(step):
        case.tries[step.seq] = case.tries.get(step.seq, 0) + 1
        case.retry_by(event.at + RETRY)
    return step


def _result(step: BreachStep, event: ActionAnswered) -> ActionResult:
    if event.done:
        return ActionResult.DONE
    if not event.sent:
        return ActionResult.FAILED
    if event.lost:
        return ActionResult.UNCERTAIN if step.undoes is None else ActionResult.FAILED
    before = _ALREADY.get(step.action)
    return ActionResult.ALREADY if before is not None and before in event.words.lower() else ActionResult.REFUSED


def taken(case: Case, step: BreachStep, event: OriginateAnswered) -> None:
    """Write whether somebody answered a supervisor's telephone. Told late, it is still the better word."""
    case.ring_until = None
    result = ActionResult.DONE if event.done else ActionResult.FAILED
    case.settle(step, result, event.at, "answered" if event.done else _NOT_TAKEN.get(event.reason, "nobody answered"))


def untold(case: Case, at: datetime) -> None:
    """Nobody told how the telephone that rang ended."""
    case.ring_until = None
    for step in [step for step in case.steps if rings(step)]:
        case.settle(step, ActionResult.UNCERTAIN, at, "nobody told how it ended")


def nobody_took(case: Case) -> bool:
    """Whether all supervisors were rung, and none of them answered."""
    dials = [step for step in case.steps if is_dial(step)]
    return len(dials) == len(case.line.attention.supervisors) and not any(map(may_be_taken, dials))


# --- taking back ---------------------------------------------------------------------------------------------------


def undo(case: Case, at: datetime, *, acts: bool) -> None:
    """Want everything taken back that may be so because of us, the last first. What nobody answered may be so."""
    for step in case.live():
        if step.result is ActionResult.WANTED and step.seq in case.unsent:
            case.settle(step, ActionResult.UNCERTAIN, at)
    for step in reversed(case.held()):
        back = UNDOING.get(step.action)
        if back is not None:
            row = case.want(at, back, step.target, "", undoes=step.seq)
            if not acts:
                case.settle(row, ActionResult.REFUSED, at, "there is no account to act with any more")


def take_back(case: Case, step: BreachStep, at: datetime, cases: Iterable[Case]) -> None:
    """Send what takes a step back, once that step was answered; not what turned out not to be our doing.

    Nor what an open breach among `cases` did as well and needs still: that one takes it back in its time. While it
    waits for its own answer, this waits too: only a row says for good whose it is.
    """
    done = case.step(step.undoes or step.seq)
    if done.result is ActionResult.WANTED:
        return
    if done.result not in HELD:
        case.settle(step, ActionResult.ALREADY, at, "there was nothing to take back")
        return
    needs = [one for one in _others(cases, case, done) if not one.ended]
    if any(one.holding(done.action, done.target) in one.wanted() for one in needs):
        return
    if needs:
        case.settle(step, ActionResult.ALREADY, at, f"line {needs[0].breach.line} needs it still")
    else:
        case.send(step)


def another_holds(cases: Iterable[Case], case: Case, step: BreachStep) -> bool:
    """Whether another of `cases` did the same, so that it is ours though the PBX says it was so already."""
    return bool(_others(cases, case, step))


def _others(cases: Iterable[Case], case: Case, step: BreachStep) -> list[Case]:
    others = (one for one in cases if one is not case and one.breach.pbx == case.breach.pbx)
    return [one for one in others if one.holding(step.action, step.target) is not None]


# --- from the rows -------------------------------------------------------------------------------------------------


def restored(line: Line, calendar: Calendar, breach: Breach, steps: Iterable[BreachStep], at: datetime) -> Case:
    """A breach of an earlier run. What was wanted is sent again, but for a dial: nobody knows whether it was made."""
    case = Case(line, calendar, breach, sorted(steps, key=lambda step: step.seq))
    for step in tuple(case.steps):
        faulty = step.result in (ActionResult.REFUSED, ActionResult.FAILED, ActionResult.UNCERTAIN)
        if faulty and not is_dial(step):
            case.complained.add(step.action.value)
        if rings(step):
            case.settle(step, ActionResult.UNCERTAIN, at, "callcentre was started anew")
        elif step.result is ActionResult.WANTED:
            case.again.add(step.seq)
            case.unsent.add(step.seq)
        elif step.result is ActionResult.HELD_BACK:
            case.complained.add(ActionResult.HELD_BACK.value)
    if any(retried(step) or undoing_failed(step) or step.result is ActionResult.HELD_BACK for step in case.steps):
        case.retry_at = at
    if case.ended:
        for step in [step for step in case.steps if step.undoes is None and step.seq in case.unsent]:
            case.settle(step, ActionResult.UNCERTAIN, at)
    return case
