"""A caller was told that a message was received before somebody says so: the time that they give is what counts."""

from datetime import UTC, datetime, timedelta

import pytest

from callcentre.core.errors import IllegalTransition
from callcentre.core.terms import AckHow, TaskOutcome
from tests.playbooks.callback_story import HOUR, UNDO, Story, after
from tests.playbooks.test_acknowledging import ACK, WMEO, acknowledged, at, notices, t

TEXT = AckHow.TEXT


@pytest.fixture
def story() -> Story:
    return Story(WMEO)


def test_the_time_that_is_given_counts_and_the_history_has_it(story: Story) -> None:
    story.left(0, "a")
    story.ask(3 * HOUR, ACK, "Bob", how=TEXT, when=after(HOUR), why="from the car")
    assert story.filing("a").acknowledged_at == after(HOUR)
    assert acknowledged(story) == [("a", after(HOUR))]
    assert story.said() == "the caller was told by text on Tuesday 24 November 2026 at 11:00; from the car"
    assert story.task().ack_due is None


def test_told_in_time_and_said_late_it_was_in_time(story: Story) -> None:
    story.left(0, "a")
    story.until(t("2026-12-01 18:00"))
    assert [one.kind.value for one in notices(story)] == ["warning", "overdue"]
    story.ask(t("2026-12-01 18:00"), ACK, how=TEXT, when=at("2026-11-30 12:00"))
    filing = story.filing("a")
    assert filing.acknowledged_at is not None
    assert filing.ack_due is not None
    assert filing.acknowledged_at <= filing.ack_due


@pytest.mark.parametrize(
    ("when", "words"),
    [
        (after(2 * HOUR + 1), "that time has not come yet; say when the caller was told"),
        (datetime(9999, 12, 31, 23, 59, tzinfo=UTC), "that time has not come yet"),
        (after(-1), "that was before the message was left, on Tuesday 24 November 2026 at 10:00; look at the date"),
        (datetime(1, 1, 1, tzinfo=UTC), "that was before the message was left"),
    ],
)
def test_a_time_that_cannot_be_is_refused_and_nothing_changes(story: Story, when: datetime, words: str) -> None:
    story.left(0, "a")
    before = story.task()
    with pytest.raises(IllegalTransition, match=words):
        story.ask(2 * HOUR, ACK, how=TEXT, when=when)
    assert (story.task(), story.filing("a").acknowledged_at) == (before, None)
    story.ask(2 * HOUR + 1, ACK, how=TEXT, when=after(0))
    assert story.filing("a").acknowledged_at == after(0)


def test_where_nothing_waits_no_time_is_looked_at(story: Story) -> None:
    story.left(0, "a")
    story.ask(HOUR, ACK, how=TEXT)
    with pytest.raises(IllegalTransition, match="nothing in task 1 waits to be acknowledged"):
        story.ask(2 * HOUR, ACK, how=TEXT, when=datetime(1, 1, 1, tzinfo=UTC))


def test_a_message_that_was_left_after_that_time_still_waits(story: Story) -> None:
    story.left(0, "a")
    story.left(2 * HOUR, "b")
    story.ask(3 * HOUR, ACK, how=TEXT, when=after(HOUR))
    assert [story.filing(key).acknowledged_at for key in "ab"] == [after(HOUR), None]
    assert story.task().ack_due == story.filing("b").ack_due
    story.ask(3 * HOUR + 1, ACK, how=TEXT, when=after(2 * HOUR))
    assert story.filing("b").acknowledged_at == after(2 * HOUR)
    assert [key for key, _ in acknowledged(story)] == ["a", "b"]


def test_it_is_taken_back_without_what_was_said_before(story: Story) -> None:
    story.left(0, "a")
    story.ask(HOUR, ACK, "Alice", how=TEXT, when=after(1_800))
    story.left(2 * HOUR, "b")
    story.ask(3 * HOUR, ACK, "Bob", how=TEXT, when=after(2 * HOUR))
    story.ask(3 * HOUR + 30, UNDO, "Bob")
    assert [story.filing(key).acknowledged_at for key in "ab"] == [after(1_800), None]


def test_closing_it_changes_nothing_of_an_earlier_time(story: Story) -> None:
    story.left(0, "a")
    story.ask(HOUR, ACK, how=TEXT, when=after(60))
    story.close(2 * HOUR, TaskOutcome.DONE)
    story.ask(2 * HOUR + 10, UNDO, "Alice")
    assert story.filing("a").acknowledged_at == after(60)
    assert after(60) - after(0) == timedelta(minutes=1)
