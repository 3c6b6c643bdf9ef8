"""Cases in words: what they are, where they stand, how pressing their promises are. The same words on every page."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import quote

from callcentre.core.case_values import (
    Case,
    CaseChannel,
    CaseClock,
    CaseOutcome,
    CaseState,
    CaseStep,
    ClockName,
)
from callcentre.web.task_words import Pressing
from callcentre.web.words import NBSP, left, span

SOON: Final = timedelta(days=1)
"""So long before its end a promise is shown as pressing."""

CHANNELS: Final[Mapping[CaseChannel, str]] = {
    CaseChannel.CALL: "Telephone",
    CaseChannel.MESSAGE: "Voicemail",
    CaseChannel.LETTER: "Letter",
    CaseChannel.EMAIL: "E-mail",
    CaseChannel.FAX: "Fax",
    CaseChannel.WEB: "Web form",
    CaseChannel.SOCIAL: "Social media",
    CaseChannel.IN_PERSON: "In person",
}
"""In the order in which they are offered."""

OUTCOMES: Final[Mapping[CaseOutcome, str]] = {
    CaseOutcome.RESOLVED: "Resolved",
    CaseOutcome.NOT_UPHELD: "Not upheld",
    CaseOutcome.OUTSIDE_REMIT: "Outside our remit",
    CaseOutcome.PASSED_ON: "Passed on",
    CaseOutcome.WITHDRAWN: "Withdrawn",
    CaseOutcome.DUPLICATE: "Duplicate",
    CaseOutcome.ACKNOWLEDGED_ONLY: "Acknowledgement only",
}
STEPS: Final[Mapping[CaseStep, str]] = {
    CaseStep.OPENED: "opened",
    CaseStep.JOINED: "another message",
    CaseStep.NOTED: "note",
    CaseStep.EDITED: "corrected",
    CaseStep.ASSIGNED: "owner",
    CaseStep.ACKNOWLEDGED: "acknowledged",
    CaseStep.AGREED: "date agreed",
    CaseStep.UPDATED: "update sent",
    CaseStep.ANSWERED: "answered",
    CaseStep.STAGED: "next stage",
    CaseStep.TOLD_HOW: "told how to complain",
    CaseStep.CAUSED: "cause",
    CaseStep.REMEDIED: "remedy",
    CaseStep.NOTIFIED: "people told",
    CaseStep.DEADLINE_CHANGED: "deadline changed",
    CaseStep.WARNED: "warned",
    CaseStep.OVERDUE: "deadline passed",
    CaseStep.ESCALATED: "escalated",
    CaseStep.CLOSED: "closed",
    CaseStep.REOPENED: "reopened",
    CaseStep.ERASED: "erased",
}
CLOCKS: Final[Mapping[ClockName, str]] = {
    ClockName.ACKNOWLEDGE: "Acknowledge",
    ClockName.ANSWER: "Answer",
    ClockName.AGREED: "Agreed date",
    ClockName.UPDATE: "Next update",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """One promise that a case has still to keep, with its end."""

    clock: ClockName
    due: datetime
    act_by: datetime

    @property
    def title(self) -> str:
        """What it is called."""
        return CLOCKS[self.clock]


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """A clock of a case in words. `looks`: kept, late, dropped, over, soon or fine; `done_at`: when it stopped."""

    title: str
    looks: str
    shape: str
    words: str
    due: datetime
    done_at: datetime | None
    reason: str


def kind(word: str) -> str:
    """The name of a kind, also of one that a charter defines."""
    return _said(word)


def category(word: str) -> str:
    """The name of a category."""
    return _said(word)


def channel(of: CaseChannel) -> str:
    """How it came."""
    return CHANNELS[of]


def outcome(of: CaseOutcome) -> str:
    """What came of it."""
    return OUTCOMES[of]


def step(of: CaseStep) -> str:
    """An entry of a history."""
    return STEPS[of].replace(" ", NBSP)


def path_of(case: Case) -> str:
    """The page of a case."""
    return f"/cases/{quote(case.pbx, safe='')}/{case.number}"


def standing(case: Case) -> str:
    """Where a case stands."""
    match case.state:
        case CaseState.CLOSED:
            done = OUTCOMES[case.outcome].lower() if case.outcome is not None else "closed"
            return f"{done}, by {case.closed_by}"
        case CaseState.ANSWERED:
            return "answered; to be closed"
        case CaseState.ACKNOWLEDGED:
            return "acknowledged, not answered"
    return "not acknowledged" if case.ack_due is not None else "open"


def next_promise(case: Case) -> Promise | None:
    """What a case has to keep next; None: nothing is due."""
    if case.next_due is None:
        return None
    dues = {
        ClockName.ACKNOWLEDGE: case.ack_due if case.acknowledged_at is None else None,
        ClockName.ANSWER: case.answer_due if case.answered_at is None else None,
        ClockName.UPDATE: case.update_due,
        ClockName.AGREED: case.agreed_for,
    }
    of = next((name for name, due in dues.items() if due == case.next_due), ClockName.ANSWER)
    return Promise(clock=of, due=case.next_due, act_by=case.next_act_by or case.next_due)


def pressing(case: Case, promise: Promise | None, now: datetime) -> Pressing:
    """How pressing a case is, by the next of what it has to keep."""
    if case.state is CaseState.CLOSED:
        return Pressing(looks="closed", shape="■", words="closed")
    if promise is None:
        return Pressing(looks="answered", shape="✓", words="nothing due")
    return _pressing(promise.due, promise.act_by, now)


def clock(of: CaseClock, now: datetime) -> Clock:
    """One clock, running or not."""
    if of.met_at is not None:
        late = of.met_at > of.due
        words = f"{span(of.met_at - of.due)} late" if late else "in time"
        looks, shape, done = ("late", "✕", of.met_at) if late else ("kept", "✓", of.met_at)
    elif of.dropped_at is not None:
        looks, shape, words, done = "dropped", "–", "no longer", of.dropped_at
    else:
        how = _pressing(of.due, of.act_by, now)
        return _clock(of, how.looks, how.shape, how.words, None)
    return _clock(of, looks, shape, words, done)


def _clock(of: CaseClock, looks: str, shape: str, words: str, done: datetime | None) -> Clock:
    return Clock(
        title=CLOCKS[of.clock],
        looks=looks,
        shape=shape,
        words=words,
        due=of.due,
        done_at=done,
        reason=of.due_reason,
    )


def _pressing(due: datetime, act_by: datetime, now: datetime) -> Pressing:
    if due < now:
        return Pressing(looks="over", shape="▲", words=left(due, now))
    if act_by < now:
        return Pressing(looks="soon", shape="◆", words="due outside hours")
    soon = act_by - now <= SOON
    return Pressing(looks="soon" if soon else "fine", shape="◆" if soon else "●", words=left(act_by, now))


def _said(word: str) -> str:
    told = word.replace("_", " ").replace("-", " ")
    return told[:1].upper() + told[1:]
