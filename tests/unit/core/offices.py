"""Lines and charters to test with."""

from datetime import date
from typing import Any

from callcentre.config.load import bank_holidays
from callcentre.core.charter import Charter, DeadlineRule, Interval, JudgedBy, Line, Office, Pbx, RuleName, WeekHours
from callcentre.core.terms import Nation

H10 = DeadlineRule(RuleName.ELAPSED_OR_NEXT_WORKING_DAY, 24)


def span(text: str) -> Interval:
    """`09:00-17:00` as an Interval."""
    opens, closes = (int(part[:2]) * 60 + int(part[3:]) for part in text.split("-"))
    return Interval(opens, closes)


def week(*hours: str, days: int = 5) -> WeekHours:
    """The same hours on the first `days` days of the week."""
    return WeekHours(days=(tuple(span(one) for one in hours),) * days + ((),) * (7 - days))


AROUND_THE_CLOCK = week("00:00-24:00", days=7)


def charter(**changed: Any) -> Charter:
    values: dict[str, Any] = {
        "name": "hct",
        "version": 1,
        "answer_seconds": 15.0,
        "answer_rings": 5,
        "answer_fraction": 0.9,
        "judged_by": JudgedBy.STRICT,
        "short_abandon_seconds": 5.0,
        "hours": week("07:00-18:00"),
        "message_rule": H10,
    }
    return Charter(**(values | changed))


def line(name: str = "enquiries", **changed: Any) -> Line:
    values: dict[str, Any] = {
        "name": name,
        "pbx": "lab",
        "charter": charter(),
        "nation": Nation.ENGLAND,
        "hours": week("07:00-18:00"),
    }
    values |= changed
    values.setdefault("holidays", bank_holidays(values["nation"]))
    return Line(**values)


def office(*lines: Line, fallback: str | None = None) -> Office:
    names = dict.fromkeys(one.pbx for one in lines)
    return Office(pbxs=tuple(Pbx(name=name) for name in names), lines=lines, fallback_line=fallback or lines[0].name)


def day(text: str) -> date:
    return date.fromisoformat(text)
