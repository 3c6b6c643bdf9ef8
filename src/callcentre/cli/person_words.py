"""Headings that somebody outside of the office understands, for the file of what is kept of them."""

from typing import Final

HEADINGS: Final = {
    "ack_act_by": "To be acknowledged, at the latest when staff act on it",
    "ack_due": "To be acknowledged by",
    "ack_reason": "Why by then",
    "act_by": "Staff act on it by",
    "agent": "Member of staff",
    "alarms": "Warnings given to staff",
    "answer_act_by": "Staff answer by",
    "answer_due": "To be answered by",
    "answer_first_due": "First to be answered by",
    "answered_by": "Answered on telephone",
    "at": "When",
    "call": "Call (its key)",
    "call_at": "To be called at",
    "callout": "Call made (its key)",
    "caller": "Telephone number",
    "charter": "Service promise that applied",
    "charter_version": "Its version",
    "dial": "Number to call back",
    "did": "Number that was called",
    "direct_dial": "Direct number of who looks after it",
    "due": "Promised by",
    "due_reason": "Why by then",
    "duration": "Length in seconds",
    "entries": "Steps so far",
    "flags_at": "Agreed to noting how to speak with them at",
    "flags_by": "Agreement noted by",
    "flags_until": "Kept until",
    "got_through": "Spoke by (call's key)",
    "hours": "Time of day",
    "id": "No.",
    "interface": "Telephone",
    "key": "Key",
    "lease_until": "Reserved for a member of staff until",
    "linkedid": "First call of it (its key)",
    "met_at": "Kept at",
    "msg_id": "Key of the recording",
    "needs": "What they need when called",
    "number": "No. or number",
    "offered_at": "Came in at",
    "origin": "Came from",
    "pbx": "Telephone system",
    "quality": "Measured wholly or in part",
    "request": "Key of the request",
    "rests_in": "Waits as",
    "ring_end": "Stopped ringing at",
    "ring_start": "Began ringing at",
    "rings": "Times it rang",
    "seq": "Step",
    "tries": "Times tried",
    "uniqueid": "Call (its key)",
    "why": "Note or reason",
    "who": "Who",
    "within_rings": "Answered within the promised rings",
    "within_seconds": "Answered within the promised time",
}
"""What the names of columns do not say by themselves."""


def heading(column: str) -> str:
    """The heading of a column."""
    said = HEADINGS.get(column) or column.replace("_", " ")
    return said[:1].upper() + said[1:]
