"""Recordings of a real Asterisk, measured, stored, and held against that Asterisk's own queue_log."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from callcentre.ami.playback import events_of_tape
from callcentre.config.load import load
from callcentre.core.centre import CallCentre
from callcentre.core.charter import Office
from callcentre.core.events import MemberChanged, TimePassed
from callcentre.core.facts import Fact
from callcentre.history.back_fill import import_queue_log
from callcentre.history.books import QueueLogs
from callcentre.history.reconcile import Kind, reconcile
from callcentre.store.database import Database

TWO_BOOKS = {"announced": {Kind.WAIT}, "hostile": {Kind.MISSING_HERE}}
"""Where the books must differ: queue_log counts the announcement to the agent as waiting, and AMI's words about a
caller who forges headers are not believed, so that only queue_log has the call (and lines cut by his forgery)."""

OWN = Path(__file__).parents[2] / "tapes"


def folders() -> list[Path]:
    """The folders with a tape and a queue_log: ours, and those of every root that CALLCENTRE_TAPES names."""
    roots = [OWN, *(Path(name) for name in os.environ.get("CALLCENTRE_TAPES", "").split(":") if name)]
    return sorted({found.parent for root in roots for found in root.rglob("queue_log")})


def office_of(folder: Path) -> Office:
    return load(next(p / "config.toml" for p in folder.parents if (p / "config.toml").exists()), {}).office


def groups(folder: Path, office: Office, names: dict[str, str]) -> Iterator[list[Fact]]:
    """The facts of the tape in groups of about a hundred; `names` is filled with the members' telephones."""
    centre, pbx = CallCentre(office), office.pbxs[0].name
    gathered: list[Fact] = []
    last: datetime | None = None
    for event in events_of_tape(next(folder.glob("ami.jsonl*")), pbx):
        last = event.at
        if isinstance(event, MemberChanged):
            names[event.member.name] = event.member.interface
        while (due := centre.next_timer()) is not None and due <= event.at:
            gathered += centre.handle(TimePassed(pbx="", at=due)).facts
        gathered += centre.handle(event).facts
        if len(gathered) > 100:
            yield gathered
            gathered = []
    if last is not None:
        gathered += centre.finish(last).facts
    yield gathered


@pytest.mark.parametrize("folder", folders(), ids=lambda folder: f"{folder.parent.name}-{folder.name}")
async def test_what_was_measured_agrees_with_queue_log(folder: Path, database: Database) -> None:
    office, names = office_of(folder), dict[str, str]()
    pbx = office.pbxs[0].name
    for group in groups(folder, office, names):
        await database.writer.commit(group)
    book = folder / "queue_log"
    told = list(QueueLogs([book]).calls())
    days = {call.entered.astimezone(UTC).date() for call in told}
    results = [await reconcile(day, office, pbx, book, database.queries, names=names) for day in sorted(days)]
    kinds = {difference.kind for result in results for difference in result.differences}
    assert kinds == TWO_BOOKS.get(folder.name, set())
    if Kind.MISSING_HERE not in kinds:
        assert sum(result.compared for result in results) == len(told)
    report = await import_queue_log([book], office, pbx, database.writer, names=names)
    forged = Kind.MISSING_HERE in kinds
    assert (report.added > 0, report.bad > 0) == (forged, forged)
