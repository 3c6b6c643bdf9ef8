"""By when a message must be answered: each line's calendar and its charter's rule, kept for all callbacks.

A line that is no longer configured has no promise of its own: what it promised stands as it was, and the fallback line
lends its calendar and its contacts.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from callcentre.core.calendar import Calendar
from callcentre.core.charter import Line, Office
from callcentre.core.tasks import Filing

__all__ = ["OWN", "Promises"]

OWN = ""
"""The key of what stands for the abandoned call itself among a task's filings; no message has it, no row is written."""


_ANSWER: Final = ("due", "act_by", "due_reason", "charter", "charter_version")
_ACKNOWLEDGEMENT: Final = ("ack_due", "ack_act_by", "ack_reason")


class Promises:
    """The lines of an office and what they promise."""

    def __init__(self, office: Office) -> None:
        self._lines = {line.name: line for line in office.lines}
        self._fallback = office.fallback_line
        self._calendars: dict[str, Calendar] = {}

    def configured(self, name: str) -> bool:
        """Whether there is a line of this name."""
        return name in self._lines

    def line(self, name: str) -> Line:
        """The line of this name, or the fallback line."""
        return self._lines.get(name) or self._lines[self._fallback]

    def calendar(self, name: str) -> Calendar:
        """The calendar of this line, or of the fallback line."""
        line = self.line(name)
        calendar = self._calendars.get(line.name)
        if calendar is None:
            calendar = self._calendars[line.name] = Calendar(line)
        return calendar

    def filing(self, *, pbx: str, key: str, task: int, line: str, left_at: datetime) -> Filing:
        """A message's place in a task, with the deadline that its line promises today."""
        owner = self.line(line)
        deadline = self.calendar(line).due(owner.charter.message_rule, left_at)
        return Filing(
            pbx=pbx,
            key=key,
            task=task,
            line=line,
            left_at=left_at,
            due=deadline.due,
            act_by=deadline.act_by,
            due_reason=" ".join(deadline.reasons),
            charter=owner.charter.name,
            charter_version=owner.charter.version,
            **self._acknowledgement(owner, key, left_at),
        )

    def _acknowledgement(self, owner: Line, key: str, left_at: datetime) -> dict[str, Any]:
        """By when the caller is told that a message was received. Who left none waits for a call, not for that."""
        rule = owner.charter.acknowledge_rule
        if rule is None or key == OWN:
            return {}
        deadline = self.calendar(owner.name).due(rule, left_at)
        return {"ack_due": deadline.due, "ack_act_by": deadline.act_by, "ack_reason": " ".join(deadline.reasons)}

    def anew(self, filing: Filing, *, line: str | None = None, left_at: datetime | None = None) -> Filing:
        """The filing with the deadline of today; unchanged where its line is configured no more."""
        name = line or filing.line
        if not self.configured(name):
            return replace(filing, left_at=left_at or filing.left_at)
        fresh = self.filing(
            pbx=filing.pbx, key=filing.key, task=filing.task, line=name, left_at=left_at or filing.left_at
        )
        return replace(
            filing, line=name, left_at=fresh.left_at, **_some(fresh, _ANSWER), **_some(fresh, _ACKNOWLEDGEMENT)
        )

    def today(self, filing: Filing) -> Filing:
        """The filing with the deadlines of today, as far as they are still to be met."""
        fresh = self.anew(filing)
        if filing.responded_at is not None:
            fresh = replace(fresh, **_some(filing, _ANSWER))
        if filing.acknowledged_at is not None:
            fresh = replace(fresh, **_some(filing, _ACKNOWLEDGEMENT))
        return fresh

    def moved(self, was: Filing, now: Filing) -> str:
        """How a deadline moved, in words: from, to."""
        calendar = self.calendar(now.line)
        if was.due == now.due:
            return f"to be done by {calendar.moment(now.act_by)} instead of {calendar.moment(was.act_by)}"
        return f"due on {calendar.moment(now.due)} instead of {calendar.moment(was.due)}"

    def acknowledgement_moved(self, was: Filing, now: Filing) -> str:
        """How the deadline of its acknowledgement moved, or came or went, in words."""
        calendar = self.calendar(now.line)
        if now.ack_due is None or now.ack_act_by is None:
            return "no longer to be acknowledged by a time"
        if was.ack_due is None or was.ack_act_by is None:
            return f"to be acknowledged by {calendar.moment(now.ack_due)}"
        if was.ack_due == now.ack_due:
            return (
                f"to be acknowledged by {calendar.moment(now.ack_act_by)} instead of {calendar.moment(was.ack_act_by)}"
            )
        return f"to be acknowledged by {calendar.moment(now.ack_due)} instead of {calendar.moment(was.ack_due)}"


def _some(filing: Filing, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(filing, name) for name in names}
