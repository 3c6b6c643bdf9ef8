"""Codes of an authenticator app (TOTP, RFC 6238: 6 digits, 30 s, SHA-1), and the recovery codes beside them."""

import hashlib
import io
import re
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import pyotp
import segno

STEP_SECONDS: Final = 30
# A telephone's clock may be that far off: one step to either side.
_STEPS_OFF: Final = (0, -1, 1)
_RECOVERY_CODES: Final = 10
_RECOVERY_SIGNS: Final = "abcdefghjkmnpqrstuvwxyz23456789"
_ISSUER: Final = "callcentre"


def new_secret() -> str:
    """A secret of 160 bits, as authenticator apps take it."""
    return pyotp.random_base32()


def address_of(secret: str, name: str) -> str:
    """The otpauth:// address that an app reads from the picture."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=_ISSUER)


def picture(address: str) -> str:
    """The QR code of `address` as an SVG element; dark on light in any theme, as cameras want it."""
    made = io.BytesIO()
    segno.make(address, error="m").save(
        made, kind="svg", xmldecl=False, svgns=False, scale=4, border=4, light="#fff", omitsize=True, nl=False
    )
    return made.getvalue().decode()


def step_of(secret: str, code: str, at: datetime) -> int | None:
    """The time step that `code` belongs to; None if it is wrong at `at`. The caller sees that no step is used twice."""
    plain = re.sub(r"\s", "", code)
    if re.fullmatch(r"\d{6}", plain, re.ASCII) is None:
        return None
    totp, now = pyotp.TOTP(secret), int(at.timestamp()) // STEP_SECONDS
    for off in _STEPS_OFF:
        if secrets.compare_digest(totp.generate_otp(now + off), plain):
            return now + off
    return None


def new_recovery_codes() -> Sequence[str]:
    """Ten codes of 12 signs (59 bits) in groups of four, each good once in the place of a code."""
    return ["-".join(_some_signs(4) for _ in range(3)) for _ in range(_RECOVERY_CODES)]


def recovery_hash(code: str) -> str | None:
    """What is kept of a recovery code, however it was typed; None for what is none."""
    plain = re.sub(r"[\s-]", "", code).lower()
    if len(plain) != 12 or not plain.isalnum():
        return None
    return hashlib.sha256(plain.encode()).hexdigest()


def _some_signs(number: int) -> str:
    return "".join(secrets.choice(_RECOVERY_SIGNS) for _ in range(number))
