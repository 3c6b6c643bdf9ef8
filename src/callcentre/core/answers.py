"""Which call each telephone answered last, and what its agent says of it by a code of the dialplan (H1).

A code speaks of that telephone's own call alone, for a short time after it, and is answered through AstDB, so that the
agent hears whether it was kept. Without an account that acts nothing can be answered, and nothing is taken.
"""

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Final

from callcentre.core.commands import StoreValue
from callcentre.core.events import UserEventRaised
from callcentre.core.facts import Call
from callcentre.core.hints import CommandWanted
from callcentre.core.requests import WrapUpAsked
from callcentre.core.terms import CallKey, WrapKind, device_of, is_local

WRAP_UP_TOLD: Final = "CallcentreWrapUp"
"""The dialplan's UserEvent: Resolved (yes or no); whose call it is about, its own channel says."""

SAY_WITHIN: Final = timedelta(minutes=10)
"""So long after a call it can be spoken of by a code; later somebody else's may be meant."""

_SAID: Final = {"yes": WrapKind.RESOLVED, "no": WrapKind.UNRESOLVED}
_REMEMBERED: Final = 1_000
"""So many telephones, those that answered lately."""

_LONGEST_TOKEN: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialled:
    """What a code asks for, and the command that tells the telephone that it was kept."""

    asked: WrapUpAsked
    kept: CommandWanted


class Answers:
    """The last call that each telephone answered, on the PBXs of `acts`."""

    def __init__(self, acts: Iterable[str]) -> None:
        self._acts = frozenset(acts)
        self._last: OrderedDict[tuple[str, str], Call] = OrderedDict()
        self._whose: dict[CallKey, tuple[str, str]] = {}

    def learn(self, call: Call) -> None:
        """Take a call that was answered, or is over. Who lost the race for it has not answered it."""
        if call.key.pbx not in self._acts:
            return
        before = self._whose.pop(call.key, None)
        if before is not None:
            del self._last[before]
        if call.answered_at is None or call.answered_by is None:
            return
        place = (call.key.pbx, call.answered_by)
        held = self._last.get(place)
        if held is None or held.answered_at is None or held.answered_at <= call.answered_at:
            self._keep(place, call)

    def _keep(self, place: tuple[str, str], call: Call) -> None:
        held = self._last.pop(place, None)
        if held is not None:
            self._whose.pop(held.key, None)
        elif len(self._last) >= _REMEMBERED:
            self._whose.pop(self._last.popitem(last=False)[1].key, None)
        self._last[place] = call
        self._whose[call.key] = place

    def dialled(self, event: UserEventRaised) -> Dialled | None:
        """What the code that raised `event` says; None where there is nothing that it could be about."""
        kind = _SAID.get(event.fields.get("Resolved", "")) if event.name == WRAP_UP_TOLD else None
        if kind is None or not event.channel or not event.uniqueid or is_local(event.channel):
            return None
        telephone = device_of(event.channel)
        last = self._last.get((event.pbx, telephone))
        if last is None or (last.ended_at is not None and event.at - last.ended_at > SAY_WITHIN):
            return None
        name = sha256(event.uniqueid.encode()).hexdigest()[:16]
        token = "".join(mark for mark in event.uniqueid if mark in "0123456789")[-_LONGEST_TOKEN:]
        asked = WrapUpAsked(
            pbx=event.pbx,
            at=event.at,
            call=last.key,
            line=last.line,
            caller=last.caller,
            kind=kind,
            who=telephone,
            request=f"code-{event.pbx}-{name}",
            call_at=last.offered_at,
        )
        kept = StoreValue(pbx=event.pbx, key=f"wrapped-{name}", name=f"wrapped/{telephone}", value=token)
        return Dialled(asked=asked, kept=CommandWanted(pbx=event.pbx, at=event.at, command=kept))
