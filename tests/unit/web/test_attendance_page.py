"""The page says who is there, since when and why; a breach cannot be missed, and shows what was done about it."""

import re
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
from aiohttp import web

from callcentre.core.facts import AttendanceChanged, BreachChanged
from callcentre.core.terms import ActionKind, ActionResult, Attendance, BreachEnd, Mode
from callcentre.web import pages
from callcentre.web.attendance import AttendanceNow
from callcentre.web.figures import Attendances
from callcentre.web.site import SITE
from callcentre.web.status import Status
from callcentre.web.today import words_of
from tests.unit.metrics.offices import VIEW, breach, breach_changed, line, step
from tests.unit.runtime.samples import NOON
from tests.unit.web.served import site
from tests.unit.web.test_pages import HOSTILE, status, today

SINCE = NOON - timedelta(seconds=372)
ALARMED = breach(since=SINCE, alarmed_at=SINCE + timedelta(seconds=60))
BROKEN = AttendanceNow(
    state=Attendance.UNATTENDED,
    since=SINCE,
    core=True,
    reason="nobody can answer: members are paused",
    who=("Alice Adams: paused (lunch)", "Bob Brown: paused"),
    breach=ALARMED,
    steps=(
        step(ActionResult.DONE, 1, since=SINCE),
        step(ActionResult.REFUSED, 2, since=SINCE, action=ActionKind.DIVERT, target="enquiries", why="No such key"),
        step(ActionResult.WANTED, 3, since=SINCE, action=ActionKind.RING_SUPERVISOR, target="PJSIP/110"),
    ),
)


@cache
def _app() -> web.Application:
    app = web.Application()
    app[SITE] = site(Path("nowhere"))
    pages.set_up(app)
    return app


def page(now: Status) -> str:
    """The part of /today that shows the office."""
    return pages.part(_app(), "today_part.html", **words_of(_app()[SITE], now))


def shown(now: AttendanceNow, at: datetime = NOON) -> str:
    """The block of a line's attendance."""
    html = page(status(today(attendance=now), at=at))
    return html[html.index('<div class="attendance') :].partition("</div>")[0]


def words(now: AttendanceNow) -> str:
    """What a reader sees of it."""
    html = re.sub(r"</(?:p|li|ul|ol)>", "\0", " ".join(shown(now).split())).replace("\0", "\n")
    text = re.sub(r"<[^>]+>", "", html).replace("\N{NO-BREAK SPACE}", " ")
    return "\n".join(" ".join(each.split()) for each in text.splitlines() if each.strip())


def test_a_breach_tells_since_when_why_who_and_what_was_done() -> None:
    assert words(BROKEN).splitlines() == [
        "Unattended since 11:53 (6 min)",
        "Nobody can answer: members are paused",
        "Alice Adams: paused (lunch)",
        "Bob Brown: paused",
        "People were told at 11:54",
        "11:53 Add standby enquiries PJSIP/109 done",
        "11:53 Divert callers enquiries refused by the PBX No such key",
        "11:53 Ring supervisor PJSIP/110 under way",
    ]


def test_a_breach_is_at_the_top_and_around_its_card() -> None:
    calm = AttendanceNow(state=Attendance.ATTENDED, since=SINCE, core=True)
    html = " ".join(page(status(today(attendance=BROKEN), today(line=line("bookings"), attendance=calm))).split())
    assert '<p class="alarm" role="alert">Nobody can answer: <b>enquiries</b> for 6 min</p>' in html
    assert html.count('class="card line breach"') == 1
    assert "bookings</b>" not in html
    html = page(status(today(attendance=calm)))
    assert "breach" not in html
    assert "alarm" not in html


@pytest.mark.parametrize(
    ("now", "looks", "first"),
    [
        (AttendanceNow(state=Attendance.ATTENDED, since=SINCE, core=True), "good", "Attended since 11:53 (6 min)"),
        (replace(BROKEN, breach=None, steps=()), "warn", "Unattended since 11:53 (6 min)"),
        (BROKEN, "bad", "Unattended since 11:53 (6 min)"),
        (replace(BROKEN, breach=breach(since=SINCE)), "warn", "Unattended since 11:53 (6 min)"),
        (replace(BROKEN, state=Attendance.ATTENDED), "warn", "Covered since 11:53 (6 min)"),
        (replace(BROKEN, state=Attendance.UNKNOWN), "warn", "Not known since 11:53 (6 min)"),
        (
            AttendanceNow(state=Attendance.ATTENDED, since=SINCE, core=True, breach=breach(unattended_at=None)),
            "warn",
            "Cover asked for since 11:53 (6 min)",
        ),
        (AttendanceNow(state=Attendance.UNATTENDED, core=False, reason="x"), "quiet", "Closed, nobody there"),
        (AttendanceNow(state=Attendance.UNKNOWN), "quiet", "Not known"),
    ],
    ids=["there", "too short", "breach", "grace", "covered", "unknown", "asked", "closed", "never"],
)
def test_each_state_has_its_words_and_its_colour(now: AttendanceNow, looks: str, first: str) -> None:
    assert now.looks == looks
    assert f'class="attendance {looks}"' in shown(now)
    assert words(now).splitlines()[0] == first


def test_only_what_needs_somebody_gives_a_reason() -> None:
    assert "because" not in words(AttendanceNow(state=Attendance.ATTENDED, core=True, reason="because"))
    assert "because" not in words(AttendanceNow(state=Attendance.UNATTENDED, core=False, reason="because"))
    assert "Because" in words(AttendanceNow(state=Attendance.UNKNOWN, reason="because"))


def test_a_line_that_is_only_observed_says_so() -> None:
    told = words(replace(BROKEN, breach=replace(ALARMED, mode=Mode.OBSERVE), steps=(step(ActionResult.OBSERVED),)))
    assert "observed only: nothing is changed on the PBX" in told
    assert told.endswith("not done: observed only")


def test_who_asked_for_cover_and_that_it_is_over() -> None:
    told = words(replace(BROKEN, breach=replace(ALARMED, asked_by="PJSIP/101", end=BreachEnd.RECOVERED)))
    assert "PJSIP/101 asked for cover · people were told at 11:54 · over; what was done is being taken back" in told


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(5, "(5 s)"), (60, "(1 min)"), (3_599, "(59 min)"), (3_660, "(1 h 01 min)"), (86_400 * 3, "Fri 20 Nov, 12:00")],
)
def test_how_long_already(seconds: int, said: str) -> None:
    now = AttendanceNow(state=Attendance.UNATTENDED, since=NOON - timedelta(seconds=seconds), core=True)
    assert words(now).endswith(said)


def test_times_are_the_lines_own() -> None:
    summer = NOON.replace(month=7)
    now = AttendanceNow(state=Attendance.ATTENDED, since=summer, core=True)
    assert ">13:00</time>" in shown(now, summer)


def test_words_from_a_pbx_are_escaped_and_numbers_masked() -> None:
    number = "PJSIP/07700900301@trunk"
    evil = replace(
        BROKEN,
        reason=HOSTILE,
        who=(HOSTILE, number),
        breach=replace(ALARMED, asked_by=HOSTILE),
        steps=(step(ActionResult.REFUSED, target=number, why=HOSTILE),),
    )
    html = page(status(today(line=line(HOSTILE), attendance=evil)))
    assert "<script" not in html
    assert shown(evil).count("&lt;script&gt;") == 4
    assert "07700900301" not in html
    assert "PJSIP/…301@trunk" in html


def test_an_acting_account_that_cannot_log_in_is_told() -> None:
    html = page(status(today(), acting_problems={HOSTILE: HOSTILE, "lab": "its login is refused"}))
    assert "The account that acts on lab is not logged in: its login is refused." in html
    assert html.count("&lt;script&gt;") == 2


# --- from facts to the page ------------------------------------------------------------------------------------------


def changed(state: Attendance = Attendance.UNATTENDED, reason: str = "nobody is logged in") -> AttendanceChanged:
    return AttendanceChanged(
        pbx="lab", at=SINCE, line="enquiries", state=state, reason=reason, core=True, who=("Alice",)
    )


def view(told: Attendances, *, broken: bool = True, state: Attendance = Attendance.UNATTENDED) -> AttendanceNow:
    """What is shown of the line once `told` has been told facts."""
    now = replace(VIEW, attendance={"enquiries": (state, SINCE)}, breaches={"enquiries": ALARMED} if broken else {})
    seen = told.now(line("enquiries"), now)
    assert seen is not None
    return seen


def test_nothing_is_said_before_anything_was_told() -> None:
    assert Attendances().now(line("enquiries"), replace(VIEW, attendance={})) is None


def test_reason_and_who_come_from_the_last_fact_of_that_state() -> None:
    told = Attendances()
    told.observe([changed()])
    assert (view(told).reason, view(told).who) == ("nobody is logged in", ("Alice",))
    assert view(told, state=Attendance.ATTENDED).reason == "", "not committed yet, so not explained"


def test_steps_are_the_breachs_own_in_their_order_as_they_are_now() -> None:
    told = Attendances()
    told.observe([breach_changed(step(ActionResult.WANTED, 2, since=SINCE), step(ActionResult.DONE, since=SINCE))])
    told.observe([breach_changed(step(ActionResult.REFUSED, 2, since=SINCE))])
    assert [(each.seq, each.result) for each in view(told).steps] == [(1, ActionResult.DONE), (2, ActionResult.REFUSED)]
    assert view(told, broken=False).steps == ()


def test_the_next_breach_begins_without_the_last_ones_steps() -> None:
    told = Attendances()
    told.observe([breach_changed(step(ActionResult.DONE, since=SINCE - timedelta(days=1)))])
    ended = replace(breach(since=SINCE - timedelta(days=1)), ended_at=SINCE, end=BreachEnd.RECOVERED)
    told.observe([BreachChanged(pbx="lab", at=SINCE, breach=ended)])
    assert view(told).steps == ()
    told.observe([breach_changed(step(ActionResult.DONE, 4, since=SINCE))])
    assert [each.seq for each in view(told).steps] == [4]


def test_after_a_restart_the_steps_of_before_are_there() -> None:
    told = Attendances()
    told.restore([(ALARMED, (step(ActionResult.DONE, since=SINCE),))])
    told.observe([breach_changed(step(ActionResult.DONE, 2, since=SINCE))])
    assert [each.seq for each in view(told).steps] == [1, 2]
