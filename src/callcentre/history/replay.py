"""Replay: a recording through the same translation and the same core as a live PBX, on the tape's own clock.

Starts no server, needs no PBX and no database. Each tape is a world of its own: nothing is carried to the next.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

from callcentre.ami.playback import events_of_tape
from callcentre.core.calendar import Calendar
from callcentre.core.centre import CallCentre, Step
from callcentre.core.charter import Line, Office
from callcentre.core.events import TimePassed
from callcentre.core.facts import AttendanceChanged, Call, Fact, RingAttempt, TaskChanged, Visit
from callcentre.core.tasks import Filing, Message, Task
from callcentre.core.terms import Attendance, Hours

Json = dict[str, object]


def replay(tape: Path, office: Office, pbx: str, snapshots: Path | None = None) -> Iterator[Json]:
    """Play one tape; yield a JSON object for each call in order of offering, each message, each attendance interval.

    `snapshots` are the replies a client could have asked for (docs/reference/tape.md). Raises CallcentreError for a
    tape that cannot be read.
    """
    centre, ledger = CallCentre(office), Ledger(office, pbx)
    last: datetime | None = None
    for event in events_of_tape(tape, pbx, snapshots=snapshots):
        last = event.at if last is None else max(last, event.at)
        ledger.begin(event.at)
        while (due := centre.next_timer()) is not None and due <= event.at:
            ledger.take(centre.handle(TimePassed(pbx="", at=due)))
        ledger.take(centre.handle(event))
    if last is not None:
        ledger.take(centre.finish(last))
        yield from ledger.rows(last)


class Ledger:
    """What the facts of a replay add up to: the last word on calls, messages and tasks; the intervals of lines."""

    def __init__(self, office: Office, pbx: str) -> None:
        self._pbx = pbx
        self._lines = [line for line in office.lines if line.pbx == pbx]
        self._calls: dict[str, Call] = {}
        self._messages: dict[str, Message] = {}
        self._filings: dict[str, Filing] = {}
        self._tasks: dict[int, Task] = {}
        self._open: dict[str, Json] = {}
        self._intervals: list[Json] = []

    def begin(self, at: datetime) -> None:
        """At the first event nothing has been told of any line."""
        if not self._open:
            for line in self._lines:
                self._open[line.name] = self._interval(line, at)

    def _interval(self, line: Line, at: datetime) -> Json:
        core = Calendar(line).hours_at(at) is Hours.CORE
        state, reason = Attendance.UNKNOWN.value, "nothing has been told of this line yet"
        return {"pbx": self._pbx, "line": line.name, "state": state, "reason": reason, "start": at, "core": core}

    def take(self, step: Step) -> None:
        """Add what a step concluded."""
        for fact in step.facts:
            self._add(fact)

    def _add(self, fact: Fact) -> None:
        call = getattr(fact, "call", None)
        if isinstance(call, Call):
            self._calls[call.key.uniqueid] = call
        elif isinstance(fact, TaskChanged):
            self._task_changed(fact)
        elif isinstance(fact, AttendanceChanged) and fact.pbx == self._pbx:
            self._close(fact.line, fact.at)
            self._open[fact.line] = {
                "pbx": self._pbx,
                "line": fact.line,
                "state": fact.state.value,
                "reason": fact.reason,
                "start": fact.at,
                "core": fact.core,
            }

    def _task_changed(self, fact: TaskChanged) -> None:
        if fact.message is not None:
            self._messages[fact.message.key] = fact.message
        if fact.task is not None:
            self._tasks[fact.task.number] = fact.task
        for filing in fact.filings:
            self._filings[filing.key] = filing

    def _close(self, line: str, at: datetime) -> None:
        interval = self._open.pop(line, None)
        if interval is not None and interval["start"] != at:
            interval["end"] = at
            self._intervals.append(interval)

    def rows(self, end: datetime) -> Iterator[Json]:
        """Everything, calls first."""
        for line in tuple(self._open):
            self._close(line, end)
        for call in sorted(self._calls.values(), key=lambda call: (call.offered_at, call.key.uniqueid)):
            yield call_row(call)
        for message in sorted(self._messages.values(), key=lambda message: (message.left_at, message.key)):
            filing = self._filings.get(message.key)
            task = None if filing is None else self._tasks.get(filing.task)
            yield {"voicemail": message_row(message, filing, task)}
        order = ("pbx", "line", "state", "reason", "start", "end", "core")
        for interval in sorted(self._intervals, key=lambda row: (str(row["line"]), str(row["start"]))):
            yield {"attendance": {key: _plain(interval[key]) for key in order}}


def call_row(call: Call) -> Json:
    """A call as the public JSON object; every key always present, times UTC ISO 8601 with microseconds or null."""
    fields = (
        "linkedid",
        "line",
        "did",
        "caller",
        "origin",
        "offered_at",
        "first_ring_at",
        "answered_at",
        "ended_at",
        "outcome",
        "wait_seconds",
        "ring_seconds",
        "rings",
        "talk_seconds",
        "answered_by",
        "attempts",
        "visits",
        "within_seconds",
        "within_rings",
        "hours",
        "quality",
    )
    row: Json = {"uniqueid": call.key.uniqueid, "linkedid": call.linkedid, "pbx": call.key.pbx}
    return row | {name: _plain(getattr(call, name)) for name in fields}


def message_row(message: Message, filing: Filing | None, task: Task | None) -> Json:
    """A voicemail message as the public JSON object: its deadline by `filing`, and what became of it by `task`."""
    row = _pick(message, ("pbx", "mailbox", "msg_id", "uniqueid", "line", "caller", "left_at", "duration"))
    for name in ("due", "act_by", "due_reason"):
        row[name] = None if filing is None else _plain(getattr(filing, name))
    row["quality"] = message.quality
    outcome = ("number", "state", "outcome", "attempts", "responded_at", "reached_at")
    return row | {"task": None if task is None else _pick(task, outcome)}


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat(timespec="microseconds")
    if isinstance(value, RingAttempt):
        return _pick(value, ("interface", "ring_start", "ring_end", "result", "after_answer"))
    if isinstance(value, Visit):
        return _pick(value, ("queue", "enter", "leave", "result", "after_answer"))
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value


def _pick(value: object, names: Iterable[str]) -> Json:
    return {name: _plain(getattr(value, name)) for name in names}
