"""What is typed about cases: what can be meant is understood, what cannot is told beside its field."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from multidict import MultiDict

from callcentre.core.case_values import CaseChannel
from callcentre.web.case_fields import (
    NotUnderstood,
    choice_of,
    day_of,
    days_of,
    dial_of,
    email_of,
    moment_of,
    number_of,
    words_of,
)
from callcentre.web.site import Site
from tests.unit.web.served import NOW
from tests.unit.web.served import site as site_of


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return site_of(tmp_path)


def form(value: str) -> MultiDict[str]:
    return MultiDict({"f": value})


def test_a_number_is_kept_in_one_spelling(site: Site) -> None:
    assert number_of(site, form(" +44 7911 123456 "), "f") == "07911123456"
    assert number_of(site, form("  "), "f") is None
    for wrong in ("call me", "0", "01", "9" * 25):
        with pytest.raises(NotUnderstood) as refused:
            number_of(site, form(wrong), "f")
        assert refused.value.field == "f"


def test_a_direct_dial_may_be_an_extension(site: Site) -> None:
    assert dial_of(site, form("2210"), "f") == "2210"
    assert dial_of(site, form("020 7946 0000"), "f") == "02079460000"
    assert dial_of(site, form(""), "f") is None
    with pytest.raises(NotUnderstood):
        dial_of(site, form("the usual"), "f")


@pytest.mark.parametrize("address", ["a@b.org", "first.last+tag@sub.example.co.uk", "o'hara@example.org"])
def test_an_address_is_taken(address: str) -> None:
    assert email_of(form(address), "f") == address


@pytest.mark.parametrize(
    "wrong",
    ["a", "a@b", "@b.org", "a@", "a b@c.org", "a@b@c.org", "a@b..org", "a@b.org\nBcc: c@d.org", "<a@b.org>", "a@.org"],
)
def test_what_is_no_address_is_refused(wrong: str) -> None:
    with pytest.raises(NotUnderstood, match="no e-mail address"):
        email_of(form(wrong), "f")


def test_no_address_is_none() -> None:
    assert email_of(form(""), "f") is None


def test_a_time_is_on_the_clocks_of_the_line_and_has_passed(site: Site) -> None:
    assert moment_of(site, form("2026-07-01T10:30"), "f", "enquiries") == datetime(2026, 7, 1, 9, 30, tzinfo=UTC)
    assert moment_of(site, form("2026-11-24T10:00"), "f", "enquiries") == NOW
    for wrong in ("", "yesterday", "2026-11-24T10:01", "9999-12-31T23:59"):
        with pytest.raises(NotUnderstood):
            moment_of(site, form(wrong), "f", "enquiries")


def test_days() -> None:
    assert day_of(form("2026-12-01"), "f") == date(2026, 12, 1)
    assert (days_of(form("5"), "f"), days_of(form(""), "f")) == (5, None)
    for wrong in ("0", "61", "-1", "five", "٥"):
        with pytest.raises(NotUnderstood):
            days_of(form(wrong), "f")
    with pytest.raises(NotUnderstood):
        day_of(form("soon"), "f")


def test_words_and_choices() -> None:
    assert words_of(form(" said "), "f") == "said"
    assert choice_of(form("letter"), "f", CaseChannel, "how?") is CaseChannel.LETTER
    with pytest.raises(NotUnderstood, match="say it"):
        words_of(form("  "), "f", needed="say it")
    with pytest.raises(NotUnderstood, match=r"how\?"):
        choice_of(form("pigeon"), "f", CaseChannel, "how?")
    with pytest.raises(NotUnderstood, match="at most 500"):
        words_of(MultiDict({"why": "x" * 501}), "why")
