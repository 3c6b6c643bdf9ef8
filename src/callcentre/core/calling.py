"""Whether a caller may be dialled with a click: which number, when, and how often. The first wall against toll fraud.

Everything here only says why not, in words for whoever asks; no full number is ever in them. The second wall is the
dialplan's own context, which knows nothing of these rules (docs/explanation/toll-fraud.md).
"""

import re
from collections import deque
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from callcentre.core.calendar import Calendar
from callcentre.core.charter import Calling, Line, Office
from callcentre.core.errors import IllegalTransition
from callcentre.core.numbers import EMERGENCY, canonical, masked
from callcentre.core.requests import TaskAsked
from callcentre.core.tasks import Click, Task
from callcentre.core.terms import NumberKind, is_local

_TELEPHONE: Final = re.compile(r"[A-Za-z][A-Za-z0-9]{0,19}/[A-Za-z0-9_.+-]{1,79}", re.ASCII)
"""A telephone of the office: nothing that a number could be dialled through (`PJSIP/0900…@trunk`, `Local/…`)."""

_HOUR: Final = timedelta(hours=1)
_LONGEST: Final = 15
_WORDS: Final = {
    NumberKind.GEOGRAPHIC: "a geographic number",
    NumberKind.UK_WIDE: "a UK-wide (03) number",
    NumberKind.MOBILE: "a mobile number",
    NumberKind.FREEPHONE: "a freephone number",
    NumberKind.SHARED_COST: "a shared-cost (084, 087) number",
    NumberKind.PREMIUM: "a premium-rate number",
    NumberKind.PERSONAL: "a personal (070) number",
    NumberKind.PAGER: "a pager's number",
    NumberKind.VOIP: "a VoIP (056) number",
    NumberKind.CORPORATE: "a corporate (055) number",
    NumberKind.INTERNATIONAL: "an international number",
    NumberKind.INTERNAL: "an extension",
}


def number_refused(calling: Calling, number: str) -> str:
    """Why `number` (in the spelling of core.numbers) may not be dialled; empty if it may."""
    digits = number.removeprefix("+")
    if not (digits.isascii() and digits.isdigit()) or len(digits) > _LONGEST or number in EMERGENCY:
        return f"{masked(number)} cannot be dialled from here; dial it from your telephone if it must be"
    if any(number.startswith(beginning) for beginning in calling.also):
        return ""
    kind = calling.kind_of(number)
    if kind in calling.kinds and kind is not NumberKind.INVALID:
        return ""
    if kind is NumberKind.INVALID:
        return f"{masked(number)} is no number that anybody has; listen to the message and type the number heard"
    return (
        f"{masked(number)} is {_WORDS[kind]}, and this office does not dial those with a click; "
        "an administrator can allow them"
    )


def dialled_as(number: str) -> str:
    """`number` as the dialplan takes it: digits, `00` before another country's code."""
    return f"00{number[1:]}" if number.startswith("+") else number


class CallingHours:
    """When a line's callers may be dialled: its calling hours on its working days, else its core hours."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._calendar = Calendar(line)
        self._zone = ZoneInfo(line.zone)

    def refused(self, at: datetime) -> str:
        """Why nobody is dialled at `at`; empty if they may be."""
        if self._open(at):
            return ""
        return (
            f"it is {self._calendar.clock(at)}, and callers of {self._line.title or self._line.name} are not dialled "
            "now; wait for its calling hours, put the task off, or ask a supervisor"
        )

    def _open(self, at: datetime) -> bool:
        hours = self._line.calling_hours
        if hours is None:
            return self._calendar.is_open(at)
        works = self._calendar.is_working_day(at.astimezone(self._zone).date())
        return works and self._calendar.within(hours, at)


class Limits:
    """At most so many dials within any hour, of each person and of all together, on every PBX."""

    def __init__(self, calling: Calling) -> None:
        self._per_agent = calling.per_agent
        self._overall = calling.overall
        self._asked: deque[tuple[datetime, str]] = deque()

    def restore(self, clicks: Iterable[Click]) -> None:
        """Take what an earlier run dialled."""
        self._asked = deque(sorted((click.asked_at, click.who.casefold()) for click in clicks))

    def refused(self, who: str, at: datetime) -> str:
        """Why `who` may not have one more dialled at `at`; empty if they may."""
        while self._asked and self._asked[0][0] <= at - _HOUR:
            self._asked.popleft()
        if len(self._asked) >= self._overall:
            return f"the office has dialled {self._overall} times within the hour, its limit; wait, or dial by hand"
        mine = sum(one == who.casefold() for _, one in self._asked)
        if mine >= self._per_agent:
            return f"you have dialled {self._per_agent} times within the hour, the limit; wait, or dial by hand"
        return ""

    def count(self, who: str, at: datetime) -> None:
        """One more was asked for."""
        self._asked.append((at, who.casefold()))


class Walls:
    """All that a click must pass, but for what goes on at this moment. Raises IllegalTransition with why not."""

    def __init__(self, office: Office) -> None:
        self._calling = office.calling
        self._trunks = {pbx.name: pbx.trunks for pbx in office.pbxs}
        self._hours = {line.name: CallingHours(line) for line in office.lines}
        self._fallback = office.fallback_line
        self._limits = Limits(office.calling)

    def restore(self, clicks: Iterable[Click]) -> None:
        """Take what an earlier run dialled within the hour."""
        self._limits.restore(clicks)

    def telephone(self, asked: TaskAsked) -> str:
        """The telephone to ring, if it is one of the office's and no way out of it."""
        telephone = asked.telephone or ""
        if not telephone:
            raise IllegalTransition("your account has no telephone to ring; ask an administrator to enter it")
        way_out = is_local(telephone) or telephone in self._trunks.get(asked.pbx, ())
        if way_out or _TELEPHONE.fullmatch(telephone) is None:
            raise IllegalTransition("that is no telephone of the office; it must be one such as PJSIP/101")
        return telephone

    def number(self, task: Task) -> str:
        """The number to dial: the one typed, else the caller's, if it may be dialled."""
        number = canonical(task.dial) or canonical(task.caller)
        if number is None:
            raise IllegalTransition(
                f"task {task.number} has no number; listen to the message and type the number that was said"
            )
        if refused := number_refused(self._calling, number):
            raise IllegalTransition(refused)
        return number

    def outside_hours(self, line: str, at: datetime, *, supervisor: bool) -> bool:
        """Whether `at` is outside the line's calling hours, when only a supervisor may have somebody dialled."""
        refused = self._hours.get(line, self._hours[self._fallback]).refused(at)
        if refused and not supervisor:
            raise IllegalTransition(refused)
        return bool(refused)

    def take(self, who: str, at: datetime) -> None:
        """Count one dial of `who`, if it is not too many."""
        if refused := self._limits.refused(who, at):
            raise IllegalTransition(refused)
        self._limits.count(who, at)
