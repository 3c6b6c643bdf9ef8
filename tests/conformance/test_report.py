"""The monthly report on both databases, held against its definitions told slowly in Python, call by call."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from callcentre.attendance import line_day
from callcentre.config.charters import charters_of
from callcentre.core.case_values import Case, CaseChannel, CaseClock, CaseOutcome, CaseState, ClockName
from callcentre.core.charter import Line, Office, Pbx
from callcentre.core.errors import ConfigError
from callcentre.core.facts import (
    AttendanceChanged,
    Call,
    CallEnded,
    CaseChanged,
    Fact,
    GapClosed,
    GapOpened,
    TaskChanged,
    VoicemailUsed,
)
from callcentre.core.tasks import Filing
from callcentre.core.terms import (
    Attendance,
    CallKey,
    Hours,
    Nation,
    Origin,
    Outcome,
    Quality,
    TaskOutcome,
    TaskState,
    Verdict,
)
from callcentre.reports.figures import Report, Share, as_json
from callcentre.reports.gather import report_of
from callcentre.reports.months import Month
from callcentre.reports.render import html_of
from callcentre.reports.sheet import HEADING, rows_of
from callcentre.store.database import Database
from tests.conformance import promises, sample

LONDON = ZoneInfo("Europe/London")
CHARTERS = charters_of([], [])
NOW = datetime(2027, 6, 1, 12, tzinfo=UTC)
DECIDED = set(Outcome) - {Outcome.LOST, Outcome.IN_PROGRESS}


def line(name: str, charter: str = "hct", **changes: Any) -> Line:
    promised = CHARTERS[charter].charter
    known: dict[str, Any] = {"name": name, "pbx": "lab", "charter": promised, "nation": Nation.ENGLAND}
    return Line(**(known | {"hours": promised.hours} | changes))


OFFICE = Office(
    pbxs=(Pbx(name="lab"),),
    lines=(line("enquiries", title='<b onclick="x">Enquiries</b> & more'), line("bookings"), line("members", "cmi")),
    fallback_line="enquiries",
    url="https://calls.example.org",
)


def call(number: int, at: datetime, **changes: Any) -> Call:
    """An outside call of core hours, answered in time, unless `changes` say otherwise."""
    known: dict[str, Any] = {
        "key": CallKey("lab", f"1700000000.{number}"),
        "origin": Origin.EXTERNAL,
        "hours": Hours.CORE,
        "quality": Quality.COMPLETE,
        "outcome": Outcome.ANSWERED,
        "within_seconds": True,
        "within_rings": True,
        "charter": "hct",
        "charter_version": 1,
    }
    return replace(sample.answered(sample.offered(number, at=at)), **(known | changes))


def chance_calls(seed: int, number: int, first: datetime, last: datetime) -> list[Call]:
    """Calls of every kind, at any moment between."""
    chance = Random(seed)
    seconds = (last - first).total_seconds()
    made = []
    for place in range(number):
        outcome = chance.choice([*Outcome, *[Outcome.ANSWERED] * 10])
        judged = outcome in DECIDED
        answered = outcome is Outcome.ANSWERED
        made.append(
            call(
                place,
                first + timedelta(seconds=chance.uniform(0, seconds)),
                line=chance.choice(["enquiries", "bookings", "gone"]),
                outcome=outcome,
                origin=chance.choice([Origin.EXTERNAL] * 9 + [Origin.INTERNAL]),
                hours=chance.choice([Hours.CORE, Hours.CORE, Hours.CLOSED]),
                quality=chance.choice([*Quality, Quality.COMPLETE, Quality.COMPLETE]),
                within_seconds=(answered and chance.random() < 0.8) if judged else None,
                within_rings=(answered and chance.random() < 0.7) if judged else None,
                charter=chance.choice(["hct"] * 9 + ["cmi"]),
                charter_version=chance.choice([1, 2]),
            )
        )
    return made


async def put(database: Database, *of: Call | Fact) -> None:
    facts = [CallEnded(pbx="lab", at=one.offered_at, call=one) if isinstance(one, Call) else one for one in of]
    await database.writer.commit(facts)


def promise(report: Report, figure: str) -> Any:
    return next(one for one in report.promises if one.figure == figure)


def strict(calls: Sequence[Call], month: str, verdict: str, of_line: str = "") -> tuple[int, int]:
    """What the definition says, one call after the other."""
    judged = [
        one
        for one in calls
        if one.origin is Origin.EXTERNAL
        and one.charter == "hct"
        and one.hours is Hours.CORE
        and one.outcome in DECIDED
        and f"{one.offered_at.astimezone(LONDON):%Y-%m}" == month
        and of_line in ("", one.line)
    ]
    return sum(getattr(one, verdict) is True for one in judged), len(judged)


@pytest.mark.parametrize("month", ["2027-03", "2026-10"])
async def test_calls_are_counted_as_the_definition_says_also_where_clocks_change(
    database: Database, month: str
) -> None:
    asked = Month.read(month)
    first, end = asked.moved(-12).begin(LONDON), asked.moved(1).end(LONDON)
    # Most of them within an hour of midnight at the month's two ends, where a wrong zone would show.
    edges = [(asked.begin(LONDON), 1), (asked.end(LONDON), 2)]
    calls = chance_calls(7, 400, first, end)
    for at, seed in edges:
        near = chance_calls(seed, 60, at - timedelta(hours=2), at + timedelta(hours=2))
        calls += [replace(one, key=CallKey("lab", f"{seed}.{one.key.uniqueid}")) for one in near]
    await put(database, *calls)
    report = await report_of(database, OFFICE, "hct", asked, NOW)
    for figure, verdict in (("calls_within_seconds", "within_seconds"), ("calls_within_rings", "within_rings")):
        found = promise(report, figure)
        assert (found.share.kept, found.share.of) == strict(calls, month, verdict)
        for of_line in found.lines:
            assert (of_line.share.kept, of_line.share.of) == strict(calls, month, verdict, of_line.line)
        for point in found.trend:
            share = point.share or Share(kept=0, of=0)
            assert (share.kept, share.of) == strict(calls, point.month, verdict), point.month
    assert [one.line for one in report.lines] == ["enquiries", "bookings", "gone"]
    _held_against(report, calls, month)


def _held_against(report: Report, calls: Sequence[Call], month: str) -> None:
    """Tables of calls, days and hours."""
    mine = [
        one
        for one in calls
        if one.origin is Origin.EXTERNAL
        and one.charter == "hct"
        and f"{one.offered_at.astimezone(LONDON):%Y-%m}" == month
    ]
    core = [one for one in mine if one.hours is Hours.CORE and one.outcome in DECIDED]
    everything = report.calls[0]
    outcomes = Counter(one.outcome.value for one in core)
    for word in (set(outcomes) | {"refused"}) - {"lost", "in_progress"}:
        assert getattr(everything, word) == outcomes[word], word
    assert everything.offered == len(core)
    assert everything.lost == sum(one.outcome is Outcome.LOST for one in mine)
    assert everything.partial == sum(one.quality is Quality.PARTIAL for one in mine)
    without = {Outcome.CLOSED, Outcome.REFUSED, Outcome.ABANDONED, Outcome.SHORT_ABANDONED}
    assert everything.never_offered_a_mailbox == sum(one.outcome in without for one in mine)
    assert sum(one.calls for one in report.versions) == len(mine)
    local = [(one.offered_at.astimezone(LONDON), one.within_seconds) for one in core]
    for day in report.days:
        of_day = [within for at, within in local if at.date() == day.day]
        assert (day.offered, day.kept) == (len(of_day), sum(one is True for one in of_day)), day.day
    for hour in report.hours:
        of_hour = [within for at, within in local if at.hour == hour.hour]
        assert (hour.offered, hour.kept) == (len(of_hour), sum(one is True for one in of_hour)), hour.hour
    assert sum(hour.offered for hour in report.hours) == len(core)


async def test_a_version_that_promised_no_seconds_is_in_no_share_of_them(database: Database) -> None:
    at = datetime(2026, 11, 10, 9, tzinfo=UTC)
    unjudged: dict[str, Any] = {"charter_version": 1, "within_seconds": None, "within_rings": None}
    calls = [
        call(1, at, **unjudged),
        call(2, at, charter_version=2),
        call(3, at, charter_version=2, within_seconds=False),
    ]
    await put(database, *calls)
    report = await report_of(database, OFFICE, "hct", Month(2026, 11), NOW)
    share = promise(report, "calls_within_seconds").share
    assert (share.kept, share.of) == (1, 2)
    assert [(one.version, one.calls) for one in report.versions] == [(1, 1), (2, 2)]
    assert "version 1, 1 calls; version 2, 2 calls" in html_of(report)


async def test_a_charter_without_targets_shows_none(database: Database) -> None:
    at = datetime(2026, 11, 10, 9, tzinfo=UTC)
    unjudged: dict[str, Any] = {"charter": "cmi", "line": "members", "within_seconds": None, "within_rings": None}
    await put(database, call(1, at, **unjudged), call(2, at, **unjudged, outcome=Outcome.ABANDONED), call(3, at))
    report = await report_of(database, OFFICE, "cmi", Month(2026, 11), NOW)
    seconds = promise(report, "calls_within_seconds")
    assert (seconds.promised, seconds.target, seconds.share, seconds.is_kept) == ("not promised", None, None, None)
    assert [one.line for one in report.lines] == ["members"]
    assert (report.calls[0].offered, report.calls[0].answered) == (2, 1)
    # Days still tell what was answered.
    assert [(one.kept, one.missed) for one in report.worst_days] == [(1, 1)]


async def test_an_empty_month_is_a_whole_report_that_judges_nothing(database: Database) -> None:
    report = await report_of(database, OFFICE, "hct", Month(2026, 11), NOW)
    assert {one.is_kept for one in report.promises} == {None}
    assert len(report.days) == 30
    assert not report.worst_days
    assert not report.worst_hours
    assert "nothing to judge" in html_of(report)
    assert list(rows_of(report))


async def test_a_month_that_is_not_over_says_so_and_one_to_come_is_refused(database: Database) -> None:
    report = await report_of(database, OFFICE, "hct", Month(2027, 6), NOW)
    assert (report.so_far, report.until) == (True, NOW)
    assert [one.day.day for one in report.days if not one.still_to_come] == [1]
    assert "so far" in html_of(report)
    with pytest.raises(ConfigError, match="has not begun"):
        await report_of(database, OFFICE, "hct", Month(2027, 7), NOW)
    with pytest.raises(ConfigError, match="no line has the charter"):
        await report_of(database, OFFICE, "wme", Month(2027, 5), NOW)


async def test_gaps_and_what_they_touched(database: Database) -> None:
    at = datetime(2026, 11, 10, 9, tzinfo=UTC)
    opened, closed = at + timedelta(minutes=5), at + timedelta(minutes=9)
    ends: dict[str, Any] = {"ended_at": at + timedelta(minutes=7)}
    await put(
        database,
        GapOpened(pbx="lab", at=opened, reason="the link was lost"),
        GapClosed(pbx="lab", at=closed, since=opened, reason="the link was lost"),
        call(1, at, quality=Quality.PARTIAL, **ends),
        call(2, at + timedelta(minutes=6), outcome=Outcome.LOST, ended_at=None, within_seconds=None, within_rings=None),
        call(3, at, quality=Quality.PARTIAL, ended_at=opened - timedelta(seconds=1)),
        call(4, at, **ends),
    )
    report = await report_of(database, OFFICE, "hct", Month(2026, 11), NOW)
    (gap,) = report.gaps
    assert (gap.seconds, gap.partial, gap.lost, gap.reason) == (240, 1, 1, "the link was lost")
    assert [one.day for one in report.days if one.gap] == [date(2026, 11, 10)]
    assert report.partial
    assert promise(report, "calls_within_seconds").partial


async def test_attendance_is_that_of_each_days_page(database: Database) -> None:
    day = datetime(2026, 11, 10, tzinfo=UTC)
    states = [
        (6, Attendance.ATTENDED),
        (10, Attendance.UNATTENDED),
        (11, Attendance.UNKNOWN),
        (12, Attendance.ATTENDED),
    ]
    for back in (0, 3, 40):
        await put(
            database,
            *(
                AttendanceChanged(
                    pbx="lab", at=day - timedelta(days=back) + timedelta(hours=hour), line="enquiries", state=state,
                    reason="so", core=True,
                )
                for hour, state in states
            ),
        )  # fmt: skip
    report = await report_of(database, OFFICE, "hct", Month(2026, 11), NOW)
    seen = await database.queries.seen_until()
    enquiries = next(one for one in report.attendance if one.line == "enquiries")
    ledgers = [
        (await line_day(database.queries, OFFICE.lines[0], each, NOW, seen.get("lab"))).ledger
        for each in Month(2026, 11).days()
    ]
    assert enquiries.attended_seconds == sum(one.attended.total_seconds() for one in ledgers) > 0
    assert enquiries.unattended_seconds == sum(one.unattended.total_seconds() for one in ledgers) > 0
    assert enquiries.unknown_seconds == sum(one.unknown.total_seconds() for one in ledgers) > 0
    trend = {point.month: point.share for point in promise(report, "attended").trend}
    assert trend["2026-09"] is None
    assert trend["2026-10"] is not None
    assert promise(report, "attended").is_kept is False
    assert promise(report, "attended").partial


async def test_messages_by_their_own_deadline_and_by_the_clock(database: Database) -> None:
    left, due = datetime(2026, 11, 13, 16, tzinfo=UTC), datetime(2026, 11, 16, 18, tzinfo=UTC)

    def of(number: int, **changes: Any) -> Filing:
        known: dict[str, Any] = {
            "left_at": left,
            "due": due,
            "responded_at": None,
            "reached_at": None,
            "line": "enquiries",
        }
        return promises.filing(number, number, **(known | changes))

    answered = {
        1: of(1, responded_at=left + timedelta(hours=24), reached_at=left + timedelta(hours=24)),
        2: of(2, responded_at=due),
        3: of(3, responded_at=due + timedelta(seconds=1)),
        4: of(4),
        5: of(5, left_at=left + timedelta(days=14), due=NOW + timedelta(hours=1)),
        6: of(6),
        7: of(7, line="members"),
    }
    closed: dict[str, Any] = {
        "state": TaskState.CLOSED,
        "closed_at": due - timedelta(hours=1),
        "outcome": TaskOutcome.NOT_NEEDED,
    }
    for number, filing in answered.items():
        task = promises.task(number, line=filing.line, **(closed if number == 6 else {}))
        message = promises.message(number, line=filing.line, left_at=filing.left_at)
        await database.writer.commit([TaskChanged(pbx="lab", at=left, task=task, message=message, filings=(filing,))])
    report = await report_of(database, OFFICE, "hct", Month(2026, 11), NOW)
    total = report.callbacks[0]
    assert (total.messages, total.in_time, total.late, total.overdue, total.waiting) == (6, 3, 1, 1, 1)
    assert (total.responded, total.reached, total.within_24_hours, total.closed_without_response) == (3, 1, 1, 1)
    found = promise(report, "messages_in_time")
    assert (found.share.kept, found.share.of, found.open, found.is_kept) == (3, 5, 1, False)


async def test_misuse_of_voicemail(database: Database) -> None:
    at = datetime(2026, 11, 10, 9, tzinfo=UTC)
    given = [*Verdict, Verdict.RANG_OUT]
    await put(
        database,
        *(
            VoicemailUsed(pbx="lab", at=at, uniqueid=f"1.{place}", line="bookings", verdict=verdict, reason="so")
            for place, verdict in enumerate(given)
        ),
    )
    report = await report_of(database, OFFICE, "hct", Month(2026, 11), NOW)
    found = promise(report, "voicemail_fair")
    assert (found.share.kept, found.share.of, found.is_kept) == (len(given) - 2, len(given) - 1, False)
    assert (report.voicemail[0].misuse, report.voicemail[0].rang_out, report.voicemail[0].unknown) == (1, 2, 1)


def case(number: int, **changes: Any) -> Case:
    at = datetime(2026, 11, 3, 9, tzinfo=UTC)
    known: dict[str, Any] = {
        "pbx": "lab",
        "number": number,
        "line": "enquiries",
        "charter": "hct",
        "charter_version": 1,
        "kind": "complaint",
        "channel": CaseChannel.CALL,
        "state": CaseState.CLOSED,
        "received_at": at,
        "opened_at": at,
        "opened_by": "alice",
        "entries": 1,
        "outcome": CaseOutcome.RESOLVED,
        "name": "Mrs Secret",
        "caller": "07700900123",
    }
    return Case(**(known | changes))


def clock(number: int, name: ClockName, met: float | None, **changes: Any) -> CaseClock:
    """A clock of 7 calendar days, kept so many days after its begin."""
    at = datetime(2026, 11, 3, 9, tzinfo=UTC)
    known: dict[str, Any] = {
        "pbx": "lab",
        "case_number": number,
        "seq": 1,
        "clock": name,
        "line": "enquiries",
        "charter": "hct",
        "charter_version": 1,
        "kind": "complaint",
        "channel": CaseChannel.CALL,
        "stage": 1,
        "started_at": at,
        "due": at + timedelta(days=7),
        "act_by": at + timedelta(days=7),
        "due_reason": "so",
        "met_at": None if met is None else at + timedelta(days=met),
    }
    return CaseClock(**(known | changes))


async def test_complaints_their_clocks_causes_and_remedies(database: Database) -> None:
    remedied: dict[str, Any] = {"remedied_at": datetime(2026, 11, 20, tzinfo=UTC)}
    acknowledge = ClockName.ACKNOWLEDGE
    letter: dict[str, Any] = {"channel": CaseChannel.LETTER, "kind": "correspondence"}
    made = [
        (case(1, cause="late bus <i>", remedy="call 07700900123", **remedied), clock(1, acknowledge, 2)),
        (case(2, cause="late bus <i>", remedy="a new timetable", **remedied), clock(2, acknowledge, 7)),
        (case(3, cause="late bus <i>"), clock(3, acknowledge, 8)),
        (case(4, state=CaseState.OPEN, outcome=None), clock(4, acknowledge, None)),
        (case(5, outcome=CaseOutcome.NOT_UPHELD), clock(5, acknowledge, None, dropped_at=NOW)),
        (case(6, line="members", charter="cmi"), clock(6, acknowledge, 1, line="members")),
        (case(7, **letter), clock(7, ClockName.ANSWER, 3, **letter)),
    ]
    await put(database, *(CaseChanged(pbx="lab", at=NOW, case=one, clocks=(own,)) for one, own in made))
    report = await report_of(database, OFFICE, "hct", Month(2026, 11), NOW)
    found = promise(report, "complaint_acknowledged")
    assert (found.target, found.share.kept, found.share.of, found.is_kept) == (0.95, 2, 4, False)
    days = next(one for one in report.case_clocks if one.figure == "complaint_acknowledged")
    assert (days.kept, days.late, days.overdue, days.running) == (2, 1, 1, 0)
    assert days.calendar_days_mean == pytest.approx(17 / 3)
    assert days.calendar_days_longest == pytest.approx(8)
    written = promise(report, "correspondence_email_fax_letter_answered")
    assert (written.share.kept, written.share.of, written.is_kept) == (1, 1, True)
    causes = {one.cause: one for one in report.complaints_by_cause}
    bus = causes["late bus <i>"]
    assert (bus.complaints, bus.remedied, min(bus.remedies)) == (3, 2, "a new timetable")
    assert (causes[""].complaints, causes[""].not_upheld) == (2, 1)
    assert [one.number for one in report.complaints_without_remedy] == [3, 4]
    for told in (html_of(report), json.dumps(as_json(report)), str(list(rows_of(report)))):
        assert "Secret" not in told
        assert "07700900123" not in told
    assert "late bus &lt;i&gt;" in html_of(report)
    assert "<b onclick" not in html_of(report)
    assert 'href="https://calls.example.org/cases/lab/3"' in html_of(report)


async def test_every_form_has_the_same_keys(database: Database) -> None:
    report = await report_of(database, OFFICE, "hct", Month(2026, 11), NOW)
    told = as_json(report)
    assert list(told) == [one.name for one in fields(Report)]
    assert json.loads(json.dumps(told)) == told
    assert {len(row) for row in rows_of(report)} == {len(HEADING)}
    figures = {row[2] for row in rows_of(report)}
    assert {one.figure for one in report.promises} <= figures


async def test_lines_of_two_zones_have_each_its_own_month(database: Database) -> None:
    abroad = replace(OFFICE, lines=(line("enquiries"), line("bookings", zone="Asia/Kolkata")))
    # Half past eight in the evening in London is two in the morning in Kolkata, of the next month.
    at = datetime(2026, 10, 31, 20, 30, tzinfo=UTC)
    await put(database, call(1, at), call(2, at, line="bookings"))
    report = await report_of(database, abroad, "hct", Month(2026, 11), NOW)
    assert [(one.line, one.offered) for one in report.calls] == [("", 1), ("enquiries", 0), ("bookings", 1)]
    assert [one.hour for one in report.hours] == [2]
    before = await report_of(database, abroad, "hct", Month(2026, 10), NOW)
    assert [(one.line, one.offered) for one in before.calls] == [("", 1), ("enquiries", 1), ("bookings", 0)]
