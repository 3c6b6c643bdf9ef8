"""The centre hands to each of its parts what it must know."""

from callcentre.core.centre import CallCentre
from callcentre.core.commands import Resync
from callcentre.core.events import EventsQuarantined, PbxReloaded
from callcentre.core.facts import AttendanceChanged, OpenRows, TaskChanged
from callcentre.core.terms import Attendance
from tests.unit.core.happenings import at, call, gone, up, waiting, when
from tests.unit.core.offices import line, office

ENQUIRIES = line(queues=frozenset({"enquiries"}), mailboxes=frozenset({"600@default"}))


def test_restoring_says_that_nothing_is_known_since_the_earlier_run() -> None:
    step = CallCentre(office(ENQUIRIES)).restore(OpenRows(last_seen={"lab": at(0)}), at(1))
    told = [(fact.line, fact.at, fact.state) for fact in step.facts if isinstance(fact, AttendanceChanged)]
    assert told == [("enquiries", at(0), Attendance.UNKNOWN)]


def test_a_caller_of_the_earlier_run_can_still_leave_a_message() -> None:
    centre = CallCentre(office(ENQUIRIES))
    facts = list(centre.restore(OpenRows(calls=(call("1.1"),), last_seen={"lab": at(0)}), at(1)).facts)
    for event in (up(5), waiting(20, "600@default", 3, "1.1"), gone(21, "1.1")):
        facts += centre.handle(event).facts
    filed = [fact for fact in facts if isinstance(fact, TaskChanged) and fact.first]
    assert [fact.message.uniqueid for fact in filed if fact.message is not None] == ["1.1"]
    assert [fact.task.line for fact in filed if fact.task is not None] == ["enquiries"]


def test_after_a_doubt_or_a_reload_the_pbx_is_read_again() -> None:
    centre = CallCentre(office(ENQUIRIES))
    centre.handle(up(0))
    doubt, reload = EventsQuarantined(**when(1), reason="truncated"), PbxReloaded(**when(2), module="All")
    assert [centre.handle(event).commands for event in (doubt, reload)] == [
        (Resync(pbx="lab", reason="events not believed: truncated"),),
        (Resync(pbx="lab", reason="the PBX was reloaded"),),
    ]
