"""The table of how things stood, day by day: counts, and nothing of any person. Of `store.tables`."""

from sqlalchemy import Column, Index, Integer, Table, Text

from callcentre.core.standings import StandingKind
from callcentre.store.columns import UtcTime, metadata, one_of

standings = Table(
    "standings",
    metadata,
    Column("kind", Text, primary_key=True),
    # When the civil day began, on the clocks of the line's zone.
    Column("since", UtcTime, primary_key=True),
    Column("pbx", Text, primary_key=True),
    Column("line", Text, primary_key=True),
    # A mailbox, or `sounds`; empty for the line itself.
    Column("what", Text, primary_key=True),
    Column("good", Integer, nullable=False),
    Column("bad", Integer, nullable=False),
    Column("unknown", Integer, nullable=False),
    one_of("kind", StandingKind),
    Index(None, "since"),
)
