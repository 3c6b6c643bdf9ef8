"""1,000 random days, played through the core: each ledger is the oracle's, to the microsecond.

One in fifty goes through the whole centre, the others through the rooms that attendance is made in.
"""

from collections import Counter
from datetime import timedelta

import pytest

from tests.unit.core.attendance_world import World, lasted, words

BATCHES, BATCH = 20, 50


@pytest.mark.parametrize("batch", range(BATCHES))
def test_the_ledger_of_a_random_day_is_the_oracles_to_the_microsecond(batch: int) -> None:
    met: Counter[str] = Counter()
    for seed in range(batch * BATCH, (batch + 1) * BATCH):
        world = World(seed, whole=seed % BATCH == 0)
        ledger, truth = world.ledger(), world.truth()
        assert _joined(words(ledger)) == _joined(truth), f"seed {seed}, {world.day}"
        core = timedelta(microseconds=sum(closes - opens for opens, closes in world.spans()))
        assert ledger.attended == lasted(truth, "attended")
        assert ledger.unattended == lasted(truth, "unattended")
        assert ledger.unknown == lasted(truth, "unknown")
        assert ledger.to_come == lasted(truth, "to come")
        assert ledger.attended + ledger.unattended + ledger.unknown + ledger.to_come == ledger.core == core
        met.update(word for _, _, word in truth)
    assert met["attended"] > BATCH // 4
    assert met["unattended"] > BATCH // 4
    assert met["unknown"] > BATCH // 4


def _joined(told: list[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """Neighbours of one word as one, also where one span of hours ends as the next begins."""
    found: list[tuple[int, int, str]] = []
    for start, end, word in told:
        if found and found[-1][1:] == (start, word):
            found[-1] = (found[-1][0], end, word)
        else:
            found.append((start, end, word))
    return found
