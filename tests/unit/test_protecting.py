"""Terms as an office writes them; the nightly look; an erasure and its holds, recordings and certificate."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import structlog

from callcentre.cli.certifying import certificate, in_words
from callcentre.cli.person import MENTIONS, TITLES, as_html, as_json, as_text
from callcentre.cli.person_words import heading
from callcentre.config.retention import RetentionSection, RetentionSettings, retention_of, term_of
from callcentre.core.errors import StoreUnavailable
from callcentre.core.facts import Fact, NoticeRaised
from callcentre.core.requests import ErasureAsked
from callcentre.core.terms import NoticeKind
from callcentre.forgetting import Forgetting
from callcentre.retaining import Retaining
from callcentre.spool.deleting import NotDeleted
from callcentre.store.certificates import Erasure, Recording
from callcentre.store.holds import Hold
from callcentre.store.personal import Says, tables_with
from callcentre.store.retention_rules import Removed
from callcentre.store.subject import SOURCES, Subject
from tests.unit.web.served import office

NOW = datetime(2026, 11, 24, 3, 15, tzinfo=UTC)


# --- terms -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "days"),
    [("30 days", 30), ("1 day", 1), ("6 weeks", 42), ("12 months", 365), ("13 months", 396), ("6 years", 2192)],
)
def test_a_term_is_whole_days(written: str, days: int) -> None:
    assert term_of(written) == timedelta(days=days)


@pytest.mark.parametrize(
    "written", ["", "13", "13m", "0 days", "1.5 years", "ever", "13 months ", "200 years", "-1 day"]
)
def test_what_is_no_term_is_said_to_be_none(written: str) -> None:
    with pytest.raises(ValueError, match=r"write|long"):
        term_of(written)


def test_never_is_a_term_and_defaults_are_those_of_the_page() -> None:
    terms = retention_of(RetentionSection()).terms
    assert terms["certificates"] is None
    page = (Path(__file__).parents[2] / "docs" / "data-protection" / "retention.md").read_text("utf-8")
    for name, field in RetentionSection.model_fields.items():
        if name in terms:
            assert f"| `{name}` | {field.default} |" in page, "each default stands there with its reason"


# --- each night ------------------------------------------------------------------------------------------------------


class Nightly:
    """Stands in for the store, the scheduler and the loop."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.found = [Removed(kind="numbers", rows=3), Removed(kind="calls")]
        self.runs: list[dict[str, Any]] = []
        self.last_run: Sequence[Any] = ()
        self.facts: list[Fact] = []
        self.jobs: list[tuple[str, time, ZoneInfo]] = []
        self.away = False
        self.retaining = Retaining(
            settings=RetentionSettings(**settings),
            office=office(folder).office,
            retention=self,  # type: ignore[arg-type]
            holds=self,  # type: ignore[arg-type]
            scheduler=self,
            add=self.facts.extend,
            now=lambda: NOW,
            log=structlog.get_logger(),
        )

    async def run(self, terms: Mapping[str, Any], at: datetime, holds: Sequence[Any], **how: Any) -> list[Removed]:
        if self.away:
            raise StoreUnavailable("the database is away")
        self.runs.append(how)
        return self.found

    async def lasting(self, _at: datetime) -> Sequence[Hold]:
        return ()

    async def last(self) -> Sequence[Any]:
        return self.last_run

    def daily(self, name: str, at: time, zone: ZoneInfo, job: Callable[[], Awaitable[None]]) -> None:
        self.jobs.append((name, at, zone))


async def test_it_only_counts_until_the_office_has_said_so(tmp_path: Path) -> None:
    nightly = Nightly(tmp_path)
    await nightly.retaining.night()
    assert nightly.runs == [{"apply": False, "who": "callcentre"}]
    (raised,) = nightly.facts
    assert isinstance(raised, NoticeRaised)
    assert raised.notice.kind is NoticeKind.RETENTION
    assert "- numbers: 3" in raised.notice.text
    assert "calls" not in raised.notice.text
    await nightly.retaining.night()
    assert {fact.notice.key for fact in nightly.facts if isinstance(fact, NoticeRaised)} == {raised.notice.key}, "once"


async def test_once_it_has_it_is_removed_and_nobody_is_told(tmp_path: Path) -> None:
    nightly = Nightly(tmp_path, apply=True)
    await nightly.retaining.night()
    assert nightly.runs == [{"apply": True, "who": "callcentre"}]
    assert nightly.facts == []


async def test_where_nothing_is_due_nobody_is_told(tmp_path: Path) -> None:
    nightly = Nightly(tmp_path)
    nightly.found = [Removed(kind="numbers")]
    await nightly.retaining.night()
    assert nightly.facts == []


async def test_a_database_that_is_away_is_left_for_the_next_night(tmp_path: Path) -> None:
    nightly = Nightly(tmp_path, apply=True)
    nightly.away = True
    await nightly.retaining.night()
    assert nightly.facts == []


@pytest.mark.parametrize(("hours", "runs"), [(None, 0), (24, 0), (25, 1), (100, 1)])
async def test_what_was_missed_is_made_up_for_at_a_start(tmp_path: Path, hours: float | None, runs: int) -> None:
    nightly = Nightly(tmp_path, at=time(2, 30))
    if hours is not None:
        nightly.last_run = [type("Row", (), {"at": NOW - timedelta(hours=hours)})()]
    task = asyncio.ensure_future(nightly.retaining.run())
    for _ in range(30):
        await asyncio.sleep(0)
    task.cancel()
    assert nightly.jobs == [("retention", time(2, 30), ZoneInfo("Europe/London"))]
    assert len(nightly.runs) == runs


# --- an erasure ------------------------------------------------------------------------------------------------------


class Store:
    """Stands in for holds and certificates."""

    def __init__(self) -> None:
        self.holds: list[Hold] = []
        self.kept = [
            Recording(pbx="lab", key=f"k{n}", mailbox="600@default", folder="INBOX", msg_id=f"m{n}", origtime=NOW)
            for n in (1, 2)
        ]
        self.notes: list[str] = []

    async def against(self, _pbx: str, _at: datetime, **_whom: Any) -> Sequence[Hold]:
        return self.holds

    async def of(self, _requests: Sequence[str]) -> Sequence[Erasure]:
        return [erasure()]

    async def recordings(self, _pbx: str, keys: Sequence[str], _caller: str | None) -> Sequence[Recording]:
        return [one for one in self.kept if one.key in keys]

    async def note(self, _request: str, _pbx: str, notes: Sequence[str]) -> None:
        self.notes += notes

    async def clean(self, words: Sequence[str]) -> Sequence[str]:
        return [f"clean of {len(words)}"]


def erasure() -> Erasure:
    return Erasure(
        request="r",
        pbx="lab",
        at=NOW,
        who="Ann",
        why="asked by letter",
        hash="ab" * 32,
        counts={"calls": 2},
        messages=("k1", "k2"),
        notes=("clean",),
    )


def forgetting(store: Store, spools: Mapping[str, Path]) -> Forgetting:
    return Forgetting(holds=store, erasures=store, spools=spools, now=lambda: NOW, log=structlog.get_logger())  # type: ignore[arg-type]


def asked(*, recordings: bool = False) -> ErasureAsked:
    return ErasureAsked(pbx="lab", at=NOW, who="Ann", request="r", caller="07700900061", recordings=recordings)


async def test_a_hold_refuses_an_erasure_in_words_without_the_number() -> None:
    store = Store()
    assert await forgetting(store, {}).refused(asked(), None) == ""
    store.holds = [
        Hold(id=3, pbx="", number="07700900061", case_number=None, why="a claim", who="Sue", at=NOW - timedelta(days=1))
    ]
    said = await forgetting(store, {}).refused(asked(), None)
    assert "legal hold (hold 3, the number …061: a claim, placed by Sue)" in said
    assert "07700900061" not in said


async def test_recordings_stay_and_are_listed_unless_both_ask_and_allow(tmp_path: Path) -> None:
    for spools, wanted in (({}, True), ({"lab": tmp_path}, False)):
        store = Store()
        await forgetting(store, spools).recordings(asked(recordings=wanted))
        assert store.notes == ["Still in the voicemail, to be deleted there: 2 in 600@default INBOX."]


async def test_recordings_are_deleted_and_what_is_not_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def delete(_spool: Path, _mailbox: str, msg_id: str | None, _origtime: datetime) -> bool:
        if msg_id == "m2":
            raise NotDeleted("Asterisk is at work in that folder")
        return True

    monkeypatch.setattr("callcentre.forgetting.delete_message", delete)
    store = Store()
    await forgetting(store, {"lab": tmp_path}).recordings(asked(recordings=True))
    assert store.notes == [
        "1 recording deleted from the voicemail spool of lab.",
        "Not deleted from the voicemail (Asterisk is at work in that folder): 1 in 600@default INBOX.",
    ]
    await forgetting(store, {}).clean(asked(), ["07700900061"])
    assert store.notes[-1] == "clean of 1"


def test_the_certificate_says_what_was_done_and_what_is_out_of_reach(tmp_path: Path) -> None:
    told = certificate(office(tmp_path), [erasure()], "0.1.0")
    said = "\n".join(in_words(told))
    for each in ("by Ann: asked by letter", "ab" * 32, "2  calls", "queue_log", "CDR", "backups", "tapes", "clean"):
        assert each in said, each
    assert told["erasures"][0]["rows"] == {"calls": 2}


# --- what is kept of a person ----------------------------------------------------------------------------------------


def test_every_table_of_a_person_has_a_title() -> None:
    assert {source.table.name for source in SOURCES} == set(TITLES)


def test_headings_are_words_that_people_outside_understand() -> None:
    ours = {"uniqueid", "linkedid", "pbx", "did", "seq", "ack", "msg", "id"}
    for source in SOURCES:
        for column in source.table.columns:
            said = heading(column.name)
            assert said[0].isupper()
            assert not ours & set(said.lower().split()), f"name {column.name} in cli/person_words.py"
    words = {table.name for table, _ in tables_with(Says.WORDS)}
    assert words <= set(TITLES) | set(MENTIONS)


def test_text_for_people_is_lines_that_steer_no_screen() -> None:
    rows = [{"pbx": "lab", "caller": "\x1b[2J07700900061\nFrom: you", "empty": None}]
    text = as_text(Subject(tables={"calls": rows}, mentions={"audit": rows}, recordings=[]))
    assert "Calls, 1 of 1\n  Telephone system: lab\n  Telephone number:  [2J07700900061 From: you\n" in text
    assert "Mentioned elsewhere: What staff did, 1 of 1" in text
    assert "\x1b" not in text
    assert "Empty" not in text


def test_what_callers_sent_is_only_text_in_the_file() -> None:
    hostile = "<script>alert(1)</script>"
    rows = [{"pbx": "lab", "caller": hostile, "empty": None}]
    found = Subject(tables={"calls": rows}, mentions={"audit": rows}, recordings=rows)
    page = as_html(found)
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "<th>Empty</th>" not in page
    assert '"calls"' in as_json(found)
