"""The wallboard: large figures that are true or said not to be known, made once for all who watch."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import ClientResponse, ClientSession

from callcentre.core.service_level import ServiceLevel
from callcentre.core.terms import Attendance, MemberState, Outcome
from callcentre.web.attendance import AttendanceNow
from callcentre.web.site import Site
from callcentre.web.status import CallbacksNow, Status
from callcentre.web.wallboard import TOPIC, agents_of, totals
from tests.unit.metrics.offices import line
from tests.unit.runtime.samples import NOON
from tests.unit.web.served import served
from tests.unit.web.served import site as site_of
from tests.unit.web.test_attendance_page import BROKEN
from tests.unit.web.test_pages import BOSS, HOSTILE, get, status, today

DARK = today(line=line("nurse", "away"), waiting=None, agents=None)


@dataclass
class Office:
    """What a test says the office is like, and how often it was asked."""

    now: Status = field(default_factory=lambda: status(today()))
    asked: int = 0
    fails: bool = False
    failed: asyncio.Event = field(default_factory=asyncio.Event)

    async def status(self) -> Status:
        self.asked += 1
        if self.fails:
            self.failed.set()
            raise RuntimeError("a fault")
        return self.now


@asynccontextmanager
async def board_of(tmp_path: Path, there: Office) -> AsyncIterator[tuple[str, Site]]:
    """The address of a server of `there`, and its site."""
    site = site_of(tmp_path)
    async with served(site, status=there.status) as address:
        yield address, site


@pytest.fixture
def page(tmp_path: Path) -> Callable[..., Awaitable[str]]:
    async def shown(now: Status, query: str = "") -> str:
        async with board_of(tmp_path, Office(now)) as (address, _):
            code, text, _ = await get(f"{address}/wallboard{query}", **BOSS)
        assert code == 200
        return " ".join(text.split())

    return shown


def tile(text: str, name: str) -> str:
    """The tile of a line."""
    return text[text.index(f'data-line="{name}" data-pbx') :].partition("</article>")[0]


async def test_a_tile_says_who_waits_how_the_promise_stands_and_who_is_there(
    page: Callable[..., Awaitable[str]],
) -> None:
    now = today(
        within=8,
        callbacks=CallbacksNow(count=3, overdue=1, due_today=2),
        attendance=AttendanceNow(state=Attendance.ATTENDED, since=NOON - timedelta(hours=2), core=True),
    )
    shown = tile(await page(status(now)), "enquiries")
    since = int((NOON - timedelta(seconds=12)).timestamp() * 1000)
    assert f'>1</a> <small><time class="count" data-up="{since}">0:12</time></small>' in shown
    assert '<b class="verdict missed">missed 90 %</b>' in shown.replace("&nbsp;", " ")
    assert ">80.0 %</a>" in shown
    assert ">2</a>" in shown, "callers who gave up"
    assert "1 overdue" in shown
    assert "Attended since 10:00" in shown
    assert "<b>2</b> free" in shown


async def test_figures_lead_to_the_calls_behind_them(page: Callable[..., Awaitable[str]]) -> None:
    shown = tile(await page(status(today(within=8))), "enquiries")
    for address in (
        "/calls?line=enquiries&amp;outcome=in_progress",
        "/calls?line=enquiries&amp;hours=core&amp;origin=external&amp;within=no",
        "/calls?line=enquiries&amp;outcome=gave_up&amp;origin=external",
        "/attendance?line=enquiries",
        "/tasks?line=enquiries",
        "/today/enquiries",
    ):
        assert f'href="{address}"' in shown


async def test_a_line_where_nobody_can_answer_is_an_alarm(page: Callable[..., Awaitable[str]]) -> None:
    shown = await page(status(today(attendance=BROKEN), today(line=line("nurse"))))
    assert 'class="tile breach" data-line="enquiries"' in shown
    assert 'class="tile" data-line="nurse"' in shown
    alarm = re.search(r'<p class="banner alarm" role="alert".*?</p>', shown)
    assert alarm is not None
    assert "Nobody can answer" in alarm.group()
    assert "enquiries" in alarm.group()
    assert "nurse" not in alarm.group()


async def test_a_pbx_out_of_sight_shows_nothing_of_before(page: Callable[..., Awaitable[str]]) -> None:
    shown = await page(status(today(), DARK, links={"lab": True, "away": False}))
    dark = tile(shown, "nurse")
    assert 'class="tile dark" data-line="nurse"' in shown
    assert dark.count("not known</span>") == 3, "waiting, answered in time, gave up"
    assert "90.0" not in dark
    assert "Agents not known" in dark
    assert "Out of sight: <b" in shown
    assert shown[: shown.index('<div class="tiles')].count("not known</span>") == 3, "nor in all"


async def test_while_the_database_is_away_figures_are_not_known(page: Callable[..., Awaitable[str]]) -> None:
    now = today(outcomes=None, level=None)
    shown = await page(status(now, store_problem="disk full", figures_problem="disk full"))
    assert "The database is away: the figures of today are not known." in shown
    assert tile(shown, "enquiries").count("not known</span>") == 2
    assert "1</a>" in tile(shown, "enquiries"), "who waits now is known all the same"


async def test_lines_can_be_chosen(page: Callable[..., Awaitable[str]], tmp_path: Path) -> None:
    both = status(today(), today(line=line("nurse")))
    shown = await page(both, "?lines=nurse")
    assert shown.count("<article") == 1
    assert 'id="board" data-lines="nurse"' in shown
    assert "tiles n1" in shown
    async with board_of(tmp_path, Office(both)) as (address, _):
        assert (await get(f"{address}/wallboard?lines=nowhere", **BOSS))[0] == 404


@pytest.mark.parametrize("lines", [1, 5, 20, 30])
async def test_the_board_adapts_to_so_many_lines(page: Callable[..., Awaitable[str]], lines: int) -> None:
    shown = await page(status(*(today(line=line(f"line{n}")) for n in range(lines))))
    assert shown.count("<article") == lines
    assert f'class="tiles n{min(lines, 21)}"' in shown


async def test_words_from_outside_are_escaped(page: Callable[..., Awaitable[str]]) -> None:
    evil = replace(BROKEN, reason=HOSTILE)
    now = status(
        today(line=line(HOSTILE), attendance=evil), replace(DARK, line=line("x", HOSTILE)), links={HOSTILE: False}
    )
    shown = await page(now)
    assert "alert(1)" in shown
    assert "<script>" not in shown


async def test_it_works_without_script_and_only_supervisors_see_it(tmp_path: Path) -> None:
    async with board_of(tmp_path, Office()) as (address, _):
        _, text, _ = await get(f"{address}/wallboard", **BOSS)
        assert '<noscript><meta http-equiv="refresh" content="5"></noscript>' in text
        assert "style=" not in text
        for path in ("/wallboard", "/wallboard/events"):
            assert (await get(address + path, **{"X-As": "al:agent"}))[0] == 403
        for path in set(re.findall(r'"(/static/[^"]+)"', text)):
            assert (await get(address + path))[0] == 200


# --- what is pushed --------------------------------------------------------------------------------------------------


async def pushed(reply: ClientResponse) -> str:
    """The next board of a stream."""
    async with asyncio.timeout(300):
        while True:
            lines = (await reply.content.readuntil(b"\n\n")).decode().splitlines()
            if f"event: {TOPIC}" in lines:
                return "\n".join(each.removeprefix("data: ") for each in lines if each.startswith("data: "))


async def test_a_change_is_pushed_as_made_once_for_all(tmp_path: Path) -> None:
    there = Office()
    async with board_of(tmp_path, there) as (address, site), ClientSession(headers=BOSS) as session:
        replies = [await session.get(f"{address}/wallboard/events") for _ in range(5)]
        there.now = status(today(waiting=()))
        before = there.asked
        site.hub.tell("board")
        boards = [await pushed(reply) for reply in replies]
        assert len(set(boards)) == 1
        assert 'data-line="enquiries"' in boards[0]
        assert "<html" not in boards[0]
        assert there.asked - before < 5, "once for all five, not for each"
        for reply in replies:
            reply.close()


async def test_nothing_is_made_while_nobody_looks_and_a_fault_ends_nothing(tmp_path: Path) -> None:
    there = Office()
    async with board_of(tmp_path, there) as (address, site), ClientSession(headers=BOSS) as session:
        site.hub.tell("board")
        assert there.asked == 0
        reply = await session.get(f"{address}/wallboard/events")
        there.fails = True
        site.hub.tell("board")
        async with asyncio.timeout(300):
            await there.failed.wait()
        there.fails = False
        site.hub.tell("board")
        assert 'data-line="enquiries"' in await pushed(reply)
        reply.close()


# --- the office as a whole -------------------------------------------------------------------------------------------


def test_the_totals_are_those_of_all_lines() -> None:
    level = ServiceLevel(offered=30, answered=30, within=30)
    other = today(
        line=line("nurse"),
        level=level,
        waiting=(NOON - timedelta(seconds=40),),
        outcomes={Outcome.SHORT_ABANDONED: 2},
        callbacks=CallbacksNow(count=2, overdue=2, due_today=2),
        attendance=AttendanceNow(state=Attendance.UNATTENDED),
    )
    found = totals(status(today(callbacks=CallbacksNow(due_today=1)), other))
    assert (found.waiting, found.longest) == (2, NOON - timedelta(seconds=40))
    assert (found.within, found.of, found.abandoned) == (39, 40, 3)
    assert (found.overdue, found.due_today, found.attended, found.lines) == (2, 3, 1, 2)


def test_what_one_pbx_hides_is_not_known_of_the_whole() -> None:
    found = totals(status(today(), DARK, links={"lab": True, "away": False}))
    assert (found.waiting, found.longest, found.within, found.abandoned) == (None, None, None, None)


def test_agents_who_can_answer_come_first() -> None:
    found = agents_of(today(agents={MemberState.PAUSED: 2, MemberState.TALKING: 1, MemberState.FREE: 0}))
    assert found == [(1, "talking", "here"), (2, "paused", "away")]
