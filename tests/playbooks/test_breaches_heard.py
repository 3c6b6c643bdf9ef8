"""Breaches through the whole core: what Asterisk says of its queues, and the commands that follow."""

from dataclasses import replace
from datetime import timedelta

import pytest

from callcentre.core.centre import CallCentre
from callcentre.core.charter import Office, Pbx
from callcentre.core.commands import Act, AddMember, PauseMember, RemoveMember, RingTelephone, StoreValue
from callcentre.core.events import ActionAnswered, Event, LinkUp, OriginateAnswered, TimePassed, UserEventRaised
from callcentre.core.facts import AttendanceChanged, BreachChanged, Fact, OpenRows
from callcentre.core.terms import Attendance, BreachEnd
from tests.playbooks.breach_story import BOSS, attention, enquiries
from tests.unit.core.happenings import NOON, UNAVAILABLE, at, down, member, passed, queues, removed, told, when
from tests.unit.core.offices import line

ALICE, BOB, STANDBY = "PJSIP/101", "PJSIP/102", "PJSIP/109"
OTHER = line("orders", queues=frozenset({"orders"}))
CAROL = member("PJSIP/201", queue="orders")


class Office1:
    """The core of an office, and Asterisk's answers to what it wants."""

    def __init__(self, *, grace: float = 60) -> None:
        here = enquiries(attention=attention(grace=timedelta(seconds=grace), supervisors=(BOSS,)))
        self.office = Office(
            pbxs=(Pbx(name="lab", acts=True),), lines=(here, OTHER), fallback_line="enquiries", url="https://x"
        )
        self.centre = CallCentre(self.office)
        self.centre.restore(OpenRows(), NOON)
        self.acts: list[Act] = []
        self.facts: list[Fact] = []
        self.now = 0.0

    def __rshift__(self, happening: Event) -> "Office1":
        self.until((happening.at - NOON).total_seconds())
        self._take(happening)
        return self

    def until(self, t: float) -> None:
        while (wake := self.centre.next_timer()) is not None and wake <= at(t):
            self.now = max(self.now, (wake - NOON).total_seconds())
            self._take(passed(wake))
        self.now = t

    def _take(self, event: Event) -> None:
        step = self.centre.handle(event)
        self.facts += step.facts
        for command in step.commands:
            if isinstance(command, Act):
                self.acts.append(command)
                self._take(ActionAnswered(pbx="lab", at=at(self.now), key=command.key, done=True, words="ok"))
                self._follows(command)

    def _follows(self, act: Act) -> None:
        match act:
            case AddMember():
                self._take(replace(told(self.now, member(act.interface, queue=act.queue)), added=True))
            case RemoveMember():
                self._take(removed(self.now, act.interface, act.queue))
            case PauseMember():
                self._take(told(self.now, member(act.interface, queue=act.queue, paused=act.paused)))
            case RingTelephone():
                self._take(OriginateAnswered(pbx="lab", at=at(self.now), key=act.key, done=True, reason=4))
            case _:
                pass

    def did(self) -> list[str]:
        """What changed on the PBX, without the openings."""
        words = []
        for act in self.acts:
            match act:
                case AddMember() | RemoveMember():
                    words.append(f"{type(act).__name__} {act.queue} {act.interface}")
                case StoreValue() if act.name.endswith("/divert"):
                    words.append(f"{act.name}={act.value}")
                case PauseMember() | RingTelephone():
                    words.append(type(act).__name__)
                case _:
                    pass
        return words

    def changes(self) -> list[BreachChanged]:
        return [fact for fact in self.facts if isinstance(fact, BreachChanged)]


CLEARED = ["line/enquiries/divert=None", "line/orders/divert=None"]
DONE = ["AddMember enquiries PJSIP/109", "line/enquiries/divert=1", "RingTelephone"]
UNDONE = ["line/enquiries/divert=None", "RemoveMember enquiries PJSIP/109"]


@pytest.fixture
def lab() -> Office1:
    lab = Office1()
    return lab >> LinkUp(**when(0), booted_at=NOON - timedelta(days=3)) >> queues(1, CAROL, member(ALICE), member(BOB))


def test_the_last_one_logs_off_and_comes_back(lab: Office1) -> None:
    lab >> removed(10, BOB) >> removed(20, ALICE)
    lab.until(79)
    assert lab.did() == CLEARED
    lab.until(90)
    assert lab.did() == [*CLEARED, *DONE]
    assert lab.centre.snapshot(at(90)).breaches["enquiries"].reason == "nobody is logged in"
    assert lab.centre.snapshot(at(90)).attendance["enquiries"][0] is Attendance.ATTENDED, "by the standby telephone"
    lab >> told(200, member(ALICE))
    lab.until(240)
    assert lab.did() == [*CLEARED, *DONE, *UNDONE]
    assert lab.changes()[-1].breach.end is BreachEnd.RECOVERED
    assert lab.centre.snapshot(at(240)).breaches == {}


def test_paused_members_who_opted_in_are_unpaused_and_that_was_all(lab: Office1) -> None:
    lab >> told(10, member(ALICE, paused=True)) >> told(20, member(BOB, UNAVAILABLE))
    lab.until(200)
    assert lab.did() == [*CLEARED, "PauseMember"]
    assert lab.changes()[0].breach.who == ("PJSIP/101: paused", "PJSIP/102: out of reach")


def test_cover_is_there_before_the_agent_pauses(lab: Office1) -> None:
    fields = {"Line": "enquiries", "Interface": ALICE, "Reason": "break", "Minutes": "15", "End": "1"}
    lab >> removed(5, BOB) >> UserEventRaised(**when(10), name="CallcentreCover", fields=fields)
    lab >> told(15, member(ALICE, paused=True))
    lab.until(600)
    assert lab.did() == [*CLEARED, DONE[0]]
    states = [f.state for f in lab.facts if isinstance(f, AttendanceChanged) and f.line == "enquiries"]
    assert states[-1] is Attendance.ATTENDED
    lab >> told(700, member(ALICE))
    lab.until(740)
    assert lab.did() == [*CLEARED, DONE[0], UNDONE[1]]


def test_a_lost_link_in_mid_breach(lab: Office1) -> None:
    lab >> removed(10, BOB) >> removed(20, ALICE)
    lab.until(100)
    lab >> down(110)
    lab.until(500)
    assert lab.did() == [*CLEARED, *DONE]
    lab >> LinkUp(**when(500), booted_at=NOON - timedelta(days=3)) >> queues(501, CAROL, member(STANDBY))
    lab.until(600)
    assert lab.did() == [*CLEARED, *DONE]
    assert lab.changes()[-1].breach.ended_at is None
    lab >> told(600, member(ALICE))
    lab.until(640)
    assert lab.did() == [*CLEARED, *DONE, *UNDONE]


def test_a_new_run_goes_on_where_the_rows_end(lab: Office1) -> None:
    lab >> removed(10, BOB) >> removed(20, ALICE)
    lab.until(100)
    steps = {step.seq: step for change in lab.changes() for step in change.steps}
    rows = OpenRows(breaches=((lab.changes()[-1].breach, tuple(steps.values())),), last_seen={"lab": at(100)})
    lab.centre, lab.acts = CallCentre(lab.office), []
    assert not [fact for fact in lab.centre.restore(rows, at(200)).facts if isinstance(fact, BreachChanged)]
    lab >> LinkUp(**when(201), booted_at=NOON - timedelta(days=3)) >> queues(202, CAROL, member(STANDBY))
    lab.until(300)
    assert lab.did() == ["line/orders/divert=None"]
    lab >> told(300, member(ALICE))
    lab.until(340)
    assert lab.did() == ["line/orders/divert=None", *UNDONE]


def test_the_same_events_give_the_same_commands() -> None:
    def play() -> list[Act]:
        lab = Office1(grace=0) >> LinkUp(**when(0)) >> queues(1, CAROL, member(ALICE)) >> removed(2, ALICE)
        lab >> TimePassed(pbx="", at=at(4000))
        return lab.acts

    assert play() == play() != []
