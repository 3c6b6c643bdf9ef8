"""The day of faults: what fails around the PBX, and which alert must say so when. faults.toml has the rest of the day.

Every alert has a moment at which it fires; most also one before and one after at which it does not.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from callcentre.core.events import StoredMessage
from tests.grafana.proof.around import Spell, Surroundings, Trouble
from tests.grafana.proof.runs import Plan

_DAY: Final = datetime(2026, 11, 10, tzinfo=UTC)


def at(clock: str) -> datetime:
    """A time of the day of faults."""
    hours, minutes = map(int, clock.split(":"))
    return _DAY + timedelta(hours=hours, minutes=minutes)


START: Final = at("06:50")
END: Final = at("16:30")
STEP: Final = timedelta(minutes=1)

SPELLS: Final = tuple(
    Spell(trouble, at(begins), at(ends))
    for trouble, begins, ends in (
        (Trouble.STORE_AWAY, "08:30", "08:45"),
        (Trouble.FACTS_LOST, "08:50", "08:52"),
        (Trouble.FAULT, "09:00", "09:01"),
        (Trouble.NOT_LOOKED, "09:10", "09:30"),
        (Trouble.CANNOT_ACT, "09:40", "09:50"),
        (Trouble.ABSENT, "10:00", "10:10"),
        (Trouble.NOT_TOLD, "10:30", "11:00"),
        (Trouble.SLOW_LINK, "11:10", "11:20"),
        (Trouble.REFUSED, "11:55", "12:15"),
    )
)

LEFT_BEFORE: Final = (
    StoredMessage(
        mailbox="110@default",
        folder="INBOX",
        msg_id="1793980800-00000001",
        origtime=datetime(2026, 11, 6, 16, 0, tzinfo=UTC),
        duration=12,
        caller="07700900800",
    ),
)
"""A message from before the first start, on which nobody has decided."""

PLAN: Final = Plan(
    scenario="faults",
    spans=((START, END, STEP),),
    around=Surroundings(spells=SPELLS, left_before=LEFT_BEFORE, acts=True),
)


@dataclass(frozen=True, slots=True)
class Due:
    """When an alert fires, and when it does not."""

    silent: str | None
    fires: str
    again_silent: str | None


ALERTS: Final[Mapping[str, Due]] = {
    "CallcentreAmiDown": Due("07:29", "07:35", "07:50"),
    "CallcentreAttendanceUnknown": Due("07:29", "07:40", "07:55"),
    "CallcentreEventsQuarantined": Due("08:05", "08:15", "09:30"),
    "CallcentreStoreFailing": Due("08:29", "08:35", "08:46"),
    "CallcentreFactsLost": Due("08:45", "08:55", "10:25"),
    "CallcentreFault": Due("08:55", "09:05", "10:25"),
    "CallcentreMailboxesNotLookedAt": Due("09:05", "09:20", "09:35"),
    "CallcentreCannotAct": Due("09:35", "09:45", "09:55"),
    "CallcentreDaemonAbsent": Due("09:59", "10:05", "10:15"),
    "CallcentreCallbackDueSoon": Due("08:35", "09:30", "10:45"),
    "CallcentreCallbackOverdue": Due("10:35", "11:00", "11:40"),
    "CallcentreNotificationFailing": Due("10:25", "10:50", "12:00"),
    "CallcentreNotificationsWaiting": Due("10:40", "10:55", "11:10"),
    "CallcentreLineUnattended": Due("11:59", "12:05", "12:20"),
    "CallcentreActionNotDone": Due("11:59", "12:05", "13:30"),
    "CallcentreCallersWaitTooLong": Due("11:59", "12:07", "12:25"),
    "CallcentreServiceLevelBurnFast": Due("11:59", "12:13", "14:05"),
    "CallcentreServiceLevelBurnSlow": Due("11:59", "12:20", None),
    "CallcentreMailboxNearlyFull": Due("13:20", "13:37", "14:30"),
    "CallcentreMailboxRefuses": Due("13:35", "13:50", "14:30"),
    "CallcentreVoicemailUnmatched": Due(None, "07:00", None),
    "CallcentreWatchdog": Due(None, "07:00", None),
}

_ANNOTATED: Final = ("attendance", "callbacks", "daemon", "service-level")
_NO_BREACH: Final = "nobody left a line alone for longer than its grace"

NOT_IN_A_GOOD_MONTH: Final[Mapping[str, str]] = {
    "callcentre-attendance / What was done about it / A": _NO_BREACH,
    "callcentre-daemon / Acting account / A": "this office lets callcentre change nothing: it has no such account",
    "callcentre-daemon / Calls healed / A": "no call was lost",
    "callcentre-daemon / Why packets were not believed / A": "all packets were believed",
    "callcentre-daemon / Who was told / A": "nobody had to be told of anything in the last six hours",
    **{f"callcentre-{name} / annotation Unattended / Anno": _NO_BREACH for name in _ANNOTATED},
}
"""Queries that rightly have no data in the good month, each with the reason; all of them have some on this day."""
