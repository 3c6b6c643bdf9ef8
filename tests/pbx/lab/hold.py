"""Holds what callcentre says of a case against the truth, call by call and ring by ring."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Row = dict[str, Any]

TIME = 0.1
"""Seconds by which a moment may differ."""

SPAN = 0.15
"""Seconds by which a length of time may differ."""

HEALED = 1.1
"""The same for a call of quality partial or inferred: queue_log has whole seconds, and truncates."""


@dataclass(slots=True)
class Held:
    """One call held against its truth: what is true, what was said, and every difference."""

    uniqueid: str
    truth: Row
    said: Row | None
    differences: list[str] = field(default_factory=list)


def hold(rows: list[Row], messages: list[Row], truth: Row, *, blind: bool = False) -> list[Held]:
    """Every call of the truth, and every call that is in no truth, with their differences.

    `rows` and `messages` are as `callcentre replay --json` prints them. `blind`: heard by an account
    without class `dialplan`, which cannot know how a call ended that no person answered.
    """
    said = {row["uniqueid"]: row for row in rows}
    gap = has_gap(truth)
    held = []
    for call in truth["calls"]:
        row = said.pop(call["uniqueid"], None)
        one = Held(call["uniqueid"], call, row)
        if call["wanted"]["line"] is None:
            if row is not None:
                one.differences.append(f"reached no line, yet is a call of {row['line']}")
        elif row is None:
            if not (blind and _unseen(call)):
                one.differences.append("missing")
        else:
            one.differences += _call(row, call, blind)
            if row["quality"] != "complete" and not gap:
                one.differences.append(f"quality {row['quality']}, though nothing was hidden")
        held.append(one)
    unseen = {call["uniqueid"]: call for call in truth["may_be_unseen"]}
    for key, row in said.items():
        if key in unseen:
            held.append(Held(key, unseen[key], row, list(_call(row, unseen[key], blind))))
        else:
            held.append(Held(key, {}, row, ["is in no truth"]))
    lost = list(_messages(messages, truth))
    if lost:
        held.append(Held("voicemail", {}, None, lost))
    return held


def has_gap(truth: Row) -> bool:
    """Whether anything in the case hid something from a listener, so that a call need not be complete."""
    hiding = {"cut ami", "restart daemon", "restart pbx"}
    return bool(truth["may_be_unseen"]) or any(doing["what"] in hiding for doing in truth["doings"])


def hold_replay(rows: list[Row], truth: Row, *, blind: bool = False) -> list[Held]:
    """The same for rows as `callcentre replay` gives them: calls, messages and attendance in one list."""
    calls = [row for row in rows if "uniqueid" in row]
    return hold(calls, [row["voicemail"] for row in rows if "voicemail" in row], truth, blind=blind)


def _unseen(call: Row) -> bool:
    """Whether nothing but class `dialplan` shows that the call reached a line."""
    return call["observed"]["outcome"] in {"refused", "voicemail_empty", "closed", "voicemail"}


def epoch(stamp: str | None) -> float | None:
    """Epoch seconds of an ISO 8601 time."""
    return None if stamp is None else datetime.fromisoformat(stamp).timestamp()


def _near(said: float | None, true: float | None, slack: float) -> bool:
    if said is None or true is None:
        return said is true
    return abs(said - true) <= slack


def _call(row: Row, call: Row, blind: bool) -> Iterator[str]:
    seen, wanted = call["observed"], call["wanted"]
    outcomes = {seen["outcome"]}
    if blind and "agent_answer" not in seen:
        outcomes |= {"abandoned", "short_abandoned", "closed", "refused", "overflowed", "voicemail_empty"}
    if seen["outcome"] == "lost" and row["quality"] == "inferred":
        # Asterisk's own queue_log calls a caller whom its restart cut off an abandonment: healed, so may we.
        outcomes |= {"abandoned", "short_abandoned"}
    if row["outcome"] not in outcomes:
        yield f"outcome {row['outcome']}, true {seen['outcome']}"
    if row["line"].partition("-")[0] != wanted["line"]:
        yield f"line {row['line']}, true {wanted['line']}"
    if row["answered_by"] != seen.get("answered_by"):
        yield f"answered_by {row['answered_by']}, true {seen.get('answered_by')}"
    yield from _measures(row, seen, blind)
    if row["quality"] == "complete":
        if row["rings"] != seen["rings"]:
            yield f"rings {row['rings']}, true {seen['rings']}"
        yield from _attempts(row["attempts"], call["attempts"])


def _measures(row: Row, seen: Row, blind: bool) -> Iterator[str]:
    """Moments and spans. A call that a gap has touched says so, and is held to what it says: null is honest there."""
    slack = TIME if row["quality"] == "complete" else HEALED
    moments = [("answered_at", "agent_answer"), ("ended_at", "end"), ("first_ring_at", "first_ring")]
    spans = [("talk_seconds", "talk")]
    if not blind:
        moments.append(("offered_at", "offered"))
        spans.append(("wait_seconds", "wait"))
    said = [(name, epoch(row[name]), seen.get(key), slack) for name, key in moments]
    said += [(name, row[name], seen.get(key), slack + SPAN - TIME) for name, key in spans]
    for name, mine, true, allowed in said:
        unknown = mine is None and row["quality"] != "complete"
        if not unknown and not _near(mine, true, allowed):
            yield f"{name} {row[name]}, true {_stamp(true) if name.endswith('_at') else true}"


def _stamp(moment: float | None) -> str | None:
    return None if moment is None else datetime.fromtimestamp(moment).astimezone().isoformat()


def _attempts(said: list[Row], true: list[Row]) -> Iterator[str]:
    left = list(said)
    for ring in true:
        if ring["ring_start"] is None:
            continue
        same = [
            one
            for one in left
            if one["interface"] == ring["interface"] and _near(epoch(one["ring_start"]), ring["ring_start"], TIME)
        ]
        if not same:
            yield f"{ring['interface']} rang at {_stamp(ring['ring_start'])}: no such attempt"
            continue
        left.remove(same[0])
        if not _near(epoch(same[0]["ring_end"]), ring["ring_end"], TIME):
            yield f"{ring['interface']} ring_end {same[0]['ring_end']}, true {_stamp(ring['ring_end'])}"
        # What became of a ring that the PBX's restart ended, neither side can say.
        for key in ("result", "after_answer") if ring["result"] != "lost" else ():
            if same[0][key] != ring[key]:
                yield f"{ring['interface']} {key} {same[0][key]}, true {ring[key]}"
    for one in left:
        if one["ring_start"] is not None:
            yield f"{one['interface']} never rang at {one['ring_start']}"


def _messages(said: list[Row], truth: Row) -> Iterator[str]:
    left = list(truth["voicemail"])
    for message in said:
        box = message["mailbox"].partition("@")[0]
        moment = epoch(message["left_at"]) or 0.0
        same = [one for one in left if one["box"] == box and -2.0 < moment - one["origtime"] < 60.0]
        if not same:
            yield f"a message in {message['mailbox']} at {message['left_at']} that nobody left"
            continue
        left.remove(same[0])
    for one in left:
        yield f"the message in {one['box']} at {one['origtime']} is missing"
