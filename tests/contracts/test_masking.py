"""Whatever masks telephone numbers masks them in every spelling, and log lines are given nothing of a person's."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from sqlalchemy import text
from sqlalchemy.exc import StatementError

from callcentre import acting
from callcentre.core import alerts, desk, seats
from callcentre.core.numbers import without_numbers
from callcentre.notify import answers
from callcentre.runtime import log
from callcentre.store.engines import create_file, engines
from callcentre.store.erasing import spellings
from callcentre.web import attendance
from tests.contracts.spellings import is_masked, spelled, traces, without_times

MASKS: dict[str, Callable[[str], str]] = {
    "the log": log.mask,
    "histories and notices": without_numbers,
    "what somebody wrote": desk.plain,
    "names of telephones": seats.fit,
    "notices of attendance": alerts.words,
    "what a PBX answered": acting.fit,
    "what a mail server answered": answers.shown,
    "sentences on pages": attendance.sentence,
}


@pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS)
@given(said=spelled())
@example(said=("7700900061", "07700\u00a0900061"))
@example(said=("7700900061", "07700 - 900 - 061"))
@example(said=("7700900061", "tel07700 900061"))
@example(said=("7700900061", "07700\u2011900\u2011061"))
@example(said=("2079460123", "0207-94-60 123"))
@example(said=("7700900061", "077.009.000.61"))
def test_no_more_than_three_digits_of_a_number_are_left(mask: Callable[[str], str], said: tuple[str, str]) -> None:
    assert is_masked(mask(said[1])), mask(said[1])


@pytest.mark.parametrize("mask", [log.mask, without_numbers])
@pytest.mark.parametrize("said", ["2026-11-22", "from 2026-11-22 to 2026-11-30", "PJSIP/101, 102 and 123456"])
def test_days_and_extensions_stay(mask: Callable[[str], str], said: str) -> None:
    assert mask(said) == said


@given(said=spelled())
@example(said=("7700900061", "07700\u00a0900061"))
@example(said=("7700900061", "+44\u202f7700\u2011900\u2011061"))
def test_what_is_masked_is_also_found_when_it_is_to_be_erased(said: tuple[str, str]) -> None:
    assert "%20" in said[1] or spellings(f"0{said[0]}").search(said[1]), said[1]


CHANCE = "2026-11-23T10:30:00.770090Z 2026-11-23 10:30:00,5 3f9a770090c1d2e4 0a770090-1f61-4700-9000-617700900abc"


@given(said=spelled())
def test_what_is_left_of_a_number_is_found_beside_whatever_chance_writes(said: tuple[str, str]) -> None:
    assert traces(f"{CHANCE} {said[1]}\n{CHANCE}", said[0])
    assert traces(f"…{said[0][-4:]} {CHANCE}", said[0])
    assert traces(f"3f9a{said[0]}c1d2e4", said[0]) == {said[0]}


def test_what_chance_writes_is_no_trace() -> None:
    assert traces(CHANCE, "7700900061") == set()
    assert traces("1795363300.1 2026-11-23 at 770090 in 0.5 s", "7700900061") == {"770090"}


# --- whatever a log line is given ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Caller:
    """Something of which a log line makes text by itself."""

    number: str


class Terminal(io.StringIO):
    """A stream for people."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    """What the log is set up to be ends with the test."""
    import structlog

    yield
    structlog.reset_defaults()
    logging.basicConfig(handlers=[logging.NullHandler()], force=True)


VALUES: list[Any] = [
    "07700 900061",
    b"07700 900061",
    bytearray(b"07700900061"),
    7700900061,
    447700900061.0,
    Path("/spool/07700900061"),
    Caller("07700900061"),
    [Caller("07700900061")],
    {"07700900061": 1},
    {"who": {"07700 900061"}},
    ValueError(Caller("07700900061")),
]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
@pytest.mark.parametrize("stream", [io.StringIO, Terminal])
def test_what_is_no_text_is_masked_as_well(value: Any, stream: type[io.StringIO]) -> None:
    lines = stream()
    log.set_up(stream=lines).info("seen", value=value)
    assert "7700" not in without_times(lines.getvalue())
    assert "61" in without_times(lines.getvalue())


def test_counts_stay_numbers() -> None:
    lines = io.StringIO()
    log.set_up(stream=lines).info("read", rows=12_345_678, share=0.25, whole=True, nothing=None)
    line = json.loads(lines.getvalue())
    assert (line["rows"], line["share"], line["whole"], line["nothing"]) == (12_345_678, 0.25, True, None)


def _in_vain() -> None:
    try:
        dict[str, str]()["07700 900061"]
    except LookupError as inner:
        raise RuntimeError(Caller("+447700900061")) from inner


def test_a_fault_that_is_told_later_keeps_its_trace_and_no_number() -> None:
    """As asyncio tells of a task that nobody waited for, and the server of a connection."""
    lines = io.StringIO()
    ours = log.set_up(stream=lines)
    try:
        _in_vain()
    except RuntimeError as error:
        fault = error
    ours.error("fault of the web server", exc_info=fault)
    logging.getLogger("asyncio").error("never retrieved", exc_info=(type(fault), fault, fault.__traceback__))
    assert "7700" not in without_times(lines.getvalue())
    told = [json.loads(line)["exception"] for line in lines.getvalue().splitlines()]
    assert [("test_masking.py" in one, "RuntimeError" in one, "KeyError" in one) for one in told] == [
        (True, True, True)
    ] * 2


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("postgresql://centre:tiger@db/calls", "postgresql://centre:***@db/calls"),
        ("https://:tiger@hook.example/x", "https://:***@hook.example/x"),
        ("https://hook.example:8443/x", "https://hook.example:8443/x"),
    ],
)
def test_a_password_in_an_address_is_hidden(said: str, shown: str) -> None:
    assert log.mask(said) == shown


@pytest.mark.parametrize("name", ["Authorization", "cookie", "csrf", "act_secret", "Password", "api_token", "totp_key"])
def test_fields_named_as_secrets_are_hidden(name: str) -> None:
    lines = io.StringIO()
    log.set_up(stream=lines).info("seen", **{name: "tiger"}, headers={name: "tiger"})
    assert "tiger" not in lines.getvalue()


def test_what_a_row_holds_stands_in_no_error_of_the_database(tmp_path: Path) -> None:
    """Also where an error is not told in words of ours: a fault's own text goes into the log."""
    create_file(tmp_path / "calls.sqlite")
    made = engines(f"sqlite:///{tmp_path}/calls.sqlite")
    for engine in (made.write, made.read):
        with engine.connect() as connection, pytest.raises(StatementError) as failed:
            connection.execute(text("SELECT :name, :number"), {"name": "Zebediah", "number": object()})
        assert "Zebediah" not in str(failed.value)
        engine.dispose()
