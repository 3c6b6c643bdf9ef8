"""Abusive callers (W5): first press, second press, whose button, what a restart leaves, repeats, expiry and review."""

from dataclasses import replace

import pytest

from callcentre.core.errors import IllegalTransition, NotTheirRole
from callcentre.core.events import OriginateAnswered
from callcentre.core.facts import IncidentChanged
from callcentre.core.incidents import AbuseHow, AbuseStage, IncidentState, Review
from callcentre.core.terms import CallKey, NoticeKind, Outcome, WrapKind
from tests.playbooks.abuse_story import ANN, END, WARN, Abused, office
from tests.playbooks.story import after, answered, queued

S = IncidentState


@pytest.fixture
def story() -> Abused:
    """Ann is in a call with whoever answered at PJSIP/101, since 3.5 s."""
    story = Abused()
    answered(story)
    return story


def ended(story: Abused, t: float = 40) -> None:
    """The caller was led away at the second press: the agent's leg goes first, then, after the announcement, hers."""
    story.gone(t, "2")
    story.gone(t + 6, "1")
    story.until(t + 20)


def test_the_code_warns_and_ends(story: Abused) -> None:
    story.dialplan(10, "warned")
    assert (story.stands(), story.incident.warned_at) == (S.WARNED, after(10))
    story.dialplan(40, "ended")
    ended(story)
    row = story.incident
    assert (row.state, row.how, row.ended_at) == (S.ENDED, AbuseHow.CODE, after(40))
    assert (row.line, row.caller, row.telephone, row.role) == ("sales", ANN, "PJSIP/101", "Chief Executive")
    assert story.sent == []
    call = story.ended("1")
    assert (call.outcome, call.talk_seconds, call.answered_by) == (Outcome.ANSWERED, 42.5, "PJSIP/101")
    assert len(call.visits) == 1
    stages = [fact.stage for fact in story.facts if isinstance(fact, IncidentChanged) and fact.stage]
    assert stages == [AbuseStage.WARNED, AbuseStage.ENDED]


def test_the_named_role_is_told_without_the_number(story: Abused) -> None:
    story.dialplan(10, "warned")
    story.dialplan(40, "ended")
    story.dialplan(41, "ended")
    assert [(one.kind, one.to) for one in story.notices] == [(NoticeKind.ABUSE, ("chief",))] * 2
    assert len({one.key for one in story.notices}) == 2
    assert ANN not in "".join(one.title + one.text for one in story.notices)
    assert "…001" in story.notices[1].text
    assert "PJSIP/101" in story.notices[1].text


def test_where_nobody_holds_the_role_the_line_tells() -> None:
    story = Abused(office(roles={}))
    answered(story)
    story.dialplan(10, "warned")
    assert story.notices[0].to == ("desk",)


def test_the_button_asks_once_for_each_step(story: Abused) -> None:
    story.press(10, WARN, request="same")
    story.press(10.1, WARN, request="same")
    assert story.stands() is S.WARNING
    assert [(one.step, one.uniqueid, one.telephone) for one in story.sent] == [(WARN, "1", "PJSIP/101")]
    with pytest.raises(IllegalTransition, match="a moment ago"):
        story.press(10.2, WARN)
    story.dialplan(10.5, "warned", How="button")
    with pytest.raises(IllegalTransition, match="has been warned"):
        story.press(11, WARN)
    story.press(20, END)
    story.dialplan(20.5, "ended", How="button")
    with pytest.raises(IllegalTransition, match="being ended"):
        story.press(21, END)
    assert [one.step for one in story.sent] == [WARN, END]
    assert (story.incident.how, story.incident.agent, story.stands()) == (AbuseHow.BUTTON, "alice", S.ENDED)
    story.until(60)
    assert story.stands() is S.ENDED


def test_nobody_is_put_off_unwarned(story: Abused) -> None:
    with pytest.raises(IllegalTransition, match="not warned yet"):
        story.press(10, END)
    assert story.incidents == {}


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"telephone": "PJSIP/102"}, "not answered at your telephone"),
        ({"telephone": ""}, "not answered at your telephone"),
        ({"call": CallKey("lab", "8")}, "that call is over"),
        ({"call": CallKey("other", "1")}, "that call is over"),
        ({"request": "a b"}, "no proper name"),
    ],
)
def test_never_on_a_call_that_is_not_ones_own(story: Abused, more: dict[str, object], why: str) -> None:
    with pytest.raises(IllegalTransition, match=why):
        story.press(10, WARN, **more)
    assert story.sent == []
    assert story.incidents == {}


def test_not_on_a_call_that_rings_or_is_over() -> None:
    story = Abused()
    queued(story)
    story.rings(0.6, "1", "PJSIP/101", "2")
    with pytest.raises(IllegalTransition, match="that call is over"):
        story.press(1, WARN)
    story.answers(3, "1", "2")
    story.leave(3, "1", "sales")
    story.gone(9, "2")
    story.gone(9, "1")
    story.until(12)
    with pytest.raises(IllegalTransition, match="that call is over"):
        story.press(13, WARN)
    story.dialplan(14, "warned")
    assert story.incidents == {}


def test_without_an_account_that_acts() -> None:
    story = Abused(office(acts=False))
    answered(story)
    with pytest.raises(IllegalTransition, match="press the code"):
        story.press(10, WARN)
    story.dialplan(11, "warned")
    assert story.stands() is S.WARNED


def test_a_press_that_the_pbx_refuses_can_be_made_again(story: Abused) -> None:
    story.press(10, WARN)
    story.refused(10.2)
    assert story.stands() is S.NOT_WARNED
    assert not story.incident.happened
    assert story.notices == []
    story.press(12, WARN)
    key = story.sent[-1].key
    story.tell(OriginateAnswered(pbx="lab", at=after(12.5), key=key, done=False, reason=3))
    assert story.stands() is S.NOT_WARNED
    story.press(14, WARN)
    story.dialplan(14.5, "warned")
    story.press(20, END)
    story.refused(20.2)
    assert story.stands() is S.NOT_ENDED
    story.press(22, END)
    story.dialplan(22.5, "ended")
    assert (story.stands(), story.incident.ended_at) == (S.ENDED, after(22.5))


def test_a_press_that_nobody_heard_of_was_not_done(story: Abused) -> None:
    story.press(10, WARN)
    story.refused(10.2, lost=True)
    assert story.stands() is S.WARNING
    story.until(31)
    assert story.stands() is S.NOT_WARNED
    story.dialplan(32, "warned")
    assert (story.stands(), story.incident.warned_at) == (S.WARNED, after(32)), "told late, it is the better word"


@pytest.mark.parametrize(
    "more",
    [
        {"channel": None},
        {"Call": "2"},
        {"Call": ""},
        {"Call": "1\r\nEvent: Hangup"},
        {"step": "forgiven"},
        {"step": ""},
    ],
)
def test_what_the_dialplan_would_not_say_is_not_believed(story: Abused, more: dict[str, str]) -> None:
    story.dialplan(10, **({"step": "warned"} | more))
    assert story.incidents == {}


@pytest.mark.parametrize("said", ["", "Local/101@agents/n", "PJSIP/101\nx", "'; DROP", "x" * 200])
def test_the_telephone_is_the_one_that_answered_unless_a_proper_one_is_told(story: Abused, said: str) -> None:
    story.dialplan(10, "warned", Interface=said)
    assert story.incident.telephone == "PJSIP/101"


def test_a_restart_between_the_presses(story: Abused) -> None:
    story.press(10, WARN)
    story.dialplan(10.5, "warned")
    story.restart(15)
    story.listed(15.5, "1", "2", bridge="b", duration=12)
    assert story.stands() is S.WARNED
    story.press(20, END)
    assert [one.step for one in story.sent] == [END]
    story.dialplan(20.5, "ended")
    assert story.stands() is S.ENDED


def test_a_restart_while_it_is_asked_for_never_asks_again(story: Abused) -> None:
    story.press(10, WARN)
    story.restart(11)
    assert story.sent == []
    assert story.stands() is S.NOT_WARNED
    story.listed(11.5, "1", "2", bridge="b", duration=8)
    story.dialplan(12, "warned")
    assert story.stands() is S.WARNED


def test_the_agent_says_so_after_the_call(story: Abused) -> None:
    ended(story, 20)
    story.wrap(60, WrapKind.ABUSIVE, "threatened me, call 07700 900 123")
    row = story.incident
    assert (row.how, row.state, row.agent, row.telephone) == (AbuseHow.WRAP_UP, S.SAID, "alice", "PJSIP/101")
    assert row.note == "alice: threatened me, call …123"
    assert row.marks(after(100))
    assert [one.kind for one in story.notices] == [NoticeKind.ABUSE]
    story.wrap(70, WrapKind.RESOLVED)
    assert (story.incident.review, story.incident.reviewed_by) == (Review.WITHDRAWN, "alice")
    story.wrap(80, WrapKind.ABUSIVE)
    assert story.review_of() is None
    story.wrap(85, WrapKind.RESOLVED, who="bob")
    assert story.review_of() is None, "what another says takes nothing back"


def test_what_is_said_of_a_warned_caller_is_a_note(story: Abused) -> None:
    story.dialplan(10, "warned")
    ended(story, 20)
    story.wrap(60, WrapKind.ABUSIVE, "shouted")
    assert (story.incident.how, story.incident.note) == (AbuseHow.CODE, "alice: shouted")
    story.wrap(70, WrapKind.RESOLVED)
    assert story.review_of() is None
    assert len(story.notices) == 1


def test_a_repeat_is_told_of(story: Abused) -> None:
    story.dialplan(10, "warned")
    ended(story, 20)
    queued(story, "5", 100)
    story.rings(100.6, "5", "PJSIP/101", "6")
    story.answers(103, "5", "6")
    story.leave(103, "5", "sales")
    story.dialplan(110, "warned", Call="5")
    assert "marked for 1 other call." in story.notices[-1].text


def test_a_mark_is_reviewed_once_and_expires(story: Abused) -> None:
    story.dialplan(10, "warned")
    ended(story, 20)
    story.days(182)
    assert [one.kind for one in story.notices] == [NoticeKind.ABUSE]
    story.days(184)
    assert [(one.kind, one.to) for one in story.notices[1:]] == [(NoticeKind.ABUSE_REVIEW, ("chief",))]
    story.restart((story.days(200) - after(0)).total_seconds())
    story.days(201)
    assert len(story.notices) == 2
    story.review(story.days(202), Review.KEPT)
    assert story.incident.marks(story.days(364))
    assert not story.incident.marks(story.days(366))
    with pytest.raises(IllegalTransition, match="expired"):
        story.review(story.days(367), Review.WITHDRAWN, "late")
    assert story.review_of() is Review.KEPT


def test_a_review_that_fell_due_while_nobody_ran(story: Abused) -> None:
    story.dialplan(10, "warned")
    ended(story, 20)
    story.restart(190 * 86_400)
    story.days(190.01)
    assert [one.kind for one in story.notices] == [NoticeKind.ABUSE, NoticeKind.ABUSE_REVIEW]


def test_a_withdrawn_mark_marks_nobody(story: Abused) -> None:
    story.dialplan(10, "warned")
    with pytest.raises(IllegalTransition, match="say in the note why"):
        story.review(after(100), Review.WITHDRAWN)
    story.review(after(100), Review.WITHDRAWN, "the wrong caller")
    assert not story.incident.marks(after(101))
    assert story.incident.note == "Chief: the wrong caller"
    story.days(200)
    assert len(story.notices) == 1, "it is not to be reviewed again"


def test_only_the_named_role_reviews(story: Abused) -> None:
    story.dialplan(10, "warned")
    with pytest.raises(NotTheirRole, match="only the Chief Executive decides that"):
        story.review(after(100), Review.KEPT, who="sue", admin=True)
    assert story.review_of() is None
    story.review(after(100), Review.KEPT)
    assert (story.review_of(), story.incident.reviewed_by) == (Review.KEPT, "Chief")


def test_where_nobody_holds_the_role_administrators_review() -> None:
    story = Abused(office(roles={}))
    answered(story)
    story.dialplan(10, "warned")
    with pytest.raises(NotTheirRole, match="nobody holds the role Chief Executive"):
        story.review(after(100), Review.KEPT, who="chief")
    story.review(after(100), Review.KEPT, who="sue", admin=True)
    assert story.review_of() is Review.KEPT


def test_a_review_that_is_sent_again_changes_nothing(story: Abused) -> None:
    story.dialplan(10, "warned")
    story.review(after(100), Review.KEPT, "seen")
    row = story.incident
    story.restart(110)
    story.review(after(120), Review.KEPT, "seen")
    assert story.incident == row


def test_notes_are_added_and_bounded(story: Abused) -> None:
    story.dialplan(10, "warned")
    with pytest.raises(IllegalTransition, match="nothing was written"):
        story.note(20, " ")
    for number in range(30):
        story.note(21 + number, f"{number} " + "x" * 400)
    assert len(story.incident.note) <= 2_000
    assert story.incident.note.endswith("sue: 29 " + "x" * 400)


def test_an_erased_caller_does_not_come_back(story: Abused) -> None:
    story.dialplan(10, "warned")
    story.erase(20)
    story.note(30, "more")
    assert story.incident.caller is None


def test_a_press_that_came_to_nothing_is_not_reviewed(story: Abused) -> None:
    story.press(10, WARN)
    story.refused(11)
    with pytest.raises(IllegalTransition, match="nobody is marked"):
        story.review(after(20), Review.KEPT)
    story.days(200)
    assert story.notices == []
    assert not replace(story.incident, state=S.WARNED).happened
