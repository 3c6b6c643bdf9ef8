"""Addresses, files and errors of the store, without any server."""

import stat
from pathlib import Path

import pytest

from callcentre.core.errors import CallcentreError, ConfigError, StoreUnavailable
from callcentre.store.database import Database
from callcentre.store.engines import wal_is_safe

SECRET = "hunter2-secret"


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("", "no database address"),
        ("calls.db", "no database address"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
        (f"mysql://root:{SECRET}@db/calls", "store.url names mysql"),
        (f"postgresql://u:{SECRET}@db:port/calls", "no database address"),
    ],
)
async def test_an_address_that_is_none(address: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words) as refused:
        await Database.open(address)
    assert SECRET not in str(refused.value)
    assert refused.value.__cause__ is None


@pytest.mark.parametrize("scheme", ["postgresql", "postgresql+psycopg"])
async def test_a_server_that_is_not_there_is_told_without_the_password(scheme: str) -> None:
    database = await Database.open(f"{scheme}://callcentre:{SECRET}@127.0.0.1:1/calls")
    try:
        for attempt in (
            database.check(),
            database.prepare(),
            database.writer.commit([]),
            database.queries.open_gaps(""),
        ):
            with pytest.raises(StoreUnavailable, match=r"calls on 127\.0\.0\.1") as away:
                await attempt
            assert SECRET not in str(away.value) + repr(away.value.__cause__)
            assert away.value.__suppress_context__
    finally:
        await database.close()
    assert SECRET not in database.where


async def test_a_new_sqlite_file_is_its_owners_alone(tmp_path: Path) -> None:
    file = tmp_path / "with space, ünïcode & 100%#.db"
    database = await Database.open(f"sqlite:///{file}")
    try:
        await database.prepare()
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert file.stat().st_size > 0
    finally:
        await database.close()


async def test_an_existing_file_keeps_its_rights(tmp_path: Path) -> None:
    file = tmp_path / "calls.db"
    file.touch(mode=0o640)
    file.chmod(0o640)
    database = await Database.open(f"sqlite:///{file}")
    await database.close()
    assert stat.S_IMODE(file.stat().st_mode) == 0o640


async def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="nowhere is not there; make it"):
        await Database.open(f"sqlite:///{tmp_path / 'nowhere' / 'calls.db'}")


async def test_a_command_that_only_reads_makes_no_file(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="is not there; is store"):
        await Database.open(f"sqlite:///{tmp_path / 'calls.db'}", create=False)
    assert list(tmp_path.iterdir()) == []  # noqa: ASYNC240


async def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    file = tmp_path / "calls.db"
    file.write_text("this is a letter, not a database, and long enough to have a header of its own\n" * 20)
    database = await Database.open(f"sqlite:///{file}")
    try:
        with pytest.raises(CallcentreError, match="not a database"):
            await database.prepare()
    finally:
        await database.close()


@pytest.mark.parametrize(
    ("version", "safe"),
    [
        ((3, 40, 1), False),
        ((3, 44, 5), False),
        ((3, 44, 6), True),
        ((3, 45, 9), False),
        ((3, 50, 6), False),
        ((3, 50, 7), True),
        ((3, 51, 2), False),
        ((3, 51, 3), True),
        ((3, 52, 0), True),
        ((4, 0, 0), True),
    ],
)
def test_the_write_ahead_log_only_where_it_is_repaired(version: tuple[int, int, int], safe: bool) -> None:
    assert wal_is_safe(version) is safe
