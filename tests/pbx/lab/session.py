"""Plays many cases side by side and keeps what each left."""

from __future__ import annotations

import traceback
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.pbx.lab.cases import all_cases
from tests.pbx.lab.daemon import ACCOUNTS, Daemon, stored
from tests.pbx.lab.hold import Held, hold
from tests.pbx.lab.play import play

SIDE_BY_SIDE = 10
"""So many cases at once. Ten Asterisks with their telephones leave two cores time to spare."""


@dataclass(slots=True)
class Result:
    """What one case left: its truth, and every listener's calls held against it."""

    version: str
    name: str
    out: Path
    error: str = ""
    truth: dict[str, Any] = field(default_factory=dict)
    troubles: list[str] = field(default_factory=list)
    held: dict[str, list[Held]] = field(default_factory=dict)
    exit_codes: list[int] = field(default_factory=list)
    metrics: str = ""


def play_all(wanted: Iterable[tuple[str, str]], folder: Path, side_by_side: int) -> dict[tuple[str, str], Result]:
    """Play each (version, case), so many at once; a case that could not be played says so in its result."""
    with ThreadPoolExecutor(max_workers=side_by_side) as pool:
        results = pool.map(lambda one: _play_one(one[0], one[1], folder), sorted(set(wanted), key=_longest_first))
        return {(result.version, result.name): result for result in results}


def _longest_first(one: tuple[str, str]) -> tuple[float, str]:
    """The cases whose last call begins latest go first, so that none is left alone at the end."""
    case = all_cases()[one[1]]
    return (-max(call.at for call in case.calls), one[0])


def _play_one(version: str, name: str, folder: Path) -> Result:
    result = Result(version=version, name=name, out=folder / f"asterisk{version}" / name)
    daemon = Daemon()
    try:
        played = play(all_cases()[name], version, result.out, daemon)
        result.truth, result.troubles = played.truth, played.troubles
        result.exit_codes = daemon.exit_codes
        result.metrics = (result.out / "metrics.txt").read_text(encoding="utf-8")
        for account in ACCOUNTS:
            calls, messages = stored(daemon.database, account)
            result.held[account] = hold(calls, messages, result.truth, blind=account == "blind")
    except Exception:
        result.error = traceback.format_exc()
    return result
