"""The demo's cases: a few complaints, letters and a compliment, taken through the core as people would have done it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from callcentre.core.case_requests import CaseAction, CaseAsked
from callcentre.core.case_values import CaseChannel, CaseOutcome
from callcentre.core.cases import Cases
from callcentre.core.charter import Line, Office
from callcentre.core.events import TimePassed
from callcentre.core.facts import Fact
from callcentre.store.database import Database

_A = CaseAction


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One case: what came in `ago`, on which of the office's lines, and what was done so long after that, by whom."""

    ago: timedelta
    line: int
    asked: dict[str, Any]
    steps: Sequence[tuple[timedelta, str, CaseAction, dict[str, Any]]] = field(default=())


def _days(number: float) -> timedelta:
    return timedelta(days=number)


TOLD: Final = (
    Told(
        ago=_days(24),
        line=0,
        asked={
            "kind": "complaint",
            "channel": CaseChannel.LETTER,
            "name": "Mr P Nowak",
            "address": "12 Mill Lane, Anytown",
            "summary": "Waited forty minutes for the bus to the hospital and missed his appointment.",
            "owner": "jack",
        },
        steps=(
            (_days(2), "jack", _A.ACKNOWLEDGE, {"why": "By letter"}),
            (_days(9), "jack", _A.ANSWER, {"why": "With an apology, and the new timetable"}),
            (_days(9), "jack", _A.CAUSE, {"cause": "Late bus"}),
            (_days(10), "jack", _A.REMEDY, {"remedy": "The morning bus has a second driver"}),
            (_days(10), "jack", _A.CLOSE, {"outcome": CaseOutcome.RESOLVED}),
        ),
    ),
    Told(
        ago=_days(13),
        line=1,
        asked={
            "kind": "complaint",
            "channel": CaseChannel.CALL,
            "name": "Mrs A Okafor",
            "caller": "07700900142",
            "summary": "Was cut off twice while she booked a place for her father, who uses a wheelchair.",
            "owner": "alice",
        },
        steps=(
            (_days(1), "alice", _A.ACKNOWLEDGE, {"why": "Called her"}),
            (_days(1), "alice", _A.TOLD_HOW, {}),
            (_days(8), "alice", _A.ANSWER, {"why": "The place is booked, and she thanked us"}),
            (_days(8), "jack", _A.CAUSE, {"cause": "Telephone system"}),
            (_days(8), "jack", _A.CLOSE, {"outcome": CaseOutcome.RESOLVED}),
        ),
    ),
    Told(
        ago=_days(9),
        line=0,
        asked={
            "kind": "complaint",
            "channel": CaseChannel.WEB,
            "name": "J Featherstone",
            "email": "j.featherstone@example.org",
            "summary": "Nobody told her that the stop at the market was closed.",
        },
    ),
    Told(
        ago=_days(4),
        line=0,
        asked={
            "kind": "complaint",
            "channel": CaseChannel.CALL,
            "name": "Mr D Hall",
            "caller": "07700900187",
            "summary": "The driver left before his wife, who walks with a frame, was seated.",
            "owner": "jack",
            "direct_dial": "01632960112",
        },
        steps=(
            (_days(1), "jack", _A.ACKNOWLEDGE, {"why": "Called him"}),
            (_days(2), "jack", _A.TOLD_HOW, {}),
            (_days(3), "jack", _A.NOTE, {"why": "The depot looks for the recording of that morning"}),
        ),
    ),
    Told(
        ago=_days(2),
        line=2,
        asked={
            "kind": "correspondence",
            "channel": CaseChannel.LETTER,
            "name": "Anytown Parish Council",
            "address": "The Hall, Church Road, Anytown",
            "summary": "Asks whether the nurse can visit the village hall on Thursdays.",
            "owner": "alice",
            "direct_dial": "01632960101",
        },
    ),
    Told(
        ago=_days(0.3),
        line=1,
        asked={
            "kind": "compliment",
            "channel": CaseChannel.EMAIL,
            "name": "Ms L Chen",
            "email": "l.chen@example.org",
            "about": "alice",
            "summary": "Alice found a place for her mother within minutes, and called back to say so.",
        },
    ),
)


async def put_cases(url: str, office: Office, now: datetime) -> None:
    """Write the cases into the demo's database, as they stand `now`."""
    database = await Database.open(url)
    try:
        whole = now.replace(second=0, microsecond=0)
        facts = sorted(_facts(Cases(office), office.lines, whole), key=lambda fact: fact.at)
        await database.writer.commit(facts)
    finally:
        await database.close()


def _facts(core: Cases, lines: Sequence[Line], now: datetime) -> Iterable[Fact]:
    for number, told in enumerate(TOLD, 1):
        line, came = lines[told.line % len(lines)], now - told.ago
        steps = [(timedelta(), "alice", _A.OPEN, told.asked | {"line": line.name, "received_at": came}), *told.steps]
        for place, (after, who, action, more) in enumerate(steps):
            yield from core.handle(
                CaseAsked(
                    pbx=line.pbx,
                    at=came + after,
                    number=0 if action is _A.OPEN else number,
                    action=action,
                    who=who,
                    request=f"demo-case-{number}-{place}",
                    supervisor=True,
                    **more,
                )
            )
    # What had to be told by now was: the demo's people have no addresses, and its log stays quiet.
    yield from core.handle(TimePassed(pbx="", at=now))
