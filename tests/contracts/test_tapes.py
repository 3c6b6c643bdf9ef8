"""Every tape of a real Asterisk replays to what its own books and telephones said.

Ours in tests/tapes, and every folder that CALLCENTRE_TAPES names (roots, colon-separated).
"""

import os
from pathlib import Path

import pytest

from callcentre.config.load import load
from callcentre.history.replay import replay
from tests.contracts.tape_truth import differences

OWN = Path(__file__).parents[1] / "tapes"


def _folders() -> list[Path]:
    roots = [Path(name) for name in os.environ.get("CALLCENTRE_TAPES", "").split(":") if name]
    return sorted({found.parent for root in [OWN, *roots] for found in root.rglob("truth.json")})


def _config_beside(folder: Path) -> Path:
    """The nearest config.toml above a tape: tapes of one PBX share one."""
    return next(parent / "config.toml" for parent in folder.parents if (parent / "config.toml").exists())


@pytest.mark.parametrize("folder", _folders(), ids=lambda folder: f"{folder.parent.name}-{folder.name}")
def test_a_tape_replays_to_its_truth(folder: Path) -> None:
    config = load(_config_beside(folder), {})
    tape = next(folder.glob("ami.jsonl*"))
    rows = list(replay(tape, config.office, config.office.pbxs[0].name))
    assert differences(rows, folder) == []
