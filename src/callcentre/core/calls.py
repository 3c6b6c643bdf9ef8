"""Calls: every PBX's exchange behind one door. Hands each event to the part that knows it and gathers the facts."""

from collections.abc import Callable, Iterable, Mapping, Set
from datetime import datetime

from callcentre.core.calendar import Calendar
from callcentre.core.charter import Office
from callcentre.core.events import (
    ChannelsListed,
    Event,
    EventsQuarantined,
    LinkDown,
    LinkUp,
    PbxShutdown,
    QueuesListed,
    TimePassed,
)
from callcentre.core.exchange import Exchange
from callcentre.core.facts import Call, CallProgressed, Fact
from callcentre.core.sight import Sight
from callcentre.core.switchboard import Switchboard
from callcentre.core.terms import CallKey


class Calls:
    """The calls of all PBXs: `handle(event)` returns what became of them. `EVENTS` are the kinds it knows."""

    def __init__(self, office: Office) -> None:
        calendars = {line.name: Calendar(line) for line in office.lines}
        self._boards = {pbx.name: Switchboard(office, pbx.name, calendars) for pbx in office.pbxs}
        self._exchanges = {name: Exchange(board) for name, board in self._boards.items()}
        self._sights = {name: Sight(board, self._exchanges[name]) for name, board in self._boards.items()}
        self._handlers = {name: self._table(name) for name in self._boards}
        self.EVENTS: frozenset[type] = frozenset(kind for table in self._handlers.values() for kind in table)

    def _table(self, pbx: str) -> dict[type, Callable[..., None]]:
        sight = self._sights[pbx]
        return self._exchanges[pbx].handlers | {
            LinkUp: sight.up,
            LinkDown: sight.down,
            PbxShutdown: sight.shutdown,
            ChannelsListed: sight.listed,
            QueuesListed: sight.queues,
            EventsQuarantined: lambda event: sight.doubted(event.at, event.reason),
        }

    def handle(self, event: Event) -> list[Fact]:
        """Take one event; return its facts."""
        if type(event) is TimePassed:
            return self._time_passed(event.at)
        table = self._handlers.get(event.pbx)
        handler = table.get(type(event)) if table is not None else None
        if handler is None:
            return []
        handler(event)
        board = self._boards[event.pbx]
        return board.take() if board.facts else []

    def _time_passed(self, now: datetime) -> list[Fact]:
        facts: list[Fact] = []
        for name, exchange in self._exchanges.items():
            exchange.decide_due(now)
            facts += self._boards[name].take()
        return facts

    def next_timer(self) -> datetime | None:
        """When the next outcome must be decided."""
        due = [at for exchange in self._exchanges.values() if (at := exchange.next_decision()) is not None]
        return min(due, default=None)

    def restore(
        self,
        calls: Iterable[Call],
        last_seen: Mapping[str, datetime],
        left: Set[CallKey] = frozenset(),
    ) -> list[Fact]:
        """Take the open rows of an earlier run; each PBX has been out of sight since `last_seen`.

        `left` are the calls of which the earlier run knew a message: a row tells of voicemail only with its outcome.
        """
        rows: dict[str, list[Call]] = {name: [] for name in self._boards}
        for call in calls:
            if call.key.pbx in rows:
                rows[call.key.pbx].append(call)
        facts: list[Fact] = []
        for name, sight in self._sights.items():
            sight.restore(rows[name], last_seen.get(name), left)
            facts += self._boards[name].take()
        return facts

    def finish(self, at: datetime) -> list[Fact]:
        """The input ends at `at`: who has hung up is decided, who has not is in progress."""
        facts: list[Fact] = []
        for name, board in self._boards.items():
            self._sights[name].finish(at)
            for track in tuple(board.tracks.values()):
                if track.ended_at is not None or track.lost:
                    self._exchanges[name].decide(track, at)
                else:
                    board.offer_on_arrival(track)
                    board.facts.append(CallProgressed(pbx=name, at=at, call=track.call()))
            facts += board.take()
        return facts

    def waiting(self) -> dict[str, tuple[datetime, ...]]:
        """The offered_at of each call that waits for a person, oldest first, by line."""
        found: dict[str, list[datetime]] = {}
        for board in self._boards.values():
            for track in board.tracks.values():
                if track.offered_at is not None and track.waiting:
                    found.setdefault(track.line.name, []).append(track.offered_at)
        return {line: tuple(sorted(times)) for line, times in found.items()}

    def in_sight(self) -> dict[str, bool]:
        """Whether each PBX is linked and its channels were listed since."""
        return {name: sight.linked and sight.synced for name, sight in self._sights.items()}
