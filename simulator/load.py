"""Load: thousands of calls at once, each the same true call with names of its own, from bytes prepared beforehand.

One call of the model is played and kept as templates: what it says in one instant is one burst. Every call of the load
says the same bursts at the same distances, with its own channels, numbers, telephone and times. Bursts are formatted
whole, which is why one core can say more than a real Asterisk does.
"""

import heapq
import itertools
import re
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from callcentre_simulator.render import RawEvent, encoded, lines
from callcentre_simulator.versions import privilege_mask
from callcentre_simulator.wire import ActionHeaders, AmiEvent, Headers, Listener, PbxModel, Reply

BURST_SECONDS = 0.02
"""Events closer than this are said together."""

_UNKNOWN = "Invalid/unknown command: {}. Use Action: ListCommands to show available commands."
_LISTS = {
    "queuestatus": ("Queue status will follow", "QueueStatusComplete"),
    "coreshowchannels": ("Channels will follow", "CoreShowChannelsComplete"),
    "devicestatelist": ("Device State Changes will follow", "DeviceStateListComplete"),
    "queuesummary": ("Queue summary will follow", "QueueSummaryComplete"),
    "voicemailuserslist": ("Voicemail user list will follow", "VoicemailUserEntryComplete"),
}

Values = dict[bytes, bytes]


@dataclass(frozen=True, slots=True)
class Row:
    """One event of a burst: what it needs to be heard, a sample for filters, and its template."""

    name: str
    needs: int
    sample: bytes
    template: bytes


@dataclass(frozen=True, slots=True, eq=False)
class BurstTemplate:
    """What a call says in one instant."""

    after: float
    """Seconds after the call began."""
    rows: tuple[Row, ...]
    waits: int
    """What it does to the number of callers waiting: +1, 0 or -1."""

    def joined(self, chosen: tuple[int, ...]) -> bytes:
        """One template of the chosen rows."""
        return b"".join([self.rows[index].template for index in chosen])


@dataclass(frozen=True, slots=True)
class Burst(RawEvent):
    """A burst of one call, ready to be formatted for whoever hears all or some of it."""

    burst: BurstTemplate = field(default_factory=lambda: BurstTemplate(0.0, (), 0))
    values: Values = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sample:
    """One true call as templates."""

    version: int
    bursts: tuple[BurstTemplate, ...]
    seconds: float
    """From the caller's first event to the last."""
    channels: int
    listed: tuple[tuple[str, Headers], ...]
    """What CoreShowChannels says of it in mid-call, with the words that stand for its own."""
    member: Headers
    queue: Headers


class Words:
    """The words of the sample call that every call has for its own, and the templates made of them."""

    def __init__(self, events: Iterable[tuple[float, AmiEvent]]) -> None:
        own: dict[str, str] = {}
        self.channels = 0
        bridges = 0
        for _, event in events:
            headers = dict(event.headers)
            if event.name == "Newchannel":
                own[headers["Channel"]] = f"channel{self.channels}"
                own[headers["Uniqueid"]] = f"id{self.channels}"
                self.channels += 1
                own.setdefault(headers["CallerIDNum"], "caller")
            elif event.name == "BridgeCreate":
                own[headers["BridgeUniqueid"]] = f"bridge{bridges}"
                bridges += 1
            elif event.name == "AgentCalled":
                own[headers["Interface"]] = "interface"
                own[headers["MemberName"]] = "member"
                own[headers["Interface"].rpartition("/")[2]] = "extension"
        own.pop("<unknown>", None)
        self._own = own
        by_length = sorted(own, key=len, reverse=True)
        self._pattern = re.compile("|".join(rf"(?<![\w.]){re.escape(word)}(?![\w.])" for word in by_length))

    def marked(self, text: str) -> str:
        """A text with %(name)s in the place of each of the call's own words."""
        return self._pattern.sub(lambda match: f"%({self._own[match[0]]})s", text.replace("%", "%%"))

    def template(self, headers: Headers) -> Headers:
        """The same for headers."""
        return tuple((name, self.marked(value)) for name, value in headers)


def sampled(model: PbxModel) -> Sample:
    """Play a model that makes one call through a queue, to its end, and keep that call.

    Raises ValueError if there is no such call in it.
    """
    heard: list[tuple[float, AmiEvent]] = []
    model.listen(lambda at, event: heard.append((at, event)))
    listed: Reply | None = None
    asked = ActionHeaders([("Action", "CoreShowChannels")])
    queues = model.act("QueueStatus", ActionHeaders([("Action", "QueueStatus")])).events
    while (at := model.next_at()) is not None:
        model.advance(at)
        if listed is None and any(event.name == "AgentConnect" for _, event in heard[-40:]):
            listed = model.act("CoreShowChannels", asked)
    begins = next((at for at, event in heard if event.name == "Newchannel"), None)
    if begins is None or listed is None:
        raise ValueError("the model made no call that a queue answered")
    call = [(at, event) for at, event in heard if at >= begins]
    words = Words(call)
    called = next(dict(event.headers)["Queue"] for _, event in call if event.name == "AgentCalled")
    return Sample(
        version=model.version,
        bursts=tuple(_bursts(call, words)),
        seconds=call[-1][0] - begins,
        channels=words.channels,
        listed=tuple((event.name, words.template(event.headers)) for event in listed.events[:-1]),
        member=_first(queues, "QueueMember", called, words),
        queue=_first(queues, "QueueParams", called, words),
    )


def _first(events: Iterable[AmiEvent], name: str, queue: str, words: Words) -> Headers:
    found = [event for event in events if event.name == name and dict(event.headers)["Queue"] == queue]
    told = [event for event in found if "%(interface)s" in dict(words.template(event.headers)).values()]
    return words.template((told or found)[0].headers)


def _bursts(call: list[tuple[float, AmiEvent]], words: Words) -> Iterable[BurstTemplate]:
    begins = start = call[0][0]
    rows: list[Row] = []
    waits = 0
    for at, event in call:
        if rows and at - start > BURST_SECONDS:
            yield BurstTemplate(start - begins, tuple(rows), waits)
            start, rows, waits = at, [], 0
        if event.name in {"QueueCallerJoin", "QueueCallerLeave"}:
            waits += 1 if event.name == "QueueCallerJoin" else -1
        rows.append(_row(event, len(rows), words))
    yield BurstTemplate(start - begins, tuple(rows), waits)


def _row(event: AmiEvent, index: int, words: Words) -> Row:
    head = f"Event: {event.name}\r\nPrivilege: {event.classes}\r\n"
    headers = words.template(event.headers)
    if event.name in {"QueueCallerJoin", "QueueCallerLeave"}:
        counted = {"Count": "%(waiting)s", "Position": "%(position)s"}
        headers = tuple((name, counted.get(name, value)) for name, value in headers)
    template = encoded(f"{head}Timestamp: %(t{index})s\r\n{lines(headers)}\r\n")
    sample = encoded(f"{head}Timestamp: 0.000000\r\n{lines(event.headers)}\r\n")
    return Row(event.name, privilege_mask(event.classes), sample, template)


@dataclass(slots=True)
class _Call:
    serial: int
    slot: int
    began: float
    values: Values
    step: int = 0


class LoadPbx:
    """A PbxModel of nothing but calls: `calls` in progress at once, `total` in all (None: without end).

    Calls begin evenly over the length of one; telephone, name and number are each call's own.
    """

    def __init__(self, sample: Sample, *, calls: int, start: float, total: int | None = None) -> None:
        self.version = sample.version
        self.now = start
        self.booted_at = start - 3600.0
        self.in_progress: dict[int, _Call] = {}
        self.most_in_progress = 0
        self.completed = 0
        self._sample = sample
        self._total = total
        self._gap = sample.seconds / (calls + 1)
        self._waiting = 0
        self._stamp = 0
        self._serials = itertools.count()
        self._agents = calls + calls // 20 + 10
        self._slots = deque(range(self._agents))
        self._listeners: list[Listener] = []
        self._due: list[tuple[float, int, _Call | None]] = [(start, -1, None)]
        self._names = [tuple(f"t{index}".encode() for index in range(len(one.rows))) for one in sample.bursts]

    def next_at(self) -> float | None:
        """When the next call speaks."""
        return self._due[0][0] if self._due else None

    def advance(self, to: float) -> None:
        """Let every call speak whose time has come."""
        while self._due and self._due[0][0] <= to:
            at, _, call = heapq.heappop(self._due)
            self.now = max(self.now, at)
            if call is None:
                self._begin()
            else:
                self._speak(call)
        self.now = max(self.now, to)

    def listen(self, listener: Listener) -> None:
        """Tell every burst from now on."""
        self._listeners.append(listener)

    def _begin(self) -> None:
        serial = next(self._serials)
        call = _Call(serial, self._slots.popleft(), self.now, {})
        call.values.update(_own_words(serial, call.slot, self._sample.channels, self.booted_at))
        self.in_progress[serial] = call
        self.most_in_progress = max(self.most_in_progress, len(self.in_progress))
        if self._total is None or serial + 1 < self._total:
            heapq.heappush(self._due, (self.now + self._gap, -1, None))
        self._speak(call)

    def _speak(self, call: _Call) -> None:
        burst = self._sample.bursts[call.step]
        at = self.now
        values = call.values
        self._waiting += burst.waits
        if burst.waits:
            values[b"waiting"] = values[b"position"] = b"%d" % self._waiting
        # Time never runs back on a connection: each event is a microsecond after the last, if not more.
        stamp = max(self._stamp, int(at * 1e6))
        for name in self._names[call.step]:
            stamp += 1
            values[name] = b"%d.%06d" % divmod(stamp, 1_000_000)
        self._stamp = stamp
        event = Burst(burst.rows[0].name, "", (), b"", burst, values)
        for listener in self._listeners:
            listener(at, event)
        call.step += 1
        if call.step < len(self._sample.bursts):
            due = call.began + self._sample.bursts[call.step].after
            heapq.heappush(self._due, (max(due, at), call.serial, call))
        else:
            del self.in_progress[call.serial]
            self._slots.append(call.slot)
            self.completed += 1

    # --- questions ----------------------------------------------------------------------------------------------------

    def act(self, action: str, headers: Mapping[str, str]) -> Reply:
        """Answer the lists that a listener asks for; anything else is unknown."""
        del headers
        name = action.lower()
        if name not in _LISTS:
            return Reply(False, (("Message", _UNKNOWN.format(action)),))
        items: list[AmiEvent] = []
        if name == "coreshowchannels":
            items = [item for call in self.in_progress.values() for item in self._channels(call)]
        elif name == "queuestatus":
            items = [self._item("QueueParams", self._sample.queue, {})]
            items += [self._item("QueueMember", self._sample.member, _agent(slot)) for slot in range(self._agents)]
        message, complete = _LISTS[name]
        end = AmiEvent(complete, "", (("EventList", "Complete"), ("ListItems", str(len(items)))))
        return Reply(True, (("EventList", "start"), ("Message", message)), (*items, end))

    def _channels(self, call: _Call) -> Iterable[AmiEvent]:
        for name, headers in self._sample.listed:
            yield self._item(name, headers, call.values)

    @staticmethod
    def _item(name: str, headers: Headers, values: Mapping[bytes, bytes]) -> AmiEvent:
        text = {key.decode(): value.decode() for key, value in values.items()}
        return AmiEvent(name, "", tuple((key, value % text) for key, value in headers))


def _agent(slot: int) -> Values:
    extension = b"%d" % (100_000 + slot)
    return {b"interface": b"PJSIP/" + extension, b"extension": extension, b"member": b"Agent %d" % slot}


def _own_words(serial: int, slot: int, channels: int, booted_at: float) -> Values:
    values = _agent(slot)
    values[b"caller"] = b"07700%06d" % (900_000 + serial % 100_000)
    for index in range(channels):
        number = serial * channels + index
        device = values[b"interface"] if index else b"PJSIP/trunk"
        values[b"channel%d" % index] = b"%s-%08x" % (device, number)
        values[b"id%d" % index] = b"%d.%d" % (booted_at, number)
    for index in range(4):
        values[b"bridge%d" % index] = b"%08x-0000-4000-8000-%012x" % (index, serial)
    return values
