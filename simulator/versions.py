"""What differs on the wire by Asterisk version, and what stays: from recordings of 16.28 and 22.10 and the source."""

from dataclasses import dataclass

BANNERS = {16: "5.0.4", 18: "7.0.3", 20: "9.0.0", 22: "11.0.0"}
"""The manager's own version, as 16.28.0 (recorded), 18.9, 20 and 22.10 (recorded) announce it."""

CLASS_BITS = {
    "system": 1 << 0,
    "call": 1 << 1,
    "log": 1 << 2,
    "verbose": 1 << 3,
    "command": 1 << 4,
    "agent": 1 << 5,
    "user": 1 << 6,
    "config": 1 << 7,
    "dtmf": 1 << 8,
    "reporting": 1 << 9,
    "cdr": 1 << 10,
    "dialplan": 1 << 11,
    "originate": 1 << 12,
    "agi": 1 << 13,
    "hookresponse": 1 << 14,
    "cc": 1 << 15,
    "aoc": 1 << 16,
    "test": 1 << 17,
    "security": 1 << 18,
    "message": 1 << 30,
}
"""The classes of events and actions (include/asterisk/manager.h)."""

ALL_CLASSES = (1 << 31) - 1

_VOICEMAIL_LIST = "call,reporting"
ACTION_CLASSES = {
    "command": "command",
    "coresettings": "system,reporting",
    "coreshowchannels": "system,reporting",
    "corestatus": "system,reporting",
    "dbdel": "system",
    "dbdeltree": "system",
    "dbget": "system,reporting",
    "dbgettree": "system,reporting",
    "dbput": "system",
    "devicestatelist": "call,reporting",
    "extensionstate": "call,reporting",
    "extensionstatelist": "call,reporting",
    "filter": "system",
    "getvar": "call,reporting",
    "hangup": "system,call",
    "mailboxcount": "call,reporting",
    "mailboxstatus": "call,reporting",
    "originate": "originate",
    "presencestate": "call,reporting",
    "queueadd": "agent",
    "queuelog": "agent",
    "queuememberringinuse": "agent",
    "queuepause": "agent",
    "queuepenalty": "agent",
    "queueremove": "agent",
    "redirect": "call",
    "reload": "system,config",
    "sendtext": "call",
    "setvar": "call",
    "status": "system,call,reporting",
    "userevent": "user",
    "voicemailboxsummary": _VOICEMAIL_LIST,
    "voicemailforward": "user",
    "voicemailmove": "user",
    "voicemailrefresh": "user",
    "voicemailremove": "user",
    "voicemailuserslist": _VOICEMAIL_LIST,
    "voicemailuserstatus": _VOICEMAIL_LIST,
}
"""Any one of these write classes is enough; an action that is not named needs none (ListCommands of 16 and 22)."""

SINCE = {"voicemailboxsummary": 18, "voicemailforward": 18, "voicemailmove": 18, "voicemailremove": 18}
"""Actions that older versions answer as unknown."""

ACTION_ID_LAST = frozenset(
    {"QueueParams", "QueueMember", "QueueEntry", "QueueSummary", "DBGetResponse", "DBGetTreeResponse"}
)
"""List events that close with their ActionID; all others open with it."""

INCLUSIVE_FILTER_SYNTAX = frozenset({18, 20, 22})
"""Where eventfilter(action(…),name(…)…) is understood; 16 ignores such a line."""


@dataclass(frozen=True, slots=True)
class Version:
    """One Asterisk as seen on its manager port. Raises ValueError for a version that is not played."""

    major: int

    def __post_init__(self) -> None:
        if self.major not in BANNERS:
            raise ValueError(f"no Asterisk {self.major} is played here: choose {', '.join(map(str, BANNERS))}")

    @property
    def banner(self) -> bytes:
        """The first line of every connection."""
        return f"Asterisk Call Manager/{BANNERS[self.major]}\r\n".encode()

    def knows(self, action: str) -> bool:
        """Whether this version has the action, which is given in lower case."""
        return self.major >= SINCE.get(action, 0)


def class_mask(names: str) -> int:
    """The bits of a comma-separated list of classes; unknown names count for nothing, as in manager.conf."""
    mask = 0
    for name in names.split(","):
        word = name.strip().lower()
        mask |= ALL_CLASSES if word == "all" else CLASS_BITS.get(word, 0)
    return mask


def event_mask(value: str | None) -> int | None:
    """What an Events or EventMask header asks for; None if it is missing or empty (strings_to_mask in manager.c)."""
    if not value:
        return None
    word = value.lower()
    if word.isascii() and word.isdigit():
        return int(word) & ALL_CLASSES
    if word in {"no", "false", "n", "f", "off"}:
        return 0
    if word in {"yes", "true", "y", "t", "on"}:
        return ALL_CLASSES
    return class_mask(word)


def privilege_mask(classes: str) -> int:
    """The bits an event of this privilege ("call,all") needs, every one of them."""
    return class_mask(classes.removesuffix(",all")) if classes != "all" else 0
