"""Numbers that are gone for good, known again only by a keyed hash: what is written later does not bring them back.

What removes them from the rows of before is store/erasing.py.
"""

import hashlib
import hmac
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Table

from callcentre.core.facts import Call
from callcentre.core.numbers import canonical
from callcentre.core.tasks import NO_FLAGS, Callout, Click, Message, Task, WrapUp
from callcentre.core.terms import MessageStatus
from callcentre.store.personal import Says, columns_of
from callcentre.store.rows import Row
from callcentre.store.statements import Cursor, Dialect, Upsert

SECRET = "erasure"  # noqa: S105  its name, not its value

MOMENTS: Final = {"cases": "received_at", "abuse_incidents": "at"}
"""Tables of other rooms whose rows hold a caller's number, and the column that says since when."""

_EMPTY: Final = {"needs": "[]"}


def emptied(table: Table, *says: Says) -> dict[str, str | None]:
    """The columns of `table` that tell of one of `says`, and what stands there once that is removed."""
    return {c.name: None if c.nullable else _EMPTY.get(c.name, "") for c in columns_of(table, *says)}


class Erased:
    """Which numbers were erased, as one transaction sees it; asked before a row with a number is written."""

    def __init__(self, cursor: Cursor, dialect: Dialect) -> None:
        self._cursor = cursor
        self._dialect = dialect
        dialect.say(cursor, "SELECT max(erased_at) FROM erased_numbers")
        # Whatever is newer holds no erased number: so for nearly every row nothing more is asked.
        self._until = cursor.fetchall()[0][0]
        self._since: dict[tuple[str, str], Any] = {}

    def number(self, number: str | None, pbx: str, moment: datetime) -> str | None:
        """Return `number`, or None if it was erased on this PBX and `moment` is not after that."""
        if number is None or self._until is None:
            return number
        return None if self._is_gone(number, pbx, self._dialect.form.when(moment)) else number

    def call(self, call: Call) -> Call:
        """Return the call as it may be stored."""
        caller = self.number(call.caller, call.key.pbx, call.offered_at)
        return call if caller is call.caller else replace(call, caller=caller)

    def message(self, message: Message) -> Message:
        """Return the message as it may be stored."""
        if message.status is MessageStatus.ERASED:
            return replace(message, caller=None)
        if self.number(message.caller, message.pbx, message.left_at) is message.caller:
            return message
        return replace(message, caller=None, status=MessageStatus.ERASED)

    def task(self, task: Task) -> Task:
        """Return the task as it may be stored."""
        kept = all(self.number(number, task.pbx, task.opened_at) is number for number in (task.caller, task.dial))
        return task if kept else replace(task, caller=None, dial=None, **NO_FLAGS)

    def callout(self, callout: Callout) -> Callout:
        """Return the dial as it may be stored."""
        kept = self.number(callout.caller, callout.pbx, callout.begun_at) is callout.caller
        return callout if kept else replace(callout, caller="")

    def click(self, click: Click) -> Click:
        """Return the click as it may be stored."""
        kept = self.number(click.number, click.pbx, click.asked_at) is click.number
        return click if kept else replace(click, number="")

    def wrap_up(self, wrap: WrapUp) -> WrapUp:
        """Return the wrap-up as it may be stored."""
        kept = self.number(wrap.caller, wrap.pbx, wrap.at) is wrap.caller
        return wrap if kept else replace(wrap, caller=None, why="")

    def rows(self, upsert: Upsert, rows: Iterable[Row]) -> list[Row]:
        """Return rows of any table as they may be stored: of MOMENTS without whoever was erased, of others as they are.

        A case that was erased stays so, whatever its row says now: it may have been found by a name.
        """
        table = upsert.table
        if table.name not in MOMENTS:
            return list(rows)
        names = [column.name for column in upsert.columns]
        gone = emptied(table, Says.NUMBER, Says.PERSON, Says.WORDS)
        return [self._row(table, names, gone, row) for row in rows]

    def _row(self, table: Table, names: Sequence[str], gone: dict[str, str | None], row: Row) -> Row:
        told = dict(zip(names, row, strict=True))
        when = told[MOMENTS[table.name]]
        numbers = [told[c.name] for c in columns_of(table, Says.NUMBER) if told.get(c.name)]
        is_gone = any(self._is_gone(number, told["pbx"], when) for number in numbers)
        if not is_gone and not (table.name == "cases" and self._case_is_gone(told["pbx"], told["number"])):
            return row
        return tuple(gone.get(name, value) for name, value in told.items())

    def _case_is_gone(self, pbx: str, number: int) -> bool:
        self._dialect.say(self._cursor, "SELECT 1 FROM erased_cases WHERE pbx = ? AND number = ?", pbx, number)
        return bool(self._cursor.fetchall())

    def _is_gone(self, number: str, pbx: str, when: Any) -> bool:
        told = canonical(number)
        if told is None or self._until is None or when > self._until:
            return False
        key = (pbx, told)
        if key not in self._since:
            hashed = hash_of(pbx, told, self._cursor, self._dialect)
            self._dialect.say(self._cursor, "SELECT erased_at FROM erased_numbers WHERE hash = ?", hashed)
            found = self._cursor.fetchall()
            self._since[key] = found[0][0] if found else None
        since = self._since[key]
        return since is not None and bool(when <= since)


def hash_of(pbx: str, number: str, cursor: Cursor, dialect: Dialect) -> str:
    """The keyed hash of a number in the spelling of core.numbers; with its PBX, which is erased for itself."""
    dialect.say(cursor, "SELECT value FROM secrets WHERE name = ?", SECRET)
    key = bytes.fromhex(cursor.fetchall()[0][0])
    return hmac.new(key, f"{pbx}\0{number}".encode(), hashlib.sha256).hexdigest()
