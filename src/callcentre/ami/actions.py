"""Actions to the PBX: built as asterisk-ami's values, rendered here, every value checked against an allow-list.

Asterisk ends a line at a bare LF, so CR, LF and NUL are refused everywhere. No error repeats a value, as it may be a
secret.
"""

import hashlib
import re

from asterisk.ami import Action

from callcentre.core.errors import ActionRefused

MAX_LINE = 1024
"""Bytes of a line that Asterisk reads, its end included (main/manager.c)."""

MAX_HEADERS = 128

_FORBIDDEN = re.compile(r"[\r\n\0]")
_PRINTABLE = r"[^\x00-\x1f\x7f]{1,200}"
_ACTION_ID = r"[A-Za-z0-9-]{1,64}"

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
    "Logoff": {},
}
_ALLOWED = {
    action: {field: re.compile(pattern) for field, pattern in {**fields, "ActionID": _ACTION_ID}.items()}
    for action, fields in _FIELDS.items()
}


def challenge() -> Action:
    """Ask for a challenge to log in by MD5."""
    return Action("Challenge", {"AuthType": "MD5"})


def login_md5(username: str, secret: str, challenged: str) -> Action:
    """Log in with the answer to a challenge; the secret itself does not travel."""
    # MD5 is what AMI speaks; TLS is what protects the link.
    key = hashlib.md5((challenged + secret).encode(), usedforsecurity=False).hexdigest()
    return Action("Login", {"AuthType": "MD5", "Username": username, "Key": key, "Events": "on"})


def login_plain(username: str, secret: str) -> Action:
    """Log in with the secret itself."""
    return Action("Login", {"Username": username, "Secret": secret, "Events": "on"})


def simple(name: str) -> Action:
    """An action without values: Ping, QueueStatus, CoreShowChannels, DeviceStateList, CoreStatus, Logoff."""
    return Action(name)


def render(action: Action, action_id: str) -> bytes:
    """The bytes to send; ActionRefused, naming action and field only, where a value may not be sent."""
    allowed = _ALLOWED.get(action.name)
    if allowed is None:
        raise ActionRefused("callcentre does not send this action; nothing was sent")
    headers = {"Action": action.name, "ActionID": action_id, **action.keys}
    if action.variables or len(headers) > MAX_HEADERS:
        raise ActionRefused(f"{action.name}: more headers than it may have; nothing was sent")
    lines = []
    for field, value in headers.items():
        pattern = allowed.get(field)
        text = str(value)
        if field != "Action" and (pattern is None or _FORBIDDEN.search(text) or not pattern.fullmatch(text)):
            raise ActionRefused(f"{action.name}: the value of {field[:32]!r} may not be sent to AMI; nothing was sent")
        line = f"{field}: {text}\r\n".encode("utf-8", "surrogatepass")
        if len(line) > MAX_LINE:
            raise ActionRefused(f"{action.name}: {field} is longer than AMI reads; nothing was sent")
        lines.append(line)
    return b"".join(lines) + b"\r\n"
