"""Abuse of an agent who called somebody back (W5): the code and the button, whose they are, and whom the mark is of."""

from dataclasses import replace

import pytest

from callcentre.core.charter import Office
from callcentre.core.commands import AbuseAct, Command
from callcentre.core.errors import IllegalTransition
from callcentre.core.events import UserEventRaised
from callcentre.core.facts import IncidentChanged
from callcentre.core.incidents import AbuseHow, AbuseStep, Incident, IncidentState
from callcentre.core.requests import AbuseAsked, ErasureAsked
from callcentre.core.tasks import Notice
from callcentre.core.terms import CallKey, NoticeKind
from tests.playbooks.click_story import AGENT, ANN, KEY, LEG, TALK, THROUGH_LOCAL, Script, World, after, office, task

WARN, END = AbuseStep.WARN, AbuseStep.END


def here() -> Office:
    """The office of clicks, where a role is told of abuse."""
    known = office()
    lines = tuple(replace(one, charter=replace(one.charter, abuse_role="Chief")) for one in known.lines)
    return replace(known, lines=lines, roles={"Chief": ("chief",)})


class Callback(World):
    """Alice calls Ann back; Ann answers at 9 s and both hang up at 60 s."""

    def __init__(self, script: Script = TALK) -> None:
        super().__init__(script, task(7), here=here())
        self.commands: list[Command] = []
        self._pressed = 0
        self.begin()
        self.click(number=7)

    def press(self, step: AbuseStep, telephone: str = AGENT, key: str = KEY) -> None:
        self._pressed += 1
        asked = AbuseAsked(
            pbx="lab",
            at=after(self.now),
            call=CallKey("lab", key),
            step=step,
            telephone=telephone,
            who="alice",
            request=f"press-{self._pressed}",
        )
        self.commands += self.put(asked).commands

    def dialplan(self, step: str, call: str = KEY, interface: str = AGENT) -> None:
        fields = {"Call": call, "Step": step, "How": "code", "Interface": interface}
        self.put(
            UserEventRaised(pbx="lab", at=after(self.now), name="CallcentreAbuse", uniqueid="local-9", fields=fields)
        )

    @property
    def incidents(self) -> dict[str, Incident]:
        return {fact.incident.uniqueid: fact.incident for fact in self.facts if isinstance(fact, IncidentChanged)}

    @property
    def notices(self) -> list[Notice]:
        return [one for fact in self.facts if isinstance(fact, IncidentChanged) for one in fact.notices]


@pytest.mark.parametrize("script", [TALK, THROUGH_LOCAL], ids=["straight", "through a Local channel"])
def test_the_code_warns_and_ends(script: Script) -> None:
    story = Callback(script)
    story.until(20)
    story.dialplan("warned")
    story.until(30)
    story.dialplan("ended")
    story.until(70)
    row = story.incidents[KEY]
    assert (row.state, row.how, row.warned_at, row.ended_at) == (
        *(IncidentState.ENDED, AbuseHow.CODE),
        *(after(20), after(30)),
    )
    assert (row.line, row.caller, row.agent, row.telephone, row.role) == ("enquiries", ANN, "Alice", AGENT, "Chief")
    assert row.marks(after(100)), "Ann is marked, and agents are shown it when she rings"
    assert [(one.kind, one.to) for one in story.notices] == [(NoticeKind.ABUSE, ("chief",))] * 2
    assert ANN not in "".join(one.title + one.text for one in story.notices)


def test_the_button_warns_and_ends() -> None:
    story = Callback()
    story.until(12)
    story.press(WARN)
    assert story.incidents[KEY].state is IncidentState.WARNING
    story.dialplan("warned")
    story.until(20)
    story.press(END)
    story.dialplan("ended")
    row = story.incidents[KEY]
    assert (row.state, row.how, row.agent) == (IncidentState.ENDED, AbuseHow.BUTTON, "alice")
    acts = [one for one in story.commands if isinstance(one, AbuseAct)]
    assert [(one.step, one.uniqueid, one.telephone) for one in acts] == [(WARN, KEY, AGENT), (END, KEY, AGENT)]


def test_never_on_a_call_that_is_not_ones_own() -> None:
    story = Callback()
    story.until(12)
    for telephone, key, why in (
        ("PJSIP/102", KEY, "not made from your telephone"),
        ("", KEY, "not made from your telephone"),
        (AGENT, LEG, "that call is over"),
        (AGENT, "k" * 19, "that call is over"),
    ):
        with pytest.raises(IllegalTransition, match=why):
            story.press(WARN, telephone, key)
    for call in (LEG, "k" * 19, ""):
        story.dialplan("warned", call)
    assert story.incidents == {}
    assert story.commands == []


def test_nobody_is_warned_who_has_not_answered_or_has_gone() -> None:
    story = Callback()
    for at, why in ((1, "that call is over"), (5, "nobody has answered yet"), (61, "that call is over")):
        story.until(at)
        with pytest.raises(IllegalTransition, match=why):
            story.press(WARN)
    story.dialplan("warned")
    assert story.incidents == {}


def test_whose_telephone_it_is_nobody_else_can_say() -> None:
    story = Callback()
    story.until(12)
    story.dialplan("warned", interface="PJSIP/999")
    assert story.incidents[KEY].telephone == AGENT


def test_a_restart_in_the_midst() -> None:
    story = Callback()
    story.until(12)
    story.restart().up()
    story.press(WARN)
    story.dialplan("warned")
    assert story.incidents[KEY].state is IncidentState.WARNED
    assert (story.incidents[KEY].caller, story.incidents[KEY].line) == (ANN, "enquiries")


def test_who_answered_while_nobody_looked_is_warned_by_the_code() -> None:
    story = Callback()
    story.until(3.15).down().until(12)
    story.up()
    story.dialplan("warned")
    assert story.incidents[KEY].state is IncidentState.WARNED


def test_an_erased_person_does_not_come_back() -> None:
    story = Callback()
    story.until(12)
    story.put(ErasureAsked(pbx="", at=after(12), who="sue", request="erase", why="asked", caller=ANN))
    story.until(14)
    story.dialplan("warned")
    assert story.incidents[KEY].caller is None
