"""What goes on at the telephones now, from committed facts: calls in progress, and dials asked for with a click.

Calls that are just over are known for a while: whoever answered one says what it was.
"""

from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, TypeVar

from callcentre.core.facts import (
    Call,
    CallAnswered,
    CallEnded,
    CallOffered,
    CallProgressed,
    CallWrapped,
    ClickChanged,
    Fact,
    RingAttempt,
)
from callcentre.core.tasks import Click, WrapUp
from callcentre.core.terms import CallKey, ClickState

K = TypeVar("K")
V = TypeVar("V")

_MOST: Final = 5_000
_ENDED: Final = 1_000
WRAP_WITHIN: Final = timedelta(minutes=5)
"""So long after its end a call can be wrapped up from the page."""


class Live:
    """The calls in progress, those just over, and the running clicks (runtime.loop.Observer)."""

    def __init__(self) -> None:
        self._calls: dict[CallKey, Call] = {}
        self._ended: OrderedDict[CallKey, Call] = OrderedDict()
        self._wraps: OrderedDict[tuple[CallKey, str], WrapUp] = OrderedDict()
        self._clicks: dict[tuple[str, str], Click] = {}
        self._called: OrderedDict[tuple[str, str], Click] = OrderedDict()

    def observe(self, facts: Sequence[Fact]) -> None:
        """Take note of facts that were just committed."""
        for fact in facts:
            match fact:
                case CallOffered() | CallProgressed() | CallAnswered():
                    self._calls[fact.call.key] = fact.call
                    if len(self._calls) > _MOST:
                        del self._calls[next(iter(self._calls))]
                case CallEnded():
                    self._calls.pop(fact.call.key, None)
                    if fact.call.answered_by is not None:
                        _keep(self._ended, fact.call.key, fact.call)
                case CallWrapped():
                    wrap = fact.wrap
                    _keep(self._wraps, (CallKey(wrap.pbx, wrap.uniqueid), wrap.who.casefold()), wrap)
                case ClickChanged():
                    key = (fact.click.pbx, fact.click.key)
                    if fact.click.state is ClickState.ENDED:
                        self._clicks.pop(key, None)
                        _keep(self._called, key, fact.click)
                    else:
                        self._clicks[key] = fact.click

    @property
    def calls(self) -> Sequence[Call]:
        """The calls in progress."""
        return tuple(self._calls.values())

    def ringing(self, telephone: str) -> Call | None:
        """The call that rings `telephone` (`PJSIP/101`) now; the latest, if several do."""
        found = (c for c in self._calls.values() if any(_rings(a, telephone) for a in c.attempts))
        return max(found, key=lambda call: call.offered_at, default=None)

    def talking(self, telephone: str) -> Call | None:
        """The call that was answered at `telephone` and has not ended."""
        found = (c for c in self._calls.values() if c.answered_by == telephone and c.ended_at is None)
        return max(found, key=lambda call: call.offered_at, default=None)

    def over(self, telephone: str, now: datetime) -> Call | None:
        """The call that was answered at `telephone` last, if it ended within WRAP_WITHIN before `now`."""
        found = (c for c in self._ended.values() if c.answered_by == telephone and c.ended_at is not None)
        last = max(found, key=lambda call: call.ended_at or call.offered_at, default=None)
        return last if last is not None and last.ended_at and now - last.ended_at < WRAP_WITHIN else None

    def wrap(self, call: CallKey, who: str) -> WrapUp | None:
        """What `who` said of a call."""
        return self._wraps.get((call, who.casefold()))

    def click(self, who: str) -> Click | None:
        """The dial that `who` asked for and that lasts."""
        return next((c for c in self._clicks.values() if c.who.casefold() == who.casefold()), None)

    def calls_back(self, telephone: str) -> Click | None:
        """The callback that is made from `telephone`, while they talk."""
        found = (c for c in self._clicks.values() if c.telephone == telephone and c.state is ClickState.TALKING)
        return max(found, key=lambda click: click.asked_at, default=None)

    def called_back(self, telephone: str, now: datetime) -> Click | None:
        """The callback that was made last from `telephone`, if they talked and it was over within WRAP_WITHIN."""
        found = (c for c in self._called.values() if c.telephone == telephone and c.talking_at is not None)
        last = max(found, key=lambda click: click.asked_at, default=None)
        return last if last is not None and last.ended_at and now - last.ended_at < WRAP_WITHIN else None


def _keep(known: OrderedDict[K, V], key: K, value: V) -> None:
    known[key] = value
    known.move_to_end(key)
    if len(known) > _ENDED:
        known.popitem(last=False)


def _rings(attempt: RingAttempt, telephone: str) -> bool:
    return attempt.interface == telephone and attempt.ring_end is None and attempt.result is None
