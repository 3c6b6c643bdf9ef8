"""The ledger of a day as a supervisor reads it, and for programs; what was done about breaches beside it."""

import asyncio
import csv
import io
import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from callcentre.cli.attendance import BREACH_KEYS, STEP_KEYS, STRETCH_KEYS
from callcentre.config.load import load
from callcentre.core.breach import Breach, BreachStep
from callcentre.core.centre import CallCentre
from callcentre.core.facts import AttendanceChanged, BreachChanged, Fact, GapOpened, OpenRows
from callcentre.core.terms import ActionKind, ActionResult, Attendance, BreachEnd, Mode
from callcentre.runtime.clock import SystemClock
from callcentre.store.attendance_queries import RESTART
from callcentre.store.database import Database
from tests.tables import put_tables
from tests.unit.commands import Commands

ATTENDED, UNATTENDED, UNKNOWN = Attendance.ATTENDED, Attendance.UNATTENDED, Attendance.UNKNOWN
ENOUGH = "1 or more can answer"
CONFIG = """
fallback_line = "enquiries"
[[pbx]]
name = "lab"
[[line]]
name = "enquiries"
pbx = "lab"
nation = "ENG"
queues = ["enquiries"]
[[line]]
name = "bookings"
pbx = "lab"
nation = "SCT"
queues = ["bookings"]
hours = {tue = ["09:00-12:00", "13:00-17:00"], wed = ["09:00-17:00"]}
[[line]]
name = "night"
pbx = "lab"
nation = "ENG"
queues = ["night"]
hours = {mon = ["00:00-24:00"], sat = ["00:00-24:00"], sun = ["00:00-24:00"]}
[store]
url = "sqlite:///calls.sqlite"
"""


def at(clock: str, day: str = "2026-11-24") -> datetime:
    """A time of the Tuesday, UTC, which is London's in winter."""
    return datetime.fromisoformat(f"{day}T{clock}+00:00")


def change(when: datetime, state: Attendance, reason: str, *who: str, line: str = "enquiries") -> AttendanceChanged:
    return AttendanceChanged(pbx="lab", at=when, line=line, state=state, reason=reason, core=True, who=who)


ALICE = "Alice Adams: paused (lunch)"
SINCE = at("12:30:00.25")
BREACH = Breach(
    pbx="lab",
    line="enquiries",
    since=SINCE,
    mode=Mode.ENFORCE,
    reason="nobody can answer: members are paused",
    who=(ALICE,),
    unattended_at=SINCE,
    alarmed_at=at("12:31:00.25"),
    told=(0,),
    waiting=2,
    steps=2,
    ended_at=at("12:41:30"),
    end=BreachEnd.RECOVERED,
)
ADDED = BreachStep(
    pbx="lab",
    line="enquiries",
    since=SINCE,
    seq=1,
    at=at("12:31:00.25"),
    action=ActionKind.ADD_STANDBY,
    target="enquiries PJSIP/109",
    result=ActionResult.DONE,
    why="Added interface to queue",
    settled_at=at("12:31:00.3"),
)
REMOVED = BreachStep(
    pbx="lab",
    line="enquiries",
    since=SINCE,
    seq=2,
    at=at("12:41:30"),
    action=ActionKind.REMOVE_STANDBY,
    target="enquiries PJSIP/109",
    result=ActionResult.FAILED,
    why="the link was lost",
    undoes=1,
)


def facts() -> list[Fact]:
    """A Tuesday: nobody is there for the first minutes, lunch without anybody, and an hour without sight of the PBX."""
    return [
        change(at("18:00", "2026-11-23"), UNATTENDED, "nobody is logged in"),
        change(at("07:04:10.5"), ATTENDED, ENOUGH, "Alice Adams: logged in"),
        change(at("12:30:00.25"), UNATTENDED, "nobody can answer: members are paused", ALICE),
        change(at("12:31:02"), ATTENDED, ENOUGH, "PJSIP/109"),
        GapOpened(pbx="lab", at=at("15:00"), reason="the connection was lost"),
        change(at("15:00"), UNKNOWN, "the connection was lost"),
        change(at("16:00"), ATTENDED, ENOUGH),
        BreachChanged(pbx="lab", at=at("12:31:00.25"), breach=BREACH, steps=(ADDED, REMOVED)),
    ]


async def _fill(file: Path, facts: list[Fact], seen: datetime | None) -> None:
    put_tables(file)
    database = await Database.open(f"sqlite:///{file}")
    await database.prepare()
    await database.writer.commit(facts, {} if seen is None else {"lab": seen})
    await database.close()


class Office:
    """An office with what was recorded of it."""

    def __init__(self, folder: Path, callcentre: Commands, monkeypatch: pytest.MonkeyPatch) -> None:
        self._folder = folder
        self._monkeypatch = monkeypatch
        self.callcentre = callcentre

    def is_at(self, now: datetime) -> None:
        self._monkeypatch.setattr(SystemClock, "now", lambda _self: now)

    def recorded(self, *told: Fact, seen: datetime | None) -> None:
        asyncio.run(_fill(self._folder / "calls.sqlite", list(told), seen))

    def json(self, *words: str) -> dict[str, list[dict[str, Any]]]:
        """What `--json` prints, by kind."""
        found: dict[str, list[dict[str, Any]]] = {"attendance": [], "breach": [], "day": []}
        for line in self.callcentre.prints("attendance", "--json", *words):
            ((kind, row),) = json.loads(line).items()
            found[kind].append(row)
        return found


@pytest.fixture
def empty(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Office:
    (tmp_path / "callcentre.toml").write_text(CONFIG)
    monkeypatch.chdir(tmp_path)
    made = Office(tmp_path, Commands(capsys, monkeypatch), monkeypatch)
    made.is_at(at("08:00", "2026-11-25"))
    return made


@pytest.fixture
def office(empty: Office) -> Office:
    empty.recorded(*facts(), seen=at("07:59:50", "2026-11-25"))
    return empty


def shown(office: Office, *words: str) -> list[str]:
    return [line.rstrip() for line in office.callcentre.prints("attendance", *words)]


def test_a_day_as_a_supervisor_reads_it(office: Office) -> None:
    assert shown(office, "--day", "2026-11-24", "--line", "enquiries") == [
        "enquiries (lab), Tuesday 24 November 2026",
        "from      until      length              why                                    who",
        "07:00:00  07:04:10  0:04:10  UNATTENDED  nobody is logged in",
        "07:04:10  12:30:00  5:25:50  attended    1 or more can answer                   Alice Adams: logged in",
        "12:30:00  12:31:02  0:01:02  UNATTENDED  nobody can answer: members are paused  Alice Adams: paused (lunch)",
        "12:31:02  15:00:00  2:28:58  attended    1 or more can answer                   PJSIP/109",
        "15:00:00  16:00:00  1:00:00  unknown     the connection was lost",
        "16:00:00  18:00:00  2:00:00  attended    1 or more can answer",
        "",
        "core hours   11:00:00",
        "attended      9:54:48   99.1 % of what is known",
        "unattended    0:05:12",
        "unknown       1:00:00",
        "",
        f"breach since 12:30:00, until 12:41:30, recovered: nobody can answer: members are paused ({ALICE})",
        "  alarm at 12:31:00, 2 callers waiting; mode enforce",
        "  at        action          target               result  why",
        "  12:31:00  add standby     enquiries PJSIP/109  done    Added interface to queue",
        "  12:41:30  remove standby  enquiries PJSIP/109  failed  the link was lost",
    ]


def test_every_line_of_the_office_and_a_day_of_which_nothing_was_recorded(office: Office) -> None:
    printed = shown(office, "--day", "2026-11-24")
    assert [line for line in printed if "(lab)" in line] == [
        f"{line} (lab), Tuesday 24 November 2026" for line in ("enquiries", "bookings", "night")
    ]
    place = printed.index("bookings (lab), Tuesday 24 November 2026")
    assert printed[place + 1 :] == [
        "from      until      length           why",
        "09:00:00  12:00:00  3:00:00  unknown  nothing was recorded of this line",
        "13:00:00  17:00:00  4:00:00  unknown  nothing was recorded of this line",
        "",
        "core hours    7:00:00",
        "attended      0:00:00",
        "unattended    0:00:00",
        "unknown       7:00:00",
        "Nothing was recorded of this line by then: what is unknown is never counted as attended.",
        "",
        "night (lab), Tuesday 24 November 2026",
        "no core hours: closed on Tuesdays",
    ]


def test_today_what_is_not_over_is_to_come(office: Office) -> None:
    """The PBX was seen ten seconds ago: what came since is not written yet, and is no gap."""
    assert shown(office, "--line", "enquiries") == [
        "enquiries (lab), Wednesday 25 November 2026",
        "from      until       length            why",
        "07:00:00  07:59:50   0:59:50  attended  1 or more can answer",
        "07:59:50  18:00:00  10:00:10  to come   still to come",
        "",
        "core hours   11:00:00",
        "attended      0:59:50   100.0 % of what is known",
        "unattended    0:00:00",
        "unknown       0:00:00",
        "to come      10:00:10   as of 07:59:50",
    ]
    assert shown(office, "--line", "enquiries", "--day", "Today ") == shown(office, "--line", "enquiries")


def test_a_pbx_not_seen_for_longer_is_unknown_until_now(office: Office) -> None:
    office.is_at(at("08:02", "2026-11-25"))
    rows = office.json("--line", "enquiries")["attendance"]
    assert [(row["state"], row["seconds"]) for row in rows] == [
        ("attended", 3590.0),
        ("unknown", 130.0),
        ("to_come", 35_880.0),
    ]


def test_a_second_nobody_was_there_is_not_rounded_away(empty: Office) -> None:
    empty.recorded(
        change(at("06:00"), ATTENDED, ENOUGH),
        change(at("12:00"), UNATTENDED, "nobody is logged in"),
        change(at("12:00:00.5"), ATTENDED, ENOUGH),
        seen=at("19:00"),
    )
    assert "attended     11:00:00   99.9 % of what is known" in shown(
        empty, "--day", "yesterday", "--line", "enquiries"
    )
    (day,) = empty.json("--day", "yesterday", "--line", "enquiries")["day"]
    assert (day["attended_seconds"], day["unattended_seconds"]) == (39_599.5, 0.5)


def test_a_restart_hides_what_is_not_told_again(empty: Office) -> None:
    """A run ended at 12:00; the next one did not watch this line."""
    empty.recorded(
        change(at("06:00"), ATTENDED, ENOUGH),
        GapOpened(pbx="lab", at=at("12:00"), reason="daemon restart"),
        seen=at("19:00"),
    )
    rows = empty.json("--day", "2026-11-24", "--line", "enquiries")["attendance"]
    assert [(row["state"], row["seconds"] / 3600) for row in rows] == [("attended", 5.0), ("unknown", 6.0)]


def test_the_gap_that_the_core_opens_at_a_start_is_known_as_one(office: Office) -> None:
    """What an earlier run left unseen is told by the gap's reason; the core and the store must mean the same."""
    centre = CallCentre(load(Path("callcentre.toml"), {}).office)
    facts = centre.restore(OpenRows(last_seen={"lab": at("12:00")}), at("13:00")).facts
    assert [(fact.at, fact.reason) for fact in facts if isinstance(fact, GapOpened)] == [(at("12:00"), RESTART)]


def test_a_breach_that_lasts_is_no_part_of_a_day_to_come(empty: Office) -> None:
    lasts = replace(BREACH, steps=0, ended_at=None, end=None)
    empty.recorded(BreachChanged(pbx="lab", at=SINCE, breach=lasts), seen=at("07:59:50", "2026-11-25"))
    said = ("--line", "enquiries", "--day")
    assert [len(empty.json(*said, day)["breach"]) for day in ("2026-11-24", "today", "2026-11-26", "2026-12-25")] == [
        *(1, 1, 0, 0)
    ]


def test_a_day_without_core_hours_says_why(office: Office) -> None:
    assert shown(office, "--day", "2026-12-25") == [
        "enquiries (lab), Friday 25 December 2026",
        "no core hours: Christmas Day",
        "",
        "bookings (lab), Friday 25 December 2026",
        "no core hours: closed on Fridays",
        "",
        "night (lab), Friday 25 December 2026",
        "no core hours: closed on Fridays",
    ]
    (day,) = office.json("--day", "2026-12-25", "--line", "enquiries")["day"]
    assert (day["core_seconds"], day["attended_fraction"], day["closed"]) == (0.0, None, "Christmas Day")
    assert office.callcentre.prints("attendance", "--csv", "--day", "2026-12-25") == [",".join(STRETCH_KEYS)]


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-10-24", 24)])
def test_a_day_is_as_long_as_its_clocks_make_it(empty: Office, day: str, hours: int) -> None:
    midnight = datetime.fromisoformat(f"{day}T12:00:00+00:00") - timedelta(days=2)
    changes = [
        change(midnight, ATTENDED, ENOUGH, line="night"),
        change(at("01:30", day), UNATTENDED, "nobody is logged in", line="night"),
    ]
    empty.recorded(*changes, seen=at("23:59", "2026-11-24"))
    _, _, first, last, _, core, *rest = shown(empty, "--day", day, "--line", "night")
    assert core.split() == ["core", "hours", f"{hours}:00:00"]
    begins = {23: "02:30:00 BST", 25: "01:30:00 GMT", 24: "02:30:00"}[hours]
    zones = {23: ("GMT ", ""), 25: ("BST ", ""), 24: ("", "")}[hours]
    assert first.startswith(f"00:00:00 {zones[0]} {begins}")
    assert last.startswith(begins)
    assert "24:00:00" in last
    (told,) = empty.json("--day", day, "--line", "night")["day"]
    assert told["core_seconds"] == told["attended_seconds"] + told["unattended_seconds"] == hours * 3600
    assert rest[0].startswith("attended")


def test_what_json_holds(office: Office) -> None:
    found = office.json("--day", "2026-11-24", "--line", "enquiries")
    assert all(list(row) == list(STRETCH_KEYS) for row in found["attendance"])
    assert found["attendance"][2] == {
        "pbx": "lab",
        "line": "enquiries",
        "day": "2026-11-24",
        "start": "2026-11-24T12:30:00.250000+00:00",
        "end": "2026-11-24T12:31:02.000000+00:00",
        "seconds": 61.75,
        "state": "unattended",
        "reason": "nobody can answer: members are paused",
        "who": [ALICE],
    }
    (breach,) = found["breach"]
    assert list(breach) == [*BREACH_KEYS, "who", "told", "steps"]
    assert (breach["since"], breach["end"], breach["told"]) == ("2026-11-24T12:30:00.250000+00:00", "recovered", [0])
    assert all(list(step) == list(STEP_KEYS) for step in breach["steps"])
    assert [(step["action"], step["result"], step["undoes"]) for step in breach["steps"]] == [
        ("add_standby", "done", None),
        ("remove_standby", "failed", 1),
    ]
    (day,) = found["day"]
    kinds = ("attended", "unattended", "unknown", "to_come")
    assert day["core_seconds"] == sum(day[f"{kind}_seconds"] for kind in kinds) == 39_600.0
    assert sum(row["seconds"] for row in found["attendance"]) == 39_600.0


def test_a_spreadsheet_gets_whole_seconds_that_add_up_and_no_formula(empty: Office) -> None:
    hostile = '=HYPERLINK("http://evil")\n'
    empty.recorded(
        change(at("06:00"), ATTENDED, ENOUGH, "+44 Ann", "Bob"),
        change(at("12:00:00.999999"), UNATTENDED, hostile, f" {hostile}"),
        seen=at("19:00"),
    )
    text = "\n".join(empty.callcentre.prints("attendance", "--csv", "--day", "2026-11-24"))
    rows = list(csv.DictReader(io.StringIO(text)))
    assert list(rows[0]) == list(STRETCH_KEYS)
    ours = [row for row in rows if row["line"] == "enquiries"]
    assert [(row["start"], row["seconds"], row["state"]) for row in ours] == [
        ("2026-11-24T07:00:00+00:00", "18000", "attended"),
        ("2026-11-24T12:00:00+00:00", "21600", "unattended"),
    ]
    assert [row["who"] for row in ours] == ["'+44 Ann; Bob", '\' =HYPERLINK("http://evil") ']
    assert ours[1]["reason"] == '\'=HYPERLINK("http://evil") '
    assert {row["line"] for row in rows} == {"enquiries", "bookings"}, "a line without core hours has no row"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"unattended_at": None, "alarmed_at": None, "asked_by": "PJSIP/101", "ended_at": None, "end": None},
            ["cover was asked for by PJSIP/101", "no alarm: not unattended beyond grace"],
        ),
        (
            {"alarmed_at": None, "unattended_at": at("12:35:00")},
            ["unattended since 12:35:00", "no alarm: never unattended beyond grace"],
        ),
        ({"waiting": 1, "mode": Mode.OBSERVE}, ["alarm at 12:31:00, 1 caller waiting; mode observe"]),
    ],
)
def test_a_breach_in_words(empty: Office, changes: dict[str, Any], said: list[str]) -> None:
    told = replace(BREACH, steps=0, **changes)
    empty.recorded(BreachChanged(pbx="lab", at=SINCE, breach=told), seen=at("19:00"))
    printed = shown(empty, "--day", "2026-11-24", "--line", "enquiries")
    head = "lasts" if told.ended_at is None else "until 12:41:30, recovered"
    place = printed.index(f"breach since 12:30:00, {head}: nobody can answer: members are paused ({ALICE})")
    assert [line.strip() for line in printed[place + 1 :]] == said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--day", "2026-02-30"), "--day 2026-02-30 is no day; write one such as 2026-11-25, or today, or yesterday"),
        (("--day", ""), "--day  is no day; write one such as 2026-11-25"),
        (("--day", "1999-12-31"), "--day 1999-12-31: bank holidays are known from 2010 to 2045 only"),
        (("--line", "sales"), '--line: there is no line "sales"; write one of enquiries, bookings, night'),
        (("--csv", "--json"), "--csv and --json are two; write one of them"),
    ],
)
def test_what_is_wrong_is_said(office: Office, words: tuple[str, ...], said: str) -> None:
    status, printed, told = office.callcentre("attendance", *words)
    assert (status, printed) == (2, "")
    assert said in told


def test_without_a_database_nothing_is_claimed(empty: Office) -> None:
    status, printed, told = empty.callcentre("attendance")
    assert (status, printed) == (1, "")
    assert "is not there; is store.url right" in told
