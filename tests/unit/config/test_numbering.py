"""Which kind of number one is: the plan of the United Kingdom, and what is none of it."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcentre.config.numbering import kind_of
from callcentre.core.numbers import canonical
from callcentre.core.terms import NumberKind

KINDS = {
    NumberKind.GEOGRAPHIC: (
        *("02079460123", "01614960123", "01539431234", "0169772234", "02890123456", "+44 20 7946 0123"),
        *("0044 161 496 0123", "44 161 496 0123"),
    ),
    NumberKind.UK_WIDE: ("03001234567", "03069990123", "03451234567"),
    NumberKind.MOBILE: ("07400123456", "07911123456", "07624123456", "+447400123456"),
    NumberKind.FREEPHONE: ("08001111", "0800123456", "08001234567", "08081570123", "116123"),
    NumberKind.SHARED_COST: ("0845 46 47", "08451234567", "08701234567", "08712345678"),
    NumberKind.PREMIUM: ("09098790123", "09011234567", "118118", "118500", "+870773111632"),
    NumberKind.PERSONAL: ("07011234567", "07012345678", "+447012345678"),
    NumberKind.PAGER: ("07640123456", "07693123456"),
    NumberKind.CORPORATE: ("05512345678",),
    NumberKind.VOIP: ("05612345678",),
    NumberKind.INTERNATIONAL: ("+33142685300", "0033 1 42 68 53 00", "+12125550123", "+353861234567"),
    NumberKind.INTERNAL: ("1", "42", "101", "2345", "12345", "654321", "105"),
    NumberKind.INVALID: (
        # Ofcom's numbers for drama are given to nobody.
        *("01632960123", "07700900123"),
        # Nor are these: too short, too long, of no plan, no longer in use, emergencies.
        *("0207946012", "020794601234", "0500123456", "0620123456", "0871234567", "999", "112", "0", "0123", "1234567"),
        *("+999123456789", "+", "+4", "12345678901234", "0000", "+33", "+331426853001234"),
        # Other countries' dear numbers are none of ours to judge if they do not exist either.
        *("+339", "٠٧٤٠٠١٢٣٤٥٦", "07400123456,1", "0740012345a", "*98", "sip:101", ""),
    ),
}


@pytest.mark.parametrize(("number", "kind"), [(number, kind) for kind, numbers in KINDS.items() for number in numbers])
def test_a_number_is_of_its_kind(number: str, kind: NumberKind) -> None:
    spelt = canonical(number)
    assert kind_of(number if spelt is None or kind is NumberKind.INVALID else spelt) is kind


def test_another_countrys_premium_numbers_are_premium_where_international_ones_may_be_dialled() -> None:
    assert kind_of("+33899123456") is NumberKind.PREMIUM
    assert kind_of("+19002345678") is NumberKind.PREMIUM


@given(st.text(max_size=24))
def test_whatever_a_caller_claims_to_be_has_a_kind(number: str) -> None:
    assert kind_of(number) in NumberKind
    if kind_of(number) is not NumberKind.INVALID:
        assert number.isascii()
        assert number.removeprefix("+").isdigit()


def test_the_library_is_not_loaded_before_a_number_is_judged() -> None:
    program = "import sys, callcentre.config; sys.exit('phonenumbers' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
