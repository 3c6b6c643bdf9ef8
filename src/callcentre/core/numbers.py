"""Telephone numbers as the core compares them: who is the same caller, and which dialled digits reach them.

Pure text, no telephone-number library: a PBX hands over whatever the caller claims, and two spellings of one number
must meet without a wrong one doing so. Whether a number may be dialled is another question (config, web).
"""

import re

_NOT_DIGITS = re.compile(r"[^0-9]")
_BRACKETED = re.compile(r"<([^<>\r\n]*)")
_DIALLED = re.compile(r"[+]?[0-9*#()./ -]{1,40}").fullmatch

SIGN = r"[ \t_+.()/\u00a0\u00ad\u00b7\u2000-\u2015\u202a-\u202f\u205f-\u2069\u2212\u3000\ufeff\uff0d-]"
"""What people, telephones and programs put between the digits of one number, as a pattern: blanks, dashes of all kinds,
marks that cannot be seen."""
NUMBER = rf"\+?\(?\d(?:(?:{SIGN}|%20){{0,3}}\d){{6,}}"
"""What may be a telephone number, as a pattern: seven digits or more, with up to three signs between any two."""
DATE = r"(?<!\d)(?:000\d|19\d\d|20\d\d)-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])(?!\d)"
"""A day, as a pattern: the one long row of digits and signs that is nobody's number."""

_NUMBERS = re.compile(rf"(?P<day>{DATE})|{NUMBER}")

EMERGENCY = frozenset({"999", "112"})
"""Never dialled by a program, whatever an office allows."""

_UK = "44"
_UK_WHOLE = 12
_LONGEST = 20
_WHOLE = 7
"""Digits from which a number is somebody's in the world; a shorter one is an extension, equal only to itself."""


def canonical(number: str | None) -> str | None:
    """Return the number in one spelling, or None if there is none (withheld, words, nothing but signs).

    `+44 1632 960123`, `00441632960123`, `441632960123` and `01632 960123` are one: national, with its 0. Other
    countries keep `+` and their code. E.164 allows 15 digits; more than 20 is no number.
    """
    if not number:
        return None
    text = number.strip()
    plain = text.isascii() and text.isdigit()
    digits = text if plain else _NOT_DIGITS.sub("", text)
    if not digits or len(digits) > _LONGEST or (not plain and any(mark.isalpha() for mark in text)):
        return None
    if text.startswith("+") or digits.startswith("00"):
        world = digits.removeprefix("00") if not text.startswith("+") else digits
        return f"0{world[len(_UK) :].removeprefix('0')}" if world.startswith(_UK) else f"+{world}"
    return f"0{digits[len(_UK) :]}" if digits.startswith(_UK) and len(digits) == _UK_WHOLE else digits


def reaches(dialled: str, caller: str) -> bool:
    """Whether dialling `dialled` (perhaps with a prefix for an outside line) rings `caller`, a canonical number."""
    told = canonical(dialled)
    if told is None:
        return False
    wanted = caller.removeprefix("+")
    if told == caller:
        return True
    if len(wanted) < _WHOLE:
        return False
    return told.removeprefix("+").endswith(wanted) or told.endswith(f"{_UK}{wanted.removeprefix('0')}")


def number_of(caller_id: str) -> str | None:
    """Return the number out of Asterisk's `"name" <number>` (or a bare number), as it stands there.

    None where there is none: withheld, unknown, words. A caller can put brackets into the name, so the last pair
    counts; what is longer than 40 signs is no number.
    """
    bracketed = _BRACKETED.findall(caller_id)
    text = (bracketed[-1] if bracketed else caller_id).strip()
    return text if _DIALLED(text) and any(mark.isdigit() for mark in text) else None


def masked(number: str | None) -> str:
    """Return what may stand in a log, a history or a notice: `…123`, or `withheld`."""
    if not number:
        return "withheld"
    digits = _NOT_DIGITS.sub("", number)
    return f"…{digits[-3:]}" if len(digits) >= _WHOLE else "an extension"


def without_numbers(text: str) -> str:
    """Return `text` with every telephone number in it masked; extensions (up to six digits) stay."""
    return _NUMBERS.sub(lambda found: found["day"] or masked(found.group()), text)
