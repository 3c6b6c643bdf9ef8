"""One rule for what a MessageWaiting proves."""

import pytest

from callcentre.core.deposits import Tally, is_deposit, is_deposit_of_anyone
from tests.unit.core.happenings import at, waiting


@pytest.mark.parametrize(
    ("before", "after", "left"),
    [
        (None, (1, 0), True),
        (None, (0, 3), False),
        ((0, 0), (1, 0), True),
        ((5, 0), (1, 0), True),
        ((5, 0), (1, 5), True),
        ((2, 0), (2, 1), True),
        ((5, 0), (4, 1), False),
        ((5, 0), (3, 1), False),
        ((1, 0), (0, 1), False),
        ((1, 0), (0, 0), False),
    ],
    ids=[
        "the first word of a box",
        "nothing new",
        "one more",
        "the box was emptied unseen",
        "all were moved to Old unseen",
        "one was heard unseen",
        "one was heard",
        "one was heard, one deleted",
        "the last was heard",
        "the last was deleted",
    ],
)
def test_a_callers_channel_left_a_message_unless_the_counts_say_that_some_were_heard(
    before: tuple[int, int] | None, after: tuple[int, int], left: bool
) -> None:
    earlier = None if before is None else waiting(0, "600@default", before[0], old=before[1])
    assert is_deposit(earlier, waiting(9, "600@default", after[0], "1.1", old=after[1])) is left


def test_without_a_channel_nobody_left_anything() -> None:
    assert not is_deposit(None, waiting(9, "600@default", 3))
    assert not is_deposit_of_anyone(waiting(0, "600@default", 1), waiting(9, "600@default", 2))


def test_of_any_channel_only_a_count_that_rose_is_proof() -> None:
    told = waiting(0, "600@default", 2)
    assert is_deposit_of_anyone(told, waiting(9, "600@default", 3, "7.7"))
    assert not is_deposit_of_anyone(told, waiting(9, "600@default", 2, "7.7"))
    assert not is_deposit_of_anyone(told, waiting(9, "600@default", 1, "7.7"))
    assert not is_deposit_of_anyone(None, waiting(9, "600@default", 3, "7.7"))


# --- counts only ---------------------------------------------------------------------------------------------------


def test_what_is_counted_above_what_is_known_came_unseen() -> None:
    tally = Tally()
    tally.witnessed(at(1))
    assert [tally.counted(new, at(10 + new)) for new in (1, 3, 3, 4)] == [0, 2, 0, 1]


def test_a_message_of_the_moment_of_the_count_is_in_it_or_not() -> None:
    for first, then, unseen in ((0, 1, 0), (1, 1, 0), (1, 2, 1), (0, 2, 1)):
        tally = Tally(0, at(0))
        tally.witnessed(at(60.5))
        assert tally.counted(first, at(60)) == 0
        assert tally.counted(then, at(120)) == unseen


def test_a_message_of_long_before_the_count_is_in_it() -> None:
    tally = Tally(1, at(60))
    tally.witnessed(at(50))
    assert tally.counted(2, at(120)) == 1


def test_what_was_heard_makes_room_for_what_comes() -> None:
    looked, told = Tally(3, at(0)), Tally(3, at(0))
    assert looked.counted(1, at(60)) == 0
    told.told(1, at(60))
    assert looked.counted(2, at(120)) == told.counted(2, at(120)) == 1


def test_messagewaiting_proves_nothing_by_itself() -> None:
    tally = Tally(1, at(0))
    tally.told(3, at(60))
    assert tally.counted(3, at(120)) == 2
    tally.told(0, at(60))
    assert tally.counted(3, at(180)) == 0


def test_an_earlier_count_told_late_is_left_out() -> None:
    tally = Tally(1, at(60))
    assert tally.counted(5, at(50)) == 0
    assert tally.counted(1, at(120)) == 0


def test_what_an_earlier_run_counted_is_not_counted_twice() -> None:
    assert [Tally(1, at(60)).had(at(second)) for second in (50, 61, 70)] == [True, True, False]
    assert not Tally().had(at(0))
