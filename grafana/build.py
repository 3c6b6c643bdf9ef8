"""Writes the dashboards and their page: `python -m grafana.build`; with `--check`, says whether they are as built."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from grafana.page import page
from grafana.panels import attendance, callbacks, daemon, service_level, wallboard
from grafana.panels.frame import Board, built
from grafana.tidy import tidied

FOLDER: Final = Path(__file__).with_name("dashboards")
PAGE: Final = Path(__file__).parents[1] / "docs" / "reference" / "dashboards.md"
BOARDS: Final = (wallboard.BOARD, service_level.BOARD, callbacks.BOARD, attendance.BOARD, daemon.BOARD)
SCHEMA: Final = 42


def document(board: Board) -> dict[str, Any]:
    """The dashboard as Grafana reads it."""
    found: dict[str, Any] = json.loads(JSONEncoder(sort_keys=True, indent=2).encode(built(board)))
    found["schemaVersion"] = SCHEMA
    return tidied(found, kiosk=board.kiosk)


def files(folder: Path = FOLDER, page_at: Path = PAGE) -> Mapping[Path, str]:
    """Each file and what belongs in it: JSON with its keys in order, so that a change shows as one; and the page."""
    found = [document(board) for board in BOARDS]
    written = {
        folder / f"{each['uid'].removeprefix('callcentre-')}.json": (
            json.dumps(each, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
        )
        for each in found
    }
    return {**written, page_at: page(found)}


def stale(folder: Path = FOLDER, page_at: Path = PAGE) -> list[str]:
    """The files that are not as built: changed, missing, or belonging to no dashboard."""
    wanted = files(folder, page_at)
    there = {path: path.read_text("utf-8") for path in (*folder.glob("*.json"), page_at) if path.exists()}
    return sorted(path.name for path in wanted.keys() | there.keys() if wanted.get(path) != there.get(path))


def main(words: list[str]) -> int:
    """Write, or with `--check` compare; 1 says that something is stale."""
    if words not in ([], ["--check"]):
        sys.stderr.write("usage: python -m grafana.build [--check]\n")
        return 2
    if words:
        found = stale()
        for name in found:
            sys.stderr.write(f"{name} is stale: run python -m grafana.build\n")
        return 1 if found else 0
    FOLDER.mkdir(exist_ok=True)
    for path, text in files().items():
        path.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
