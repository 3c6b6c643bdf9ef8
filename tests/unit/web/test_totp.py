"""Codes as RFC 6238 has them, and recovery codes."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcentre.web import totp

# RFC 6238, appendix B, SHA-1, cut to six digits.
SECRET = base64.b32encode(b"12345678901234567890").decode()
VECTORS = [
    (59, "287082"),
    (1111111109, "081804"),
    (1111111111, "050471"),
    (1234567890, "005924"),
    (2000000000, "279037"),
]
NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(("seconds", "code"), VECTORS)
def test_the_codes_are_those_of_the_standard(seconds: int, code: str) -> None:
    at = datetime.fromtimestamp(seconds, UTC)
    assert totp.step_of(SECRET, code, at) == seconds // 30
    assert totp.step_of(SECRET, f" {code[:3]} {code[3:]} ", at) == seconds // 30


@pytest.mark.parametrize(("off", "known"), [(-30, True), (30, True), (-61, False), (61, False), (90, False)])
def test_a_clock_may_be_off_by_one_step(off: int, known: bool) -> None:
    at = datetime.fromtimestamp(1111111111, UTC)
    step = totp.step_of(SECRET, "050471", at + timedelta(seconds=off))
    assert step == (1111111111 // 30 if known else None)


@given(st.text(max_size=12))
def test_what_is_no_code_is_none(text: str) -> None:
    if totp.step_of(SECRET, text, NOW) is not None:
        assert "".join(text.split()).isascii()


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "٢٨٧٠٨٢", "28708\u0662", "-87082"])
def test_only_six_ascii_digits_are_a_code(code: str) -> None:
    assert totp.step_of(SECRET, code, datetime.fromtimestamp(59, UTC)) is None


def test_secrets_differ_and_the_picture_holds_one() -> None:
    first, second = totp.new_secret(), totp.new_secret()
    assert first != second
    assert len(base64.b32decode(first)) == 20
    assert totp.address_of(first, "alice") == f"otpauth://totp/callcentre:alice?secret={first}&issuer=callcentre"
    drawn = totp.picture(totp.address_of(first, "alice"))
    assert drawn.startswith("<svg ")
    assert "style=" not in drawn
    assert "<script" not in drawn


def test_recovery_codes_differ_and_are_known_however_typed() -> None:
    codes = totp.new_recovery_codes()
    assert len(set(codes)) == 10
    for code in codes:
        assert totp.recovery_hash(code) == totp.recovery_hash(f" {code.upper().replace('-', ' ')} ")
    assert len({totp.recovery_hash(code) for code in codes}) == 10


@pytest.mark.parametrize("code", ["", "abcd", "abcd-efgh-jkm", "abcd-efgh-jkm;", "123456"])
def test_what_is_no_recovery_code(code: str) -> None:
    assert totp.recovery_hash(code) is None
