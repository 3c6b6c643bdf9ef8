"""Two other ways to know what callers of a queue meet: its Markov chain solved by force, and the queue itself played.

Neither shares a formula with core.erlang. Arrivals and handling are exponential, patience is exponential or endless.
"""

import heapq
import random
from collections import deque
from dataclasses import dataclass
from math import exp, inf, sqrt


@dataclass(frozen=True)
class Met:
    """Shares of all who call."""

    waits: float
    answered_in_time: float
    abandons: float


def solved(agents: int, load: float, handling: float, patience: float, within: float, states: int) -> Met:
    """The chain cut off at `states` callers: balanced by Gaussian elimination, each wait by uniformisation."""
    arrive, end, give_up = load / handling, 1.0 / handling, 0.0 if patience == inf else 1.0 / patience
    there = _balance(agents, arrive, end, give_up, states)
    fates = _fates(agents * end, give_up, states - agents, within)
    immediate = sum(there[:agents])
    in_time = immediate + sum(there[agents + ahead] * fates[ahead] for ahead in range(states - agents))
    queueing = sum((n - agents) * share for n, share in enumerate(there) if n > agents)
    return Met(waits=1.0 - immediate, answered_in_time=in_time, abandons=give_up * queueing / arrive)


def _balance(agents: int, arrive: float, end: float, give_up: float, states: int) -> list[float]:
    """The share of time with 0, 1, … callers there: the balance of all states but one, and that the shares are 1."""
    size = states + 1
    rows = [[0.0] * (size + 1) for _ in range(size)]
    for n in range(size):
        up = arrive if n < states else 0.0
        down = min(n, agents) * end + max(0, n - agents) * give_up
        rows[n][n] -= up + down
        if n < states:
            rows[n + 1][n] += up
        if n > 0:
            rows[n - 1][n] += down
    rows[-1] = [1.0] * (size + 1)
    for pivot in range(size):
        best = max(range(pivot, size), key=lambda row: abs(rows[row][pivot]))
        rows[pivot], rows[best] = rows[best], rows[pivot]
        for row in range(pivot + 1, size):
            if factor := rows[row][pivot] / rows[pivot][pivot]:
                rows[row] = [one - factor * other for one, other in zip(rows[row], rows[pivot], strict=True)]
    shares = [0.0] * size
    for row in reversed(range(size)):
        known = sum(rows[row][column] * shares[column] for column in range(row + 1, size))
        shares[row] = (rows[row][size] - known) / rows[row][row]
    return shares


def _fates(freed: float, give_up: float, most: int, within: float) -> list[float]:
    """Who finds 0, 1, … waiting before: the probability to be answered within `within` seconds.

    A caller with k ahead moves up with the rate freed + k give_up, leaves with give_up; with none ahead is answered
    with the rate freed. Steps of a clock so fast that each is one of these or nothing.
    """
    clock = freed + (most + 1) * give_up
    answered = [0.0] * most
    weight, steps, total = exp(-clock * within), 0, 0.0
    fates = [0.0] * most
    while total < 1.0 - 1e-13 and steps < 10_000:
        fates = [fate + weight * share for fate, share in zip(fates, answered, strict=True)]
        total += weight
        steps += 1
        weight *= clock * within / steps
        answered = [
            (
                (freed + ahead * give_up) * (answered[ahead - 1] if ahead else 1.0)
                + (clock - freed - (ahead + 1) * give_up) * answered[ahead]
            )
            / clock
            for ahead in range(most)
        ]
    return fates


@dataclass(frozen=True)
class Estimate:
    """A share as played, and its standard error from the spread of twenty parts of the play."""

    share: float
    error: float


def played(
    agents: int, load: float, handling: float, patience: float, within: float, *, calls: int, seed: int
) -> dict[str, Estimate]:
    """A queue in order of arrival, call by call; each caller brings a handling time and a patience."""
    chance = random.Random(seed)
    free, queue, over = agents, deque[tuple[int, float, float]](), list[float]()
    met: list[tuple[bool, bool, bool]] = [(False, False, False)] * calls
    now = 0.0

    def serve_until(moment: float) -> None:
        nonlocal free
        while over and over[0] <= moment:
            at = heapq.heappop(over)
            free += 1
            while queue and free:
                caller, came, stays = queue.popleft()
                if came + stays < at:
                    met[caller] = (True, False, True)
                    continue
                met[caller] = (True, at - came <= within, False)
                free -= 1
                heapq.heappush(over, at + chance.expovariate(1.0 / handling))

    for caller in range(calls):
        now += chance.expovariate(load / handling)
        serve_until(now)
        if free:
            free -= 1
            met[caller] = (False, True, False)
            heapq.heappush(over, now + chance.expovariate(1.0 / handling))
        else:
            queue.append((caller, now, inf if patience == inf else chance.expovariate(1.0 / patience)))
    serve_until(inf)
    names = ("waits", "answered_in_time", "abandons")
    return {name: _estimate([each[which] for each in met[calls // 20 :]]) for which, name in enumerate(names)}


def _estimate(happened: list[bool], parts: int = 20) -> Estimate:
    length = len(happened) // parts
    shares = [sum(happened[part * length : (part + 1) * length]) / length for part in range(parts)]
    mean = sum(shares) / parts
    return Estimate(mean, sqrt(sum((share - mean) ** 2 for share in shares) / (parts - 1) / parts))
