"""SQLite files with all tables: the migrations run once in each process of the tests, and their file is copied.

That the migrations make what the code expects, from nothing and from each earlier schema, is what tests/conformance
holds (test_migration.py, test_schema.py), which run them.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from callcentre.store.database import Database


def put_tables(file: Path) -> None:
    """Make `file` a database with all tables and no rows, unless there is one."""
    if not file.exists():
        file.write_bytes(_migrated())


@cache
def _migrated() -> bytes:
    with TemporaryDirectory() as folder, ThreadPoolExecutor(1) as aside:  # a loop may run in this thread
        file = Path(folder) / "calls.sqlite"
        aside.submit(asyncio.run, _migrate(file)).result()
        assert [one.name for one in file.parent.iterdir()] == [file.name], "all of it is in the one file"
        return file.read_bytes()


async def _migrate(file: Path) -> None:
    database = await Database.open(f"sqlite:///{file}")
    await database.prepare()
    await database.close()
