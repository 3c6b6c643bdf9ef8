"""The table of incidents with abusive callers (W5). Of `store.tables`."""

from sqlalchemy import Boolean, Column, Index, Integer, Table, Text

from callcentre.core.incidents import AbuseHow, IncidentState, Review
from callcentre.store.columns import UtcTime, metadata, one_of

abuse_incidents = Table(
    "abuse_incidents",
    metadata,
    Column("pbx", Text, primary_key=True),
    # The call's: at most one for each.
    Column("uniqueid", Text, primary_key=True),
    Column("line", Text, nullable=False),
    Column("caller", Text),
    Column("agent", Text, nullable=False),
    Column("telephone", Text, nullable=False),
    Column("how", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Column("review_due", UtcTime, nullable=False),
    Column("role", Text, nullable=False),
    Column("warned_at", UtcTime),
    Column("ended_at", UtcTime),
    Column("note", Text, nullable=False),
    Column("reviewed_at", UtcTime),
    Column("reviewed_by", Text),
    Column("review", Text),
    Column("notified", Boolean, nullable=False),
    Column("entries", Integer, nullable=False),
    one_of("how", AbuseHow),
    one_of("state", IncidentState),
    one_of("review", Review),
    # What an agent is shown before answering is looked for by number.
    Index(None, "caller", "expires_at"),
    Index(None, "at"),
)
