"""The centre hands to each of its parts what it must know."""

from callcentre.core.centre import CallCentre
from callcentre.core.facts import AttendanceChanged, MessageLeft
from callcentre.core.terms import Attendance
from tests.unit.core.happenings import at, call, gone, up, waiting
from tests.unit.core.offices import line, office

ENQUIRIES = line(queues=frozenset({"enquiries"}), mailboxes=frozenset({"600@default"}))


def test_restoring_says_that_nothing_is_known_since_the_earlier_run() -> None:
    step = CallCentre(office(ENQUIRIES)).restore([], {"lab": at(0)})
    told = [(fact.line, fact.at, fact.state) for fact in step.facts if isinstance(fact, AttendanceChanged)]
    assert told == [("enquiries", at(0), Attendance.UNKNOWN)]


def test_a_caller_of_the_earlier_run_can_still_leave_a_message() -> None:
    centre = CallCentre(office(ENQUIRIES))
    facts = list(centre.restore([call("1.1")], {"lab": at(0)}).facts)
    for event in (up(5), waiting(20, "600@default", 3, "1.1"), gone(21, "1.1")):
        facts += centre.handle(event).facts
    assert [fact.message.uniqueid for fact in facts if isinstance(fact, MessageLeft)] == ["1.1"]
