"""An unattended line in core hours as a record, with each thing that was done about it. Values only.

One record for a line at a time: from the first unattended instant within core hours, or from the moment an agent asked
for cover, until the line's own people are back, or core hours end, and all that was done is undone.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from callcentre.core.terms import ActionKind, ActionResult, BreachEnd, Mode


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """A line that needed somebody, known by (pbx, line, since).

    `alarmed_at` is when grace was over and people were told: None while only cover was asked for or grace lasts, so it
    is no breach of the promise yet. `unattended_at` is the first unattended instant, None before there is one.
    `reason` and `who` (one entry a person, words) are why, as of the last change. `asked_by` is the telephone whose
    agent asked for cover. `told` are the escalation steps (their seconds after `unattended_at`) told already.
    `waiting` is how many callers waited when people were told. `steps` counts its steps. `ended_at` and `end` say how
    it ended.
    """

    pbx: str
    line: str
    since: datetime
    mode: Mode
    reason: str
    who: tuple[str, ...] = ()
    unattended_at: datetime | None = None
    alarmed_at: datetime | None = None
    asked_by: str | None = None
    told: tuple[int, ...] = ()
    waiting: int = 0
    steps: int = 0
    ended_at: datetime | None = None
    end: BreachEnd | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BreachStep:
    """One thing done (or, in `observe`, not done) about a breach: its audit row, known by (pbx, line, since, seq).

    `seq` counts from 1. `target` is a queue and telephone (`enquiries PJSIP/109`), a telephone, or a line. A row is
    written with WANTED before its action is sent and again with its `result`; `settled_at` is when that was known.
    `why` is in words: the reason, and what Asterisk answered. `undoes` is the seq of the step that this one takes back.
    """

    pbx: str
    line: str
    since: datetime
    seq: int
    at: datetime
    action: ActionKind
    target: str
    result: ActionResult
    why: str = ""
    undoes: int | None = None
    settled_at: datetime | None = None

    @property
    def key(self) -> str:
        """The name of its action for good: the ActionID that is sent, and the ChannelId of a dial."""
        line = hashlib.sha256(f"{self.pbx}/{self.line}".encode()).hexdigest()[:12]
        return f"breach-{self.since:%Y%m%d%H%M%S%f}-{line}-{self.seq}"
