"""Every case on a real Asterisk 22 and 16: the daemon's calls held against the PBX's books and the telephones' wires.

`make pbx` runs them. `CALLCENTRE_PBX_KEEP=DIR` keeps every case's tape, books and wires;
`CALLCENTRE_PBX_SIDE_BY_SIDE=n` plays n at once.
"""

import re
from collections import Counter

import pytest

from tests.pbx.lab.cases import all_cases
from tests.pbx.lab.daemon import ACCOUNTS
from tests.pbx.lab.hold import has_gap
from tests.pbx.lab.session import Result
from tests.pbx.lab.table import REPLAY

pytestmark = [
    pytest.mark.pbx,
    pytest.mark.parametrize("version", ["22", "16"]),
    pytest.mark.parametrize("case", sorted(all_cases())),
]


def test_the_case_went_as_its_author_meant(result: Result) -> None:
    """The truth is as wanted: else the lab is wrong, not callcentre."""
    assert result.troubles == []
    for call in result.truth["calls"]:
        seen, wanted = call["observed"], call["wanted"]
        assert seen["outcome"] == (wanted["outcome"] if wanted["line"] else None), call["did"]
        if wanted["by"]:
            assert seen["answered_by"] in wanted["by"], call["did"]


@pytest.mark.parametrize("account", list(ACCOUNTS))
def test_the_daemon_agrees_with_the_truth(result: Result, account: str) -> None:
    """Same calls, outcomes, telephones, moments and rings, whichever account listened."""
    assert [(held.uniqueid, held.differences) for held in result.held[account] if held.differences] == []


def test_the_tape_replays_to_the_truth(result: Result) -> None:
    """The recording of the same case says the same, without a PBX."""
    assert [(held.uniqueid, held.differences) for held in result.held[REPLAY] if held.differences] == []


def test_the_daemon_ends_well(result: Result, case: str) -> None:
    """Every stop is an orderly one, without a fault; nothing that an honest PBX sent was quarantined."""
    assert set(result.exit_codes) == {0}
    assert sum(_series(result, "callcentre_faults_total").values()) == 0
    if case != "hostile":
        assert sum(_series(result, "callcentre_ami_quarantined_total").values()) == 0


def test_the_metrics_count_what_is_true(result: Result) -> None:
    """The counters of /metrics, for the listener that heard all, are the truth counted.

    Where something was hidden they may not be (a restart begins them anew, a healed call was counted as lost
    before): there the gap itself is counted.
    """
    if has_gap(result.truth):
        assert _series(result, "callcentre_gaps_total")['pbx="all"'] >= 1
        return
    true = Counter((call["wanted"]["line"], call["observed"]["outcome"]) for call in result.truth["calls"])
    counted: Counter[tuple[str | None, str | None]] = Counter()
    for labels, value in _series(result, "callcentre_calls_total").items():
        told = dict(_LABEL.findall(labels))
        if told["pbx"] == "all" and value:
            counted[told["line"], told["outcome"]] += int(value)
    assert counted == Counter({key: count for key, count in true.items() if key[0]})


_LABEL = re.compile(r'(\w+)="([^"]*)"')


def _series(result: Result, name: str) -> dict[str, float]:
    """The series of a metric at the end of the case, by the text of their labels."""
    found = re.findall(rf"^{name}\{{(.*)\}} (\S+)$", result.metrics, re.MULTILINE)
    return {labels: float(value) for labels, value in found}
