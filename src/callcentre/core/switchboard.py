"""The switchboard of one PBX: its live channels, running calls and legs, and what all that handle events share.

How a call is found: a channel knows the call it serves; failing that, every channel that Asterisk makes for a call
inherits its Linkedid. Facts gather here until `take()` is called.
"""

from datetime import datetime

from callcentre.core.calendar import Calendar
from callcentre.core.channels import Channel, ChannelBook
from callcentre.core.charter import Line, Office
from callcentre.core.claims import Claims
from callcentre.core.events import ChannelEvent
from callcentre.core.facts import CallOffered, CallProgressed, Fact
from callcentre.core.terms import CallKey, Origin
from callcentre.core.tracks import Leg, Track

WITHHELD = frozenset({"", "<unknown>", "unknown", "anonymous", "restricted", "unavailable", "private", "withheld", "s"})


class Switchboard:
    """State of one PBX.

    `linked` maps a Linkedid to its call, `talking` a telephone to its channels that answered and the call of each,
    `behind` a Local channel that was dialled to the legs dialled by its other half.
    """

    def __init__(self, office: Office, pbx: str, calendars: dict[str, Calendar]) -> None:
        self.pbx = pbx
        self.claims = Claims(office, pbx)
        self.book = ChannelBook()
        self.tracks: dict[str, Track] = {}
        self.legs: dict[str, tuple[Track, Leg]] = {}
        self.behind: dict[str, list[tuple[Track, Leg]]] = {}
        self.linked: dict[str, str] = {}
        self.talking: dict[str, dict[str, str]] = {}
        self.facts: list[Fact] = []
        self._calendars = calendars

    def take(self) -> list[Fact]:
        """The facts gathered since the last time."""
        facts, self.facts = self.facts, []
        return facts

    def claim(self, channel: Channel, line: Line) -> Track:
        """The call on this caller's channel belongs to `line` from now on."""
        number = channel.caller_number
        internal = self.claims.is_telephone(channel.device)
        track = Track(
            key=CallKey(self.pbx, channel.uniqueid),
            linkedid=channel.linkedid,
            line=line,
            did=channel.exten if channel.exten not in {"", "s"} else None,
            caller=None if number.strip().lower() in WITHHELD else number,
            origin=Origin.INTERNAL if internal else Origin.EXTERNAL,
            arrived_at=channel.created_at,
        )
        channel.call = channel.uniqueid
        self.tracks[channel.uniqueid] = track
        self.link(track, channel.uniqueid)
        self.link(track, channel.linkedid)
        return track

    def link(self, track: Track, linkedid: str) -> None:
        """Channels with this Linkedid belong to that call."""
        if linkedid not in self.linked:
            self.linked[linkedid] = track.key.uniqueid
            track.linkedids.add(linkedid)

    def offer(self, track: Track, at: datetime) -> None:
        """The call is offered from `at`, unless it already is; it is a row from now on."""
        if track.offered_at is None:
            self._offered(track, at)
            self.facts.append(CallOffered(pbx=self.pbx, at=at, call=track.call()))
        elif track.offered_on_arrival:
            self._offered(track, at)
            self.progressed(track, at)

    def offer_on_arrival(self, track: Track) -> None:
        """Nobody was asked to answer it so far: it counts from its arrival, until it is sent to somebody after all."""
        if track.offered_at is None:
            self.offer(track, track.arrived_at)
            track.offered_on_arrival = True

    def _offered(self, track: Track, at: datetime) -> None:
        track.offered_at, track.offered_on_arrival = at, False
        track.hours = self._calendars[track.line.name].hours_at(at)

    def progressed(self, track: Track, at: datetime) -> None:
        """Say that something about a running call changed."""
        if track.offered_at is not None and track.ended_at is None:
            self.facts.append(CallProgressed(pbx=self.pbx, at=at, call=track.call()))

    def track_of(self, event: ChannelEvent) -> Track | None:
        """The running call that an event's channel serves."""
        channel = self.book.get(event.uniqueid)
        key = channel.call if channel is not None and channel.call else self.linked.get(event.linkedid)
        return self.tracks.get(key) if key else None

    def caller_of(self, uniqueid: str | None, linkedid: str | None) -> Channel | None:
        """The unclaimed channel of the person who called: this one or, for a Local half, its Linkedid's root."""
        channel = self.book.get(uniqueid)
        if channel is not None and channel.local:
            channel = self.book.get(linkedid)
        unclaimed = channel is not None and channel.is_caller and channel.call is None
        return channel if unclaimed else None

    def behind_local(self, uniqueid: str) -> Track | None:
        """The call of this very caller's channel, or that this Local half serves; not one that it only consults."""
        channel = self.book.get(uniqueid)
        if uniqueid in self.tracks or channel is None or not channel.local:
            return self.tracks.get(uniqueid)
        key = channel.call or self.linked.get(channel.linkedid)
        return self.tracks.get(key) if key else None

    def talks(self, telephone: str, uniqueid: str, track: Track) -> None:
        """The telephone has answered the call on that channel."""
        self.talking.setdefault(telephone, {})[uniqueid] = track.key.uniqueid

    def hangs_up(self, telephone: str, uniqueid: str) -> None:
        """That channel of the telephone is no longer in a call."""
        channels = self.talking.get(telephone)
        if channels is not None and channels.pop(uniqueid, "") and not channels:
            del self.talking[telephone]

    def consulted(self, channel: Channel) -> Track | None:
        """The call that the telephone which dials in here is talking on already, if it is one of the office's."""
        keys = self.talking.get(channel.device)
        if not keys or not self.claims.is_telephone(channel.device):
            return None
        return next((self.tracks[key] for key in keys.values() if key in self.tracks), None)

    def forget(self, track: Track) -> None:
        """The call is closed: nothing leads to it any more."""
        self.tracks.pop(track.key.uniqueid, None)
        for linkedid in track.linkedids:
            self.linked.pop(linkedid, None)
        for leg in track.legs:
            self.legs.pop(leg.uniqueid, None)
            if leg.via is not None:
                self.behind.pop(leg.via, None)
            self.hangs_up(leg.interface, leg.uniqueid)
