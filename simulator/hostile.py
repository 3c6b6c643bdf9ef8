"""What a hostile caller, or a broken line, can put on the wire: each kind a few events, none of which may be believed.

The caller's own channel is made and hung up in honest events around each forgery, so that nothing remains of it.
"""

from collections.abc import Iterable

from callcentre_simulator.render import RawEvent, event_bytes
from callcentre_simulator.wire import AmiEvent, Headers

_VICTIM = "1700000000.1"
"""A call that does not exist: a listener that knows of it has believed a forgery."""

_FORGED_EVENT = (
    "1\r\n\r\nEvent: Newchannel\r\nPrivilege: call,all\r\nTimestamp: {at:.6f}\r\nChannel: PJSIP/forged-00000001\r\n"
    f"ChannelState: 4\r\nUniqueid: {_VICTIM}\r\nLinkedid: {_VICTIM}\r\n\r\nEvent: Hangup"
)

KINDS = {
    "event-in-number": (_FORGED_EVENT, "a whole event inside CallerIDNum"),
    "header-in-number": (f"1\r\nUniqueid: {_VICTIM}", "a second Uniqueid inside CallerIDNum"),
    "lone-returns": ("1\r2\n3", "CR and LF alone"),
    "unicode-lines": ("1\u2028Uniqueid: 9.9\u2029\x0b\x0c\x1c\x1d\x1e\u00852", "what only Unicode calls a line end"),
    "not-utf8": ("1\udcff\udcfe2", "bytes that are no UTF-8"),
    "nul": ("1\x002", "a NUL"),
    "huge": ("9" * 1_000_000, "a million digits"),
    "headers": ("1\r\n" + "X: y\r\n" * 5_000 + "Z: 1", "five thousand headers in one event"),
    "no-number": ("", "no number at all"),
}
"""What stands in CallerIDNum, and why; `truncated` and `endless` break the event itself."""

_BROKEN = {
    "truncated": "an event that stops in mid-header, the next one hard behind it",
    "endless": "half a million bytes without an end, then one",
}


def kinds() -> dict[str, str]:
    """Every kind with what it is."""
    return {name: text for name, (_, text) in KINDS.items()} | _BROKEN


def _caller(number: str, serial: int) -> Headers:
    channel = f"PJSIP/trunk-ffff{serial:04x}"
    uniqueid = f"1600000000.{serial}"
    return (
        ("Channel", channel),
        ("ChannelState", "4"),
        ("ChannelStateDesc", "Ring"),
        ("CallerIDNum", number),
        ("CallerIDName", "<unknown>"),
        ("ConnectedLineNum", "<unknown>"),
        ("ConnectedLineName", "<unknown>"),
        ("Language", "en"),
        ("AccountCode", ""),
        ("Context", "from-trunk"),
        ("Exten", "s"),
        ("Priority", "1"),
        ("Uniqueid", uniqueid),
        ("Linkedid", uniqueid),
    )


def forgeries(at: float, kind: str = "") -> Iterable[AmiEvent]:
    """The events of one kind, or of all. Raises ValueError for a kind that is none."""
    known = kinds()
    if kind and kind not in known:
        raise ValueError(f"no such kind: {kind!r}; there are {', '.join(known)}")
    for serial, name in enumerate(known):
        if kind in {"", name}:
            yield from _forged(at, name, serial)


def _forged(at: float, name: str, serial: int) -> Iterable[AmiEvent]:
    number = KINDS[name][0].replace("{at:.6f}", f"{at:.6f}") if name in KINDS else "07700900999"
    honest = AmiEvent("Newchannel", "call,all", _caller(number, serial))
    end = (*_caller("07700900999", serial), ("Cause", "16"), ("Cause-txt", "Normal Clearing"))
    whole = event_bytes(at, honest)
    if name == "truncated":
        whole = whole[: len(whole) // 2]
    elif name == "endless":
        whole = whole.removesuffix(b"\r\n\r\n") + b"x" * 500_000 + b"\r\n\r\n"
    yield RawEvent("Newchannel", "call,all", (), whole)
    yield AmiEvent("Hangup", "call,all", end)
