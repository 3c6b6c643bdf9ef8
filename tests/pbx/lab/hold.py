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

LATE = 1.0
"""A moment that differs by less may be a busy machine's: who was late, the PBX or callcentre, a second play tells.

Where whole seconds are all that is known (`HEALED`), by less than that beyond them.
"""

HEALED = 1.1
"""The same for a call of quality partial or inferred: queue_log has whole seconds, and truncates."""


class Late(str):
    """A difference that is nothing but a moment, or what is worked out from it, less than `LATE` off."""

    __slots__ = ()


@dataclass(slots=True)
class Held:
    """One call held against its truth: what is true, what was said, and every difference."""

    uniqueid: str
    truth: Row
    said: Row | None
    differences: list[str] = field(default_factory=list)

    @property
    def only_late(self) -> bool:
        """Whether it differs, and only in moments that are a little off."""
        return bool(self.differences) and all(isinstance(one, Late) for one in self.differences)


def hold(rows: list[Row], messages: list[Row] | None, truth: Row, *, blind: bool = False) -> list[Held]:
    """Every call of the truth, and every call that is in no truth, with their differences.

    `rows` and `messages` are as `callcentre replay --json` prints them (None: filed.py holds those). `blind`: heard by
    an account without class `dialplan`, which cannot know how a call ended that no person answered.
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
            one.differences += _call(row, call, blind, unseen_end=_ends_in_gap(truth, call))
            if row["quality"] != "complete" and not gap:
                one.differences.append(f"quality {row['quality']}, though nothing was hidden")
        held.append(one)
    unseen = {call["uniqueid"]: call for call in truth["may_be_unseen"]}
    for key, row in said.items():
        if key in unseen:
            held.append(Held(key, unseen[key], row, list(_call(row, unseen[key], blind))))
        else:
            held.append(Held(key, {}, row, ["is in no truth"]))
    lost = [] if messages is None else list(_messages(messages, truth))
    if lost:
        held.append(Held("voicemail", {}, None, lost))
    return held


def has_gap(truth: Row) -> bool:
    """Whether anything in the case hid something from a listener, so that a call need not be complete."""
    hiding = {"cut ami", "restart daemon", "kill daemon", "restart pbx"}
    return bool(truth["may_be_unseen"]) or any(doing["what"] in hiding for doing in truth["doings"])


def gaps(truth: Row) -> Iterator[tuple[float, float]]:
    """When a listener was without its PBX, with a moment to come back. Truths of before do not say."""
    for doing in truth["doings"]:
        if "over" in doing and doing["what"] in {"restart daemon", "kill daemon", "cut ami", "restart pbx"}:
            yield doing["t"], doing["over"] + 2.0


def is_hidden(truth: Row, message: Row) -> bool:
    """Whether nobody listened when a message was complete, or its own events could not be believed.

    Truths of before (the tapes') do not say when messages were complete: none of theirs was hidden.
    """
    if "complete_at" not in message:
        return False
    if message["uniqueid"] not in {call["uniqueid"] for call in truth["calls"]}:
        return True
    return any(start - 1.0 < message["complete_at"] < end for start, end in gaps(truth))


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


def _ends_in_gap(truth: Row, call: Row) -> bool:
    return any(start - 0.1 < call["observed"]["end"] < end for start, end in gaps(truth))


def _call(row: Row, call: Row, blind: bool, *, unseen_end: bool = False) -> Iterator[str]:
    seen, wanted = call["observed"], call["wanted"]
    outcomes = {seen["outcome"]}
    if unseen_end and seen["outcome"] == "voicemail":
        # Asterisk's queue_log knows nothing of mailboxes: such an end cannot be healed.
        outcomes.add("lost")
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
    measures = list(_measures(row, seen, blind))
    yield from measures
    if row["quality"] == "complete":
        if row["rings"] != seen["rings"]:
            text = f"rings {row['rings']}, true {seen['rings']}"
            yield Late(text) if any(isinstance(one, Late) for one in measures) else text
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
            text = f"{name} {row[name]}, true {_stamp(true) if name.endswith('_at') else true}"
            yield Late(text) if _near(mine, true, slack - TIME + LATE) else text


def _stamp(moment: float | None) -> str | None:
    return None if moment is None else datetime.fromtimestamp(moment).astimezone().isoformat()


def _attempts(said: list[Row], true: list[Row]) -> Iterator[str]:
    left = list(said)
    for ring in true:
        if ring["ring_start"] is None:
            continue
        same = _same_ring(left, ring)
        if same is None:
            yield f"{ring['interface']} rang at {_stamp(ring['ring_start'])}: no such attempt"
            continue
        left.remove(same)
        if not _near(epoch(same["ring_start"]), ring["ring_start"], TIME):
            yield Late(f"{ring['interface']} ring_start {same['ring_start']}, true {_stamp(ring['ring_start'])}")
        said_end = epoch(same["ring_end"])
        if not _ends_as(said_end, ring):
            text = f"{ring['interface']} ring_end {same['ring_end']}, true {_stamp(ring['ring_end'])}"
            yield Late(text) if _near(said_end, ring["ring_end"], LATE) else text
        # What became of a ring that the PBX's restart ended, neither side can say.
        for key in ("result", "after_answer") if ring["result"] != "lost" else ():
            if same[key] != ring[key]:
                yield f"{ring['interface']} {key} {same[key]}, true {ring[key]}"
    for one in left:
        if one["ring_start"] is not None:
            yield f"{one['interface']} never rang at {one['ring_start']}"


def _same_ring(said: list[Row], ring: Row) -> Row | None:
    """Whichever of the rings that callcentre saw at this telephone began nearest to this one, if near enough."""
    own = [one for one in said if one["interface"] == ring["interface"] and one["ring_start"] is not None]
    near = [(abs((epoch(one["ring_start"]) or 0.0) - ring["ring_start"]), at) for at, one in enumerate(own)]
    apart, at = min(near, default=(LATE, 0))
    return own[at] if apart < LATE else None


def _ends_as(said: float | None, ring: Row) -> bool:
    """Whether a ring's end lies between what the telephone's wire says and when the PBX took note of it.

    A PBX that waits for its processor hears a telephone late, and can tell nobody sooner. Truths of before (the tapes')
    know the wire alone.
    """
    moments: list[float] = [one for one in (ring["ring_end"], ring.get("ring_end_heard")) if one is not None]
    if said is None or not moments:
        return said is None and ring["ring_end"] is None
    return min(moments) - TIME <= said <= max(moments) + TIME


def _messages(said: list[Row], truth: Row) -> Iterator[str]:
    left = list(truth["voicemail"])
    for message in said:
        box = message["mailbox"].partition("@")[0]
        moment = epoch(message["left_at"]) or 0.0
        same = [one for one in left if box in one.get("boxes", [one["box"]]) and -2.0 < moment - one["origtime"] < 60.0]
        if not same:
            yield f"a message in {message['mailbox']} at {message['left_at']} that nobody left"
            continue
        left.remove(min(same, key=lambda one: abs(moment - one.get("complete_at", moment))))
    for one in left:
        if is_hidden(truth, one):
            continue
        yield f"the message in {one['box']} at {one['origtime']} is missing"
