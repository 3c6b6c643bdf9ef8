"""The tables of cases: their rows, every clock that ever ran, their history. All are tables of `store.tables`.

Figures are made of `case_clocks`: a case that goes to a further stage has new clocks, and the old ones stay as they
ended.
"""

from sqlalchemy import Column, ForeignKeyConstraint, Index, Integer, Table, Text, text

from callcentre.core.case_values import CaseChannel, CaseOutcome, CaseState, CaseStep, ClockName
from callcentre.store.columns import UtcTime, metadata, one_of

OPEN_CASES = text("state <> 'closed'")
OF_CALLER = text("caller IS NOT NULL")
OF_TASK = text("task IS NOT NULL")
ASKED = text("request IS NOT NULL")

cases = Table(
    "cases",
    metadata,
    Column("pbx", Text, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("line", Text, nullable=False),
    Column("charter", Text, nullable=False),
    Column("charter_version", Integer, nullable=False),
    # A word of core.case_values.KINDS, or one that the charter file defines.
    Column("kind", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("received_at", UtcTime, nullable=False),
    Column("opened_at", UtcTime, nullable=False),
    Column("opened_by", Text, nullable=False),
    # How long its history is: a snapshot with fewer is older than the one there, and never replaces it.
    Column("entries", Integer, nullable=False),
    Column("category", Text, nullable=False),
    Column("stage", Integer, nullable=False),
    Column("role", Text, nullable=False),
    Column("owner", Text),
    Column("direct_dial", Text),
    # In the spelling of core.numbers.
    Column("caller", Text),
    Column("name", Text),
    Column("email", Text),
    Column("address", Text),
    Column("summary", Text, nullable=False),
    Column("about", Text),
    Column("task", Integer),
    Column("call", Text),
    Column("ack_due", UtcTime),
    Column("ack_act_by", UtcTime),
    Column("acknowledged_at", UtcTime),
    Column("answer_due", UtcTime),
    Column("answer_act_by", UtcTime),
    # The charter's own deadline, where an agreed date took its place in `answer_due`.
    Column("answer_first_due", UtcTime),
    Column("answered_at", UtcTime),
    Column("agreed_at", UtcTime),
    Column("agreed_for", UtcTime),
    Column("agreed_from", Text),
    Column("agreed_why", Text, nullable=False),
    Column("update_days", Integer),
    Column("update_due", UtcTime),
    # Of what is to be done first.
    Column("next_due", UtcTime),
    Column("next_act_by", UtcTime),
    Column("updated_at", UtcTime),
    Column("told_how_at", UtcTime),
    Column("outcome", Text),
    Column("referred_to", Text),
    Column("cause", Text),
    Column("remedy", Text),
    Column("remedied_at", UtcTime),
    Column("closed_at", UtcTime),
    Column("closed_by", Text),
    one_of("channel", CaseChannel),
    one_of("state", CaseState),
    one_of("outcome", CaseOutcome),
    Index(None, "received_at", "pbx", "number"),
    Index("ix_cases_open", "received_at", "pbx", "number", sqlite_where=OPEN_CASES, postgresql_where=OPEN_CASES),
    Index("ix_cases_pbx_caller", "pbx", "caller", sqlite_where=OF_CALLER, postgresql_where=OF_CALLER),
    Index("ix_cases_pbx_task", "pbx", "task", sqlite_where=OF_TASK, postgresql_where=OF_TASK),
    Index(None, "closed_at"),
)

case_clocks = Table(
    "case_clocks",
    metadata,
    Column("pbx", Text, primary_key=True),
    Column("case_number", Integer, primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("clock", Text, nullable=False),
    Column("line", Text, nullable=False),
    Column("charter", Text, nullable=False),
    Column("charter_version", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("stage", Integer, nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("due", UtcTime, nullable=False),
    Column("act_by", UtcTime, nullable=False),
    Column("due_reason", Text, nullable=False),
    Column("met_at", UtcTime),
    Column("dropped_at", UtcTime),
    # A JSON list of words.
    Column("alarms", Text, nullable=False),
    one_of("clock", ClockName),
    one_of("channel", CaseChannel),
    ForeignKeyConstraint(["pbx", "case_number"], ["cases.pbx", "cases.number"]),
    Index(None, "started_at", "clock", "kind"),
)

case_history = Table(
    "case_history",
    metadata,
    Column("pbx", Text, primary_key=True),
    Column("case_number", Integer, primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("who", Text, nullable=False),
    Column("step", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("request", Text),
    one_of("step", CaseStep),
    one_of("state", CaseState),
    ForeignKeyConstraint(["pbx", "case_number"], ["cases.pbx", "cases.number"]),
    # A request is carried out once, whatever the daemon remembers: for OPEN it is the one case of its key.
    Index(
        "ix_case_history_request",
        "pbx",
        "request",
        unique=True,
        sqlite_where=ASKED,
        postgresql_where=ASKED,
    ),
    Index(None, "at"),
)
