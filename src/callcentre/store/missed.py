"""Who called, was not answered, and was neither answered nor reached since.

Numbers are compared as core.numbers does, which SQL cannot; so the calls of the window are read in pages. A column for
that on `calls` would cost every call of every day for a list that is asked for now and then.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import and_, or_, select

from callcentre.core.numbers import canonical
from callcentre.core.terms import CalloutResult, Origin, Outcome
from callcentre.store.reader import AnyRow, Reader
from callcentre.store.results import MissedCaller
from callcentre.store.tables import callouts, calls, tasks

_MISSED = (
    Outcome.ABANDONED,
    Outcome.SHORT_ABANDONED,
    Outcome.CLOSED,
    Outcome.REFUSED,
    Outcome.VOICEMAIL,
    Outcome.VOICEMAIL_EMPTY,
    Outcome.OVERFLOWED,
    Outcome.LOST,
)
# No telephone rings longer: a dial that was answered in the window began at most so long before it.
_LONGEST_DIAL = timedelta(hours=1)

_Caller = tuple[str, str]


@dataclass(slots=True)
class _Seen:
    """What the window told of each caller: missed calls by line, the newest answer or reach, the newest task."""

    missed: dict[tuple[str, str, str], list[datetime]] = field(default_factory=dict)
    met: dict[_Caller, datetime] = field(default_factory=dict)
    tasks: dict[_Caller, list[tuple[int, datetime, bool]]] = field(default_factory=dict)

    def meet(self, caller: _Caller, at: datetime) -> None:
        """Somebody of the office spoke with the caller at `at`."""
        known = self.met.get(caller)
        if known is None or at > known:
            self.met[caller] = at


class MissedQueries(Reader):
    """The missed-callers list."""

    async def missed_callers(
        self, since: datetime, until: datetime, *, line: str | None = None, pbxs: Sequence[str] | None = None
    ) -> list[MissedCaller]:
        """Return the external callers whom nobody answered, of calls offered in [since, until); the latest call first.

        Left out are those who were answered later, on whatever line of the same PBX and until now, or reached by a
        callout. A caller on two lines is there for each.
        """
        seen = _Seen()
        await self._read_calls(seen, since, until, line, pbxs)
        if not seen.missed:
            return []
        await self._read_callouts(seen, since)
        await self._read_tasks(seen, since)
        found = [_still_missed(seen, key, times) for key, times in seen.missed.items()]
        return sorted(
            (missed for missed in found if missed is not None),
            key=lambda missed: (missed.last_at, missed.pbx, missed.line, missed.caller),
            reverse=True,
        )

    async def _read_calls(
        self, seen: _Seen, since: datetime, until: datetime, line: str | None, pbxs: Sequence[str] | None
    ) -> None:
        was_missed = and_(calls.c.offered_at < until, calls.c.outcome.in_([word.value for word in _MISSED]))
        if line is not None:
            was_missed = and_(was_missed, calls.c.line == line)
        wanted = and_(
            calls.c.offered_at >= since,
            calls.c.origin == Origin.EXTERNAL.value,
            calls.c.caller.is_not(None),
            or_(calls.c.answered_at.is_not(None), was_missed),
        )
        if pbxs is not None:
            wanted = and_(wanted, calls.c.pbx.in_(pbxs))
        order = (calls.c.offered_at, calls.c.line, calls.c.pbx, calls.c.uniqueid)
        async for page in self._pages(select(*order, calls.c.caller, calls.c.answered_at), wanted, *order):
            for row in page:
                _note_call(seen, row)

    async def _read_callouts(self, seen: _Seen, since: datetime) -> None:
        connected = and_(
            callouts.c.begun_at >= since - _LONGEST_DIAL,
            callouts.c.result == CalloutResult.CONNECTED.value,
            callouts.c.answered_at.is_not(None),
        )
        order = (callouts.c.begun_at, callouts.c.pbx, callouts.c.uniqueid)
        query = select(*order, callouts.c.caller, callouts.c.answered_at)
        async for page in self._pages(query, connected, *order):
            for row in page:
                seen.meet((row.pbx, row.caller), row.answered_at)

    async def _read_tasks(self, seen: _Seen, since: datetime) -> None:
        """Which callers have a task, and whom a task's holder reached (perhaps at the number that they typed)."""
        recent = or_(tasks.c.state != "closed", tasks.c.opened_at >= since, tasks.c.reached_at >= since)
        wanted = and_(recent, tasks.c.caller.is_not(None))
        query = select(
            tasks.c.pbx, tasks.c.number, tasks.c.caller, tasks.c.state, tasks.c.opened_at, tasks.c.reached_at
        )
        async for page in self._pages(query, wanted, tasks.c.pbx, tasks.c.number):
            for row in page:
                number = canonical(row.caller)
                if number is None:
                    continue
                caller = (row.pbx, number)
                seen.tasks.setdefault(caller, []).append((row.number, row.opened_at, row.state != "closed"))
                if row.reached_at is not None:
                    seen.meet(caller, row.reached_at)


def _note_call(seen: _Seen, row: AnyRow) -> None:
    number = canonical(row.caller)
    if number is None:
        return
    if row.answered_at is None:
        seen.missed.setdefault((row.pbx, row.line, number), []).append(row.offered_at)
    else:
        seen.meet((row.pbx, number), row.answered_at)


def _still_missed(seen: _Seen, key: tuple[str, str, str], times: Sequence[datetime]) -> MissedCaller | None:
    pbx, line, number = key
    met = seen.met.get((pbx, number))
    left = [at for at in times if met is None or at > met]
    if not left:
        return None
    first = min(left)
    of_caller = [n for n, opened, is_open in seen.tasks.get((pbx, number), ()) if is_open or opened >= first]
    return MissedCaller(
        pbx=pbx,
        line=line,
        caller=number,
        calls=len(left),
        first_at=first,
        last_at=max(left),
        task=max(of_caller, default=None),
    )
