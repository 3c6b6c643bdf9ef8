"""The report of a whole month is what happened in the simulated office, by its own account and counted by hand here."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from callcentre.config.load import load
from callcentre.history.take_in import Intake
from callcentre.reports.figures import LineCalls, Report
from callcentre.reports.gather import report_of
from callcentre.reports.months import Month
from callcentre.store.database import Database
from callcentre_simulator.check import NEAR
from callcentre_simulator.ledger import open_on
from callcentre_simulator.playing import Played, play
from callcentre_simulator.scenario import read
from callcentre_simulator.truth import Call

LONDON = ZoneInfo("Europe/London")
SECONDS, RING, RINGS = 15.0, 3.0, 5
"""What the charter promises, and how long a ring takes in the United Kingdom."""
NOW = datetime(2027, 5, 3, 9, tzinfo=UTC)
LINES = {"enquiries": "600@default", "bookings": "610@default", "nurse": "630@default"}
UNDECIDED = {"lost", "in_progress"}
OUTCOMES = (
    "answered", "voicemail", "voicemail_empty", "abandoned", "short_abandoned", "overflowed", "closed", "refused",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """An outside call of a line of the charter, as the office itself knows it."""

    line: str
    at: datetime
    core: bool
    outcome: str
    in_time: bool
    in_rings: bool


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    return play(read(Path(__file__).parent / "month.toml"), tmp_path_factory.mktemp("month"))


def happened(played: Played) -> list[Happened]:
    """The month's calls, told by the model alone."""
    tables = {did: line for line in played.scenario.line if line.name in LINES for did in line.dids}
    holidays = frozenset(played.scenario.holidays)
    found = []
    for call in played.pbx.truth.calls.values():
        offered = call.begun if call.offered is None else call.offered
        at = datetime.fromtimestamp(offered, LONDON)
        if call.internal or call.did not in tables or (at.year, at.month) != (2027, 3):
            continue
        line = tables[call.did]
        core = any(opens <= offered < closes for opens, closes in open_on(line, at.date(), holidays))
        found.append(
            Happened(
                line=line.name,
                at=at,
                core=core,
                outcome=call.outcome,
                in_time=call.answered is not None and call.answered - offered <= SECONDS,
                in_rings=call.answered is not None and rung(call) < RING * RINGS,
            )
        )
    return found


def rung(call: Call) -> float:
    """Seconds for which a telephone rang before somebody answered."""
    assert call.first_ring is not None
    assert call.answered is not None
    return call.answered - call.first_ring


async def report(played: Played) -> Report:
    """What the product says of it, from what it stored through its own writer."""
    office = load(played.config, {}).office
    database = await Database.open(f"sqlite:///{played.folder}/month.sqlite")
    try:
        await database.prepare()
        await Intake(office, "office", database.writer).play(played.tape, played.snapshots, lambda _: None)
        return await report_of(database, office, "hct", Month(2027, 3), NOW)
    finally:
        await database.close()


async def test_the_report_is_what_happened(played: Played) -> None:
    calls = happened(played)
    made = await report(played)
    assert [one.line for one in made.calls] == ["", *LINES]
    for row in made.calls:
        mine = [one for one in calls if row.line in ("", one.line)]
        assert counts(row) == true_counts(mine), row.line or "all lines"
    for figure, kept in (("calls_within_seconds", "in_time"), ("calls_within_rings", "in_rings")):
        promise = next(one for one in made.promises if one.figure == figure)
        shares = {"": promise.share, **{one.line: one.share for one in promise.lines}}
        for line, share in shares.items():
            judged = [one for one in decided(calls) if line in ("", one.line)]
            assert share is not None
            assert (share.kept, share.of) == (sum(getattr(one, kept) for one in judged), len(judged)), (figure, line)
    by_day: Counter[date] = Counter(one.at.date() for one in decided(calls))
    in_time: Counter[date] = Counter(one.at.date() for one in decided(calls) if one.in_time)
    assert {one.day: (one.offered, one.kept) for one in made.days} == {
        date(2027, 3, day): (by_day[date(2027, 3, day)], in_time[date(2027, 3, day)]) for day in range(1, 32)
    }
    by_hour = Counter(one.at.hour for one in decided(calls))
    assert {one.hour: one.offered for one in made.hours if one.offered} == by_hour
    left = Counter(one.mailbox for one in played.pbx.truth.messages if in_march(one.left_at))
    told = {one.line: one.messages for one in made.callbacks if one.line}
    assert told == {line: left[mailbox] for line, mailbox in LINES.items()}


def decided(calls: Iterable[Happened]) -> list[Happened]:
    """Those of core hours of which it is known how they ended: what is judged, as the charter excludes no call."""
    return [one for one in calls if one.core and one.outcome not in UNDECIDED]


def counts(row: LineCalls) -> dict[str, int]:
    """What a row of the report says."""
    others = ("offered", "within_seconds", "within_rings", "out_of_hours", "lost", "in_progress")
    return {name: getattr(row, name) for name in (*OUTCOMES, *others)}


def true_counts(calls: list[Happened]) -> dict[str, int]:
    """The same, counted call by call."""
    judged = decided(calls)
    outcomes = Counter(one.outcome for one in judged)
    return {name: outcomes[name] for name in OUTCOMES} | {
        "offered": len(judged),
        "within_seconds": sum(one.in_time for one in judged),
        "within_rings": sum(one.in_rings for one in judged),
        "out_of_hours": sum(not one.core and one.outcome not in UNDECIDED for one in calls),
        "lost": sum(one.outcome == "lost" for one in calls),
        "in_progress": sum(one.outcome == "in_progress" for one in calls),
    }


def in_march(at: float) -> bool:
    """Whether a moment is the month's, by the clocks of London."""
    told = datetime.fromtimestamp(at, LONDON)
    return (told.year, told.month) == (2027, 3)


def test_the_month_holds_what_it_is_there_for(played: Played) -> None:
    calls = happened(played)
    outcomes = Counter(one.outcome for one in calls)
    assert {"answered", "voicemail", "voicemail_empty", "abandoned", "short_abandoned", "lost"} <= outcomes.keys()
    for line in LINES:
        mine = [one for one in decided(calls) if one.line == line]
        found = {(one.in_time, one.in_rings) for one in mine if one.outcome == "answered"}
        # Late though the telephone rang shortly: seconds and rings are told apart on each line.
        assert found == {(True, True), (False, True), (False, False)}, line
    assert any(not one.core for one in calls)
    truth = played.pbx.truth.calls.values()
    assert {False, True} == {in_march(call.begun) for call in truth if call.did == "01632960630"}
    assert any(call.internal for call in truth)
    # No call is so near an edge that an event's delay would decide.
    answered = [call for call in truth if call.answered is not None and call.offered is not None and not call.internal]
    assert all(abs(call.wait - SECONDS) > NEAR and abs(rung(call) - RING * RINGS) > NEAR for call in answered)
