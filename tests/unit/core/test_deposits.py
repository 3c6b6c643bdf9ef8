"""One rule for what a MessageWaiting proves."""

import pytest

from callcentre.core.deposits import is_deposit, is_deposit_of_anyone
from tests.unit.core.happenings import waiting


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
