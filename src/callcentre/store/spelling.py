"""Callers' numbers in one spelling, in SQL: what core.numbers.canonical makes of the spellings that trunks send.

Figures over millions of calls cannot ask Python for each. A number with other signs in it than people write between
digits is none here; that the two agree on all others, a test holds.
"""

from typing import Any, Final

from sqlalchemy import ColumnElement, String, and_, case, func, literal_column, null, or_

_SIGNS: Final = (" ", "(", ")", ".", "/", "-", "*", "#")
_LONGEST: Final = 20
_UK_WHOLE: Final = 12


def _text(word: str) -> ColumnElement[str]:
    return literal_column(f"'{word}'", String())


_DIGITS: Final = _text("0123456789")
_NOTHING: Final = _text("")


def in_one_spelling(caller: ColumnElement[Any]) -> ColumnElement[str | None]:
    """The number that `caller` tells; NULL where there is none (withheld, words).

    Nearly all are this country's, digits alone with their 0, and pass the first test: what the others cost, of which
    each step says the one before it several times, is not paid for them.
    """
    usual = and_(
        func.ltrim(caller, _DIGITS) == _NOTHING,
        _begins(caller, "0"),
        ~_begins(caller, "00"),
        func.length(caller) <= literal_column(str(_LONGEST)),
    )
    told: ColumnElement[Any] = caller
    for sign in _SIGNS:
        told = func.replace(told, _text(sign), _NOTHING)
    digits = case((_begins(told, "+"), _from(told, 2)), else_=told)
    return case((caller.is_(None), null()), (usual, caller), else_=_national(digits, _with_code(told, digits)))


def _with_code(told: ColumnElement[str], digits: ColumnElement[str]) -> ColumnElement[str]:
    """`+` and the country's code where one was told, else as it is."""
    return case(
        (told != digits, _text("+").concat(digits)),
        (_begins(digits, "00"), _text("+").concat(_from(digits, 3))),
        (and_(_begins(digits, "44"), func.length(digits) == _UK_WHOLE), _text("0").concat(_from(digits, 3))),
        else_=digits,
    )


def _national(digits: ColumnElement[str], world: ColumnElement[str]) -> ColumnElement[str | None]:
    """The number with its 0 if it is of this country; NULL for what is no number."""
    none = or_(digits == _NOTHING, func.length(digits) > _LONGEST, func.ltrim(digits, _DIGITS) != _NOTHING)
    return case(
        (or_(digits.is_(None), none), null()),
        (_begins(world, "+440"), _text("0").concat(_from(world, 5))),
        (_begins(world, "+44"), _text("0").concat(_from(world, 4))),
        else_=world,
    )


def _begins(column: ColumnElement[str], word: str) -> ColumnElement[bool]:
    return func.substr(column, literal_column("1"), literal_column(str(len(word)))) == _text(word)


def _from(column: ColumnElement[str], place: int) -> ColumnElement[str]:
    return func.substr(column, literal_column(str(place)))
