"""What is typed about cases, understood or refused: numbers that somebody has (H12), e-mail addresses, days, choices.

Nothing is guessed: what cannot be meant is told beside its field, and stays as it was typed.
"""

import re
from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Final, TypeVar

from callcentre.core.errors import CallcentreError
from callcentre.core.numbers import canonical
from callcentre.core.terms import NumberKind
from callcentre.web.sent import Form, text_of
from callcentre.web.site import Site

LONGEST: Final[Mapping[str, int]] = {
    "name": 120,
    "email": 254,
    "address": 500,
    "summary": 2_000,
    "about": 120,
    "owner": 120,
    "category": 64,
    "agreed_from": 120,
    "cause": 120,
    "remedy": 500,
    "referred_to": 200,
    "why": 500,
}
"""Characters of each field; pages say so to browsers too."""

_EMAIL: Final = re.compile(r"[^\s@<>\"(),;:\\]{1,64}@[^\s@<>\"(),;:\\.]+(\.[^\s@<>\"(),;:\\.]+)+").fullmatch
_EXTENSION: Final = 6
_MOST_DAYS: Final = 60
Choice = TypeVar("Choice", bound=StrEnum)


class NotUnderstood(CallcentreError):
    """A field holds what cannot be meant; `field` names it."""

    def __init__(self, field: str, words: str) -> None:
        super().__init__(words)
        self.field = field


def words_of(form: Form, name: str, *, needed: str = "") -> str:
    """The text of a field; with `needed`, it must not be empty."""
    text = text_of(form, name)
    if len(text) > LONGEST.get(name, 2_000):
        raise NotUnderstood(name, f"that is too long; write at most {LONGEST[name]} characters")
    if needed and not text:
        raise NotUnderstood(name, needed)
    return text


def number_of(site: Site, form: Form, name: str) -> str | None:
    """Somebody's whole number in the spelling of core.numbers; None where none is given."""
    typed = text_of(form, name)
    if not typed:
        return None
    number, calling = canonical(typed), site.office.calling
    if number is None:
        raise NotUnderstood(name, "that is no telephone number; type its digits, with the area code")
    known = any(number.startswith(beginning) for beginning in calling.also)
    if not known and calling.kind_of(number) is NumberKind.INVALID:
        raise NotUnderstood(name, "that is no number that anybody has; mind the area code")
    return number


def dial_of(site: Site, form: Form, name: str) -> str | None:
    """A direct dial: a whole number or an extension of the office; None where none is given."""
    number = canonical(text_of(form, name))
    return number if number is not None and len(number) <= _EXTENSION else number_of(site, form, name)


def email_of(form: Form, name: str) -> str | None:
    """An e-mail address; None where none is given."""
    typed = words_of(form, name)
    if typed and _EMAIL(typed) is None:
        raise NotUnderstood(name, "that is no e-mail address; write name@host")
    return typed or None


def choice_of(form: Form, name: str, of: type[Choice], words: str) -> Choice:
    """One of what is offered."""
    try:
        return of(text_of(form, name))
    except ValueError:
        raise NotUnderstood(name, words) from None


def moment_of(site: Site, form: Form, name: str, line: str) -> datetime:
    """A moment on the clocks of a line that has passed."""
    try:
        at = datetime.fromisoformat(text_of(form, name))
    except ValueError:
        raise NotUnderstood(name, "that is no time; pick a day and a time") from None
    at = at if at.tzinfo is not None else at.replace(tzinfo=site.zone(line))
    if at > site.now():
        raise NotUnderstood(name, "that is in the future; say when it came")
    return at


def day_of(form: Form, name: str) -> date:
    """A day."""
    try:
        return date.fromisoformat(text_of(form, name))
    except ValueError:
        raise NotUnderstood(name, "that is no day; pick one") from None


def days_of(form: Form, name: str) -> int | None:
    """A number of working days; None where none is given."""
    typed = text_of(form, name)
    if not typed:
        return None
    if not (typed.isascii() and typed.isdigit() and 1 <= int(typed) <= _MOST_DAYS):
        raise NotUnderstood(name, f"write a number of working days, from 1 to {_MOST_DAYS}")
    return int(typed)
