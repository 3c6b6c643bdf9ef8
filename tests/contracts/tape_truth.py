"""Holds what `callcentre replay` says of a tape against the truth recorded beside it, and lists every difference.

The truth is `truth.json` (what the PBX's queue_log and CEL and the telephones' own messages said, none of it from AMI),
or, for a tape of a load test, `queue_calls.csv`.
"""

import csv
import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

Row = dict[str, Any]

TIME = 0.1
WAIT = 0.15
SHORT_ABANDON = 5.0
TOLD_BY_NAME = {"answered", "voicemail", "voicemail_empty", "closed", "refused", "overflowed", "lost"}
RING_CYCLE = 3.0


def differences(rows: list[Row], folder: Path) -> list[str]:
    """Every way in which the replayed rows disagree with the truth of the tape in `folder`; empty if none."""
    calls = {row["uniqueid"]: row for row in rows if "uniqueid" in row}
    truth = json.loads((folder / "truth.json").read_text())
    if not truth.get("calls"):
        return list(_load(calls, folder / "queue_calls.csv"))
    found = list(_calls(calls, truth))
    found += _phones(calls, truth)
    found += _messages([row["voicemail"] for row in rows if "voicemail" in row], truth)
    return found


def _epoch(stamp: str | None) -> float | None:
    return None if stamp is None else datetime.fromisoformat(stamp).timestamp()


def _near(mine: float | None, theirs: float | None, slack: float) -> bool:
    if mine is None or theirs is None:
        return mine is theirs
    return abs(mine - theirs) <= slack


def _calls(calls: dict[str, Row], truth: Row) -> Iterator[str]:
    seen = set()
    for call in truth["calls"]:
        uniqueid, observed = call["uniqueid"], call["observed"]
        mine = calls.get(uniqueid)
        if call["wanted"]["outcome"] == "left-in-menu":
            if mine is not None:
                yield f"{uniqueid}: hung up in the menu, yet it is a call of {mine['line']}"
            continue
        if mine is None:
            yield f"{uniqueid}: missing"
            continue
        seen.add(uniqueid)
        for problem in _call(mine, call, observed):
            yield f"{uniqueid}: {problem}"
    for uniqueid in calls.keys() - seen:
        yield f"{uniqueid}: not in the truth"


def _call(mine: Row, call: Row, observed: Row) -> Iterator[str]:
    wanted = _outcomes(call, observed)
    if mine["outcome"] not in wanted:
        yield f"outcome {mine['outcome']}, true {' or '.join(sorted(wanted))}"
    if mine["did"] != call["did"]:
        yield f"did {mine['did']}, true {call['did']}"
    if (mine["caller"] or None) != (call["cid"] or None):
        yield f"caller {mine['caller']}, true {call['cid']}"
    answer = observed.get("agent_answer")
    if not _near(_epoch(mine["answered_at"]), answer, TIME):
        yield f"answered_at {mine['answered_at']}, true {answer}"
    channel = observed.get("agent_channel")
    telephone = channel.rpartition("-")[0] if channel else None
    if mine["answered_by"] != telephone:
        yield f"answered_by {mine['answered_by']}, true {telephone}"
    if not _near(_epoch(mine["ended_at"]), observed["end"], TIME):
        yield f"ended_at {mine['ended_at']}, true {observed['end']}"
    if answer is not None:
        if not _near(mine["talk_seconds"], observed["end"] - answer, WAIT):
            yield f"talk {mine['talk_seconds']}, true {observed['end'] - answer}"
        entered = _epoch(mine["offered_at"])
        if entered is not None and not _near(mine["wait_seconds"], answer - entered, WAIT):
            yield f"wait {mine['wait_seconds']}, true {answer - entered}"
    hold = observed.get("abandoned_after")
    if hold is not None and len(observed["queues"]) == 1 and not _near(mine["wait_seconds"], hold, 1.0 + WAIT):
        yield f"wait {mine['wait_seconds']}, the queue's own {hold}"


def _outcomes(call: Row, observed: Row) -> set[str]:
    for told in (observed["outcome"], call["wanted"]["outcome"]):
        if told in TOLD_BY_NAME:
            return {told}
    start = call.get("caller_sip", {}).get("invite", observed["start"])
    waited = observed.get("wait", observed["end"] - start)
    if abs(waited - SHORT_ABANDON) < 1.0:
        return {"abandoned", "short_abandoned"}
    return {"short_abandoned" if waited < SHORT_ABANDON else "abandoned"}


def _phones(calls: dict[str, Row], truth: Row) -> Iterator[str]:
    attempts = [(row, attempt) for row in calls.values() for attempt in row["attempts"]]
    for phone in truth["phones"]:
        if "ringing" not in phone:
            continue
        interface = f"PJSIP/{phone['ext']}"
        match = next(
            (
                pair
                for pair in attempts
                if pair[1]["interface"] == interface and _near(_epoch(pair[1]["ring_start"]), phone["ringing"], TIME)
            ),
            None,
        )
        if match is None:
            yield f"{interface} rang at {phone['ringing']}: no such attempt"
            continue
        attempts.remove(match)
        yield from _attempt(interface, phone, *match)
    for row, attempt in attempts:
        if attempt["ring_start"] is not None:
            yield f"{row['uniqueid']}: {attempt['interface']} never rang at {attempt['ring_start']}"


def _attempt(interface: str, phone: Row, row: Row, attempt: Row) -> Iterator[str]:
    ends = [phone[key] for key in ("answered", "cancelled", "refused") if key in phone]
    if ends and not _near(_epoch(attempt["ring_end"]), min(ends), TIME):
        yield f"{interface}: ring_end {attempt['ring_end']}, true {min(ends)}"
    if "refused" in phone:
        wanted = {"forwarded"} if " 302 " in phone.get("refusal", "") else {"busy"}
    elif "cancelled" in phone:
        wanted = {"cancelled", "rang_out", "picked_up"}
    else:
        wanted = {"answered", "cancelled"} if phone.get("bye_by_pbx") else {"answered"}
    if attempt["result"] not in wanted:
        yield f"{interface}: result {attempt['result']}, true {' or '.join(sorted(wanted))}"
    winner = row["answered_by"] == interface and not attempt["after_answer"] and "answered" in phone
    if winner and row["rings"] != int(phone["ring_seconds"] // RING_CYCLE) + 1 and len(row["attempts"]) == 1:
        yield f"{row['uniqueid']}: {row['rings']} rings, true {int(phone['ring_seconds'] // RING_CYCLE) + 1}"


def _messages(mine: list[Row], truth: Row) -> Iterator[str]:
    left = [(message["box"], _number(message["callerid"]), message["origtime"]) for message in truth["voicemail"]]
    for message in mine:
        box = message["mailbox"].partition("@")[0]
        match = next((one for one in left if one[0] == box and one[1] == message["caller"]), None)
        if match is None:
            yield f"a message in {message['mailbox']} that nobody left"
            continue
        left.remove(match)
    for box, _, origtime in left:
        yield f"the message left in {box} at {origtime} is missing"


def _number(callerid: str) -> str | None:
    return callerid.rpartition("<")[2].rstrip(">") or None


def _load(calls: dict[str, Row], table: Path) -> Iterator[str]:
    with table.open(newline="") as lines:
        rows = {row["callid"]: row for row in csv.DictReader(lines)}
    for uniqueid in rows.keys() ^ calls.keys():
        yield f"{uniqueid}: only in {'queue_log' if uniqueid in rows else 'the replay'}"
    for uniqueid in rows.keys() & calls.keys():
        mine, true = calls[uniqueid], rows[uniqueid]
        if true["agent"]:
            telephone = "PJSIP/" + true["agent"].rpartition(" ")[2]
            if mine["outcome"] != "answered" or mine["answered_by"] != telephone:
                yield f"{uniqueid}: {mine['outcome']} by {mine['answered_by']}, true answered by {telephone}"
            if not _near(mine["wait_seconds"], float(true["hold"]), 1.0 + WAIT):
                yield f"{uniqueid}: wait {mine['wait_seconds']}, true {true['hold']}"
            if not _near(mine["talk_seconds"], float(true["talk"]), 1.0 + WAIT):
                yield f"{uniqueid}: talk {mine['talk_seconds']}, true {true['talk']}"
        elif mine["outcome"] not in {"abandoned", "short_abandoned"}:
            yield f"{uniqueid}: {mine['outcome']}, true abandoned"
