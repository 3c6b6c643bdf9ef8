"""A press of the button as it is sent: one Local channel, nothing of it but a call's uniqueid and a telephone."""

from datetime import datetime

import pytest

from callcentre.core.commands import AbuseAct
from callcentre.core.incidents import AbuseStep
from callcentre.core.terms import UTC
from tests.unit.ami.test_actions import BREAKOUTS, refused, sent


def act(**changed: object) -> AbuseAct:
    usual: dict[str, object] = {
        "pbx": "lab",
        "key": "k-1",
        "uniqueid": "pbx1-1795433750.12",
        "step": AbuseStep.WARN,
        "telephone": "PJSIP/101",
        "not_after": datetime(2026, 11, 24, tzinfo=UTC),
    }
    return AbuseAct(**{**usual, **changed})  # type: ignore[arg-type]


@pytest.mark.parametrize(("step", "exten"), [(AbuseStep.WARN, "s"), (AbuseStep.END, "done")])
def test_one_half_finds_the_call_and_the_other_speaks(step: AbuseStep, exten: str) -> None:
    assert sent(act(step=step)) == [
        *("Action: Originate", "ActionID: callcentre-abuse-k-1"),
        *(f"Channel: Local/pbx1-1795433750.12@callcentre-abuse-{step}/n", "Context: callcentre-abuse-voice"),
        *(f"Exten: {exten}", "Priority: 1", "Timeout: 5000", 'CallerID: "Abusive caller" <>', "EarlyMedia: false"),
        *("Async: true", "ChannelId: k-1", "Variable: CALLCENTRE_TELEPHONE=PJSIP/101"),
    ]


@pytest.mark.parametrize("evil", [*BREAKOUTS, "1,s,1", "1@other", "1/n", "1&Local/2", "${X}", "1" * 81])
def test_nothing_but_a_uniqueid_names_a_call(evil: str) -> None:
    refused(act(uniqueid=evil), evil)


@pytest.mark.parametrize("evil", [*BREAKOUTS, "PJSIP/0909@trunk", "Local/101@agents", "PJSIP/1,2", "${X}"])
def test_nothing_but_a_telephone_presses(evil: str) -> None:
    refused(act(telephone=evil), evil)


@pytest.mark.parametrize("evil", [*BREAKOUTS, "a,b", "k" * 65])
def test_a_plain_key(evil: str) -> None:
    refused(act(key=evil), evil)
