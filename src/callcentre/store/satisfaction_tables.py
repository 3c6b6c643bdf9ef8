"""The table of what callers answered when they were asked how a call was (H18). Of `store.tables`."""

from sqlalchemy import CheckConstraint, Column, Index, Integer, Table, Text

from callcentre.store.columns import UtcTime, metadata

satisfaction = Table(
    "satisfaction",
    metadata,
    Column("pbx", Text, primary_key=True),
    Column("uniqueid", Text, primary_key=True),
    Column("line", Text, nullable=False),
    Column("asked_at", UtcTime, nullable=False),
    # Both NULL for who was asked and did not answer.
    Column("answered_at", UtcTime),
    Column("answer", Integer),
    # The telephone that answered the call: for the agent's own data alone, never for comparing agents.
    Column("telephone", Text),
    CheckConstraint("answer BETWEEN 1 AND 5", name="answer"),
    Index(None, "asked_at", "line"),
)
