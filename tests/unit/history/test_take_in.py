"""Taking in: the database holds what a replay of the same tape says, and tapes follow one another."""

from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

from callcentre.config.load import load
from callcentre.history.replay import replay
from callcentre.history.take_in import Intake
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
