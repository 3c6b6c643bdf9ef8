"""What commands say of an error holds no telephone number: it ends in journals and in tickets."""

import pytest

from tests.contracts.spellings import traces
from tests.unit.commands import Commands
from tests.unit.test_cli_protection import BY, NUMBER, callcentre

__all__ = ["callcentre"]


@pytest.mark.parametrize(
    "words",
    [
        ("report", "--month", "07700 900061"),
        ("retention", "--apply", "--config", "/srv/07700900061.toml"),
        ("hold", "place", NUMBER, *BY, "--until", "+44 7700 900061"),
        ("person", NUMBER, "--out", f"{NUMBER}/a.json", "--by", "Ann"),
        ("missed", "--since", NUMBER),
        ("tasks", "list", "--line", "0044-7700-900-061"),
    ],
)
def test_an_error_says_no_number_again(callcentre: Commands, words: tuple[str, ...]) -> None:
    status, printed, told = callcentre(*words)
    assert (status, printed) == (2, "")
    assert told
    assert traces(told, "7700900061") == set()


def test_a_fault_is_told_with_its_trace_and_no_number(callcentre: Commands, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_settings: object, _day: str) -> None:
        raise LookupError(f"no {NUMBER}")

    monkeypatch.setattr("callcentre.cli.holding._end_of", broken)
    status, printed, told = callcentre("hold", "place", NUMBER, *BY, "--until", "2028-11-30")
    assert (status, printed) == (1, "")
    assert "Traceback" in told
    assert "LookupError: no ********061" in told
