"""An erasure goes on beside a daemon that writes, is taken over after a kill, and leaves no byte of the number."""

from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from callcentre.store import cleaning, engines
from callcentre.store.database import Database
from callcentre.store.erasing import Found
from callcentre.store.searches import SEARCHES
from callcentre.store.sweeping import NOT_SETTLED
from tests.conformance import sample
from tests.conformance.erasures import REQUEST, begin, erase, sweep
from tests.conformance.test_forgetting import (
    AT,
    NUMBER,
    erased,
    life,
    put_by_hand,
    trace,
    traces_in_file,
    words,
)


class Killed(Exception):
    """Stands in for the end of the process."""


class Beside:
    """Does something each time that a sweep comes to its next table."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.tables = 0

    async def kill_at(self, table: int) -> None:
        """Sweep until the sweep comes to so many tables."""

        async def killed(_found: Found) -> None:
            self.tables += 1
            if self.tables == table:
                raise Killed

        with pytest.raises(Killed):
            await self.database.erasures.sweep(REQUEST, "lab", may_go_on=killed)

    async def write_during(self, first: int, last: int, every: int = 3) -> None:
        """Sweep while the daemon writes of the same number before some tables from `first` to `last`."""

        async def write(_found: Found) -> None:
            self.tables += 1
            if first <= self.tables <= last and self.tables % every == 0:
                await self.database.writer.commit(life(NUMBER, self.tables + 1))

        await self.database.erasures.sweep(REQUEST, "lab", may_go_on=write)


async def test_what_the_daemon_writes_of_the_number_meanwhile_is_gone_too(database: Database) -> None:
    await database.writer.commit(life(NUMBER, 1))
    await put_by_hand(database, NUMBER)
    await begin(database, erased())
    await Beside(database).write_during(1, len(SEARCHES) + 3)
    await database.writer.order_done(REQUEST, AT, "done")
    assert trace(await words(database)) == []
    assert (await database.erasures.of([REQUEST]))[0].notes == ()


async def test_where_it_never_stops_coming_the_certificate_says_so(database: Database) -> None:
    await database.writer.commit(life(NUMBER, 1))
    await begin(database, erased())
    await Beside(database).write_during(1, 10 * len(SEARCHES), len(SEARCHES) // 2)
    assert (await database.erasures.of([REQUEST]))[0].notes == (NOT_SETTLED,)


@pytest.mark.parametrize("table", [1, 2, 3, len(SEARCHES), len(SEARCHES) + 2])
async def test_what_a_killed_process_began_is_finished(database: Database, second: Database, table: int) -> None:
    await database.writer.commit(life(NUMBER, 1))
    await put_by_hand(database, "+44 7700 900061")  # not as the core has it: the case is found by searching alone
    await begin(database, erased())
    await Beside(database).kill_at(table)
    assert await second.erasures.begun(REQUEST) is not None
    again = replace(sample.abandoned(sample.offered(5)), caller=NUMBER)
    await second.writer.commit([sample.on_end(again)])  # nothing returns meanwhile
    await sweep(second, at=AT)
    left = await words(database)
    assert trace(left) == []
    assert "Maud" not in left
    (found,) = await second.erasures.of([REQUEST])
    counted = {name: found.counts.get(name) for name in ("calls", "tasks", "cases", "messages", "wrap_ups", "clicks")}
    assert set(counted.values()) == {1}, counted
    assert await second.erasures.begun(REQUEST) is None, "who it was is known no more"


async def test_what_came_in_since_is_kept_and_named(database: Database) -> None:
    await database.writer.commit(life(NUMBER, 1))
    later = replace(sample.abandoned(sample.offered(9, at=sample.after(6_000))), caller=NUMBER)
    await database.writer.commit([sample.on_end(later)])
    await erase(database, erased())
    found = await database.queries.call(later.key)
    assert found is not None
    assert found.caller == NUMBER
    (note,) = (await database.erasures.of([REQUEST]))[0].notes
    assert note.endswith("kept as anybody's: 1 in calls.")


async def test_an_order_says_how_far_it_is(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("callcentre.store.sweeping._TELLS_EVERY", 0.0)
    monkeypatch.setattr("callcentre.store.sweeping._FEWEST", 10)
    monkeypatch.setattr("callcentre.store.sweeping._MOST", 10)
    calls = [replace(sample.abandoned(sample.offered(n)), caller=f"0770090{n:04}") for n in range(100)]
    await database.writer.commit([*map(sample.on_end, calls), *life(NUMBER, 200)])
    await begin(database, erased())
    heard: list[tuple[int, int]] = []
    await database.erasures.sweep(REQUEST, "lab", heard=lambda one: heard.append((one.searched, one.of)))
    assert heard
    assert all(0 <= searched <= of for searched, of in heard)
    order = await database.queries.order(REQUEST)
    assert order is not None
    assert order.answer.startswith("erasing: ")


# --- the file itself -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["sqlite"], indirect=True)
@pytest.mark.parametrize("log", [False, True], ids=["rollback journal", "write-ahead log"])
async def test_a_file_that_is_too_large_holds_no_byte_of_it(
    address: str, database: Database, monkeypatch: pytest.MonkeyPatch, log: bool
) -> None:
    """With the daemon's own connections open, and readers beside them; nothing is written anew."""
    monkeypatch.setattr(engines, "wal_is_safe", lambda _version: log)
    monkeypatch.setattr(cleaning, "LARGEST_BYTES", 0)
    file = Path(urlsplit(address).path)
    daemon = await Database.open(address)
    try:
        many = [fact for n in range(1, 120) for fact in life(NUMBER if n % 3 else "07700900062", n)]
        for start in range(0, len(many), 50):
            await daemon.writer.commit(many[start : start + 50])
        assert traces_in_file(file)
        await begin(daemon, erased())
        await Beside(daemon).write_during(2, 4)
        await daemon.writer.order_done(REQUEST, AT, "done")
        assert await daemon.queries.order(REQUEST) is not None, "readers read on"
        notes = await daemon.erasures.clean([NUMBER, "maud@example.org"])
        assert traces_in_file(file) == []
        assert cleaning.is_noted(notes)
        assert any("no spelling of it stands in them" in note for note in notes), notes
        assert not any("VACUUM" in note for note in notes)
    finally:
        await daemon.close()


@pytest.mark.parametrize("address", ["sqlite"], indirect=True)
@pytest.mark.parametrize("largest", [0, 10**9])
async def test_what_is_left_is_said(database: Database, monkeypatch: pytest.MonkeyPatch, largest: int) -> None:
    monkeypatch.setattr(cleaning, "LARGEST_BYTES", largest)

    await database.writer.commit(life(NUMBER, 2))
    notes = await database.erasures.clean([NUMBER])
    told = " ".join(notes)
    assert "still hold it in" in told, "the rows themselves are there yet"
    assert ("stop it and run VACUUM" in told) is (largest == 0)
    assert ("was written anew (VACUUM)" in told) is (largest > 0)
