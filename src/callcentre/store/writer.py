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

from callcentre.core.errors import StoreConflict
from callcentre.core.facts import (
    AttendanceChanged,
    Call,
    CallAnswered,
    CallEnded,
    CallHealed,
    CallOffered,
    CallProgressed,
    Fact,
    GapClosed,
    GapOpened,
    MenuAbandoned,
    MessageLeft,
    PbxBooted,
)
from callcentre.core.terms import Outcome
from callcentre.store import statements
from callcentre.store.failures import DATABASE_ERRORS, is_busy, is_refusal, told
from callcentre.store.rows import (
    Form,
    Row,
    attempt_rows,
    attendance_row,
    call_row,
    message_key,
    message_row,
    visit_rows,
)
from callcentre.store.statements import Cursor, Dialect, Upsert
from callcentre.store.tables import calls as calls_table

T = TypeVar("T")
_OF_A_CALL = (CallOffered, CallProgressed, CallAnswered, CallEnded, CallHealed)
Key = tuple[str, str]

# A transaction that another stood in the way of, or that met a dead connection, is tried so often before it is told.
_TRIES = 3
# Far more calls than can be in progress at once: past it the memory of what is stored is forgotten, and read again.
_KNOWN_CALLS = 100_000

_LINE_AND_OFFER = tuple(list(calls_table.columns.keys()).index(name) for name in ("line", "offered_at"))


@dataclass(frozen=True, slots=True)
class _Stored:
    """A call in progress as this writer last stored it."""

    call: Call
    row: Row


@dataclass(slots=True)
class _Group:
    """The facts of one transaction, of each key only the newest."""

    calls: dict[Key, Call] = field(default_factory=dict)
    others: dict[Upsert, dict[tuple[object, ...], Row]] = field(default_factory=dict)
    seen: dict[str, datetime] = field(default_factory=dict)
    in_sight: dict[str, datetime] = field(default_factory=dict)

    def row(self, upsert: Upsert, key: tuple[object, ...], row: Row) -> None:
        """Note a row, in place of an earlier one of the same key."""
        self.others.setdefault(upsert, {})[key] = row


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

    async def commit(self, facts: Sequence[Fact], seen: Mapping[str, datetime] | None = None) -> None:
        """Write all of `facts`, or none. `seen` says until when each PBX was in sight, if later than its last fact.

        Of a call the newest snapshot wins, but a decided row stays as it is, save that a lost call may be healed.
        """
        await self._in_thread(lambda: self._write(facts, seen or {}))

    async def backfill(self, calls: Sequence[Call]) -> int:
        """Add the calls (of other books) that have no row yet, in one transaction; return how many those were."""
        return await self._in_thread(lambda: self._transaction(lambda cursor: self._add_missing(cursor, calls)))

    async def run(self, work: Callable[[Engine], T]) -> T:
        """Carry out `work` (a migration) in the writer's thread, between commits."""
        return await self._in_thread(lambda: work(self._engine))

    async def close(self) -> None:
        """Give back the connection and end the thread."""
        await self._in_thread(self._disconnect)
        self._thread.shutdown()

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    # --- transactions ----------------------------------------------------------------------------------------------

    def _write(self, facts: Sequence[Fact], seen: Mapping[str, datetime]) -> None:
        form = self._dialect.form
        try:
            group = _gather(facts, form)
            for pbx, moment in seen.items():
                _saw(group, pbx, moment)
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
            self._connection = self._engine.raw_connection()
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

    def _write_group(self, cursor: Cursor, group: _Group) -> _CallRows:
        put = self._dialect.put
        rows = self._call_rows(cursor, group.calls)
        put(cursor, statements.CALLS, rows.new)
        put(cursor, statements.CALLS_IN_PLACE, rows.in_place)
        put(cursor, statements.ATTEMPTS, rows.attempts)
        put(cursor, statements.VISITS, rows.visits)
        for call in rows.shrunk:
            for table, length in zip(statements.CHILDREN, (len(call.attempts), len(call.visits)), strict=True):
                self._dialect.cut(cursor, table, call.key.pbx, call.key.uniqueid, length)
        for upsert, others in group.others.items():
            put(cursor, upsert, list(others.values()))
        for pbx, moment in group.in_sight.items():
            # A gap in which the daemon ended has its own beginning; the next run knows only its own.
            self._dialect.close_gaps(cursor, pbx, moment)
        when = self._dialect.form.when
        put(cursor, statements.PROGRESS, [(pbx, when(moment)) for pbx, moment in group.seen.items()])
        return rows

    def _call_rows(self, cursor: Cursor, calls: Mapping[Key, Call]) -> _CallRows:
        form, rows = self._dialect.form, _CallRows()
        held = self._outcomes(cursor, [key for key in calls if key not in self._known])
        for key, call in calls.items():
            if key in held and not _may_replace(call.outcome, held[key]):
                continue
            known = self._known.get(key)
            row = call_row(call, form)
            if known is None or any(row[place] != known.row[place] for place in _LINE_AND_OFFER):
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
        new = [call for key, call in wanted.items() if key not in held]
        put(cursor, statements.CALLS_NEW_ONLY, [call_row(call, form) for call in new])
        put(cursor, statements.ATTEMPTS, [row for call in new for row in attempt_rows(call, form)])
        put(cursor, statements.VISITS, [row for call in new for row in visit_rows(call, form)])
        return len(new)


def _may_replace(outcome: Outcome, held: str) -> bool:
    """Whether a snapshot with `outcome` may replace a row with `held`; the rule of DESIGN's lost and healed calls."""
    if held == Outcome.IN_PROGRESS:
        return True
    return held == Outcome.LOST and outcome not in (Outcome.IN_PROGRESS, Outcome.LOST)


def _shrunk(before: Call, now: Call) -> bool:
    return len(now.attempts) < len(before.attempts) or len(now.visits) < len(before.visits)


# --- gathering a group -----------------------------------------------------------------------------------------------


def _saw(group: _Group, pbx: str, moment: datetime) -> None:
    known = group.seen.get(pbx)
    if known is None or moment > known:
        group.seen[pbx] = moment


def _gather(facts: Sequence[Fact], form: Form) -> _Group:
    group = _Group()
    for fact in facts:
        if isinstance(fact, _OF_A_CALL):
            call = fact.call
            key = (call.key.pbx, call.key.uniqueid)
            earlier = group.calls.get(key)
            if earlier is None or _may_replace(call.outcome, earlier.outcome):
                group.calls[key] = call
        else:
            _gather_other(group, fact, form)
        _saw(group, fact.pbx, fact.at)
    return group


def _gather_other(group: _Group, fact: Fact, form: Form) -> None:
    when = form.when
    match fact:
        case AttendanceChanged():
            group.row(statements.ATTENDANCE, (fact.pbx, fact.line, fact.at), attendance_row(fact, form))
        case MessageLeft(message=message):
            group.row(statements.MESSAGES, (message.pbx, message_key(message)), message_row(message, form))
        case MenuAbandoned():
            group.row(statements.MENU_ABANDONS, (fact.pbx, fact.uniqueid), (fact.pbx, fact.uniqueid, when(fact.at)))
        case GapOpened():
            if (fact.pbx, fact.at) not in group.others.get(statements.GAPS, ()):
                group.row(statements.GAPS, (fact.pbx, fact.at), (fact.pbx, when(fact.at), None, fact.reason))
        case GapClosed():
            closed = (fact.pbx, when(fact.since), when(fact.at), fact.reason)
            group.row(statements.GAPS, (fact.pbx, fact.since), closed)
            group.in_sight[fact.pbx] = fact.at
        case PbxBooted():
            boot = (fact.pbx, when(fact.booted_at), when(fact.at))
            group.row(statements.BOOTS, (fact.pbx, fact.booted_at), boot)
        case _:
            raise StoreConflict(f"there is no table for {type(fact).__name__}")
