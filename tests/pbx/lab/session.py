"""Plays many cases side by side and keeps what each left."""

from __future__ import annotations

import traceback
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.pbx.lab.attended import hold_attended
from tests.pbx.lab.cases import all_cases
from tests.pbx.lab.daemon import ACCOUNTS, Daemon, attended, filed, stored
from tests.pbx.lab.filed import Account, Tables, hold_filed
from tests.pbx.lab.hold import Held, Late, hold
from tests.pbx.lab.play import Played, play
from tests.pbx.lab.unplayed import Unplayed

SIDE_BY_SIDE = 8
"""So many cases at once. Eight Asterisks with their telephones leave two cores time to spare."""


@dataclass(slots=True)
class Result:
    """What one case left: its truth, and every listener's calls held against it."""

    version: str
    name: str
    out: Path
    error: str = ""
    again: str = ""
    truth: dict[str, Any] = field(default_factory=dict)
    troubles: list[str] = field(default_factory=list)
    held: dict[str, list[Held]] = field(default_factory=dict)
    filed: dict[str, list[str]] = field(default_factory=dict)
    attended: list[str] = field(default_factory=list)
    tables: dict[str, Tables] = field(default_factory=dict)
    notices: list[dict[str, Any]] = field(default_factory=list)
    exit_codes: list[int] = field(default_factory=list)
    metrics: str = ""


def play_all(wanted: Iterable[tuple[str, str]], folder: Path, side_by_side: int) -> dict[tuple[str, str], Result]:
    """Play each (version, case), so many at once; a case that could not be played says so in its result."""
    with ThreadPoolExecutor(max_workers=side_by_side) as pool:
        results = pool.map(lambda one: _play_one(one[0], one[1], folder), sorted(set(wanted), key=_longest_first))
        return {(result.version, result.name): result for result in results}


def _longest_first(one: tuple[str, str]) -> tuple[float, str]:
    """The cases that last longest go first, so that none is left alone at the end."""
    return (-all_cases()[one[1]].seconds, one[0])


def _play_one(version: str, name: str, folder: Path) -> Result:
    result = Result(version=version, name=name, out=folder / f"asterisk{version}" / name)
    try:
        try:
            _measure(result)
            result.again = _doubt(result)
        except Unplayed as trouble:
            # The PBX never had the call, so there was nothing to measure.
            result.again = str(trouble)
        if result.again:
            # Once more, and the table says so. What differs then, differs.
            _measure(result)
    except Exception:
        result.error = traceback.format_exc()
    return result


def _doubt(result: Result) -> str:
    """Why a played case proves nothing, neither way: the machine was too busy to play it as it was written.

    Either the PBX and the telephones did not do what its author meant, callcentre having no part in it; or nothing but
    moments differ, and by little. A fault of callcentre's is there again in the second play.
    """
    if result.troubles:
        return "; ".join(result.troubles)
    acts = all_cases()[result.name].acting is not None
    for call in () if acts else result.truth["calls"]:
        seen, wanted = call["observed"], call["wanted"]
        if seen["outcome"] != (wanted["outcome"] if wanted["line"] else None):
            return f"{call['did']} was {seen['outcome']}, meant as {wanted['outcome']}"
    differing = [one for account in ACCOUNTS for one in result.held[account] if one.differences]
    filed = [text for account in ACCOUNTS for text in result.filed[account]]
    if all(one.only_late for one in differing) and all(isinstance(text, Late) for text in filed):
        return "; ".join(dict.fromkeys([*(text for one in differing for text in one.differences), *filed]))
    return ""


def _measure(result: Result) -> None:
    """Play the case, and hold what every listener says of it."""
    daemon, played = _play(result)
    result.truth, result.troubles = played.truth, played.troubles
    result.exit_codes = daemon.exit_codes
    result.metrics = (result.out / "metrics.txt").read_text(encoding="utf-8")
    for account in ACCOUNTS:
        tables = filed(daemon.database, account)
        calls = stored(daemon.database, account)
        result.held[account] = hold(calls, None, result.truth, blind=account == "blind")
        known = Account(name=account, version=result.version)
        result.filed[account] = hold_filed(result.truth, tables, known)
        result.tables[account] = tables
    result.notices = daemon.notices
    case = all_cases()[result.name]
    if case.acting:
        watched = attended(daemon.database, "all", case.acting.line)
        result.attended = hold_attended(case, result.out, result.truth, watched)


def _play(result: Result) -> tuple[Daemon, Played]:
    case = all_cases()[result.name]
    daemon = Daemon(case.acting)
    return daemon, play(case, result.version, result.out, daemon)
