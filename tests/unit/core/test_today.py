"""Today's figures are those of the service level, of the line's own day, whether counted by one run or by two."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from callcentre.core.facts import Call
from callcentre.core.service_level import tally
from callcentre.core.terms import Hours, Origin, Outcome
from callcentre.core.today import Figures, Today
from tests.unit.core.offices import line, office
from tests.unit.runtime.samples import NOON, answered, call, unanswered

OFFICE = office(line(), line("tokyo", zone="Asia/Tokyo"))


@dataclass(frozen=True, slots=True)
class Alike:
    """What the store counts as one."""

    line: str
    hours: Hours
    origin: Origin
    outcome: Outcome
    within_seconds: bool | None
    within_rings: bool | None
    calls: int = 1


def alike(each: Call) -> Alike:
    return Alike(each.line, each.hours, each.origin, each.outcome, each.within_seconds, each.within_rings)


def counted(calls: Sequence[Call]) -> list[Alike]:
    """As the store groups them."""
    groups = Counter(alike(each) for each in calls)
    return [
        Alike(a.line, a.hours, a.origin, a.outcome, a.within_seconds, a.within_rings, number)
        for a, number in groups.items()
    ]


def count(today: Today, *calls: Call) -> None:
    for each in calls:
        today.count(each)


CALLS = st.lists(
    st.builds(
        call,
        outcome=st.sampled_from(Outcome),
        origin=st.sampled_from(Origin),
        hours=st.sampled_from(Hours),
        within_seconds=st.sampled_from([None, True, False]),
        within_rings=st.sampled_from([None, True, False]),
        line=st.sampled_from(["enquiries", "tokyo", "former"]),
    ),
    max_size=30,
)


@given(before=CALLS, after=CALLS)
def test_two_runs_count_what_the_service_level_says_of_all(before: list[Call], after: list[Call]) -> None:
    today = Today(OFFICE)
    today.restore(counted(before), NOON)
    count(today, *after)
    for name in ("enquiries", "tokyo"):
        level = tally(each for each in before + after if each.line == name)
        figures = today.figures(name, NOON)
        assert (figures.strict, figures.answered, figures.within_seconds) == (
            level.offered,
            level.answered,
            level.within,
        )
        assert figures.headline == level.offered - level.short_abandoned


def test_who_gave_up_at_once_gave_up_too() -> None:
    today = Today(OFFICE)
    count(today, *(unanswered(outcome=how) for how in (Outcome.ABANDONED, Outcome.SHORT_ABANDONED)))
    count(today, answered(within_rings=False))
    assert today.figures("enquiries", NOON) == Figures(
        strict=3, headline=2, answered=1, abandoned=2, within_seconds=1, within_rings=0
    )


def test_what_runs_or_was_lost_counts_when_it_is_healed() -> None:
    today = Today(OFFICE)
    count(today, answered(outcome=Outcome.IN_PROGRESS), unanswered(outcome=Outcome.LOST))
    assert today.figures("enquiries", NOON) == Figures()
    count(today, answered())
    assert today.figures("enquiries", NOON).answered == 1


def test_a_day_is_the_lines_own_and_a_call_is_of_the_day_of_its_offer() -> None:
    today = Today(OFFICE)
    late = datetime(2026, 11, 23, 23, 59, 50, tzinfo=UTC)
    count(today, answered(offered_at=late), answered(offered_at=late, line="tokyo"))
    midnight = late + timedelta(seconds=10)
    assert today.figures("enquiries", late).answered == 1
    assert today.figures("enquiries", midnight).answered == 0
    count(today, answered(offered_at=late))
    assert today.figures("enquiries", late).answered == 2
    assert today.figures("enquiries", midnight).answered == 0
    assert today.figures("tokyo", midnight).answered == 1, "it is the middle of the morning there"


def test_old_days_are_forgotten() -> None:
    today = Today(OFFICE)
    for days in range(400):
        count(today, answered(offered_at=NOON + timedelta(days=days)))
    assert today.figures("enquiries", NOON + timedelta(days=399)).answered == 1
    assert today.figures("enquiries", NOON + timedelta(days=390)).answered == 0
    count(today, answered())
    assert today.figures("enquiries", NOON + timedelta(days=399)).answered == 1, "nor does an older one count as today"


def test_what_runs_and_lines_that_are_gone_are_in_no_figure() -> None:
    today = Today(OFFICE)
    today.restore([Alike("former", Hours.CORE, Origin.EXTERNAL, Outcome.ANSWERED, True, True, 7)], NOON)
    count(today, answered(line="former"))
    today.restore(counted([call()]), NOON)
    assert today.figures("enquiries", NOON) == Figures()
