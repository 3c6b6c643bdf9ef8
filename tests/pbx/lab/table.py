"""The table of a run, call by call: what is true, what each listener said, and where they part."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tests.pbx.lab.daemon import ACCOUNTS
from tests.pbx.lab.hold import Held, epoch
from tests.pbx.lab.session import Result

HEAD = ("PBX", "case", "DID", "outcome", "answered by", "wait s", "off by ms", "rings")
REPLAY = "replay"
LISTENERS = (*ACCOUNTS, REPLAY)


def table(results: Iterable[Result]) -> str:
    """The whole run as text."""
    rows = [[*HEAD, *LISTENERS]]
    below = []
    for result in results:
        if result.again:
            below.append(f"{result.version} {result.name} was played a second time: {result.again}")
        if result.error:
            rows.append([result.version, result.name, "could not be played", *[""] * (len(rows[0]) - 3)])
            below.append(f"{result.version} {result.name}: {result.error}")
            continue
        rows += [_call_row(result, call) for call in result.truth["calls"] + result.truth["may_be_unseen"]]
        below += _differences(result)
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join([*lines, "", *below])


def _call_row(result: Result, call: dict[str, Any]) -> list[str]:
    seen = call["observed"]
    return [
        result.version,
        result.name,
        call["did"],
        seen["outcome"] or "left in menu",
        seen.get("answered_by", ""),
        "" if seen["wait"] is None else f"{seen['wait']:.2f}",
        _off_by(result, call),
        str(seen["rings"] or ""),
        *(_verdict(result.held[listener], call["uniqueid"]) for listener in LISTENERS),
    ]


def _off_by(result: Result, call: dict[str, Any]) -> str:
    """By how much the daemon's answer time differs from the truth."""
    true = call["observed"].get("agent_answer")
    for held in result.held["all"]:
        said = epoch(held.said["answered_at"]) if held.said else None
        if held.uniqueid == call["uniqueid"] and said is not None and true is not None:
            return f"{(said - true) * 1000:+.1f}"
    return ""


def _verdict(held: list[Held], uniqueid: str) -> str:
    for one in held:
        if one.uniqueid == uniqueid:
            return "ok" if not one.differences else f"{len(one.differences)} differ"
    return "unseen"


def _differences(result: Result) -> list[str]:
    return [
        f"{result.version} {result.name} {listener} {held.uniqueid}: {difference}"
        for listener in LISTENERS
        for held in result.held[listener]
        for difference in held.differences
    ]
