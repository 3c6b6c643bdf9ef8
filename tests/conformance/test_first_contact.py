"""First contact: what agents said and what callers did, against the definitions told slowly in Python."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count, pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from callcentre.core.facts import Call, CallEnded, CallWrapped, Fact, TaskChanged
from callcentre.core.numbers import canonical
from callcentre.core.tasks import WrapUp
from callcentre.core.terms import CallKey, Origin, Outcome, TaskOutcome, TaskState, WrapKind
from callcentre.reports.contacts import added_up
from callcentre.store.call_search import Place
from callcentre.store.database import Database
from callcentre.store.first_contact import WINDOW, FirstContact
from tests.conformance import promises, sample

DAY = timedelta(days=1)
MONTH = (sample.NINE, sample.NINE + 28 * DAY)
LATER = MONTH[1] + 30 * DAY
ANN, BEN = "07700900061", "07700900062"


def call(number: int, days: float = 0, *, pbx: str = "lab", **changes: Any) -> Call:
    """An answered outside call, so many days after the month began."""
    at = sample.NINE + timedelta(days=days)
    known: dict[str, Any] = {"origin": Origin.EXTERNAL, "caller": ANN, "offered_at": at, "answered_at": at}
    return replace(
        sample.answered(sample.offered(number, pbx=pbx)), **(known | {"ended_at": at + timedelta(minutes=2)} | changes)
    )


def gave_up(number: int, days: float, **changes: Any) -> Call:
    """An outside call that nobody answered."""
    return call(number, days, answered_at=None, outcome=Outcome.ABANDONED, **changes)


async def put(database: Database, *calls: Call) -> None:
    await database.writer.commit([CallEnded(pbx=one.key.pbx, at=one.offered_at, call=one) for one in calls])


async def inferred(database: Database, as_of: datetime = LATER, edges: Sequence[datetime] = MONTH) -> Counter[str]:
    found = await database.queries.inferred(edges, as_of)
    counts: Counter[str] = Counter()
    for each in found:
        counts.update(alone=each.alone, counted=each.counted, open=each.open, unnumbered=each.unnumbered)
    return +counts


async def both(database: Database, edges: Sequence[datetime], as_of: datetime) -> list[FirstContact]:
    """Both figures by line and period."""
    said, did = await database.queries.first_contact_said(edges), await database.queries.inferred(edges, as_of)
    return added_up([*said, *did])


async def test_who_calls_again_on_any_line_within_a_week_was_not_helped(database: Database) -> None:
    await put(database, call(1), gave_up(2, 6.9, line="bookings", pbx="other", caller="+447700900061"))
    assert await inferred(database) == {"counted": 1}


@pytest.mark.parametrize(
    ("second", "alone"),
    [
        (call(2, 7), 0),
        (call(2, 7, offered_at=sample.NINE + WINDOW + timedelta(microseconds=1)), 1),
        (gave_up(2, 1, caller=BEN), 1),
        (gave_up(2, 1, caller=None), 1),
        (gave_up(2, 1, caller="anonymous"), 1),
        (gave_up(2, 1, origin=Origin.INTERNAL), 1),
        (gave_up(2, -1), 1),
        (gave_up(2, 0), 0),
    ],
)
async def test_what_counts_as_calling_again(database: Database, second: Call, alone: int) -> None:
    await put(database, call(1), second)
    (first,) = await database.queries.inferred((sample.NINE, sample.NINE + timedelta(seconds=1)), LATER)
    assert (first.counted, first.alone) == (1, alone)


async def test_what_is_counted_and_what_is_beside(database: Database) -> None:
    await put(
        database,
        call(1, 1),
        call(2, 2, caller=None),
        call(3, 3, caller="Anonymous"),
        call(4, 4, origin=Origin.INTERNAL, caller=BEN),
        gave_up(5, 5, caller="01632960123"),
        call(6, 27, caller=BEN),
        call(7, 30, caller="01632960124"),
    )
    assert await inferred(database, MONTH[1]) == {"alone": 1, "counted": 1, "open": 1, "unnumbered": 2}
    assert await inferred(database) == {"alone": 2, "counted": 2, "unnumbered": 2}


async def test_by_line_and_period(database: Database) -> None:
    edges = [sample.NINE + n * 7 * DAY for n in range(4)]
    await put(database, call(1), call(2, 8), call(3, 8.5, line="bookings"), call(4, 20, caller=BEN))
    found = await database.queries.inferred(edges, LATER)
    assert sorted((one.line, one.since, one.until, one.alone, one.counted) for one in found) == [
        ("bookings", edges[1], edges[2], 1, 1),
        ("enquiries", edges[0], edges[1], 1, 1),
        ("enquiries", edges[1], edges[2], 0, 1),
        ("enquiries", edges[2], edges[3], 1, 1),
    ]
    (one,) = await database.queries.inferred(MONTH, LATER, ["bookings"])
    assert (one.line, one.alone, one.counted) == ("bookings", 1, 1)


def said(number: int, kind: WrapKind, *, days: float = 1, **changes: Any) -> Fact:
    at = sample.NINE + timedelta(days=days)
    known = {"pbx": "lab", "uniqueid": call(number).key.uniqueid, "who": "alice", "line": "enquiries"}
    wrap = WrapUp(**(known | {"at": at, "caller": None, "kind": kind} | changes))
    return CallWrapped(pbx="lab", at=wrap.at, wrap=wrap)


async def test_the_last_word_on_a_call_counts(database: Database) -> None:
    await put(database, call(1), call(2, 0.1), gave_up(3, 0.2))
    await database.writer.commit(
        [
            said(1, WrapKind.RESOLVED),
            said(1, WrapKind.FOLLOW_UP, days=2, who="ben"),
            said(2, WrapKind.COMPLAINT),
            said(2, WrapKind.RESOLVED, days=3, who="PJSIP/101", line="bookings"),
            said(3, WrapKind.RESOLVED),
        ]
    )
    found = {one.line: (one.resolved, one.said) for one in await database.queries.first_contact_said(MONTH)}
    assert found == {"enquiries": (0, 1), "bookings": (1, 1)}
    assert await database.queries.first_contact(*MONTH) == (1, 2)
    assert await database.queries.first_contact(*MONTH, ["bookings"]) == (1, 1)
    assert await database.queries.first_contact(MONTH[0], MONTH[0] + DAY) == (0, 0)


async def test_callbacks_count_where_somebody_said_it(database: Database) -> None:
    known = {"state": TaskState.CLOSED, "outcome": TaskOutcome.DONE, "closed_by": "alice"}
    rows = [
        promises.full_task(number, closed_at=sample.NINE + days * DAY, resolved=resolved, **known)
        for number, days, resolved in ((1, 1, True), (2, 2, False), (3, 3, None), (4, 40, True))
    ]
    await database.writer.commit([TaskChanged(pbx="lab", at=sample.NINE, task=row) for row in rows])
    (one,) = await both(database, MONTH, LATER)
    assert (one.callbacks_resolved, one.callbacks_said, one.said, one.counted) == (1, 2, 0, 0)
    assert one.said_share == 0.5
    assert one.inferred_share is None


async def test_both_figures_of_a_line_stand_together(database: Database) -> None:
    await put(database, call(1), call(2, 2, caller=BEN), call(3, 3, caller=BEN))
    await database.writer.commit([said(1, WrapKind.RESOLVED), said(2, WrapKind.FOLLOW_UP)])
    (one,) = await both(database, MONTH, LATER)
    assert one == FirstContact(line="enquiries", since=MONTH[0], until=MONTH[1], resolved=1, said=2, alone=2, counted=3)
    assert one.said_share == 0.5
    assert one.inferred_share == pytest.approx(2 / 3)
    assert await both(database, (LATER, LATER + DAY), LATER + DAY) == []


async def test_the_calls_behind_the_figure(database: Database) -> None:
    again = [call(n, n, pbx="lab" if n % 2 else "other") for n in range(1, 6)]
    await put(database, *again, call(9, 3, caller=BEN), gave_up(10, 4, caller=BEN), call(11, 20, caller=BEN))
    whole = await database.queries.followed_calls(*MONTH)
    assert [(one.key, one.next_key) for one in whole] == [
        (again[3].key, again[4].key),
        (call(9).key, gave_up(10, 4).key),
        (again[2].key, again[3].key),
        (again[1].key, again[2].key),
        (again[0].key, again[1].key),
    ]
    assert (whole[1].caller, whole[1].next_outcome, whole[1].next_at) == (
        BEN,
        Outcome.ABANDONED,
        gave_up(10, 4).offered_at,
    )
    paged, after = [], None
    while page := await database.queries.followed_calls(*MONTH, after=after, limit=2):
        paged += page
        after = Place(offered_at=page[-1].offered_at, line=page[-1].line, key=page[-1].key)
    assert paged == whole
    assert await database.queries.followed_calls(*MONTH, ["bookings"]) == []


SPELLINGS = [ANN, "+447700900061", "00447700900061", "447700900061", "+44 (0)7700 900-061", "07700/900 061"]
CALLERS = [*SPELLINGS, BEN, "+4915112345678", "004915112345678", "101", "0", "44", "+", "s", "anonymous", "", None]


@st.composite
def days_of_calls(draw: st.DrawFn) -> list[Call]:
    made = []
    for number in range(draw(st.integers(1, 12))):
        # Whole half-days, so that calls lie at each other's end of window, and at the same moment.
        days = draw(st.integers(-2, 30)) / 2 * draw(st.sampled_from([1, 1, 7]))
        answered = draw(st.booleans())
        changes: dict[str, Any] = {
            "caller": draw(st.sampled_from(CALLERS)),
            "line": draw(st.sampled_from(["enquiries", "bookings"])),
            "pbx": draw(st.sampled_from(["lab", "other"])),
            "origin": draw(st.sampled_from([Origin.EXTERNAL, Origin.EXTERNAL, Origin.INTERNAL])),
        }
        made.append(call(number, days, **changes) if answered else gave_up(number, days, **changes))
    return made


def slowly(calls: Sequence[Call], edges: Sequence[datetime], as_of: datetime) -> set[FirstContact]:
    """The definition, word by word."""
    counts: dict[tuple[str, datetime, datetime], Counter[str]] = {}
    outside = [one for one in calls if one.origin is Origin.EXTERNAL]
    for one in outside:
        period = next(((a, b) for a, b in pairwise(edges) if a <= one.offered_at < b), None)
        if one.outcome is not Outcome.ANSWERED or period is None:
            continue
        counter = counts.setdefault((one.line, *period), Counter())
        if canonical(one.caller) is None:
            counter["unnumbered"] += 1
        elif as_of - one.offered_at <= WINDOW:
            counter["open"] += 1
        else:
            counter["counted"] += 1
            counter["alone"] += not any(_follows(other, one) for other in outside)
    return {
        FirstContact(line=line, since=since, until=until, **numbers) for (line, since, until), numbers in counts.items()
    }


def _follows(other: Call, one: Call) -> bool:
    same = canonical(other.caller) == canonical(one.caller)
    later = (other.offered_at, other.key) > (one.offered_at, one.key) and other.origin is Origin.EXTERNAL
    return same and later and other.offered_at - one.offered_at <= WINDOW


_worlds = count()


@settings(
    max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None
)
@given(made=days_of_calls(), as_of=st.integers(0, 60), periods=st.integers(1, 5))
async def test_the_inferred_figure_is_what_its_definition_says(
    database: Database, made: list[Call], as_of: int, periods: int
) -> None:
    # One database for all examples: each has months of its own in it.
    world = next(_worlds)
    shift = world * 300 * DAY
    calls = [
        replace(one, key=CallKey(one.key.pbx, f"{world}.{n}"), offered_at=one.offered_at + shift)
        for n, one in enumerate(made)
    ]
    edges = [MONTH[0] + shift + n * (28 // periods) * DAY for n in range(periods + 1)]
    now = MONTH[0] + shift + as_of * DAY
    await put(database, *calls)
    assert set(await database.queries.inferred(edges, now)) == slowly(calls, edges, now)
    followed = {one.key for one in await database.queries.followed_calls(edges[0], edges[-1])}
    in_time = [one for one in calls if one.outcome is Outcome.ANSWERED and one.origin is Origin.EXTERNAL]
    assert followed == {
        one.key
        for one in in_time
        if canonical(one.caller) and edges[0] <= one.offered_at < edges[-1] and any(_follows(o, one) for o in calls)
    }
