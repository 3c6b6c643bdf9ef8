"""Charts: what they say is what they were given; hostile words are words; patterns tell what colours do."""

import re
from datetime import date, timedelta
from itertools import pairwise
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

import pytest

from callcentre.core.ledger import DayLedger, Stretch
from callcentre.core.terms import Attendance
from callcentre.web.charts import HalfHour, Span, answer_times, attendance_strip, timeline
from tests.unit.runtime.samples import NOON
from tests.unit.web.test_pages import HOSTILE

LONDON = ZoneInfo("Europe/London")
SVG = "{http://www.w3.org/2000/svg}"
MINUTE = timedelta(minutes=1)


def drawn(chart: str) -> ET.Element:
    """The chart as a drawing program reads it."""
    return ET.fromstring(str(chart).replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1))


def heights(chart: str, looks: str) -> list[float]:
    return [float(each.attrib["height"]) for each in drawn(chart).iter(f"{SVG}rect") if each.get("class") == looks]


def bars(*hours: HalfHour, promise: float | None = 0.9) -> str:
    return answer_times(hours, promise=promise, uid="u", title="Answer times")


def stretch(start: int, end: int, state: Attendance | None, reason: str = "") -> Stretch:
    return Stretch(start=NOON + start * MINUTE, end=NOON + end * MINUTE, state=state, reason=reason)


def strip(*stretches: Stretch) -> str:
    ledger = DayLedger(line="enquiries", day=date(2026, 11, 23), stretches=stretches)
    return attendance_strip(ledger, LONDON, uid="u", title="Attendance")


def test_bars_are_as_high_as_there_were_calls() -> None:
    chart = bars(HalfHour(label="09:00", in_time=4, late=1), HalfHour(label="09:30", in_time=2, missed=2))
    first, second = heights(chart, "in_time")
    assert first == pytest.approx(2 * second)
    assert heights(chart, "late") == pytest.approx([first / 4], abs=0.1)
    assert heights(chart, "missed") == pytest.approx([second], abs=0.1)


def test_the_share_above_a_bar_says_whether_the_promise_was_kept() -> None:
    chart = bars(HalfHour(label="09:00", in_time=9, late=1), HalfHour(label="09:30", in_time=89, late=11))
    texts = drawn(chart).iter(f"{SVG}text")
    shares = [(each.text, each.attrib["class"]) for each in texts if "share" in each.attrib["class"]]
    assert shares == [("90", "share good"), ("89", "share bad")]
    assert 'class="share"' in bars(HalfHour(label="09:00", in_time=1), promise=None)


def test_a_half_hour_without_calls_has_no_bar_and_no_share() -> None:
    chart = bars(HalfHour(label="09:00"), HalfHour(label="09:30", in_time=1))
    assert len(heights(chart, "in_time")) == 1
    assert chart.count('class="share') == 1
    assert HalfHour(label="09:00").share is None


@pytest.mark.parametrize("most", [0, 1, 4, 5, 6, 11, 99, 2_000, 123_456])
def test_an_axis_has_at_most_six_round_numbers_and_room_for_the_highest(most: int) -> None:
    ticks = [int(each.text or "") for each in drawn(bars(HalfHour(label="x", in_time=most))).iter(f"{SVG}text")
             if each.get("text-anchor") == "end"]  # fmt: skip
    assert ticks[0] == 0
    assert max(1, most) <= ticks[-1]
    assert len(ticks) <= 6
    assert len({after - before for before, after in pairwise(ticks)}) == 1


def test_who_cannot_see_it_is_told_what_it_shows() -> None:
    chart = bars(HalfHour(label="09:00", in_time=9, late=1), HalfHour(label="09:30", in_time=1, missed=1))
    root = drawn(chart)
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == "u-title u-said"
    told = {each.get("id"): each.text for each in root.iter() if each.get("id", "").startswith("u-")}
    assert told["u-title"] == "Answer times"
    assert told["u-said"] == "10 of 12 calls answered in time. Below the promise: 09:30."
    assert "Nobody called." in bars()


def test_a_strip_is_divided_as_the_day_was() -> None:
    chart = strip(
        stretch(0, 30, Attendance.ATTENDED),
        stretch(30, 45, Attendance.UNATTENDED, "members are paused"),
        stretch(45, 60, Attendance.UNKNOWN, "out of sight"),
        stretch(60, 120, None, "still to come"),
    )
    rects = [each for each in drawn(chart).iter(f"{SVG}rect") if each.get("class") != "pattern"]
    assert [(each.get("class"), float(each.attrib["width"])) for each in rects] == [
        ("attended", 240.0),
        ("unattended", 120.0),
        ("unknown", 120.0),
        ("to_come", 480.0),
    ]
    assert "12:30:00 to 12:45:00: nobody there (members are paused)" in chart
    assert "Attended 30\N{NO-BREAK SPACE}min, nobody there 15\N{NO-BREAK SPACE}min" in chart


def test_what_lasted_a_moment_is_seen_all_the_same() -> None:
    short = Stretch(start=NOON, end=NOON + timedelta(milliseconds=1), state=Attendance.UNATTENDED, reason="")
    chart = strip(short, stretch(1, 600, Attendance.ATTENDED))
    assert 'class="unattended" x="0.0" y="0" width="2.0"' in chart


def test_hours_stand_where_the_clocks_show_them_also_when_they_change() -> None:
    autumn = NOON.replace(month=10, day=25, hour=0)
    night = Stretch(start=autumn, end=autumn + timedelta(hours=4), state=Attendance.ATTENDED, reason="")
    labels = [each.text for each in drawn(strip(night)).iter(f"{SVG}text")]
    assert labels == ["01:00", "01:00", "02:00", "03:00", "04:00"]


def test_states_differ_in_more_than_colour() -> None:
    chart = strip(stretch(0, 30, Attendance.UNATTENDED), stretch(30, 60, Attendance.UNKNOWN))
    patterns = {each.get("id"): list(each) for each in drawn(chart).iter(f"{SVG}pattern")}
    shapes = {name: [(part.tag, part.get("d")) for part in parts] for name, parts in patterns.items()}
    assert shapes["u-unattended"] != shapes["u-unknown"] != shapes["u-attended"]
    used = re.findall(r'fill="url\(#([^)]+)\)"', chart)
    assert used == ["u-unattended", "u-unknown"]
    assert set(used) <= set(patterns)


def test_a_day_without_core_hours_has_no_strip() -> None:
    assert strip() == ""
    assert timeline([], zone=LONDON, uid="u", title="x") == ""


def span(name: str, start: float, end: float, looks: str = "rang", said: str = "rang out") -> Span:
    at = NOON + timedelta(seconds=start), NOON + timedelta(seconds=end)
    return Span(name=name, start=at[0], end=at[1], looks=looks, said=said)


def test_what_was_before_the_answer_has_most_of_the_room() -> None:
    spans = [span("Caller", 0, 6, "waiting"), span("Caller", 6, 600, "talked"), span("PJSIP/101", 1, 6, "good")]
    widths = []
    for pivot in (NOON + timedelta(seconds=6), None):
        rects = drawn(timeline(spans, zone=LONDON, uid="u", title="x", pivot=pivot)).iter(f"{SVG}rect")
        widths.append({each.get("class"): float(each.attrib["width"]) for each in rects})
    with_pivot, evenly = widths
    assert with_pivot["waiting"] > with_pivot["talked"]
    assert evenly["waiting"] < evenly["talked"]


def test_each_name_has_one_row_and_both_ends_have_their_time() -> None:
    chart = timeline([span("A", 0, 5), span("B", 1, 5), span("A", 7, 9)], zone=LONDON, uid="u", title="x")
    texts = [each.text for each in drawn(chart).iter(f"{SVG}text")]
    assert texts == ["A", "B", "12:00:00", "12:00:09"]


def test_hostile_words_stay_words() -> None:
    charts = [
        answer_times([HalfHour(label=HOSTILE, in_time=1)], promise=None, uid="u", title=HOSTILE),
        strip(stretch(0, 5, Attendance.UNATTENDED, HOSTILE)),
        timeline([span(HOSTILE, 0, 5, said=HOSTILE)], zone=LONDON, uid="u", title=HOSTILE),
    ]
    for chart in charts:
        assert "<script" not in chart
        assert "&lt;script&gt;" in chart
        assert not [each for each in drawn(chart).iter() if each.tag.endswith("script")]


def test_nothing_in_a_chart_needs_an_inline_style() -> None:
    assert "style=" not in bars(HalfHour(label="09:00", in_time=1, late=1, missed=1))
