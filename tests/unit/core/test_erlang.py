"""Erlang C and A: against published figures, a Markov chain solved by force, a queue that is played; and laws."""

from fractions import Fraction
from math import factorial, inf

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from callcentre.core import erlang
from tests.unit.core import queue_oracles

AGENTS = st.integers(1, 40)
LOADS = st.floats(0.01, 40)
HANDLINGS = st.floats(5, 1_200)
PATIENCES = st.floats(5, 5_000)
TIMES = st.floats(0, 120)
FRACTIONS = st.floats(0.5, 0.99)


# --- published -------------------------------------------------------------------------------------------------------


def test_the_example_of_pyworkforce() -> None:
    # The page of the package pyworkforce 0.1.0: 100 calls in 30 minutes of 3 minutes each, 80 % within 20 seconds.
    assert erlang.required_c(10.0, 180, 20, 0.8) == 14
    assert erlang.erlang_c(14, 10.0) == pytest.approx(0.1741319335950498, abs=1e-15)
    assert erlang.answered_within_c(14, 10.0, 180, 20) == pytest.approx(0.8883500191794669, abs=1e-15)


def test_the_comparison_of_mandelbaum_and_zeltyn() -> None:
    # The Palm/Erlang-A Queue, with Applications to Call Centers (2005), section 2: 50 agents, 48 calls a minute of a
    # minute each, patience of 2 minutes: 3.1 % give up, so the agents are busy 93 % of their time, not 96 %.
    met = erlang.impatient(50, 48, 60, 120, 20)
    assert round(met.abandons, 3) == 0.031
    assert round(48 * (1 - met.abandons) / 50, 2) == 0.93


@pytest.mark.parametrize(
    ("load", "agents", "blocked"),
    # Erlang's own loss table, as the ITU's handbook on teletraffic engineering and every textbook print it.
    [(0.01, 1, 0.01), (0.153, 2, 0.01), (4.461, 10, 0.01), (12.03, 20, 0.01), (84.06, 100, 0.01), (0.111, 1, 0.1)],
)
def test_the_loss_table(load: float, agents: int, blocked: float) -> None:
    assert erlang.erlang_b(agents, load) == pytest.approx(blocked, rel=0.012)


@pytest.mark.parametrize("agents", [1, 2, 7, 30, 150])
@pytest.mark.parametrize("busy", [Fraction(1, 100), Fraction(1, 2), Fraction(9, 10), Fraction(999, 1000)])
def test_erlang_c_is_the_textbook_fraction(agents: int, busy: Fraction) -> None:
    load = busy * agents
    waiting = load**agents / factorial(agents) / (1 - busy)
    exact = waiting / (sum(load**n / factorial(n) for n in range(agents)) + waiting)
    assert erlang.erlang_c(agents, float(load)) == pytest.approx(float(exact), rel=1e-11)


# --- by force, and by play -------------------------------------------------------------------------------------------

QUEUES = [
    # agents, load, handling, patience, within, states
    (1, 0.3, 200, 60, 15, 30),
    (1, 1.7, 30, 45, 10, 60),
    (3, 2.0, 180, 90, 15, 60),
    (5, 7.5, 240, 120, 20, 90),
    (12, 9.0, 150, 30, 15, 70),
    (4, 2.0, 60, 2, 15, 40),
    (8, 6.0, 180, 3_600, 30, 150),
]


@pytest.mark.parametrize("queue", QUEUES)
def test_erlang_a_is_the_chain_solved_by_force(queue: tuple[int, float, float, float, float, int]) -> None:
    exact, ours = queue_oracles.solved(*queue), erlang.impatient(*queue[:5])
    assert ours.waits == pytest.approx(exact.waits, abs=1e-9)
    assert ours.answered_in_time == pytest.approx(exact.answered_in_time, abs=1e-9)
    assert ours.abandons == pytest.approx(exact.abandons, abs=1e-9)


@pytest.mark.parametrize(("agents", "load", "within"), [(1, 0.3, 15), (3, 2.0, 15), (12, 8.0, 30)])
def test_erlang_c_is_the_chain_solved_by_force(agents: int, load: float, within: float) -> None:
    exact = queue_oracles.solved(agents, load, 180, inf, within, 110)
    assert erlang.erlang_c(agents, load) == pytest.approx(exact.waits, abs=1e-9)
    assert erlang.answered_within_c(agents, load, 180, within) == pytest.approx(exact.answered_in_time, abs=1e-9)


@pytest.mark.parametrize(
    ("seed", "queue"),
    list(enumerate([(2, 1.2, 180, 90, 15), (6, 7.0, 120, 60, 20), (20, 18.0, 200, 150, 15), (4, 2.5, 180, inf, 15)])),
)
def test_erlang_is_what_a_queue_does(seed: int, queue: tuple[int, float, float, float, float]) -> None:
    seen = queue_oracles.played(*queue, calls=120_000, seed=seed)
    ours = erlang.impatient(*queue)
    for name, estimate in seen.items():
        # The play is always the same one; that it is within four standard errors is no matter of luck today.
        assert abs(getattr(ours, name) - estimate.share) <= 4 * estimate.error + 1e-12, name
        assert estimate.error < 0.01


# --- edges -----------------------------------------------------------------------------------------------------------


def test_no_calls_need_nobody_and_wait_for_nobody() -> None:
    assert erlang.required_c(0, 180, 15, 0.9) == erlang.required_a(0, 180, 60, 15, 0.9) == 0
    assert erlang.erlang_c(0, 0) == erlang.erlang_c(3, 0) == 0
    assert erlang.answered_within_c(0, 0, 180, 15) == 1
    assert erlang.impatient(0, 0, 180, 60, 15) == erlang.Impatient(waits=0, answered_in_time=1, abandons=0)


def test_nobody_answers_nobody() -> None:
    assert erlang.erlang_c(0, 0.5) == 1
    assert erlang.answered_within_c(0, 0.5, 180, 15) == 0
    assert erlang.impatient(0, 0.5, 180, 60, 15) == erlang.Impatient(waits=1, answered_in_time=0, abandons=1)


@pytest.mark.parametrize("load", [5.0, 5.000001, 50.0])
def test_where_agents_cannot_keep_up_everybody_waits_for_ever_or_gives_up(load: float) -> None:
    assert erlang.erlang_c(5, load) == 1
    assert erlang.answered_within_c(5, load, 180, 3_600) == 0
    # All that the agents can do is done: nearly 5 of `load` calls are answered (at a load of 5 some idle by chance).
    assert erlang.impatient(5, load, 180, 1e6, 15).abandons == pytest.approx(1 - 5 / load, abs=0.005)


def test_a_tiny_load_needs_one() -> None:
    for load in (5e-324, 1e-300, 1e-9):
        assert erlang.required_c(load, 180, 15, 0.9) == erlang.required_a(load, 180, 60, 15, 0.9) == 1
        assert erlang.answered_within_c(1, load, 180, 15) == pytest.approx(1)
        assert erlang.impatient(1, load, 180, 60, 15).answered_in_time == pytest.approx(1)


def test_thousands_of_agents() -> None:
    by_c, by_a = erlang.required_c(10_000, 180, 15, 0.9), erlang.required_a(10_000, 180, 120, 15, 0.9)
    assert 9_000 <= by_a < by_c < 10_100
    for needed, within in ((by_c, erlang.answered_within_c), (by_a, lambda n, *_: answered(n, 10_000, 180, 120, 15))):
        assert within(needed, 10_000, 180, 15) >= 0.9 > within(needed - 1, 10_000, 180, 15)
    # Far more agents than load: what a naive formula would overflow on.
    assert erlang.erlang_c(5_000, 1.0) == 0
    assert erlang.impatient(5_000, 1.0, 180, 60, 15) == erlang.Impatient(waits=0, answered_in_time=1, abandons=0)


@pytest.mark.parametrize(
    "ask",
    [
        lambda: erlang.erlang_b(-1, 1),
        lambda: erlang.erlang_c(1, -0.1),
        lambda: erlang.erlang_c(1, inf),
        lambda: erlang.erlang_c(1, float("nan")),
        lambda: erlang.answered_within_c(1, 1, 0, 15),
        lambda: erlang.answered_within_c(1, 1, 180, -1),
        lambda: erlang.impatient(1, 1, 180, 0, 15),
        lambda: erlang.impatient(1, 1, 180, float("nan"), 15),
        lambda: erlang.required_c(1, 180, 15, 1.0),
        lambda: erlang.required_a(1, 180, 60, 15, 0.0),
    ],
)
def test_what_cannot_be_is_refused(ask: object) -> None:
    assert callable(ask)
    with pytest.raises(ValueError, match=r"."):
        ask()


# --- laws ------------------------------------------------------------------------------------------------------------


def answered(agents: int, load: float, handling: float, patience: float, within: float) -> float:
    return erlang.impatient(agents, load, handling, patience, within).answered_in_time


@given(AGENTS, LOADS, HANDLINGS, PATIENCES, TIMES)
def test_one_more_agent_is_never_worse(
    agents: int, load: float, handling: float, patience: float, within: float
) -> None:
    more = agents + 1
    assert erlang.erlang_c(more, load) <= erlang.erlang_c(agents, load)
    assert erlang.answered_within_c(more, load, handling, within) >= erlang.answered_within_c(
        agents, load, handling, within
    )
    one, other = (erlang.impatient(n, load, handling, patience, within) for n in (agents, more))
    assert other.waits <= one.waits + 1e-9
    assert other.abandons <= one.abandons + 1e-9
    assert other.answered_in_time >= one.answered_in_time - 1e-9


@given(AGENTS, LOADS, HANDLINGS, PATIENCES, TIMES)
def test_what_callers_meet_are_shares(
    agents: int, load: float, handling: float, patience: float, within: float
) -> None:
    met = erlang.impatient(agents, load, handling, patience, within)
    assert 0 <= met.abandons <= met.waits <= 1
    assert 1 - met.waits - 1e-9 <= met.answered_in_time <= 1 - met.abandons + 1e-9
    # Whoever is answered keeps an agent busy: there are not more of them than agents.
    assert load * (1 - met.abandons) <= agents + 1e-9
    # Who gives up makes room: fewer wait than if nobody did.
    assert met.waits <= erlang.erlang_c(agents, load) + 1e-9


@given(AGENTS, st.floats(0.01, 0.95), HANDLINGS, TIMES)
def test_erlang_a_comes_to_erlang_c_as_patience_grows(agents: int, busy: float, handling: float, within: float) -> None:
    load = agents * busy
    by_c = erlang.answered_within_c(agents, load, handling, within)
    apart = [abs(answered(agents, load, handling, handling * 10**n, within) - by_c) for n in (2, 4, 6)]
    assert apart[2] < 1e-3
    assert apart[2] <= apart[1] + 1e-9 <= apart[0] + 2e-9
    assert answered(agents, load, handling, inf, within) == by_c


@given(LOADS, HANDLINGS, PATIENCES, TIMES, FRACTIONS)
def test_the_required_are_enough_and_one_fewer_is_not(
    load: float, handling: float, patience: float, within: float, fraction: float
) -> None:
    by_c, by_a = (
        erlang.required_c(load, handling, within, fraction),
        erlang.required_a(load, handling, patience, within, fraction),
    )
    assert erlang.answered_within_c(by_c, load, handling, within) >= fraction
    assert erlang.answered_within_c(by_c - 1, load, handling, within) < fraction
    assert answered(by_a, load, handling, patience, within) >= fraction
    assert answered(by_a - 1, load, handling, patience, within) < fraction


@given(LOADS, st.floats(60, 1_200), st.floats(30, 5_000), FRACTIONS)
def test_who_gives_up_makes_room_so_fewer_agents_are_needed(
    load: float, handling: float, patience: float, fraction: float
) -> None:
    # For calls as offices have them: handled in a minute or more, callers who wait half a minute on average.
    assert erlang.required_a(load, handling, patience, 15, fraction) <= erlang.required_c(load, handling, 15, fraction)


def test_who_gives_up_at_once_was_not_answered_so_more_agents_may_be_needed() -> None:
    # Callers who wait a second and calls of ten seconds: of those who waited, Erlang C has nearly all answered in 60.
    assert erlang.required_c(0.5, 10, 60, 0.95) == 1
    assert erlang.required_a(0.5, 10, 1, 60, 0.95) == 3


@given(AGENTS, st.floats(0.1, 30), st.floats(0.1, 30), HANDLINGS, PATIENCES, TIMES)
def test_more_calls_are_never_better(
    agents: int, load: float, more: float, handling: float, patience: float, within: float
) -> None:
    assume(load + more > load)
    few = erlang.impatient(agents, load, handling, patience, within)
    many = erlang.impatient(agents, load + more, handling, patience, within)
    assert many.answered_in_time <= few.answered_in_time + 1e-9
    assert many.abandons >= few.abandons - 1e-9
