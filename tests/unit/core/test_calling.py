"""Who may be dialled with a click, when, and how often."""

from datetime import UTC, datetime, timedelta

import pytest

from callcentre.core.calling import CallingHours, Limits, dialled_as, number_refused
from callcentre.core.charter import Calling, unknown_kind
from callcentre.core.terms import NumberKind
from tests.unit.core.offices import day, line, span, week

ANN = "01632960123"


def at(text: str) -> datetime:
    """`2026-11-24 10:00`, in winter."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize("kind", list(NumberKind))
def test_a_number_is_dialled_if_its_kind_is_and_the_refusal_names_no_number(kind: NumberKind) -> None:
    calling = Calling(kind_of=lambda _: kind)
    refused = number_refused(calling, ANN)
    allowed = {NumberKind.GEOGRAPHIC, NumberKind.UK_WIDE, NumberKind.MOBILE, NumberKind.FREEPHONE}
    assert (refused == "") is (kind in allowed)
    assert ANN not in refused
    assert number_refused(Calling(kinds=frozenset(NumberKind), kind_of=lambda _: kind), ANN) == (
        "" if kind is not NumberKind.INVALID else refused
    )


@pytest.mark.parametrize("number", ["999", "112", "1" * 16, "+", "", "01632 960123", "٠٧", "1;2", "+44x"])
def test_what_is_no_number_or_an_emergency_is_dialled_by_nobody(number: str) -> None:
    everything = Calling(
        kinds=frozenset(NumberKind), also=("9", "1", "0", "+", ""), kind_of=lambda _: NumberKind.MOBILE
    )
    assert "cannot be dialled from here" in number_refused(everything, number)


def test_without_anything_to_tell_kinds_by_nobody_is_dialled_but_by_a_beginning() -> None:
    assert number_refused(Calling(), ANN)
    assert unknown_kind(ANN) is NumberKind.INVALID
    assert number_refused(Calling(also=("01632",)), ANN) == ""


def test_the_dialplan_is_given_digits() -> None:
    assert (dialled_as(ANN), dialled_as("+353861234567"), dialled_as("101")) == (ANN, "00353861234567", "101")


@pytest.mark.parametrize(
    ("moment", "open_"),
    [
        ("2026-11-24 09:59", False),
        ("2026-11-24 10:00", True),
        ("2026-11-24 11:59", True),
        ("2026-11-24 12:00", False),
        ("2026-11-28 10:30", False),  # a Saturday: no working day, though its calling hours name it
        ("2026-12-25 10:30", False),  # Christmas Day
        ("2026-12-24 10:30", False),  # removed
        ("2026-12-23 10:30", True),  # hours of its own, that day: it works
        ("2026-12-22 10:30", False),  # closed, that day
        ("2026-06-23 09:30", True),  # in summer it is 10:30
    ],
)
def test_calling_hours_are_of_working_days_on_the_lines_clocks(moment: str, open_: bool) -> None:
    special = {day("2026-12-23"): (span("13:00-14:00"),), day("2026-12-22"): ()}
    hours = CallingHours(
        line(
            calling_hours=week("10:00-12:00", days=7),
            removed_days=frozenset({day("2026-12-24")}),
            special_hours=special,
            title="Patient enquiries",
        )
    )
    refused = hours.refused(at(moment))
    assert (refused == "") is open_
    assert open_ or "callers of Patient enquiries are not dialled now" in refused


def test_without_calling_hours_core_hours_count() -> None:
    hours = CallingHours(line())
    assert [hours.refused(at(f"2026-11-24 {clock}")) == "" for clock in ("06:59", "07:00", "17:59", "18:00")] == [
        *(False, True, True, False)
    ]


def test_limits_are_of_any_sixty_minutes_and_of_each_person_however_their_name_is_written() -> None:
    limits, noon = Limits(Calling(per_agent=2, overall=3)), at("2026-11-24 12:00")
    limits.count("Alice", noon)
    limits.count("alice", noon + timedelta(minutes=30))
    later = noon + timedelta(minutes=59, seconds=59)
    assert "you have dialled 2 times within the hour" in limits.refused("ALICE", later)
    assert limits.refused("Bob", later) == ""
    limits.count("Bob", later)
    assert "the office has dialled 3 times" in limits.refused("Carol", later)
    over = noon + timedelta(hours=1)
    assert [limits.refused(who, over) for who in ("Alice", "Carol")] == ["", ""]
