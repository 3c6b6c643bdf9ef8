"""What the store says, in plain SQL that knows nothing of the product's own queries or of Prometheus."""

import sqlite3
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from callcentre.core.terms import UTC

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DECIDED: Final = "origin = 'external' AND hours = 'core' AND outcome NOT IN ('lost', 'in_progress')"
_VARIANTS: Final = {
    "strict": _DECIDED,
    "headline": f"{_DECIDED} AND outcome <> 'short_abandoned'",
    "answered": f"{_DECIDED} AND outcome = 'answered'",
}
_ENDED: Final = "coalesce(ended_at, answered_at, offered_at)"
"""When a call ended; of one whose end nobody saw, the last that was seen of it."""
DECISION: Final = timedelta(seconds=3)
"""Within so long of a hang-up a call is decided; who asks about a moment sees to it that nobody hung up just before."""

Span = tuple[datetime, datetime]


class Books:
    """The database of a run, read as it lies."""

    def __init__(self, path: Path) -> None:
        self._database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)

    def close(self) -> None:
        """Let go of it."""
        self._database.close()

    def service_level(self, span: Span, variant: str, target: str, *, by: str = _ENDED) -> dict[str, float]:
        """By line, the share of the span's calls that were answered within a target; lines without calls have none."""
        rows = self._rows(
            f"SELECT line, sum(within_{target} IS TRUE) * 1.0 / count(*) FROM calls WHERE {_VARIANTS[variant]} "
            f"AND {by} > ? AND {by} <= ? GROUP BY line",
            span,
        )
        return dict(rows)

    def calls(self, span: Span, variant: str) -> dict[str, int]:
        """By line, how many calls of a variant ended in a span."""
        return dict(
            self._rows(
                f"SELECT line, count(*) FROM calls WHERE {_VARIANTS[variant]} AND {_ENDED} > ? AND {_ENDED} <= ? "
                "GROUP BY line",
                span,
            )
        )

    def outcomes(self, span: Span) -> dict[tuple[str, str, str], int]:
        """By line, outcome and hours, the outside calls that ended in a span."""
        rows = self._rows(
            "SELECT line, outcome, hours, count(*) FROM calls WHERE origin = 'external' AND outcome <> 'in_progress' "
            f"AND {_ENDED} > ? AND {_ENDED} <= ? GROUP BY 1, 2, 3",
            span,
        )
        return {(line, outcome, hours): number for line, outcome, hours, number in rows}

    def is_quiet(self, at: datetime) -> bool:
        """Whether no call was being decided at a moment, so that it is clear which side of it each call is on."""
        rows = self._rows("SELECT 1 FROM calls WHERE ended_at > ? AND ended_at <= ?", (at - DECISION, at + DECISION))
        return not rows

    def seconds(self, state: str, span: Span) -> dict[str, float]:
        """By line, how long it was in a state in its core hours within a span."""
        found: dict[str, float] = {}
        told = self._database.execute("SELECT line, at, state, core FROM attendance ORDER BY line, at").fetchall()
        for (line, at, is_in, core), (next_line, next_at, *_) in zip(told, [*told[1:], ("", 0, "", 0)], strict=True):
            begins = max(_moment(at), span[0])
            ends = min(_moment(next_at) if next_line == line else span[1], span[1])
            found.setdefault(line, 0.0)
            if is_in == state and core and begins < ends:
                found[line] += (ends - begins).total_seconds()
        return found

    def messages(self, span: Span) -> dict[str, int]:
        """By line, the messages left in a span that a task was made of."""
        return dict(
            self._rows(
                "SELECT line, count(*) FROM messages WHERE status = 'filed' AND left_at > ? AND left_at <= ? "
                "GROUP BY line",
                span,
            )
        )

    def closed(self, span: Span) -> dict[tuple[str, str, str], int]:
        """By line, outcome and timeliness, the callbacks that were closed in a span."""
        rows = self._rows(
            "SELECT line, outcome, in_time, count(*) FROM tasks WHERE state = 'closed' AND closed_at > ? "
            "AND closed_at <= ? GROUP BY 1, 2, 3",
            span,
        )
        return {(line, outcome, "true" if in_time else "false"): number for line, outcome, in_time, number in rows}

    def waiting(self) -> dict[tuple[str, str], int]:
        """By line and state, the callbacks that are not closed."""
        rows = self._database.execute("SELECT line, state, count(*) FROM tasks WHERE state <> 'closed' GROUP BY 1, 2")
        return {(line, state): number for line, state, number in rows}

    def overdue(self, at: datetime) -> dict[str, int]:
        """By line, callbacks that nobody had responded to when they were due."""
        rows = self._database.execute(
            "SELECT line, count(*) FROM tasks WHERE state <> 'closed' AND responded_at IS NULL AND due < ? GROUP BY 1",
            (_micro(at),),
        )
        return dict(rows)

    def responses(self, span: Span) -> dict[str, tuple[int, float]]:
        """By line, how many messages were responded to in a span, and the seconds that took in all."""
        rows = self._rows(
            "SELECT line, count(*), sum(responded_at - left_at) / 1e6 FROM filings WHERE responded_at > ? "
            "AND responded_at <= ? GROUP BY 1",
            span,
        )
        return {line: (number, seconds) for line, number, seconds in rows}

    def waits(self, span: Span) -> dict[str, tuple[int, float]]:
        """By line, how many outside calls were answered in core hours, and how long their callers waited in all."""
        rows = self._rows(
            "SELECT line, count(*), sum(wait_seconds) FROM calls WHERE origin = 'external' AND hours = 'core' "
            f"AND outcome = 'answered' AND {_ENDED} > ? AND {_ENDED} <= ? GROUP BY 1",
            span,
        )
        return {line: (number, seconds) for line, number, seconds in rows}

    def _rows(self, query: str, span: Span) -> list[tuple[Any, ...]]:
        return self._database.execute(query, tuple(map(_micro, span))).fetchall()


def _micro(at: datetime) -> int:
    return (at - EPOCH) // timedelta(microseconds=1)


def _moment(micro: int) -> datetime:
    return EPOCH + timedelta(microseconds=micro)
