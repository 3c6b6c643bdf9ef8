"""The tables, as the newest migration leaves them. Keys are the PBX's own: (pbx, uniqueid) never repeats.

Times are `UtcTime`: aware in, aware UTC out, exact to the microsecond on both databases. Words of an enumeration are
text with a CHECK, so that a new word is a small migration on either database and readable in both. The tables of
messages and their tasks stand in callback_tables.py, those of attendance and breaches in attendance_tables.py; they are
named here too, so that this module has them all.
"""

from sqlalchemy import Boolean, Column, Double, ForeignKeyConstraint, Index, Integer, Table, Text, text

from callcentre.core.terms import AttemptResult, Hours, Origin, Outcome, Quality, VisitResult
from callcentre.store.abuse_tables import abuse_incidents
from callcentre.store.account_tables import api_tokens, audit, recovery_codes, sessions, users
from callcentre.store.attendance_tables import attendance, breach_steps, breaches, presence
from callcentre.store.callback_tables import (
    callouts,
    clicks,
    erased_numbers,
    filings,
    mailboxes,
    messages,
    orders,
    outbox,
    secrets,
    task_history,
    tasks,
    voicemail_uses,
    wrap_ups,
)
from callcentre.store.case_tables import case_clocks, case_history, cases
from callcentre.store.columns import EPOCH, UtcTime, metadata, microseconds, one_of
from callcentre.store.greeting_tables import greeting_sign_offs, greetings
from callcentre.store.protection_tables import erased_cases, erasures, legal_holds, retention_runs
from callcentre.store.satisfaction_tables import satisfaction
from callcentre.store.standing_tables import standings
from callcentre.store.transcript_tables import transcripts

__all__ = [
    "EPOCH",
    "UtcTime",
    "abuse_incidents",
    "api_tokens",
    "attendance",
    "audit",
    "boots",
    "breach_steps",
    "breaches",
    "callouts",
    "calls",
    "case_clocks",
    "case_history",
    "cases",
    "clicks",
    "erased_cases",
    "erased_numbers",
    "erasures",
    "filings",
    "gaps",
    "greeting_sign_offs",
    "greetings",
    "legal_holds",
    "mailboxes",
    "menu_abandons",
    "messages",
    "metadata",
    "microseconds",
    "orders",
    "outbox",
    "presence",
    "progress",
    "recovery_codes",
    "retention_runs",
    "ring_attempts",
    "satisfaction",
    "secrets",
    "sessions",
    "standings",
    "task_history",
    "tasks",
    "transcripts",
    "users",
    "visits",
    "voicemail_uses",
    "wrap_ups",
]

TOLD = text("caller IS NOT NULL")
UNDECIDED = text("outcome IN ('in_progress', 'lost')")

calls = Table(
    "calls",
    metadata,
    Column("pbx", Text, primary_key=True),
    Column("uniqueid", Text, primary_key=True),
    Column("linkedid", Text, nullable=False),
    Column("line", Text, nullable=False),
    Column("did", Text),
    Column("caller", Text),
    Column("origin", Text, nullable=False),
    Column("offered_at", UtcTime, nullable=False),
    Column("first_ring_at", UtcTime),
    Column("answered_at", UtcTime),
    Column("ended_at", UtcTime),
    Column("outcome", Text, nullable=False),
    Column("wait_seconds", Double),
    Column("ring_seconds", Double),
    Column("rings", Integer),
    Column("talk_seconds", Double),
    Column("answered_by", Text),
    Column("within_seconds", Boolean),
    Column("within_rings", Boolean),
    Column("hours", Text, nullable=False),
    Column("quality", Text, nullable=False),
    Column("charter", Text, nullable=False),
    Column("charter_version", Integer, nullable=False),
    one_of("origin", Origin),
    one_of("outcome", Outcome),
    one_of("hours", Hours),
    one_of("quality", Quality),
    # One index for every range: an office has few lines, and each further index costs every call of every day.
    Index(None, "offered_at", "line"),
    # A caller's earlier calls, shown while the telephone rings: without it all years of calls would be read.
    Index("ix_calls_pbx_caller", "pbx", "caller", sqlite_where=TOLD, postgresql_where=TOLD),
    # What a start must restore and a gap must heal: a handful of rows among years of them.
    Index(
        "ix_calls_undecided",
        "pbx",
        "uniqueid",
        sqlite_where=UNDECIDED,
        postgresql_where=UNDECIDED,
    ),
    sqlite_with_rowid=False,
)

ring_attempts = Table(
    "ring_attempts",
    metadata,
    Column("pbx", Text, primary_key=True),
    Column("uniqueid", Text, primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("interface", Text, nullable=False),
    Column("begun_at", UtcTime, nullable=False),
    Column("ring_start", UtcTime),
    Column("ring_end", UtcTime),
    Column("result", Text),
    Column("after_answer", Boolean, nullable=False),
    Column("progress_only", Boolean, nullable=False),
    one_of("result", AttemptResult),
    ForeignKeyConstraint(["pbx", "uniqueid"], ["calls.pbx", "calls.uniqueid"], ondelete="CASCADE"),
    sqlite_with_rowid=False,
)

visits = Table(
    "visits",
    metadata,
    Column("pbx", Text, primary_key=True),
    Column("uniqueid", Text, primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("queue", Text, nullable=False),
    Column("enter", UtcTime, nullable=False),
    Column("leave", UtcTime),
    Column("result", Text),
    Column("after_answer", Boolean, nullable=False),
    one_of("result", VisitResult),
    ForeignKeyConstraint(["pbx", "uniqueid"], ["calls.pbx", "calls.uniqueid"], ondelete="CASCADE"),
    sqlite_with_rowid=False,
)

menu_abandons = Table(
    "menu_abandons",
    metadata,
    Column("pbx", Text, primary_key=True),
    Column("uniqueid", Text, primary_key=True),
    Column("at", UtcTime, nullable=False),
)

gaps = Table(
    "gaps",
    metadata,
    Column("pbx", Text, primary_key=True),
    Column("opened_at", UtcTime, primary_key=True),
    Column("closed_at", UtcTime),
    Column("reason", Text, nullable=False),
)

boots = Table(
    "boots",
    metadata,
    Column("pbx", Text, primary_key=True),
    Column("booted_at", UtcTime, primary_key=True),
    Column("seen_at", UtcTime, nullable=False),
)

progress = Table(
    "progress",
    metadata,
    Column("pbx", Text, primary_key=True),
    # The newest moment of which a fact was committed: where an earlier run's knowledge ends.
    Column("last_fact_at", UtcTime, nullable=False),
)
