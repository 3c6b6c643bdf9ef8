"""Actions to the PBX: built as asterisk-ami's values, rendered here, every value checked against an allow-list.

Asterisk ends a line at a bare LF, so CR, LF and NUL are refused everywhere. No error repeats a value, as it may be a
secret.
"""

import hashlib
import re

from asterisk.ami import Action

from callcentre.ami.peeks import ABUSE, CLICKS
from callcentre.core.commands import (
    AbuseAct,
    Act,
    AddMember,
    CallBack,
    PauseMember,
    RemoveMember,
    RingTelephone,
    StoreValue,
)
from callcentre.core.errors import ActionRefused
from callcentre.core.incidents import AbuseStep

MAX_LINE = 1024
"""Bytes of a line that Asterisk reads, its end included (main/manager.c)."""

MAX_HEADERS = 128

_FORBIDDEN = re.compile(r"[\r\n\0]")
_PRINTABLE = r"[^\x00-\x1f\x7f]{1,200}"
_BOX_NAME = r"[A-Za-z0-9_.+*#-]{1,79}"
_KEY = r"[A-Za-z0-9-]{1,64}"
_ACTION_ID = rf"(?:{CLICKS}|{ABUSE})?{_KEY}"
_QUEUE = r"[A-Za-z0-9_.@+-](?:[A-Za-z0-9_.@+ -]{0,77}[A-Za-z0-9_.@+-])?"
_TELEPHONE = r"[A-Za-z][A-Za-z0-9]{0,19}/[A-Za-z0-9_.@+*#-]{1,79}(?:/[A-Za-z0-9]{1,20})?"
"""Technology and resource, and what Local/ and some others take after it (`Local/101@agents/n`)."""

_LINE_NAME = r"\w[\w .-]{0,63}"
_FAMILY = "callcentre"
_ON = {True: "on", False: "off"}
_CALLER_ID = '"Unattended line" <>'
"""What the display of a telephone says that is rung: Asterisk's form, a name without a number."""

_CALLBACK_ID = r'"Callback [1-9][0-9]{0,8}" <>'
_CALLED_BACK = re.compile(r"[0-9]{1,17}", re.ASCII)
"""A caller's number as it is sent: digits alone, 00 and 15 more at most. What the dialplan makes of it is its own."""

_CALL = re.compile(r"[A-Za-z0-9._-]{1,80}", re.ASCII)
"""A Uniqueid, as it becomes an extension: callcentre-abuse-warn and -end of extensions.conf take no other."""

_ABUSE_CALLER_ID = '"Abusive caller" <>'
_OWN_TELEPHONE = re.compile(r"(?!Local/)[A-Za-z][A-Za-z0-9]{0,19}/[A-Za-z0-9_.+-]{1,79}", re.ASCII)

_FIELDS: dict[str, dict[str, str]] = {
    "Challenge": {"AuthType": "MD5"},
    "Login": {
        "AuthType": "MD5",
        "Username": _PRINTABLE,
        "Key": "[0-9a-f]{32}",
        "Secret": _PRINTABLE,
        "Events": "on|off",
    },
    "Events": {"EventMask": "on|off|[a-z]+(,[a-z]+)*"},
    "Ping": {},
    "CoreStatus": {},
    "CoreShowChannels": {},
    "QueueStatus": {},
    "DeviceStateList": {},
    "VoicemailUsersList": {},
    "VoicemailBoxSummary": {"Context": _BOX_NAME, "Mailbox": _BOX_NAME},
    "Logoff": {},
    "DBPut": {
        "Family": _FAMILY,
        "Key": rf"heartbeat|line/{_LINE_NAME}/(?:open|divert)|wrapped/{_OWN_TELEPHONE.pattern}",
        "Val": "open|closed|[0-9]{1,12}",
    },
    "DBDel": {"Family": _FAMILY, "Key": rf"line/{_LINE_NAME}/(?:open|divert)"},
    "QueueAdd": {"Queue": _QUEUE, "Interface": _TELEPHONE, "Penalty": "0"},
    "QueueRemove": {"Queue": _QUEUE, "Interface": _TELEPHONE},
    "QueuePause": {
        "Queue": _QUEUE,
        "Interface": _TELEPHONE,
        "Paused": "true|false",
        "Reason": r"[\w .:()-]{1,80}",
    },
    "Originate": {
        "Channel": _TELEPHONE,
        "Context": r"[A-Za-z0-9_.+-]{1,79}",
        "Exten": r"[A-Za-z0-9_.+*#-]{1,79}",
        "Priority": "1",
        "Timeout": "[1-9][0-9]{0,5}",
        "CallerID": f"{re.escape(_CALLER_ID)}|{re.escape(_ABUSE_CALLER_ID)}|{_CALLBACK_ID}",
        "EarlyMedia": "false",
        "Async": "true",
        "ChannelId": _KEY,
    },
}
_VARIABLES = {
    "Originate": (
        re.compile(r"_{0,2}CALLCENTRE_[A-Z0-9_]{1,32}").fullmatch,
        re.compile(r"[\w .:@/+-]{0,128}").fullmatch,
    )
}
"""What may take channel variables, by their names (ours alone) and values. A comma would begin another one
(main/manager.c), a bracket would make a function of it, and the dialplan evaluates a dollar."""

_ALLOWED = {
    action: {field: re.compile(pattern) for field, pattern in {**fields, "ActionID": _ACTION_ID}.items()}
    for action, fields in _FIELDS.items()
}


_BEFORE: dict[type[Act], str] = {CallBack: CLICKS, AbuseAct: ABUSE}
"""What stands before a key that the web chose, in its ActionID."""


def challenge() -> Action:
    """Ask for a challenge to log in by MD5."""
    return Action("Challenge", {"AuthType": "MD5"})


def login_md5(username: str, secret: str, challenged: str, *, events: bool = True) -> Action:
    """Log in with the answer to a challenge; the secret itself does not travel. `events`: to be told of any."""
    # MD5 is what AMI speaks; TLS is what protects the link.
    key = hashlib.md5((challenged + secret).encode(), usedforsecurity=False).hexdigest()
    return Action("Login", {"AuthType": "MD5", "Username": username, "Key": key, "Events": _ON[events]})


def login_plain(username: str, secret: str, *, events: bool = True) -> Action:
    """Log in with the secret itself."""
    return Action("Login", {"Username": username, "Secret": secret, "Events": _ON[events]})


def simple(name: str) -> Action:
    """An action without values: Ping, QueueStatus, CoreShowChannels, DeviceStateList, VoicemailUsersList, Logoff."""
    return Action(name)


def box_summary(mailbox: str) -> Action:
    """Ask for the messages of one mailbox (`600@default`); Asterisk 18.20, 20.5, 21 and later."""
    box, _, context = mailbox.rpartition("@")
    return Action("VoicemailBoxSummary", {"Context": context, "Mailbox": box})


def act(command: Act) -> Action:
    """The action that carries out a command of the core, `command.key` as its ActionID; `render` checks its values.

    The answer to a RingTelephone or CallBack comes at once (Async), what came of it as OriginateResponse with the same
    ActionID: of a CallBack `callcentre-click-` and its key. Raises ActionRefused for a CallBack that may not be sent.
    """
    match command:
        case StoreValue(value=None):
            action = Action("DBDel", {"Family": _FAMILY, "Key": command.name})
        case StoreValue():
            action = Action("DBPut", {"Family": _FAMILY, "Key": command.name, "Val": command.value})
        case AddMember():
            action = Action("QueueAdd", {"Queue": command.queue, "Interface": command.interface, "Penalty": "0"})
        case RemoveMember():
            action = Action("QueueRemove", {"Queue": command.queue, "Interface": command.interface})
        case PauseMember():
            action = _pause(command)
        case RingTelephone():
            action = _originate(command, command.exten, _CALLER_ID, command.variables)
        case CallBack():
            action = _call_back(command)
        case AbuseAct():
            action = _about_abuse(command)
        case _:
            raise ActionRefused("callcentre does not know how to do this; nothing was sent")
    action.keys["ActionID"] = f"{_BEFORE.get(type(command), '')}{command.key}"
    return action


def _pause(command: PauseMember) -> Action:
    paused = "true" if command.paused else "false"
    action = Action("QueuePause", {"Queue": command.queue, "Interface": command.interface, "Paused": paused})
    if command.reason:
        action.keys["Reason"] = command.reason
    return action


def _call_back(command: CallBack) -> Action:
    """The number goes nowhere but into Exten, and no error holds it."""
    if _CALLED_BACK.fullmatch(command.number) is None:
        raise ActionRefused("Originate: that is no number which may be called back; nothing was sent")
    if _OWN_TELEPHONE.fullmatch(command.telephone) is None:
        raise ActionRefused("Originate: that is no telephone of the office; nothing was sent")
    task = (("CALLCENTRE_TASK", str(command.task)),)
    return _originate(command, command.number, f'"Callback {command.task}" <>', (*task, *command.variables))


def _about_abuse(command: AbuseAct) -> Action:
    """A Local channel: one half is led to the call by its uniqueid, the other says what there is to say."""
    if _CALL.fullmatch(command.uniqueid) is None or _OWN_TELEPHONE.fullmatch(command.telephone) is None:
        raise ActionRefused("Originate: that is no call of a telephone of the office; nothing was sent")
    act = RingTelephone(
        pbx=command.pbx,
        key=command.key,
        telephone=f"Local/{command.uniqueid}@callcentre-abuse-{command.step}/n",
        context="callcentre-abuse-voice",
        exten="s" if command.step is AbuseStep.WARN else "done",
        seconds=5,
    )
    pressed_at = (("CALLCENTRE_TELEPHONE", command.telephone),)
    return _originate(act, act.exten, _ABUSE_CALLER_ID, pressed_at)


def _originate(
    command: RingTelephone | CallBack, exten: str, caller_id: str, variables: tuple[tuple[str, str], ...]
) -> Action:
    return Action(
        "Originate",
        {
            "Channel": command.telephone,
            "Context": command.context,
            "Exten": exten,
            "Priority": "1",
            "Timeout": str(command.seconds * 1000),
            "CallerID": caller_id,
            "EarlyMedia": "false",
            "Async": "true",
            "ChannelId": command.key,
        },
        dict(variables),
    )


def render(action: Action, action_id: str) -> bytes:
    """The bytes to send; ActionRefused, naming action and field only, where a value may not be sent.

    An ActionID among the action's own fields is sent in place of `action_id`.
    """
    allowed = _ALLOWED.get(action.name)
    if allowed is None:
        raise ActionRefused("callcentre does not send this action; nothing was sent")
    headers = {"Action": action.name, "ActionID": action_id, **action.keys}
    if len(headers) + len(action.variables) > MAX_HEADERS or (action.variables and action.name not in _VARIABLES):
        raise ActionRefused(f"{action.name}: more headers than it may have; nothing was sent")
    lines = []
    for field, value in headers.items():
        pattern = allowed.get(field)
        text = str(value)
        if field != "Action" and (pattern is None or _FORBIDDEN.search(text) or not pattern.fullmatch(text)):
            raise ActionRefused(f"{action.name}: the value of {field[:32]!r} may not be sent to AMI; nothing was sent")
        lines.append(_line(action.name, field, text))
    for name, value in action.variables.items():
        is_name, is_value = _VARIABLES[action.name]
        if not (is_name(str(name)) and is_value(str(value))):
            raise ActionRefused(f"{action.name}: a channel variable may not be sent to AMI; nothing was sent")
        lines.append(_line(action.name, "Variable", f"{name}={value}"))
    return b"".join(lines) + b"\r\n"


def _line(action: str, field: str, text: str) -> bytes:
    line = f"{field}: {text}\r\n".encode("utf-8", "surrogatepass")
    if len(line) > MAX_LINE:
        raise ActionRefused(f"{action}: {field} is longer than AMI reads; nothing was sent")
    return line
