"""What the demo's people said of the last month's calls: was each resolved, how was it, and one abusive caller."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import cycle
from typing import Final

from callcentre.core.abuse import Abuse
from callcentre.core.charter import Office
from callcentre.core.facts import Call, CallerAsked, CallWrapped, Fact
from callcentre.core.requests import WrapUpAsked
from callcentre.core.terms import Hours, Origin, WrapKind
from callcentre.core.wrap_ups import WrapUps
from callcentre.store.call_search import CallsWanted
from callcentre.store.database import Database

_KINDS: Final = (*[WrapKind.RESOLVED] * 7, *[WrapKind.UNRESOLVED] * 3, None, None, None)
"""What is said of one call after the other; None: nothing."""
_STEP: Final = 5
"""A number with no factor in common with _KINDS, so that what is said of neighbours differs."""
_ASKED_EACH: Final = 6
_ANSWERS: Final = (5, 4, None, 5, 3, 5, None, 4, 5, 1, 4)
_AFTER: Final = timedelta(seconds=20)


async def put_sayings(url: str, office: Office, now: datetime) -> None:
    """Write what was said of the calls that the demo's database has from before `now`."""
    database = await Database.open(url)
    try:
        wanted = CallsWanted(since=now - timedelta(days=40), until=now, origin=Origin.EXTERNAL, hours=Hours.CORE)
        found = [call async for page in database.queries.found_calls(wanted) for call in page]
        answered = [call for call in reversed(found) if call.ended_at is not None and call.answered_by is not None]
        await database.writer.commit([*_wrapped(office, answered), *_surveyed(answered)])
    finally:
        await database.close()


def _wrapped(office: Office, calls: Sequence[Call]) -> Iterable[Fact]:
    core, abuse = WrapUps(office), Abuse(office, lambda _pbx: {})
    abusive = len(calls) * 3 // 4
    for number, call in enumerate(calls):
        kind = WrapKind.ABUSIVE if number == abusive else _KINDS[number * _STEP % len(_KINDS)]
        if kind is None or call.ended_at is None:
            continue
        asked = WrapUpAsked(
            pbx=call.key.pbx,
            at=call.ended_at + _AFTER,
            call=call.key,
            line=call.line,
            caller=call.caller,
            kind=kind,
            who=call.answered_by or "",
            request=f"demo-wrap-{number}",
            why="Shouted, and called her names" if kind is WrapKind.ABUSIVE else "",
        )
        for fact in core.handle(asked):
            yield fact
            if isinstance(fact, CallWrapped):
                # Nobody is told of it: the demo's people have no addresses.
                yield from abuse.handle_fact(fact)


def _surveyed(calls: Sequence[Call]) -> Iterable[Fact]:
    for call, answer in zip(calls[::_ASKED_EACH], cycle(_ANSWERS), strict=False):
        if call.ended_at is None:
            continue
        later = call.ended_at + _AFTER
        yield CallerAsked(
            pbx=call.key.pbx,
            at=later,
            uniqueid=call.key.uniqueid,
            line=call.line,
            telephone=call.answered_by,
            asked_at=call.ended_at,
            answered_at=later if answer is not None else None,
            answer=answer,
            over=True,
        )
