"""Whether a call was fairly sent to voicemail: judged by what was so at that moment."""

from dataclasses import replace
from typing import Any

import pytest

from callcentre.core.events import AppStarted, Event
from callcentre.core.facts import Call, Fact, OpenRows, RingAttempt, Visit, VoicemailUsed
from callcentre.core.hints import RosterChanged, TelephoneUsed
from callcentre.core.terms import AttemptResult, Hours, Origin, Outcome, Quality, Verdict, VisitResult
from callcentre.core.voicemail_use import VoicemailUse
from tests.unit.core.happenings import NOON, at, call, down, ended, shutdown, up, voicemail, when
from tests.unit.core.offices import line, office

OFFICE = office(line(queues=frozenset({"enquiries"})), line("desk", extensions=frozenset({"PJSIP/201"})))


def roster(seconds: float, there: int = 1, free: int = 0, name: str = "enquiries", **more: Any) -> RosterChanged:
    standing: dict[str, Any] = {"unknown": 0, "paused": 0, "unreachable": 0, "complete": True}
    return RosterChanged(**when(seconds), line=name, there=there, free=free, **(standing | more))


def used(seconds: float, device: str, in_use: bool) -> TelephoneUsed:
    return TelephoneUsed(**when(seconds), device=device, used=in_use)


def attempt(interface: str = "PJSIP/101", begun: float = 1, rings: float | None = None, **more: Any) -> RingAttempt:
    known: dict[str, Any] = {
        "interface": interface,
        "begun_at": at(begun),
        "ring_start": None if rings is None else at(begun),
        "ring_end": at(begun + (rings or 0)),
        "result": AttemptResult.RANG_OUT,
        "after_answer": False,
    }
    return RingAttempt(**(known | more))


def left(**changed: Any) -> Call:
    return call(**({"outcome": Outcome.VOICEMAIL} | changed))


def play(*story: Event | Fact) -> list[tuple[Verdict, str]]:
    seen = VoicemailUse(OFFICE)
    assert seen.restore(OpenRows(), NOON) == []
    facts: list[Fact] = []
    for each in story:
        facts += seen.handle(each) if isinstance(each, Event) else seen.handle_fact(each)
    return [(fact.verdict, fact.reason) for fact in facts if isinstance(fact, VoicemailUsed)]


def verdict(*story: Event | Fact, **changed: Any) -> Verdict:
    """The verdict on a call that entered VoiceMail after 20 seconds, and was over after 90."""
    return play(*story, voicemail(20, "1.1", "600"), ended(90, left(**changed)))[0][0]


def test_each_outside_call_that_reached_voicemail_is_judged_once_and_no_other() -> None:
    for outcome in (Outcome.VOICEMAIL, Outcome.VOICEMAIL_EMPTY):
        assert len(play(ended(90, left(outcome=outcome)))) == 1
    for outcome in set(Outcome) - {Outcome.VOICEMAIL, Outcome.VOICEMAIL_EMPTY}:
        assert play(ended(90, left(outcome=outcome))) == []
    assert play(ended(90, left(origin=Origin.INTERNAL))) == []


def test_the_verdict_names_the_call_and_its_line() -> None:
    fact = VoicemailUse(OFFICE).handle_fact(ended(90, left(hours=Hours.CLOSED)))[0]
    assert fact == VoicemailUsed(
        pbx="lab",
        at=at(90),
        uniqueid="1.1",
        line="enquiries",
        verdict=Verdict.CLOSED_HOURS,
        reason="the line was closed",
    )


def test_closed_hours_excuse_whatever_else_was_so() -> None:
    assert verdict(roster(0, free=1), hours=Hours.CLOSED, quality=Quality.PARTIAL) is Verdict.CLOSED_HOURS


def test_a_telephone_that_rang_and_nobody_came() -> None:
    rang = (attempt(rings=15), attempt("PJSIP/102", rings=10))
    story = (roster(0, there=3, free=1), voicemail(20, "1.1", "600"))
    assert play(*story, ended(90, left(attempts=rang))) == [
        (Verdict.RANG_OUT, "2 telephones rang for 15 s, and nobody came")
    ]
    declined = (attempt(rings=4, result=AttemptResult.BUSY),)
    assert play(*story, ended(90, left(attempts=declined, quality=Quality.PARTIAL))) == [
        (Verdict.RANG_OUT, "a telephone rang for 4 s, and the call was declined")
    ]


def test_a_telephone_that_rang_only_afterwards_is_no_excuse() -> None:
    """The caller pressed 0 in voicemail and was put through to an operator, who did not come either."""
    operator = (attempt("PJSIP/109", begun=40, rings=10),)
    assert verdict(roster(0, there=3, free=1), attempts=operator) is Verdict.MISUSE


def test_somebody_was_free_and_no_telephone_rang() -> None:
    assert play(roster(0, there=3, free=2), voicemail(20, "1.1", "600"), ended(90, left())) == [
        (Verdict.MISUSE, "2 telephones were free, the line was open, and none rang")
    ]
    assert verdict(roster(0, there=1, free=1, complete=False, unknown=4)) is Verdict.MISUSE


def test_telephones_were_there_and_none_was_free() -> None:
    assert play(roster(0, there=3), voicemail(20, "1.1", "600"), ended(90, left())) == [
        (Verdict.ALL_BUSY, "3 telephones were there, none of them free")
    ]


def test_nobody_was_there() -> None:
    def why(**standing: Any) -> list[tuple[Verdict, str]]:
        return play(roster(0, there=0, **standing), voicemail(20, "1.1", "600"), ended(90, left()))

    assert why() == [(Verdict.NOBODY_THERE, "nobody was logged in")]
    assert why(paused=2, unreachable=1) == [(Verdict.NOBODY_THERE, "nobody could answer: 2 paused, 1 out of reach")]


@pytest.mark.parametrize(
    "story",
    [
        (),
        (roster(0, complete=False),),
        (roster(0, unknown=1),),
        (roster(0, free=1), down(10)),
        (roster(0, free=1), down(10), up(12)),
        (roster(0, free=1), shutdown(10)),
        (roster(0, free=1, name="desk"),),
    ],
)
def test_what_was_not_seen_is_unknown(story: tuple[Event | Fact, ...]) -> None:
    assert verdict(*story) is Verdict.UNKNOWN


def test_a_call_that_a_gap_touched_blames_nobody() -> None:
    assert verdict(roster(0, free=1), quality=Quality.PARTIAL) is Verdict.UNKNOWN


def test_the_roster_told_anew_after_a_gap_counts() -> None:
    assert verdict(roster(0, there=0), down(5), up(6), roster(7, free=1)) is Verdict.MISUSE


def test_the_moment_counts_not_the_end_of_the_message() -> None:
    busy_then_free = (roster(0), voicemail(20, "1.1", "600"), roster(30, free=1), ended(90, left()))
    assert play(*busy_then_free)[0][0] is Verdict.ALL_BUSY
    free_then_busy = (roster(0, free=1), voicemail(20, "1.1", "600"), roster(30), ended(90, left()))
    assert play(*free_then_busy)[0][0] is Verdict.MISUSE


def test_who_came_free_just_before_is_not_blamed() -> None:
    assert verdict(roster(0), roster(18.5, free=1)) is Verdict.ALL_BUSY
    assert verdict(roster(0), roster(17.5, free=1)) is Verdict.MISUSE


def test_an_idle_telephone_that_refused_was_not_free() -> None:
    """Do not disturb, set at the telephone: the PBX thinks it is free."""
    busy = (attempt(result=AttemptResult.BUSY),)
    assert verdict(used(0, "PJSIP/101", False), roster(0, free=1), attempts=busy) is Verdict.ALL_BUSY
    assert verdict(used(0, "PJSIP/101", True), roster(0, there=2, free=1), attempts=busy) is Verdict.MISUSE
    later = (voicemail(20, "1.1", "600"), used(30, "PJSIP/101", True), ended(90, left(attempts=busy)))
    assert play(used(0, "PJSIP/101", False), roster(0, free=1), *later)[0][0] is Verdict.ALL_BUSY


@pytest.mark.parametrize(("until", "expected"), [(30, Verdict.ALL_BUSY), (60, Verdict.MISUSE)])
def test_without_sight_of_the_dialplan_the_moment_is_when_the_caller_left_the_queue(
    until: float, expected: Verdict
) -> None:
    visit = Visit(queue="enquiries", enter=at(0), leave=at(until), result=VisitResult.TIMEOUT, after_answer=False)
    assert play(roster(0), roster(40, free=1), ended(90, left(visits=(visit,))))[0][0] is expected


def test_without_any_stop_on_the_way_the_moment_is_the_offer() -> None:
    assert play(roster(-5, free=1), roster(40), ended(90, left()))[0][0] is Verdict.MISUSE
    assert play(roster(1, free=1), ended(90, left()))[0][0] is Verdict.UNKNOWN


def test_a_caller_behind_a_local_channel_is_found_by_its_linkedid() -> None:
    behind = replace(voicemail(20, "1.7", "600"), linkedid="1.1")
    assert play(roster(0), behind, roster(30, free=1), ended(90, left()))[0][0] is Verdict.ALL_BUSY


def test_entering_voicemail_again_does_not_move_the_moment() -> None:
    twice = (roster(0, free=1), voicemail(20, "1.1", "600"), roster(30), voicemail(40, "1.1", "601"))
    assert play(*twice, ended(90, left()))[0][0] is Verdict.MISUSE


def test_other_applications_are_no_voicemail() -> None:
    queue: AppStarted = replace(voicemail(20, "1.1", "enquiries"), application="Queue")
    assert play(roster(0, free=1), queue, roster(30), ended(90, left()))[0][0] is Verdict.MISUSE


def test_a_moment_long_past_is_unknown_rather_than_guessed() -> None:
    many = [roster(1 + number / 100, free=number % 2) for number in range(2000)]
    assert play(roster(-5, free=1), *many, ended(90, left()))[0][0] is Verdict.UNKNOWN


def test_a_line_that_the_configuration_names_no_more_is_unknown() -> None:
    assert verdict(roster(0, free=1), line="former") is Verdict.UNKNOWN
