"""Days whose first contact was counted for good, and what has them counted anew: a call that is written late.

A day is counted once no call of its own time can follow its calls any more (reports/settling.py). A call that comes to
the database after that, from a tape, other books or a gap that healed, may have followed one of those days: in the
transaction that writes it their counts go, and the next night counts them again.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from callcentre.core.standings import StandingKind
from callcentre.store.first_contact import WINDOW
from callcentre.store.statements import Cursor, Dialect

REACH: Final = WINDOW + timedelta(hours=25)
"""A call follows calls of at most a WINDOW before; the day of those began at most the longest day earlier."""

_NEWEST: Final = "SELECT max(since) FROM standings WHERE kind = ?"
_FORGET: Final = "DELETE FROM standings WHERE kind = ? AND since >= ? AND since <= ?"


class Settled:
    """What one writer knows of the days that are counted. `changes` counts the times that days were forgotten."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._newest: Any = None
        self._known = False
        self.changes = 0

    def kept(self, newest: datetime) -> None:
        """Take note that days up to the one that began at `newest` are being written."""
        when = self._dialect.form.when(newest)
        self._newest = when if self._newest is None else max(self._newest, when)

    def late(self, cursor: Cursor, offered: Iterable[datetime]) -> None:
        """Forget the days that calls offered at these moments may have followed; of nearly all calls there are none."""
        moments = sorted(offered)
        if not moments:
            return
        if not self._known:
            self._dialect.say(cursor, _NEWEST, str(StandingKind.FIRST_CONTACT))
            newest = cursor.fetchall()[0][0]
            self._newest = newest if self._newest is None else max(self._newest, newest or self._newest)
            self._known = True
        when = self._dialect.form.when
        if self._newest is None or when(moments[0] - REACH) > self._newest:
            return
        for since, until in _together(moments):
            self._dialect.say(cursor, _FORGET, str(StandingKind.FIRST_CONTACT), when(since), when(until))
        self.changes += 1


def _together(moments: Sequence[datetime]) -> Iterator[tuple[datetime, datetime]]:
    """The time before each that it reaches, one span for those that touch."""
    since, until = moments[0] - REACH, moments[0]
    for moment in moments[1:]:
        if moment - REACH > until:
            yield since, until
            since = moment - REACH
        until = moment
    yield since, until
