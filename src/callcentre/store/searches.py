"""Where a person may stand: each table with numbers of callers or with words, its key, and how its rows are emptied."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Table

from callcentre.core.terms import MessageStatus
from callcentre.store import tables
from callcentre.store.erasure import MOMENTS, emptied
from callcentre.store.personal import Says, columns_of, table_of, tables_with


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """One table: `numbers` and `words` are columns, `moment` the one that says since when; `sets` removes the person.

    `task`: the column by which a row without a number is of a person's task. `columns`: all that a removal must see.
    """

    table: Table
    numbers: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    moment: str = ""
    sets: Mapping[str, str | None]
    task: str = ""

    @property
    def key(self) -> tuple[str, ...]:
        """The columns of the primary key."""
        return tuple(column.name for column in self.table.primary_key)

    @property
    def columns(self) -> tuple[str, ...]:
        """The key, and what is looked at or changed."""
        besides = _SEEN.get(self.table.name, ())
        pbx = "pbx" if "pbx" in self.table.columns else ""
        told = (pbx, *self.key, *self.numbers, *self.words, self.moment, self.task, *self.sets, *besides)
        return tuple(dict.fromkeys(name for name in told if name))

    def counted(self, sets: Mapping[str, Any], *, theirs: bool) -> str:
        """Under what name a changed row stands in the certificate: the table, or the column whose words named them."""
        whole = theirs or (self.task and "title" in sets and sets.get("text") == "")
        return self.table.name if whole else f"{self.table.name}.{next(iter(sets))}"

    def notice(self, row: Mapping[str, Any], instead: str) -> dict[str, Any]:
        """How a notice about a person's task is emptied; what was not sent is not sent any more."""
        if row["text"] == "":
            return {}
        state = "nobody" if row["state"] == "pending" else row["state"]
        return {"title": instead, "text": "", "error": None, "next_try_at": None, "state": state}


_FLAGS: Final = ("flags_by", "flags_at", "flags_until")
_SEEN: Final[Mapping[str, tuple[str, ...]]] = {
    "outbox": ("state", "next_try_at"),
    "orders": ("done_at",),
    "legal_holds": ("pbx", "lifted_at", "until"),
}
"""What else a removal must see."""


def _searches() -> tuple[Search, ...]:
    number = (Says.NUMBER,)
    whole = (Says.NUMBER, Says.PERSON)
    said = (*whole, Says.WORDS)
    places: dict[str, tuple[str, Mapping[str, str | None]]] = {
        "calls": ("offered_at", emptied(tables.calls, *number)),
        "messages": ("left_at", emptied(tables.messages, *number) | {"status": str(MessageStatus.ERASED)}),
        # Both numbers of a task are one person's, and how to speak with them is told of nobody else.
        "tasks": ("opened_at", emptied(tables.tasks, *whole) | dict.fromkeys(_FLAGS)),
        "callouts": ("begun_at", emptied(tables.callouts, *number)),
        "clicks": ("asked_at", emptied(tables.clicks, *number)),
        "wrap_ups": ("at", emptied(tables.wrap_ups, *said)),
        "legal_holds": ("", emptied(tables.legal_holds, *number)),
        "outbox": ("at", {}),
    }
    for name, moment in MOMENTS.items():
        if (table := table_of(name)) is not None:
            places[name] = (moment, emptied(table, *said))
    words = {table.name: tuple(column.name for column in columns) for table, columns in tables_with(Says.WORDS)}
    # Cases first: the names in them are looked for in the words of all others.
    names = sorted({*places, *words}, key=lambda name: (name != "cases", name != "tasks", name))
    return tuple(
        Search(
            table=tables.metadata.tables[name],
            numbers=tuple(column.name for column in columns_of(tables.metadata.tables[name], Says.NUMBER)),
            words=words.get(name, ()),
            moment=places.get(name, ("", {}))[0],
            sets=places.get(name, ("", {}))[1],
            task="task" if name == "outbox" else "",
        )
        for name in names
    )


SEARCHES: Final = _searches()
