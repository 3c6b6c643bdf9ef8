"""How long the monthly report takes on a year of calls: 200,000, or as many as `--calls` says (5,000,000 in full).

    python -m tests.bench.report --calls 5000000 [--one-month] [--store postgres]

The calls are spread over twelve months, or all lie in the report's own. They are made by the database itself, with the
kinds of a real office; PostgreSQL is the one that CALLCENTRE_TEST_POSTGRES names, in a schema of its own.
"""

import argparse
import json
import time
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine, text

from callcentre.config.charters import charters_of
from callcentre.core.charter import Line, Office, Pbx
from callcentre.core.terms import Nation
from callcentre.reports.gather import report_of
from callcentre.reports.months import Month
from callcentre.reports.render import html_of
from callcentre.reports.settling import Settling
from callcentre.store.columns import microseconds
from callcentre.store.database import Database
from tests.bench.databases import STORES, on_each

CALLS = 200_000
_LINES = ("bookings", "enquiries", "members", "repairs", "switchboard")
_NOW = datetime(2026, 12, 1, 7, tzinfo=UTC)
_YEAR = (datetime(2025, 12, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC))
_MONTH = (datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC))
# For both databases: `at` is microseconds since 1970, `r` and `q` are spread evenly.
_SELECT = """
SELECT 'lab', (at / 1000000) || '.' || i, (at / 1000000) || '.' || i,
  CASE q % 5 WHEN 0 THEN 'bookings' WHEN 1 THEN 'enquiries' WHEN 2 THEN 'members' WHEN 3 THEN 'repairs'
    ELSE 'switchboard' END,
  '01632960900', '0770090' || (1000 + (i * 31) % 8999), 'external', {at}, {at_1}, CASE WHEN r < 850 THEN {at_9} END,
  {at_99}, CASE WHEN r < 850 THEN 'answered' WHEN r < 900 THEN 'voicemail' WHEN r < 930 THEN 'abandoned'
    WHEN r < 960 THEN 'short_abandoned' WHEN r < 975 THEN 'closed' WHEN r < 999 THEN 'refused' ELSE 'lost' END,
  9.0, 8.0, 3, 90.0, 'PJSIP/101', {yes} (r < 800), {yes} (r < 780), CASE WHEN r % 10 < 8 THEN 'core' ELSE 'closed' END,
  CASE WHEN r = 1 THEN 'partial' ELSE 'complete' END, 'hct', 1
FROM (SELECT i, {begin} + i * {step} AS at, (i * 7919) % 1000 AS r, (i * 104729) % 100 AS q FROM {numbers}) AS made
"""
_COLUMNS = (
    "pbx, uniqueid, linkedid, line, did, caller, origin, offered_at, first_ring_at, answered_at, ended_at, outcome, "
    "wait_seconds, ring_seconds, rings, talk_seconds, answered_by, within_seconds, within_rings, hours, quality, "
    "charter, charter_version"
)


def office() -> Office:
    """Five lines of one charter."""
    charter = charters_of([], [])["hct"].charter
    lines = tuple(
        Line(name=name, pbx="lab", charter=charter, nation=Nation.ENGLAND, hours=charter.hours) for name in _LINES
    )
    return Office(pbxs=(Pbx(name="lab"),), lines=lines, fallback_line="enquiries")


def fill(engine: Engine, number: int, span: tuple[datetime, datetime]) -> None:
    """Write `number` calls, evenly over `span`."""
    begin, end = (microseconds(at) for at in span)
    sqlite = engine.dialect.name == "sqlite"
    for first in range(0, number, 500_000):
        last = min(first + 500_000, number) - 1
        numbers = f"generate_series({first}::bigint, {last}::bigint) AS g(i)"
        if sqlite:
            counted = f"SELECT {first} UNION ALL SELECT i + 1 FROM g WHERE i < {last}"
            numbers = f"(WITH RECURSIVE g(i) AS ({counted}) SELECT i FROM g)"
        moments = {
            name: f"at + {1_000_000 * later}" if sqlite else f"to_timestamp((at + {1_000_000 * later}) / 1000000.0)"
            for name, later in (("at", 0), ("at_1", 1), ("at_9", 9), ("at_99", 99))
        }
        made = _SELECT.format(begin=begin, step=(end - begin) // number, numbers=numbers, yes="", **moments)
        with engine.begin() as connection:
            if not sqlite:
                connection.execute(text("SET LOCAL statement_timeout = 0"))
            connection.execute(text(f"INSERT INTO calls ({_COLUMNS}) {made}".replace(":", r"\:")))
    if not sqlite:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("SET statement_timeout = 0"))
            connection.execute(text("VACUUM ANALYZE calls"))


class _Unscheduled:
    """A scheduler and a log for a job that is done once, by hand."""

    def daily(self, name: str, at: object, zone: object, job: object) -> None:
        """Run nothing."""

    def info(self, message: str, **values: object) -> None:
        """Say nothing."""

    def warning(self, message: str, **values: object) -> None:
        """What is not counted is no measure."""
        raise AssertionError(message)


async def settle(database: Database) -> None:
    """Count the days of first contact, as the daemon does the night after each is over; it rests between weeks."""

    async def at_once(_seconds: float) -> None:
        pass

    nobody: Any = _Unscheduled()
    await Settling(
        office=office(), database=database, numbers=None, scheduler=nobody, now=lambda: _NOW, log=nobody, rest=at_once
    ).night()


async def measured(address: str, number: int, span: tuple[datetime, datetime]) -> dict[str, Any]:
    """Fill the database at `address`, make the report of November, and say how long that took."""
    database = await Database.open(address)
    try:
        await database.prepare()
        before = time.monotonic()
        await database.writer.run(lambda engine: fill(engine, number, span))
        filled = time.monotonic() - before
        before = time.monotonic()
        await settle(database)
        settled = time.monotonic() - before
        before, cpu = time.monotonic(), time.process_time()
        report = await report_of(database, office(), "hct", Month(2026, 11), _NOW)
        made = time.monotonic() - before
        page = html_of(report)
        whole, used = time.monotonic() - before, time.process_time() - cpu
    finally:
        await database.close()
    return {
        "calls": number,
        "calls in the month": report.calls[0].offered + report.calls[0].out_of_hours + report.calls[0].lost,
        "filling s": round(filled, 1),
        "days of first contact s": round(settled, 1),
        "months of first contact": sum(
            point.share is not None and not point.partial
            for one in report.promises
            if one.figure == "first_contact_inferred"
            for point in one.trend
        ),
        "figures s": round(made, 2),
        "with HTML s": round(whole, 2),
        "CPU of this process s": round(used, 2),
        "HTML kB": len(page) // 1000,
    }


def run(number: int = CALLS, *, one_month: bool = False, stores: Collection[str] = STORES) -> dict[str, Any]:
    """Measure on each of `stores` that there is."""
    span = _MONTH if one_month else _YEAR
    return on_each(lambda address: measured(address, number, span), stores)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=CALLS)
    parser.add_argument("--one-month", action="store_true", help="all calls in the report's own month")
    parser.add_argument("--store", action="append", choices=STORES)
    asked = parser.parse_args()
    print(json.dumps(run(asked.calls, one_month=asked.one_month, stores=asked.store or STORES), indent=2))
