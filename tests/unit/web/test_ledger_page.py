"""/attendance and a line's day: every moment of core hours accounted for, and nothing unknown counted as attended."""

import csv
import io
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from callcentre.core.facts import AttendanceChanged, BreachChanged, Fact, GapClosed
from callcentre.core.terms import ActionResult, Attendance, Hours, Mode, Outcome
from callcentre.web import words
from callcentre.web.line_page import half_hours
from tests.unit.metrics.offices import breach, step
from tests.unit.web.calls import Pages, call, given_up, pages
from tests.unit.web.served import NOW
from tests.unit.web.test_pages import HOSTILE

NINE = NOW - timedelta(hours=1)


def changed(minutes: float, state: Attendance, reason: str = "", *who: str) -> AttendanceChanged:
    """The line's attendance is `state` from so many minutes after nine."""
    at = NINE + timedelta(minutes=minutes)
    return AttendanceChanged(pbx="lab", at=at, line="enquiries", state=state, reason=reason, core=True, who=who)


DAY: list[Fact] = [
    changed(-180, Attendance.ATTENDED),
    changed(0, Attendance.UNATTENDED, "members are paused", "Alice Adams: paused (lunch)"),
    changed(20, Attendance.ATTENDED),
    changed(40, Attendance.UNKNOWN, "the PBX is out of sight"),
    changed(50, Attendance.ATTENDED),
]
SEEN = GapClosed(pbx="lab", at=NOW, since=NOW - timedelta(seconds=1), reason="seen")


@pytest.fixture
async def there(tmp_path: Path) -> AsyncIterator[Pages]:
    async with pages(tmp_path) as there:
        yield there


async def test_the_day_adds_up_to_its_core_hours(there: Pages) -> None:
    await there.put(*DAY, SEEN)
    text = await there.get("/attendance?line=enquiries")
    assert (
        "attended 2 h 30 min, nobody there 20 min, not known 10 min, to come 8 h 00 min; core hours 11 h 00 min" in text
    )
    assert "<b>88.2 %</b> of what is known" in text
    assert '<svg class="chart"' in text
    assert "Members are paused: Alice Adams: paused (lunch)" in text
    assert "nurse" not in text[text.index("<main") :].replace('value="nurse"', "").replace(">nurse<", "")


async def test_what_was_done_about_a_breach_is_told(there: Pages) -> None:
    over = breach(since=NINE, alarmed_at=NINE + timedelta(seconds=60), ended_at=NINE + timedelta(minutes=20))
    done = step(ActionResult.DONE, since=NINE)
    await there.put(*DAY, SEEN, BreachChanged(pbx="lab", at=NINE, breach=over, steps=(done,)))
    text = await there.get("/attendance?line=enquiries")
    assert "Nobody could answer from 09:00:00 until 09:20:00" in text
    assert "People were told at 09:01:00" in text
    assert "Add standby <b>enquiries PJSIP/109</b>" in text


async def test_a_day_of_24_hours_and_a_breach_that_was_only_observed_are_in_words(there: Pages) -> None:
    assert words.hours(timedelta(days=1)) == "24\N{NO-BREAK SPACE}h 00\N{NO-BREAK SPACE}min", "not 1 d 0 h"
    assert words.hours(timedelta(seconds=24)) == "24\N{NO-BREAK SPACE}s"
    over = breach(since=NINE, alarmed_at=NINE + timedelta(seconds=60), mode=Mode.OBSERVE, waiting=0)
    await there.put(*DAY, SEEN, BreachChanged(pbx="lab", at=NINE, breach=over))
    text = " ".join((await there.get("/attendance?line=enquiries")).split())
    assert "People were told at 09:01:00, nobody waiting. Observed only: nothing was changed on the PBX." in text


async def test_all_lines_and_days_before(there: Pages) -> None:
    text = await there.get("/attendance?day=2026-11-22")
    assert text.count("No core hours: closed on Sundays.") == 2
    assert "day=2026-11-21" in text
    assert "day=2026-11-23" in text
    assert "Nothing was recorded of this line by then" in await there.get("/attendance?day=2026-11-20&line=nurse")
    assert "24 November" in await there.get("/attendance?day=2027-01-01"), "no day that is still to come"
    await there.get("/attendance?day=soon", status=400)
    await there.get("/attendance?line=nowhere", status=404)


async def test_the_ledger_as_a_file(there: Pages) -> None:
    await there.put(*DAY, SEEN, changed(55, Attendance.UNATTENDED, "=1+1"))
    reply = await there.ask("/attendance.csv?line=enquiries")
    rows = list(csv.DictReader(io.StringIO(await reply.text())))
    assert sum(int(row["seconds"]) for row in rows) == 11 * 3600
    assert [row["state"] for row in rows] == [
        *("attended", "unattended", "attended", "unknown", "attended", "unattended", "to_come"),
    ]
    assert rows[5]["reason"] == "'=1+1"
    (audited,) = await there.database.audit.entries()
    assert (audited.action, audited.what) == ("exported", "attendance 2026-11-24")


async def test_hostile_reasons_are_words(there: Pages) -> None:
    await there.put(changed(-180, Attendance.UNATTENDED, HOSTILE, HOSTILE), SEEN)
    for path in ("/attendance?line=enquiries", "/today/enquiries"):
        text = await there.get(path)
        assert "<script>" not in text
        assert "&lt;script&gt;" in text


# --- a line's day ----------------------------------------------------------------------------------------------------


async def test_a_lines_day_shows_answer_times_against_the_promise(there: Pages) -> None:
    calls = [call(n, ago=600 + n, wait=4) for n in range(9)] + [call(20, ago=4000, wait=40), given_up(21, ago=4001)]
    await there.put(*calls, *DAY, SEEN)
    text = await there.get("/today/enquiries")
    assert "<b>81.8 %</b> within 15 s, promised 90 %: 9 of 11 (missed)" in text
    assert "no longer than 0:04, nine of ten no longer than 0:04" in text
    assert "9 of 11 calls answered in time. Below the promise: 08:30." in text
    assert '<th scope="row">09:30</th><td class="figure">9</td>' in text
    assert text.count('<svg class="chart"') == 2
    assert 'data-live="board"' in text


async def test_a_day_without_calls_and_a_line_that_is_not_there(there: Pages) -> None:
    text = await there.get("/today/enquiries?day=2026-11-20")
    assert "Nobody called in core hours." in text
    assert "data-live" not in text[text.index("<main") :], "the past does not change"
    await there.get("/today/nowhere", status=404)
    assert (await there.ask("/today/enquiries", **{"X-As": "al:agent"})).status == 403


async def test_half_hours_are_those_of_core_hours_without_gap(there: Pages) -> None:
    await there.put(
        call(1, ago=60),
        call(2, ago=5400),
        given_up(3, ago=5401),
        call(4, ago=5402, hours=Hours.CLOSED),
        call(5, ago=5403, outcome=Outcome.LOST),
    )
    zone = there.site.zone("enquiries")
    hours = half_hours(await there.database.queries.waits("enquiries", NOW - timedelta(days=1), NOW), zone)
    assert [(each.label, each.in_time, each.missed) for each in hours] == [
        ("08:00", 0, 1),
        ("08:30", 1, 0),
        ("09:00", 0, 0),
        ("09:30", 1, 0),
    ]
