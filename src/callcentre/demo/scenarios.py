"""What the demo's simulated office does: scenarios for the simulator, written for the time at which the demo starts."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from callcentre.config.load import bank_holidays
from callcentre.core.terms import Nation

_ZONE: Final = ZoneInfo("Europe/London")
_QUIET: Final = timedelta(minutes=15)
"""No call comes so shortly before the end of a piece of history, so that every call in it ends."""

_PAST: Final = (
    ("01632960600", 0, 24, 0.5),
    ("01632960600", 8, 20, 2.0),
    ("01632960610", 9, 18, 1.8),
    ("01632960630", 0, 24, 0.25),
    ("01632960630", 12.67, 12.85, 20.0),  # while Iris is at lunch
    ("01632960110", 9, 17, 0.6),
)
"""The history's callers: the number they dial, from hour to hour of each day, how many an hour."""

_LIVE: Final = (("01632960600", 205), ("01632960610", 170), ("01632960630", 50), ("01632960110", 40))
"""The live office's callers: the number they dial, how many an hour; in all a call each 8 seconds."""

_FIRST: Final = ((1.0, "01632960600"), (3.0, "01632960610"), (6.0, "01632960600"), (9.0, "01632960110"))
"""The first callers come at once: seconds, and the number they dial."""

_LUNCH: Final = ((40.0, "pause"), (200.0, "unpause"))
"""Iris, who is alone on the nurse's line, goes to lunch soon after the start, and again and again: seconds."""

_NURSE: Final = (75.0, 120.0, 170.0)
"""Who asks for the nurse meanwhile: seconds."""

_WAITING: Final = (
    (24.6, "01632960620", "07700900142", "Mrs A Okafor", 31.0),
    (22.7, "01632960640", "07700900871", "T Whitfield", 12.0),
    (19.2, "01632960620", "07700900305", "Priya Raman", 18.0),
    (8.4, "01632960640", "07700900618", "J Pritchard", 9.0),
    (5.1, "01632960620", "07700900142", "Mrs A Okafor", 14.0),
    (3.3, "01632960620", "", "", 22.0),
    (2.2, "01632960640", "07700900264", "Sean O'Neill", 7.0),
    (1.4, "01632960620", "07700900933", "G Marsh", 26.0),
    (0.6, "01632960640", "07700900577", "L Fernandes", 11.0),
)
"""Messages that wait for the visitor: hours ago, the number dialled, the caller (empty: withheld), seconds spoken."""

_CALL_ME_BACK: Final = (("01632960620", 14), ("01632960640", 8))
"""Who goes on to ask for it: the number they dial, how many an hour."""

_ALWAYS: Final = 10 * 365 * 86_400
_MAILBOXES: Final = ("600@default", "610@default", "630@default", "110@default")
"""The mailboxes whose messages the office's own people hear and answer."""

KEPT: Final = ("620", "640")
"""The mailboxes of what waits for the visitor, whose recordings of the last days still lie there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A part of the history: from `start` on to `end`, both aware UTC; its `number` counts from 1."""

    number: int
    start: datetime
    end: datetime
    last: bool


def pieces(now: datetime, days: int) -> list[Piece]:
    """The history of `days` days before `now`, in pieces that begin at four in the morning; a small one first."""
    today = now.astimezone(_ZONE).replace(hour=4, minute=0, second=0, microsecond=0)
    begins = [days]
    for length in (1, 3, *[6] * days):
        if begins[-1] - length <= 0:
            break
        begins.append(begins[-1] - length)
    starts = [(today - timedelta(days=ago)).astimezone(now.tzinfo) for ago in begins]
    ends = [*starts[1:], now]
    spans = enumerate(zip(starts, ends, strict=True), 1)
    return [Piece(number=number, start=start, end=end, last=end == now) for number, (start, end) in spans]


def write_office(folder: Path) -> None:
    """Put the office beside the scenarios that play in it."""
    (folder / "_office.toml").write_text(_template("_office.toml"), encoding="utf-8")


def open_always(config: Path, now: datetime) -> None:
    """Have the lines of the configuration that the simulator wrote work on the bank holidays around `now` too."""
    years = range(now.year - 1, now.year + 2)
    days = sorted({day for nation in Nation for day in bank_holidays(nation) if day.year in years})
    worked = f"\nadded_days = [{', '.join(map(str, days))}]"
    config.write_text(config.read_text("utf-8").replace("\nhours = {", f"{worked}\nhours = {{"), "utf-8")


def write_past(piece: Piece, folder: Path) -> Path:
    """Write the scenario of a piece of history."""
    seconds = (piece.end - piece.start).total_seconds()
    path = folder / f"past_{piece.number}.toml"
    traffic = "".join(_traffic(to, *when, withheld=0.0) for to, *when in _callers(piece))
    heard = _hear(range(9 * 3600, int(seconds), 86_400))
    back = _calling_back('["101", "102", "106"]', "08:30", "18:30", 5400.0, 1.0)
    waiting = "".join(_message(piece, *one) for one in _WAITING) if piece.last else ""
    text = _head(piece.start, seconds, piece.number) + _template("history.toml") + traffic + heard + back + waiting
    path.write_text(text, "utf-8")
    return path


def write_live(start: datetime, folder: Path) -> Path:
    """Write the scenario of the live office, which does not end."""
    path = folder / "live.toml"
    traffic = "".join(_traffic(to, 0, _ALWAYS, rate) for to, rate in _LIVE)
    traffic += "".join(_traffic(to, 0, _ALWAYS, rate, message=1.0) for to, rate in _CALL_ME_BACK)
    first = "".join(_call(at, to) for at, to in (*_FIRST, *((at, "01632960630") for at in _NURSE)))
    heard = _hear(range(1800, 30 * 86_400, 3600))
    back = _calling_back('["102", "106"]', "00:00", "24:00", 240.0, 0.9)
    text = _head(start, _ALWAYS, start.day) + _template("live.toml") + first + traffic + heard + back + _lunches()
    path.write_text(text, "utf-8")
    return path


def _callers(piece: Piece) -> Iterator[tuple[str, float, float, float]]:
    """The callers of each day that a piece touches: number, first and last second, how many an hour."""
    midnight = piece.start.astimezone(_ZONE).replace(hour=0)
    while midnight < piece.end:
        for to, first, last, rate in _PAST:
            begins = max(midnight + timedelta(hours=first), piece.start)
            ends = min(midnight + timedelta(hours=last), piece.end - _QUIET)
            if begins < ends:
                yield to, (begins - piece.start).total_seconds(), (ends - piece.start).total_seconds(), rate
        midnight += timedelta(days=1)


def _template(name: str) -> str:
    return (files("callcentre.demo") / name).read_text("utf-8")


def _head(start: datetime, seconds: float, seed: int) -> str:
    return f"start = {start.isoformat(timespec='milliseconds')}\nseconds = {seconds:.1f}\nseed = {seed}\n"


def _traffic(to: str, begins: float, ends: float, rate: float, *, message: float = 0.4, withheld: float = 0.05) -> str:
    table = f'\n[[traffic]]\nto = "{to}"\nbegins = {float(begins)}\nends = {float(ends)}\nper_hour = {rate}\n'
    shares = f"message = {message}\nwithheld = {withheld}\nforeign = 0.05\nrepeat = 0.15\n"
    return f"{table}patience = 90.0\nspeak = 12.0\n{shares}"


def _message(piece: Piece, hours: float, to: str, number: str, name: str, speak: float) -> str:
    """A message left so many hours before the end of a piece; nothing, where the piece begins later."""
    at = (piece.end - piece.start).total_seconds() - hours * 3600
    if at < _QUIET.total_seconds():
        return ""
    whom = f'number = "{number}"\nname = "{name}"\n' if number else "withheld = true\n"
    return f'\n[[call]]\nat = {at:.1f}\nto = "{to}"\n{whom}speak = {speak}\n'


def _calling_back(telephones: str, begins: str, ends: str, after: float, share: float) -> str:
    """People of these telephones call back whoever left a message; not everybody, so that there is something to see."""
    days = '["mon", "tue", "wed", "thu", "fri", "sat", "sun"]'
    when = f'begins = "{begins}"\nends = "{ends}"\ndays = {days}\n'
    boxes = ", ".join(f'"{mailbox}"' for mailbox in _MAILBOXES)
    who = f"\n[[calling_back]]\ntelephones = {telephones}\nmailboxes = [{boxes}]\n"
    return f"{who}{when}after = {after}\nshare = {share}\n"


def _call(at: float, to: str) -> str:
    return f'\n[[call]]\nat = {at}\nto = "{to}"\nnumber = "07700900{at:03.0f}"\n'


def _lunches() -> str:
    """The nurse's line is left alone for some minutes of each half-hour, for a week."""
    return "".join(
        f'\n[[deed]]\nat = {begins + at}\ndo = "{do}"\ntelephone = "109"\nreason = "lunch"\n'
        for begins in range(0, 7 * 86_400, 1800)
        for at, do in _LUNCH
    )


def _hear(when: range) -> str:
    """Somebody hears all messages at these seconds."""
    return "".join(
        f'\n[[deed]]\nat = {float(at)}\ndo = "hear"\nmailbox = "{mailbox}"\n' for at in when for mailbox in _MAILBOXES
    )
