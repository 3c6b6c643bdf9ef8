"""What the office answers to each action, held against what a real Asterisk answered to the same words."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from callcentre_simulator.pbx import Pbx
from callcentre_simulator.scenario import build, find, read
from callcentre_simulator.wire import ActionHeaders

RECORDED = Path(__file__).parent / "recorded"
OF_THE_WIRE = {"login", "logoff", "challenge", "events", "ping", "command", "filter", "waitevent", "listcommands"}
LEFT_OUT = {"Application: System"}
"""What the simulator does not imitate: an Asterisk that is told to run programs refuses by its own settings."""
UNKNOWN = "Invalid/unknown command"


def conversations(version: int) -> Iterator[tuple[ActionHeaders, list[str]]]:
    """Each recorded action, and the lines of its response."""
    for line in (RECORDED / f"asterisk{version}.jsonl").read_text(encoding="utf-8").splitlines():
        told = json.loads(line)
        sent, got = told.get("sent", ""), told["got"]
        if not sent.startswith("Action: ") or not got.startswith("Response") or "Permission denied" in got:
            continue
        if any(words in sent for words in LEFT_OUT):
            continue
        pairs = [(name, value.strip()) for name, _, value in (one.partition(":") for one in sent.split("\r\n") if one)]
        yield ActionHeaders(pairs), got.split("\r\n\r\n")[0].split("\r\n")


def office(version: int) -> Pbx:
    scenario = read(find("sixth_ring")).model_copy(update={"call": []})
    return build(scenario, version=version)


@pytest.mark.parametrize("version", [16, 22])
def test_every_action_it_knows_is_answered_in_asterisks_words(version: int) -> None:
    pbx = office(version)
    compared = 0
    for headers, real in conversations(version):
        action = headers.get("Action", "")
        if action.lower() in OF_THE_WIRE or not action:
            continue
        reply = pbx.act(action, headers)
        said = [
            f"Response: {'Success' if reply.success else 'Error'}",
            *(f"{name}: {value}" for name, value in reply.headers),
        ]
        if UNKNOWN in said[1] and UNKNOWN not in real[1]:
            continue
        wanted = [line for line in real if not line.startswith("ActionID:")]
        assert [_name(line) for line in said] == [_name(line) for line in wanted], (action, real)
        assert [line for line in said if _fixed(line)] == [line for line in wanted if _fixed(line)], (action, real)
        compared += 1
    assert compared > 60


def _name(line: str) -> str:
    return line.partition(":")[0]


def _fixed(line: str) -> bool:
    return re.match(r"(Response|Message|EventList|Status|Variable)\b", line) is not None
