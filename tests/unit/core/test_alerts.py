"""What people are told about an unattended line: words from outside are bounded, numbers masked, each told once."""

from datetime import timedelta
from typing import Any

import pytest

from callcentre.core import alerts
from callcentre.core.breach import Breach, BreachStep
from callcentre.core.calendar import Calendar
from callcentre.core.charter import EscalationStep, Shift
from callcentre.core.terms import ActionKind, ActionResult, BreachEnd, Mode
from tests.playbooks.breach_story import attention, enquiries
from tests.unit.core.happenings import NOON, at
from tests.unit.core.offices import week

LINE = enquiries()


def told(*steps: BreachStep, to: tuple[str, ...] = ("early",), seconds: float = 60, **breach: Any) -> alerts.Told:
    values: dict[str, Any] = {"mode": Mode.ENFORCE, "reason": "nobody is logged in", "unattended_at": NOON}
    record = Breach(pbx="lab", line="enquiries", since=NOON, **(values | breach))
    return alerts.Told(line=LINE, calendar=Calendar(LINE), breach=record, steps=steps, at=at(seconds), to=to)


def step(action: ActionKind, target: str, result: ActionResult, **more: Any) -> BreachStep:
    return BreachStep(
        pbx="lab", line="enquiries", since=NOON, seq=1, at=NOON, action=action, target=target, result=result, **more
    )


@pytest.mark.parametrize(
    ("long", "words"),
    [(0, "0 s"), (59.9, "59 s"), (60, "1 min"), (3599, "59 min"), (3600, "1 h"), (3900, "1 h 5 min"), (-5, "0 s")],
)
def test_how_long(long: float, words: str) -> None:
    assert alerts.span(timedelta(seconds=long)) == words


def test_names_from_the_pbx_cannot_make_lines_or_show_numbers_or_fill_a_page() -> None:
    who = tuple(f"Mallory\r\nSee http://evil {n}: paused (01632960123)" + "x" * 900 for n in range(40))
    text = alerts.unattended(told(who=who), ()).text
    assert "01632960123" not in text
    assert "…123" in text
    assert not [one for one in text.splitlines() if one.startswith("See")]
    assert text.count("Mallory") == 10
    assert "- and 30 more" in text
    assert len(text) < 3000


def test_a_number_outside_as_supervisor_is_masked() -> None:
    ring = step(ActionKind.RING_SUPERVISOR, "Local/01632960123@out", ActionResult.REFUSED, why="Extension not found")
    notice = alerts.refused(told(ring), ring)
    assert "01632960123" not in f"{notice.title} {notice.text} {notice.key}"
    assert "refused by the PBX (Extension not found)" in notice.text


def test_each_notice_of_a_breach_has_a_key_of_its_own() -> None:
    add = step(ActionKind.ADD_STANDBY, "enquiries PJSIP/109", ActionResult.REFUSED)
    ring = step(ActionKind.RING_SUPERVISOR, "PJSIP/110", ActionResult.FAILED)
    notices = [
        alerts.unattended(told(), ()),
        alerts.still(told(), 600, 0, covered=False),
        alerts.still(told(), 1800, 0, covered=True),
        alerts.recovered(told(end=BreachEnd.RECOVERED), at(50)),
        alerts.cover(told(asked_by="PJSIP/101")),
        alerts.refused(told(add), add),
        alerts.refused(told(ring), ring),
        alerts.held_back(told(), 30),
    ]
    assert len({notice.key for notice in notices}) == len(notices)
    assert alerts.unattended(told(seconds=900, waiting=3, reason="paused"), ()).key == notices[0].key


def test_what_could_not_be_taken_back_does_not_say_that_the_line_needs_somebody() -> None:
    undo = step(ActionKind.REMOVE_STANDBY, "enquiries PJSIP/109", ActionResult.REFUSED, undoes=1)
    assert "needs somebody since" in alerts.refused(told(undo), undo).text
    over = alerts.refused(told(undo, ended_at=at(50), end=BreachEnd.RECOVERED), undo).text
    assert "needs somebody" not in over
    assert "somebody must see to it" in over


def test_where_nothing_is_set_up_people_are_told_so() -> None:
    assert "Nothing is set up to be done about it by itself." in alerts.unattended(told(), ()).text


def test_a_step_of_the_escalation_says_whether_standby_answers() -> None:
    assert "Standby telephones alone can answer." in alerts.still(told(), 600, 2, covered=True).text
    alone = alerts.still(told(seconds=600), 600, 2, covered=False)
    assert "Nobody can answer." in alone.text
    assert "Callers waiting now: 2." in alone.text
    assert alone.title == "enquiries: still unattended after 10 min"


def test_contacts_are_those_of_every_shift_of_the_moment_else_the_lines() -> None:
    early = Shift(hours=week("07:00-13:00"), tell=("ann", "ben"))
    always = Shift(hours=week("00:00-24:00", days=7), tell=("ben", "cat"))
    both = enquiries(attention=attention(shifts=(early, always)))
    only = enquiries(attention=attention(shifts=(early,)))
    assert alerts.contacts(both, Calendar(both), NOON) == ("ann", "ben", "cat")
    assert alerts.contacts(both, Calendar(both), at(3600)) == ("ben", "cat")
    assert alerts.contacts(only, Calendar(only), at(3600)) == ("desk",)


def test_a_shift_goes_by_the_lines_own_clock_in_summer_too() -> None:
    early = enquiries(attention=attention(shifts=(Shift(hours=week("07:00-13:00"), tell=("ann",)),)))
    july = NOON.replace(month=7, day=21)
    assert alerts.contacts(early, Calendar(early), july) == ("desk",), "it is 13:00 there"
    assert alerts.contacts(early, Calendar(early), july - timedelta(seconds=1)) == ("ann",)


def test_steps_of_the_escalation_at_one_moment_are_one() -> None:
    ten = timedelta(minutes=10)
    steps = (
        EscalationStep(after=2 * ten, tell=("boss",)),
        EscalationStep(after=ten, tell=("ann",)),
        EscalationStep(after=ten, tell=("ben", "ann")),
    )
    here = enquiries(attention=attention(escalation=steps))
    assert alerts.escalations(here) == {600: ("ann", "ben"), 1200: ("boss",)}
    assert list(alerts.escalations(here)) == [600, 1200]
