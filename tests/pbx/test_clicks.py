"""A click on a real Asterisk: the agent, then the caller, each ending; both walls; the daemon killed in its midst."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from callcentre.cli.asking import Refused
from tests.pbx.lab.clicking import ClickLab
from tests.pbx.lab.script import Bye, Ring, Wait

pytestmark = [pytest.mark.pbx, pytest.mark.parametrize("version", ["22", "16"], scope="module")]
TALKS, BY_LOCAL, NO_TRUNK, BUSY, RINGS, LONG, LONGER, PREMIUM = (
    *("01632960951", "01632960952", "01632960953", "01632960954", "01632960955", "01632960956", "01632960957"),
    "09098790123",
)
CALLERS = (TALKS, BY_LOCAL, NO_TRUNK, BUSY, RINGS, LONG, LONGER, PREMIUM)
IRELAND = "00353861234567"
ANSWERS = Ring(after=1.5, acts=(Wait(2.0), Bye()))
# Long enough for a busy machine to see that they talk, and for a daemon to be killed and begun anew meanwhile.
SEEN_TALKING = Ring(after=1.5, acts=(Wait(8.0), Bye()))
TALKS_ON = Ring(after=1.0, acts=(Wait(40.0), Bye()))
OUTSIDE = {
    TALKS: (SEEN_TALKING,),
    BY_LOCAL: (ANSWERS,),
    BUSY: (Ring(after=0.5, then="486"),),
    RINGS: (Ring(),),
    LONG: (TALKS_ON,),
    LONGER: (Ring(after=1.0, acts=(Wait(3.0), Bye())),),
    IRELAND: (ANSWERS,),
}
TELEPHONES = {
    "101": (Ring(after=0.7),),
    "102": (Ring(),),
    "103": (Ring(after=0.3, then="486"),),
    "104": (Ring(),),
    "105": (Ring(after=0.7, acts=(Wait(2.5), Bye())),),
}


@pytest.fixture(scope="module")
def lab(fetched: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickLab]:
    """One PBX and one daemon for all tests of a version: each has a caller of its own."""
    out: Path = tmp_path_factory.mktemp(f"clicks-{fetched}")
    with ClickLab(
        fetched, out, telephones=TELEPHONES, outside=OUTSIDE, callers=CALLERS, away=("104",)
    ) as lab:  # fmt: skip
        yield lab


def task_of(caller: str) -> int:
    return CALLERS.index(caller) + 1


def test_they_talk(lab: ClickLab) -> None:
    key = lab.click(task_of(TALKS))
    assert lab.reaches(key, "talking", "ended")["state"] == "talking"
    row = lab.ends(key)
    assert (row["result"], row["telephone"], row["number"]) == ("connected", "PJSIP/101", TALKS)
    assert row["agent_up_at"] < row["rang_at"] < row["talking_at"]
    assert lab.callouts(task_of(TALKS)) == [("PJSIP/101", "connected")]
    assert lab.made(key) == ["PJSIP/101", "PJSIP/trunk"]
    (invitation,) = (one for one in lab.invitations() if TALKS in one)
    assert "Callback" not in invitation, "what the agent is shown is not the caller's business"
    assert "sip:101@" in invitation.partition("From:")[2].partition("\n")[0]


def test_a_route_through_a_local_channel_is_followed(lab: ClickLab) -> None:
    key = lab.click(task_of(BY_LOCAL))
    assert lab.ends(key)["result"] == "connected"
    assert lab.callouts(task_of(BY_LOCAL)) == [("PJSIP/101", "connected")]
    assert lab.made(key)[-2:] == ["PJSIP/101", "PJSIP/trunk"]


@pytest.mark.parametrize(
    ("caller", "telephone", "result", "callouts"),
    [
        (BUSY, "101", "busy", ["busy"]),
        (RINGS, "101", "no_answer", ["no_answer"]),
        (NO_TRUNK, "101", "failed", []),
        (LONG, "102", "agent_gone", []),
        (LONG, "103", "agent_gone", []),
        (LONG, "104", "refused", []),
    ],
    ids=["busy", "no answer", "no trunk", "agent does not pick up", "agent is busy", "telephone is not there"],
)
def test_each_ending(lab: ClickLab, caller: str, telephone: str, result: str, callouts: list[str]) -> None:
    key = lab.click(task_of(caller), telephone)
    row = lab.ends(key)
    assert (row["result"], row["talking_at"]) == (result, None), row["why"]
    assert lab.callouts(task_of(caller)) == [(f"PJSIP/{telephone}", one) for one in callouts]
    assert lab.invited(caller) == len(callouts)
    assert caller not in row["why"]


def test_an_agent_who_gives_up_before_the_caller_answers(lab: ClickLab) -> None:
    before = lab.invited(RINGS)
    row = lab.ends(lab.click(task_of(RINGS), "105"))
    assert row["result"] == "no_answer"
    assert lab.invited(RINGS) == before + 1


def test_a_premium_number_is_refused_by_the_first_wall(lab: ClickLab) -> None:
    with pytest.raises(Refused, match="…123 is a premium-rate number"):
        lab.click(task_of(PREMIUM))
    with pytest.raises(Refused, match="no telephone of the office"):
        lab.click(task_of(RINGS), f"{PREMIUM}@trunk")
    assert lab.invited(PREMIUM) == 0


@pytest.mark.parametrize(
    "exten",
    [
        *(PREMIUM, "07012345678", "07640123456", "08701234567", "118118", "0033142685300", "999", "112", "101"),
        *(f"{TALKS}1", "1", f"{TALKS},1", f"{TALKS}&PJSIP/{PREMIUM}@trunk", f"0{TALKS}", "00353) & SHELL(id", "00353x"),
    ],
)
def test_around_the_core_the_dialplan_refuses(lab: ClickLab, exten: str) -> None:
    before = len(lab.invitations())
    lab.originate("101", exten)
    assert len(lab.invitations()) == before, "nobody outside was rung"


def test_what_the_office_allows_the_dialplan_dials(lab: ClickLab) -> None:
    lab.originate("101", IRELAND)
    assert lab.invited(IRELAND) == 1


def test_one_at_a_time_and_killed_while_they_talk_it_is_followed_to_its_end(lab: ClickLab) -> None:
    before = lab.invited(LONG)
    key = lab.click(task_of(LONG))
    lab.reaches(key, "talking")
    with pytest.raises(Refused, match="your last call, for task"):
        lab.click(task_of(TALKS), "102")
    with pytest.raises(Refused, match="PJSIP/101 is being used by Alice"):
        lab.click(task_of(BUSY), "101", "Bob")
    lab.kill()
    lab.start()
    row = lab.ends(key)
    assert (row["result"], row["talking_at"] is not None) == ("connected", True)
    assert lab.invited(LONG) == before + 1
    assert lab.callouts(task_of(LONG)) == [("PJSIP/101", "connected")]
    assert lab.made(key) == ["PJSIP/101", "PJSIP/trunk"]


def test_killed_until_it_is_over_it_is_uncertain_and_never_made_again(lab: ClickLab) -> None:
    key = lab.click(task_of(LONGER))
    lab.kill()
    lab.until(lambda: lab.invited(LONGER) == 1)
    lab.quiet()
    lab.start()
    row = lab.ends(key)
    assert row["result"] == "uncertain"
    assert "not done again" in row["why"]
    assert lab.invited(LONGER) == 1
    assert lab.made(key) == ["PJSIP/101", "PJSIP/trunk"]
