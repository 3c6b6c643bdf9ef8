"""What became of each call and of each ring, by DESIGN's definitions, worked out from the books alone."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from tests.pbx.lab import books
from tests.pbx.lab.truth import NAMES, RING_CYCLE, SHORT, Attempt, Books, caller_wire
from tests.pbx.lab.unplayed import Unplayed

SAME = 0.15
"""Seconds within which two things are one moment: the far ends of one cause on a busy machine."""

NOTED = 0.5
"""Seconds within which even a busy SIPp has noted what it sent; nobody calls one line again so soon."""

TOLD = 1.0
"""Seconds within which even a busy PBX has told the telephones that ring on that a call is answered, or over."""

TAKEN = 10.0
"""Seconds within which even a busy PBX has taken a call that was dialled."""

RINGING_APPS = ("Queue", "Dial")


def call_truth(found: Books, row: dict[str, Any]) -> dict[str, Any]:
    """The truth of one call that was made: `row` is what was wanted of it."""
    dialling = row["dialling"]
    sip = caller_wire(found.folder, row["sipp"])
    uniqueid = _uniqueid(found, dialling, sip["invite"])
    own = [cel for cel in found.cel if cel.uniqueid == uniqueid]
    linked = _linked(found, uniqueid)
    observed = _observed(found, row, uniqueid, own, linked)
    wanted = {key: row.get(key) for key in ("line", "outcome", "by", "forged", "in_gap")}
    if row["line"] is None:
        wanted["outcome"] = "left-in-menu"
    return {
        "cid": None if dialling["withheld"] else dialling["number"],
        "did": dialling["to"],
        "name": dialling["name"],
        "t_start": row["t_start"],
        "wanted": wanted,
        "sipp": row["sipp"],
        "uniqueid": uniqueid,
        "queue_log": [log.short for log in found.queue_log if log.callid == uniqueid],
        "cdr": [cdr for cdr in found.cdr if cdr["uniqueid"] == uniqueid],
        "cel": [cel.short for cel in found.cel if cel.uniqueid in linked],
        "observed": observed,
        "caller_sip": sip,
    }


def _uniqueid(found: Books, dialling: dict[str, Any], invited: float) -> str:
    """The caller's channel: the first that CEL saw start with this DID, and this number if it has it, after the INVITE.

    SIPp notes when an INVITE left only after it has left: on a busy machine later than the PBX took it.
    """
    did = dialling["to"]
    starts = [
        row
        for row in found.cel
        if row.kind == "CHAN_START" and row.exten == unquote(did) and -NOTED < row.t - invited < TAKEN
    ]
    number = dialling["number"]
    theirs = [row for row in starts if (not row.number.isdigit() if dialling["withheld"] else row.number == number)]
    likely = theirs or [row for row in starts if row.t - invited > -SAME]
    if not likely:
        raise Unplayed(f"CEL has no channel for the call to {did} at {invited}")
    return min(likely, key=lambda row: row.t).uniqueid


def _linked(found: Books, uniqueid: str) -> set[str]:
    """Every channel that ever belonged to the call, a picker's included."""
    return {row.uniqueid for row in found.cel if uniqueid in (row.linkedid, row.uniqueid)}


def _observed(
    found: Books, row: dict[str, Any], uniqueid: str, own: list[books.Cel], linked: set[str]
) -> dict[str, Any]:
    logs = [log for log in found.queue_log if log.callid == uniqueid]
    start, end = own[0].t, _end(own)
    observed: dict[str, Any] = {
        "start": start,
        "end": end,
        "queues": [log.queue for log in logs if log.event == "ENTERQUEUE"],
        "ring_no_answer": [{"agent": log.agent, "ms": int(log.data[0])} for log in logs if log.event == "RINGNOANSWER"],
    }
    connects = [log for log in logs if log.event == "CONNECT"]
    if connects:
        observed["connected_to"] = connects[0].agent
        observed["hold_seconds"] = int(connects[0].data[0])
        observed["ring_seconds"] = int(connects[0].data[2])
    exits = [log for log in logs if log.event.startswith(("EXIT", "COMPLETE", "ABANDON"))]
    observed["exits"] = ["|".join([log.event, *log.data]) for log in exits]
    offered = _offered(own)
    observed["offered"] = offered
    answer, channel = _answer(found, linked)
    entered = _entered(own, "VoiceMail")
    if entered is not None:
        observed["voicemail_entered"] = entered
    left = [
        message
        for message in found.messages
        if own[0].channel in message.callerchans and start - 1 <= int(message.fields["origtime"]) <= end + 1
    ]
    observed["voicemail_left"] = [
        {
            "mailbox": message.boxes[0],
            "seconds": int(message.fields["duration"]),
            "file": message.file,
            "msg_id": message.fields["msg_id"],
        }
        for message in left
    ]
    if answer is not None:
        observed["agent_answer"] = answer
        observed["agent_answer_after"] = round(answer - start, 3)
        observed["agent_channel"] = channel
        observed["answered_by"] = channel.rpartition("-")[0]
        observed["talk"] = round(end - answer, 3)
    observed["wait"] = None
    if any(cel.kind == "APP_START" and cel.app in RINGING_APPS for cel in own):
        waited_until = answer if answer is not None else _left(own)
        observed["wait"] = round(waited_until - offered, 3)
    observed["outcome"] = _outcome(found, row, own, observed)
    _add_rings(found, linked, observed)
    return observed


def _end(own: list[books.Cel]) -> float:
    """When the caller hung up, or the last that CEL saw of it."""
    hangups = [row.t for row in own if row.kind == "HANGUP"]
    return hangups[0] if hangups else own[-1].t


def _offered(own: list[books.Cel]) -> float:
    """The first Queue or Dial of the caller's channel; straight to a mailbox, its own start."""
    for row in own:
        if row.kind == "APP_START" and row.app in RINGING_APPS:
            return row.t
    return own[0].t


def _left(own: list[books.Cel]) -> float:
    """When the caller left the last queue or Dial, unanswered."""
    inside = False
    left = own[0].t
    for row in own:
        if row.kind == "APP_START":
            left = row.t if inside else left
            inside = row.app in RINGING_APPS
        elif (inside and row.kind in ("APP_END", "HANGUP", "CHAN_END")) or (
            inside and row.kind == "STREAM_BEGIN" and row.app not in RINGING_APPS
        ):
            left, inside = row.t, False
    return left


def _entered(own: list[books.Cel], app: str) -> float | None:
    for row in own:
        if row.kind == "APP_START" and row.app == app:
            return row.t
    return None


def _answer(found: Books, linked: set[str]) -> tuple[float | None, str]:
    """The first telephone that a person picked up: its time and its channel."""
    answers = [
        (attempt.up or attempt.answered or 0.0, attempt.channel)
        for attempt in found.attempts
        if attempt.uniqueid in linked and attempt.answered and _bridged(found, attempt.uniqueid)
    ]
    answers += [(row.t, _picker(row.extra)) for row in found.cel if row.kind == "PICKUP" and row.uniqueid in linked]
    return min(answers, default=(None, ""))


def _bridged(found: Books, uniqueid: str) -> bool:
    return bool(found.moments("BRIDGE_ENTER", uniqueid))


def _picker(extra: str) -> str:
    """The channel that picked up: CEL puts it, as JSON, into the last column."""
    return extra.partition('"pickup_channel":"')[2].partition('"')[0]


def _outcome(found: Books, row: dict[str, Any], own: list[books.Cel], observed: dict[str, Any]) -> str | None:
    """The first of DESIGN's outcomes that holds; None for a call that reached no line."""
    sip = caller_wire(found.folder, row["sipp"])
    apps = {cel.app for cel in own if cel.kind == "APP_START"}
    entered_queue = bool(observed["queues"])
    if row["line"] is None:
        return None
    if "agent_answer" in observed:
        return "answered"
    if observed["voicemail_left"]:
        return "voicemail"
    if "VoiceMail" in apps:
        return "voicemail_empty"
    restarts = [doing["t"] for doing in found.wanted["doings"] if doing["what"] == "restart pbx"]
    if any(0 <= observed["end"] - moment < 2.0 for moment in restarts):
        return "lost"
    if not apps & set(RINGING_APPS):
        return "closed"
    if ("refused" in sip and "487" not in sip["refusal"]) or ("Queue" in apps and not entered_queue):
        return "refused"
    return "short_abandoned" if observed["wait"] < SHORT else "abandoned"


def _add_rings(found: Books, linked: set[str], observed: dict[str, Any]) -> None:
    """First ring, seconds of ringing and rings, as the telephones themselves say."""
    answer = observed.get("agent_answer")
    rang = [
        attempt
        for attempt in found.attempts
        if attempt.uniqueid in linked and attempt.ringing and (answer is None or attempt.invite < answer)
    ]
    if not rang:
        observed["rings"] = None
        return
    first = min(attempt.ringing or 0.0 for attempt in rang)
    last = answer or max(attempt.end or 0.0 for attempt in rang)
    observed["first_ring"] = first
    observed["ring_time"] = round(last - first, 3)
    observed["rings"] = int((last - first) // RING_CYCLE) + 1


def mark_results(found: Books, calls: list[dict[str, Any]]) -> None:
    """Say of every ring what became of it, and list the rings of each call beside it."""
    by_id = {call["uniqueid"]: call for call in calls}
    for attempt in found.attempts:
        # A telephone's own second dialog has a linkedid of its own until the transfer joins the two.
        joined = {row.linkedid for row in found.cel if row.uniqueid == attempt.uniqueid} & by_id.keys()
        attempt.call = min(joined, default=attempt.call)
        call = by_id.get(attempt.call)
        attempt.result = _result(found, attempt, call)
        answer = call["observed"].get("agent_answer") if call else None
        attempt.after_answer = answer is not None and attempt.invite > answer
    for call in calls:
        own = [a for a in found.attempts if a.call == call["uniqueid"]]
        call["attempts"] = [
            {
                "interface": f"PJSIP/{attempt.extension}",
                "ring_start": attempt.ringing,
                "ring_end": attempt.end,
                "ring_end_heard": _end_heard(found, attempt),
                "result": attempt.result,
                "after_answer": attempt.after_answer,
            }
            for attempt in own
        ]


def _end_heard(found: Books, attempt: Attempt) -> float | None:
    """When the PBX took note, by its CEL, that a telephone was picked up, refused or rang no more."""
    return attempt.up or found.first("HANGUP", attempt.uniqueid)


def _ended_by(moment: float, invite: float, end: float) -> bool:
    """Whether a ring ended because of what was so at `moment`; a busy PBX tells the telephone late."""
    return abs(end - moment) < SAME or invite < moment < end < moment + TOLD


def _result(found: Books, attempt: Attempt, call: dict[str, Any] | None) -> str:
    if attempt.refused:
        return "forwarded" if " 302 " in attempt.refusal else "busy"
    if attempt.answered:
        return "answered" if _bridged(found, attempt.uniqueid) else "cancelled"
    if found.moments("PICKUP", attempt.uniqueid):
        return "picked_up"
    if attempt.cancelled is None or call is None:
        return "lost"
    observed, end = call["observed"], attempt.cancelled
    restarts = [doing["t"] for doing in found.wanted["doings"] if doing["what"] == "restart pbx"]
    if any(-SAME < end - moment < 2.0 for moment in restarts):
        return "lost"
    moments = [a.answered for a in found.attempts if a.call == attempt.call and a.answered]
    moments += [observed["end"], observed.get("agent_answer", 0.0)]
    if any(_ended_by(moment, attempt.invite, end) for moment in moments):
        return "cancelled"
    name = NAMES[attempt.extension]
    withdrawn = [
        log
        for log in found.queue_log
        if log.callid == attempt.call and log.event == "RINGCANCELED" and log.agent == name and abs(log.t - end) < 1.2
    ]
    return "cancelled" if withdrawn else "rang_out"
