"""Back-off on guessing: it grows, is never longer than a minute, forgets, and keeps nobody out for good."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from callcentre.web import guessing
from callcentre.web.guessing import FORGOTTEN, LONGEST, Guesses, Key, delay

FREE = {"pair": 3, "account": 5}
PAIR: Key = ("pair", "alice", "192.0.2.7")
OTHER: Key = ("pair", "alice", "192.0.2.8")

moments = st.floats(min_value=0, max_value=1e6, allow_nan=False)
pauses = st.lists(st.floats(min_value=0, max_value=200, allow_nan=False), min_size=1, max_size=60)


def fail(guesses: Guesses, keys: Sequence[Key], times: int, now: float = 0.0) -> float:
    """Fail so often, each as soon as it may be; return when the last was."""
    for _ in range(times):
        now += guesses.wait(keys, now)
        assert guesses.tried(keys, now) == 0
    return now


@given(st.integers(min_value=0, max_value=10_000), st.integers(min_value=0, max_value=50))
def test_a_delay_grows_and_is_never_longer_than_a_minute(failures: int, free: int) -> None:
    assert 0 <= delay(failures, free) <= delay(failures + 1, free) <= LONGEST
    assert delay(failures, free) == 0 or failures >= free
    assert delay(free + 6, free) == LONGEST


@given(pauses, moments)
def test_the_next_try_is_never_more_than_a_minute_away(waits: list[float], start: float) -> None:
    """Whatever is tried and when: nobody is locked out."""
    guesses, now = Guesses(FREE), start
    for pause in waits:
        now += pause
        guesses.tried([PAIR], now)
        assert 0 <= guesses.wait([PAIR], now) <= LONGEST
    assert guesses.tried([PAIR], now + LONGEST) == 0


@given(st.integers(min_value=1, max_value=40))
def test_failures_cost_time_that_doubles(tries: int) -> None:
    taken = fail(Guesses(FREE), [PAIR], tries)
    over = max(0, tries - FREE["pair"])
    assert taken == sum(min(LONGEST, 2.0**n) for n in range(over))


@given(pauses)
def test_a_try_that_may_not_be_made_changes_nothing(waits: list[float]) -> None:
    """Who hammers does not make the others wait longer."""
    guesses = Guesses(FREE)
    now = fail(guesses, [PAIR], 8)
    due = now + guesses.wait([PAIR], now)
    for pause in waits:
        now = min(now + pause, due - 0.001)
        assert guesses.tried([PAIR], now) > 0
    assert guesses.tried([PAIR], due) == 0


def test_many_at_once_gain_nothing() -> None:
    """Tries count before they are judged: a hundred sent together are as many as one after the other."""
    guesses = Guesses(FREE)
    assert sum(guesses.tried([PAIR], 0.0) == 0 for _ in range(100)) == FREE["pair"]


def test_the_right_password_after_the_wait_forgets_the_failures() -> None:
    guesses = Guesses(FREE)
    now = fail(guesses, [PAIR], 10)
    now += guesses.wait([PAIR], now)
    assert guesses.tried([PAIR], now) == 0
    guesses.passed([PAIR])
    assert guesses.wait([PAIR], now) == 0


def test_one_right_password_does_not_wipe_what_others_failed_at() -> None:
    """Who knows one password cannot log in with it now and then to go on guessing others."""
    guesses, shared = Guesses(FREE), ("account", "alice")
    fail(guesses, [shared], 4)
    before = guesses.wait([shared], 0.0)
    guesses.tried([shared], 0.0)
    guesses.taken_back([shared])
    assert guesses.wait([shared], 0.0) == before
    assert guesses.tried([shared], 0.0) == 0
    assert guesses.wait([shared], 0.0) > 0


def test_another_address_is_not_slowed_down() -> None:
    guesses = Guesses(FREE)
    now = fail(guesses, [PAIR], 20)
    assert guesses.wait([PAIR], now) == LONGEST
    assert guesses.wait([OTHER], now) == 0


def test_failures_are_forgotten_after_an_hour() -> None:
    guesses = Guesses(FREE)
    now = fail(guesses, [PAIR], 20)
    assert guesses.tried([PAIR], now + FORGOTTEN) == 0
    assert guesses.wait([PAIR], now + FORGOTTEN) == 0


def test_memory_is_bounded() -> None:
    guesses = Guesses(FREE)
    for number in range(guessing._MOST + 50):
        guesses.tried([("pair", str(number), "a")], 0.0)
    assert len(guesses._counts) == guessing._MOST
