"""The office's own ledger of attendance: what was so in each line's core hours, and how it adds up day by day.

Worked out from the notes of `watch` alone, by the rules of the product's contract; nothing here knows the product.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from callcentre_simulator.schema import DAYS, LineTable
from callcentre_simulator.watch import Note, Watch

CIVIL = ZoneInfo("Europe/London")
ATTENDED, UNATTENDED, UNKNOWN = "attended", "unattended", "unknown"
Span = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A part [start, end) of core hours (epoch seconds) in which one thing was so."""

    start: float
    end: float
    state: str
    why: str

    def as_json(self) -> dict[str, Any]:
        """As truth.json tells it."""
        return {"start": self.start, "end": self.end, "state": self.state, "why": self.why}


def open_on(line: LineTable, day: date, holidays: frozenset[date]) -> list[Span]:
    """A line's core hours of a civil day; none on a bank holiday."""
    if day in holidays:
        return []
    spans = (text.partition("-") for text in line.hours.get(DAYS[day.weekday()], ()))
    return [(_civil(day, opens), _civil(day, closes)) for opens, _, closes in spans]


def _civil(day: date, clock: str) -> float:
    if clock == "24:00":
        day, clock = day + timedelta(days=1), "00:00"
    return datetime.combine(day, time.fromisoformat(clock), CIVIL).timestamp()


def attendance(watch: Watch, end: float) -> list[dict[str, Any]]:
    """The ledger of each line up to `end`, as truth.json tells it: its stretches, and how each day adds up."""
    told = []
    for line in watch.lines:
        found = stretches(watch, line, end)
        days = [{"day": day.isoformat(), **states} for day, states in by_day(found).items()]
        told.append({"line": line.name, "stretches": [one.as_json() for one in found], "days": days})
    return told


def stretches(watch: Watch, line: LineTable, end: float) -> list[Stretch]:
    """What was so of a line up to `end`, cut to its core hours, day by day; neighbours of one kind are one."""
    start, holidays, notes = watch.began, watch.holidays, watch.notes
    day = datetime.fromtimestamp(start, CIVIL).date()
    hours: list[Span] = []
    while _civil(day, "00:00") < end:
        hours += open_on(line, day, holidays)
        day += timedelta(days=1)
    mine = [note for note in notes if note.line in {"", line.name}]
    mine += [Note(at=opens, what="shown", line=line.name) for opens, _ in hours]
    mine.sort(key=lambda note: note.at)
    told = [(start, UNKNOWN, "not told yet"), *_states(line, mine), (end, UNKNOWN, "over")]
    found: list[Stretch] = []
    for opens, closes in hours:
        for (since, state, why), (until, _, _) in pairwise(told):
            begins, ends = max(since, opens, start), min(until, closes, end)
            if begins >= ends:
                continue
            last = found[-1] if found else None
            if begins > opens and last is not None and (last.state, last.why) == (state, why):
                found[-1] = Stretch(start=last.start, end=ends, state=state, why=why)
            else:
                found.append(Stretch(start=begins, end=ends, state=state, why=why))
    return found


def _states(line: LineTable, notes: Iterable[Note]) -> Iterator[tuple[float, str, str]]:
    """What each note makes of a line: since when, the state, and why nobody is there."""
    there, why, rung_out, up = 0, "", 0, True
    for note in notes:
        match note.what:
            case "there":
                there, why = note.count, note.why
            case "shown":
                rung_out = 0
            case "rang out":
                rung_out += 1
            case "down" | "up":
                up, rung_out = note.what == "up", 0
        if not up:
            yield note.at, UNKNOWN, "out of sight"
        elif rung_out >= line.ring_out_limit:
            yield note.at, UNATTENDED, "rang out"
        elif there >= line.min_agents:
            yield note.at, ATTENDED, ""
        else:
            yield note.at, UNATTENDED, why


def by_day(found: Iterable[Stretch]) -> dict[date, dict[str, float]]:
    """How many seconds each day of core hours held of each state."""
    days: dict[date, dict[str, float]] = {}
    for one in found:
        day = datetime.fromtimestamp(one.start, CIVIL).date()
        states = days.setdefault(day, {ATTENDED: 0.0, UNATTENDED: 0.0, UNKNOWN: 0.0})
        states[one.state] += one.end - one.start
    return days
