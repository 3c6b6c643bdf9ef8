"""Every case on a real Asterisk 22 and 16: the daemon's calls held against the PBX's books and the telephones' wires.

`make pbx` runs them. `CALLCENTRE_PBX_KEEP=DIR` keeps every case's tape, books and wires;
`CALLCENTRE_PBX_SIDE_BY_SIDE=n` plays n at once.
"""

import pytest
from tests.pbx.lab.cases import all_cases
from tests.pbx.lab.daemon import ACCOUNTS
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


def test_the_daemon_ends_well(result: Result) -> None:
    """Every stop is an orderly one, and nothing that an honest PBX sent was quarantined."""
    assert set(result.exit_codes) == {0}
