"""A scenario played as fast as it goes, without a network: its tape, its truth, its queue_log, the product's config."""

import json
from dataclasses import dataclass
from pathlib import Path

from callcentre_simulator.ledger import attendance
from callcentre_simulator.office_config import product_config
from callcentre_simulator.pbx import Pbx
from callcentre_simulator.recorder import Recorder
from callcentre_simulator.scenario import build
from callcentre_simulator.schema import Scenario
from callcentre_simulator.spool import Spool


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """A scenario that was played, and where what it left lies."""

    scenario: Scenario
    pbx: Pbx
    folder: Path
    events: int

    @property
    def tape(self) -> Path:
        """What a listener read."""
        return self.folder / "tape.jsonl"

    @property
    def snapshots(self) -> Path:
        """What a listener could have asked."""
        return self.folder / "snapshots.jsonl"

    @property
    def config(self) -> Path:
        """The product's configuration."""
        return self.folder / "callcentre.toml"


def play(scenario: Scenario, folder: Path, *, version: int | None = None, seed: int | None = None) -> Played:
    """Play a scenario into a folder: tape.jsonl, snapshots.jsonl, truth.json, queue_log, callcentre.toml, spool/."""
    folder.mkdir(parents=True, exist_ok=True)
    pbx = build(scenario, version=version, seed=seed)
    pbx.voicemail.changed = Spool(folder / "spool").synchronise
    with (
        (folder / "tape.jsonl").open("w", encoding="utf-8") as tape,
        (folder / "snapshots.jsonl").open("w", encoding="utf-8") as asked,
    ):
        recorder = Recorder(pbx, tape, asked)

        def heard(_at: float, mark: str) -> None:
            if mark == "crash":
                recorder.broken()

        pbx.restarts.marks.append(heard)
        run(pbx, pbx.now + scenario.seconds, to_the_end=not scenario.cut)
        recorder.ask("end")
        recorder.close()
    write_books(pbx, folder)
    (folder / "callcentre.toml").write_text(product_config(scenario), encoding="utf-8")
    return Played(scenario=scenario, pbx=pbx, folder=folder, events=recorder.events)


def run(pbx: Pbx, end: float, *, to_the_end: bool) -> None:
    """Run the model to `end`, and then until nothing more is due, if calls are to be seen `to_the_end`."""
    pbx.advance(end)
    while to_the_end and (due := pbx.next_at()) is not None:
        pbx.advance(due)


def write_books(pbx: Pbx, folder: Path) -> None:
    """Write the office's own account: truth.json and queue_log."""
    books = {**pbx.truth.as_json(), "attendance": attendance(pbx.watch, pbx.now)}
    (folder / "truth.json").write_text(json.dumps(books, indent=1) + "\n", encoding="utf-8")
    (folder / "queue_log").write_text("".join(f"{line}\n" for line in pbx.log.lines), encoding="utf-8")
