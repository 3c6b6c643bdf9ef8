"""Abusive callers in the simulated PBX: the code, the button, and whose call it is."""

import tomllib

import pytest

from callcentre_simulator.pbx import Pbx
from callcentre_simulator.people import Ring, parse_act
from callcentre_simulator.scenario import build, find, read
from callcentre_simulator.schema import Scenario
from callcentre_simulator.wire import AmiEvent


def office(*acts: str) -> tuple[Pbx, list[AmiEvent]]:
    """The caller of `sixth_ring` is answered by somebody who does these."""
    table = read(find("sixth_ring"))
    telephones = [
        one.model_copy(update={"rings": [ring.model_copy(update={"acts": list(acts)}) for ring in one.rings]})
        for one in table.telephone
    ]
    table = table.model_copy(update={"telephone": telephones})
    pbx = build(table)
    heard: list[AmiEvent] = []
    pbx.listen(lambda _, event: heard.append(event))
    return pbx, heard


def told(heard: list[AmiEvent]) -> list[tuple[str, str]]:
    own = (dict(event.headers) for event in heard if event.name == "UserEvent")
    return [(one["Step"], one["How"]) for one in own if one["UserEvent"] == "CallcentreAbuse"]


def test_the_code_warns_and_ends() -> None:
    pbx, heard = office("talk 2", "warn", "talk 5", "end", "talk 60")
    pbx.advance(pbx.now + 60)
    assert told(heard) == [("warned", "code"), ("ended", "code")]
    assert not pbx.channels.alive, "both were let go"


@pytest.mark.parametrize(("telephone", "events"), [(True, ["warned", "ended"]), (False, [])], ids=["own", "another's"])
def test_the_button_is_for_ones_own_call(telephone: bool, events: list[str]) -> None:
    pbx, heard = office("talk 300")
    pbx.advance(pbx.now + 40)
    (caller,) = (one for one in pbx.channels.alive.values() if one.device == "PJSIP/trunk")
    own = pbx.talking.other(caller).device
    for step, exten in (("end", "done"), ("warn", "s"), ("end", "done")):
        given = {
            "Channel": f"Local/{caller.uniqueid}@callcentre-abuse-{step}/n",
            "Context": "callcentre-abuse-voice",
            "Exten": exten,
            "Priority": "1",
            "Async": "true",
            "Variable": f"CALLCENTRE_TELEPHONE={own if telephone else 'PJSIP/999'}",
        }
        pbx.actions.act("Originate", given)
        pbx.advance(pbx.now + 5)
    assert [step for step, _ in told(heard)] == events
    pbx.advance(pbx.now + 30)
    assert bool(pbx.channels.alive) is not telephone


CALLBACK = """
title = "A callback"
start = 2026-11-24T10:00:00+00:00
seconds = 1.0

[[telephone]]
extension = "101"
rings = [{ after = 2.0 }]
"""
KEY = "a1b2-key"


def calling_back(*acts: str) -> tuple[Pbx, list[AmiEvent]]:
    """101 calls somebody back, who answers after 3 s, and then does these."""
    pbx = build(Scenario.model_validate(tomllib.loads(CALLBACK)))
    heard: list[AmiEvent] = []
    pbx.listen(lambda _, event: heard.append(event))
    pbx.telephones.outside = lambda _leg: Ring(after=3.0, acts=tuple(parse_act(text) for text in acts))
    call = {"Channel": "PJSIP/101", "Context": "callcentre-callback", "Exten": "01632960123", "Priority": "1"}
    pbx.actions.act("Originate", call | {"Async": "true", "ChannelId": KEY, "Timeout": "25000"})
    pbx.advance(pbx.now + 20)
    return pbx, heard


@pytest.mark.parametrize(
    ("telephone", "events"), [("PJSIP/101", ["warned", "ended"]), ("PJSIP/999", [])], ids=["own", "another's"]
)
def test_the_button_is_for_ones_own_callback(telephone: str, events: list[str]) -> None:
    pbx, heard = calling_back("talk 300")
    for step, exten in (("end", "done"), ("warn", "s"), ("end", "done")):
        given = {
            "Channel": f"Local/{KEY}@callcentre-abuse-{step}/n",
            "Context": "callcentre-abuse-voice",
            "Exten": exten,
            "Priority": "1",
            "Async": "true",
            "Variable": f"CALLCENTRE_TELEPHONE={telephone}",
        }
        pbx.actions.act("Originate", given)
        pbx.advance(pbx.now + 5)
    assert [step for step, _ in told(heard)] == events
    calls = {dict(one.headers)["Call"] for one in heard if one.name == "UserEvent"}
    assert calls == ({KEY} if events else set())
    pbx.advance(pbx.now + 30)
    assert bool(pbx.channels.alive) is not bool(events)


def test_who_is_called_back_cannot_press() -> None:
    pbx, heard = calling_back("talk 2", "warn", "talk 5", "end", "talk 5")
    pbx.advance(pbx.now + 60)
    assert told(heard) == []


def test_the_acts_are_read() -> None:
    assert [parse_act(text).verb for text in ("warn", "end")] == ["warn", "end"]
