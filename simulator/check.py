"""Holds the product's output against a scenario: its stated expectations, and the model's own truth.

The product is a program of its own here, run on the tape that the scenario makes; nothing of it is imported.
"""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from callcentre_simulator.ledger import Stretch, stretches
from callcentre_simulator.playing import Played
from callcentre_simulator.schema import (
    AttendanceExpectation,
    CallExpectation,
    Expectations,
    MessageExpectation,
    Scenario,
)
from callcentre_simulator.truth import Call

Row = dict[str, Any]
NEAR = 0.05
"""Seconds by which a time in the product's output may differ from the truth: events come a moment after the deed."""
SIMPLE = ("line", "outcome", "answered_by", "rings", "within_seconds", "within_rings", "hours", "origin", "quality")


class ProductFailed(Exception):
    """The product could not replay the tape; the message is what it said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """What the product printed: calls in order of offering, messages, and attendance."""

    calls: list[Row] = field(default_factory=list)
    messages: list[Row] = field(default_factory=list)
    attendance: list[Row] = field(default_factory=list)


def replayed(played: Played, product: tuple[str, ...] = ()) -> Output:
    """Run the product on the tape; `product` is its command (this Python's own callcentre unless given)."""
    command = product or (sys.executable, "-m", "callcentre")
    told = subprocess.run(  # noqa: S603 (the command is the tester's own)
        [*command, "replay", str(played.tape), "--config", str(played.config), "--snapshots", str(played.snapshots),
         "--json"],
        capture_output=True, text=True, check=False, encoding="utf-8",
    )  # fmt: skip
    if told.returncode:
        raise ProductFailed(f"callcentre replay said: {told.stderr.strip() or told.returncode}")
    return output(told.stdout.splitlines())


def output(lines: Iterable[str]) -> Output:
    """Sort the lines of `callcentre replay --json`."""
    out = Output()
    for line in lines:
        row: Row = json.loads(line)
        if "voicemail" in row:
            out.messages.append(row["voicemail"])
        elif "attendance" in row:
            out.attendance.append(row["attendance"])
        elif "uniqueid" in row:
            out.calls.append(row)
    return out


def differences(played: Played, out: Output) -> list[str]:
    """Everything in which the product's output is not what it must be, a line each; nothing where all is well."""
    expect = played.scenario.expect
    found = [*_outcomes(expect, out), *_calls(expect, out), *_messages(expect, out), *_attendance(expect, out)]
    if expect.truth:
        found += _truth(played, out)
    return found


def _outcomes(expect: Expectations, out: Output) -> Iterator[str]:
    if not expect.outcomes:
        return
    counted = Counter(row["outcome"] for row in out.calls)
    for outcome in sorted({*expect.outcomes, *counted}):
        wanted = expect.outcomes.get(outcome, 0)
        if counted[outcome] != wanted:
            yield f"{wanted} calls should be {outcome}, {counted[outcome]} are"


def _calls(expect: Expectations, out: Output) -> Iterator[str]:
    for place, wanted in enumerate(expect.call, 1):
        row = _row(wanted, place, out)
        name = f"call {wanted.call or place}" if wanted.caller is None else f"the call of {wanted.caller}"
        if row is None:
            yield f"{name} is missing"
        else:
            yield from (f"{name}: {text}" for text in _call(wanted, row))


def _row(wanted: CallExpectation, place: int, out: Output) -> Row | None:
    if wanted.caller is not None:
        return next((row for row in out.calls if row["caller"] == wanted.caller), None)
    index = (wanted.call or place) - 1
    return out.calls[index] if index < len(out.calls) else None


def _call(wanted: CallExpectation, row: Row) -> Iterator[str]:
    for key in SIMPLE:
        value = getattr(wanted, key)
        if value is not None and row[key] != value:
            yield f"{key} should be {value}, is {row[key]}"
    if wanted.attempts is not None:
        got = [f"{one['interface']} {one['result']}" for one in row["attempts"]]
        if sorted(got) != sorted(wanted.attempts):
            yield f"attempts should be {wanted.attempts}, are {got}"
    if wanted.visits is not None:
        got = [f"{one['queue']} {one['result']}" for one in row["visits"]]
        if got != wanted.visits:
            yield f"visits should be {wanted.visits}, are {got}"


def _messages(expect: Expectations, out: Output) -> Iterator[str]:
    for place, wanted in enumerate(expect.message):
        if place >= len(out.messages):
            yield f"message {place + 1} in {wanted.mailbox} is missing"
            continue
        yield from (f"message {place + 1}: {text}" for text in _message(wanted, out.messages[place]))


def _message(wanted: MessageExpectation, row: Row) -> Iterator[str]:
    for key in ("mailbox", "line", "caller"):
        value = getattr(wanted, key)
        if value is not None and row[key] != value:
            yield f"{key} should be {value}, is {row[key]}"
    if wanted.due is not None and (row["due"] is None or abs(_epoch(row["due"]) - wanted.due.timestamp()) > 1.0):
        yield f"due should be {wanted.due.isoformat()}, is {row['due']}"


def _attendance(expect: Expectations, out: Output) -> Iterator[str]:
    for wanted in expect.attendance:
        got = _seconds(wanted, out)
        reasons = (row["reason"] for row in out.attendance if _concerns(wanted, row))
        other = [reason for reason in reasons if wanted.because not in reason]
        if other:
            yield f"{wanted.line} should be {wanted.state} because {wanted.because!r}, is because {other[0]!r}"
        if abs(got - wanted.seconds) > wanted.within:
            yield f"{wanted.line} should be {wanted.state} for {wanted.seconds:g} s of its hours, is for {got:.1f} s"


def _seconds(wanted: AttendanceExpectation, out: Output) -> float:
    return sum(_epoch(row["end"]) - _epoch(row["start"]) for row in out.attendance if _concerns(wanted, row))


def _concerns(wanted: AttendanceExpectation, row: Row) -> bool:
    return bool(row["line"] == wanted.line and row["state"] == wanted.state and row["core"])


def _epoch(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def claimed(scenario: Scenario, call: Call) -> bool:
    """Whether a line of the office claims a call: by the number dialled, a queue it was in or a telephone it rang."""
    dids = {did for line in scenario.line for did in line.dids}
    queues = {queue for line in scenario.line for queue in line.queues}
    desks = {desk for line in scenario.line for desk in line.extensions}
    rung = any(one.interface in desks for one in call.attempts) and not call.visits
    return (call.did in dids and not call.internal) or any(one.queue in queues for one in call.visits) or rung


def _truth(played: Played, out: Output) -> Iterator[str]:
    rows = {row["uniqueid"]: row for row in out.calls}
    wanted = {
        call.uniqueid: call for call in played.pbx.truth.calls.values() if claimed(played.scenario, call)
    }  # fmt: skip
    for uniqueid in sorted(rows.keys() - wanted.keys()):
        yield f"call {uniqueid} is made up: no line claims it"
    for uniqueid, call in wanted.items():
        row = rows.get(uniqueid)
        if row is None:
            yield f"call {uniqueid} ({call.outcome}) is missing"
        else:
            yield from (f"call {uniqueid}: {text}" for text in _against(call, row))
    told = Counter((row["mailbox"], row["caller"]) for row in out.messages)
    true = Counter((one.mailbox, one.caller) for one in played.pbx.truth.messages)
    if told != true:
        yield f"messages should be {dict(true)}, are {dict(told)}"
    for line in played.scenario.line:
        yield from _ledger(line.name, stretches(played.pbx.watch, line, played.pbx.now), out)


def _ledger(line: str, true: list[Stretch], out: Output) -> Iterator[str]:
    """Hold what the product says of a line's core hours, moment by moment, against what was so."""
    mine = (row for row in out.attendance if row["line"] == line and row["core"])
    told = _joined((_epoch(row["start"]), _epoch(row["end"]), row["state"]) for row in mine)
    wanted = _joined((one.start, one.end, one.state) for one in true)
    same = len(told) == len(wanted) and all(
        one[2] == other[2] and abs(one[0] - other[0]) <= NEAR and abs(one[1] - other[1]) <= NEAR
        for one, other in zip(told, wanted, strict=True)
    )
    if not same:
        yield f"{line} should be {_words(wanted)}, is {_words(told)}"


def _joined(spans: Iterable[tuple[float, float, str]]) -> list[tuple[float, float, str]]:
    """Neighbours of one state as one, moments left out."""
    joined: list[tuple[float, float, str]] = []
    for start, end, state in spans:
        if end - start <= NEAR:
            continue
        if joined and joined[-1][2] == state and start - joined[-1][1] <= NEAR:
            joined[-1] = (joined[-1][0], end, state)
        else:
            joined.append((start, end, state))
    return joined


def _words(spans: list[tuple[float, float, str]]) -> str:
    at = (datetime.fromtimestamp(start, UTC).strftime("%d %H:%M:%S.%f")[:-3] for start, _, _ in spans)
    return ", ".join(f"{state} since {since}" for since, (_, _, state) in zip(at, spans, strict=True)) or "never open"


def _against(call: Call, row: Row) -> Iterator[str]:
    if row["outcome"] != call.outcome:
        yield f"outcome should be {call.outcome}, is {row['outcome']}"
    if call.lost:
        return
    if row["caller"] != call.caller:
        yield f"caller should be {call.caller}, is {row['caller']}"
    if row["answered_by"] != (call.answered_by or None):
        yield f"answered_by should be {call.answered_by or None}, is {row['answered_by']}"
    told = [
        ("offered_at", call.offered or call.begun),
        ("first_ring_at", call.first_ring),
        ("answered_at", call.answered),
    ]
    if not call.cut:
        told.append(("ended_at", call.ended))
    for key, when in told:
        if not _near(row[key], when):
            yield f"{key} should be {when}, is {row[key] and _epoch(row[key])}"
    if (
        call.offered is not None
        and call.outcome != "in_progress"
        and abs((row["wait_seconds"] or 0.0) - call.wait) > NEAR
    ):
        yield f"wait_seconds should be {call.wait:.3f}, is {row['wait_seconds']}"
    attempts = sorted((one.interface, one.result, one.after_answer) for one in call.attempts)
    got = sorted((one["interface"], one["result"], one["after_answer"]) for one in row["attempts"])
    if got != attempts:
        yield f"attempts should be {attempts}, are {got}"
    visits = [(one.queue, one.result, one.after_answer) for one in call.visits]
    stays = [(one["queue"], one["result"], one["after_answer"]) for one in row["visits"]]
    if stays != visits:
        yield f"visits should be {visits}, are {stays}"


def _near(text: str | None, when: float | None) -> bool:
    if text is None or when is None:
        return text is None and when is None
    return abs(_epoch(text) - when) <= NEAR


def report(name: str, found: list[str], folder: Path) -> str:
    """What `check` prints of one scenario."""
    if not found:
        return f"{name}: as it must be"
    return "\n".join([f"{name}: {len(found)} differences (see {folder})", *(f"  {text}" for text in found)])
