"""Asterisk's queue_log: its lines read, and put together to calls with their stays in queues.

A line is `epoch|callid|queue|agent|event|data…`, in whole seconds (Asterisk: configs/samples/queuerules, main/logger.c
and apps/app_queue.c). Lines that cannot be read are told, never dropped in silence, and told without their content,
which holds telephone numbers. A caller's number stands in ENTERQUEUE as it came: one with a line break in it can forge
lines, which nothing in this book would give away.
"""

import re
from collections import Counter, OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from callcentre.core.terms import VisitResult, instant

# Nothing more of a call is expected after so long without a line; a caller still in a queue or in talk gets longer.
_OVER = timedelta(hours=6)
_GIVEN_UP = timedelta(hours=24)

# Asterisk ends its calls about a second before it stops, and is back soon; an end so close to a start was its doing.
_RESTART = timedelta(seconds=10)

_EPOCH = re.compile(r"[0-9]{9,10}(\.[0-9]{1,9})?")
_SECONDS = re.compile(r"[0-9]{1,7}")

_LEFT = {
    "ABANDON": VisitResult.ABANDONED,
    "EXITWITHTIMEOUT": VisitResult.TIMEOUT,
    "EXITEMPTY": VisitResult.EMPTY,
    "EXITWITHKEY": VisitResult.EXIT_KEY,
}
_TRANSFERS = frozenset({"TRANSFER", "BLINDTRANSFER", "ATTENDEDTRANSFER"})
# Which field of the data is the whole seconds of waiting.
_WAIT_FIELD = {"ABANDON": 2, "EXITWITHTIMEOUT": 2, "EXITEMPTY": 2, "EXITWITHKEY": 3}


class BadLine(ValueError):
    """A line that is none of queue_log; the message is the reason, without the line's content."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line: aware UTC `at`, exact to what the line says (a second, where it has no fraction)."""

    at: datetime
    callid: str
    queue: str
    agent: str
    event: str
    data: tuple[str, ...]

    def seconds(self, place: int) -> int:
        """Return field `place` of the data as a whole number; BadLine if it is none."""
        if place >= len(self.data) or not _SECONDS.fullmatch(self.data[place]):
            raise BadLine(f"{self.event} has no number in field {place + 6}")
        return int(self.data[place])


def parse_line(text: str) -> Entry:
    """Read one line (without its end); BadLine says what is wrong with it."""
    epoch, *rest = text.split("|")
    if len(rest) < 4:
        raise BadLine(f"{len(rest) + 1} fields where at least 5 belong")
    if not _EPOCH.fullmatch(epoch):
        raise BadLine("does not begin with seconds since 1970")
    callid, queue, agent, event, *data = rest
    if not event:
        raise BadLine("names no event")
    return Entry(at=instant(float(epoch)), callid=callid, queue=queue, agent=agent, event=event, data=tuple(data))


@dataclass(frozen=True, slots=True, kw_only=True)
class Ringing:
    """A member's telephone that rang (or was engaged: the book does not tell) for `seconds` up to `until`, in vain."""

    agent: str
    until: datetime
    seconds: float
    cancelled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """One stay in a queue. `result` is None while it lasts; `ended_at` is the end of the talk that followed it."""

    queue: str
    enter: datetime
    leave: datetime | None
    result: VisitResult | None
    after_answer: bool
    agent: str | None
    ring_seconds: int | None
    ended_at: datetime | None
    transferred: bool
    rung: tuple[Ringing, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueLogCall:
    """Everything the book says of one call. `cut`: ended by a restart of Asterisk, not by the caller or a member.

    `running`: at the end of what was read the caller still waited or talked.
    """

    callid: str
    caller: str | None
    did: str | None
    stays: tuple[Stay, ...]
    cut: bool
    running: bool

    @property
    def entered(self) -> datetime:
        """When the caller came into the first queue."""
        return self.stays[0].enter

    @property
    def answer(self) -> Stay | None:
        """The stay that led to the first answer."""
        return next((stay for stay in self.stays if stay.result is VisitResult.ANSWERED), None)


@dataclass(slots=True)
class _OpenStay:
    queue: str
    enter: datetime
    after_answer: bool
    leave: datetime | None = None
    result: VisitResult | None = None
    agent: str | None = None
    ring_seconds: int | None = None
    ended_at: datetime | None = None
    transferred: bool = False
    rung: list[Ringing] = field(default_factory=list)

    @property
    def over(self) -> bool:
        talked = self.result is VisitResult.ANSWERED
        return self.leave is not None and (not talked or self.ended_at is not None or self.transferred)

    def closed(self) -> Stay:
        return Stay(
            queue=self.queue,
            enter=self.enter,
            leave=self.leave,
            result=self.result,
            after_answer=self.after_answer,
            agent=self.agent,
            ring_seconds=self.ring_seconds,
            ended_at=self.ended_at,
            transferred=self.transferred,
            rung=tuple(self.rung),
        )


@dataclass(slots=True)
class _OpenCall:
    callid: str
    last_at: datetime
    caller: str | None = None
    did: str | None = None
    stays: list[_OpenStay] = field(default_factory=list)

    @property
    def over(self) -> bool:
        return all(stay.over for stay in self.stays)

    def closed(self, *, cut: bool, running: bool) -> QueueLogCall:
        return QueueLogCall(
            callid=self.callid,
            caller=self.caller,
            did=self.did,
            stays=tuple(stay.closed() for stay in self.stays),
            cut=cut,
            running=running,
        )


class Assembler:
    """Puts entries, in the order of the book, together to calls. Holds the calls of some hours, not the whole book.

    `add` gives the calls that are known to be over; `finish` the rest. `ignored` counts the events that say nothing of
    calls, and `headless` the lines of calls whose beginning was not read and cannot be inferred.
    """

    def __init__(self) -> None:
        self.ignored: Counter[str] = Counter()
        self.headless = 0
        self._calls: OrderedDict[str, _OpenCall] = OrderedDict()

    def add(self, entry: Entry) -> Iterator[QueueLogCall]:
        """Take one entry; BadLine if its data cannot be read (the call then goes on without it)."""
        if entry.event == "QUEUESTART":
            yield from self._restarted(entry.at)
            return
        if not self._take(entry):
            self.ignored[entry.event] += 1
        yield from self._forget(entry.at)

    def finish(self) -> Iterator[QueueLogCall]:
        """Give what is left; calls that were not over are `running`."""
        for call in self._calls.values():
            if call.stays:
                yield call.closed(cut=False, running=not call.over)
        self._calls.clear()

    # --- lines to stays --------------------------------------------------------------------------------------------

    def _take(self, entry: Entry) -> bool:
        event = entry.event
        if event == "ENTERQUEUE":
            self._entered(entry)
        elif event in {"RINGNOANSWER", "RINGCANCELED"}:
            self._rang(entry)
        elif event == "CONNECT":
            self._connected(entry, entry.at, waited=entry.seconds(0), rang=entry.seconds(2))
        elif event in {"COMPLETEAGENT", "COMPLETECALLER"}:
            self._completed(entry)
        elif event in _TRANSFERS:
            self._transferred(entry)
        elif event in _LEFT:
            self._left(entry)
        elif event == "DID":
            self._call(entry).did = (entry.data[0] if entry.data else "") or None
        else:
            return False
        return True

    def _call(self, entry: Entry) -> _OpenCall:
        call = self._calls.get(entry.callid)
        if call is None:
            call = self._calls[entry.callid] = _OpenCall(entry.callid, entry.at)
        call.last_at = entry.at
        self._calls.move_to_end(entry.callid)
        return call

    def _entered(self, entry: Entry) -> None:
        call = self._call(entry)
        if call.caller is None:
            call.caller = _caller(entry.data)
        self._open(call, entry.queue, entry.at)

    def _open(self, call: _OpenCall, queue: str, enter: datetime) -> _OpenStay:
        answered = any(stay.result is VisitResult.ANSWERED for stay in call.stays)
        stay = _OpenStay(queue, enter, answered)
        call.stays.append(stay)
        return stay

    def _waiting(self, entry: Entry, waited: int) -> _OpenStay:
        """Return the stay that this line ends; where its beginning was not read it began `waited` seconds ago."""
        call = self._call(entry)
        for stay in reversed(call.stays):
            if stay.queue == entry.queue and stay.leave is None:
                return stay
        return self._open(call, entry.queue, entry.at - timedelta(seconds=waited))

    def _rang(self, entry: Entry) -> None:
        seconds = entry.seconds(0) / 1000
        call = self._calls.get(entry.callid)
        stay = next((s for s in reversed(call.stays) if s.queue == entry.queue), None) if call else None
        if call is None or stay is None:
            self.headless += 1
            return
        call.last_at = entry.at
        cancelled = entry.event == "RINGCANCELED"
        stay.rung.append(Ringing(agent=entry.agent, until=entry.at, seconds=seconds, cancelled=cancelled))

    def _connected(self, entry: Entry, at: datetime, *, waited: int, rang: int | None) -> _OpenStay:
        stay = self._waiting(entry, waited)
        stay.leave, stay.result = max(at, stay.enter), VisitResult.ANSWERED
        stay.agent, stay.ring_seconds = entry.agent, rang
        return stay

    def _talking(self, entry: Entry) -> _OpenStay | None:
        call = self._calls.get(entry.callid)
        talks = (
            (s for s in reversed(call.stays) if s.queue == entry.queue and s.result is VisitResult.ANSWERED)
            if call
            else ()
        )
        return next((stay for stay in talks if stay.ended_at is None), None)

    def _completed(self, entry: Entry) -> None:
        waited, talked = entry.seconds(0), entry.seconds(1)
        stay = self._talking(entry)
        if stay is None:
            answered = entry.at - timedelta(seconds=talked)
            stay = self._connected(entry, answered, waited=waited + talked, rang=None)
        self._call(entry)
        stay.ended_at = entry.at

    def _transferred(self, entry: Entry) -> None:
        stay = self._talking(entry)
        if stay is None:
            self.headless += 1
            return
        self._call(entry)
        stay.transferred = True

    def _left(self, entry: Entry) -> None:
        place = _WAIT_FIELD[entry.event]
        waited = entry.seconds(place) if place < len(entry.data) else 0
        stay = self._waiting(entry, waited)
        stay.leave, stay.result = entry.at, _LEFT[entry.event]

    # --- calls that are over ---------------------------------------------------------------------------------------

    def _restarted(self, at: datetime) -> Iterator[QueueLogCall]:
        for call in self._calls.values():
            if call.stays:
                yield call.closed(cut=not call.over or at - call.last_at <= _RESTART, running=False)
        self._calls.clear()

    def _forget(self, at: datetime) -> Iterator[QueueLogCall]:
        while self._calls:
            call = next(iter(self._calls.values()))
            if at - call.last_at < (_OVER if call.over else _GIVEN_UP):
                return
            del self._calls[call.callid]
            if call.stays:
                yield call.closed(cut=not call.over, running=False)


def _caller(data: tuple[str, ...]) -> str | None:
    """Return the caller of `url|caller|position`; a caller may hold bars, and old versions give no position."""
    middle = data[1:-1] if len(data) > 2 else data[1:]
    return "|".join(middle).strip() or None


def assemble(entries: Iterable[Entry]) -> Iterator[QueueLogCall]:
    """Put a whole book together."""
    assembler = Assembler()
    for entry in entries:
        yield from assembler.add(entry)
    yield from assembler.finish()
