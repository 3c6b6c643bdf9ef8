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
        ("uniqueid 1795363274.158", "uniqueid 1795363274.158"),
        ("extension 104 on 127.0.0.1:5038", "extension 104 on 127.0.0.1:5038"),
        ("queue callers2026 at 2026-11-22", "queue callers2026 at 2026-11-22"),
    ],
)
def test_numbers_keep_only_their_last_three_digits(said: str, shown: str) -> None:
    assert log.mask(said) == shown


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
