"""The tables of recorded messages: how each was found last, and every sign-off there was. Of `store.tables`."""

from sqlalchemy import Column, Index, Integer, Table, Text

from callcentre.store.columns import UtcTime, metadata

greetings = Table(
    "greetings",
    metadata,
    Column("pbx", Text, primary_key=True),
    # A mailbox, or `sounds`.
    Column("place", Text, primary_key=True),
    Column("stem", Text, primary_key=True),
    Column("line", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    # A JSON list of words of core.greetings.Standing.
    Column("standing", Text, nullable=False),
    Column("digest", Text, nullable=False),
)

# Only ever added to: the newest of a recorded message counts.
greeting_sign_offs = Table(
    "greeting_sign_offs",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("pbx", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("stem", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("wording", Text, nullable=False),
    # A day, in ISO 8601: the line's own, without a time.
    Column("review_on", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    Index(None, "pbx", "place", "stem", "id"),
)
