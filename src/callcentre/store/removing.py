"""What is removed of a person from single rows, by their keys: judged again in the transaction that writes."""

import json
import re
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from callcentre.core.numbers import canonical
from callcentre.store import tables
from callcentre.store.callback_rows import storable
from callcentre.store.erasing import (
    ERASED,
    Found,
    forget_case,
    keep,
    like_of,
    like_words,
    name_in_words,
    spellings,
)
from callcentre.store.searches import Search
from callcentre.store.statements import Cursor, Dialect

_WHOLE: Final = 7
"""Digits from which a number is looked for in words: a shorter one is an extension, and stands there by chance."""

_SHORTEST: Final = 4
"""So long must a name be that is looked for in words."""

_SECONDS: Final = 0.05


@dataclass(slots=True)
class Haul:
    """What one transaction did: keys `handled`, rows changed by table, rows that are too new, what that led to."""

    handled: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    later: Counter[str] = field(default_factory=Counter)
    found: Found = field(default_factory=Found)


class Removing:
    """What is known of a person on one PBX, and what was removed so far; `when` is in the database's own form."""

    def __init__(self, *, request: str, pbx: str, when: Any, found: Found, dialect: Dialect) -> None:
        self.pbx = pbx
        self.found = found
        self.counts: Counter[str] = Counter()
        self.later: Counter[str] = Counter()
        self.changed = 0
        self._request = request
        self._when = when
        self._dialect = dialect

    @property
    def whose(self) -> tuple[str, str]:
        """The request and the PBX."""
        return self._request, self.pbx

    def needles(self) -> Iterator[tuple[str, re.Pattern[str]]]:
        """What is looked for in words: as a LIKE, and exactly."""
        for number in self.found.numbers:
            if len(number.lstrip("+0")) >= _WHOLE:
                yield like_of(number), spellings(number)
        for name in self.found.names:
            if len(name.strip()) >= _SHORTEST:
                yield like_words(name), name_in_words(name)

    def known(self, search: Search) -> frozenset[int]:
        """The tasks, or cases, that were found and counted before, by their numbers."""
        return {tables.tasks: self.found.tasks, tables.cases: self.found.cases}.get(search.table, frozenset())

    def batch(self, cursor: Cursor, search: Search, keys: Sequence[tuple[Any, ...]]) -> Haul:
        """Remove the person from rows, for a twentieth of a second; count and keep it in the same transaction.

        Nothing of this object changes before `take`: a transaction may be carried out twice.
        """
        haul, until = Haul(), time.monotonic() + _SECONDS
        for key in keys:
            haul.handled += 1
            self._row(cursor, search, key, haul)
            if time.monotonic() >= until:
                break
        if haul.counts:
            counts = json.dumps(dict(sorted((self.counts + haul.counts).items())))
            messages = json.dumps(sorted(self.found.messages | haul.found.messages))
            update = "UPDATE erasures SET counts = ?, messages = ? WHERE request = ? AND pbx = ?"
            self._dialect.say(cursor, update, counts, messages, *self.whose)
            keep(haul.found, self.whose, cursor, self._dialect)
        return haul

    def take(self, haul: Haul) -> None:
        """Know what a transaction that is committed did."""
        self.counts += haul.counts
        self.later += haul.later
        self.found |= haul.found
        self.changed += haul.counts.total()

    def finish(self, cursor: Cursor, who: str) -> None:
        """Write down what was done, in counts: for the certificate, and on the audit log."""
        counts = {name: number for name, number in sorted(self.counts.items()) if number}
        said = ", ".join(f"{number} in {name}" for name, number in counts.items()) or "nothing was found"
        update = "UPDATE erasures SET counts = ? WHERE request = ? AND pbx = ? RETURNING hash"
        self._dialect.say(cursor, update, json.dumps(counts), *self.whose)
        hashed = next((row[0] for row in cursor.fetchall()), "")
        what = f"{self.pbx}, {hashed[:12] or 'by name'}: {said}"[:500]
        audit = "INSERT INTO audit (at, who, action, what, address) VALUES (?, ?, 'caller erased', ?, '')"
        self._dialect.say(cursor, audit, self._when, storable(who), what)

    # --- one row -----------------------------------------------------------------------------------------------------

    def _row(self, cursor: Cursor, search: Search, key: tuple[Any, ...], haul: Haul) -> None:
        where = " AND ".join(f'"{name}" = ?' for name in search.key)
        columns = ", ".join(f'"{name}"' for name in search.columns)
        self._dialect.say(cursor, f"SELECT {columns} FROM {search.table.name} WHERE {where}", *key)  # noqa: S608
        for found in cursor.fetchall():
            row = dict(zip(search.columns, found, strict=True))
            theirs = self._is_theirs(search, row)
            sets = {**self._in_words(search, row), **(search.sets if theirs else {})}
            sets |= search.notice(row, ERASED) if self._is_notice(search, row) else {}
            sets = {name: value for name, value in sets.items() if row[name] != value}
            if sets:
                said = ", ".join(f'"{name}" = ?' for name in sets)
                update = f"UPDATE {search.table.name} SET {said} WHERE {where}"  # noqa: S608  names of ours
                self._dialect.say(cursor, update, *sets.values(), *key)
                haul.counts[search.counted(sets, theirs=theirs)] += not self._is_known(search, row)
            if theirs:
                self._hangs_on(cursor, search, row, haul)
            elif self._is_later(search, row):
                haul.later[search.table.name] += 1

    def _is_known(self, search: Search, row: Mapping[str, Any]) -> bool:
        known = self.known(search)
        return bool(known) and row["pbx"] == self.pbx and row["number"] in known

    def _is_theirs(self, search: Search, row: Mapping[str, Any]) -> bool:
        """Whether a row is the person's by its key, or by a number in it."""
        if self._is_known(search, row):
            return True
        if not self._has_number(search, row):
            return False
        if search.table is tables.legal_holds:
            # A hold that lasts would have refused the erasure; of one that ended only its reason is kept.
            ended = row["lifted_at"] is not None or (row["until"] is not None and row["until"] <= self._when)
            return ended and row["pbx"] in ("", self.pbx)
        return bool(row["pbx"] == self.pbx and row[search.moment] <= self._when)

    def _has_number(self, search: Search, row: Mapping[str, Any]) -> bool:
        return any(canonical(row[column]) in self.found.numbers for column in search.numbers)

    def _is_later(self, search: Search, row: Mapping[str, Any]) -> bool:
        """Whether a row with the number is of after the erasure."""
        ours = search.moment and row["pbx"] == self.pbx
        return bool(ours and row[search.moment] > self._when and self._has_number(search, row))

    def _is_notice(self, search: Search, row: Mapping[str, Any]) -> bool:
        if not search.task or row["pbx"] != self.pbx:
            return False
        return row[search.task] in self.found.tasks and bool(row[search.moment] <= self._when)

    def _in_words(self, search: Search, row: Mapping[str, Any]) -> dict[str, Any]:
        if search.table is tables.orders and row["done_at"] is None and '"ask": "erasure"' in row["body"]:
            return {}  # it is emptied once it is answered; until then it must say of whom it is
        sets: dict[str, Any] = {}
        for column in search.words:
            words = row[column] or ""
            for _, needle in self.needles():
                words = needle.sub(ERASED, words)
            if words != (row[column] or ""):
                sets[column] = words
        return sets

    # --- what hangs on it --------------------------------------------------------------------------------------------

    def _hangs_on(self, cursor: Cursor, search: Search, row: Mapping[str, Any], haul: Haul) -> None:
        """The history of a task or case, the draft of a message; and what else the person is known by."""
        say = self._dialect.say
        if search.table is tables.tasks:
            haul.found |= Found(tasks=frozenset({row["number"]}))
            self._history(cursor, "task_history", "task", row["number"], haul)
        elif search.table is tables.cases:
            names = frozenset(row[name] for name in ("name", "email") if row[name])
            haul.found |= Found(cases=frozenset({row["number"]}), names=names)
            forget_case(self.pbx, row["number"], self._when, cursor, self._dialect)
            self._history(cursor, "case_history", "case_number", row["number"], haul)
        elif search.table is tables.messages:
            haul.found |= Found(messages=frozenset({row["key"]}))
            which = (self.pbx, row["key"])
            say(cursor, "SELECT 1 FROM transcripts WHERE pbx = ? AND key = ? AND text <> ''", *which)
            haul.counts["transcripts"] += len(cursor.fetchall())
            say(cursor, "UPDATE transcripts SET text = '', why = '' WHERE pbx = ? AND key = ?", *which)

    def _history(self, cursor: Cursor, table: str, column: str, number: int, haul: Haul) -> None:
        where = f"pbx = ? AND {column} = ? AND step <> 'erased' AND at <= ? AND why <> ''"
        values = (self.pbx, number, self._when)
        self._dialect.say(cursor, f"SELECT count(*) FROM {table} WHERE {where}", *values)  # noqa: S608  names of ours
        haul.counts[table] += cursor.fetchall()[0][0]
        self._dialect.say(cursor, f"UPDATE {table} SET why = '' WHERE {where}", *values)  # noqa: S608  names of ours
