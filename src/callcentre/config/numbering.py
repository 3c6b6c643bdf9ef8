"""Which kind of number one is: the plan of the UK (its country code is 44), everything else abroad or nothing at all.

The library knows which numbers are given out; what a kind costs is told by its beginning, as Ofcom's plan has it.
"""

import re
from typing import Final

from callcentre.core.numbers import EMERGENCY
from callcentre.core.terms import NumberKind

_EXTENSION: Final = re.compile(r"[1-9][0-9]{0,5}", re.ASCII)
_NATIONAL: Final = re.compile(r"0[1-9][0-9]{6,9}", re.ASCII)
_ABROAD: Final = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
_SHORT: Final = {"116": NumberKind.FREEPHONE, "118": NumberKind.PREMIUM}
"""Six digits that belong to everybody: helplines of social value, directory enquiries."""

_PLAN: Final = {
    "01": NumberKind.GEOGRAPHIC,
    "02": NumberKind.GEOGRAPHIC,
    "03": NumberKind.UK_WIDE,
    "055": NumberKind.CORPORATE,
    "056": NumberKind.VOIP,
    "07": NumberKind.MOBILE,
    "070": NumberKind.PERSONAL,
    "076": NumberKind.PAGER,
    "07624": NumberKind.MOBILE,
    "0800": NumberKind.FREEPHONE,
    "0808": NumberKind.FREEPHONE,
    "084": NumberKind.SHARED_COST,
    "087": NumberKind.SHARED_COST,
    "09": NumberKind.PREMIUM,
}
"""The National Telephone Numbering Plan (Ofcom): the longest beginning tells the kind."""

_LONGEST: Final = max(map(len, _PLAN))
_SHORT_LENGTH: Final = 6


def kind_of(number: str) -> NumberKind:
    """Return the kind of a number in the spelling of core.numbers; INVALID for what nobody has, and for 999 and 112.

    Ofcom's numbers for drama (01632 960xxx, 07700 900xxx) are given to nobody, and so are INVALID.
    """
    if number.startswith("+"):
        return _abroad(number) if _ABROAD.fullmatch(number) else NumberKind.INVALID
    if _EXTENSION.fullmatch(number):
        if number in EMERGENCY:
            return NumberKind.INVALID
        return _SHORT.get(number[:3], NumberKind.INTERNAL) if len(number) == _SHORT_LENGTH else NumberKind.INTERNAL
    if not _NATIONAL.fullmatch(number) or not _is_given_out(number, "GB"):
        return NumberKind.INVALID
    beginnings = (number[:length] for length in range(_LONGEST, 1, -1))
    return next((_PLAN[one] for one in beginnings if one in _PLAN), NumberKind.INVALID)


def _is_given_out(number: str, region: str | None) -> bool:
    import phonenumbers  # 50 ms, and only where somebody dials

    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(number, region))
    except phonenumbers.NumberParseException:
        return False


def _abroad(number: str) -> NumberKind:
    """Another country's number. One that costs more than its country's others is told apart by the library alone."""
    import phonenumbers

    if not _is_given_out(number, None):
        return NumberKind.INVALID
    parsed = phonenumbers.parse(number)
    kind = phonenumbers.number_type(parsed)
    if phonenumbers.region_code_for_number(parsed) == "001":  # satellites, networks without a country
        return NumberKind.PREMIUM
    if kind in (phonenumbers.PhoneNumberType.PREMIUM_RATE, phonenumbers.PhoneNumberType.SHARED_COST):
        return NumberKind.PREMIUM
    return NumberKind.INTERNATIONAL
