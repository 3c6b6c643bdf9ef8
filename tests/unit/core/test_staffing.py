"""Attendance: attended, unattended or unknown, since when and why."""

from datetime import UTC, datetime
from typing import Any

import pytest

from callcentre.core.agents import Roster
from callcentre.core.charter import Line
from callcentre.core.events import Event
from callcentre.core.facts import AttendanceChanged, Call, Fact, PresenceChanged, RingAttempt
from callcentre.core.ledger import NOT_RUNNING
from callcentre.core.staffing import NOT_TOLD, Staffing
from callcentre.core.terms import AttemptResult, Attendance, Outcome
from tests.unit.core.happenings import (
    IN_USE,
    NOON,
    UNAVAILABLE,
    answered,
    at,
    call,
    device,
    devices,
    down,
    ended,
    here,
    member,
    passed,
    queues,
    rang,
    removed,
    shutdown,
    told,
    up,
)
from tests.unit.core.offices import charter, line, office

ATTENDED, UNATTENDED, UNKNOWN = Attendance.ATTENDED, Attendance.UNATTENDED, Attendance.UNKNOWN
ENQUIRIES = line(queues=frozenset({"enquiries"}))


class Watch:
    """Roster and staffing of one line, wired as the centre wires them; `said` is what was concluded."""

    def __init__(self, here: Line = ENQUIRIES) -> None:
        self.name = here.name
        self.roster = Roster(office(here))
        self.staffing = Staffing(office(here))
        self.said: list[tuple[float, Attendance, str]] = []
        self.facts: list[AttendanceChanged] = []
        self.presence: list[tuple[float, int | None]] = []

    def __rshift__(self, happening: Event | Fact) -> "Watch":
        if isinstance(happening, Event):
            for fact in self.roster.handle(happening):
                self._hear(self.staffing.handle_fact(fact))
            self._hear(self.staffing.handle(happening))
        else:
            self._hear(self.staffing.handle_fact(happening))
        return self

    def _hear(self, facts: list[Fact]) -> None:
        for fact in facts:
            if isinstance(fact, PresenceChanged):
                self.presence.append(((fact.at - NOON).total_seconds(), fact.there))
                continue
            assert isinstance(fact, AttendanceChanged)
            self.facts.append(fact)
            self.said.append(((fact.at - NOON).total_seconds(), fact.state, fact.reason))

    @property
    def state(self) -> Attendance:
        return self.staffing.state(self.name)[0]


def test_before_anything_is_told_a_line_is_unknown() -> None:
    watch = Watch()
    assert watch.state is UNKNOWN
    assert watch.staffing.next_timer() is None
    watch >> up(0)
    assert watch.said == [(0, UNKNOWN, NOT_TOLD)]


def test_a_day_at_the_desk() -> None:
    watch = Watch() >> up(0) >> queues(1, member("PJSIP/101"), member("PJSIP/102", UNAVAILABLE))
    watch >> device(2, "PJSIP/101", "INUSE") >> device(30, "PJSIP/101", "NOT_INUSE")
    watch >> told(40, member("PJSIP/101", paused=True)) >> told(50, member("PJSIP/101"))
    watch >> removed(60, "PJSIP/101") >> removed(61, "PJSIP/102") >> told(70, member("PJSIP/101"))
    assert watch.said == [
        (0, UNKNOWN, NOT_TOLD),
        (1, ATTENDED, "1 or more can answer"),
        (40, UNATTENDED, "nobody can answer: members are paused and out of reach"),
        (50, ATTENDED, "1 or more can answer"),
        (60, UNATTENDED, "nobody can answer: members are out of reach"),
        (61, UNATTENDED, "nobody is logged in"),
        (70, ATTENDED, "1 or more can answer"),
    ]
    assert watch.staffing.state("enquiries") == (ATTENDED, at(70))


def test_one_who_is_seen_is_enough_but_nobody_seen_is_not_nobody() -> None:
    watch = Watch() >> up(0) >> told(1, member("PJSIP/101", UNAVAILABLE))
    assert watch.state is UNKNOWN
    watch >> told(2, member("PJSIP/102"))
    assert watch.state is ATTENDED
    watch >> told(3, member("PJSIP/102", UNAVAILABLE))
    assert watch.state is UNKNOWN


def test_a_device_that_says_nothing_is_unknown() -> None:
    watch = Watch() >> up(0) >> queues(1, member("PJSIP/101", 0), member("PJSIP/102", UNAVAILABLE))
    assert watch.state is UNKNOWN
    watch >> device(2, "PJSIP/101", "UNAVAILABLE")
    assert watch.state is UNATTENDED


def test_min_agents_must_be_there() -> None:
    watch = Watch(line(queues=frozenset({"enquiries"}), min_agents=2)) >> up(0) >> queues(1, member("PJSIP/101"))
    assert watch.said[-1][1:] == (UNATTENDED, "too few are logged in")
    watch >> told(2, member("PJSIP/102", UNAVAILABLE))
    assert watch.said[-1][1:] == (UNATTENDED, "too few can answer: members are out of reach")
    watch >> told(3, member("PJSIP/103"))
    assert watch.state is ATTENDED


def test_extensions_attend_a_line_without_a_queue() -> None:
    desk = line("desk", extensions=frozenset({"PJSIP/201", "PJSIP/202"}))
    watch = Watch(desk) >> up(0) >> device(1, "PJSIP/201", "UNAVAILABLE")
    assert watch.state is UNKNOWN
    watch >> devices(2, PJSIP_201="UNAVAILABLE", PJSIP_202="UNAVAILABLE")
    assert watch.state is UNATTENDED
    watch >> device(3, "PJSIP/202", "RINGING")
    assert watch.state is ATTENDED


def test_a_line_with_neither_queue_nor_extension_cannot_be_seen() -> None:
    watch = Watch(line(dids=frozenset({"01632960600"}))) >> up(0) >> queues(1) >> devices(1)
    assert watch.state is UNKNOWN


@pytest.mark.parametrize(("lost", "reason"), [(down, "the PBX is out of sight"), (shutdown, "the PBX has stopped")])
def test_no_sight_of_the_pbx_is_unknown_until_the_lists_are_read(lost: type, reason: str) -> None:
    watch = Watch() >> up(0) >> queues(1, member("PJSIP/101")) >> lost(5) >> up(9) >> queues(10, member("PJSIP/101"))
    assert [(second, state) for second, state, _ in watch.said[1:]] == [
        (1, ATTENDED),
        (5, UNKNOWN),
        (9, UNKNOWN),
        (10, ATTENDED),
    ]
    assert watch.said[2][2] == reason
    assert watch.staffing.state("enquiries")[1] == at(10)


def test_a_link_lost_some_time_ago_never_turns_time_back() -> None:
    watch = Watch() >> up(0) >> queues(10, member("PJSIP/101")) >> down(4)
    assert watch.said[-1] == (10, UNKNOWN, "the PBX is out of sight")


# --- between two runs ---------------------------------------------------------------------------------------------


def test_from_when_an_earlier_run_ended_a_line_is_unknown_until_it_is_seen() -> None:
    watch = Watch()
    watch._hear(watch.staffing.restore({"lab": at(0)}))
    assert watch.said == [(0, UNKNOWN, NOT_RUNNING)]
    assert watch.facts[0].core
    watch >> up(60) >> queues(61, member("PJSIP/101"))
    assert [(second, state) for second, state, _ in watch.said[1:]] == [(60, UNKNOWN), (61, ATTENDED)]


def test_a_night_between_two_runs_is_cut_where_core_hours_end_and_begin() -> None:
    watch = Watch()
    watch._hear(watch.staffing.restore({"lab": at(0)}))
    watch >> up(24 * 3600)
    assert [(fact.at, fact.core, fact.state) for fact in watch.facts] == [
        (at(0), True, UNKNOWN),
        (datetime(2026, 11, 24, 18, tzinfo=UTC), False, UNKNOWN),
        (datetime(2026, 11, 25, 7, tzinfo=UTC), True, UNKNOWN),
        (at(24 * 3600), True, UNKNOWN),
    ]


def test_a_pbx_that_no_earlier_run_saw_has_no_past() -> None:
    watch = Watch()
    watch._hear(watch.staffing.restore({"other": at(0)}))
    assert watch.said == []
    watch >> up(60)
    assert watch.said == [(60, UNKNOWN, NOT_TOLD)]
    assert watch.staffing.next_timer() == datetime(2026, 11, 24, 18, tzinfo=UTC)


# --- calls that ring out -------------------------------------------------------------------------------------------


def staffed() -> Watch:
    return Watch() >> up(0) >> queues(1, member("PJSIP/101"))


def test_three_calls_in_a_row_that_ring_out_prove_that_nobody_is_there() -> None:
    watch = staffed() >> ended(10, rang(16)) >> ended(20, rang(15.0, AttemptResult.CANCELLED))
    assert watch.state is ATTENDED
    watch >> ended(30, rang(20)) >> ended(40, rang(20))
    assert watch.said[2:] == [(30, UNATTENDED, "3 calls in a row rang out")]


@pytest.mark.parametrize(
    "spared",
    [
        rang(14.9),
        rang(16, AttemptResult.BUSY),
        rang(16, AttemptResult.UNREACHABLE),
        call(outcome=Outcome.CLOSED),
        call(outcome=Outcome.LOST, ring_seconds=60.0),
        call(outcome=Outcome.ABANDONED),
    ],
    ids=["hung up early", "refused", "unreachable", "closed", "lost", "never rang"],
)
def test_what_does_not_count_neither_adds_nor_clears(spared: object) -> None:
    watch = staffed()
    for second in (10, 20):
        watch >> ended(second, rang(16)) >> ended(second + 1, spared)  # type: ignore[arg-type]
    assert watch.state is ATTENDED
    watch >> ended(30, rang(16))
    assert watch.state is UNATTENDED


@pytest.mark.parametrize(
    "life",
    [
        [answered(40, call())],
        [device(40, "PJSIP/101", "INUSE")],
        [told(40, member("PJSIP/102"))],
        [told(40, member("PJSIP/101", paused=True)), told(41, member("PJSIP/101"))],
        [queues(40, member("PJSIP/101"), member("PJSIP/102"))],
    ],
    ids=["answers", "dials out", "logs in", "unpauses", "logged in unheard"],
)
def test_any_sign_of_life_ends_it(life: list[Event | Fact]) -> None:
    watch = staffed() >> ended(10, rang(16)) >> ended(20, rang(16)) >> ended(30, rang(16))
    assert watch.state is UNATTENDED
    for happening in life:
        watch >> happening
    assert watch.state is ATTENDED
    watch >> ended(50, rang(16)) >> ended(60, rang(16))
    assert watch.state is ATTENDED


def test_a_telephone_that_registers_again_is_nobody() -> None:
    watch = staffed() >> ended(10, rang(16)) >> ended(20, rang(16)) >> ended(30, rang(16))
    watch >> device(40, "PJSIP/101", "UNAVAILABLE") >> device(41, "PJSIP/101", "NOT_INUSE")
    assert watch.said[-1] == (30, UNATTENDED, "3 calls in a row rang out")


def ringing(*attempts: tuple[str, float, float, AttemptResult], after_answer: bool = False) -> Call:
    """An abandoned call on which telephones rang from second to second."""
    return call(
        outcome=Outcome.ABANDONED,
        ring_seconds=attempts[-1][2] - attempts[0][1],
        attempts=tuple(
            RingAttempt(
                interface=telephone,
                begun_at=at(start),
                ring_start=at(start),
                ring_end=at(end),
                result=result,
                after_answer=after_answer,
            )
            for telephone, start, end, result in attempts
        ),
    )


RANG_OUT, CANCELLED, DECLINED = AttemptResult.RANG_OUT, AttemptResult.CANCELLED, AttemptResult.BUSY


@pytest.mark.parametrize(
    "spared",
    [
        ringing(("PJSIP/101", 2, 12, DECLINED), ("PJSIP/102", 14, 18, CANCELLED)),
        ringing(("PJSIP/101", 2, 12, DECLINED), ("PJSIP/102", 14, 34, RANG_OUT)),
        ringing(("PJSIP/101", 2, 10, RANG_OUT), ("PJSIP/102", 10, 18, RANG_OUT)),
        ringing(("PJSIP/101", 2, 20, RANG_OUT), after_answer=True),
    ],
    ids=["declined, then too short", "declined by one of two", "each too short", "a consultation"],
)
def test_one_free_telephone_must_itself_ring_past_the_target_and_nobody_decline(spared: Call) -> None:
    watch = staffed() >> ended(20, spared) >> ended(21, spared) >> ended(22, spared)
    assert watch.state is ATTENDED
    watch >> ended(40, rang(16)) >> ended(41, rang(16)) >> ended(42, rang(16))
    assert watch.state is UNATTENDED


def test_who_talks_is_there_though_a_second_line_rings_out() -> None:
    watch = staffed() >> device(2, "PJSIP/101", "INUSE")
    watch >> device(10, "PJSIP/101", "RINGINUSE") >> device(26, "PJSIP/101", "INUSE")
    second = ringing(("PJSIP/101", 10, 26, RANG_OUT))
    watch >> ended(28, second) >> ended(29, second) >> ended(30, second)
    assert watch.state is ATTENDED
    # The talk ended while it rang: the telephone was not free either. What rings afterwards counts.
    watch >> device(35, "PJSIP/101", "NOT_INUSE")
    half = ringing(("PJSIP/101", 30, 50, RANG_OUT))
    watch >> ended(52, half) >> ended(53, half) >> ended(54, half)
    assert watch.state is ATTENDED
    free = ringing(("PJSIP/101", 40, 60, RANG_OUT))
    watch >> ended(62, free) >> ended(63, free) >> ended(64, free)
    assert watch.state is UNATTENDED


def test_another_telephone_that_is_free_counts_beside_one_in_use() -> None:
    watch = staffed() >> told(2, member("PJSIP/102")) >> device(3, "PJSIP/101", "INUSE")
    both = ringing(("PJSIP/101", 10, 26, CANCELLED), ("PJSIP/102", 10, 26, CANCELLED))
    watch >> ended(28, both) >> ended(29, both) >> ended(30, both)
    assert watch.state is UNATTENDED


def test_of_a_telephone_outside_the_roster_its_answered_calls_tell() -> None:
    watch = staffed() >> answered(2, call("7.7", answered_by="PJSIP/109"))
    second = ringing(("PJSIP/109", 10, 26, RANG_OUT))
    watch >> ended(28, second) >> ended(29, second) >> ended(30, second)
    assert watch.state is ATTENDED
    watch >> ended(31, call("7.7", outcome=Outcome.ANSWERED, answered_at=at(2), answered_by="PJSIP/109"))
    watch >> ended(58, second) >> ended(59, second) >> ended(60, second)
    assert watch.state is UNATTENDED


def test_an_answer_between_starts_the_count_again() -> None:
    watch = staffed() >> ended(10, rang(16)) >> ended(20, rang(16)) >> answered(25, call()) >> ended(30, rang(16))
    assert watch.state is ATTENDED


def test_a_charter_without_targets_counts_only_what_rang_out() -> None:
    promised = charter(answer_seconds=None, answer_rings=None)
    watch = Watch(line(queues=frozenset({"enquiries"}), charter=promised, ring_out_limit=1))
    watch >> up(0) >> queues(1, member("PJSIP/101")) >> ended(2, rang(60, AttemptResult.CANCELLED))
    assert watch.state is ATTENDED
    watch >> ended(3, rang(8))
    assert watch.state is UNATTENDED


# --- core hours ----------------------------------------------------------------------------------------------------


def test_no_interval_spans_the_end_or_the_start_of_core_hours() -> None:
    watch = staffed() >> ended(10, rang(16)) >> ended(20, rang(16)) >> ended(30, rang(16))
    closing, opening = datetime(2026, 11, 24, 18, tzinfo=UTC), datetime(2026, 11, 25, 7, tzinfo=UTC)
    assert watch.staffing.next_timer() == closing
    watch >> passed(closing)
    assert (watch.facts[-1].at, watch.facts[-1].core, watch.facts[-1].state) == (closing, False, UNATTENDED)
    assert watch.staffing.state("enquiries")[1] == at(30)
    assert watch.staffing.next_timer() == opening
    # The timer comes late, with an event first: the opening is cut at its own time, and gives the agents a new day.
    watch >> told(24 * 3600, member("PJSIP/101", paused=True))
    assert [(fact.at, fact.core, fact.state) for fact in watch.facts[-2:]] == [
        (opening, True, ATTENDED),
        (at(24 * 3600), True, UNATTENDED),
    ]


def test_a_clock_that_leaps_is_not_followed_day_by_day() -> None:
    watch = staffed() >> told(60 * 366 * 24 * 3600, member("PJSIP/101", IN_USE))
    assert len(watch.facts) == 3
    assert watch.facts[-1].at == at(60 * 366 * 24 * 3600)
    following = watch.staffing.next_timer()
    assert following is not None
    assert following > watch.facts[-1].at


def test_finish_cuts_at_the_boundaries_before_it() -> None:
    watch = staffed()
    facts = watch.staffing.finish(datetime(2026, 11, 25, 12, tzinfo=UTC))
    assert [(fact.at.hour, getattr(fact, "core", None)) for fact in facts] == [(18, False), (7, True)]


# --- who -------------------------------------------------------------------------------------------------------------

ALICE: dict[str, Any] = {"name": "Alice Adams"}
BOB: dict[str, Any] = {"name": "Bob Brown"}


def whos(watch: Watch) -> list[tuple[Attendance, tuple[str, ...]]]:
    return [(fact.state, fact.who) for fact in watch.facts]


def test_it_is_told_who_is_why_nobody_can_answer_and_who_came() -> None:
    watch = Watch() >> up(0) >> queues(1, member("PJSIP/101", **ALICE), member("PJSIP/102", UNAVAILABLE, **BOB))
    watch >> told(2, member("PJSIP/101", paused=True, paused_reason="lunch", **ALICE))
    watch >> device(3, "PJSIP/102", "NOT_INUSE") >> removed(4, "PJSIP/101") >> removed(5, "PJSIP/102")
    assert whos(watch)[1:] == [
        (ATTENDED, ()),
        (UNATTENDED, ("Alice Adams: paused (lunch)", "Bob Brown: out of reach")),
        (ATTENDED, ("Bob Brown",)),
        (UNATTENDED, ()),
    ]


def test_of_calls_that_rang_out_it_is_told_which_telephones_rang_and_who_took_up_the_next() -> None:
    watch = Watch() >> up(0) >> queues(1, member("PJSIP/101", **ALICE))
    third = ringing(("PJSIP/102", 0, 20, CANCELLED), ("PJSIP/101", 0, 20, RANG_OUT))
    watch >> ended(10, rang(16)) >> ended(20, rang(16)) >> ended(30, third)
    watch >> answered(40, call(answered_by="PJSIP/101"))
    assert whos(watch)[2:] == [
        (UNATTENDED, ("Alice Adams: rang, nobody came", "PJSIP/102: rang, nobody came")),
        (ATTENDED, ("Alice Adams",)),
    ]


def test_i_am_here_ends_what_calls_proved_but_takes_no_telephone() -> None:
    watch = staffed() >> ended(10, rang(16)) >> ended(20, rang(16)) >> ended(30, rang(16))
    watch >> removed(40, "PJSIP/101") >> here(50, Line="enquiries", Interface="PJSIP/101")
    assert watch.said[2:] == [(30, UNATTENDED, "3 calls in a row rang out"), (50, UNATTENDED, "nobody is logged in")]
    watch >> told(60, member("PJSIP/101"))
    assert watch.state is ATTENDED


def test_who_presses_i_am_here_is_named() -> None:
    watch = Watch() >> up(0) >> queues(1, member("PJSIP/101", **ALICE))
    watch >> ended(10, rang(16)) >> ended(20, rang(16)) >> ended(30, rang(16))
    watch >> here(40, Line="", Interface="PJSIP/101")
    assert (watch.state, whos(watch)[-1]) == (ATTENDED, (ATTENDED, ("Alice Adams",)))


# --- presence --------------------------------------------------------------------------------------------------------


def test_how_many_are_there_is_told_when_it_changes_and_when_nobody_knows_any_more() -> None:
    watch = (
        Watch() >> up(0) >> queues(1, member("PJSIP/101"), member("PJSIP/102", 0)) >> device(2, "PJSIP/101", "INUSE")
    )
    watch >> told(3, member("PJSIP/103")) >> told(4, member("PJSIP/103", paused=True))
    watch >> device(5, "PJSIP/101", "UNAVAILABLE") >> device(6, "PJSIP/102", "UNAVAILABLE") >> down(7) >> up(8)
    assert watch.presence == [(0, None), (1, 1), (3, 2), (4, 1), (5, None), (6, 0), (7, None)]


def test_between_two_runs_nobody_knows_how_many_were_there() -> None:
    watch = Watch()
    watch._hear(watch.staffing.restore({"lab": at(0)}))
    watch >> up(60) >> queues(61, member("PJSIP/101"))
    assert watch.presence == [(0, None), (61, 1)]
