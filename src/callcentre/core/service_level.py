"""The verdict on a call, and every service-level variant from the same counts. Sources: H3, H4 (HCT 3 and 4.2).

strict    answered within the target / all offered in core hours, only lost and running calls left out
headline  the same without short abandons
answered  answered within the target / answered (Asterisk's own)
"""

from collections.abc import Iterable
from dataclasses import dataclass

from callcentre.core.charter import Charter, JudgedBy
from callcentre.core.facts import Call
from callcentre.core.terms import Hours, Origin, Outcome

UNDECIDED = frozenset({Outcome.LOST, Outcome.IN_PROGRESS})


def within_seconds(charter: Charter, outcome: Outcome, wait_seconds: float | None) -> bool | None:
    """Whether the call was answered within the charter's seconds; None if none are promised or it is undecided."""
    if charter.answer_seconds is None or outcome in UNDECIDED:
        return None
    if outcome is not Outcome.ANSWERED:
        return False
    return None if wait_seconds is None else wait_seconds <= charter.answer_seconds


def within_rings(charter: Charter, outcome: Outcome, rings: int | None) -> bool | None:
    """Whether it was answered before ring n+1 began; None if nothing rang, none are promised, or it is undecided."""
    if charter.answer_rings is None or rings is None or outcome in UNDECIDED:
        return None
    return outcome is Outcome.ANSWERED and rings <= charter.answer_rings


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceLevel:
    """Counts of external calls offered in core hours, and the ratios from them (None where nothing was offered).

    `lost` stands beside: those calls were not seen to their end and are in no ratio.
    """

    offered: int = 0
    answered: int = 0
    within: int = 0
    short_abandoned: int = 0
    lost: int = 0

    @property
    def strict(self) -> float | None:
        """Answered within the target of all offered."""
        return _ratio(self.within, self.offered)

    @property
    def headline(self) -> float | None:
        """As strict, short abandons left out."""
        return _ratio(self.within, self.offered - self.short_abandoned)

    @property
    def of_answered(self) -> float | None:
        """Answered within the target of all answered."""
        return _ratio(self.within, self.answered)

    def judged(self, charter: Charter) -> float | None:
        """The variant that the charter names."""
        by = {JudgedBy.STRICT: self.strict, JudgedBy.HEADLINE: self.headline, JudgedBy.ANSWERED: self.of_answered}
        return by[charter.judged_by]


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole > 0 else None


def tally(calls: Iterable[Call]) -> ServiceLevel:
    """Count decided external calls of core hours by their seconds target."""
    offered = answered = within = short = lost = 0
    for call in calls:
        if call.hours is not Hours.CORE or call.origin is not Origin.EXTERNAL:
            continue
        if call.outcome in UNDECIDED:
            lost += call.outcome is Outcome.LOST
            continue
        offered += 1
        answered += call.outcome is Outcome.ANSWERED
        within += call.within_seconds is True
        short += call.outcome is Outcome.SHORT_ABANDONED
    return ServiceLevel(offered=offered, answered=answered, within=within, short_abandoned=short, lost=lost)
