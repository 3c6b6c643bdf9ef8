"""The roster: each place's state, whatever order it is told in."""

import itertools
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcentre.core.agents import DEVICE_STATES, Roster
from callcentre.core.events import Event
from callcentre.core.facts import Fact, MemberActive, RosterChanged, TelephoneUsed
from callcentre.core.terms import MemberState
from tests.unit.core.happenings import (
    BUSY,
    FREE,
    IN_USE,
    INVALID,
    ON_HOLD,
    RINGING,
    UNAVAILABLE,
    at,
    device,
    devices,
    down,
    member,
    passed,
    queues,
    removed,
    told,
    up,
)
from tests.unit.core.offices import line, office

ENQUIRIES = line(queues=frozenset({"enquiries"}))
DESK = line("desk", extensions=frozenset({"PJSIP/201", "PJSIP/202"}))


def roster(*events: Event) -> Roster:
    made = Roster(office(ENQUIRIES, DESK))
    for event in events:
        made.handle(event)
    return made


def counted(made: Roster, name: str = "enquiries") -> Mapping[MemberState, int]:
    return {state: count for state, count in made.counts()[name].items() if count}


def standing(facts: list[Fact]) -> list[tuple[str, int, int, int, int, bool]]:
    return [
        (fact.line, fact.there, fact.unknown, fact.paused, fact.unreachable, fact.complete)
        for fact in facts
        if isinstance(fact, RosterChanged)
    ]


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (0, MemberState.UNKNOWN),
        (FREE, MemberState.FREE),
        (IN_USE, MemberState.TALKING),
        (BUSY, MemberState.TALKING),
        (INVALID, MemberState.UNREACHABLE),
        (UNAVAILABLE, MemberState.UNREACHABLE),
        (RINGING, MemberState.RINGING),
        (7, MemberState.TALKING),
        (ON_HOLD, MemberState.TALKING),
        (9, MemberState.UNKNOWN),
        (-1, MemberState.UNKNOWN),
    ],
)
def test_a_members_state_is_its_devices(status: int, state: MemberState) -> None:
    assert counted(roster(told(0, member("PJSIP/101", status)))) == {state: 1}


def test_a_paused_member_is_paused_whatever_its_telephone_does() -> None:
    seen = roster(told(0, member("PJSIP/101", RINGING, paused=True)), told(0, member("PJSIP/102", 5, paused=True)))
    assert counted(seen) == {MemberState.PAUSED: 2}


def test_wrap_up_lasts_as_long_as_the_queue_says() -> None:
    seen = roster(up(-10), told(0, member("PJSIP/101", FREE, wrapup_seconds=5, last_call=at(0))))
    assert counted(seen) == {MemberState.WRAPUP: 1}
    assert seen.next_timer() == at(5)
    seen.handle(passed(at(5)))
    assert counted(seen) == {MemberState.FREE: 1}
    assert seen.next_timer() is None


def test_pausing_the_telephone_leaves_its_local_member_unpaused() -> None:
    local = member("Local/101@agents/n", state_interface="PJSIP/101")
    seen = roster(queues(0, local, member("PJSIP/101", paused=True)))
    assert counted(seen) == {MemberState.FREE: 1, MemberState.PAUSED: 1}
    facts = seen.handle(device(1, "PJSIP/101", "UNAVAILABLE"))
    assert standing(facts) == [("enquiries", 0, 0, 1, 0, True)]
    assert counted(seen) == {MemberState.UNREACHABLE: 1, MemberState.PAUSED: 1}


def test_a_telephone_in_two_queues_of_a_line_is_one_that_can_answer_and_two_places() -> None:
    twice = Roster(office(line(queues=frozenset({"a", "b"}))))
    facts = twice.handle(queues(0, member("PJSIP/101", queue="a", paused=True), member("PJSIP/101", queue="b")))
    assert standing(facts) == [("enquiries", 1, 0, 0, 0, True)]
    assert counted(twice) == {MemberState.PAUSED: 1, MemberState.FREE: 1}


def test_a_line_without_a_queue_counts_its_extensions() -> None:
    seen = roster(up(0))
    assert counted(seen, "desk") == {MemberState.UNKNOWN: 2}
    assert standing(seen.handle(device(1, "PJSIP/201", "INUSE"))) == [("desk", 1, 1, 0, 0, True)]
    assert standing(seen.handle(devices(2, PJSIP_201="UNAVAILABLE", PJSIP_202="RINGING"))) == [
        ("desk", 1, 0, 0, 1, True),
    ]
    assert counted(seen, "desk") == {MemberState.UNREACHABLE: 1, MemberState.RINGING: 1}


def test_the_list_of_queues_replaces_what_was_known() -> None:
    seen = roster(told(0, member("PJSIP/101")), told(0, member("PJSIP/102")))
    seen.handle(queues(1, member("PJSIP/102", UNAVAILABLE)))
    assert counted(seen) == {MemberState.UNREACHABLE: 1}
    seen.handle(device(2, "PJSIP/101", "NOT_INUSE"))
    assert counted(seen) == {MemberState.UNREACHABLE: 1}


def test_members_come_and_go() -> None:
    seen = roster(queues(0))
    assert standing(seen.handle(told(1, member("PJSIP/101")))) == [("enquiries", 1, 0, 0, 0, True)]
    assert standing(seen.handle(removed(2, "PJSIP/101"))) == [("enquiries", 0, 0, 0, 0, True)]
    assert seen.handle(removed(3, "PJSIP/101")) == []
    assert counted(seen) == {}


def test_nothing_is_known_after_a_lost_link_until_the_lists_are_read() -> None:
    seen = roster(queues(0, member("PJSIP/101")), device(0, "PJSIP/201", "NOT_INUSE"), down(1))
    assert counted(seen) == {}
    assert counted(seen, "desk") == {MemberState.UNKNOWN: 2}
    assert standing(seen.handle(told(2, member("PJSIP/102")))) == [("enquiries", 1, 0, 0, 0, False)]
    assert ("enquiries", 1, 0, 0, 0, True) in standing(seen.handle(queues(3, member("PJSIP/101"))))


def test_queues_that_no_line_claims_are_passed_over() -> None:
    seen = roster(told(0, member("PJSIP/101", queue="other")), queues(1, member("PJSIP/101", queue="other")))
    assert counted(seen) == {}


def test_only_a_change_of_standing_is_told_and_taking_up_a_call_is_a_sign_of_life() -> None:
    seen = roster(queues(0, member("PJSIP/101")))
    assert seen.handle(device(1, "PJSIP/101", "RINGING")) == []
    assert [type(fact) for fact in seen.handle(device(2, "PJSIP/101", "INUSE"))] == [MemberActive, TelephoneUsed]
    assert seen.handle(told(2, member("PJSIP/101", IN_USE))) == []
    assert [type(fact) for fact in seen.handle(device(3, "PJSIP/101", "NOT_INUSE"))] == [TelephoneUsed]


def active(facts: list[Fact]) -> int:
    return sum(isinstance(fact, MemberActive) for fact in facts)


def test_who_logs_in_or_unpauses_is_there_and_a_telephone_that_registers_again_proves_nothing() -> None:
    seen = roster(up(-1), queues(0, member("PJSIP/101"), member("PJSIP/103", paused=True)))
    assert active(seen.handle(device(1, "PJSIP/101", "UNAVAILABLE"))) == 0
    assert active(seen.handle(device(2, "PJSIP/101", "NOT_INUSE"))) == 0
    assert active(seen.handle(told(3, member("PJSIP/102")))) == 1
    assert active(seen.handle(told(4, member("PJSIP/102", paused=True)))) == 0
    assert active(seen.handle(told(5, member("PJSIP/102")))) == 1
    assert active(seen.handle(queues(6, member("PJSIP/101"), member("PJSIP/102"), member("PJSIP/103")))) == 1
    assert active(seen.handle(queues(7, member("PJSIP/101"), member("PJSIP/104")))) == 1


def test_the_first_list_of_a_pbx_is_no_sign_of_life() -> None:
    seen = roster(up(0), told(1, member("PJSIP/101", paused=True)))
    assert active(seen.handle(told(2, member("PJSIP/102")))) == 0
    assert active(seen.handle(queues(3, member("PJSIP/101"), member("PJSIP/102"), member("PJSIP/103")))) == 0


def test_it_is_told_since_when_a_telephone_is_in_use() -> None:
    def used(facts: list[Fact]) -> list[tuple[str, bool]]:
        return [(fact.device, fact.used) for fact in facts if isinstance(fact, TelephoneUsed)]

    seen = roster(up(-1))
    assert used(seen.handle(queues(0, member("PJSIP/101", IN_USE), member("PJSIP/102", 0)))) == [("PJSIP/101", True)]
    assert used(seen.handle(device(1, "PJSIP/101", "RINGINUSE"))) == []
    assert used(seen.handle(removed(2, "PJSIP/101"))) == [("PJSIP/101", False)]
    assert used(seen.handle(told(3, member("PJSIP/101", ON_HOLD)))) == [("PJSIP/101", True)]
    assert used(seen.handle(queues(4, member("PJSIP/101", RINGING)))) == [("PJSIP/101", False)]


def test_an_unknown_pbx_is_no_concern() -> None:
    elsewhere = told(0, member("PJSIP/101"))
    other = Roster(office(line(pbx="other", queues=frozenset({"enquiries"}))))
    assert other.handle(elsewhere) == []


def test_two_members_told_in_any_order_end_the_same() -> None:
    events = [
        told(0, member("PJSIP/101", UNAVAILABLE)),
        told(0, member("PJSIP/102")),
        device(0, "PJSIP/103", "INUSE"),
        told(0, member("PJSIP/103", IN_USE)),
    ]
    ends = {tuple(sorted(counted(roster(*order)).items())) for order in itertools.permutations(events)}
    assert len(ends) == 1


DEVICES = ["PJSIP/101", "PJSIP/102", "PJSIP/103"]
STEPS = st.one_of(
    st.tuples(
        st.just("told"),
        st.sampled_from("ab"),
        st.integers(0, 2),
        st.sampled_from(DEVICES),
        st.integers(0, 8),
        st.booleans(),
    ),
    st.tuples(st.just("removed"), st.sampled_from("ab"), st.integers(0, 2)),
    st.tuples(st.just("device"), st.sampled_from(DEVICES), st.sampled_from(sorted(DEVICE_STATES))),
)


@given(st.lists(STEPS, max_size=40))
def test_the_numbers_told_are_those_of_a_recount(steps: list[tuple[Any, ...]]) -> None:
    seen = Roster(office(line(queues=frozenset({"a", "b"}))))
    places: dict[tuple[str, str], tuple[str, int, bool]] = {}
    facts = seen.handle(queues(0))
    for step in steps:
        if step[0] == "told":
            _, queue, number, on, status, paused = step
            name = f"Local/{number}@agents"
            places[queue, name] = (on, status, paused)
            facts += seen.handle(told(1, member(name, status, queue, state_interface=on, paused=paused)))
        elif step[0] == "removed":
            places.pop((step[1], f"Local/{step[2]}@agents"), None)
            facts += seen.handle(removed(1, f"Local/{step[2]}@agents", step[1]))
        else:
            number = DEVICE_STATES[step[2]]
            places = {k: (on, number if on == step[1] else was, p) for k, (on, was, p) in places.items()}
            facts += seen.handle(device(1, step[1], step[2]))
    best: dict[str, int] = {}
    for on, status, paused in places.values():
        weight = 1 if paused else 0 if status in {4, 5} else 2 if status == 0 else 3
        best[on] = max(best.get(on, 0), weight)
    count = Counter(best.values())
    assert standing(facts)[-1] == ("enquiries", count[3], count[2], count[1], count[0], True)
