"""The subroutines that callcentre ships for dialplans, as the simulated PBX does them."""

import pytest

from callcentre_simulator.dialplan import parse_step
from callcentre_simulator.pbx import Pbx
from callcentre_simulator.people import Caller
from callcentre_simulator.scenario import build, find, read
from callcentre_simulator.wire import AmiEvent

HOURS = "09:00-12:30|mon-fri/13:30-17:00|mon-fri"


def office() -> tuple[Pbx, list[AmiEvent]]:
    """Monday morning at ten, nobody calls; and what is said from then on."""
    pbx = build(read(find("sixth_ring")).model_copy(update={"call": []}))
    heard: list[AmiEvent] = []
    pbx.listen(lambda _, event: heard.append(event))
    for exten, step in {
        "*62": "Gosub(callcentre-pause,s,1(enquiries,,,lunch))",
        "*64": "Gosub(callcentre-break,s,1(enquiries,,desk,20))",
        "*65": "Gosub(callcentre-here,s,1(enquiries,PJSIP/109,desk))",
    }.items():
        pbx.dialplan.add("internal", exten, (parse_step(step), parse_step("Hangup()")))
    return pbx, heard


def dials(pbx: Pbx, code: str, *press: tuple[float, str], patience: float = 60.0) -> None:
    pbx.call(Caller(to=code, number="", device="PJSIP/101", context="internal", press=press, patience=patience))
    pbx.advance(pbx.now + 90.0)


def paused(pbx: Pbx) -> tuple[bool, str]:
    member = pbx.members.find("enquiries", "PJSIP/101")
    assert member is not None
    return member.paused, member.reason


def said(heard: list[AmiEvent]) -> list[dict[str, str]]:
    """The UserEvents, without their channel."""
    own = (dict(event.headers[-6:]) for event in heard if event.name == "UserEvent")
    return [{name: value for name, value in one.items() if name not in {"Uniqueid", "Linkedid"}} for one in own]


@pytest.mark.parametrize(
    ("told", "beat", "open_now"),
    [
        ("", None, True),
        ("closed", None, True),
        ("closed", 0, False),
        ("closed", -179, False),
        ("closed", -181, True),
        ("closed", 300, True),
        ("perhaps", 0, True),
    ],
)
def test_what_callcentre_says_counts_while_its_heart_beats(told: str, beat: int | None, open_now: bool) -> None:
    pbx, _ = office()
    pbx.database["callcentre", "line/enquiries/open"] = told
    if beat is not None:
        pbx.database["callcentre", "heartbeat"] = str(int(pbx.now) + beat)
    assert pbx.subroutines.open("enquiries", HOURS) is open_now


@pytest.mark.parametrize("beat", ["", "soon", "99999999999", "-5", "1e9", "٣"])
def test_a_heartbeat_that_is_none_counts_for_nothing(beat: str) -> None:
    pbx, _ = office()
    pbx.database.update({("callcentre", "line/enquiries/open"): "closed", ("callcentre", "heartbeat"): beat})
    assert pbx.subroutines.open("enquiries", HOURS)


def test_the_dialplans_own_hours_have_gaps_and_bank_holidays() -> None:
    pbx, _ = office()
    begins = pbx.now
    seen = []
    for hours in (0, 3, 4, 8):
        pbx.advance(begins + hours * 3600)
        seen.append(pbx.subroutines.open("enquiries", HOURS))
    assert seen == [True, False, True, False]
    pbx.database["callcentre", "holiday/2026-11-23"] = "yes"
    assert not pbx.subroutines.open("enquiries", "")


def test_the_last_one_is_asked_and_goes_at_the_second_press() -> None:
    pbx, heard = office()
    dials(pbx, "*62")
    assert paused(pbx) == (False, "")
    dials(pbx, "*62")
    assert paused(pbx) == (True, "lunch")
    assert said(heard) == []


def test_who_presses_2_goes_at_once() -> None:
    pbx, _ = office()
    dials(pbx, "*62", (3.0, "2"))
    assert paused(pbx) == (True, "lunch")


@pytest.mark.parametrize("patience", [60.0, 12.0])
def test_who_asks_for_cover_is_let_go_whether_it_comes_or_not_and_if_they_hang_up(patience: float) -> None:
    pbx, heard = office()
    pbx.database["callcentre", "heartbeat"] = str(int(pbx.now))
    dials(pbx, "*62", (3.0, "1"), patience=patience)
    assert paused(pbx) == (True, "lunch")
    cover = {
        "UserEvent": "CallcentreCover",
        "Line": "enquiries",
        "Interface": "PJSIP/101",
        "Reason": "pause",
        "End": "1",
    }
    assert said(heard) == [cover]


def test_a_planned_break_says_how_long_it_is_and_being_here_says_who() -> None:
    pbx, heard = office()
    dials(pbx, "*64")
    dials(pbx, "*65")
    assert paused(pbx) == (True, "break")
    assert [(one["UserEvent"], one["Line"], one["Interface"], one.get("Minutes")) for one in said(heard)] == [
        ("CallcentreCover", "desk", "PJSIP/101", "20"),
        ("CallcentreHere", "desk", "PJSIP/109", None),
    ]


def test_who_is_not_the_last_is_not_asked() -> None:
    pbx, _ = office()
    pbx.telephones.register("PJSIP/102", on=True)
    pbx.advance(pbx.now + 1.0)
    dials(pbx, "*62")
    assert paused(pbx) == (True, "lunch")


def test_after_hours_nobody_is_asked() -> None:
    pbx, _ = office()
    beat = str(int(pbx.now))
    pbx.database.update({("callcentre", "heartbeat"): beat, ("callcentre", "line/enquiries/open"): "closed"})
    dials(pbx, "*62")
    assert paused(pbx) == (True, "lunch")


@pytest.mark.parametrize("status", ["SUCCESS", "FAILED"])
def test_a_stay_in_the_mailbox_is_told_once_also_of_who_hangs_up(status: str) -> None:
    pbx, heard = office()
    steps = ("Gosub(callcentre-line,s,1(enquiries,5,600@default))", "Hangup()")
    pbx.dialplan.add("from-trunk", "01632960680", tuple(parse_step(step) for step in steps))
    speak = 7.0 if status == "SUCCESS" else None
    pbx.call(Caller(to="01632960680", number="07700900123", speak=speak))
    pbx.advance(pbx.now + 60.0)
    (told,) = said(heard)
    assert (told["Status"], told["Mailbox"], told["Caller"], told["End"]) == (
        status, "600@default", "07700900123", "1",
    )  # fmt: skip
    assert told["Duration"] == ("7" if status == "SUCCESS" else "")


def test_callers_whom_the_agent_left_are_asked_once_and_answer_or_do_not() -> None:
    pbx = build(read(find("asked")))
    heard: list[AmiEvent] = []
    pbx.listen(lambda _, event: heard.append(event))
    pbx.advance(pbx.now + 300.0)
    told = [dict(event.headers) for event in heard if event.name == "UserEvent"]
    assert [(one["Step"], one.get("Answer", "")) for one in told] == [
        ("asked", ""),
        ("answered", "5"),
        ("asked", ""),
        ("asked", ""),
        ("asked", ""),
    ]
    assert all(one["UserEvent"] == "CallcentreSatisfaction" and one["End"] == "1" for one in told)
