"""What an account may be made of, checked alike for the pages and for the command line."""

import re
from collections.abc import Collection
from datetime import datetime, timedelta
from secrets import token_urlsafe
from typing import Final

from pydantic import TypeAdapter, ValidationError

from callcentre.config.values import Telephone
from callcentre.core.errors import IllegalTransition
from callcentre.store.account_results import ApiToken
from callcentre.store.accounts import Accounts
from callcentre.store.results import Account, Role
from callcentre.web.identity import SCOPES, TOKEN_PREFIX
from callcentre.web.sessions import hashed

LONGEST_NAME: Final = 64
_NAME: Final = re.compile(r"\w[\w .@+-]*")
_TELEPHONE: Final[TypeAdapter[str]] = TypeAdapter(Telephone)
_LONGEST_FULL_NAME: Final = 120


def problem_of(account: Account, lines: Collection[str]) -> str:
    """What is wrong with an account of an office with these lines, in words; empty if nothing is."""
    return (
        _problem_of_name(account.name)
        or _problem_of_full_name(account.full_name)
        or _problem_of_telephone(account.telephone)
        or _problem_of_lines(account.lines, lines)
    )


async def given_to(accounts: Accounts, name: str) -> str:
    """The name, as the account has it, of who is to have work; IllegalTransition if nobody can log in by it."""
    account = await accounts.account(name)
    if account is None or account.disabled:
        raise IllegalTransition("nobody who can log in has that name: give the name of an account")
    return account.name


def new_token(
    account: str, name: str, scopes: Collection[str], *, by: str, now: datetime, days: int | None
) -> tuple[str, ApiToken]:
    """A new API token and what is stored of it. `days` is how long it is good for; None: until it is taken back."""
    secret = f"{TOKEN_PREFIX}{token_urlsafe(32)}"
    return secret, ApiToken(
        hash=hashed(secret),
        user=account,
        name=name,
        scopes=frozenset(scopes),
        created_by=by,
        created_at=now,
        expires_at=None if days is None else now + timedelta(days=days),
        used_at=None,
    )


def problem_of_token(name: str, scopes: Collection[str]) -> str:
    """What is wrong with a token of this name that is allowed `scopes`; empty if nothing is."""
    if not 0 < len(name.strip()) <= LONGEST_NAME or not name.isprintable():
        return "A token needs a name, such as the program that it is for."
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown:
        return f"There is no scope {', '.join(unknown)}; write {', '.join(SCOPES)}."
    return "" if scopes else f"A token needs at least one scope of {', '.join(SCOPES)}."


def role_of(word: str) -> Role | None:
    """The role of this name."""
    return next((role for role in Role if role.value == word), None)


def _problem_of_name(name: str) -> str:
    if _NAME.fullmatch(name) is None or len(name) > LONGEST_NAME or name != name.strip():
        return (
            f"A name has letters, digits, blanks and . @ + - _, begins with a letter or digit, and has at most "
            f"{LONGEST_NAME} of them."
        )
    return ""


def _problem_of_full_name(full_name: str) -> str:
    fine = full_name.isprintable() and len(full_name) <= _LONGEST_FULL_NAME
    return "" if fine else f"A full name is one line of at most {_LONGEST_FULL_NAME} characters."


def _problem_of_telephone(telephone: str | None) -> str:
    if telephone is None:
        return ""
    try:
        _TELEPHONE.validate_python(telephone)
    except ValidationError:
        return "A telephone is technology/name without blanks, such as PJSIP/101."
    return ""


def _problem_of_lines(wanted: Collection[str], lines: Collection[str]) -> str:
    unknown = sorted(set(wanted) - set(lines))
    return f"There is no line {', '.join(unknown)}; the lines are {', '.join(sorted(lines))}." if unknown else ""
