"""How long a session lives, as a rule of times."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcentre.store.account_results import SessionSeen, Stage
from callcentre.web.sessions import HALF_WAY, csrf_of, is_alive

START = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
lengths = st.timedeltas(min_value=timedelta(minutes=5), max_value=timedelta(days=30))
secrets = st.text(alphabet="abcXYZ019-_", min_size=43, max_size=43)
moments = st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=60))


def session(seen: timedelta = timedelta(0), stage: Stage = Stage.OPEN) -> SessionSeen:
    return SessionSeen(hash="h", stage=stage, created_at=START, seen_at=START + seen, address="", agent="")


@given(lengths, lengths, moments, moments)
def test_it_ends_when_unused_or_old_whichever_comes_first(
    idle: timedelta, longest: timedelta, seen: timedelta, now: timedelta
) -> None:
    seen, now = min(seen, now), max(seen, now)
    assert is_alive(session(seen), START + now, idle, longest) == (now - seen < idle and now < longest)


@given(lengths, lengths, moments, moments)
def test_what_has_ended_never_lives_again(idle: timedelta, longest: timedelta, one: timedelta, more: timedelta) -> None:
    before, after = (is_alive(session(), START + at, idle, longest) for at in (one, one + more))
    assert before or not after


@given(lengths, lengths, moments)
def test_using_it_never_shortens_its_life(idle: timedelta, longest: timedelta, now: timedelta) -> None:
    assert is_alive(session(now), START + now, idle, longest) >= is_alive(session(), START + now, idle, longest)


@pytest.mark.parametrize("stage", [Stage.CODE, Stage.SET_UP])
@given(lengths, lengths, moments)
def test_half_a_log_in_lives_ten_minutes_at_most(
    stage: Stage, idle: timedelta, longest: timedelta, now: timedelta
) -> None:
    alive = is_alive(session(now, stage), START + now, idle, longest)
    assert alive == (now < min(longest, HALF_WAY))


@given(secrets, secrets)
def test_a_forms_token_belongs_to_one_session_and_does_not_tell_its_secret(one: str, other: str) -> None:
    assert (csrf_of(one) == csrf_of(other)) == (one == other)
    assert one not in csrf_of(one)
