"""No secret and no whole telephone number reaches a log line; what identifies a call does."""

import io
import json
import logging

import pytest

from callcentre.runtime import log


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("caller 01632960123 rang", "caller ********123 rang"),
        ("+441632960123", "+*********123"),
        ("0161 496 0123 rang", "**** *** *123 rang"),
        ("sip:07700900456@trunk", "sip:********456@trunk"),
        ("01234 567 890", "***** *** 890"),
        ("+44-7700-900-123", "+**-****-***-123"),
        ("(07700)900123", "(*****)***123"),
        ("+44 (0) 7700 900123", "+** (*) **** ***123"),
        ("07700/900123", "*****/***123"),
        ("07700.900.123", "*****.***.123"),
        ("tel07700900123", "tel********123"),
        ("x_07700900123", "x_********123"),
        ("07700900123.1", "*********23.1"),
        ("PJSIP/07700900123@mob", "PJSIP/********123@mob"),
        ("PJSIP/07700900123-0000001a", "PJSIP/********123-0000001a"),
        ("+441632960123456789", "+***************789"),
        ("٠٧٧٠٠٩٠٠١٢٣", "********١٢٣"),
    ],
)
def test_numbers_keep_only_their_last_three_digits(said: str, shown: str) -> None:
    assert log.mask(said) == shown


@pytest.mark.parametrize(
    "said",
    [
        "uniqueid 1795363274.158",
        "PJSIP/104-00000012 and 1795363274.158",
        "extension 104 on 127.0.0.1:5038",
        "192.168.100.200:50381 asked",
        "queue callers2026 at 2026-11-22",
        "since 2026-11-22 19:17:39.123456 and 2026-11-22T19:17:39Z",
        "12:00:30 on port 65535, 3 tries",
        "Asterisk 22.1.0",
    ],
)
def test_what_identifies_a_moment_a_machine_or_a_channel_stays_readable(said: str) -> None:
    assert log.mask(said) == said


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_one_json_object_with_its_fields_masked() -> None:
    stream = io.StringIO()
    log.set_up(stream=stream).warning("link lost", pbx="lab", caller="01632960123", secret="tiger", tries=3)
    (line,) = lines(stream)
    assert (line["event"], line["level"], line["pbx"], line["tries"]) == ("link lost", "warning", "lab", 3)
    assert line["caller"] == "********123"
    assert line["secret"] == "***"
    assert str(line["timestamp"]).endswith("Z")


def test_what_is_nested_is_masked_too() -> None:
    stream = io.StringIO()
    log.set_up(stream=stream).info("read", headers={"Password": "tiger", "Num": "01632960123"}, seen=["07700900456"])
    (line,) = lines(stream)
    assert line["headers"] == {"Password": "***", "Num": "********123"}
    assert line["seen"] == ["********456"]


def test_an_error_that_quotes_a_number_is_masked_with_its_traceback() -> None:
    stream = io.StringIO()
    logger = log.set_up(stream=stream)
    try:
        int("01632960123 is no number")
    except ValueError as error:
        logger.exception("failed", error=error)
    assert "01632960" not in stream.getvalue()
    (line,) = lines(stream)
    assert line["error"] == "ValueError: invalid literal for int() with base 10: '********123 is no number'"
    assert "ValueError" in str(line["exception"])


def test_a_librarys_own_warning_comes_as_json_too() -> None:
    stream = io.StringIO()
    log.set_up(stream=stream)
    logging.getLogger("aiohttp.server").warning("bad request from %s", "07700900456")
    (line,) = lines(stream)
    assert line["event"] == "bad request from ********456"


def test_lines_below_the_level_are_not_written() -> None:
    stream = io.StringIO()
    log.set_up(level="warning", stream=stream).info("quiet")
    assert stream.getvalue() == ""
