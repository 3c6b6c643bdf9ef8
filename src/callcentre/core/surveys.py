"""What the dialplan tells of a question after a call (H18): that it was put, and which key was pressed.

A UserEvent is text that anybody with an account may send: nothing but the exact words of the contract
(dialplan/README.md) is taken for one.
"""

from dataclasses import dataclass
from typing import Final

from callcentre.core.events import UserEventRaised

SURVEY_TOLD: Final = "CallcentreSatisfaction"
"""The dialplan's UserEvent: Step (asked or answered) and Answer (1 to 5)."""

_ANSWERS: Final = {str(answer): answer for answer in range(1, 6)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """A caller, on the channel `uniqueid`, was asked; or `answer`ed, 1 to 5."""

    uniqueid: str
    answer: int | None = None


def survey_of(event: UserEventRaised) -> Survey | None:
    """What the event tells of a question; None if it tells of none, or of none that can be."""
    if event.name != SURVEY_TOLD or not event.uniqueid:
        return None
    step, answer = event.fields.get("Step", ""), _ANSWERS.get(event.fields.get("Answer", ""))
    if step == "asked":
        return Survey(uniqueid=event.uniqueid)
    return Survey(uniqueid=event.uniqueid, answer=answer) if step == "answered" and answer is not None else None
