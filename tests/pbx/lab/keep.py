"""Keeps a played case as a tape of the project: the bytes, what could be asked, and the truth; nothing else."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path


def keep(folder: Path, into: Path) -> None:
    """Copy what a replay needs of a played case's `folder` to `into`, the tape compressed."""
    shutil.rmtree(into, ignore_errors=True)
    into.mkdir(parents=True)
    for name in ("ami.jsonl", "snapshots.jsonl"):
        # No name and no time in the header: the same bytes give the same file.
        packed = gzip.compress((folder / name).read_bytes(), compresslevel=9, mtime=0)
        (into / f"{name}.gz").write_bytes(packed)
    for name in ("truth.json", "queue_log"):
        shutil.copy(folder / name, into / name)
