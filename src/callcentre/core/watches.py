"""What is known of a line that may need somebody: its attendance, its own people, and when which of it falls due.

Own people are those there whom we did not add: a standby telephone answers callers, but a breach lasts until they are
back.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Final

from callcentre.core.alerts import escalations
from callcentre.core.calendar import Calendar
from callcentre.core.charter import Line
from callcentre.core.deeds import Case
from callcentre.core.facts import AttendanceChanged, Call, CallAnswered, CallEnded, CallOffered, CallProgressed, Fact
from callcentre.core.hints import RosterChanged
from callcentre.core.seats import THERE
from callcentre.core.terms import Attendance, CallKey, MemberState

COVER_UNUSED: Final = timedelta(minutes=10)
"""So long cover stands by for somebody who asked for it and did not go."""

_TELEPHONE: Final = re.compile(r"[A-Za-z][A-Za-z0-9]{0,19}/[A-Za-z0-9_.@+*#-]{1,79}(?:/[A-Za-z0-9]{1,20})?")
_GOING: Final = {"pause": "is about to pause", "logoff": "is about to log off", "break": "is about to take a break"}
_LONGEST_BREAK: Final = 480


class Due(IntEnum):
    """What falls due, in the order in which things of one moment are done."""

    CLOSE = 0
    RECOVER = 1
    ALARM = 2
    ESCALATE = 3
    RING_END = 4
    WORK = 5


@dataclass(slots=True)
class Watch:
    """A line. `since` is its first unattended instant in core hours, `again_at` when it was last seen to become so.

    `well_since` is since when its own people are there, `went` whether they were too few since cover was asked for;
    both only while there is a `case`. `closes_at` is when the core hours end in which all this happens.
    """

    line: Line
    calendar: Calendar
    state: Attendance = Attendance.UNKNOWN
    reason: str = ""
    who: tuple[str, ...] = ()
    roster: RosterChanged | None = None
    since: datetime | None = None
    again_at: datetime | None = None
    closes_at: datetime | None = None
    well_since: datetime | None = None
    went: bool = False
    case: Case | None = None

    @property
    def busy(self) -> bool:
        """Whether something may fall due."""
        return self.since is not None or self.case is not None

    def hear(self, fact: AttendanceChanged) -> None:
        """Take the line's attendance. Unknown time neither begins nor ends anything."""
        before, self.state = self.state, fact.state
        if fact.state is Attendance.UNATTENDED:
            self.reason, self.who = fact.reason, fact.who
            if fact.core and (before is not fact.state or self.since is None):
                self.again_at = fact.at
                if self.since is None:
                    self.since = fact.at
                    self.open_until(fact.at)
        if fact.state is Attendance.ATTENDED or not fact.core:
            self.since = None
        if not self.busy:
            self.closes_at = None

    def open_until(self, at: datetime) -> None:
        """Remember when the core hours around `at` end."""
        if self.closes_at is None:
            self.closes_at = self.calendar.next_boundary(at)

    def resume(self, case: Case) -> datetime | None:
        """Go on with a breach of an earlier run; return when its core hours end, or ended."""
        self.case, breach = case, case.breach
        if breach.alarmed_at is None:
            self.since = self.again_at = breach.unattended_at
        if not self.calendar.is_open(breach.since):  # its hours are others now
            self.closes_at = breach.since
        self.open_until(breach.since)
        return self.closes_at

    def rest(self) -> None:
        """Nothing is watched any more until it is unattended again."""
        self.since = self.again_at = self.closes_at = self.well_since = self.case = None
        self.went = False

    # --- people ------------------------------------------------------------------------------------------------------

    def own(self) -> int | None:
        """How many of its own people are there, or at least so many; None while nothing was told."""
        roster = self.roster
        if roster is None or not roster.seats:
            return roster.there if roster is not None else None
        ours = self.case.added() if self.case is not None else set()
        return sum(seat.state in THERE and (seat.queue, seat.interface) not in ours for seat in roster.seats)

    def needy(self) -> bool:
        """Whether it is seen that its own people are not there."""
        own = self.own()
        few = self.state is Attendance.ATTENDED and own is not None and own < self.line.min_agents
        return few or self.state is Attendance.UNATTENDED

    def well(self) -> bool:
        """Whether it is seen that its own people are there; those who let calls ring out are not."""
        own = self.own()
        return self.state is Attendance.ATTENDED and own is not None and own >= self.line.min_agents

    def volunteers(self) -> tuple[str, ...]:
        """Who opted in to be unpaused, and is why too few are there: queue and telephone each."""
        roster, may = self.roster, self.line.attention.may_unpause
        if roster is None or roster.there >= self.line.min_agents:
            return ()
        paused = (seat for seat in roster.seats if seat.state is MemberState.PAUSED and seat.queue)
        return tuple(
            dict.fromkeys(f"{one.queue} {one.interface}" for one in paused if may & {one.interface, one.device})
        )

    def members(self, cases: Iterable[Case]) -> frozenset[str]:
        """The telephones with a place in one of its queues, but for those that one of `cases` added there."""
        seats = self.roster.seats if self.roster is not None else ()
        ours = {place for case in cases for place in case.added()}
        places = (seat for seat in seats if seat.queue and (seat.queue, seat.interface) not in ours)
        return frozenset(name for seat in places for name in (seat.interface, seat.device))

    def review(self, at: datetime) -> None:
        """Something about attendance or people is another at `at`."""
        if self.case is None:
            return
        self.went = self.went or self.needy()
        if not self.well():
            self.well_since = None
        elif self.well_since is None:
            self.well_since = at

    # --- time --------------------------------------------------------------------------------------------------------

    def dues(self) -> Iterator[tuple[datetime, Due]]:
        """What of this line falls due, and when."""
        if self.closes_at is not None:
            yield self.closes_at, Due.CLOSE
        case = self.case
        alarmed = case is not None and case.breach.alarmed_at is not None
        if self.since is not None and self.state is Attendance.UNATTENDED and not alarmed:
            yield max(self.since + self.line.attention.grace, self.again_at or self.since), Due.ALARM
        if case is None:
            return
        if self.well_since is not None:
            back = self.well_since + self.line.attention.recovery
            unused = not self.leaves()
            yield max(back, case.breach.since + COVER_UNUSED) if unused else back, Due.RECOVER
        after = self.escalation()
        if after is not None:
            yield (case.breach.unattended_at or case.breach.since) + timedelta(seconds=after), Due.ESCALATE

    def leaves(self) -> bool:
        """Whether its people were away since the record was opened."""
        return self.went or (self.case is not None and self.case.breach.alarmed_at is not None)

    def escalation(self) -> int | None:
        """The next step of the escalation, as seconds after the first unattended instant; None if none is to come."""
        case = self.case
        if case is None or case.breach.alarmed_at is None or not self.needy():
            return None
        return next((after for after in escalations(self.line) if after not in case.breach.told), None)


class Waiting:
    """Which callers wait for a person: cheap for each fact of a call, counted only when somebody asks."""

    FACTS: Final[frozenset[type[Fact]]] = frozenset({CallOffered, CallProgressed, CallAnswered, CallEnded})

    def __init__(self) -> None:
        self._calls: dict[CallKey, Call] = {}

    def hear(self, fact: Fact) -> None:
        """Take one fact of FACTS."""
        if isinstance(fact, CallProgressed):
            self.progressed(fact.call)
        elif isinstance(fact, CallOffered):
            self.offered(fact.call)
        elif isinstance(fact, CallAnswered | CallEnded):
            self.over(fact.call.key)

    def offered(self, call: Call) -> None:
        """A call reached a line."""
        if call.answered_at is None and call.ended_at is None:
            self._calls[call.key] = call

    def progressed(self, call: Call) -> None:
        """Something about a call changed. One that went to voicemail waits again once a telephone rings for it."""
        key = call.key
        if call.answered_at is not None or call.ended_at is not None:
            self._calls.pop(key, None)
        elif key in self._calls or _in_hand(call):
            self._calls[key] = call

    def over(self, key: CallKey) -> None:
        """It was answered, went to voicemail or ended."""
        self._calls.pop(key, None)

    def count(self, line: str) -> int:
        """How many wait on a line now; one whose queue and telephones are all over waits no more."""
        return sum(
            call.line == line and (_in_hand(call) or not (call.visits or call.attempts))
            for call in self._calls.values()
        )


def _in_hand(call: Call) -> bool:
    queued = any(visit.leave is None for visit in call.visits)
    return queued or any(attempt.result is None for attempt in call.attempts)


def cover_asked(fields: Mapping[str, str]) -> tuple[str, str, str] | None:
    """The line, the telephone and why, of a `CallcentreCover`; None if they are not what the dialplan would say."""
    line, telephone = fields.get("Line", ""), fields.get("Interface", "")
    going = _GOING.get(fields.get("Reason", "pause"))
    if not line or going is None or _TELEPHONE.fullmatch(telephone) is None:
        return None
    minutes = fields.get("Minutes", "") if fields.get("Reason") == "break" else ""
    known = minutes.isascii() and minutes.isdigit() and len(minutes) <= 3 and 0 < int(minutes) <= _LONGEST_BREAK
    return line, telephone, f"the agent {going}{f' of {int(minutes)} min' if known else ''}"
