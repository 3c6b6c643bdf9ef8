"""How many agents calls need: Erlang C (callers wait for ever) and Erlang A (callers give up). Formulas only, exact.

Both take Poisson arrivals, exponential handling times and one queue in order of arrival. `load` is the offered load in
erlangs: calls an interval times mean handling time over the interval's length. Times are seconds. A caller who arrives
while an agent is free is answered at once. No factorial and no power is formed: recurrences and logarithms keep every
term near 1, for one agent as for ten thousand.

Sources. Erlang C (1917) and the recurrence of Erlang B: Cooper, Introduction to Queueing Theory, 2nd edition 1981,
chapter 3. Erlang A (Palm 1946): Garnett, Mandelbaum and Reiman, Designing a Call Center with Impatient Customers, MSOM
4(3), 2002; Mandelbaum and Zeltyn, The Palm/Erlang-A Queue, with Applications to Call Centers, 2005; its virtual wait:
Zeltyn and Mandelbaum, Call Centers with Impatient Customers, Queueing Systems 51, 2005, after Baccelli and Hebuterne.
"""

from dataclasses import dataclass
from math import ceil, exp, expm1, inf, log
from typing import Final

_NEGLIGIBLE: Final = 1e-18
"""A term of a series so small beside its sum that it and all after it change nothing."""
_LARGE: Final = 1e150
_ENDLESS: Final = 1e6
_LARGEST_EXPONENT: Final = 700.0
_ROUNDING: Final = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Impatient:
    """What callers who give up meet: shares of all who are offered."""

    waits: float
    answered_in_time: float
    abandons: float


def erlang_b(agents: int, load: float) -> float:
    """The share of callers who find all agents busy where nobody waits. `agents` ≥ 0, `load` ≥ 0; else ValueError."""
    _check(agents, load)
    blocked = 1.0
    for n in range(1, agents + 1):
        blocked = load * blocked / (n + load * blocked)
    return blocked


def erlang_c(agents: int, load: float) -> float:
    """The probability that a caller has to wait: 0 without load, 1 where agents cannot keep up (`agents` ≤ `load`)."""
    return _waits(agents, load, erlang_b(agents, load))


def answered_within_c(agents: int, load: float, handling: float, within: float) -> float:
    """The share answered within `within` seconds if nobody gives up; 0 where the agents cannot keep up.

    `handling` > 0 is the mean handling time, `within` ≥ 0; else ValueError.
    """
    _check(agents, load, handling, within)
    return _in_time_c(agents, load, within / handling, erlang_b(agents, load))


def required_c(load: float, handling: float, within: float, fraction: float) -> int:
    """The fewest agents who answer `fraction` of all within `within` seconds; 0 for no load.

    0 < `fraction` < 1, else ValueError: no number of agents is sure to answer all.
    """
    _check(0, load, handling, within, fraction=fraction)
    if load == 0:
        return 0
    agents, blocked = 0, 1.0
    while _in_time_c(agents, load, within / handling, blocked) < fraction:
        agents += 1
        blocked = load * blocked / (agents + load * blocked)
    return agents


def impatient(agents: int, load: float, handling: float, patience: float, within: float) -> Impatient:
    """What callers meet whose patience is exponential with mean `patience` seconds (> 0).

    Those who give up before `within` seconds are offered, and not answered in time. A patience of more than a million
    handling times is endless: Erlang C.
    """
    _check(agents, load, handling, within, patience=patience)
    if load == 0:
        return Impatient(waits=0.0, answered_in_time=1.0, abandons=0.0)
    if agents == 0:
        return Impatient(waits=1.0, answered_in_time=0.0, abandons=1.0)
    if patience > _ENDLESS * handling:
        in_time = answered_within_c(agents, load, handling, within)
        return Impatient(waits=erlang_c(agents, load), answered_in_time=in_time, abandons=0.0)
    # Rates, and `time`, are by the mean handling time.
    arrive, leave, give_up, time = load, float(agents), handling / patience, within / handling
    # Of those who wait, the virtual wait x (until an agent would be free for them) has up to a factor the density
    # exp(arrive (1 - exp(-give_up x)) / give_up - leave x); they are still there with probability exp(-give_up x).
    queue = _log_integral(arrive, leave, give_up)
    served = _log_integral(arrive, leave + give_up, give_up)
    late = _log_integral(arrive * exp(-give_up * time), leave + give_up, give_up)
    late -= arrive * expm1(-give_up * time) / give_up + (leave + give_up) * time
    blocked = erlang_b(agents - 1, load)
    waits = _from_odds(log(blocked) + log(arrive) + queue) if blocked else 0.0
    ever = exp(served - queue)
    return Impatient(
        waits=waits,
        answered_in_time=_share(1.0 - waits + waits * (ever - exp(late - queue))),
        abandons=_share(waits * (1.0 - ever)),
    )


def required_a(load: float, handling: float, patience: float, within: float, fraction: float) -> int:
    """The fewest agents who answer `fraction` of all who call within `within` seconds, patience as in `impatient`.

    Usually no more than `required_c`, as who gives up makes room. Not always: who gives up before `within` seconds
    counts as not answered, so that callers far less patient than the target may need more.
    """
    _check(0, load, handling, within, patience=patience, fraction=fraction)
    if patience > _ENDLESS * handling:
        return required_c(load, handling, within, fraction)
    if load == 0:
        return 0

    def enough(agents: int) -> bool:
        return impatient(agents, load, handling, patience, within).answered_in_time >= fraction

    # No more than `agents` of `load` calls can ever be answered.
    few = max(0, ceil(fraction * load * (1.0 - _ROUNDING)) - 1)
    step = 1
    while not enough(few + step):
        few, step = few + step, step * 2
    many = few + step
    while many - few > 1:
        middle = (few + many) // 2
        few, many = (few, middle) if enough(middle) else (middle, many)
    return many


def _waits(agents: int, load: float, blocked: float) -> float:
    if load == 0:
        return 0.0
    return 1.0 if agents <= load else blocked / (1.0 - load / agents * (1.0 - blocked))


def _in_time_c(agents: int, load: float, handlings: float, blocked: float) -> float:
    """`handlings` is the time within which they are to be answered, in mean handling times."""
    if load == 0:
        return 1.0
    return 0.0 if agents <= load else 1.0 - _waits(agents, load, blocked) * exp(-(agents - load) * handlings)


def _log_integral(arrive: float, leave: float, give_up: float) -> float:
    """The logarithm of the integral of exp(arrive (1 - exp(-give_up x)) / give_up - leave x) over x from 0 on.

    It is the sum of arrive^j / (leave (leave + give_up) … (leave + j give_up)): all terms are positive. They rise while
    callers come faster than they leave, (arrive - leave) / give_up of them, and fall ever faster from there.
    """
    term = total = 1.0 / leave
    shift, rate, ratio = 0.0, leave, inf
    while ratio >= 1.0 or term * ratio > _NEGLIGIBLE * total * (1.0 - ratio):
        rate += give_up
        ratio = arrive / rate
        term *= ratio
        total += term
        if total > _LARGE:
            term, total, shift = term / _LARGE, total / _LARGE, shift + log(_LARGE)
    return log(total) + shift


def _from_odds(log_odds: float) -> float:
    return 1.0 / (1.0 + exp(-log_odds)) if log_odds > -_LARGEST_EXPONENT else 0.0


def _share(value: float) -> float:
    """`value`, a share but for rounding."""
    return min(1.0, max(0.0, value))


def _check(
    agents: int,
    load: float,
    handling: float = 1.0,
    within: float = 0.0,
    *,
    patience: float = inf,
    fraction: float = 0.5,
) -> None:
    if agents < 0:
        raise ValueError(f"{agents} agents: there are none or some")
    if not 0 <= load < inf or not 0 < handling < inf or not 0 <= within < inf:
        raise ValueError(f"a load of {load}, handling of {handling} s, within {within} s: none of it can be")
    if not patience > 0:
        raise ValueError(f"a patience of {patience} s: it is more than nothing")
    if not 0 < fraction < 1:
        raise ValueError(f"a fraction of {fraction}: it lies between 0 and 1, and no number of agents answers all")
