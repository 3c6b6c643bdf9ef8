"""The rest of an erasure: every row of before is searched without a lock, and what is found is removed by its key.

Searches read some thousand rows at once and removals last a twentieth of a second, so that the daemon's own commits
go on between them, on either database. Each pass goes through all tables; it ends with a pass that finds nothing, which
also has what was written meanwhile. A sweep that was cut short is begun again: what it removed stays removed, and what
the removed rows led to (tasks, cases, names) is kept with the order.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, Final

from sqlalchemy import Connection

from callcentre.core.numbers import canonical
from callcentre.store import tables
from callcentre.store.erasing import Found, like_of, may_be
from callcentre.store.reader import Readers
from callcentre.store.removing import Removing
from callcentre.store.searches import SEARCHES, Search
from callcentre.store.statements import Dialect
from callcentre.store.writer import Writer

_READ_SECONDS: Final = 0.05
_REST_SECONDS: Final = 0.01
_TELLS_EVERY: Final = 1.0
_FEWEST, _FIRST, _MOST = 500, 2_000, 50_000
_PASSES: Final = 6
_WEEK: Final = 7 * 86_400 * 1_000_000

_NUMBERS_OF_CALLS: Final = (
    "SELECT caller, count(*) FROM calls WHERE pbx = ? AND caller > ? GROUP BY caller ORDER BY caller LIMIT ?"
)
_CALLS_OF: Final = "SELECT uniqueid FROM calls WHERE pbx = ? AND caller = ? AND uniqueid > ? ORDER BY uniqueid LIMIT ?"
_LATER: Final = "What came in after that moment is a new matter, and is kept as anybody's"
NOT_SETTLED: Final = (
    "While this ran, new rows with the number or the name kept coming; run callcentre erase once more to remove those."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a sweep is: rows `searched` in this `sweep` (the first, the second…) `of` about so many; rows changed."""

    sweep: int
    searched: int
    of: int
    changed: int

    @property
    def in_words(self) -> str:
        """For whoever waits for it."""
        which = "searched" if self.sweep == 1 else f"looked through again ({self.sweep})"
        return f"erasing: {which} {self.searched:,} of {max(self.of, self.searched):,} rows, {self.changed:,} changed"


@dataclass(slots=True)
class _Pace:
    """How many rows one search reads: as many as a twentieth of a second allows."""

    rows: int = field(default_factory=lambda: min(_FIRST, _MOST))

    def took(self, seconds: float) -> None:
        """Take note of how long the last took."""
        wanted = int(self.rows * _READ_SECONDS / max(seconds, 0.001))
        self.rows = min(max(_FEWEST, min(wanted, 2 * self.rows)), _MOST)


class Sweep:
    """Removes a person from the rows of one PBX up to `at` (and from words whenever they were written).

    `found` is what is known of the person; `may_go_on` is asked before each table and raises where a legal hold was
    placed; `tell` hears of progress. Raises StoreUnavailable: then it is to be begun again.
    """

    def __init__(
        self,
        *,
        writer: Writer,
        readers: Readers,
        dialect: Dialect,
        request: str,
        pbx: str,
        at: datetime,
        found: Found,
        may_go_on: Callable[[Found], Awaitable[None]],
        tell: Callable[[Progress], Awaitable[None]],
    ) -> None:
        self._writer = writer
        self._readers = readers
        self._may_go_on = may_go_on
        self._tell = tell
        when = dialect.form.when(at)
        self._removing = Removing(request=request, pbx=pbx, when=when, found=found, dialect=dialect)
        self._pace = _Pace()
        self._sweep = self._searched = self._of = 0
        self._told_at = 0.0

    async def run(self) -> list[str]:
        """Search and remove until a pass finds nothing; return what the certificate must say of it, in sentences."""
        self._of = await self._total()
        await self._take_over()
        for self._sweep in range(1, _PASSES + 1):
            before, self._searched = (self._removing.changed, self._removing.found), 0
            self._removing.later.clear()
            await self._by_key()
            for search in SEARCHES:
                await self._may_go_on(self._removing.found)
                await (self._calls(search) if search.table is tables.calls else self._table(search))
            if (self._removing.changed, self._removing.found) == before:
                break
        else:
            return [NOT_SETTLED]
        later = ", ".join(f"{number} in {name}" for name, number in sorted(self._removing.later.items()))
        return [f"{_LATER}: {later}."] if later else []

    async def finish(self, who: str) -> None:
        """Write down what was done, in counts: for the certificate, and on the audit log."""
        await self._writer.transact(lambda cursor: self._removing.finish(cursor, who))

    # --- what is known already ---------------------------------------------------------------------------------------

    async def _total(self) -> int:
        """About how many rows a pass searches. SQLite lets nobody commit while it counts: there it is looked up."""
        total, sqlite = 0, self._readers.dialect == "sqlite"
        for name in (search.table.name for search in SEARCHES):
            if name == tables.calls.name and sqlite:
                total += await self._calls_in_all() if self._removing.found.numbers else 0
            else:
                counted = "coalesce(max(rowid), 0)" if sqlite else "count(*)"
                total += (await self._rows(f"SELECT {counted} FROM {name}"))[0][0]  # noqa: S608  names of ours
        return total

    async def _calls_in_all(self) -> int:
        """How many calls there are, counted week by week: their table has no rowid."""
        query = "SELECT count(*) FROM calls WHERE offered_at >= ? AND offered_at < ?"
        ends = [(await self._rows(f"SELECT {end}(offered_at) FROM calls"))[0][0] or 0 for end in ("min", "max")]  # noqa: S608
        total = 0
        for since in range(ends[0], ends[1] + 1, _WEEK):
            total += (await self._rows(query, since, since + _WEEK))[0][0]
        return total

    async def _take_over(self) -> None:
        """Know what was counted before, the messages, and the tasks that the core closed for this request."""
        removing, counts = self._removing, self._removing.counts
        for (noted,) in await self._rows("SELECT counts FROM erasures WHERE request = ? AND pbx = ?", *removing.whose):
            counts.update(json.loads(noted))
        closed = "SELECT DISTINCT task FROM task_history WHERE request = ? AND pbx = ?"
        tasks = frozenset(task for (task,) in await self._rows(closed, *removing.whose))
        for name, number in (
            ("messages", len(removing.found.messages)),
            ("tasks", len(tasks)),
            ("cases", len(removing.found.cases)),
        ):
            counts[name] = max(counts[name], number)
        removing.found |= Found(tasks=tasks)

    async def _by_key(self) -> None:
        """Empty the tasks and cases that are known, with their histories."""
        for search in SEARCHES:
            await self._settle(
                search, [(self._removing.pbx, number) for number in sorted(self._removing.known(search))]
            )

    # --- searches ----------------------------------------------------------------------------------------------------

    async def _table(self, search: Search) -> None:
        """Search a table in the order of its key."""
        after: tuple[Any, ...] | None = None
        begun = self._searched
        total = 0
        while True:
            rows, began = self._pace.rows, time.monotonic()
            keys, last = await self._readers.read(partial(self._page, search=search, after=after, rows=rows))
            self._pace.took(time.monotonic() - began)
            await self._settle(search, keys)
            total += rows
            if last is None:
                break
            self._searched, after = begun + total, last
            await self._rest()
        self._searched = begun + total - rows

    def _page(
        self, connection: Connection, search: Search, after: tuple[Any, ...] | None, rows: int
    ) -> tuple[list[tuple[Any, ...]], tuple[Any, ...] | None]:
        """The keys among the next `rows` that may be of the person, and the last key; None at the end."""
        key = ", ".join(f'"{name}"' for name in search.key)
        beyond = "" if after is None else f"WHERE ({key}) > ({', '.join('?' * len(after))})"
        begin = after or ()
        next_ones = f"FROM {search.table.name} {beyond} ORDER BY {key} LIMIT"
        ways, values = self._ways(search)
        keys: Sequence[Any] = ()
        if ways:
            columns = ", ".join(f'"{name}"' for name in search.columns)
            query = f"SELECT {key} FROM (SELECT {columns} {next_ones} {rows}) AS t WHERE {' OR '.join(ways)}"  # noqa: S608
            keys = connection.exec_driver_sql(self._sql(query), (*begin, *values)).fetchall()
        last = connection.exec_driver_sql(self._sql(f"SELECT {key} {next_ones} 1 OFFSET {rows - 1}"), begin).fetchall()
        return [tuple(one) for one in keys], tuple(last[0]) if last else None

    def _ways(self, search: Search) -> tuple[list[str], list[str]]:
        """How a row of a table may be of the person, in SQL, and the values of it."""
        ways: list[str] = []
        values: list[str] = []
        for column in search.numbers:
            for number in self._removing.found.numbers:
                ways.append(f'"{column}" LIKE ?')
                values.append(like_of(number))
        for column in search.words:
            for like, _ in self._removing.needles():
                ways.append(f"lower(\"{column}\") LIKE ? ESCAPE '!'")
                values.append(like)
        if search.task and self._removing.found.tasks:
            numbers = ", ".join(map(str, sorted(self._removing.found.tasks)))  # whole ones, of our own
            ways.append(f'("{search.task}" IN ({numbers}) AND "text" <> \'\')')
        return ways, values

    async def _calls(self, search: Search) -> None:
        """Search the numbers of calls by their index: each number once, however often it called."""
        numbers, after = self._removing.found.numbers, ""
        patterns, pace = [may_be(number) for number in numbers], _Pace()
        while numbers:
            rows, began = pace.rows, time.monotonic()
            page = await self._rows(_NUMBERS_OF_CALLS, self._removing.pbx, after, rows)
            pace.took(time.monotonic() - began)
            for spelled, _ in page:
                if any(each.search(spelled) for each in patterns) and canonical(spelled) in numbers:
                    await self._calls_of(search, spelled)
            self._searched += sum(number for _, number in page)
            if len(page) < rows:
                return
            after = page[-1][0]
            await self._rest()

    async def _calls_of(self, search: Search, spelled: str) -> None:
        after = ""
        while True:
            page = await self._rows(_CALLS_OF, self._removing.pbx, spelled, after, _FEWEST)
            await self._settle(search, [(self._removing.pbx, uniqueid) for (uniqueid,) in page])
            if len(page) < _FEWEST:
                return
            after = page[-1][0]

    async def _rest(self) -> None:
        """Let others have their turn; say how far it is."""
        await asyncio.sleep(_REST_SECONDS)
        if time.monotonic() - self._told_at >= _TELLS_EVERY:
            self._told_at = time.monotonic()
            changed = self._removing.changed
            await self._tell(Progress(sweep=self._sweep, searched=self._searched, of=self._of, changed=changed))

    async def _settle(self, search: Search, keys: Sequence[tuple[Any, ...]]) -> None:
        """Remove the person from the rows of these keys, in transactions that are short."""
        left = list(keys)
        while left:
            haul = await self._writer.transact(partial(self._removing.batch, search=search, keys=left))
            self._removing.take(haul)
            left = left[haul.handled :]
            if left:
                await self._rest()

    async def _rows(self, query: str, *values: Any) -> Sequence[Any]:
        """What one short read gives."""
        said = self._sql(query)
        return await self._readers.read(lambda connection: connection.exec_driver_sql(said, values).fetchall())

    def _sql(self, statement: str) -> str:
        return statement if self._readers.dialect == "sqlite" else statement.replace("?", "%s")
