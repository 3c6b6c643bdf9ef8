"""What an incident with an abusive caller is (W5): a warning, the end of a call, or what an agent said after one."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class AbuseStep(StrEnum):
    """What an agent has done about an abusive caller: the first press of code or button, and the second."""

    WARN = "warn"
    END = "end"


class AbuseHow(StrEnum):
    """How an incident came to be."""

    CODE = "code"  # pressed on the telephone
    BUTTON = "button"  # pressed on a page
    WRAP_UP = "wrap_up"  # said after the call


class AbuseStage(StrEnum):
    """What has happened, for those who are told and for the metric."""

    WARNED = "warned"
    ENDED = "ended"
    WRAP_UP = "wrap_up"


class IncidentState(StrEnum):
    """How far an incident has come."""

    WARNING = "warning"  # a button was pressed; the PBX is asked for it
    NOT_WARNED = "not_warned"  # the PBX did not do it, or nobody heard that it did
    WARNED = "warned"
    ENDING = "ending"
    NOT_ENDED = "not_ended"
    ENDED = "ended"
    SAID = "said"  # nothing was pressed; the agent said so after the call


class Review(StrEnum):
    """What the named role made of a mark; nothing yet is None."""

    KEPT = "kept"
    WITHDRAWN = "withdrawn"


ASKED = frozenset({IncidentState.WARNING, IncidentState.ENDING})
"""The states in which the PBX's word is waited for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """An incident with an abusive caller, at most one for each call (pbx, uniqueid): the row of the store.

    `uniqueid` is the call's, or the key of the click by which they were called back. `caller` is in the spelling of
    core.numbers, None if withheld or erased. `agent` is the account, or the queue member's name, as far as either is
    known; `telephone` is the one they were at. `note` has what people wrote of it. The mark that agents are shown lasts
    until `expires_at`; the named role is asked at `review_due` whether it is to stay (`notified`: it has been asked).
    `entries` rises with each change.
    """

    pbx: str
    uniqueid: str
    line: str
    caller: str | None
    agent: str
    telephone: str
    how: AbuseHow
    state: IncidentState
    at: datetime
    expires_at: datetime
    review_due: datetime
    role: str = ""
    warned_at: datetime | None = None
    ended_at: datetime | None = None
    note: str = ""
    reviewed_at: datetime | None = None
    reviewed_by: str | None = None
    review: Review | None = None
    notified: bool = False
    entries: int = 1

    @property
    def happened(self) -> bool:
        """Whether anything came of it: a press that the PBX did not carry out marks nobody."""
        return self.warned_at is not None or self.ended_at is not None or self.how is AbuseHow.WRAP_UP

    def marks(self, at: datetime) -> bool:
        """Whether agents are shown it at `at` when the caller rings again."""
        return self.happened and self.review is not Review.WITHDRAWN and at < self.expires_at

    def may(self, step: AbuseStep) -> bool:
        """Whether a button may ask for `step` now."""
        return self.state in _MAY[step]


_MAY = {
    AbuseStep.WARN: frozenset({IncidentState.NOT_WARNED}),
    AbuseStep.END: frozenset({IncidentState.WARNED, IncidentState.NOT_ENDED}),
}

WANTS = {AbuseStep.WARN: IncidentState.WARNING, AbuseStep.END: IncidentState.ENDING}
"""The state that a press of the button leads to."""

FAILED = {IncidentState.WARNING: IncidentState.NOT_WARNED, IncidentState.ENDING: IncidentState.NOT_ENDED}
"""What a press becomes that nothing was heard of."""
