"""The single writer: all facts of a group in one transaction, on one connection, in one thread of its own.

Of several snapshots of a call only the newest is written, and of that only what differs from the one before. A group
is written whole or not at all, and the same group again changes nothing.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Engine
from sqlalchemy.pool import PoolProxiedConnection

from callcentre.core.facts import Call, Fact
from callcentre.core.terms import MessageStatus, Outcome
from callcentre.store import statements, tables
from callcentre.store.callback_rows import row_of, storable
from callcentre.store.erasing import Erasing
from callcentre.store.erasure import Erased
from callcentre.store.failures import DATABASE_ERRORS, is_busy, is_refusal, told
from callcentre.store.group import Group, Key, gather, may_replace
from callcentre.store.patience import begin_patiently
from callcentre.store.results import DeliveryState
from callcentre.store.rows import Row, attempt_rows, call_row, visit_rows
from callcentre.store.settled import Settled
from callcentre.store.statements import Cursor, Dialect

T = TypeVar("T")

# A transaction that another stood in the way of, or that met a dead connection, is tried so often before it is told.
_TRIES = 3
# Far more calls than can be in progress at once: past it the memory of what is stored is forgotten, and read again.
_KNOWN_CALLS = 100_000

_INDEXED = tuple(list(tables.calls.columns.keys()).index(name) for name in statements.INDEXED)


@dataclass(frozen=True, slots=True)
class _Stored:
    """A call in progress as this writer last stored it."""

    call: Call
    row: Row


@dataclass(slots=True)
class _CallRows:
    """What one transaction writes for its calls."""

    new: list[Row] = field(default_factory=list)
    in_place: list[Row] = field(default_factory=list)
    attempts: list[Row] = field(default_factory=list)
    visits: list[Row] = field(default_factory=list)
    shrunk: list[Call] = field(default_factory=list)
    stored: dict[Key, _Stored] = field(default_factory=dict)
    decided: list[Key] = field(default_factory=list)


class Writer:
    """Commits groups of facts. Its methods may be called from one event loop; each waits for the one before.

    Errors: StoreUnavailable (nothing was written; call again later with the same facts), StoreConflict (nothing was
    written; a fact of the group holds what no row may hold).
    """

    def __init__(self, engine: Engine, dialect: Dialect, where: str) -> None:
        self._engine = engine
        self._dialect = dialect
        self._where = where
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store-writer")
        self._connection: PoolProxiedConnection | None = None
        self._known: dict[Key, _Stored] = {}
        self.settled = Settled(dialect)

    async def commit(self, facts: Sequence[Fact], seen: Mapping[str, datetime] | None = None) -> None:
        """Write all of `facts`, or none. `seen` says until when each PBX was in sight, if later than its last fact.

        Of a call the newest snapshot wins, but a decided row stays as it is, save that a lost call may be healed.
        """
        await self._in_thread(lambda: self._write(facts, seen or {}))

    async def backfill(self, calls: Sequence[Call]) -> int:
        """Add the calls (of other books) that have no row yet, in one transaction; return how many those were."""
        return await self._do(lambda cursor: self._add_missing(cursor, calls))

    async def order(self, id: str, pbx: str, at: datetime, body: str) -> None:  # noqa: A002  the column's name
        """Leave a request for the daemon of this PBX, as JSON; one whose `id` is there already changes nothing."""
        form = self._dialect.form
        row = (storable(id), storable(pbx), form.when(at), storable(body), None, form.flag(False), "")
        await self._do(lambda cursor: self._dialect.put(cursor, statements.ORDERS, [row]))

    async def order_done(self, id: str, at: datetime, answer: str, *, refused: bool = False) -> None:  # noqa: A002
        """Note what came of an order, once; its body, which may hold a telephone number, is emptied."""
        form = self._dialect.form
        await self._say(
            "UPDATE orders SET done_at = ?, answer = ?, refused = ?, body = '' WHERE id = ? AND done_at IS NULL",
            form.when(at),
            storable(answer),
            form.flag(refused),
            id,
        )

    async def notice_sent(self, id: int, at: datetime) -> None:  # noqa: A002  the column's name
        """Note that a delivery reached its contact."""
        when = self._dialect.form.when(at)
        await self._say(
            "UPDATE outbox SET state = ?, sent_at = ?, tried_at = ?, tries = tries + 1, next_try_at = NULL, "
            "error = NULL WHERE id = ? AND state = ?",
            str(DeliveryState.SENT),
            when,
            when,
            id,
            str(DeliveryState.PENDING),
        )

    async def notice_failed(self, id: int, at: datetime, error: str, next_try_at: datetime | None) -> None:  # noqa: A002
        """Note that a delivery failed, and when to try again; None: never. `error` must hold no secret, no number."""
        when = self._dialect.form.when
        await self._say(
            "UPDATE outbox SET state = ?, tried_at = ?, tries = tries + 1, next_try_at = ?, error = ? "
            "WHERE id = ? AND state = ?",
            str(DeliveryState.FAILED if next_try_at is None else DeliveryState.PENDING),
            when(at),
            None if next_try_at is None else when(next_try_at),
            storable(error),
            id,
            str(DeliveryState.PENDING),
        )

    async def transact(self, work: Callable[[Cursor], T]) -> T:
        """Carry out `work` in one transaction in the writer's thread, between commits; perhaps more than once."""
        return await self._do(work)

    async def run(self, work: Callable[[Engine], T]) -> T:
        """Carry out `work` (a migration) in the writer's thread, between commits."""
        return await self._in_thread(lambda: work(self._engine))

    async def beside(self, work: Callable[[Engine], T]) -> T:
        """Carry out `work` in a thread of its own, on a connection that writes: commits go on meanwhile."""
        return await asyncio.to_thread(work, self._engine)

    async def close(self) -> None:
        """Give back the connection and end the thread."""
        await self._in_thread(self._disconnect)
        self._thread.shutdown()

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def _say(self, statement: str, *values: object) -> None:
        await self._do(lambda cursor: self._dialect.say(cursor, statement, *values))

    async def _do(self, work: Callable[[Cursor], T]) -> T:
        return await self._in_thread(lambda: self._transaction(work))

    # --- transactions ----------------------------------------------------------------------------------------------

    def _write(self, facts: Sequence[Fact], seen: Mapping[str, datetime]) -> None:
        form = self._dialect.form
        try:
            group = gather(facts, form)
            for pbx, moment in seen.items():
                group.saw(pbx, moment)
            written = self._transaction(lambda cursor: self._write_group(cursor, group))
        except DATABASE_ERRORS as error:
            raise told(error, self._where) from None
        for key in written.decided:
            self._known.pop(key, None)
        if len(self._known) > _KNOWN_CALLS:
            self._known.clear()
        self._known.update(written.stored)

    def _transaction(self, work: Callable[[Cursor], T]) -> T:
        """Do `work` and commit it; nothing remains of it otherwise."""
        for attempt in range(1, _TRIES + 1):
            reused = self._connection is not None
            try:
                return self._once(work)
            except DATABASE_ERRORS as error:
                # A connection that was idle may have died long ago; that says nothing about the database now.
                worth_it = attempt < _TRIES and not is_refusal(error) and (is_busy(error) or reused)
                self._forget()
                if not worth_it:
                    raise told(error, self._where) from None
            except BaseException:
                self._forget()
                raise
        raise AssertionError("the last try returns or raises")

    def _once(self, work: Callable[[Cursor], T]) -> T:
        if self._connection is None:
            self._connection = begin_patiently(self._engine.raw_connection)
        cursor = self._connection.cursor()
        try:
            self._dialect.begin(cursor)
            result = work(cursor)
            self._connection.commit()
        finally:
            cursor.close()
        return result

    def _forget(self) -> None:
        """After a failure nothing is certain but the database itself: not the connection, not what it holds."""
        self._known.clear()
        self._disconnect()

    def _disconnect(self) -> None:
        """Close the connection, and with it whatever transaction it was in."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.invalidate()

    # --- what is written -------------------------------------------------------------------------------------------

    def _write_group(self, cursor: Cursor, group: Group) -> _CallRows:
        put = self._dialect.put
        gone = [key for key, message in group.messages.items() if message.status is MessageStatus.ERASED]
        erasures = [Erasing(fact, cursor, self._dialect) for fact in group.erasures]
        for erasure in erasures:
            erasure.begin(gone)
        erased = Erased(cursor, self._dialect)
        rows = self._call_rows(cursor, group.calls, erased)
        self.settled.late(cursor, (call.offered_at for call in group.calls.values()))
        put(cursor, statements.CALLS, rows.new)
        put(cursor, statements.CALLS_IN_PLACE, rows.in_place)
        put(cursor, statements.ATTEMPTS, rows.attempts)
        put(cursor, statements.VISITS, rows.visits)
        for call in rows.shrunk:
            for cut, length in zip(statements.CUT, (len(call.attempts), len(call.visits)), strict=True):
                self._dialect.say(cursor, cut, call.key.pbx, call.key.uniqueid, length)
        self._put_callbacks(cursor, group, erased)
        when = self._dialect.form.when
        for pbx, moment in group.in_sight.items():
            # A gap in which the daemon ended has its own beginning; the next run knows only its own.
            self._dialect.say(cursor, statements.CLOSE_GAPS, when(moment), pbx, when(moment))
        put(cursor, statements.PROGRESS, [(pbx, when(moment)) for pbx, moment in group.seen.items()])
        for erasure in erasures:
            erasure.end()
        return rows

    def _put_callbacks(self, cursor: Cursor, group: Group, erased: Erased) -> None:
        """Write messages and tasks first: filings and history refer to a task's row."""
        form, put = self._dialect.form, self._dialect.put
        messages = [erased.message(message) for message in group.messages.values()]
        put(cursor, statements.MESSAGES, [row_of(tables.messages, message, form) for message in messages])
        tasks = [erased.task(task) for task in group.tasks.values()]
        put(cursor, statements.TASKS, [row_of(tables.tasks, task, form) for task in tasks])
        callouts = [erased.callout(callout) for callout in group.callouts.values()]
        put(cursor, statements.CALLOUTS, [row_of(tables.callouts, callout, form) for callout in callouts])
        clicks = [erased.click(click) for click in group.clicks.values()]
        put(cursor, statements.CLICKS, [row_of(tables.clicks, click, form) for click in clicks])
        wraps = [erased.wrap_up(wrap) for wrap in group.wraps.values()]
        put(cursor, statements.WRAP_UPS, [row_of(tables.wrap_ups, wrap, form) for wrap in wraps])
        for upsert, others in group.others.items():
            put(cursor, upsert, erased.rows(upsert, others.values()))

    def _call_rows(self, cursor: Cursor, calls: Mapping[Key, Call], erased: Erased) -> _CallRows:
        form, rows = self._dialect.form, _CallRows()
        held = self._outcomes(cursor, [key for key in calls if key not in self._known])
        for key, snapshot in calls.items():
            if key in held and not may_replace(snapshot.outcome, held[key]):
                continue
            call = erased.call(snapshot)
            known = self._known.get(key)
            row = call_row(call, form)
            if known is None or any(row[place] != known.row[place] for place in _INDEXED):
                rows.new.append(row)
            elif row != known.row:
                rows.in_place.append(row)
            before = None if known is None else known.call
            rows.attempts += attempt_rows(call, form, before)
            rows.visits += visit_rows(call, form, before)
            if key in held or (before is not None and _shrunk(before, call)):
                rows.shrunk.append(call)
            if call.outcome is Outcome.IN_PROGRESS:
                rows.stored[key] = _Stored(call, row)
            else:
                rows.decided.append(key)
        return rows

    def _outcomes(self, cursor: Cursor, keys: Iterable[Key]) -> dict[Key, str]:
        by_pbx: dict[str, list[str]] = {}
        for pbx, uniqueid in keys:
            by_pbx.setdefault(pbx, []).append(uniqueid)
        return {
            (pbx, uniqueid): outcome
            for pbx, uniqueids in by_pbx.items()
            for uniqueid, outcome in self._dialect.outcomes(cursor, pbx, uniqueids).items()
        }

    def _add_missing(self, cursor: Cursor, calls: Sequence[Call]) -> int:
        form, put = self._dialect.form, self._dialect.put
        wanted = {(call.key.pbx, call.key.uniqueid): call for call in calls}
        held = self._outcomes(cursor, wanted)
        erased = Erased(cursor, self._dialect)
        new = [erased.call(call) for key, call in wanted.items() if key not in held]
        self.settled.late(cursor, (call.offered_at for call in new))
        put(cursor, statements.CALLS_NEW_ONLY, [call_row(call, form) for call in new])
        put(cursor, statements.ATTEMPTS, [row for call in new for row in attempt_rows(call, form)])
        put(cursor, statements.VISITS, [row for call in new for row in visit_rows(call, form)])
        return len(new)


def _shrunk(before: Call, now: Call) -> bool:
    return len(now.attempts) < len(before.attempts) or len(now.visits) < len(before.visits)
