"""The lists for people at a terminal: tasks, missed callers, voicemails, the backlog; and what they are as JSON."""

import asyncio
import json
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from callcentre.cli import asking
from callcentre.cli.callers import MISSED_KEYS, MISUSE_KEYS
from callcentre.cli.tasks import ATTEMPT_KEYS, ENTRY_KEYS, FILING_KEYS, MESSAGE_KEYS, TASK_KEYS
from callcentre.core.facts import Call, CallEnded, Fact, TaskChanged, VoicemailUsed
from callcentre.core.terms import MessageStatus, TaskState, TaskStep, Verdict
from callcentre.runtime.clock import SystemClock
from callcentre.store.database import Database
from tests.conformance import promises
from tests.conformance.sample import abandoned, after, offered
from tests.unit.commands import Commands

NOW = after(3_600)  # Monday 23 November 2026, 10:00 in London
CONFIG = """
fallback_line = "enquiries"
[[pbx]]
name = "lab"
[[line]]
name = "enquiries"
pbx = "lab"
nation = "ENG"
dids = ["01632960600"]
mailboxes = ["600@default"]
[[line]]
name = "bookings"
pbx = "lab"
nation = "ENG"
dids = ["01632960601"]
[store]
url = "sqlite:///calls.sqlite"
"""
SECOND_PBX = """
[[pbx]]
name = "annexe"
[[line]]
name = "annexe"
pbx = "annexe"
nation = "ENG"
dids = ["01632960600"]
"""
UNANSWERED: dict[str, Any] = {"heard_at": None, "heard_by": None, "responded_at": None, "reached_at": None}


def told(number: int, *, task: dict[str, Any], filing: dict[str, Any] | None = None, **message: Any) -> TaskChanged:
    """A message and its task."""
    changed = promises.opened(number)
    assert changed.task is not None
    assert changed.message is not None
    return replace(
        changed,
        task=replace(changed.task, **task),
        message=replace(changed.message, **message),
        filings=(promises.filing(number, number, **UNANSWERED | (filing or {})),),
    )


def facts() -> list[Fact]:
    held = {"state": TaskState.CLAIMED, "holder": "Ann", "lease_until": NOW + timedelta(minutes=10), "attempts": 1}
    return [
        told(1, task=held | {"dial": "01632960123", "due": after(86_400), "act_by": after(36_000)}),
        promises.opened(2),
        told(
            3,
            task={"caller": None, "due": after(1_800), "act_by": after(1_800), "ack_due": after(900)},
            filing={"due": after(1_800), "ack_due": after(900), "ack_reason": "5 working days"},
            caller="\x1b[31mred\r\n",
            duration=None,
        ),
        told(
            4,
            task={"line": "bookings", "due": after(1_000), "act_by": after(1_000)},
            filing={"responded_at": after(900)},
        ),
        TaskChanged(
            pbx="lab",
            at=after(5),
            task=promises.full_task(5, call=None, entries=2),
            entries=(
                promises.entry(1, 5),
                promises.entry(2, 5, step=TaskStep.CLOSED, state=TaskState.CLOSED, who="alice"),
            ),
            message=promises.message(5),
            first=True,
            filings=(promises.filing(5, 5),),
            callout=promises.callout(5, task=5),
        ),
        TaskChanged(pbx="lab", at=after(6), message=promises.message(6, status=MessageStatus.BACKLOG)),
        CallEnded(pbx="lab", at=after(60), call=missed_call(1)),
        CallEnded(pbx="lab", at=after(90), call=missed_call(2)),
        VoicemailUsed(
            pbx="lab",
            at=after(50),
            uniqueid="1795370000.7",
            line="enquiries",
            verdict=Verdict.MISUSE,
            reason="PJSIP/101 was free",
        ),
        VoicemailUsed(
            pbx="lab",
            at=after(51),
            uniqueid="1795370000.8",
            line="enquiries",
            verdict=Verdict.RANG_OUT,
            reason="rang 20 s",
        ),
    ]


def missed_call(number: int) -> Call:
    return replace(abandoned(offered(number, at=after(60 * number))), caller="01632960777")


async def _fill(url: str) -> None:
    database = await Database.open(url)
    await database.prepare()
    await database.writer.commit(facts())
    await database.close()


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("filled") / "calls.sqlite"
    asyncio.run(_fill(f"sqlite:///{file}"))
    return file


@pytest.fixture
def callcentre(
    filled: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Commands:
    (tmp_path / "callcentre.toml").write_text(CONFIG)
    (tmp_path / "calls.sqlite").write_bytes(filled.read_bytes())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(SystemClock, "now", lambda self: NOW)
    return Commands(capsys, monkeypatch)


def cells(line: str) -> list[str]:
    return [cell for cell in (part.strip() for part in line.split("  ")) if cell]


def test_the_list_shows_the_most_pressing_first(callcentre: Commands) -> None:
    heading, *rows, total = callcentre.prints("tasks", "list")
    assert cells(heading) == ["task", "line", "caller", "act by", "left", "state", "held by", "attempts", "messages"]
    assert [cells(row) for row in rows] == [
        ["4", "bookings", "07700900061", "Mon 23 Nov 09:16", "answered", "open", "0", "1"],
        ["3", "enquiries", "withheld", "Mon 23 Nov 09:30", "overdue by 30 min", "open", "0", "1"],
        [
            *("1", "enquiries", "01632960123 (shown: 07700900061)", "Mon 23 Nov 19:00 (due Tue 24 Nov 09:00)", "9 h"),
            *("claimed", "Ann", "1", "1"),
        ],
        ["2", "enquiries", "07700900061", "Tue 24 Nov 07:13 (due Tue 24 Nov 09:00)", "21 h 13 min", "open", "0", "1"],
    ]
    assert total == "4 tasks, 1 overdue"


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        (("--line", "bookings"), [4]),
        (("--state", "claimed"), [1]),
        (("--state", "claimed", "--state", "closed"), [5, 1]),
        (("--overdue",), [3]),
        (("--all",), [4, 3, 5, 1, 2]),
        (("--pbx", "lab", "--state", "reached"), []),
    ],
)
def test_the_list_can_be_narrowed(callcentre: Commands, words: tuple[str, ...], numbers: list[int]) -> None:
    rows = [json.loads(line) for line in callcentre.prints("tasks", "list", "--json", *words)]
    assert sorted(row["number"] for row in rows) == sorted(numbers)
    act_by = [row["act_by"] for row in rows]
    assert act_by == sorted(act_by)


def test_a_task_as_json_has_every_key(callcentre: Commands) -> None:
    rows = [json.loads(line) for line in callcentre.prints("tasks", "list", "--json")]
    assert all(list(row) == [*TASK_KEYS, "overdue", "messages"] for row in rows)
    (claimed,) = (row for row in rows if row["number"] == 1)
    assert claimed["holder"] == "Ann"
    assert claimed["lease_until"] == "2026-11-23T10:10:00.123456+00:00"
    assert (claimed["outcome"], claimed["overdue"], claimed["messages"]) == (None, False, 1)


def test_one_task_with_all_of_it(callcentre: Commands) -> None:
    printed = callcentre.prints("tasks", "show", "5")
    assert printed[:8] == [
        "task 5 on lab, line enquiries: closed, held by alice until Mon 23 Nov 09:08",
        "caller    +44 1632 960124 (shown: 07700900061)",
        "opened    Mon 23 Nov 2026 09:00:01, for abandoned",
        "due       Tue 24 Nov 2026 09:00:00, act by Tue 24 Nov 2026 07:13:20: got through",
        "call at   Mon 23 Nov 2026 09:05:00, not before",
        "complaint the caller complains",
        "since     the caller got through on Mon 23 Nov 2026 09:06:43",
        "closed    Mon 23 Nov 2026 09:06:44 by alice, late, not resolved at first contact",
    ]
    assert not any("interpreter" in line for line in printed), "how to speak with somebody is shown to who handles them"
    rows = [cells(line) for line in printed]
    assert ["Mon 23 Nov 2026 09:10:05", "PJSIP/101", "1 s", "connected"] in rows
    assert ["Mon 23 Nov 2026 09:00:02", "alice", "closed", "a message of 12 s was left", "closed"] in rows
    assert "  one working day; Saturday and Sunday are none" in printed


def test_a_task_that_is_to_be_acknowledged_says_by_when(callcentre: Commands) -> None:
    printed = callcentre.prints("tasks", "show", "3")
    assert "receipt   to be acknowledged by Mon 23 Nov 2026 09:15:00: overdue" in printed
    assert "  To be acknowledged by Mon 23 Nov 2026 09:15:00: not yet. 5 working days" in printed
    assert not any("acknowledged" in line for line in callcentre.prints("tasks", "show", "2"))


def test_one_task_as_json(callcentre: Commands) -> None:
    (line,) = callcentre.prints("tasks", "show", "5", "--json")
    told = json.loads(line)
    assert list(told) == ["task", "messages", "attempts", "history"]
    assert list(told["messages"][0]) == ["pbx", *MESSAGE_KEYS, *FILING_KEYS]
    assert list(told["attempts"][0]) == list(ATTEMPT_KEYS)
    assert list(told["history"][0]) == list(ENTRY_KEYS)
    assert told["messages"][0]["task"] == 5


def test_what_a_caller_calls_itself_does_nothing_to_a_terminal(callcentre: Commands) -> None:
    printed = "\n".join(callcentre.prints("voicemails"))
    assert "\x1b" not in printed
    assert " [31mred" in printed


def test_voicemails_with_their_tasks_and_what_was_misused(callcentre: Commands) -> None:
    printed = [cells(line) for line in callcentre.prints("voicemails", "--line", "enquiries", "--since", "2026-11-23")]
    assert [
        "Mon 23 Nov 2026 09:00:02",
        "enquiries",
        "07700900061",
        "12 s",
        "2",
        "Tue 24 Nov 09:00",
        "Mon 23 Nov 09:03",
    ] not in printed
    assert [
        "Mon 23 Nov 2026 09:00:02",
        "enquiries",
        "07700900061",
        "12 s",
        "2",
        "Tue 24 Nov 09:00",
        "not yet",
    ] in printed
    assert ["Mon 23 Nov 2026 09:00:06", "enquiries", "07700900061", "12 s", "backlog"] in printed
    assert ["6 messages"] in printed
    assert ["enquiries", "misuse", "1"] in printed
    assert ["enquiries", "rang out", "1"] in printed
    assert ["Mon 23 Nov 2026 09:00:50", "enquiries", "1795370000.7", "PJSIP/101 was free"] in printed


def test_voicemails_as_json(callcentre: Commands) -> None:
    rows = [json.loads(line) for line in callcentre.prints("voicemails", "--json")]
    by_kind = {kind: [row[kind] for row in rows if kind in row] for kind in ("voicemail", "misuse", "verdict")}
    assert {kind: len(found) for kind, found in by_kind.items()} == {"voicemail": 6, "misuse": 1, "verdict": 2}
    assert list(by_kind["voicemail"][0]) == ["pbx", *MESSAGE_KEYS, *FILING_KEYS]
    assert list(by_kind["misuse"][0]) == list(MISUSE_KEYS)
    assert {"line": "enquiries", "verdict": "misuse", "calls": 1} in by_kind["verdict"]
    (waiting,) = (row for row in by_kind["voicemail"] if row["status"] == "backlog")
    assert (waiting["task"], waiting["due"]) == (None, None)


@pytest.mark.parametrize(("since", "calls"), [("7d", 2), ("2026-11-23", 2), ("1h", 2), ("2026-11-24", 0)])
def test_missed_callers_since(callcentre: Commands, since: str, calls: int) -> None:
    rows = [json.loads(line) for line in callcentre.prints("missed", "--json", "--since", since)]
    assert sum(row["calls"] for row in rows if row["caller"] == "01632960777") == calls
    assert all(list(row) == list(MISSED_KEYS) for row in rows)


def test_missed_callers_in_a_table(callcentre: Commands) -> None:
    _, row, total = callcentre.prints("missed", "--line", "enquiries")
    assert cells(row) == ["01632960777", "enquiries", "2", "Mon 23 Nov 09:01", "Mon 23 Nov 09:02", "none"]
    assert total == "1 caller missed"


def test_the_backlog_waits_for_a_decision(callcentre: Commands) -> None:
    _, row, total = callcentre.prints("tasks", "backlog")
    assert cells(row) == ["Mon 23 Nov 2026 09:00:06", "enquiries", "600@default", "07700900061", "12 s"]
    assert total == "1 message waiting for a decision"
    (line,) = callcentre.prints("tasks", "backlog", "--json")
    assert json.loads(line)["status"] == "backlog"


def test_without_a_daemon_an_order_is_kept(callcentre: Commands, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "PATIENCE_SECONDS", 0.3)
    monkeypatch.setattr(asking, "SAYS_SO_AFTER_SECONDS", 0.1)
    status, printed, said = callcentre("tasks", "claim", "2", "--by", "Ben")
    assert (status, printed) == (1, "")
    waiting, told = said.splitlines()
    assert waiting == "waiting for callcentre to carry it out …"
    assert told.startswith("callcentre: no answer within 0 s; is callcentre running? The request is kept, and ")
    (order,) = asyncio.run(_pending())
    assert told.endswith(f"(order {order.id})")
    assert json.loads(order.body) | {"who": "Ben"} == json.loads(order.body)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("release", "2", "--supervisor"), {"action": "release", "supervisor": True}),
        (("release", "2"), {"action": "release"}),
        (("close", "2", "--outcome", "done"), {"action": "close", "outcome": "done"}),
        (("close", "2", "--outcome", "done", "--resolved"), {"outcome": "done", "resolved": True}),
        (("close", "2", "--outcome", "done", "--not-resolved", "--supervisor"), {"resolved": False}),
        (("later", "2", "--at", "2026-11-24T15:00"), {"action": "later", "call_at": "2026-11-24T15:00:00+00:00"}),
        (("later", "2", "--at", "2027-06-24 15:00"), {"call_at": "2027-06-24T14:00:00+00:00"}),
        (("later", "2", "--at-once"), {"action": "later"}),
        (("flags", "2", "--language", "pl", "--need", "sight", "--need", "speech"), {"needs": ["sight", "speech"]}),
        (("flags", "2"), {"action": "flags"}),
        (("assign", "2", "Bob"), {"action": "assign", "to": "Bob", "supervisor": True}),
        (("undo", "2"), {"action": "undo"}),
        (("complaint", "2", "--why", "rude"), {"action": "complaint", "why": "rude"}),
        (("follow-up", "2"), {"action": "follow_up"}),
        (("acknowledge", "2", "--how", "letter"), {"action": "acknowledge", "how": "letter"}),
        (("acknowledge", "2", "--how", "text", "--when", "2027-06-24 15:00"), {"when": "2027-06-24T14:00:00+00:00"}),
    ],
)
def test_each_step_is_left_as_an_order(
    callcentre: Commands, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], told: dict[str, Any]
) -> None:
    monkeypatch.setattr(asking, "PATIENCE_SECONDS", 0.1)
    status, _, _ = callcentre("tasks", *words, "--by", "Ben")
    (order,) = asyncio.run(_pending())
    body = json.loads(order.body)
    assert (status, body["number"], body["who"]) == (1, 2, "Ben")
    assert body | told == body
    for key in {"resolved", "call_at", "supervisor", "needs", "to", "when"} - set(told) - {"supervisor"}:
        assert key not in body


async def _pending() -> Any:
    database = await Database.open("sqlite:///calls.sqlite")
    try:
        return await database.queries.pending_orders()
    finally:
        await database.close()


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("tasks", "show", "77"), 1, "there is no task 77 on lab; callcentre tasks list --all shows those there are"),
        (("tasks", "list", "--line", "nix"), 2, '--line: there is no line "nix"; write one of enquiries, bookings'),
        (("tasks", "list", "--pbx", "nix"), 2, "--pbx nix is not configured; write --pbx with one of lab"),
        (("tasks", "list", "--all", "--state", "open"), 2, "--all and --state are given; keep one of them"),
        (("tasks", "claim", "1", "--by", " "), 2, "--by is empty; write the name of who does it"),
        (("tasks", "later", "1", "--by", "Ann"), 2, "say when: write --at with a time, or --at-once"),
        (
            ("tasks", "later", "1", "--by", "Ann", "--at", "soon"),
            2,
            "--at soon is no time; write one such as 2026-12-24T19:00",
        ),
        (
            ("tasks", "later", "77", "--by", "Ann", "--at", "2026-11-24T15:00"),
            1,
            "there is no task 77 on lab; callcentre tasks list --all shows those there are",
        ),
        (("tasks", "backlog", "--take-on", "--dismiss"), 2, "--take-on and --dismiss are given; keep one of them"),
        (("tasks", "backlog", "--take-on"), 2, "--by is missing; write the name of who decides"),
        (("missed", "--since", "never"), 2, "--since never is no time; write 7d, 12h, or a day such as 2026-11-20"),
        (("voicemails", "--line", "nix"), 2, '--line: there is no line "nix"; write one of enquiries, bookings'),
        (
            ("erase", "--by", "Ann", "--why", "asked"),
            2,
            "whom? Write the caller's number, or one of --task, --email and --name",
        ),
        (
            ("erase", "--by", "Ann", "--why", "asked", "--number", "someone"),
            2,
            "--number is no telephone number; write its digits, with the area code",
        ),
        (
            ("erase", "--by", "Ann", "--why", " ", "--number", "01632960123"),
            2,
            "--by and --why must say who erases, and for what reason",
        ),
        (
            ("test-notice", "--to", "nobody"),
            2,
            'there is no contact "nobody"; the configuration has none; add a [[contact]] table',
        ),
    ],
)
def test_a_mistake_is_one_message(callcentre: Commands, words: tuple[str, ...], status: int, said: str) -> None:
    assert callcentre(*words) == (status, "", f"callcentre: {said}\n")


@pytest.mark.parametrize(
    "words",
    [
        ("tasks", "claim", "1"),
        ("tasks", "close", "1", "--by", "Ann"),
        ("tasks", "close", "1", "--by", "Ann", "--outcome", "eaten"),
        ("tasks", "note", "1", "--by", "Ann"),
        ("tasks", "claim", "0", "--by", "Ann"),
        ("erase", "--number", "01632960123"),
    ],
)
def test_what_is_missing_is_named(callcentre: Commands, words: tuple[str, ...]) -> None:
    status, printed, said = callcentre(*words)
    assert (status, printed) == (2, "")
    assert "Error" in said


def test_an_erasure_asks_first(callcentre: Commands, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("typer.confirm", _declined)
    status, printed, said = callcentre("erase", "--number", "01632 960123", "--by", "Ann", "--why", "asked for it")
    assert (status, printed) == (1, "")
    assert said == (
        "This erases the number …123 from every call, message, task, case and note of lab, for good.\nAborted!\n"
    )
    assert asyncio.run(_pending()) == []


def _declined(_text: str, *, abort: bool, err: bool) -> bool:
    import typer

    assert abort
    assert err
    raise typer.Abort


def test_of_several_pbxs_one_must_be_named(callcentre: Commands, monkeypatch: pytest.MonkeyPatch) -> None:
    file = Path("callcentre.toml")
    file.write_text(file.read_text() + SECOND_PBX)
    said = "several PBXs are configured; write --pbx with one of lab, annexe"
    for words in (("tasks", "show", "1"), ("tasks", "claim", "1", "--by", "Ann"), ("tasks", "backlog")):
        assert callcentre(*words) == (2, "", f"callcentre: {said}\n")
    assert "pbx" in callcentre.prints("tasks", "list")[0]
    assert callcentre.prints("tasks", "show", "1", "--pbx", "lab")[0].startswith("task 1 on lab")
    monkeypatch.setattr(asking, "PATIENCE_SECONDS", 0.0)
    assert callcentre("erase", "--yes", "--number", "01632960123", "--by", "Ann", "--why", "asked")[0] == 1
    assert {order.pbx for order in asyncio.run(_pending())} == {"lab", "annexe"}


def test_without_a_database_it_says_what_to_do(callcentre: Commands) -> None:
    Path("calls.sqlite").unlink()
    status, printed, said = callcentre("tasks", "list")
    assert (status, printed) == (1, "")
    assert "is not there; is store.url right, and did callcentre run before?" in said
    assert not Path("calls.sqlite").exists()


@pytest.mark.parametrize(
    ("heading", "keys"),
    [
        ("A task", (*TASK_KEYS, "overdue", "messages")),
        ("A message", ("pbx", *MESSAGE_KEYS, *FILING_KEYS)),
        ("An attempt", ATTEMPT_KEYS),
        ("An entry", ENTRY_KEYS),
    ],
)
def test_the_page_of_json_names_every_key(heading: str, keys: tuple[str, ...]) -> None:
    page = (Path(__file__).parents[2] / "docs/reference/lists-as-json.md").read_text("utf-8")
    section = page.split(f"## {heading}\n")[1].split("\n## ")[0]
    words = {word for row in section.splitlines() for word in re.findall(r"`(\w+)`", _told(row))}
    assert set(keys) <= words


def _told(row: str) -> str:
    """The part of a row that names keys: the first column of a table, or all of a sentence."""
    return row.split("|")[1] if row.startswith("|") else row
