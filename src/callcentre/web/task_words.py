"""Callbacks in words: how pressing one is, where it stands, what its history says. The same words on every page."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import quote

from callcentre.core.tasks import Task
from callcentre.core.terms import (
    AckHow,
    ClickResult,
    ClickState,
    TaskOutcome,
    TaskSource,
    TaskState,
    TaskStep,
    WrapKind,
)
from callcentre.web.words import NBSP, left, some

OUTCOMES: Final[Mapping[TaskOutcome, str]] = {
    TaskOutcome.DONE: "Done",
    TaskOutcome.NO_ANSWER: "No answer",
    TaskOutcome.WRONG_NUMBER: "Wrong number",
    TaskOutcome.GOT_THROUGH: "Got through otherwise",
    TaskOutcome.DUPLICATE: "Duplicate",
    TaskOutcome.NOT_NEEDED: "Not needed",
}
"""In the order of their keys, 1 to 6."""

WRAPS: Final[Mapping[WrapKind, str]] = {
    WrapKind.RESOLVED: "Resolved at first contact",
    WrapKind.UNRESOLVED: "Not resolved",
    WrapKind.FOLLOW_UP: "Follow-up",
    WrapKind.COMPLAINT: "Complaint",
    WrapKind.ABUSIVE: "Abusive",
}
NEEDS: Final[Mapping[str, str]] = {
    "interpreter": "needs an interpreter",
    "text_relay": "calls by text relay",
    "hard_of_hearing": "hard of hearing",
    "sight": "has trouble seeing",
    "speech": "has trouble speaking",
    "learning": "learning disability",
    "carer_calls": "a carer calls for them",
}
LANGUAGES: Final[Mapping[str, str]] = {
    "ar": "Arabic",
    "bn": "Bengali",
    "bg": "Bulgarian",
    "bfi": "British Sign Language",
    "yue": "Cantonese",
    "cmn": "Mandarin",
    "fr": "French",
    "el": "Greek",
    "gu": "Gujarati",
    "hi": "Hindi",
    "hu": "Hungarian",
    "it": "Italian",
    "lt": "Lithuanian",
    "ne": "Nepali",
    "fa": "Persian",
    "pl": "Polish",
    "pt": "Portuguese",
    "pa": "Punjabi",
    "ro": "Romanian",
    "ru": "Russian",
    "so": "Somali",
    "es": "Spanish",
    "ta": "Tamil",
    "tr": "Turkish",
    "uk": "Ukrainian",
    "ur": "Urdu",
    "cy": "Welsh",
}
STEPS: Final[Mapping[TaskStep, str]] = {
    TaskStep.OPENED: "opened",
    TaskStep.MESSAGE_JOINED: "another message",
    TaskStep.MESSAGE_CHANGED: "message changed",
    TaskStep.HEARD: "listened",
    TaskStep.CLAIMED: "claimed",
    TaskStep.RENEWED: "kept for longer",
    TaskStep.RELEASED: "released",
    TaskStep.LAPSED: "claim lapsed",
    TaskStep.DIALLED: "dialled",
    TaskStep.CONNECTED: "reached",
    TaskStep.NOT_CONNECTED: "not reached",
    TaskStep.RESPONDED: "answered the message",
    TaskStep.GOT_THROUGH: "got through otherwise",
    TaskStep.NUMBER_TYPED: "number typed",
    TaskStep.NOTED: "note",
    TaskStep.DIAL_ASKED: "call back pressed",
    TaskStep.SCHEDULED: "put off",
    TaskStep.FLAGGED: "how to speak",
    TaskStep.ASSIGNED: "assigned",
    TaskStep.UNDONE: "undone",
    TaskStep.COMPLAINT: "complaint",
    TaskStep.FOLLOW_UP: "follow-up",
    TaskStep.ACKNOWLEDGED: "acknowledged",
    TaskStep.DEADLINE_CHANGED: "deadline changed",
    TaskStep.WARNED: "warned",
    TaskStep.OVERDUE: "deadline passed",
    TaskStep.ESCALATED: "escalated",
    TaskStep.CLOSED: "closed",
    TaskStep.REOPENED: "reopened",
    TaskStep.ERASED: "erased",
}
CLICKS: Final[Mapping[ClickState, str]] = {
    ClickState.WANTED: "asking the telephone system…",
    ClickState.RINGING_AGENT: "ringing you…",
    ClickState.DIALLING: "you picked up; dialling them…",
    ClickState.RINGING_CALLER: "ringing them…",
    ClickState.TALKING: "talking",
    ClickState.ENDED: "over",
}
CLICK_RESULTS: Final[Mapping[ClickResult, str]] = {
    ClickResult.CONNECTED: "you spoke with them",
    ClickResult.NO_ANSWER: "no answer",
    ClickResult.BUSY: "engaged",
    ClickResult.FAILED: "could not be reached",
    ClickResult.AGENT_GONE: "your telephone was not picked up",
    ClickResult.REFUSED: "not dialled",
    ClickResult.UNCERTAIN: "not certain whether it was dialled",
}
TOLD: Final[Mapping[AckHow, str]] = {
    AckHow.TEXT: "by text",
    AckHow.EMAIL: "by e-mail",
    AckHow.LETTER: "by letter",
    AckHow.CALL: "by a call",
}
"""A call comes last: one that was seen needs no word."""
_SOURCES: Final = {
    TaskSource.VOICEMAIL: "left a message",
    TaskSource.ABANDONED: "gave up waiting",
    TaskSource.FOLLOW_UP: "was promised a follow-up",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pressing:
    """How pressing a task is: a word for its looks, a shape that needs no colour, and the time that is left."""

    looks: str
    shape: str
    words: str


def pressing(task: Task, now: datetime, *, waits: bool, warn_before: timedelta) -> Pressing:
    """How pressing a task is. `waits`: something in it was not answered; `warn_before`: the line's.

    Counted is to `act_by`, the last open moment; over it is when `due`, which is promised, has passed.
    """
    if task.state is TaskState.CLOSED:
        return Pressing(looks="closed", shape="■", words="closed")
    if not waits:
        return Pressing(looks="answered", shape="✓", words="answered")
    if task.due < now:
        return Pressing(looks="over", shape="▲", words=left(task.due, now))
    if task.act_by < now:
        return Pressing(looks="soon", shape="◆", words="due outside hours")
    soon = task.act_by - now <= warn_before
    return Pressing(looks="soon" if soon else "fine", shape="◆" if soon else "●", words=left(task.act_by, now))


def receipt(task: Task, now: datetime, *, warn_before: timedelta) -> Pressing | None:
    """How pressing it is to tell the caller that their message was received; None: nothing of that waits."""
    if task.state is TaskState.CLOSED or task.ack_due is None or task.ack_act_by is None:
        return None
    if task.ack_due < now:
        return Pressing(looks="over", shape="▲", words="was to be acknowledged by")
    soon = task.ack_act_by - now <= warn_before
    return Pressing(looks="soon" if soon else "fine", shape="◆" if soon else "●", words="to be acknowledged by")


def standing(task: Task, who: str) -> str:
    """Where a task stands, for `who` looks at it."""
    held = task.holder is not None
    mine = same(task.holder, who)
    by = "you" if mine else task.holder
    match task.state:
        case TaskState.CLOSED:
            return f"{OUTCOMES[task.outcome].lower() if task.outcome else 'closed'}, by {task.closed_by}"
        case TaskState.DIALLING:
            return f"being dialled by {by}" if held else "being dialled"
        case TaskState.REACHED:
            return "reached; to be closed" + (f" by {by}" if held else "")
        case TaskState.CLAIMED:
            return "yours" if mine else f"{task.holder} has it"
        case TaskState.UNANSWERED:
            return "no answer yet"
        case TaskState.REOPENED:
            return "reopened"
    return "waiting"


def attempts(task: Task) -> str:
    """How often was tried."""
    return "not tried yet" if not task.attempts else f"tried {'once' if task.attempts == 1 else f'{task.attempts}×'}"


def source(task: Task) -> str:
    """Why somebody is to be called."""
    return _SOURCES[task.source]


def messages(number: int, seconds: int | None) -> str:
    """`2 messages, 0:42`."""
    told = some(number, "message")
    return told if seconds is None else f"{told}, {seconds // 60}:{seconds % 60:02d}"


def flags(language: str | None, needs: tuple[str, ...]) -> list[str]:
    """How somebody is to be spoken with (H13), in words."""
    spoken = [f"speaks {LANGUAGES.get(language, language)}"] if language else []
    return spoken + [NEEDS.get(need, need) for need in needs]


def step(step: TaskStep) -> str:
    """An entry of a history."""
    return STEPS[step].replace(" ", NBSP)


def path_of(task: Task) -> str:
    """The page of a task."""
    return f"/tasks/{quote(task.pbx, safe='')}/{task.number}"


def same(holder: str | None, who: str) -> bool:
    """Whether two names are one person's."""
    return holder is not None and holder.casefold() == who.casefold()
