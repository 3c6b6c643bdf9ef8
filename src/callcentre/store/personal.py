"""The map of personal data: what each text column of each table says of whom. Erasure, retention and export read it.

A table or a column that is not named here is a fault: a test walks all tables. What a table of another room holds is
named here by the names of its columns, so that one line is all that a new column takes.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlalchemy import Column, Table, Text

from callcentre.store import tables


class Says(StrEnum):
    """Of whom a column tells."""

    NUMBER = "number"  # the telephone number of a caller, in any spelling
    PERSON = "person"  # what else a caller or somebody outside is known by, or how to speak with them
    WORDS = "words"  # what people wrote, or what we wrote about something: anything may stand there
    STAFF = "staff"  # who of the office: a name or a telephone
    NOBODY = "nobody"  # a word of ours, a key, a name of the configuration


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What the text columns of a table say; those that are not named say nothing about anybody."""

    number: tuple[str, ...] = ()
    person: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    staff: tuple[str, ...] = ()
    nobody: tuple[str, ...] = ()

    def said(self) -> Iterator[tuple[str, Says]]:
        """Each column, and of whom it tells."""
        groups = (self.number, self.person, self.words, self.staff, self.nobody)
        for columns, says in zip(groups, Says, strict=True):
            yield from ((column, says) for column in columns)


_CALL: Final = ("pbx", "uniqueid", "line")
_CHARTER: Final = ("charter",)

PERSONAL: Final[Mapping[str, Held]] = {
    "abuse_incidents": Held(
        number=("caller",),
        words=("note",),
        staff=("agent", "telephone", "reviewed_by"),
        nobody=(*_CALL, "how", "review", "state", "role"),
    ),
    "api_tokens": Held(staff=("user", "created_by"), nobody=("hash", "name", "scopes")),
    "attendance": Held(staff=("who",), words=("reason",), nobody=("pbx", "line", "state")),
    "audit": Held(words=("what",), staff=("who", "address"), nobody=("action",)),
    "boots": Held(nobody=("pbx",)),
    "breach_steps": Held(staff=("target",), words=("why",), nobody=("pbx", "line", "action", "result")),
    "breaches": Held(staff=("who", "asked_by"), words=("reason",), nobody=("pbx", "line", "mode", "told", "end")),
    "callouts": Held(number=("caller",), staff=("telephone",), nobody=("pbx", "uniqueid", "result")),
    "calls": Held(
        number=("caller",),
        staff=("answered_by",),
        nobody=(*_CALL, *_CHARTER, "linkedid", "did", "origin", "outcome", "hours", "quality"),
    ),
    "case_clocks": Held(nobody=("pbx", "line", "clock", "charter", "kind", "channel", "due_reason", "alarms")),
    "case_history": Held(words=("why",), staff=("who",), nobody=("pbx", "step", "state", "request")),
    "cases": Held(
        number=("caller",),
        person=("name", "email", "address", "about", "referred_to"),
        words=("summary", "cause", "remedy", "agreed_why"),
        staff=("owner", "direct_dial", "opened_by", "closed_by", "agreed_from"),
        nobody=("pbx", "line", "charter", "kind", "channel", "state", "category", "role", "outcome", "call"),
    ),
    "clicks": Held(
        number=("number",),
        words=("why",),
        staff=("who", "telephone"),
        nobody=("pbx", "key", "state", "result", "callout"),
    ),
    "erased_cases": Held(nobody=("pbx",)),
    "erased_numbers": Held(nobody=("hash",)),
    "erasures": Held(words=("why",), staff=("who",), nobody=("request", "pbx", "hash", "counts", "messages", "notes")),
    "filings": Held(staff=("heard_by",), nobody=("pbx", "key", "line", "due_reason", "ack_reason", *_CHARTER)),
    "gaps": Held(nobody=("pbx", "reason")),
    "greeting_sign_offs": Held(staff=("who",), nobody=("pbx", "place", "stem", "digest", "review_on", "wording")),
    "greetings": Held(nobody=("pbx", "place", "stem", "line", "standing", "digest")),
    "legal_holds": Held(number=("number",), words=("why", "lifted_why"), staff=("who", "lifted_by"), nobody=("pbx",)),
    "mailboxes": Held(words=("reason",), nobody=("pbx", "mailbox", "line", "state")),
    "menu_abandons": Held(nobody=("pbx", "uniqueid")),
    "messages": Held(
        number=("caller",),
        words=("channel",),
        nobody=("pbx", "key", "mailbox", "msg_id", "uniqueid", "line", "quality", "status", "folder"),
    ),
    "orders": Held(words=("body", "answer"), nobody=("id", "pbx")),
    "outbox": Held(words=("title", "text", "error"), nobody=("pbx", "key", "contact", "line", "kind", "state")),
    "presence": Held(nobody=("pbx", "line")),
    "progress": Held(nobody=("pbx",)),
    "recovery_codes": Held(staff=("user",), nobody=("hash",)),
    "retention_runs": Held(staff=("who",), nobody=("kind",)),
    "ring_attempts": Held(staff=("interface",), nobody=("pbx", "uniqueid", "result")),
    "satisfaction": Held(staff=("telephone",), nobody=_CALL),
    "secrets": Held(nobody=("name", "value")),
    "sessions": Held(staff=("user", "address", "agent"), nobody=("hash", "stage")),
    "standings": Held(nobody=("kind", "pbx", "line", "what")),
    "task_history": Held(words=("why",), staff=("who",), nobody=("pbx", "step", "state", "request")),
    "tasks": Held(
        number=("caller", "dial"),
        person=("language", "needs"),
        staff=("holder", "closed_by", "flags_by"),
        nobody=("pbx", "line", "source", "state", "call", "rests_in", "got_through", "alarms", "outcome"),
    ),
    "transcripts": Held(words=("text", "why"), nobody=("pbx", "key", "state", "language", "model")),
    "users": Held(
        staff=("key", "name", "full_name", "telephone"),
        nobody=("role", "lines", "password", "totp", "totp_new", "link"),
    ),
    "visits": Held(nobody=("pbx", "uniqueid", "queue", "result")),
    "voicemail_uses": Held(words=("reason",), nobody=("pbx", "uniqueid", "line", "verdict")),
    "wrap_ups": Held(number=("caller",), words=("why",), staff=("who",), nobody=("pbx", "uniqueid", "line", "kind")),
}


def table_of(name: str) -> Table | None:
    """The table of this name; None if this version has none."""
    return tables.metadata.tables.get(name)


def columns_of(table: Table, *says: Says) -> tuple[Column[str], ...]:
    """The text columns of `table` that tell of one of `says`, in the table's own order."""
    held = dict(PERSONAL[table.name].said()) if table.name in PERSONAL else {}
    return tuple(column for column in text_columns(table) if held.get(column.name) in says)


def text_columns(table: Table) -> tuple[Column[str], ...]:
    """The columns of `table` in which words can stand."""
    return tuple(column for column in table.columns if isinstance(column.type, Text))


def tables_with(*says: Says) -> Iterator[tuple[Table, tuple[Column[str], ...]]]:
    """Each table with columns that tell of one of `says`, and these columns."""
    for table in tables.metadata.sorted_tables:
        if columns := columns_of(table, *says):
            yield table, columns
