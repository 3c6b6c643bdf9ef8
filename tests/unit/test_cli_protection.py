"""Retention, holds and access on the command line; an erasure that is refused, and one by name."""

import asyncio
import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from callcentre.cli import asking
from callcentre.runtime.clock import SystemClock
from callcentre.store.database import Database
from tests.conformance.sample import NINE
from tests.conformance.test_forgetting import life, put_by_hand
from tests.tables import put_tables
from tests.unit.commands import Commands
from tests.unit.test_cli_tasks import CONFIG

NUMBER = "07700900061"
BY = ("--by", "Ann", "--why", "asked by letter")


@pytest.fixture
def callcentre(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Commands:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(SystemClock, "now", lambda _self: NINE + timedelta(days=430))
    monkeypatch.setattr(asking, "PATIENCE_SECONDS", 0.0)
    Path("callcentre.toml").write_text(CONFIG, encoding="utf-8")
    asyncio.run(_filled())
    return Commands(capsys, monkeypatch)


async def _opened() -> Database:
    put_tables(Path("calls.sqlite"))
    database = await Database.open("sqlite:///calls.sqlite")
    await database.prepare()
    return database


async def _filled() -> None:
    database = await _opened()
    await database.writer.commit([*life(NUMBER, 1), *life("01632960778", 2)])
    await put_by_hand(database, NUMBER)
    await database.close()


def actions() -> list[str]:
    async def work() -> list[str]:
        database = await _opened()
        found = [entry.action for entry in await database.audit.entries()]
        await database.close()
        return found

    return asyncio.run(work())


def test_retention_says_what_would_go_and_removes_it_only_when_told_to(callcentre: Commands) -> None:
    told = {row["kind"]: row for row in map(json.loads, callcentre.prints("retention", "--json"))}
    assert told["numbers"]["rows"] > 0
    assert told["numbers"]["kept"] > 0, "of a caller whose case is open"
    assert told["numbers"]["oldest"].startswith("2026-11-23T09:00")
    assert not told["numbers"]["removed"]
    printed = "\n".join(callcentre.prints("retention"))
    assert "Nothing was removed." in printed
    assert "retention removed" not in actions()
    assert callcentre("retention", "--apply")[:2] == (2, "")
    assert callcentre("retention", "--apply", "--dry-run", "--by", "Ann")[0] == 2
    assert "Removed" in "\n".join(callcentre.prints("retention", "--apply", "--by", "Ann"))
    assert actions()[0] == "retention removed"
    again = {row["kind"]: row["rows"] for row in map(json.loads, callcentre.prints("retention", "--json"))}
    assert again["numbers"] == 0


@pytest.mark.parametrize("number", ["07700900061", "+44 7700 900061", "0044 7700-900-061", "01632 960 777"])
def test_a_number_that_somebody_types_into_a_reason_is_masked(callcentre: Commands, number: str) -> None:
    why = f"{number} claims damages"
    callcentre.prints("hold", "place", NUMBER, "--by", "Ann", "--why", why)
    callcentre.prints("hold", "lift", "2", "--by", "Ann", "--why", why)

    async def work() -> str:
        database = await _opened()
        found = repr((await database.holds.all())[0].why), repr(await database.audit.entries(who="Ann", limit=2))
        await database.close()
        return "".join(found)

    told = asyncio.run(work())
    assert "claims damages" in told
    assert number not in told
    assert not re.search(r"\d{7}", told)


def test_holds_are_placed_listed_and_lifted(callcentre: Commands) -> None:
    assert callcentre.prints("hold", "place", "+44 7700 900061", *BY, "--until", "2028-11-30") == [
        "the number …061 is held until 2028-11-30: nothing of it is erased or removed"
    ]
    assert callcentre.prints("hold", "place", "--case", "4", *BY)[0].startswith("case 4 is held")
    (case, number) = sorted(map(json.loads, callcentre.prints("hold", "list", "--json")), key=lambda row: -row["id"])
    assert (number["number"], number["pbx"], case["case_number"], case["pbx"]) == ("…061", "", 4, "lab")
    assert NUMBER not in "".join(callcentre.prints("hold", "list", "--all"))
    assert callcentre.prints("hold", "lift", number["id"], *BY) == [f"hold {number['id']} is lifted"]
    status, _, said = callcentre("hold", "lift", number["id"], *BY)
    assert (status, "there is no hold" in said) == (1, True)
    assert actions()[:3] == ["legal hold lifted", "legal hold placed", "legal hold placed"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("hold", "place", *BY), "what is held?"),
        (("hold", "place", NUMBER, "--case", "4", *BY), "what is held?"),
        (("hold", "place", "someone", *BY), "no telephone number"),
        (("hold", "place", NUMBER, "--by", "Ann", "--why", " "), "--by and --why"),
        (("hold", "place", NUMBER, *BY, "--until", "tomorrow"), "is no day"),
        (("hold", "place", NUMBER, *BY, "--until", "2020-01-01"), "is over"),
        (("person", "--out", "a.json", "--by", "Ann"), "of whom?"),
        (("person", NUMBER, "--out", "a.doc", "--by", "Ann"), ".json, .html or .txt"),
        (("person", NUMBER, "--out", "a.json", "--by", " "), "--by must say"),
        (("erase", NUMBER, "--email", "a@example.org", *BY), "whom?"),
        (("erase", NUMBER, "--recordings", *BY), "retention.erase_recordings"),
        (("erase", "--email", "nobody@example.org", *BY), "no case has that name or address"),
    ],
)
def test_what_is_wrong_is_said_in_words(callcentre: Commands, words: tuple[str, ...], said: str) -> None:
    status, printed, told = callcentre(*words)
    assert (status, printed) == (2, "")
    assert said in told


@pytest.mark.parametrize("name", ["maud.json", "maud.html", "maud.txt"])
def test_a_person_gets_all_of_it_and_it_is_written_down(callcentre: Commands, name: str) -> None:
    (said,) = callcentre.prints("person", "+447700900061", "--out", name, "--by", "Ann")
    assert "…061" in said
    text = Path(name).read_text(encoding="utf-8")
    for each in ("Maud Mudd", "maud@example.org", "shouted", "never called back", NUMBER):
        assert each in text, each
    assert Path(name).stat().st_mode & 0o077 == 0
    assert actions()[0] == "person exported"
    assert callcentre("person", NUMBER, "--out", name, "--by", "Ann")[0] == 2, "it is there already"
    if name.endswith("json"):
        told: dict[str, Any] = json.loads(text)
        assert {"calls", "tasks", "messages", "task_history", "cases", "case_history", "wrap_ups"} <= set(
            told["tables"]
        )
        assert "audit" in told["mentions"]


def test_by_name_the_cases_are_shown_before_anything_is_asked(
    callcentre: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    import typer

    def declined(_text: str, *, abort: bool, err: bool) -> bool:
        raise typer.Abort

    monkeypatch.setattr("typer.confirm", declined)
    status, printed, said = callcentre("erase", "--name", "mudd", *BY)
    assert (status, printed) == (1, "")
    assert "Maud Mudd" in said
    assert "These" not in printed
    status, _, said = callcentre("erase", "--email", "maud@example.org", "--yes", *BY)
    assert (status, "the request is kept" in said.lower()) == (1, True), "no daemon runs here"
