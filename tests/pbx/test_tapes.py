"""The project's own tapes, ring by ring, as three accounts would have heard them. Needs no PBX.

`tests/contracts` holds tapes of any origin; these carry the lab's fuller truth, and are held to all of it.
"""

import gzip
import json
from pathlib import Path

import pytest

from callcentre.config.load import load
from callcentre.history.replay import replay
from tests.pbx.lab.hold import hold_replay
from tests.pbx.lab.rights import write_narrowed

TAPES = Path(__file__).parents[1] / "tapes"
FOLDERS = sorted(path.parent for path in TAPES.glob("asterisk*/*/truth.json"))


@pytest.mark.parametrize("account", ["all", "least", "blind"])
@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: f"{folder.parent.name}-{folder.name}")
def test_a_tape_is_held_to_every_ring(folder: Path, account: str, tmp_path: Path) -> None:
    office = load(TAPES / "config.toml", {}).office
    tape = folder / "ami.jsonl.gz"
    if account != "all":
        lines = gzip.decompress(tape.read_bytes()).decode().rstrip("\n").split("\n")
        tape = tmp_path / "ami.jsonl"
        write_narrowed(lines, account, tape)
    snapshots = tmp_path / "snapshots.jsonl"
    snapshots.write_bytes(gzip.decompress((folder / "snapshots.jsonl.gz").read_bytes()))
    rows = list(replay(tape, office, "lab", snapshots))
    truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    held = hold_replay(rows, truth, blind=account == "blind")
    assert [(one.uniqueid, one.differences) for one in held if one.differences] == []
