"""How long what is kept (H17): the keys of [retention] and [flags], what they become, what check-config says of them.

Why each default is what it is stands in docs/data-protection/retention.md.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import time, timedelta
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field

from callcentre.config.section import Section

NEVER: Final = "never"
_TERM: Final = re.compile(r"([1-9][0-9]{0,3}) (day|week|month|year)s?", re.ASCII)
_DAYS: Final = {"day": 1.0, "week": 7.0, "month": 365.25 / 12, "year": 365.25}
_SHORTEST: Final = timedelta(days=30)
"""What is younger is still worked with: a message not yet found in its mailbox, a window of first contact."""

_LONGEST: Final = timedelta(days=36_525)
_CLOCK: Final = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])", re.ASCII)


def term_of(written: str) -> timedelta | None:
    """Read `90 days`, `13 months`, `6 years` or `never` (None): whole days, a month being the 12th part of a year."""
    if written == NEVER:
        return None
    match = _TERM.fullmatch(written)
    if match is None:
        raise ValueError(
            f'"{" ".join(written.split())}" is no term; write one such as "90 days", "13 months" or "never"'
        )
    length = timedelta(days=round(int(match[1]) * _DAYS[match[2]]))
    if length > _LONGEST:
        raise ValueError(f'"{written}" is too long; write "never", or at most "100 years"')
    return length


def _term(written: str) -> str:
    length = term_of(written)
    if length is not None and length < _SHORTEST:
        raise ValueError(f'"{written}" is too short: what is younger is still worked with; write at least "30 days"')
    return written


def _lasting(written: str) -> str:
    if term_of(written) is None:
        raise ValueError(
            '"never" does not do here: what callers agreed to ends some day; write one such as "12 months"'
        )
    return written


def _clock(written: str) -> str:
    if _CLOCK.fullmatch(written) is None:
        raise ValueError(f'"{" ".join(written.split())}" is no time of day; write one such as "03:15"')
    return written


Term = Annotated[str, AfterValidator(_term)]
Lasting = Annotated[str, AfterValidator(_lasting)]
Clock = Annotated[str, AfterValidator(_clock)]


class RetentionSection(Section):
    """How long what is kept."""

    apply: bool = Field(
        False, description="Remove each night what is over its term; without it it is counted, and nothing is removed."
    )
    at: Clock = Field("03:15", description="When, on the clocks of the first line: a quiet time.")
    numbers: Term = Field(
        "13 months", description="Numbers of callers in calls, dials, wrap-ups and closed tasks; their rows stay."
    )
    notes: Term = Field("13 months", description="What people wrote: notes in histories, of closed tasks and wrap-ups.")
    calls: Term = Field(
        "3 years", description="Calls, their rings and queues, misuse of voicemail, answers of callers."
    )
    tasks: Term = Field(
        "3 years", description="Closed callback tasks with their messages, dials and history; wrap-ups."
    )
    transcripts: Term = Field("3 months", description="Drafts of what voicemails say, of closed tasks.")
    case_details: Term = Field("3 years", description="Who a closed case is of, and what was written about it.")
    cases: Term = Field("6 years", description="Closed cases with their history.")
    incidents: Term = Field("13 months", description="Incidents with abusive callers, once their mark has ended.")
    attendance_names: Term = Field(
        "13 months", description="Names of staff in the books of attendance; their rows stay."
    )
    attendance: Term = Field("3 years", description="The books of attendance, and breaches with what was done.")
    audit: Term = Field("3 years", description="The audit log: who did, opened and listened to what.")
    notices: Term = Field("3 months", description="Notices that were sent, or that nobody was to be told.")
    sessions: Term = Field("30 days", description="Ended log-ins, and what the command line asked.")
    standings: Term = Field("25 months", description="How messages, mailboxes and first contact stood, day by day.")
    runs: Term = Field("3 years", description="What retention removed, and lifted holds.")
    certificates: Term = Field("never", description="What is kept of erasures: a hash, counts, no number and no name.")
    erase_recordings: bool = Field(
        False, description="`callcentre erase --recordings` may delete a person's messages from `voicemail_spool`."
    )


class FlagsSection(Section):
    """How to speak with a caller, noted with their agreement."""

    last: Lasting = Field("12 months", description="How long it is kept, from the caller's agreement on.")
    agents: Literal["handling", "always"] = Field(
        "handling", description="When agents see it: `handling` the caller's task or call, or `always`."
    )


TERMS: Final = tuple(
    name for name, key in RetentionSection.model_fields.items() if name not in ("apply", "at", "erase_recordings")
)
"""The kinds of data that have a term."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionSettings:
    """How long what is kept: `terms` has one for each of TERMS (None: for ever). `at` is civil time of the first line.

    Nothing is removed unless `apply`. `erase_recordings`: an erasure may delete messages from the voicemail spool.
    """

    apply: bool = False
    at: time = time(3, 15)
    terms: Mapping[str, timedelta | None] = field(default_factory=dict)
    erase_recordings: bool = False


def retention_of(one: RetentionSection) -> RetentionSettings:
    """Return [retention] ready for use."""
    return RetentionSettings(
        apply=one.apply,
        at=time.fromisoformat(one.at),
        terms={name: term_of(getattr(one, name)) for name in TERMS},
        erase_recordings=one.erase_recordings,
    )


def flags_last(one: FlagsSection) -> timedelta:
    """How long it is kept how to speak with a caller."""
    return term_of(one.last) or _LONGEST


def told(retention: RetentionSettings) -> Iterator[str]:
    """Say when what is removed, and what stays for ever."""
    ever = [name.replace("_", " ") for name, term in retention.terms.items() if term is None]
    what = "what is over its term is removed" if retention.apply else "what is over its term is counted, NOT removed"
    yield f"retention: {what}, daily at {retention.at:%H:%M}" + (f"; kept for ever: {', '.join(ever)}" if ever else "")
    if not retention.apply:
        yield "  callcentre retention says what would go; retention.apply = true removes it"
