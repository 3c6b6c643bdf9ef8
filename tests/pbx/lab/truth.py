"""The truth of a played case, from queue_log, CEL, the spool and the telephones' wires. Never from AMI."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.pbx.lab import books
from tests.pbx.lab.spool import Left, read_left
from tests.pbx.lab.unplayed import Unplayed
from tests.pbx.lab.wire import Message, dialogs

RING_CYCLE = 3.0
"""Seconds of one British ring: 0.4 on, 0.2 off, 0.4 on, 2.0 off."""

SHORT = 5.0
"""An unanswered call that waited less is a short abandonment (the charter's default)."""

NOTED = 3.0
"""Seconds within which even a busy telephone has noted that it was called."""

HIDING = ("restart daemon", "kill daemon", "cut ami")
"""Doings in which a listener hears nothing."""

NAMES = {
    "101": "Alice Adams",
    "102": "Bob Brown",
    "103": "Carol Clark",
    "104": "Dan Davies",
    "105": "Eve Evans",
    "106": "Fay Foster",
}


@dataclass(slots=True)
class Attempt:
    """One INVITE that a telephone got: its own times, and what became of it."""

    extension: str
    sip_call_id: str
    invite: float
    ringing: float | None = None
    progress: float | None = None
    answered: float | None = None
    refused: float | None = None
    refusal: str = ""
    cancelled: float | None = None
    terminated: float | None = None
    bye_by_agent: float | None = None
    bye_by_pbx: float | None = None
    channel: str = ""
    uniqueid: str = ""
    call: str = ""
    result: str = ""
    up: float | None = None
    after_answer: bool = False

    @property
    def end(self) -> float | None:
        """When it stopped ringing."""
        return self.answered or self.refused or self.cancelled or self.bye_by_pbx

    def row(self) -> dict[str, Any]:
        """As truth.json shows it: what is not known is left out."""
        row: dict[str, Any] = {"ext": self.extension}
        names = ["sip_call_id", "invite", "progress", "ringing", "answered", "bye_by_agent", "bye_by_pbx"]
        names += ["refused", "refusal", "cancelled", "terminated"]
        row.update({name: getattr(self, name) for name in names if getattr(self, name)})
        if self.ringing and self.end:
            row["ring_seconds"] = round(self.end - self.ringing, 3)
        row.update(call=self.call, channel=self.channel, result=self.result)
        row["after_answer"] = self.after_answer
        return row


@dataclass(slots=True)
class Books:
    """Everything a case left that is not AMI."""

    folder: Path
    wanted: dict[str, Any]
    cel: list[books.Cel]
    queue_log: list[books.QueueLog]
    cdr: list[dict[str, str]]
    messages: list[Left]
    attempts: list[Attempt] = field(default_factory=list)

    def moments(self, kind: str, uniqueid: str) -> list[books.Cel]:
        """The CEL rows of a kind and a channel, in order."""
        return [row for row in self.cel if row.kind == kind and row.uniqueid == uniqueid]

    def first(self, kind: str, uniqueid: str) -> float | None:
        """When the first such row was written."""
        rows = self.moments(kind, uniqueid)
        return rows[0].t if rows else None


def read_books(folder: Path) -> Books:
    """Read a played case's folder."""
    wanted = json.loads((folder / "wanted.json").read_text(encoding="utf-8"))
    found = Books(
        folder=folder,
        wanted=wanted,
        cel=books.read_cel(folder),
        queue_log=books.read_queue_log(folder),
        cdr=books.read_cdr(folder),
        messages=read_left(folder / "spool.json"),
    )
    found.attempts = _attempts(found)
    return found


def _attempts(found: Books) -> list[Attempt]:
    """The telephones' INVITEs with the CEL channel of each."""
    attempts = []
    for call_id, wire in dialogs(found.folder / "sip/phones.messages").items():
        if wire[0].method == "INVITE" and not wire[0].sent:
            attempts.append(_attempt(call_id, wire))
    attempts.sort(key=lambda attempt: attempt.invite)
    taken: set[str] = set()
    for attempt in attempts:
        start = f"PJSIP/{attempt.extension}-"
        legs = [
            row
            for row in found.cel
            if row.kind == "CHAN_START"
            and row.channel.startswith(start)
            and row.uniqueid not in taken
            and -0.01 < attempt.invite - row.t < NOTED
        ]
        if legs:
            leg = min(legs, key=lambda row: abs(attempt.invite - row.t))
            taken.add(leg.uniqueid)
            attempt.channel, attempt.uniqueid, attempt.call = leg.channel, leg.uniqueid, leg.linkedid
            attempt.up = found.first("ANSWER", leg.uniqueid)
            # app_dial passes a 183 on, so it counts as ringing; app_queue tells nobody of it.
            if any(row.app == "AppDial" for row in found.cel if row.uniqueid == leg.uniqueid):
                attempt.ringing = attempt.ringing or attempt.progress
    return attempts


def _attempt(call_id: str, wire: list[Message]) -> Attempt:
    target = re.search(r"sip:(\d+)@", wire[0].header("To"))
    attempt = Attempt(target[1] if target else "", call_id, wire[0].t)
    for message in wire:
        status = message.status
        if message.sent and status is not None and message.method == "INVITE":
            if status == 180:
                attempt.ringing = attempt.ringing or message.t
            elif status == 183:
                attempt.progress = attempt.progress or message.t
            elif status == 200:
                attempt.answered = attempt.answered or message.t
            elif status == 487:
                attempt.terminated = attempt.terminated or message.t
            elif status >= 300:
                attempt.refused = attempt.refused or message.t
                attempt.refusal = message.first_line
        elif status is None and message.method == "CANCEL":
            attempt.cancelled = attempt.cancelled or message.t
        elif status is None and message.method == "BYE":
            if message.sent:
                attempt.bye_by_agent = attempt.bye_by_agent or message.t
            else:
                attempt.bye_by_pbx = attempt.bye_by_pbx or message.t
    return attempt


def caller_wire(folder: Path, name: str) -> dict[str, Any]:
    """The times on a caller's own wire."""
    times: dict[str, Any] = {}
    for wire in dialogs(folder / f"sip/{name}.messages").values():
        for message in wire:
            status, method = message.status, message.method
            if status is None and method == "INVITE" and message.sent:
                times.setdefault("invite", message.t)
            elif status in (180, 183):
                times.setdefault("ringing", message.t)
            elif status == 200 and method == "INVITE" and not message.sent:
                times.setdefault("pbx_answer", message.t)
            elif status is not None and status >= 300 and not message.sent:
                times.setdefault("refused", message.t)
                times.setdefault("refusal", message.first_line)
            elif status is None and method == "BYE":
                times.setdefault("bye_by_caller" if message.sent else "bye_by_pbx", message.t)
            elif status is None and method == "CANCEL" and message.sent:
                times.setdefault("cancel_by_caller", message.t)
    return times


def write_truth(folder: Path) -> dict[str, Any]:
    """Work out a played case's truth, write truth.json, and return it."""
    from tests.pbx.lab.verdict import call_truth, mark_results

    found = read_books(folder)
    calls = [call_truth(found, row) for row in found.wanted["calls"] if row["desk"] is None or row["line"] is not None]
    mark_results(found, calls)
    for call in calls:
        call.pop("_cel", None)
    known = {call["uniqueid"] for call in calls}
    # A call whose number breaks its own events, or one within a gap, stands apart: a listener may be without it.
    away = [(doing["t"], doing["over"]) for doing in found.wanted["doings"] if doing["what"] in HIDING]
    unseen = [
        call
        for call in calls
        if call["wanted"]["forged"]
        or call["wanted"]["in_gap"]
        # A busy machine starts a daemon slowly: a call may come and go in a gap that its author thought shorter.
        or any(begun < call["t_start"] and call["observed"]["end"] < over for begun, over in away)
    ]
    ids = {call["uniqueid"] for call in unseen}
    truth = {
        "scenario": found.wanted["scenario"],
        "about": found.wanted["about"],
        "asterisk": found.wanted["asterisk"],
        "banner": found.wanted["banner"],
        "doings": found.wanted["doings"],
        "calls": [call for call in calls if call not in unseen],
        "may_be_unseen": unseen,
        "phones": [attempt.row() for attempt in found.attempts if attempt.call not in ids],
        "voicemail": [_message_row(found, message) for message in found.messages],
        "told": _told(found),
        "outside": _outside(found),
        "queue_log_other": [row.short for row in found.queue_log if row.callid not in known],
        "cdr_rows": len(found.cdr),
        "cel_rows": len(found.cel),
        "queue_log_rows": len(found.queue_log),
    }
    text = json.dumps(truth, indent=1, ensure_ascii=True)
    (folder / "truth.json").write_text(text + "\n", encoding="utf-8")
    return truth


def _told(found: Books) -> list[list[str]]:
    """What the shipped dialplan must tell: one UserEvent for each stay in its VoiceMail, with its values."""
    stays = [row for row in found.cel if row.kind == "APP_START" and row.context == "callcentre-voicemail"]
    rows = []
    for stay in stays:
        until = min((row.t for row in stays if row.uniqueid == stay.uniqueid and row.t > stay.t), default=math.inf)
        left = [
            message.fields["duration"]
            for message in found.messages
            if stay.channel in message.callerchans and stay.t - 1 <= int(message.fields["origtime"]) < until - 1
        ]
        box = re.split("[&,]", stay.data)[0]
        # What a caller writes into a number stays in it only as digits.
        number = re.sub("[^0-9+]", "", stay.number)
        rows.append([box, "SUCCESS" if left else "FAILED", left[0] if left else "", number])
    return rows


def _outside(found: Books) -> list[dict[str, Any]]:
    """The calls that numbers outside got from the office: their own times, and the PBX's channel of each."""
    rows = []
    taken: set[str] = set()
    for call_id, wire in dialogs(found.folder / "sip/outside.messages").items():
        if wire[0].method != "INVITE" or wire[0].sent:
            continue
        one = _attempt(call_id, wire)
        legs = [
            row
            for row in found.cel
            if row.kind == "CHAN_START"
            and row.channel.startswith("PJSIP/trunk-")
            and row.linkedid != row.uniqueid  # an outside caller's is the first of its call
            and row.uniqueid not in taken
            and -0.01 < one.invite - row.t < NOTED
        ]
        if not legs:
            raise Unplayed(f"CEL has no channel for the call to {one.extension} at {one.invite}")
        # They go out in the order in which they are made.
        leg = min(legs, key=lambda row: row.t)
        taken.add(leg.uniqueid)
        names = ("ringing", "answered", "refused", "cancelled")
        times = {name: getattr(one, name) for name in names}
        by = next(row for row in found.cel if row.kind == "CHAN_START" and row.uniqueid == leg.linkedid)
        rows.append({"number": one.extension, "uniqueid": leg.uniqueid, "desk": by.channel.rpartition("-")[0], **times})
        rows[-1]["end"] = found.first("HANGUP", leg.uniqueid)
    return rows


def _message_row(found: Books, message: Left) -> dict[str, Any]:
    fields = message.fields
    return {
        "file": message.file,
        "box": message.boxes[0],
        "boxes": message.boxes,
        "folder": message.folders[0],
        "folders": message.folders,
        "origmailbox": fields["origmailbox"],
        "callerid": fields["callerid"],
        "origtime": int(fields["origtime"]),
        "duration": int(fields["duration"]),
        "callerchan": fields["callerchan"],
        "msg_id": fields["msg_id"],
        "complete_at": message.complete_at,
        "gone_at": message.gone_at,
        "uniqueid": _depositor(found, message),
    }


def _depositor(found: Books, message: Left) -> str | None:
    """The channel that CEL saw in VoiceMail when this message was spoken."""
    origtime = int(message.fields["origtime"])
    starts = [
        row
        for row in found.cel
        if row.kind == "APP_START"
        and row.app == "VoiceMail"
        and row.channel in message.callerchans
        and row.t <= origtime + 1
    ]
    return max(starts, key=lambda row: row.t).uniqueid if starts else None
