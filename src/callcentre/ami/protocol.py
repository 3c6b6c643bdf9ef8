"""AMI's bytes, sans-IO: feed what was read, get what was said and may be believed. No clock, no socket, no exception.

A packet ends with CR LF CR LF, a header with CR LF; nothing else is a border. What nobody handles is dropped by its
name before it is decoded. Trust is one state: it is lost when a packet's border may be forged (a packet cut short, a
tail with no head, a reply we never asked for) and comes back when the end of a CoreShowChannels reply arrives, which
carries our random ActionID and so cannot be forged; between the two nothing unsolicited is believed.

Unwanted events are only glanced at, which suffices: whatever text a caller has, Newchannel, NewCallerid or
NewConnectedLine carries it first, and those are looked at whole. After the first doubt everything is.
"""

from collections import Counter
from collections.abc import Mapping
from functools import partial

from callcentre.ami.messages import Banner, Doubt, Item, Message, Reason, Reply, Told, UserTold
from callcentre.ami.peeks import KEPT_VARIABLE_LINES, PEEKS
from callcentre.ami.shapes import (
    AFTER_CHANNEL,
    ANNOUNCES,
    DROPPED,
    EVENTS,
    FORGEABLE_BY_TAIL,
    ITEMS,
    LIST_ENDS,
    OTHER_PARTIES,
    Shape,
    has_whole_channels,
)

__all__ = ["BANNER", "MAX_PACKET", "Banner", "Doubt", "Framer", "Item", "Message", "Reply", "Told", "UserTold"]

BANNER = b"Asterisk Call Manager/"
MAX_BANNER = 256
MAX_PACKET = 1 << 20
"""Bytes without a packet's end that are kept: sixteen times the largest SIP message, so no honest event is longer."""

REREAD = "CoreShowChannelsComplete"

BACKWARDS_TOLERANCE = 1.0
"""Seconds that a Timestamp may lie before the latest one: within a connection they never ran backwards on live PBXs."""

_END = b"\r\n\r\n"


class _Route:
    """Where packets of one name go. `lasts`: unwanted, may end with these; `event`, `item`: wanted in that shape."""

    __slots__ = ("announces", "event", "item", "lasts", "match", "name", "peek", "seen", "wanted")

    def __init__(
        self,
        name: str,
        *,
        event: Shape | None = None,
        item: Shape | None = None,
        lasts: tuple[bytes, ...] | None = None,
    ) -> None:
        self.name = name
        self.event = event
        self.item = item
        self.lasts = lasts
        self.announces = name in ANNOUNCES
        self.wanted = event is not None or item is not None
        self.peek = PEEKS.get(name) if event is not None else None
        self.match = None if event is None or name in _READ_THOROUGHLY else event.match
        self.seen = 0


_READ_THOROUGHLY = frozenset({"FullyBooted", "UserEvent"})
_new_told = partial(tuple.__new__, Told)
"""A NamedTuple's own constructor takes twice as long, and one is made for every event that is kept."""


class Framer:
    """Turns the bytes of one connection into messages.

    `ours` is the random beginning of every ActionID that this connection sends; empty accepts any (a tape whose
    questions are not known). `wanted` are the shapes of the events to keep. `banner` says that the stream must begin
    with Asterisk's banner; else it may be there or not. `can_ask` is False for a tape, which cannot be asked again:
    there trust also comes back after the tail of what was cut, which is weaker, as a caller may forge a tail too.
    """

    def __init__(
        self,
        wanted: Mapping[str, Shape] = EVENTS,
        *,
        ours: str = "",
        banner: bool = True,
        can_ask: bool = True,
    ) -> None:
        self._ours = ours
        self._can_ask = can_ask
        self._cut: tuple[bytes, ...] = ()
        self._pending = bytearray()
        self._awaits_banner = True
        self._needs_banner = banner
        self._skipping = False
        self._stamped: bool | None = None
        self._latest = 0.0
        self.trusted = True
        self.cut_in_list = False
        self._wary = False
        self._other = _Route("other")
        self._routes = {name.encode(): _Route(name, lasts=lasts) for name, lasts in DROPPED.items()}
        for name in wanted.keys() | ITEMS.keys():
            self._routes[name.encode()] = _Route(name, event=wanted.get(name), item=ITEMS.get(name))
        self._variables = self._routes.get(b"VarSet", self._other)

    @property
    def held_bytes(self) -> int:
        """Bytes of an unfinished packet, never more than MAX_PACKET and one read."""
        return len(self._pending)

    def take_counts(self) -> Counter[str]:
        """Events seen since the last call, by name; names that nobody knows count as `other`."""
        counts: Counter[str] = Counter()
        for route in (*self._routes.values(), self._other):
            if route.seen:
                counts[route.name] += route.seen
                route.seen = 0
        return counts

    def trust_again(self) -> None:
        """Believe the stream from here on: the channels were read again, or nothing forged can be left."""
        self.trusted = True
        self.cut_in_list = False
        self._cut = ()
        self._stamped = None
        self._latest = 0.0

    def feed(self, data: bytes) -> list[Message]:
        """Take the next bytes of the stream; return what they complete, in order. Any split gives the same."""
        out: list[Message] = []
        held = len(self._pending)
        if self._awaits_banner or self._skipping or data.find(_END) < 0:
            self._pending += data
            if self._awaits_banner:
                if not self._take_banner(out):
                    return out
                held = 0
            if self._pending.find(_END, max(0, held - 3)) < 0:
                self._bound(out)
                return out
            buf = bytes(self._pending)
        else:
            buf = bytes(self._pending) + data if held else data
        rest = self._frame(buf, max(0, held - 3), out)
        self._pending = bytearray(memoryview(buf)[rest:])
        return out

    def _take_banner(self, out: list[Message]) -> bool:
        end = self._pending.find(b"\r\n", 0, MAX_BANNER)
        endless = end < 0 and len(self._pending) >= MAX_BANNER
        if endless or not self._pending.startswith(BANNER[: len(self._pending)]):
            if not self._needs_banner:
                self._awaits_banner = False
                return True
            out.append(Banner(None))
            self._pending.clear()
            return False
        if end < 0:
            return False
        self._awaits_banner = False
        out.append(Banner(self._pending[len(BANNER) : end].decode("ascii", "replace").strip()))
        del self._pending[: end + 2]
        return True

    def _bound(self, out: list[Message]) -> None:
        if len(self._pending) > MAX_PACKET + 3:  # its end may have begun
            if not self._skipping:
                self._doubt(Reason.OVERSIZE, "other", out)
            self._skipping = True
            del self._pending[:-3]

    def _frame(self, buf: bytes, search: int, out: list[Message]) -> int:
        """Walk over the complete packets of `buf`; return where the unfinished rest begins."""
        find, rfind, startswith, routes = buf.find, buf.rfind, buf.startswith, self._routes
        unwanted_variables = 0
        start = 0
        end = find(_END, search)
        if self._skipping:
            self._skipping = False
            start = end + 4
            end = find(_END, start)
        while end >= 0:
            if startswith(b"Event: VarSet\r\n", start) and not self._wary:
                # Nearly half of what a PBX says: as _wanted_variable, without a call.
                variable = rfind(b"\r\nVariable: ", start, end)
                if (
                    variable > 0
                    and not startswith(KEPT_VARIABLE_LINES, variable + 12)
                    and find(b"\r\nValue: ", variable + 12, end) > 0
                    and end - start <= MAX_PACKET
                ):
                    unwanted_variables += 1
                    start = end + 4
                    end = find(_END, start)
                    continue
            if end - start > MAX_PACKET:
                self._doubt(Reason.OVERSIZE, "other", out)
            elif startswith(b"Event: ", start):
                name_end = find(b"\r\n", start, end)
                route = routes.get(buf[start + 7 : name_end if name_end >= 0 else end], self._other)
                route.seen += 1
                if route.lasts is not None:
                    if not startswith(route.lasts, rfind(b"\r\n", start, end) + 2) or (
                        (self._wary or route.announces) and not has_whole_channels(buf, start, end)
                    ):
                        self._truncated(route.name, route.lasts, out)
                elif route.wanted:
                    self._keep(route, buf, start, end, out)
                elif odd_end := self._unknown(route, buf, start, end, out):
                    start = odd_end
                    continue
            elif end > start:
                self._other_packet(buf, start, end, out)
            start = end + 4
            end = find(_END, start)
        self._variables.seen += unwanted_variables
        return start

    def _unknown(self, route: _Route, buf: bytes, start: int, end: int, out: list[Message]) -> int:
        """An unwanted event whose end is not known; where it really ends, if before `end`, else 0."""
        if route is self._other and buf.startswith(b"CoreShowChannelMapComplete\r\n", start + 7):
            # Some versions end it with CR LF LF, and the next packet follows at once.
            odd_end = buf.find(b"\r\n\n", start, end)
            return odd_end + 3 if odd_end >= 0 else 0
        if (
            (self._wary or route is self._other)
            and route.name not in OTHER_PARTIES
            and not has_whole_channels(buf, start, end)
            and buf.find(b"\r\nActionID: ", start, end) < 0
        ):
            self._truncated(route.name, AFTER_CHANNEL, out)
        return 0

    def _keep(self, route: _Route, buf: bytes, start: int, end: int, out: list[Message]) -> None:
        if route.peek is not None and not (wanted := route.peek(buf, start, end)):
            doubted = self._wary and route.name not in OTHER_PARTIES
            cut = wanted is None or (doubted and not has_whole_channels(buf, start, end))
            if cut and route.event is not None:
                self._truncated(route.name, route.event.lasts, out)
            return
        text = str(buf[start : end + 2], "utf-8", "replace")
        if (
            route.match is not None
            and (matched := route.match(text)) is not None
            and self.trusted
            and self._stamped
            and (values := matched.groups())[0] is not None
            and (stamp := float(values[0])) >= self._latest
        ):  # what nearly every event is, so it comes first
            self._latest = stamp
            out.append(_new_told((route.name, stamp, values[1:])))
        elif route.item is not None and (route.event is None or text.startswith("\r\nActionID: ", len(route.name) + 7)):
            self._item(route.item, text, out)
        elif route.event is not None:
            self._event(route.event, text, out)

    def _event(self, shape: Shape, text: str, out: list[Message]) -> None:
        values = shape.examine(text)
        if isinstance(values, Reason):
            self._refuse(values, shape, out)
            return
        stamp = None if values[0] is None else float(values[0])
        reason = self._check_time(shape.name, stamp)
        if reason is not None:
            self._doubt(reason, shape.name, out)
        elif not self.trusted:
            out.append(Doubt(Reason.AFTER_TRUNCATED, shape.name))
        elif shape.name == "UserEvent":
            self._user_event(text, stamp, values, out)
        else:
            out.append(Told(shape.name, stamp, values[1:]))

    def _check_time(self, name: str, stamp: float | None) -> Reason | None:
        if stamp is None:
            if name == "FullyBooted":
                return None
            if self._stamped:
                return Reason.BAD_START
            self._stamped = False
            return None
        if self._stamped is None:
            self._stamped = True
        elif not self._stamped and name != "FullyBooted":
            return Reason.BAD_START
        if stamp > self._latest:
            if self.trusted:
                self._latest = stamp
        elif stamp < self._latest - BACKWARDS_TOLERANCE:
            return Reason.TIME_BACKWARDS
        return None

    def _user_event(self, text: str, stamp: float | None, values: tuple[str | None, ...], out: list[Message]) -> None:
        _, channel, uniqueid, name = values
        lines = text[text.index("\r\nUserEvent: ") + 2 :].split("\r\n")[1:-1]
        fields: dict[str, str] = {}
        for line in lines:
            header, colon, value = line.partition(":")
            if colon and header in fields:
                self._doubt(Reason.REPEATED_HEADER, "UserEvent", out)
                return
            if colon:
                fields[header] = value.strip()
        if not lines or lines[-1].split() != ["End:", "1"]:
            self._doubt(Reason.TRUNCATED, "UserEvent", out)
            return
        del fields["End"]
        out.append(UserTold(name or "", stamp, channel, uniqueid, fields))

    def _item(self, shape: Shape, text: str, out: list[Message]) -> None:
        values = shape.examine(text)
        if isinstance(values, Reason):
            self._refuse(values, shape, out)
            return
        fields = dict(zip(shape.taken, values, strict=True))
        action_id = fields.pop("ActionID") or ""
        if not action_id.startswith(self._ours):
            self._doubt(Reason.FOREIGN_REPLY, shape.name, out)
        elif not self.trusted and shape.name in FORGEABLE_BY_TAIL:
            out.append(Doubt(Reason.AFTER_TRUNCATED, shape.name))
        else:
            if not self.trusted and (shape.name == REREAD or (self.cut_in_list and shape.name in LIST_ENDS)):
                self.trust_again()
            out.append(Item(shape.name, action_id, fields))

    def _other_packet(self, buf: bytes, start: int, end: int, out: list[Message]) -> None:
        while buf.startswith((b"\r\n", b"\n"), start) and start < end:
            start += 1 if buf[start] == 10 else 2
        if start >= end:
            return
        if buf.startswith(b"Event: ", start):
            # Only blank lines stood before it.
            self._frame(buf[start : end + 4], 0, out)
        elif buf.startswith(b"Response: ", start):
            self._reply(str(buf[start:end], "utf-8", "replace"), out)
        else:
            self._doubt(Reason.BAD_START, "other", out)
            last = buf.rfind(b"\r\n", start, end)
            if not self._can_ask and buf.startswith(self._cut or AFTER_CHANNEL, last + 2 if last >= 0 else start):
                self.trust_again()

    def _reply(self, text: str, out: list[Message]) -> None:
        fields: dict[str, str] = {}
        for line in text.split("\r\n"):
            header, separator, value = line.partition(": ")
            if separator and header in fields:
                self._doubt(Reason.REPEATED_HEADER, "Response", out)
                return
            fields[header] = value
        action_id = fields.get("ActionID", "")
        if not action_id.startswith(self._ours):
            self._doubt(Reason.FOREIGN_REPLY, "Response", out)
            return
        out.append(Reply(action_id, fields["Response"] == "Success", fields))

    def _refuse(self, reason: Reason, shape: Shape, out: list[Message]) -> None:
        if reason is Reason.TRUNCATED:
            in_list = shape.item and (self.trusted or self.cut_in_list)
            self._truncated(shape.name, shape.lasts, out, in_list=in_list)
        else:
            self._doubt(reason, shape.name, out)

    def _truncated(self, name: str, lasts: tuple[bytes, ...], out: list[Message], *, in_list: bool = False) -> None:
        self._cut = lasts
        self._doubt(Reason.TRUNCATED, name, out, in_list=in_list)

    def _doubt(self, reason: Reason, name: str, out: list[Message], *, in_list: bool | None = None) -> None:
        self._wary = True
        believed = self.trusted or self.cut_in_list
        if reason.distrusts_stream:
            self.trusted = False
            if in_list is not None:
                self.cut_in_list = in_list
        out.append(Doubt(reason, name, self.cut_in_list, believed and not self.trusted and not self.cut_in_list))
