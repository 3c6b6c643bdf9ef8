"""Stories of a line that nobody attends, one for each reason: since when, why, who; and how it ends."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from callcentre.core.centre import CallCentre
from callcentre.core.events import (
    DeviceChanged,
    Event,
    MemberChanged,
    MemberRemoved,
    MemberSeen,
    QueuesListed,
    UserEventRaised,
)
from callcentre.core.facts import AttendanceChanged, Fact, OpenRows, PresenceChanged
from callcentre.core.terms import Attendance
from tests.playbooks.story import OFFICE, Story, after, line, queued

ATTENDED, UNATTENDED, UNKNOWN = Attendance.ATTENDED, Attendance.UNATTENDED, Attendance.UNKNOWN
HERE = replace(OFFICE, lines=(line("sales", dids="700", queues="sales"),))
PEOPLE = {"PJSIP/101": "Alice Adams", "PJSIP/102": "Bob Brown", "Local/103@agents/n": "Carol Clark"}


class Whole:
    """The whole centre, driven as one of its rooms."""

    def __init__(self) -> None:
        self.centre = CallCentre(HERE)

    def next_timer(self) -> datetime | None:
        """When to be woken."""
        return self.centre.next_timer()

    def handle(self, event: Event) -> list[Fact]:
        """Take one event."""
        return list(self.centre.handle(event).facts)


class Watched(Story):
    """A story of the line `sales`; `said` is what was told of its attendance."""

    def __init__(self) -> None:
        super().__init__(HERE)
        self.core: Any = Whole()

    @property
    def said(self) -> list[tuple[float, Attendance, str, tuple[str, ...]]]:
        """Seconds, state, reason and who of each change."""
        told = (fact for fact in self.facts if isinstance(fact, AttendanceChanged))
        return [((fact.at - after(0)).total_seconds(), fact.state, fact.reason, fact.who) for fact in told]

    @property
    def there(self) -> list[tuple[float, int | None]]:
        """Seconds, and how many were there."""
        told = (fact for fact in self.facts if isinstance(fact, PresenceChanged))
        return [((fact.at - after(0)).total_seconds(), fact.there) for fact in told]

    def seat(self, interface: str, status: int = 1, why: str | None = None) -> MemberSeen:
        """A member, paused if there is a reason."""
        return MemberSeen(
            queue="sales",
            interface=interface,
            name=PEOPLE[interface],
            state_interface="PJSIP/103" if interface.startswith("Local/") else interface,
            status=status,
            paused=why is not None,
            paused_reason=why or "",
        )

    def desk(self, t: float, *members: MemberSeen) -> None:
        """The link is up and the queues are read."""
        self.up(t)
        self.tell(QueuesListed(pbx="lab", at=after(t), queues=("sales",), members=members, callers=()))

    def changes(self, t: float, member: MemberSeen) -> None:
        """QueueMemberStatus and its kin."""
        self.tell(MemberChanged(pbx="lab", at=after(t), member=member))

    def goes(self, t: float, interface: str) -> None:
        """QueueMemberRemoved."""
        self.tell(MemberRemoved(pbx="lab", at=after(t), queue="sales", interface=interface))

    def device(self, t: float, device: str, state: str) -> None:
        """DeviceStateChange."""
        self.tell(DeviceChanged(pbx="lab", at=after(t), device=device, state=state))

    def rings_out(self, t: float, uniqueid: int, device: str = "PJSIP/101") -> None:
        """A caller waits 16 s while a telephone rings, and gives up."""
        caller, leg = str(uniqueid), str(uniqueid + 1)
        queued(self, caller, t)
        self.rings(t + 1, caller, device, leg)
        self.device(t + 1, device, "RINGING")
        self.dialled(t + 17, caller, leg, "CANCEL")
        self.gone(t + 17, leg)
        self.device(t + 17, device, "NOT_INUSE")
        self.leave(t + 17, caller, "sales", withdrawn=True)
        self.gone(t + 17, caller)
        self.until(t + 20)


def test_everybody_logs_off_and_somebody_logs_in() -> None:
    story = Watched()
    story.desk(0, story.seat("PJSIP/101"), story.seat("PJSIP/102"))
    story.goes(10, "PJSIP/101")
    story.goes(20, "PJSIP/102")
    story.changes(50, story.seat("PJSIP/102"))
    assert story.said[2:] == [
        (20, UNATTENDED, "nobody is logged in", ()),
        (50, ATTENDED, "1 or more can answer", ("Bob Brown",)),
    ]
    assert story.there == [(0, None), (0, 2), (10, 1), (20, 0), (50, 1)]


def test_everybody_pauses() -> None:
    story = Watched()
    story.desk(0, story.seat("PJSIP/101"), story.seat("PJSIP/102"))
    story.changes(10, story.seat("PJSIP/101", why="lunch"))
    story.changes(20, story.seat("PJSIP/102", why=""))
    story.changes(80, story.seat("PJSIP/101"))
    assert story.said[2:] == [
        (
            20,
            UNATTENDED,
            "nobody can answer: members are paused",
            ("Alice Adams: paused (lunch)", "Bob Brown: paused"),
        ),
        (80, ATTENDED, "1 or more can answer", ("Alice Adams",)),
    ]


def test_every_telephone_is_out_of_reach() -> None:
    story = Watched()
    story.desk(0, story.seat("PJSIP/101"), story.seat("Local/103@agents/n"))
    story.device(10, "PJSIP/103", "UNAVAILABLE")
    story.changes(20, story.seat("PJSIP/101", status=4))
    story.device(30, "PJSIP/103", "INUSE")
    assert story.said[2:] == [
        (
            20,
            UNATTENDED,
            "nobody can answer: members are out of reach",
            ("Alice Adams: out of reach", "Carol Clark: out of reach"),
        ),
        (30, ATTENDED, "1 or more can answer", ("Carol Clark",)),
    ]


def test_a_busy_telephone_is_there_and_one_that_was_never_seen_is_unknown() -> None:
    story = Watched()
    story.desk(0, story.seat("PJSIP/101", status=2), story.seat("PJSIP/102", status=0))
    story.changes(10, story.seat("PJSIP/101", status=5))
    assert story.said[1:] == [
        (0, ATTENDED, "1 or more can answer", ()),
        (10, UNKNOWN, "not all its telephones have been seen", ()),
    ]
    assert story.there == [(0, None), (0, 1), (10, None)]


@pytest.mark.parametrize("life", ["answers", "dials out", "presses I'm here", "logs in"])
def test_calls_ring_out_one_after_another_until_somebody_shows(life: str) -> None:
    story = Watched()
    story.desk(0, story.seat("PJSIP/101"))
    for number in (1, 2, 3):
        story.rings_out(100 * number, 10 * number)
    if life == "answers":
        queued(story, "50", 500)
        story.rings(502, "50", "PJSIP/101", "51")
        story.answers(505, "50", "51")
    elif life == "dials out":
        story.device(505, "PJSIP/101", "INUSE")
    elif life == "logs in":
        story.changes(505, story.seat("PJSIP/102"))
    else:
        fields = {"Line": "sales", "Interface": "PJSIP/101"}
        story.tell(UserEventRaised(pbx="lab", at=after(505), name="CallcentreHere", fields=fields))
    who = "Bob Brown" if life == "logs in" else "Alice Adams"
    assert story.said[2:] == [
        (319, UNATTENDED, "3 calls in a row rang out", ("Alice Adams: rang, nobody came",)),
        (505, ATTENDED, "1 or more can answer", (who,)),
    ]
    assert story.there == [(0, None), (0, 1), *([(505, 2)] if life == "logs in" else [])]


def test_too_few_are_there() -> None:
    story = Watched()
    story.core.centre = CallCentre(replace(HERE, lines=(replace(HERE.lines[0], min_agents=2),)))
    story.desk(0, story.seat("PJSIP/101"), story.seat("PJSIP/102"))
    story.changes(10, story.seat("PJSIP/102", why="lunch"))
    assert story.said[2:] == [
        (10, UNATTENDED, "too few can answer: members are paused", ("Bob Brown: paused (lunch)",)),
    ]


def test_the_pbx_is_lost_and_found() -> None:
    story = Watched()
    story.desk(0, story.seat("PJSIP/101"))
    story.down(10)
    story.desk(40, story.seat("PJSIP/101", why="lunch"))
    story.shutdown(60)
    assert [(t, state, reason) for t, state, reason, _ in story.said[2:]] == [
        (10, UNKNOWN, "the PBX is out of sight"),
        (40, UNKNOWN, "nothing has been told of this line yet"),
        (40, UNATTENDED, "nobody can answer: members are paused"),
        (60, UNKNOWN, "the PBX has stopped"),
    ]
    assert story.there == [(0, None), (0, 1), (10, None), (40, 0), (60, None)]


def test_members_that_a_reload_took_away_without_a_word_are_missed_when_the_queues_are_read_again() -> None:
    story = Watched()
    story.desk(0, story.seat("PJSIP/101"))
    story.tell(QueuesListed(pbx="lab", at=after(60), queues=("sales",), members=(), callers=()))
    assert story.said[2:] == [(60, UNATTENDED, "nobody is logged in", ())]


def test_a_daemon_that_was_away_knows_nothing_of_that_time() -> None:
    story = Watched()
    story.facts += story.core.centre.restore(OpenRows(last_seen={"lab": after(-600)}), after(0)).facts
    story.desk(5, story.seat("PJSIP/101"))
    assert [(t, state) for t, state, _, _ in story.said] == [(-600, UNKNOWN), (5, UNKNOWN), (5, ATTENDED)]
    assert story.there == [(-600, None), (5, 1)]
