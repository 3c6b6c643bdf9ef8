"""Which packets of a kind that is wanted only in part are wanted: a glance at the bytes, before anything is decoded."""

from collections.abc import Callable

Peek = Callable[[bytes, int, int], bool | None]
"""Whether a packet buf[start:end] is wanted; None if it was cut short."""

KEPT_VARIABLES = frozenset({b"DIALSTATUS", b"QUEUESTATUS", b"VMSTATUS"})
KEPT_APPLICATIONS = frozenset(
    {b"Queue", b"Dial", b"VoiceMail", b"Playback", b"Background", b"BackGround", b"ControlPlayback"}
)
OWN_USER_EVENTS = "Callcentre"
CLICKS = "callcentre-click-"
"""What stands before the key of a CallBack in its ActionID: the key itself is the web's, and begins as it likes."""

ABUSE = "callcentre-abuse-"
"""The same of an AbuseAct."""

OWN_ACTIONS = ("breach-", CLICKS, ABUSE)
"""How the ActionIDs begin of what the core has originated (core.breach.BreachStep.key, core.clicks, core.abuse)."""

KEPT_VARIABLE_LINES = tuple(name + b"\r\n" for name in sorted(KEPT_VARIABLES))
_OWN_ACTION_LINES = tuple(f"\r\nActionID: {beginning}".encode() for beginning in OWN_ACTIONS)


def _wanted_variable(buf: bytes, start: int, end: int) -> bool | None:
    # Asterisk escapes a variable's value, so the last line that begins so is the genuine one.
    variable = buf.rfind(b"\r\nVariable: ", start, end)
    if variable < 0 or buf.find(b"\r\nValue: ", variable + 12, end) < 0:
        return None
    return buf.startswith(KEPT_VARIABLE_LINES, variable + 12)


def _wanted_application(buf: bytes, start: int, end: int) -> bool | None:
    data = buf.find(b"\r\nAppData: ", start, end)
    if data < 0:
        return None
    application = buf.rfind(b"\r\n", start, data)
    return buf[application + 15 : data] in KEPT_APPLICATIONS or not buf.startswith(b"Application: ", application + 2)


def _wanted_user_event(buf: bytes, start: int, end: int) -> bool | None:
    name = buf.find(b"\r\nUserEvent: ", start, end)
    if name < 0:
        return None
    return buf.startswith(OWN_USER_EVENTS.encode(), name + 13)


def _wanted_answer(buf: bytes, start: int, end: int) -> bool | None:
    """Other clients originate calls too: those are nobody's business here."""
    return any(buf.find(line, start, end) >= 0 for line in _OWN_ACTION_LINES)


PEEKS: dict[str, Peek] = {
    "VarSet": _wanted_variable,
    "Newexten": _wanted_application,
    "UserEvent": _wanted_user_event,
    "OriginateResponse": _wanted_answer,
}
