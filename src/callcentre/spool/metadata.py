"""One message's msgNNNN.txt as a value. Everything in it is hostile, and a message is never lost for it.

app_voicemail.c (leave_voicemail) writes, a line each: origmailbox, context, (macrocontext,) exten, rdnis, priority,
callerchan, callerid, origdate, origtime, category, msg_id, and after the recording flag and duration. exten and
callerid are the caller's own text and may hold line breaks, so of what stands before them the first line counts, of
what stands after them the last. Between the two (callerchan) any line may be the genuine one. Asterisk rewrites the
file when it gives a message an id or its length changes: then with blanks around the `=`, and comments of its own.
"""

import re

from callcentre.core.events import StoredMessage
from callcentre.core.numbers import number_of
from callcentre.core.terms import instant

MAX_BYTES = 65_536
"""Of a longer file nothing is read: Asterisk bounds every value, and writes less than 2,000 bytes."""

_EARLIEST = 946_684_800
"""The year 2000: no Asterisk is older, so an earlier time is no time."""

_LATEST = 253_402_300_000
_CLOCK_MOVED = 86_400
"""Seconds. A recording cannot begin after its file was written; so much is left to clocks that were put right."""

_LONGEST_SECONDS = 86_400
_MOST_CHANNELS = 64
"""Values of callerchan that are kept: 80 bytes of exten and 256 of callerid have room for fewer."""

_LINE = re.compile(r"\n(orig(?:mailbox|date|time)|caller(?:chan|id)|msg_id|duration) *=>? *([^\n]*)")
_NONE = [""]
_EPOCH = re.compile(r"[0-9]{1,12}").fullmatch
_SECONDS = re.compile(r"[0-9]{1,5}").fullmatch
_MESSAGE_ID = re.compile(r"[0-9]{1,20}-[0-9a-f]{8}").fullmatch
_BOX = re.compile(r"[\w.+*#-]{1,80}", re.ASCII).fullmatch
_CHANNEL = re.compile(r"[!-~][ -~]{0,126}").fullmatch


def parse(data: bytes | None, *, mailbox: str, folder: str, written: float, playable: bool) -> StoredMessage:
    """The message that `data` describes; None is a file that cannot be read. Never fails: the worst is `damaged`.

    `written` is the file's time in epoch seconds. A damaged message has it for `origtime`: where the genuine one is
    missing, is no number, or lies a day or more after the file was written.
    """
    text = "\n" + (data or b"").decode("utf-8", "replace")
    found: dict[str, list[str]] = {}
    begin = end = 0
    for line in _LINE.finditer(text):
        key, value = line.groups()
        if key in found:
            found[key].append(value)
        else:
            found[key] = [value]
            if key == "callerid":
                begin = end = line.start(2)
        if key == "origdate":
            end = line.start()
    written = min(max(int(written), 0), _LATEST)
    origtime = _origtime(_last(found, "origtime"), written)
    msg_id = _last(found, "msg_id")
    return StoredMessage(
        mailbox=mailbox,
        folder=folder,
        msg_id=msg_id if _MESSAGE_ID(msg_id) else None,
        origtime=instant(written if origtime is None else origtime),
        duration=_duration(_last(found, "duration")),
        # The caller may have broken the value in two: it goes on up to the genuine origdate.
        caller=number_of(text[begin:end]) or number_of(found.get("callerid", _NONE)[0]),
        callerchan=tuple(
            dict.fromkeys(value.rstrip() for value in found.get("callerchan", ())[:_MOST_CHANNELS] if _CHANNEL(value))
        ),
        origmailbox=_origmailbox(found.get("origmailbox", _NONE)[0], mailbox),
        playable=playable,
        damaged=origtime is None,
    )


def _last(found: dict[str, list[str]], key: str) -> str:
    return found.get(key, _NONE)[-1].rstrip()


def _origtime(value: str, written: int) -> int | None:
    if not _EPOCH(value):
        return None
    told = int(value)
    return told if _EARLIEST <= told < min(written + _CLOCK_MOVED, _LATEST) else None


def _duration(value: str) -> int | None:
    return int(value) if _SECONDS(value) and int(value) <= _LONGEST_SECONDS else None


def _origmailbox(value: str, mailbox: str) -> str | None:
    """The file names no voicemail context (its `context` is the dialplan's), so it is taken to be this box's."""
    return f"{value}@{mailbox.rpartition('@')[2]}" if _BOX(value) else None
