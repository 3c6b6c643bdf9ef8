"""The table of drafts of what voicemails say. Of `store.tables`."""

from sqlalchemy import Column, Double, ForeignKeyConstraint, Integer, Table, Text

from callcentre.core.transcripts import TranscriptState
from callcentre.store.columns import UtcTime, metadata, one_of

transcripts = Table(
    "transcripts",
    metadata,
    Column("pbx", Text, primary_key=True),
    # The message's.
    Column("key", Text, primary_key=True),
    Column("state", Text, nullable=False),
    # Counted before each try: what takes the machine down with it is not tried for ever.
    Column("tries", Integer, nullable=False),
    Column("made_at", UtcTime, nullable=False),
    Column("text", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("seconds", Double),
    Column("why", Text, nullable=False),
    one_of("state", TranscriptState),
    # A draft never outlives what is known of its message.
    ForeignKeyConstraint(["pbx", "key"], ["messages.pbx", "messages.key"], ondelete="CASCADE"),
)
