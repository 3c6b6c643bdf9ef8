"""Retention carried out: what is over its term is counted, and removed if that is wanted, a page at a time.

Reading is done beside the writer, a few thousand rows at once; a transaction that writes lasts a twentieth of a second,
between the daemon's own, with a rest after each.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import chain
from typing import Any, Final

from sqlalchemy import Connection, select, text

from callcentre.core.numbers import canonical
from callcentre.store import tables
from callcentre.store.accounts import AccountStore
from callcentre.store.callback_rows import storable
from callcentre.store.columns import EPOCH
from callcentre.store.holds import Hold
from callcentre.store.personal import Says, columns_of
from callcentre.store.reader import AnyRow
from callcentre.store.retention_rules import RULES, Removed, Rule
from callcentre.store.statements import Cursor

_SLICE: Final = 5_000
"""So many rows are read at once, of those that are old enough or in the order of the key."""

_AT_ONCE: Final = 100
"""So many rows are said to the database at once: one by one, it waits for us longer than we for it."""

_WRITE_SECONDS: Final = 0.05
_REST_SECONDS: Final = 0.02
_RUN: Final = "INSERT INTO retention_runs (at, kind, applied, rows, kept, oldest, who) VALUES (?, ?, ?, ?, ?, ?, ?)"
_AUDIT: Final = "INSERT INTO audit (at, who, action, what, address) VALUES (?, ?, ?, ?, '')"

Terms = Mapping[str, timedelta | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stays:
    """What must stay for now: numbers in the spelling of core.numbers by PBX (empty: any), tasks, calls and cases."""

    numbers: frozenset[tuple[str, str]]
    tasks: frozenset[tuple[str, int]]
    calls: frozenset[tuple[str, str]]
    cases: frozenset[tuple[str, int]]

    def keeps(self, rule: Rule, row: Mapping[str, Any]) -> bool:
        """Whether a row is of a person who is held, or of a task or case that is not closed."""
        pbx = row.get("pbx", "")
        for column in columns_of(rule.table, Says.NUMBER):
            number = canonical(row.get(column.name))
            if number is not None and ({(pbx, number), ("", number)} & self.numbers):
                return True
        if rule.task and (pbx, row[rule.task]) in self.tasks:
            return True
        if rule.call and (pbx, row[rule.call]) in self.calls:
            return True
        return rule.table is tables.cases and (pbx, row["number"]) in self.cases


class Retention(AccountStore):
    """Counts and removes what is over its term. Raises StoreUnavailable: what was removed by then stays removed."""

    async def run(
        self,
        terms: Terms,
        at: datetime,
        holds: Sequence[Hold],
        *,
        apply: bool = False,
        who: str = "",
        rest: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> list[Removed]:
        """Count what is over its term `at`, and remove it with `apply`; `holds` are those that last.

        With `who`, the run is noted in `retention_runs`, and on the audit log where anything was removed.
        """
        stays = await self._stays(holds)
        found: dict[str, Removed] = {}
        for rule in RULES:
            until = _until(rule, terms, at)
            removed = found.get(rule.kind, Removed(kind=rule.kind))
            if until is not None:
                removed = await self._rule(rule, until, stays, removed, apply=apply, rest=rest)
            found[rule.kind] = removed
        if who:
            await self._note(list(found.values()), at, who, applied=apply)
        return list(found.values())

    async def last(self) -> Sequence[AnyRow]:
        """The rows of the latest run that was noted, by kind."""
        r = tables.retention_runs
        newest = select(r.c.at).order_by(r.c.at.desc()).limit(1).scalar_subquery()
        return await self._rows(select(r).where(r.c.at == newest).order_by(r.c.kind))

    async def _rule(
        self,
        rule: Rule,
        until: datetime,
        stays: _Stays,
        removed: Removed,
        *,
        apply: bool,
        rest: Callable[[float], Awaitable[None]],
    ) -> Removed:
        async for page in self._due(rule, until):
            going = [row for row in page if not stays.keeps(rule, row)]
            kept, oldest = len(page) - len(going), min((row["_moment"] for row in going), default=None)
            keys = [tuple(row[name] for name in rule.key) for row in going] if apply else []
            while keys:
                done = await self._writer.transact(partial(self._remove, rule=rule, keys=keys))
                keys = keys[done:]
                await rest(_REST_SECONDS)
            told = [moment for moment in (removed.oldest, _aware(oldest)) if moment is not None]
            removed = replace(
                removed, rows=removed.rows + len(going), kept=removed.kept + kept, oldest=min(told, default=None)
            )
            await rest(_REST_SECONDS)
        return removed

    def _remove(self, cursor: Cursor, rule: Rule, keys: Sequence[tuple[Any, ...]]) -> int:
        """Remove rows by their keys for a twentieth of a second; return how many were dealt with.

        Those that are not due any more (a task that was reopened) stay.
        """
        until = time.monotonic() + _WRITE_SECONDS
        for start in range(0, len(keys), _AT_ONCE):
            some = keys[start : start + _AT_ONCE]
            still = self._still_due(cursor, rule, some)
            for step in rule.steps if still else ():
                self._dialect.say_each(cursor, step, still)
            if time.monotonic() >= until:
                return start + len(some)
        return len(keys)

    def _still_due(self, cursor: Cursor, rule: Rule, keys: Sequence[tuple[Any, ...]]) -> Sequence[tuple[Any, ...]]:
        """Those of the keys whose rows are due."""
        names, marks = [f"k{place}" for place in range(len(rule.key))], f"({', '.join('?' * len(rule.key))})"
        wanted = f"WITH wanted({', '.join(names)}) AS (VALUES {', '.join([marks] * len(keys))})"
        same = " AND ".join(f'"{column}" = {name}' for column, name in zip(rule.key, names, strict=True))
        # A join in this order: for a list of keys of several columns SQLite would read the whole table.
        rows = f"SELECT {_listed(rule)} FROM wanted CROSS JOIN {rule.table.name}"  # noqa: S608  names of ours
        query = f"{wanted} {rows} WHERE {same} AND ({rule.due})"
        self._dialect.say(cursor, query, *chain.from_iterable(keys))
        return [tuple(row) for row in cursor.fetchall()]

    # --- what is due -------------------------------------------------------------------------------------------------

    async def _due(self, rule: Rule, until: datetime) -> AsyncIterator[list[dict[str, Any]]]:
        """The rows that are due, in pages, each a short read."""
        pages = self._by_time(rule, until) if rule.sliced else self._by_key(rule, until)
        async for page in pages:
            for start in range(0, len(page), rule.page):
                yield page[start : start + rule.page]

    async def _by_time(self, rule: Rule, until: datetime) -> AsyncIterator[list[dict[str, Any]]]:
        """In the order of their time, which has an index: slices of about as many rows each."""
        since = await self._read(lambda connection: self._scalar(connection, f"SELECT min({rule.moment})", rule))
        last = self._dialect.form.when(until)
        while since is not None and since < last:
            end = await self._read(partial(self._end_of_slice, rule=rule, since=since, until=last))
            told = f"{rule.moment} >= :since AND {rule.moment} < :until"
            yield await self._read(partial(self._page, rule=rule, told=told, since=since, until=end))
            since = end

    def _end_of_slice(self, connection: Connection, rule: Rule, since: Any, until: Any) -> Any:
        """Where a slice ends that begins at `since`; later than that, however many rows are of one moment."""
        for compared, skipped in ((">=", _SLICE), (">", 0)):
            query = (
                f"SELECT {rule.moment} FROM {rule.table.name} WHERE {rule.moment} {compared} :since "  # noqa: S608  ours
                f"AND {rule.moment} < :until ORDER BY {rule.moment} LIMIT 1 OFFSET {skipped}"
            )
            end = connection.scalar(text(query), {"since": since, "until": until})
            if end is None or end != since:
                return until if end is None else end
        return until

    async def _by_key(self, rule: Rule, until: datetime) -> AsyncIterator[list[dict[str, Any]]]:
        """All rows in the order of their key."""
        last = self._dialect.form.when(until)
        after: tuple[Any, ...] = ()
        while True:
            end = await self._read(partial(self._end_of_keys, rule=rule, after=after))
            bounds = [(after, ">", "a")] if after else []
            bounds += [(end, "<=", "e")] if end else []
            keys = {f"{name}{n}": value for key, _, name in bounds for n, value in enumerate(key)}
            told = " AND ".join(
                f"({_listed(rule)}) {compared} ({', '.join(f':{name}{n}' for n in range(len(key)))})"
                for key, compared, name in bounds
            )
            told = f"{rule.moment} < :until" + (f" AND {told}" if told else "")
            yield await self._read(partial(self._page, rule=rule, told=told, until=last, **keys))
            if not end:
                return
            after = end

    def _end_of_keys(self, connection: Connection, rule: Rule, after: tuple[Any, ...]) -> tuple[Any, ...]:
        """The key so many rows on; empty at the end."""
        key = _listed(rule)
        beyond = f"WHERE ({key}) > ({', '.join(f':a{n}' for n in range(len(after)))})" if after else ""
        query = f"SELECT {key} FROM {rule.table.name} {beyond} ORDER BY {key} LIMIT 1 OFFSET {_SLICE - 1}"  # noqa: S608
        found = connection.execute(text(query), {f"a{n}": value for n, value in enumerate(after)}).fetchone()
        return () if found is None else tuple(found)

    def _scalar(self, connection: Connection, what: str, rule: Rule) -> Any:
        return connection.scalar(text(f"{what} FROM {rule.table.name}"))

    def _page(self, connection: Connection, rule: Rule, told: str, **values: Any) -> list[dict[str, Any]]:
        """The rows that are due among those that are `told`, in the order of their key."""
        numbers = [column.name for column in columns_of(rule.table, Says.NUMBER)]
        wanted = [name for name in dict.fromkeys((*rule.key, *numbers, rule.task, rule.call)) if name]
        columns = ", ".join(f'"{name}"' for name in wanted)
        query = (
            f"SELECT {columns}, {rule.moment} AS _moment FROM {rule.table.name} "  # noqa: S608  names of ours
            f"WHERE {told} AND ({rule.due}) ORDER BY {_listed(rule)}"
        )
        return [dict(row) for row in connection.execute(text(query), values).mappings()]

    # --- what must stay ----------------------------------------------------------------------------------------------

    async def _stays(self, holds: Sequence[Hold]) -> _Stays:
        t, c = tables.tasks.c, tables.cases.c
        open_tasks = await self._rows(select(t.pbx, t.number, t.caller, t.dial, t.call).where(t.state != "closed"))
        columns = (c.pbx, c.number, c.caller, c.task, c.call)
        held = {(hold.pbx, hold.case_number) for hold in holds if hold.case_number is not None}
        cases = [*await self._rows(select(*columns).where(c.state != "closed"))]
        for pbx, number in held:
            cases += await self._rows(select(*columns).where(c.pbx == pbx, c.number == number))
        numbers = {(hold.pbx, canonical(hold.number)) for hold in holds}
        numbers |= {(row.pbx, canonical(each)) for row in open_tasks for each in (row.caller, row.dial)}
        numbers |= {(row.pbx, canonical(row.caller)) for row in cases}
        return _Stays(
            numbers=frozenset((pbx, number) for pbx, number in numbers if number is not None),
            tasks=frozenset((row.pbx, row.number) for row in open_tasks)
            | frozenset((row.pbx, row.task) for row in cases if row.task is not None),
            calls=frozenset((row.pbx, row.call) for row in (*open_tasks, *cases) if row.call is not None),
            cases=frozenset((row.pbx, row.number) for row in cases),
        )

    # --- what was done -----------------------------------------------------------------------------------------------

    async def _note(self, found: Sequence[Removed], at: datetime, who: str, *, applied: bool) -> None:
        when, flag = self._dialect.form.when, self._dialect.form.flag

        def work(cursor: Cursor) -> None:
            for one in found:
                oldest = None if one.oldest is None else when(one.oldest)
                self._dialect.say(
                    cursor, _RUN, when(at), one.kind, flag(applied), one.rows, one.kept, oldest, storable(who)
                )
            said = ", ".join(f"{one.kind.replace('_', ' ')} {one.rows}" for one in found if one.rows)
            if said:
                action = "retention removed" if applied else "retention counted"
                self._dialect.say(cursor, _AUDIT, when(at), storable(who), action, said[:500])

        await self._writer.transact(work)


def _listed(rule: Rule) -> str:
    """The columns of a rule's key, in SQL."""
    return ", ".join(f'"{name}"' for name in rule.key)


def _until(rule: Rule, terms: Terms, at: datetime) -> datetime | None:
    """What is older is over its term; None: nothing is."""
    if rule.at_once:
        return at
    term = terms.get(rule.kind)
    return None if term is None else at - term


def _aware(moment: Any) -> datetime | None:
    """A time as the database gave it without a type: microseconds since 1970, or an aware time."""
    if moment is None or isinstance(moment, datetime):
        return moment if moment is None else moment.astimezone(UTC)
    return EPOCH + timedelta(microseconds=moment)
