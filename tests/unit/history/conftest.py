"""An office of two lines, and queue_log files to order."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from callcentre.core.charter import Office
from callcentre.store.database import Database
from tests.tables import put_tables
from tests.unit.core import offices

T0 = 1795363200  # 2026-11-22 16:00:00 UTC, a Sunday


@pytest.fixture
def office() -> Office:
    """Enquiries and bookings, each with its queue, open around the clock."""
    return offices.office(
        offices.line("enquiries", queues=frozenset({"enquiries"}), hours=offices.AROUND_THE_CLOCK),
        offices.line(
            "bookings",
            queues=frozenset({"bookings"}),
            dids=frozenset({"01632960610"}),
            extensions=frozenset({"PJSIP/104"}),
            hours=offices.AROUND_THE_CLOCK,
        ),
    )


Book = Callable[..., Path]


@pytest.fixture
def book(tmp_path: Path) -> Book:
    """Write a queue_log; `12|1.1|enquiries|…` stands for 12 seconds after T0."""

    def write(*lines: str, name: str = "queue_log") -> Path:
        path = tmp_path / "asterisk" / name
        path.parent.mkdir(exist_ok=True)
        stamped = []
        for line in lines:
            seconds, bar, rest = line.partition("|")
            stamped.append(f"{T0 + float(seconds):.0f}{bar}{rest}\n")
        path.write_text("".join(stamped))
        return path

    return write


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """A store of its own."""
    put_tables(tmp_path / "calls.db")
    made = await Database.open(f"sqlite:///{tmp_path / 'calls.db'}")
    await made.prepare()
    yield made
    await made.close()
