"""Taking in: the database holds what a replay of the same tape says, and tapes follow one another."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from callcentre.config.load import load
from callcentre.core.facts import Fact, GapOpened, MailboxSeen, NoticeRaised, TaskChanged
from callcentre.core.tasks import Notice
from callcentre.core.terms import MailboxState, NoticeKind
from callcentre.history.replay import replay
from callcentre.history.take_in import Intake, untold
from callcentre.store.database import Database

TAPES = Path(__file__).parents[2] / "tapes"
TAPE = TAPES / "asterisk22/pickup/ami.jsonl.gz"


async def test_the_database_holds_what_a_replay_says(tmp_path: Path) -> None:
    config = load(TAPES / "config.toml", {})
    pbx = config.pbxs[0].name
    told = [row for row in replay(TAPE, config.office, pbx) if "uniqueid" in row]
    first = datetime.fromisoformat(str(told[0]["offered_at"]))
    progress: list[datetime] = []
    database = await Database.open(f"sqlite:///{tmp_path}/store.sqlite")
    try:
        await database.prepare()
        intake = Intake(config.office, pbx, database.writer)
        await intake.play(TAPE, None, progress.append)
        await intake.play(TAPE, None, progress.append)
        counts = await database.queries.counts(first - timedelta(days=1), first + timedelta(days=1))
        last_fact = await database.queries.last_fact_at(pbx)
    finally:
        await database.close()
    held: Counter[str] = Counter()
    for count in counts:
        held[count.outcome] += count.calls
    assert told
    assert held == Counter(str(row["outcome"]) for row in told)
    assert progress[-1] == last_fact


def test_history_tells_nobody() -> None:
    """What is taken in has happened long ago: it is written down without what was to be told of it."""
    config = load(TAPES / "config.toml", {})
    office, pbx = config.office, config.pbxs[0].name
    line, now = office.lines[0].name, datetime(2026, 11, 24, 12, tzinfo=UTC)
    names: dict[str, Any] = {"pbx": pbx, "at": now}
    notice = Notice(**names, key="overdue:1", line=line, kind=NoticeKind.OVERDUE, title="", text="", to=("desk",))
    seen: dict[str, Any] = {"mailbox": "600@default", "line": line, "named": True, "reason": "100 of 100"}
    facts: tuple[Fact, ...] = (
        TaskChanged(**names, notices=(notice,)),
        MailboxSeen(**names, **seen, state=MailboxState.FULL, notice=notice),
        NoticeRaised(**names, notice=notice),
        GapOpened(**names, reason="the tape ends"),
    )
    told = [*untold(facts)]
    assert [type(fact) for fact in told] == [TaskChanged, MailboxSeen, GapOpened]
    assert told[0] == TaskChanged(**names)
    assert told[1] == MailboxSeen(**names, **seen, state=MailboxState.FULL)
    assert told[2] is facts[3], "what tells nobody is not copied"
