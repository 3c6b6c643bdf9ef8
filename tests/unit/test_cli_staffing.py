"""`callcentre staffing`: a week that a supervisor reads, the same as CSV and JSON; a mistake is one message."""

import asyncio
import csv
import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
import time_machine

from callcentre.cli.staffing import SLOT_KEYS
from callcentre.core.facts import AttendanceChanged, CallEnded, Fact, PresenceChanged
from callcentre.core.terms import Attendance, Origin, Outcome
from callcentre.store.database import Database
from tests.tables import put_tables
from tests.unit.commands import Commands
from tests.unit.test_staffing import answered

MONDAY = datetime(2026, 11, 23, 9, 10, tzinfo=UTC)
FIRST = datetime(2026, 10, 26, 9, 0, tzinfo=UTC)
CONFIG = """
fallback_line = "enquiries"
[[pbx]]
name = "lab"
[[line]]
name = "enquiries"
pbx = "lab"
nation = "ENG"
dids = ["01632960600"]
hours = { mon = ["09:00-10:00"], tue = ["09:00-10:00"] }
[[line]]
name = "members"
pbx = "lab"
nation = "ENG"
charter = "cmi"
dids = ["01632960601"]
hours = { mon = ["09:00-10:00"] }
[store]
url = "sqlite:///calls.sqlite"
"""


def history(line: str) -> list[Fact]:
    """Four Mondays: ten calls of four minutes in the first half-hour, two of them not in time; one gives up."""
    facts: list[Fact] = [PresenceChanged(pbx="lab", at=FIRST - timedelta(hours=1), line=line, there=2)]
    for week in range(4):
        nine = FIRST + timedelta(weeks=week)
        for n in range(11):
            call = answered(week * 100 + n + len(line) * 1_000, nine + timedelta(minutes=2 * n), 240.0)
            call = replace(call, line=line, origin=Origin.EXTERNAL, wait_seconds=60.0 if n < 2 else 5.0)
            if n == 10:
                call = replace(call, outcome=Outcome.ABANDONED, answered_at=None, talk_seconds=None, wait_seconds=40.0)
            facts.append(CallEnded(pbx="lab", at=nine + timedelta(hours=1), call=call))
    seen = AttendanceChanged(pbx="lab", at=MONDAY, line=line, state=Attendance.ATTENDED, reason="", core=True)
    return [*facts, seen]


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Commands:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "callcentre.toml").write_text(CONFIG)
    return Commands(capsys, monkeypatch)


@pytest.fixture
def office(commands: Commands) -> Commands:
    async def fill() -> None:
        put_tables(Path("calls.sqlite"))
        database = await Database.open("sqlite:///calls.sqlite")
        await database.prepare()
        await database.writer.commit(history("enquiries") + history("members"))
        await database.close()

    asyncio.run(fill())
    return commands


@pytest.fixture(autouse=True)
def now() -> "object":
    with time_machine.travel(MONDAY, tick=False) as travelled:
        yield travelled


def test_the_table_is_a_week_of_half_hours(office: Commands) -> None:
    lines = office.prints("staffing", "--line", "enquiries")
    assert lines[0].split("  ")[0] == "day"
    rows = [line.split() for line in lines if line.startswith(("Monday", "Tuesday"))]
    assert rows == [
        ["Monday", "09:00", "4", "11.0", "4:00", "min", "4", "4", "2.0", "2.0", "72", "%"],
        ["Monday", "09:30", "4", "0.0", "1", "1", "2.0"],
        ["Tuesday", "09:00", "4", "0.0", "1", "1", "2.0"],
        ["Tuesday", "09:30", "4", "0.0", "1", "1", "2.0"],
    ]


def test_too_little_history_is_marked(office: Commands) -> None:
    lines = office.prints("staffing", "--line", "enquiries", "--weeks", "3")
    handling = ["4:00", "min"]
    assert lines[1].split() == ["Monday", "09:00", "3", "11.0", *handling, "2.0", "72", "%", "too", "little", "history"]
    assert lines[-1].startswith("Too little history: fewer than 4 half-hours were seen")


def test_the_summary_says_what_it_was_worked_out_from(office: Commands) -> None:
    summary = "\n".join(office.prints("staffing", "--line", "enquiries")[-6:])
    assert '"enquiries", 8 weeks, 2026-09-28 to 2026-11-22: 44 calls in 16 half-hours of 8 days.' in summary
    assert "Target: 90 % answered within 15 s; achieved: 72 %." in summary
    assert "Handling: 4:00 min (talk; wrap-up is not measured)" in summary
    # Each Monday twice 60 s, eight times 5 s and 40 s were waited, and one gave up.
    assert "Patience: 3:20 min on average (4 callers gave up; so few tell it only roughly)." in summary


def test_a_charter_without_seconds_needs_a_target(office: Commands) -> None:
    lines = office.prints("staffing", "--line", "members")
    assert lines[1].split() == ["Monday", "09:00", "4", "11.0", "4:00", "min", "2.0"]
    assert any("cmi names no seconds" in line and "--within 15 --fraction 0.9" in line for line in lines)
    asked = office.prints("staffing", "--line", "members", "--within", "15", "--fraction", "0.9")
    assert asked[1].split() == ["Monday", "09:00", "4", "11.0", "4:00", "min", "4", "4", "2.0", "2.0", "72", "%"]
    assert any("(asked for; not of charter cmi)" in line for line in asked)


def test_a_harder_target_needs_more_and_a_later_one_achieves_more(office: Commands) -> None:
    harder = office.prints("staffing", "--line", "enquiries", "--fraction", "0.99")
    assert harder[1].split()[6] > "4"
    later = office.prints("staffing", "--line", "enquiries", "--within", "60")
    assert later[1].split()[-2:] == ["90", "%"]


def test_a_range_that_ends_earlier(office: Commands) -> None:
    (row, *_) = office.prints("staffing", "--line", "enquiries", "--json", "--until", "2026-11-15", "--weeks", "2")
    assert json.loads(row)["half_hour"]["half_hours"] == 2


def test_json_is_what_the_table_shows(office: Commands) -> None:
    *slots, last = [json.loads(line) for line in office.prints("staffing", "--line", "enquiries", "--json")]
    assert all(tuple(slot["half_hour"]) == SLOT_KEYS for slot in slots)
    nine, summary = slots[0]["half_hour"], last["summary"]
    assert nine == {
        "weekday": "Monday",
        "from": "09:00",
        "half_hours": 4,
        "half_hours_hidden": 0,
        "calls": 44,
        "offered": 11.0,
        "handling_seconds": 240.0,
        "handling_own": True,
        "needed_erlang_c": 4,
        "needed_erlang_a": 4,
        "there": 2.0,
        "short": 2.0,
        "in_time": 0.727273,
        "enough": True,
    }
    assert (summary["patience_seconds"], summary["gave_up"], summary["in_time"]) == (200.0, 4, 0.727273)
    assert (summary["within_seconds"], summary["fraction"], summary["target_of_charter"]) == (15.0, 0.9, True)
    assert (summary["since"], summary["until"]) == (
        "2026-09-27T23:00:00.000000+00:00",
        "2026-11-23T00:00:00.000000+00:00",
    )


def test_the_page_of_json_names_every_key(office: Commands) -> None:
    page = (Path(__file__).parents[2] / "docs/reference/lists-as-json.md").read_text("utf-8")
    slots, summary = page.split("## Staffing\n")[1].split("\n## ")[0].split('`{"summary"')
    told = {
        word for row in slots.splitlines() if row.startswith("|") for word in re.findall(r"`(\w+)`", row.split("|")[1])
    }
    assert told == set(SLOT_KEYS)
    keys = json.loads(office.prints("staffing", "--line", "enquiries", "--json")[-1])["summary"]
    assert set(keys) <= set(re.findall(r"`(\w+)`", summary))


def test_csv_has_the_same_cells(office: Commands) -> None:
    lines = office.prints("staffing", "--line", "members", "--csv")
    heading, nine, *_ = csv.reader(StringIO("\n".join(lines)))
    assert heading == ["line", *SLOT_KEYS]
    assert nine[:7] == ["members", "Monday", "09:00", "4", "0", "44", "11.0"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--line", "sales"), 'there is no line "sales"'),
        (("--line", "enquiries", "--within", "-1"), "--within -1: write seconds from 0 to 3600"),
        (("--line", "enquiries", "--within", "nan"), "--within nan: write seconds"),
        (("--line", "enquiries", "--fraction", "1"), "--fraction 1: write a number between 0 and 1"),
        (("--line", "enquiries", "--fraction", "90"), "--fraction 90: write a number between 0 and 1"),
        (("--line", "members", "--within", "15"), "write both, such as --within 15 --fraction 0.9"),
        (("--line", "enquiries", "--weeks", "0"), "--weeks 0: write a number from 1 to"),
        (("--line", "enquiries", "--until", "yesterday"), "--until yesterday is no day"),
        (("--line", "enquiries", "--until", "1999-01-01"), "bank holidays are known from"),
        (("--line", "enquiries", "--until", "0001-01-01"), "--until 0001-01-01 is no day"),
        (("--line", "enquiries", "--csv", "--json"), "write one of them"),
    ],
)
def test_a_mistake_is_one_message(commands: Commands, words: tuple[str, ...], said: str) -> None:
    status, printed, error = commands("staffing", *words)
    assert (status, printed) == (2, "")
    assert said in error
    assert error.count("\n") == 1
