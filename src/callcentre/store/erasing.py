"""The beginning of an erasure, in the transaction that tells of it: from then on nothing of the person returns.

Here stands what is short: the tombstones, and what only this transaction can still see, because the core writes its
own rows without the person in it. All other rows are searched afterwards, without a lock (store/sweeping.py). What is
found is kept in the order's body until it is answered, so that whoever takes over after a kill knows it too; what was
done is counted in `erasures`, which names nobody.
"""

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Final, Self

from callcentre.core.facts import CallerErased
from callcentre.core.numbers import SIGN
from callcentre.core.terms import MessageStatus
from callcentre.store import statements
from callcentre.store.callback_rows import storable
from callcentre.store.erasure import hash_of
from callcentre.store.statements import Cursor, Dialect

AGAIN: Final = " again "
"""Parts the key of an order from what it is asked with once more, when an erasure that began is taken over."""

ERASED: Final = "(erased)"
"""What stands in words where a number, a name or an address was."""

_LAST_DIGITS: Final = 6
_SIGNS: Final = rf"{SIGN}*"
_ORDER: Final = "found"
_EMPTY_BODY: Final = "{}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a person is known by on one PBX: numbers in the spelling of core.numbers, words, and keys of their rows."""

    numbers: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    tasks: frozenset[int] = frozenset()
    cases: frozenset[int] = frozenset()
    messages: frozenset[str] = frozenset()

    def __or__(self, other: Self) -> Self:
        """What is in either."""
        names = [each.name for each in fields(self)]
        return replace(self, **{name: getattr(self, name) | getattr(other, name) for name in names})

    def as_json(self) -> dict[str, list[Any]]:
        """Fit for the body of an order."""
        return {each.name: sorted(getattr(self, each.name)) for each in fields(self)}

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> Self:
        """What `as_json` gave."""
        return cls(**{each.name: frozenset(told.get(each.name, ())) for each in fields(cls)})


class Erasing:
    """One fact of an erasure in the transaction of its group; `begin` comes before what else that writes."""

    def __init__(self, fact: CallerErased, cursor: Cursor, dialect: Dialect) -> None:
        self._fact = replace(fact, request=fact.request.partition(AGAIN)[0])
        self._cursor = cursor
        self._dialect = dialect
        self._when = dialect.form.when(fact.at)

    def begin(self, told: Collection[tuple[str, str]] = ()) -> None:
        """Set the tombstones, and keep what is found; `told` are messages (PBX, key) that the group writes as erased.

        Doing it again does no harm.
        """
        fact, hashed = self._fact, ""
        if fact.caller is not None:
            hashed = hash_of(fact.pbx, fact.caller, self._cursor, self._dialect)
            self._dialect.put(self._cursor, statements.ERASED, [(hashed, self._when)])
        messages = self._messages({*fact.messages, *(key for pbx, key in told if pbx == fact.pbx)})
        cases, names = self._cases()
        numbers = frozenset() if fact.caller is None else frozenset({fact.caller})
        if fact.request:
            keep(
                Found(numbers=numbers, names=names | frozenset(fact.words), cases=cases, messages=messages),
                (fact.request, fact.pbx),
                self._cursor,
                self._dialect,
            )
            self._note(hashed, messages)

    def end(self) -> None:
        """After what else the transaction writes: an older snapshot of a named message is one of before."""
        self._messages(self._fact.messages)

    def _rows(self, statement: str, *values: object) -> list[Any]:
        self._dialect.say(self._cursor, statement, *values)
        return list(self._cursor.fetchall())

    def _messages(self, keys: Collection[str]) -> frozenset[str]:
        """Erase the messages of these keys; return those that were not erased before."""
        found = set()
        for key in keys:
            which = (self._fact.pbx, key)
            rows = self._rows("SELECT status FROM messages WHERE pbx = ? AND key = ?", *which)
            if rows and rows[0][0] != MessageStatus.ERASED:
                found.add(key)
            update = "UPDATE messages SET caller = NULL, status = ? WHERE pbx = ? AND key = ?"
            self._dialect.say(self._cursor, update, str(MessageStatus.ERASED), *which)
            self._dialect.say(
                self._cursor, "UPDATE transcripts SET text = '', why = '' WHERE pbx = ? AND key = ?", *which
            )
        return frozenset(found)

    def _cases(self) -> tuple[frozenset[int], frozenset[str]]:
        """Mark the cases that are named, or of the number as the core knows it; return them, and who stood in them."""
        fact, pbx = self._fact, self._fact.pbx
        query = "SELECT number, name, email FROM cases WHERE pbx = ? AND"
        rows = [row for number in fact.cases for row in self._rows(f"{query} number = ?", pbx, number)]
        if fact.caller is not None:
            rows += self._rows(f"{query} caller = ? AND received_at <= ?", pbx, fact.caller, self._when)
        for number in {*fact.cases, *(row[0] for row in rows)}:
            forget_case(pbx, number, self._when, self._cursor, self._dialect)
        names = frozenset(name for row in rows for name in row[1:] if name)
        return frozenset(row[0] for row in rows), names

    def _note(self, hashed: str, messages: Collection[str]) -> None:
        """Note that it began: who asked, why, and since when nothing returns."""
        fact = self._fact
        where = "request = ? AND pbx = ?"
        before = self._rows(f"SELECT hash, counts, messages FROM erasures WHERE {where}", fact.request, fact.pbx)  # noqa: S608
        hashes, counts, keys = [hashed] if hashed else [], "{}", set(messages)
        for known, counted, kept in before:
            hashes = [*known.split(), *(one for one in hashes if one not in known.split())]
            counts, keys = counted, keys | set(json.loads(kept))
        self._dialect.say(self._cursor, f"DELETE FROM erasures WHERE {where}", fact.request, fact.pbx)  # noqa: S608
        self._dialect.say(
            self._cursor,
            "INSERT INTO erasures (request, pbx, at, who, why, hash, counts, messages, notes) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, '[]')",
            *(fact.request, fact.pbx, self._when, storable(fact.who), storable(fact.why), " ".join(hashes)),
            *(counts, json.dumps(sorted(keys))),
        )


def forget_case(pbx: str, number: int, when: Any, cursor: Cursor, dialect: Dialect) -> None:
    """No snapshot of before brings this case back; whoever writes it from now on writes it without the person."""
    dialect.say(
        cursor,
        "INSERT INTO erased_cases (pbx, number, at) VALUES (?, ?, ?) ON CONFLICT (pbx, number) DO NOTHING",
        pbx,
        number,
        when,
    )


def keep(found: Found, whose: tuple[str, str], cursor: Cursor, dialect: Dialect) -> None:
    """Keep what is found in the body of the order (request, PBX) until it is answered, which empties it."""
    dialect.say(cursor, "SELECT body FROM orders WHERE id = ? AND pbx = ? AND done_at IS NULL", *whose)
    for (body,) in cursor.fetchall():
        told = json.loads(body or _EMPTY_BODY)
        told[_ORDER] = (Found.read(told.get(_ORDER, {})) | found).as_json()
        dialect.say(cursor, "UPDATE orders SET body = ? WHERE id = ?", json.dumps(told, ensure_ascii=False), whose[0])


def kept(body: str) -> Found | None:
    """What is found so far, as an order's body has it; None if its erasure has not begun."""
    told = json.loads(body or _EMPTY_BODY)
    return Found.read(told[_ORDER]) if _ORDER in told else None


# --- how it may be spelled -------------------------------------------------------------------------------------------


def like_of(number: str) -> str:
    """A LIKE that every spelling of `number` meets: its last digits in order, with any signs between them."""
    return f"%{'%'.join(_last(number))}%"


def may_be(number: str) -> re.Pattern[str]:
    """The same as a pattern, for what is here already."""
    return re.compile(".*".join(_last(number)), re.DOTALL)


def _last(number: str) -> str:
    return number.removeprefix("+").removeprefix("0")[-_LAST_DIGITS:]


def like_words(words: str) -> str:
    """A LIKE, escaped by `!`, for words that stand anywhere, in small letters."""
    escaped = re.sub("([%_!])", r"!\1", words.strip().lower())
    return f"%{escaped}%"


def name_in_words(words: str) -> re.Pattern[str]:
    """What a name or an address meets within words, and no part of another."""
    return re.compile(rf"(?<!\w){re.escape(words.strip())}(?!\w)", re.IGNORECASE)


def spellings(number: str) -> re.Pattern[str]:
    """What every spelling of `number` (in that of core.numbers) meets within words, and no longer number does."""
    digits = _SIGNS.join(number.lstrip("+0"))
    if number.startswith("+"):
        return re.compile(rf"(?<!\d)(?:\+|00)?{_SIGNS}{digits}(?!\d)")
    return re.compile(rf"(?<!\d)(?:(?:\+|00)?{_SIGNS}44{_SIGNS})?\(?0?\)?{_SIGNS}{digits}(?!\d)")
