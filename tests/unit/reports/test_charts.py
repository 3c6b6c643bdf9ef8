"""Charts are drawn in full without a style sheet, as what prints them applies none within an SVG; words are escaped."""

from datetime import date
from xml.etree import ElementTree as ET

import pytest

from callcentre.reports.charts import days_chart, hours_chart, sparkline
from callcentre.reports.figures import Day, Hour, Point, Promise, Share

DAY = Day(
    day=date(2027, 3, 8),
    offered=9,
    kept=6,
    missed=3,
    value=6 / 9,
    lost=1,
    partial=0,
    gap=False,
    unattended_seconds=0.0,
    unknown_seconds=0.0,
    still_to_come=False,
)
PROMISE = Promise(
    figure="calls_within_seconds",
    title='Calls <b onclick="x">answered</b>',
    promised="90 % within 15 seconds",
    target=0.9,
    share=None,
    is_kept=None,
    open=0,
    partial=False,
    definition="",
    source="/calls",
    trend=tuple(
        Point(month=f"2027-0{month}", share=None if month == 2 else Share(kept=month, of=9)) for month in range(1, 5)
    ),
)


@pytest.mark.parametrize(
    "drawn",
    [
        sparkline(PROMISE),
        days_chart([DAY]),
        hours_chart([Hour(hour=9, offered=9, kept=6, missed=3, value=6 / 9)]),
    ],
    ids=["sparkline", "days", "hours"],
)
def test_each_mark_has_its_colour_without_a_style_sheet(drawn: str) -> None:
    marks = [one for one in ET.fromstring(drawn).iter() if one.tag not in {"svg", "g", "title"}]
    assert {one.tag for one in marks} & {"rect", "polyline"}
    for one in marks:
        looks = {one.get("fill"), one.get("stroke")} - {None, "none"}
        assert looks, one.attrib
        assert one.get("style") is None


def test_a_line_breaks_where_nothing_is_known_and_its_title_is_escaped() -> None:
    drawn = sparkline(PROMISE)
    runs = [one for one in ET.fromstring(drawn) if one.tag == "polyline"]
    assert len(runs) == 2
    assert "<b onclick" not in drawn
