"""Open or closed, told to the PBX: each line's state in AstDB at each boundary, and a heartbeat beside it.

A diversion that an earlier run left behind is cleared here too, for here it is tried until it is done. While a breach
diverts, its line is left to the breach (core/response.py), so that no two rooms write one key.
"""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from callcentre.core.breach import BreachStep
from callcentre.core.calendar import Calendar
from callcentre.core.charter import Line, Office
from callcentre.core.commands import StoreValue
from callcentre.core.events import ActionAnswered, Event, LinkDown, LinkUp, PbxShutdown, TimePassed
from callcentre.core.facts import BreachChanged, Fact, OpenRows
from callcentre.core.hints import CommandWanted
from callcentre.core.terms import ActionKind, ActionResult

BEAT: Final = timedelta(seconds=60)
"""How often the heartbeat is written, and with it what could not be written before."""

_EPOCH: Final = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
_NOT_DIVERTING: Final = frozenset({ActionResult.OBSERVED, ActionResult.HELD_BACK, ActionResult.REFUSED})
_STILL: Final = frozenset({ActionResult.WANTED, ActionResult.FAILED})


@dataclass(slots=True)
class _Post:
    """One PBX. `wanted` is what is not yet known to be written, by key of AstDB; `sent` those keys by ActionID."""

    lines: dict[str, Calendar]
    beat_at: datetime | None = None
    boundary: datetime | None = None
    wanted: dict[str, str | None] = field(default_factory=dict)
    sent: dict[str, str] = field(default_factory=dict)


class Openings:
    """Keeps AstDB right while a PBX is in sight and may be acted on; returns CommandWanted."""

    EVENTS: Final[frozenset[type[Event]]] = frozenset({LinkUp, LinkDown, PbxShutdown, ActionAnswered})
    FACTS: Final[frozenset[type[Fact]]] = frozenset({BreachChanged})

    def __init__(self, office: Office) -> None:
        self._posts = {pbx.name: _Post(_calendars(office.lines, pbx.name)) for pbx in office.pbxs if pbx.acts}
        self._diverting: set[tuple[str, str, datetime]] = set()
        self._running = False
        self._count = 0

    def handle(self, event: Event) -> list[Fact]:
        """Take one event of EVENTS, or TimePassed."""
        if isinstance(event, TimePassed):
            return [fact for pbx in self._posts for fact in self._due(pbx, event.at)]
        post = self._posts.get(event.pbx)
        if post is None or not self._running:
            return []
        if isinstance(event, LinkUp):
            return self._link_up(event.pbx, post, event.at)
        if isinstance(event, ActionAnswered):
            self._answered(post, event)
        elif isinstance(event, LinkDown | PbxShutdown):
            post.beat_at = post.boundary = None
        return []

    def handle_fact(self, fact: Fact) -> list[Fact]:
        """Take one fact of FACTS: whose diversion is a breach's own."""
        if isinstance(fact, BreachChanged):
            self._learn(fact.steps)
        return []

    def next_timer(self) -> datetime | None:
        """The next boundary of a line, or the next heartbeat."""
        times = (at for post in self._posts.values() for at in (post.beat_at, post.boundary))
        return min((at for at in times if at is not None), default=None)

    def restore(self, rows: OpenRows, _at: datetime) -> list[Fact]:
        """The daemon begins: only then is anything told to a PBX."""
        self._running = True
        for _, steps in rows.breaches:
            self._learn(steps)
        for pbx, post in self._posts.items():
            diverting = {line for there, line, _ in self._diverting if there == pbx}
            post.wanted |= dict.fromkeys(f"line/{line}/divert" for line in post.lines if line not in diverting)
        return []

    # --- what is so --------------------------------------------------------------------------------------------------

    def _learn(self, steps: tuple[BreachStep, ...]) -> None:
        for step in steps:
            of = (step.pbx, step.line, step.since)
            if step.action is ActionKind.DIVERT and step.result not in _NOT_DIVERTING:
                self._diverting.add(of)
                post = self._posts.get(step.pbx)
                if post is not None:
                    post.wanted.pop(f"line/{step.line}/divert", None)
            elif step.action is ActionKind.UNDIVERT and step.result not in _STILL:
                self._diverting.discard(of)
                self._refused(step)

    def _refused(self, step: BreachStep) -> None:
        """A diversion that the PBX would not end is none of the breach's any more: it is tried with each heartbeat."""
        post = self._posts.get(step.pbx)
        others = any((pbx, line) == (step.pbx, step.line) for pbx, line, _ in self._diverting)
        if step.result is ActionResult.REFUSED and post is not None and step.line in post.lines and not others:
            post.wanted[f"line/{step.line}/divert"] = None

    def _link_up(self, pbx: str, post: _Post, at: datetime) -> list[Fact]:
        post.boundary = None
        post.sent.clear()
        self._states(post, at)
        return self._beat(pbx, post, at)

    def _due(self, pbx: str, now: datetime) -> list[Fact]:
        post, changed = self._posts[pbx], list[str]()
        if post.boundary is not None and post.boundary <= now:
            changed = self._states(post, now)
        if post.beat_at is not None and post.beat_at <= now:
            return self._beat(pbx, post, now)
        return [self._send(pbx, post, name, now) for name in changed]

    def _states(self, post: _Post, at: datetime) -> list[str]:
        """Each line's state at `at` is to be written, at a boundary only of the lines that open or close there."""
        changed: list[str] = []
        for line, calendar in post.lines.items():
            if post.boundary is None or _turns(calendar, post.boundary, at):
                name = f"line/{line}/open"
                post.wanted[name] = "open" if calendar.is_open(at) else "closed"
                changed.append(name)
        boundaries = (calendar.next_boundary(at) for calendar in post.lines.values())
        post.boundary = min((one for one in boundaries if one is not None), default=None)
        return changed

    # --- what is sent ------------------------------------------------------------------------------------------------

    def _beat(self, pbx: str, post: _Post, at: datetime) -> list[Fact]:
        """The heartbeat, after everything that is not yet known to be written."""
        post.beat_at = at + BEAT
        facts = [self._send(pbx, post, name, at) for name in post.wanted]
        seconds = (at - _EPOCH) // timedelta(seconds=1)
        beat = StoreValue(pbx=pbx, key=self._key("beat", pbx, at), name="heartbeat", value=f"{seconds}")
        return [*facts, CommandWanted(pbx=pbx, at=at, command=beat)]

    def _send(self, pbx: str, post: _Post, name: str, at: datetime) -> Fact:
        key = self._key("open", f"{pbx}/{name}", at)
        post.sent = {sent: of for sent, of in post.sent.items() if of != name} | {key: name}
        return CommandWanted(pbx=pbx, at=at, command=StoreValue(pbx=pbx, key=key, name=name, value=post.wanted[name]))

    def _key(self, kind: str, of: str, at: datetime) -> str:
        self._count += 1
        return f"{kind}-{at:%Y%m%d%H%M%S%f}-{hashlib.sha256(of.encode()).hexdigest()[:12]}-{self._count}"

    def _answered(self, post: _Post, event: ActionAnswered) -> None:
        """What was written needs no further attempt; what the PBX would not have is tried with the next heartbeat."""
        name = post.sent.pop(event.key, None)
        if name is not None and event.done:
            post.wanted.pop(name, None)


def _calendars(lines: tuple[Line, ...], pbx: str) -> dict[str, Calendar]:
    return {line.name: Calendar(line) for line in lines if line.pbx == pbx}


def _turns(calendar: Calendar, since: datetime, at: datetime) -> bool:
    """Whether a line opens or closes from `since` to `at`."""
    before = calendar.is_open(since - timedelta(microseconds=1))
    return before is not calendar.is_open(since) or before is not calendar.is_open(at)
