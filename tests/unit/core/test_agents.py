"""The roster: each place's state, whatever order it is told in."""

import itertools
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcentre.core.agents import Roster
from callcentre.core.charter import Attention
from callcentre.core.events import ChannelCreated, Event, MemberSeen
from callcentre.core.facts import Fact
from callcentre.core.hints import AgentReached, MemberActive, RosterChanged, TelephoneUsed
from callcentre.core.seats import DEVICE_STATES
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
    here,
    member,
    passed,
    queues,
    removed,
    said,
    told,
    up,
    when,
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


def free(facts: list[Fact]) -> list[tuple[str, int, int]]:
    return [(fact.line, fact.there, fact.free) for fact in facts if isinstance(fact, RosterChanged)]


def test_only_a_change_of_standing_or_freedom_is_told_and_taking_up_a_call_is_a_sign_of_life() -> None:
    seen = roster(queues(0, member("PJSIP/101")))
    assert free(seen.handle(device(1, "PJSIP/101", "RINGING"))) == [("enquiries", 1, 0)]
    assert [type(fact) for fact in seen.handle(device(2, "PJSIP/101", "INUSE"))] == [MemberActive, TelephoneUsed]
    assert seen.handle(told(2, member("PJSIP/101", IN_USE))) == []
    facts = seen.handle(device(3, "PJSIP/101", "NOT_INUSE"))
    assert [type(fact) for fact in facts] == [TelephoneUsed, RosterChanged]
    assert free(facts) == [("enquiries", 1, 1)]
    assert seen.handle(told(3, member("PJSIP/101", FREE))) == []


def test_who_wraps_up_is_there_but_not_free_until_it_is_over() -> None:
    seen = roster(up(-10), queues(0, member("PJSIP/101", IN_USE), member("PJSIP/102")))
    wrapping = member("PJSIP/101", FREE, wrapup_seconds=5, last_call=at(1))
    assert free(seen.handle(told(1, wrapping))) == [], "still one that is free"
    assert free(seen.handle(device(2, "PJSIP/102", "INUSE"))) == [("enquiries", 2, 0)]
    facts = seen.handle(passed(at(7)))
    assert free(facts) == [("enquiries", 2, 1)]
    assert [fact.at for fact in facts] == [at(6)]


def test_a_telephone_is_free_if_any_of_its_places_is_and_an_extension_of_a_line_counts() -> None:
    local = member("Local/101@agents/n", state_interface="PJSIP/101")
    seen = roster(queues(0, local, member("PJSIP/101", paused=True)))
    assert free(seen.handle(queues(1, member("PJSIP/101", paused=True)))) == [("enquiries", 0, 0)]
    assert free(seen.handle(queues(2, local, member("PJSIP/101", paused=True)))) == [("enquiries", 1, 1)]
    assert free(seen.handle(devices(3, PJSIP_201="NOT_INUSE", PJSIP_202="RINGING"))) == [("desk", 2, 1)]
    assert free(seen.handle(down(4))) == []
    assert free(seen.handle(device(5, "PJSIP/201", "INUSE"))) == [("desk", 1, 0)]


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
    assert free(facts)[-1][2] == len({on for on, status, paused in places.values() if status == FREE and not paused})


# --- seats -----------------------------------------------------------------------------------------------------------


def seats(facts: list[Fact]) -> list[list[tuple[str, str, MemberState, str]]]:
    """The seats of each RosterChanged: name, queue, state and why."""
    return [
        [(seat.name, seat.queue, seat.state, seat.why) for seat in fact.seats]
        for fact in facts
        if isinstance(fact, RosterChanged) and fact.line == "enquiries"
    ]


def test_seats_are_told_while_few_are_there_and_once_more_when_there_are_plenty() -> None:
    alice, bob = member("PJSIP/101", name="Alice Adams"), member("PJSIP/102", UNAVAILABLE, name="Bob Brown")
    seen = roster(up(0))
    first = ("Alice Adams", "enquiries", MemberState.FREE, "")
    assert seats(seen.handle(queues(1, alice, bob))) == [
        [first, ("Bob Brown", "enquiries", MemberState.UNREACHABLE, "")],
    ]
    assert seats(seen.handle(device(2, "PJSIP/102", "NOT_INUSE"))) == [
        [first, ("Bob Brown", "enquiries", MemberState.FREE, "")],
    ]
    assert seats(seen.handle(device(3, "PJSIP/102", "INUSE"))) == [[]]
    gone = told(4, member("PJSIP/101", paused=True, paused_reason="lunch", name="Alice Adams"))
    assert seats(seen.handle(gone)) == [
        [
            ("Alice Adams", "enquiries", MemberState.PAUSED, "lunch"),
            ("Bob Brown", "enquiries", MemberState.TALKING, ""),
        ],
    ]


def test_another_at_the_desk_is_told_though_the_numbers_are_the_same() -> None:
    seen = roster(up(0), queues(1, member("PJSIP/101", name="Alice Adams")))
    assert seats(seen.handle(queues(2, member("PJSIP/102", name="Bob Brown")))) == [
        [("Bob Brown", "enquiries", MemberState.FREE, "")],
    ]
    assert seats(seen.handle(queues(3, member("PJSIP/102", name="Bob Brown")))) == []


def test_standby_telephones_make_few_more() -> None:
    covered = line(queues=frozenset({"enquiries"}), attention=Attention(standby=("PJSIP/108", "PJSIP/109")))
    seen = Roster(office(covered))
    three = [member(f"PJSIP/10{number}") for number in (1, 2, 3)]
    assert [len(told) for told in seats(seen.handle(queues(1, *three)))] == [3]
    assert [len(told) for told in seats(seen.handle(queues(2, *three, member("PJSIP/104"))))] == [4]
    assert [len(told) for told in seats(seen.handle(queues(3, *three, member("PJSIP/104"), member("PJSIP/105"))))] == [
        0
    ]


@pytest.mark.parametrize(
    ("seen", "name"),
    [
        (member("PJSIP/101", name="Alice Adams"), "Alice Adams"),
        (member("Local/101@agents/n", state_interface="PJSIP/101", name="Local/101@agents/n"), "PJSIP/101"),
        (member("PJSIP/101", name=""), "PJSIP/101"),
        (member("PJSIP/101", name="A\x00l\u202eice\r\n  <b>\u2028"), "A l ice <b>"),
        (member("Local/07700900123@out/n", name=""), "Local/…123@out/n"),
        (member("PJSIP/101", name="07700900123"), "…123"),
        (member("PJSIP/101", name="x" * 500), "x" * 79 + "…"),
    ],
    ids=["named", "by its telephone", "nameless", "hostile", "a number", "a number as a name", "endless"],
)
def test_a_seats_name_is_fit_for_a_page(seen: MemberSeen, name: str) -> None:
    assert seats(roster(up(0)).handle(queues(1, seen)))[0][0][0] == name


def test_who_was_active_is_named() -> None:
    alice = member("Local/101@agents/n", state_interface="PJSIP/101", name="Alice Adams")
    seen = roster(up(0), queues(0, alice))
    bob, carol = member("PJSIP/102", name="Bob Brown"), member("PJSIP/103", name="Carol Clark")
    facts = [
        *seen.handle(device(1, "PJSIP/101", "INUSE")),
        *seen.handle(queues(2, alice, bob, carol)),
        *seen.handle(told(3, member("PJSIP/104"))),
    ]
    assert [fact.who for fact in facts if isinstance(fact, MemberActive)] == [
        "Alice Adams",
        "Bob Brown, Carol Clark",
        "PJSIP/104",
    ]


@pytest.mark.parametrize(
    ("channel", "state", "who"),
    [
        ("PJSIP/101-0000001a", 4, ["Alice Adams"]),
        ("PJSIP/101-0000001b", 0, []),  # it is rung
        ("PJSIP/109-0000001c", 4, []),
        ("Local/102@agents-0000001d;2", 4, []),  # the half of a Local channel that runs the dialplan
    ],
    ids=["dials", "is rung", "somebody else", "a Local channel"],
)
def test_a_member_who_dials_is_there_whatever_its_state_says(channel: str, state: int, who: list[str]) -> None:
    seen = roster(up(0), queues(0, member("PJSIP/101", name="Alice Adams"), member("Local/102@agents")))
    created = ChannelCreated(
        **when(1),
        channel=channel,
        uniqueid="1.1",
        linkedid="1.1",
        state=state,
        caller_number="101",
        caller_name="",
        context="phones",
        exten="07700900123",
    )
    assert [fact.who for fact in seen.handle(created) if isinstance(fact, MemberActive)] == who


# --- "I'm here" ------------------------------------------------------------------------------------------------------


def pressed(seen: Roster, **fields: str) -> list[tuple[str, str]]:
    facts = seen.handle(here(9, **fields))
    return [(fact.line, fact.who) for fact in facts if isinstance(fact, MemberActive)]


def test_who_presses_i_am_here_is_there_on_that_line_or_wherever_the_telephone_has_a_place() -> None:
    bookings = line("bookings", queues=frozenset({"bookings"}))
    seen = Roster(office(ENQUIRIES, bookings, DESK))
    local = member("Local/201@agents/n", state_interface="PJSIP/201", queue="bookings", name="Dan Davies")
    seen.handle(queues(0, member("PJSIP/101", name="Alice Adams"), local))
    assert pressed(seen, Line="enquiries", Interface="PJSIP/101") == [("enquiries", "Alice Adams")]
    assert pressed(seen, Line="enquiries", Interface="PJSIP/109") == [("enquiries", "PJSIP/109")]
    assert sorted(pressed(seen, Line="", Interface="PJSIP/201")) == [("bookings", "Dan Davies"), ("desk", "PJSIP/201")]
    assert pressed(seen, Interface="Local/201@agents/n") == [("bookings", "Dan Davies")]
    assert pressed(seen, Line="", Interface="PJSIP/109") == []


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"Line": "enquiries"},
        {"Line": "enquiries", "Interface": ""},
        {"Line": "enquiries", "Interface": "PJSIP/101\r\nx"},
        {"Line": "enquiries", "Interface": f"PJSIP/{'1' * 200}"},
        {"Line": "nowhere", "Interface": "PJSIP/101"},
        {"Line": "elsewhere", "Interface": "PJSIP/101"},
    ],
)
def test_what_is_pressed_in_no_known_way_is_nobody(fields: dict[str, str]) -> None:
    elsewhere = line("elsewhere", pbx="other", queues=frozenset({"enquiries"}))
    seen = Roster(office(ENQUIRIES, elsewhere))
    seen.handle(queues(0, member("PJSIP/101")))
    assert pressed(seen, **fields) == []
    assert seen.handle(said(9, "1", Line="enquiries", Interface="PJSIP/101")) == []


# --- any order -------------------------------------------------------------------------------------------------------

WORDS = {number: word for word, number in DEVICE_STATES.items()}
PLACES = [
    ("Local/101@agents/n", "PJSIP/101"),
    ("PJSIP/101", "PJSIP/101"),
    ("Local/102@agents/n", "hint:102@internal"),
    ("Local/103@agents", "Local/103@agents"),
    ("Local/104@agents", "Custom:dan"),
    ("SIP/105", "SIP/105"),
]


@given(st.data())
def test_whatever_order_the_same_states_are_told_in_after_a_list_the_roster_is_the_same(data: st.DataObject) -> None:
    both = line(queues=frozenset({"a", "b"}), min_agents=9)
    before = data.draw(st.lists(st.sampled_from(PLACES), unique=True))
    listed = queues(0, *(member(name, 1, "a", state_interface=on) for name, on in before))
    states = {on: data.draw(st.integers(0, 8)) for _, on in PLACES}
    now: list[Event] = []
    for (name, on), queue in itertools.product(PLACES, "ab"):
        fate = data.draw(st.sampled_from(["there", "paused", "gone", "gone"]))
        place = member(name, states[on], queue, state_interface=on, paused=fate == "paused")
        now.append(removed(1, name, queue) if fate == "gone" else told(1, place))
    now += [device(1, on, WORDS[state]) for on, state in states.items() if not on.startswith(("hint:", "Local/"))]
    ends = set()
    for order in (now, data.draw(st.permutations(now))):
        seen = Roster(office(both))
        facts = seen.handle(up(0)) + seen.handle(listed)
        for event in order:
            facts += seen.handle(event)
        last = [fact for fact in facts if isinstance(fact, RosterChanged)][-1]
        used: dict[str, bool] = {}
        for fact in facts:
            if isinstance(fact, TelephoneUsed):
                used[fact.device] = fact.used
        in_use = frozenset(device for device, is_used in used.items() if is_used)
        ends.add((last.seats, last.there, last.free, frozenset(seen.counts()["enquiries"].items()), in_use))
    assert len(ends) == 1


def test_who_picks_up_a_telephone_rung_at_their_own_click_is_there() -> None:
    seen = Roster(office(line(queues=frozenset({"enquiries"})), line("desk", extensions=frozenset({"PJSIP/102"}))))
    seen.handle(up(0))
    seen.handle(queues(1, member("PJSIP/101", name="Alice Adams")))
    told = [seen.handle_fact(AgentReached(pbx="lab", at=at(2), device=f"PJSIP/{name}")) for name in (101, 102, 103)]
    assert told == [
        [MemberActive(pbx="lab", at=at(2), line="enquiries", who="Alice Adams")],
        [MemberActive(pbx="lab", at=at(2), line="desk", who="PJSIP/102")],
        [],
    ]
    assert seen.handle_fact(AgentReached(pbx="elsewhere", at=at(3), device="PJSIP/101")) == []
