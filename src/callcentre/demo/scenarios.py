"""What the demo's simulated office does: scenarios for the simulator, written for the time at which the demo starts."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

_ZONE: Final = ZoneInfo("Europe/London")
_QUIET: Final = timedelta(minutes=15)
"""No call comes so shortly before the end of a piece of history, so that every call in it ends."""

_PAST: Final = (
    ("01632960600", 0, 24, 0.5),
    ("01632960600", 8, 20, 2.0),
    ("01632960610", 9, 18, 1.8),
    ("01632960630", 0, 24, 0.25),
    ("01632960110", 9, 17, 0.6),
)
"""The history's callers: the number they dial, from hour to hour of each day, how many an hour."""

_LIVE: Final = (("01632960600", 220), ("01632960610", 170), ("01632960630", 50), ("01632960110", 40))
"""The live office's callers: the number they dial, how many an hour; in all a call each 7.5 seconds."""

_FIRST: Final = ((1.0, "01632960600"), (3.0, "01632960610"), (6.0, "01632960600"), (9.0, "01632960110"))
"""The first callers come at once: seconds, and the number they dial."""

_ALWAYS: Final = 10 * 365 * 86_400
_MAILBOXES: Final = ("600@default", "610@default", "630@default", "110@default")


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A part of the history: from `start` on to `end`, both aware UTC; its `number` counts from 1."""

    number: int
    start: datetime
    end: datetime


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
    return [Piece(number=n, start=a, end=b) for n, (a, b) in enumerate(zip(starts, ends, strict=True), 1)]


def write_office(folder: Path) -> None:
    """Put the office beside the scenarios that play in it."""
    (folder / "_office.toml").write_text(_template("_office.toml"), encoding="utf-8")


def write_past(piece: Piece, folder: Path) -> Path:
    """Write the scenario of a piece of history."""
    seconds = (piece.end - piece.start).total_seconds()
    path = folder / f"past_{piece.number}.toml"
    traffic = "".join(_traffic(to, begins, ends, rate) for to, begins, ends, rate in _callers(piece))
    heard = _hear(range(9 * 3600, int(seconds), 86_400))
    path.write_text(_head(piece.start, seconds, piece.number) + _template("history.toml") + traffic + heard, "utf-8")
    return path


def write_live(start: datetime, folder: Path) -> Path:
    """Write the scenario of the live office, which does not end."""
    path = folder / "live.toml"
    traffic = "".join(_traffic(to, 0, _ALWAYS, rate) for to, rate in _LIVE)
    first = "".join(f'\n[[call]]\nat = {at}\nto = "{to}"\nnumber = "07700900{at:03.0f}"\n' for at, to in _FIRST)
    heard = _hear(range(1800, 30 * 86_400, 3600))
    path.write_text(_head(start, _ALWAYS, start.day) + _template("live.toml") + first + traffic + heard, "utf-8")
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


def _traffic(to: str, begins: float, ends: float, rate: float) -> str:
    table = f'\n[[traffic]]\nto = "{to}"\nbegins = {float(begins)}\nends = {float(ends)}\nper_hour = {rate}\n'
    return table + "patience = 90.0\nmessage = 0.4\nspeak = 12.0\nforeign = 0.05\nrepeat = 0.15\n"


def _hear(when: range) -> str:
    """Somebody hears all messages at these seconds."""
    return "".join(
        f'\n[[deed]]\nat = {float(at)}\ndo = "hear"\nmailbox = "{mailbox}"\n' for at in when for mailbox in _MAILBOXES
    )
