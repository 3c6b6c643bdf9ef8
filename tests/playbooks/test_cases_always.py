"""What holds of cases whatever is asked of them and when: checked on drawn stories, with restarts in between."""

from contextlib import suppress
from datetime import date, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from callcentre.core.case_requests import CaseAction
from callcentre.core.case_values import CaseChannel, CaseOutcome, CaseState
from callcentre.core.errors import IllegalTransition
from callcentre.core.events import TimePassed
from tests.playbooks.case_story import CaseStory, at, here, told

CHARTERS = st.sampled_from(["hct", "cmi", "wme"])
KINDS = st.sampled_from(["complaint", "enquiry", "suggestion", "compliment"])
CHANNELS = st.sampled_from(CaseChannel)
MOMENTS = st.integers(0, 60 * 24 * 60).map(lambda minutes: at("2026-12-01 00:00") + timedelta(minutes=minutes))
OWNED: dict[str, Any] = {"owner": "Olu", "direct_dial": "01632960500"}
LATE = "2027-02-01 12:00"


@given(CHARTERS, KINDS, CHANNELS, st.lists(MOMENTS, min_size=2, max_size=2).map(sorted))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_is_received_later_is_never_due_earlier(charter: str, kind: str, channel: CaseChannel, when: Any) -> None:
    story = CaseStory(here(charter), start=LATE)
    cases = [story.open(LATE, kind, channel, received=told(each), **OWNED) for each in when]
    first, second = cases
    for name in ("ack_due", "ack_act_by", "answer_due", "answer_act_by"):
        before, after = getattr(first, name), getattr(second, name)
        assert (before is None) is (after is None)
        assert before is None or before <= after


STEPS = st.one_of(
    st.sampled_from([action for action in CaseAction if action not in (CaseAction.OPEN, CaseAction.AGREE)]).map(
        lambda action: (action, {})
    ),
    st.integers(0, 40).map(
        lambda days: (CaseAction.AGREE, {"agreed_on": date(2026, 11, 24) + timedelta(days=days), "agreed_from": "Olu"})
    ),
    st.sampled_from(CaseOutcome).map(lambda outcome: (CaseAction.CLOSE, {"outcome": outcome})),
    st.sampled_from(CaseChannel).map(lambda channel: (CaseAction.STAGE, {"channel": channel})),
    st.just((CaseAction.EDIT, {"name": "Ann", "category": ""})),
)
WAITS = st.sampled_from([0, 1, 60, 6 * 60, 26 * 60, 8 * 24 * 60])


@given(CHARTERS, st.lists(st.tuples(WAITS, STEPS, st.booleans()), max_size=12))
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_nothing_is_told_or_decided_twice_and_the_row_shows_its_clocks(charter: str, steps: list[Any]) -> None:
    story = CaseStory(here(charter))
    story.open("2026-11-23 10:00")
    for wait, (action, more), again in steps:
        moment = told(story.now + timedelta(minutes=wait))
        more = {"why": "so it is", **more}
        with suppress(IllegalTransition):
            story.ask(
                moment, action, request=f"{action}-{moment}", row=story.cases[1], clocks=story_clocks(story), **more
            )
        if again:
            story.restart(moment)
        held(story)
    story.until("2027-12-01 12:00")
    held(story)
    ended = [clock for clock in story.clocks_of() if clock.met_at is not None]
    firsts = {(clock.clock, clock.stage) for clock in ended if clock.clock in ("acknowledge", "answer")}
    others = [clock for clock in ended if clock.clock not in ("acknowledge", "answer")]
    assert len(story.judged) == len(firsts) + len(others)
    assert story.core.handle(TimePassed(pbx="", at=story.now)) == []


def story_clocks(story: CaseStory) -> Any:
    """The clocks of the case, as a page would give them."""
    return tuple(story.clocks_of())


def held(story: CaseStory) -> None:
    """What is so at any moment."""
    case, running = story.cases[1], [clock for clock in story.clocks_of() if clock.runs]
    assert case.next_due == min((clock.due for clock in running), default=None)
    assert len({clock.clock for clock in running}) == len(running), "two of one kind run"
    assert all(clock.started_at <= clock.due and clock.act_by <= clock.due for clock in running)
    if case.state is CaseState.CLOSED:
        assert not running
    assert (case.answered_at is None) or (case.acknowledged_at is not None)


@given(st.lists(st.sampled_from(["a", "b", "c"]), max_size=8), st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_there_is_one_case_for_each_key(keys: list[str], data: st.DataObject) -> None:
    story = CaseStory(here("hct"))
    for minute, key in enumerate(keys):
        moment = f"2026-11-23 10:{minute:02}"
        asked: dict[str, Any] = {"line": "enquiries", "kind": "suggestion", "channel": CaseChannel.CALL}
        story.ask(moment, CaseAction.OPEN, 0, request=key, **asked)
        if data.draw(st.booleans()):
            story.restart(moment)
    assert sorted(story.cases) == list(range(1, len(set(keys)) + 1))
