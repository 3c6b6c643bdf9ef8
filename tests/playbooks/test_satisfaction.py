"""After a call: the caller is asked how it was, the agent says by a code what it was; neither changes the call."""

from dataclasses import replace
from typing import Any

import pytest

from callcentre.core.centre import CallCentre, Step
from callcentre.core.commands import Command, StoreValue
from callcentre.core.events import Event, TimePassed, UserEventRaised
from callcentre.core.facts import CallerAsked, CallWrapped, Fact, OpenRows
from callcentre.core.terms import AttemptResult, Outcome, WrapKind
from tests.playbooks.story import OFFICE, Story, after, answered, queued

ACTS = replace(OFFICE, pbxs=tuple(replace(pbx, acts=True) for pbx in OFFICE.pbxs))
HOSTILE = ["0", "6", "-1", "1.0", " 1", "1 ", "55", "", "none", "٣", "１", "1\n2", "4" * 4000]


class Office(Story):
    """A story told to the whole core."""

    def __init__(self, *, acts: bool = True) -> None:
        super().__init__()
        self.centre = CallCentre(ACTS if acts else OFFICE)
        self.facts: list[Fact] = []
        self.commands: list[Command] = []
        self.centre.restore(OpenRows(), after(-1))

    def tell(self, event: Event) -> None:
        """One event, after whatever timers fell due before it."""
        while (due := self.centre.next_timer()) is not None and due <= event.at:
            self._took(self.centre.handle(TimePassed(pbx="", at=due)))
        self._took(self.centre.handle(event))

    def _took(self, step: Step) -> None:
        self.facts += step.facts
        self.commands += step.commands

    def restart(self, t: float) -> None:
        """The daemon ends, and begins with the call as it was written last."""
        self.centre = CallCentre(ACTS)
        self._took(self.centre.restore(OpenRows(calls=(self.call("1"),), last_seen={"lab": after(t)}), after(t)))

    def raised(
        self, t: float, name: str, uniqueid: str | None = "1", channel: str | None = None, **fields: str
    ) -> None:
        """A UserEvent."""
        event = UserEventRaised(pbx="lab", at=after(t), name=name, uniqueid=uniqueid, channel=channel, fields=fields)
        self.tell(event)

    def asks(self, t: float, uniqueid: str | None = "1") -> None:
        """The dialplan begins to put the question."""
        self.raised(t, "CallcentreSatisfaction", uniqueid, Step="asked")

    def presses(self, t: float, key: str, uniqueid: str | None = "1") -> None:
        """The dialplan tells of a key."""
        self.raised(t, "CallcentreSatisfaction", uniqueid, Step="answered", Answer=key)

    def says(self, t: float, resolved: str = "yes", telephone: str = "PJSIP/101", number: int = 50) -> None:
        """The dialplan tells of a code that was dialled."""
        name = f"{telephone}-{number:08x}"
        self.raised(t, "CallcentreWrapUp", f"1795514{number}.7", name, Resolved=resolved)

    def told(self) -> list[tuple[int | None, bool]]:
        """What became known of answers, in order: answer, and whether it is over."""
        return [(fact.answer, fact.over) for fact in self.facts if isinstance(fact, CallerAsked)]

    def wraps(self) -> list[tuple[str, str, WrapKind, bool]]:
        """What agents said."""
        found = [fact for fact in self.facts if isinstance(fact, CallWrapped)]
        return [(fact.wrap.uniqueid, fact.wrap.who, fact.wrap.kind, fact.first) for fact in found]

    def kept(self) -> list[tuple[str, str | None]]:
        """What telephones are told to have been kept."""
        return [(one.name, one.value) for one in self.commands if isinstance(one, StoreValue) and "wrapped" in one.name]


@pytest.fixture
def office() -> Office:
    """An office that may act; a call was answered at 3.5 s by PJSIP/101."""
    office = Office()
    answered(office)
    return office


def left(office: Office, t: float = 63.5) -> None:
    """The agent hangs up; the caller stays."""
    office.gone(t, "2")
    office.var(t + 0.01, "1", "QUEUESTATUS", "CONTINUE")


# --- the question ----------------------------------------------------------------------------------------------------


def test_one_key_is_the_answer_and_the_talk_was_over_before(office: Office) -> None:
    left(office)
    office.asks(63.6)
    office.presses(70, "4")
    office.gone(75, "1")
    assert office.told() == [(None, False), (4, True)]
    (_, fact) = (fact for fact in office.facts if isinstance(fact, CallerAsked))
    assert fact == CallerAsked(
        pbx="lab",
        at=after(70),
        uniqueid="1",
        line="sales",
        telephone="PJSIP/101",
        asked_at=after(63.6),
        answered_at=after(70),
        answer=4,
        over=True,
    )
    call = office.ended("1")
    assert (call.talk_seconds, call.ended_at, call.outcome) == (60.0, after(75), Outcome.ANSWERED)
    assert [attempt.result for attempt in call.attempts] == [AttemptResult.ANSWERED]


def test_without_the_question_the_call_is_the_same_but_for_its_end() -> None:
    asked, not_asked = Office(), Office()
    for office in (asked, not_asked):
        answered(office)
        left(office)
    asked.asks(63.6)
    asked.presses(64, "5")
    asked.gone(80, "1")
    not_asked.gone(63.5, "1")
    assert replace(asked.ended("1"), ended_at=None) == replace(not_asked.ended("1"), ended_at=None)


def test_no_key_and_a_hang_up_are_no_answer(office: Office) -> None:
    left(office)
    office.asks(63.6)
    office.gone(63.7, "1")
    assert office.told() == [(None, False), (None, True)]
    assert office.ended("1").talk_seconds == 60.0


def test_it_is_asked_once_and_the_first_answer_counts(office: Office) -> None:
    left(office)
    office.asks(63.6)
    office.asks(64)
    office.presses(65, "2")
    office.presses(66, "5")
    office.asks(67)
    office.gone(70, "1")
    assert office.told() == [(None, False), (2, True)]


@pytest.mark.parametrize("key", HOSTILE)
def test_whatever_is_no_key_from_1_to_5_is_no_answer(office: Office, key: str) -> None:
    left(office)
    office.asks(63.6)
    office.presses(65, key)
    office.raised(66, "CallcentreSatisfaction", Step="Answered", Answer="5")
    office.raised(66, "CallcentreSatisfactions", Step="answered", Answer="5")
    office.gone(70, "1")
    assert office.told() == [(None, False), (None, True)]


def test_who_was_not_answered_or_is_no_caller_of_a_line_has_no_answer() -> None:
    office = Office()
    queued(office)
    for uniqueid in ("1", "2", "77", None):
        office.asks(5, uniqueid)
        office.presses(6, "5", uniqueid)
    office.gone(30, "1")
    office.presses(31, "5")
    office.until(60)
    assert office.told() == []


def test_a_hang_up_told_after_the_question_ends_the_talk_with_the_question(office: Office) -> None:
    office.asks(63.52)
    office.gone(63.53, "2")
    office.gone(70, "1")
    assert office.ended("1").talk_seconds == pytest.approx(60.02)


def test_who_hung_up_before_the_answer_ends_no_talk(office: Office) -> None:
    """A telephone too late in a race: its Hangup is told after the answer, and is no end of the talk."""
    other = Office()
    queued(other)
    other.rings(0.6, "1", "PJSIP/101", "2")
    other.rings(0.6, "1", "PJSIP/102", "3")
    other.state(3.4, "3", 6)
    other.answers(3.5, "1", "2")
    other.gone(3.6, "3")
    left(other)
    other.asks(63.6)
    other.gone(70, "1")
    assert other.ended("1").talk_seconds == 60.0


def test_after_a_transfer_the_talk_ends_with_whoever_talked_last(office: Office) -> None:
    office.rings(20, "1", "PJSIP/102", "3")
    office.answers(22, "1", "3")
    office.gone(23, "2")
    office.gone(83.5, "3")
    office.asks(83.6)
    office.gone(90, "1")
    assert office.ended("1").talk_seconds == 80.0


def test_over_a_restart_the_talk_stays_over_and_an_answer_is_taken(office: Office) -> None:
    left(office)
    office.asks(63.6)
    office.restart(64)
    office.up(65)
    office.listed(65, "1")
    office.presses(66, "3")
    office.gone(70, "1")
    assert office.told() == [(None, False), (3, True)]
    assert office.ended("1").talk_seconds == 60.0


# --- the code --------------------------------------------------------------------------------------------------------


def test_the_telephone_says_what_its_last_call_was_and_is_told_that_it_was_kept(office: Office) -> None:
    office.gone(63.5, "1")
    office.says(80, "yes")
    assert office.wraps() == [("1", "PJSIP/101", WrapKind.RESOLVED, True)]
    assert office.kept() == [("wrapped/PJSIP/101", "1795514507")]
    office.says(90, "no", number=51)
    assert office.wraps()[1:] == [("1", "PJSIP/101", WrapKind.UNRESOLVED, False)]
    office.says(95, "no", number=52)
    assert len(office.wraps()) == 2, "the same again is nothing new"
    assert len(office.kept()) == 3, "but is kept all the same"


def test_it_may_be_said_while_the_caller_is_asked(office: Office) -> None:
    left(office)
    office.asks(63.6)
    office.says(64)
    assert len(office.wraps()) == 1


@pytest.mark.parametrize(
    "more",
    [
        {"telephone": "PJSIP/102"},
        {"telephone": "Local/101@agents"},
        {"resolved": "maybe"},
        {"resolved": ""},
        {"resolved": "YES"},
    ],
)
def test_of_nothing_but_its_own_call_and_in_no_other_words(office: Office, more: dict[str, Any]) -> None:
    office.gone(63.5, "1")
    office.says(80, **more)
    assert (office.wraps(), office.kept()) == ([], [])


def test_ten_minutes_later_another_call_may_be_meant(office: Office) -> None:
    office.gone(63.5, "1")
    office.says(664)
    assert office.wraps() == []
    office.says(663.5, number=51)
    assert len(office.wraps()) == 1


def test_who_lost_the_race_did_not_answer() -> None:
    office = Office()
    queued(office)
    office.rings(0.6, "1", "PJSIP/101", "2")
    office.rings(0.6, "1", "PJSIP/102", "3")
    office.state(4.0, "2", 6)
    office.state(4.01, "3", 6)
    office.dialled(4.02, "1", "3", "ANSWER")
    office.dialled(4.02, "1", "2", "CANCEL")
    office.says(5, telephone="PJSIP/101")
    office.says(5, telephone="PJSIP/102", number=51)
    assert [who for _, who, _, _ in office.wraps()] == ["PJSIP/102"]


def test_the_last_call_is_the_one_that_was_answered_last(office: Office) -> None:
    """The first caller was led on and stays; the telephone answered another meanwhile."""
    queued(office, "11", 70)
    office.rings(70.6, "11", "PJSIP/101", "12")
    office.answers(72, "11", "12")
    office.gone(80, "11")
    office.gone(90, "1")
    office.says(95)
    assert [uniqueid for uniqueid, *_ in office.wraps()] == ["11"]


def test_where_nothing_can_be_answered_nothing_is_taken() -> None:
    office = Office(acts=False)
    answered(office)
    office.gone(63.5, "1")
    office.says(70)
    assert (office.wraps(), office.kept()) == ([], [])


def test_after_a_restart_a_call_that_lasts_is_still_its_own(office: Office) -> None:
    office.restart(10)
    office.says(11)
    assert [uniqueid for uniqueid, *_ in office.wraps()] == ["1"]


def test_an_event_that_no_channel_raised_is_nobodys_word(office: Office) -> None:
    office.raised(70, "CallcentreWrapUp", None, None, Resolved="yes")
    office.raised(70, "CallcentreWrapUp", "1.9", None, Resolved="yes")
    office.raised(70, "CallcentreWrapUp", None, "PJSIP/101-00000001", Resolved="yes")
    assert office.wraps() == []
