"""The tables of data protection: what must be kept, what was erased, what retention removed. Of `store.tables`.

What proves that data were erased names nobody: a keyed hash stands for a number.
"""

from sqlalchemy import Boolean, Column, Index, Integer, Table, Text

from callcentre.store.columns import UtcTime, metadata

legal_holds = Table(
    "legal_holds",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    # Empty: of every PBX.
    Column("pbx", Text, nullable=False),
    # In the spelling of core.numbers; NULL where a case is held.
    Column("number", Text),
    Column("case_number", Integer),
    Column("why", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    # NULL: until somebody lifts it.
    Column("until", UtcTime),
    Column("lifted_at", UtcTime),
    Column("lifted_by", Text),
    Column("lifted_why", Text),
)

erasures = Table(
    "erasures",
    metadata,
    Column("request", Text, primary_key=True),
    Column("pbx", Text, primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("who", Text, nullable=False),
    Column("why", Text, nullable=False),
    # The hash of erased_numbers; empty where no number was erased.
    Column("hash", Text, nullable=False),
    # A JSON object: how many rows of each table held something of the person.
    Column("counts", Text, nullable=False),
    # A JSON list: the messages whose recordings were in the voicemail spool, by their keys.
    Column("messages", Text, nullable=False),
    # A JSON list of sentences: what was done besides, or could not be.
    Column("notes", Text, nullable=False),
    Index(None, "at"),
)

# What was erased by a name or an e-mail address: a snapshot of it from before brings nothing back.
erased_cases = Table(
    "erased_cases",
    metadata,
    Column("pbx", Text, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("at", UtcTime, nullable=False),
)

retention_runs = Table(
    "retention_runs",
    metadata,
    Column("at", UtcTime, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("applied", Boolean, nullable=False),
    Column("rows", Integer, nullable=False),
    # How many were due and stay, because a hold, an open task or an open case needs them.
    Column("kept", Integer, nullable=False),
    Column("oldest", UtcTime),
    Column("who", Text, nullable=False),
)
