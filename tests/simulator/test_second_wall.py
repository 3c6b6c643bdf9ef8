"""A click at the simulated PBX: the agent's telephone, then the caller's, as a real Asterisk tells it; and its wall."""

import tomllib
from typing import Any

import pytest

from callcentre_simulator.scenario import ScenarioError, build
from callcentre_simulator.schema import Scenario
from callcentre_simulator.wire import AmiEvent

KEY = "a1b2-key"
OFFICE = """
title = "A click"
start = 2026-11-24T10:00:00+00:00
seconds = 1.0

[[telephone]]
extension = "101"
rings = [{ after = 9.0, then = "decline" }]
"""
ANN = "01632960123"


class Played:
    """What the PBX said of a click, played to its end."""

    def __init__(self, more: str = "", number: str = ANN, **given: str) -> None:
        pbx = build(Scenario.model_validate(tomllib.loads(OFFICE + more)))
        self.said: list[tuple[str, dict[str, str]]] = []
        pbx.listen(self._hear)
        call = {"Channel": "PJSIP/101", "Context": "callcentre-callback", "Exten": number, "Priority": "1"}
        more_given = {"Async": "true", "ChannelId": KEY, "ActionID": f"click-{KEY}", "Timeout": "25000"}
        pbx.act("Originate", call | more_given | {"CallerID": '"Callback 7" <>'} | given)
        pbx.advance(pbx.now + 600)
        assert not pbx.channels.alive

    def _hear(self, _at: float, event: AmiEvent) -> None:
        self.said.append((event.name, dict(event.headers)))

    def course(self) -> list[str]:
        """What a listener goes by, in its order."""
        told = []
        for name, fields in self.said:
            whose = "agent" if fields.get("DestUniqueid", fields.get("Uniqueid")) == KEY else "caller"
            match name:
                case "Newchannel" | "Newstate":
                    told.append(f"{whose} {fields['ChannelStateDesc']}")
                case "DialBegin" | "DialEnd":
                    told.append(f"{name} {whose} {fields.get('DialStatus', '')}".strip())
                case "OriginateResponse":
                    told.append(f"{name} {fields['Reason']}")
                case "Hangup":
                    told.append(f"{whose} gone {fields['Cause']}")
        return told

    def of(self, name: str) -> list[dict[str, str]]:
        return [fields for one, fields in self.said if one == name]


def clicked(**keys: Any) -> str:
    told = ", ".join(f"{key} = {value}" for key, value in keys.items())
    return f"clicked = {{ {told} }}\n"


def outside(ring: str, number: str = "") -> str:
    return f'[[outside]]\nnumber = "{number}"\nrings = [{ring}]\n'


AGENT = ["agent Down", "DialBegin agent", "agent Ringing", "agent Up", "DialEnd agent ANSWER", "OriginateResponse 4"]
DIALLED = ["caller Down", "DialBegin caller"]


def test_both_telephones_ring_and_the_caller_hangs_up() -> None:
    played = Played(clicked() + outside('{ after = 5.0, acts = ["talk 20", "hang up"] }'))
    assert played.course() == [
        *AGENT,
        *DIALLED,
        *("caller Ringing", "caller Up", "DialEnd caller ANSWER"),
        *("caller gone 16", "agent gone 16"),
    ]
    dialled = played.of("DialBegin")[1]
    assert (dialled["Uniqueid"], dialled["Linkedid"], dialled["DestLinkedid"]) == (KEY, KEY, KEY)
    assert dialled["DestChannel"].startswith("PJSIP/trunk-")
    assert dialled["DialString"] == f"{ANN}@trunk"
    assert played.of("OriginateResponse")[0]["ActionID"] == f"click-{KEY}"


def test_the_agent_talks_and_hangs_up() -> None:
    played = Played(clicked(talk=30.0) + outside("{ after = 5.0 }"))
    assert played.course()[-4:] == ["caller Up", "DialEnd caller ANSWER", "caller gone 16", "agent gone 16"]


@pytest.mark.parametrize(
    ("ring", "end"),
    [
        ('{ after = 1.0, then = "busy" }', ["DialEnd caller BUSY", "caller gone 17"]),
        ('{ after = 1.0, then = "error" }', ["DialEnd caller CONGESTION", "caller gone 34"]),
        ("{}", ["DialEnd caller NOANSWER", "caller gone 0"]),
    ],
)
def test_the_caller_does_not_answer(ring: str, end: list[str]) -> None:
    played = Played(clicked(patience=300) + outside(ring))
    assert [*played.course()[:8], *played.course()[-3:]] == [*AGENT, *DIALLED, *end, "agent gone 16"]


def test_the_agent_gives_up_before_the_caller_answers() -> None:
    played = Played(clicked(patience=12.0) + outside("{}"))
    assert played.course()[-3:-1] == ["DialEnd caller CANCEL", "caller gone 16"]


@pytest.mark.parametrize(
    ("agent", "end"),
    [
        ({"then": '"busy"', "after": 0.5}, ["DialEnd agent BUSY", "OriginateResponse 5", "agent gone 17"]),
        ({"after": 60.0}, ["DialEnd agent NOANSWER", "OriginateResponse 3", "agent gone 0"]),
    ],
)
def test_the_agent_does_not_pick_up_and_nobody_is_dialled(agent: dict[str, Any], end: list[str]) -> None:
    played = Played(clicked(**agent))
    assert played.course()[-3:] == end
    assert not any("caller" in one for one in played.course())


def test_without_a_word_on_clicks_a_telephone_does_what_it_does_at_any_call() -> None:
    assert Played().course()[-1] == "agent gone 21"


def test_people_outside_are_told_apart_by_their_number_and_do_one_thing_after_the_other() -> None:
    more = clicked() + outside('{ then = "busy", after = 0.1 }', ANN) + outside("{ after = 1.0, acts = ['hang up'] }")
    assert "DialEnd caller BUSY" in Played(more).course()
    assert "DialEnd caller ANSWER" in Played(more, "01632960456").course()


@pytest.mark.parametrize(
    "number",
    ["02079460123", "0169772234", "03001234567", "07700900123", "07624900123", "08001111", "08081570123", "116123"],
)
def test_what_may_be_dialled_is_dialled(number: str) -> None:
    assert "DialBegin caller" in Played(clicked(), number).course()


@pytest.mark.parametrize(
    "number",
    [
        *("09098790123", "07012345678", "07640123456", "08451234567", "08701234567", "118118", "0033142685300"),
        *("999", "112", "101", "05612345678", "016329601234567", "01632"),
    ],
)
def test_what_may_not_be_dialled_is_refused_to_the_agent(number: str) -> None:
    assert Played(clicked(), number).course() == [*AGENT, "agent gone 21"]


def test_an_office_may_have_a_wall_of_its_own() -> None:
    more = clicked() + '[dialplan.callcentre-callback]\n"_0X." = ["Hangup(17)"]\n'
    assert Played(more, number="0033142685300").course() == [*AGENT, "agent gone 17"]


def test_an_agent_who_would_send_the_call_on_is_refused_in_words() -> None:
    with pytest.raises(ScenarioError, match="'forward 102' is nothing an agent does; write answer or busy"):
        Played(clicked(then='"forward 102"'))
