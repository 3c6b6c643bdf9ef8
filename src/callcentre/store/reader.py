"""How every query reads: pages of at most 1,000 rows, each on a connection of its own; no cursor outlives one await.

Everything that is read goes through `Readers`: a whole transaction in one of their threads, so that the loop is asked
for nothing between its statements; what another transaction stood in the way of is asked again.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar

from sqlalchemy import Column, ColumnElement, Connection, Engine, Row, Select, tuple_

from callcentre.core.errors import StoreUnavailable
from callcentre.store.failures import DATABASE_ERRORS, told
from callcentre.store.patience import patiently

PAGE = 1_000

READERS: Final = 4
"""So many reads of one database go on at once; the others wait for their turn."""

AnyRow = Row[*tuple[Any, ...]]
AnySelect = Select[*tuple[Any, ...]]
T = TypeVar("T")


class Readers:
    """The threads that read the database at `where` (its address without password), and their connections."""

    def __init__(self, engine: Engine, where: str) -> None:
        self._engine = engine
        self._where = where
        self._threads = ThreadPoolExecutor(READERS, thread_name_prefix="store-reader")
        self._closed = False

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self._engine.dialect.name

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Return what `work` reads in one transaction on a connection of its own; all of it is of one moment.

        `work`, in a thread of its own, must only read: it begins anew where another transaction stood in its way.
        Raises StoreUnavailable: at once if the database cannot be used or was closed, after 30 s if it was locked all
        the time.
        """

        def once() -> T:
            with self._engine.connect() as connection:
                return work(connection)

        def soon() -> asyncio.Future[T]:
            if self._closed:
                raise StoreUnavailable(self._over)
            return asyncio.get_running_loop().run_in_executor(self._threads, once)

        try:
            return await patiently(soon)
        except DATABASE_ERRORS as error:
            raise told(error, self._where) from None
        except asyncio.CancelledError:
            asking = asyncio.current_task()
            if self._closed and asking is not None and not asking.cancelling():
                raise StoreUnavailable(self._over) from None  # it was the read's turn that was taken back
            raise

    @property
    def _over(self) -> str:
        return f"{self._where} is closed: callcentre is stopping"

    async def close(self) -> None:
        """Close the connections, once what is being read is read; what waits for its turn is not read any more."""
        self._closed = True
        await asyncio.to_thread(self._threads.shutdown, cancel_futures=True)
        self._engine.dispose()


class Reader:
    """Reads of one database; may be shared by many tasks. Every method may raise StoreUnavailable."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers

    async def _rows(self, query: AnySelect) -> Sequence[AnyRow]:
        return await self._read(lambda connection: all_rows(connection, query))

    async def _read(self, work: Callable[[Connection], T]) -> T:
        """Return what `work`, which may be done more than once, reads of one moment."""
        return await self._readers.read(work)

    async def _pages(
        self, query: AnySelect, wanted: ColumnElement[bool], *order: Column[Any]
    ) -> AsyncIterator[Sequence[AnyRow]]:
        """Yield the rows of `query` that are `wanted`, in order of these columns of it, which together are unique."""
        query = query.order_by(*order).limit(PAGE)
        page = await self._rows(query.where(wanted))
        while page:
            yield page
            if len(page) < PAGE:
                return
            last = [getattr(page[-1], column.name) for column in order]
            beyond = tuple_(*order) > tuple_(*last, types=[column.type for column in order])
            # Said first: of two bounds of one column SQLite takes the first, and would begin each page at the start.
            page = await self._rows(query.where(beyond, wanted))


def all_rows(connection: Connection, query: AnySelect) -> Sequence[AnyRow]:
    """All rows of one query (which has its limit)."""
    return connection.execute(query).all()
