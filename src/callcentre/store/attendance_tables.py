"""The tables of attendance: its changes, how many were there, breaches and what was done about them.

All are tables of `store.tables`. Of people they hold names of staff and their telephones, never a caller's number.
"""

from sqlalchemy import Boolean, Column, ForeignKeyConstraint, Index, Integer, Table, Text, text

from callcentre.core.terms import ActionKind, ActionResult, Attendance, BreachEnd, Mode
from callcentre.store.columns import UtcTime, metadata, one_of

NOT_ENDED = text("ended_at IS NULL")
TO_UNDO = text("undoes IS NOT NULL AND result IN ('wanted', 'failed')")

attendance = Table(
    "attendance",
    metadata,
    Column("pbx", Text, primary_key=True),
    Column("line", Text, primary_key=True),
    Column("at", UtcTime, primary_key=True),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("core", Boolean, nullable=False),
    # A JSON list of words, one for each person.
    Column("who", Text, nullable=False, server_default=text("'[]'")),
    one_of("state", Attendance),
)

presence = Table(
    "presence",
    metadata,
    Column("pbx", Text, primary_key=True),
    Column("line", Text, primary_key=True),
    Column("at", UtcTime, primary_key=True),
    # NULL while it was not known.
    Column("there", Integer),
)

breaches = Table(
    "breaches",
    metadata,
    Column("pbx", Text, primary_key=True),
    Column("line", Text, primary_key=True),
    Column("since", UtcTime, primary_key=True),
    Column("mode", Text, nullable=False),
    Column("reason", Text, nullable=False),
    # JSON lists: of words, and of seconds.
    Column("who", Text, nullable=False),
    Column("unattended_at", UtcTime),
    Column("alarmed_at", UtcTime),
    Column("asked_by", Text),
    Column("told", Text, nullable=False),
    Column("waiting", Integer, nullable=False),
    # How many steps it has: a snapshot with fewer is older than the one there, and never replaces it.
    Column("steps", Integer, nullable=False),
    Column("ended_at", UtcTime),
    Column("end", Text),
    one_of("mode", Mode),
    one_of("end", BreachEnd),
    Index(None, "since", "pbx", "line"),
    Index("ix_breaches_open", "pbx", "line", "since", sqlite_where=NOT_ENDED, postgresql_where=NOT_ENDED),
)

breach_steps = Table(
    "breach_steps",
    metadata,
    Column("pbx", Text, primary_key=True),
    Column("line", Text, primary_key=True),
    Column("since", UtcTime, primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("action", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("result", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("undoes", Integer),
    Column("settled_at", UtcTime),
    one_of("action", ActionKind),
    one_of("result", ActionResult),
    ForeignKeyConstraint(["pbx", "line", "since"], ["breaches.pbx", "breaches.line", "breaches.since"]),
    Index(None, "at"),
    Index("ix_breach_steps_to_undo", "pbx", "line", "since", "seq", sqlite_where=TO_UNDO, postgresql_where=TO_UNDO),
)
