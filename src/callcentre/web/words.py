"""What values look like on a page: moments, lengths, percentages, and the words of enumerations."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from callcentre.core.terms import MailboxState, MemberState, Outcome

# As strftime has them, without asking it: a page can hold hundreds of moments.
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
NBSP: Final = "\N{NO-BREAK SPACE}"

OUTCOMES: Final[Mapping[Outcome, str]] = {
    Outcome.ANSWERED: "answered",
    Outcome.VOICEMAIL: "left a message",
    Outcome.VOICEMAIL_EMPTY: "reached voicemail, said nothing",
    Outcome.OVERFLOWED: "sent elsewhere",
    Outcome.CLOSED: "rang while closed",
    Outcome.REFUSED: "refused",
    Outcome.SHORT_ABANDONED: "gave up at once",
    Outcome.ABANDONED: "gave up waiting",
    Outcome.LOST: "end not seen",
    Outcome.IN_PROGRESS: "in progress",
}
MEMBERS: Final[Mapping[MemberState, str]] = {
    MemberState.FREE: "free",
    MemberState.RINGING: "ringing",
    MemberState.TALKING: "talking",
    MemberState.WRAPUP: "wrapping up",
    MemberState.PAUSED: "paused",
    MemberState.UNREACHABLE: "unreachable",
    MemberState.UNKNOWN: "not known",
}
MAILBOXES: Final[Mapping[MailboxState, str]] = {
    MailboxState.NEARLY_FULL: "nearly full",
    MailboxState.FULL: "full",
    MailboxState.MISSING: "missing",
    MailboxState.NOT_RECORDABLE: "not recordable",
}


def moment(at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """`14:05` today, else `Tue 24 Nov, 14:05` (with the year, if it is another)."""
    local, today = at.astimezone(zone), now.astimezone(zone)
    clock = f"{local.hour:02d}:{local.minute:02d}"
    if local.date() == today.date():
        return clock
    year = f" {local.year}" if local.year != today.year else ""
    return f"{_DAYS[local.weekday()]} {local.day} {_MONTHS[local.month - 1]}{year}, {clock}"


def length(seconds: float | timedelta | None) -> str:
    """`0:07`, `12:05`, `1:02:03`; a dash where there is none."""
    if seconds is None:
        return "–"
    whole = int(seconds.total_seconds() if isinstance(seconds, timedelta) else seconds)
    minutes, rest = divmod(max(0, whole), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def span(gone: timedelta) -> str:
    """`3 d 4 h`, `2 h 05 min`, `12 min`, `40 s`: how long, in the two largest units."""
    seconds = max(0, int(gone.total_seconds()))
    if seconds < 60:
        return f"{seconds}{NBSP}s"
    minutes = seconds // 60
    if minutes < 60:
        return f"{minutes}{NBSP}min"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours}{NBSP}h {minutes:02d}{NBSP}min"
    return f"{hours // 24}{NBSP}d {hours % 24}{NBSP}h"


def hours(gone: timedelta) -> str:
    """`24 h 00 min`, else as span() has it: parts of a day that are to be added up have no days."""
    minutes = int(gone.total_seconds()) // 60
    return f"{minutes // 60}{NBSP}h {minutes % 60:02d}{NBSP}min" if minutes >= 60 else span(gone)


def left(until: datetime, now: datetime) -> str:
    """`2 h 05 min left`, or `40 min over`."""
    return f"{span(until - now)} left" if until >= now else f"{span(now - until)} over"


def percent(ratio: float | None) -> str:
    """A percentage that never rounds a miss up to the promise: 89.97 % is 89.9 %; a dash where there is none."""
    return "–" if ratio is None else f"{int(ratio * 1000) / 10:.1f}{NBSP}%"


def some(number: int, one: str, many: str = "") -> str:
    """`1 call`, `2 calls`."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def number(caller: str | None) -> str:
    """A whole telephone number for the people who must dial it, grouped to be read; words if there is none."""
    if not caller:
        return "number withheld"
    if caller.startswith("0") and len(caller) == 11 and caller.isdigit():
        head, middle = (3, 4) if caller[1] == "2" else (5, 3)
        return f"{caller[:head]} {caller[head : head + middle]}{NBSP}{caller[head + middle :]}"
    return caller
