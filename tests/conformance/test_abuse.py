"""Incidents with abusive callers in the store: rows there and back, what is shown of a caller, what is due."""

from dataclasses import replace
from datetime import timedelta

import pytest

from callcentre.core.facts import CallerErased, IncidentChanged
from callcentre.core.incidents import AbuseHow, Incident, IncidentState, Review
from callcentre.core.tasks import Notice
from callcentre.core.terms import CallKey, NoticeKind
from callcentre.store.abuse_queries import IncidentPlace, IncidentsWanted
from callcentre.store.database import Database
from tests.conformance.erasures import erase
from tests.conformance.promises import click, clicked
from tests.unit.metrics.test_abuse_metrics import INCIDENT
from tests.unit.runtime.samples import NOON

DAY = timedelta(days=1)
LINES = ["enquiries"]


def one(uniqueid: str = "1.1", **changes: object) -> Incident:
    return replace(INCIDENT, uniqueid=uniqueid, **changes)  # type: ignore[arg-type]


async def keep(database: Database, *incidents: Incident) -> None:
    await database.writer.commit([IncidentChanged(pbx=each.pbx, at=each.at, incident=each) for each in incidents])


async def test_a_row_there_and_back_and_the_newest_stays(database: Database) -> None:
    first = one(note="alice: x\nbob: y", role="Chief Executive")
    later = replace(
        first,
        entries=2,
        state=IncidentState.ENDED,
        ended_at=NOON + DAY,
        review=Review.KEPT,
        reviewed_at=NOON + DAY,
        reviewed_by="sue",
        notified=True,
    )
    await keep(database, first, later)
    await keep(database, first)
    assert await database.queries.incident(CallKey("lab", "1.1")) == later
    assert await database.queries.incident(CallKey("lab", "1.2")) is None


async def test_people_are_told_in_the_same_transaction(database: Database) -> None:
    notice = Notice(
        key="k", pbx="lab", line="enquiries", kind=NoticeKind.ABUSE, at=NOON, title="t", text="x", to=("chief",)
    )
    await database.writer.commit([IncidentChanged(pbx="lab", at=NOON, incident=one(), notices=(notice,))])
    (told,) = await database.queries.pending_notices(NOON)
    assert (told.contact, told.notice.kind) == ("chief", NoticeKind.ABUSE)


async def test_which_marks_a_caller_has(database: Database) -> None:
    shown = one("1.1", at=NOON + DAY)
    older = one("1.2", pbx="other")
    others = (
        one("1.3", expires_at=NOON + DAY),
        one("1.4", review=Review.WITHDRAWN),
        one("1.5", warned_at=None, state=IncidentState.NOT_WARNED, how=AbuseHow.BUTTON),
        one("1.6", caller=None),
        one("1.7", caller="07700900062"),
    )
    said = one("1.8", warned_at=None, state=IncidentState.SAID, how=AbuseHow.WRAP_UP, at=NOON - DAY)
    await keep(database, shown, older, *others, said)
    assert await database.queries.marks_of("+447700900061", NOON + DAY) == [shown, older, said]
    assert await database.queries.marks_of("07700900061", NOON + DAY, limit=1) == [shown]
    assert await database.queries.marks_of(None, NOON) == []
    assert await database.queries.marks_of("07700900061", NOON + 400 * DAY) == []


async def test_pages_and_what_is_due(database: Database) -> None:
    rows = [one(f"1.{number}", at=NOON + number * DAY, review_due=NOON + (9 - number) * DAY) for number in range(4)]
    await keep(database, *rows, one("2.1", line="gone"))
    assert await database.queries.incidents(LINES, limit=2) == [rows[3], rows[2]]
    assert await database.queries.incidents(LINES, before=rows[2].at) == [rows[1], rows[0]]
    assert await database.queries.incidents_to_review(LINES, NOON + 7 * DAY) == [rows[3], rows[2]]
    await keep(database, replace(rows[3], entries=2, review=Review.KEPT))
    assert await database.queries.incidents_to_review(LINES, NOON + 7 * DAY) == [rows[2]]


async def test_a_start_gets_those_that_last(database: Database) -> None:
    await keep(database, one("1.1"), one("1.2", expires_at=NOON))
    rows = await database.queries.open_rows(["lab"], NOON)
    assert rows.incidents == (one("1.1"),)


@pytest.mark.parametrize("again", [False, True])
async def test_an_erased_caller_is_in_no_incident(database: Database, again: bool) -> None:
    await keep(database, one(note="alice: Ann Other"))
    erased = CallerErased(pbx="lab", at=NOON + DAY, caller="07700900061", messages=(), who="sue", why="", request="r")
    await erase(database, erased)
    if again:
        await keep(database, one(entries=3))
    found = await database.queries.incident(CallKey("lab", "1.1"))
    assert found is not None
    assert (found.caller, found.note) == (None, "")


async def test_pages_of_incidents_the_newest_first(database: Database) -> None:
    kept = [
        one("1.1"),
        one("1.2"),
        one("1.3", at=NOON + DAY, line="nurse"),
        one("1.4", at=NOON - DAY, state=IncidentState.ENDED, review_due=NOON),
        one("1.5", pbx="other", review_due=NOON, review=Review.KEPT, reviewed_at=NOON, reviewed_by="chief"),
    ]
    await keep(database, *kept)

    async def found(wanted: IncidentsWanted) -> list[str]:
        seen: list[str] = []
        after: IncidentPlace | None = None
        while page := await database.queries.incident_page(wanted, after=after, limit=2):
            seen += [each.uniqueid for each in page]
            after = IncidentPlace(at=page[-1].at, key=CallKey(page[-1].pbx, page[-1].uniqueid))
        return seen

    assert await found(IncidentsWanted()) == ["1.3", "1.1", "1.2", "1.5", "1.4"]
    assert await found(IncidentsWanted(line="enquiries", pbx="lab")) == ["1.1", "1.2", "1.4"]
    assert await found(IncidentsWanted(states=frozenset({IncidentState.ENDED}))) == ["1.4"]
    assert await found(IncidentsWanted(due_at=NOON)) == ["1.4"]
    assert await found(IncidentsWanted(since=NOON, until=NOON + DAY)) == ["1.1", "1.2", "1.5"]


async def test_which_incidents_were_on_callbacks(database: Database) -> None:
    made = click(1, key="1.2", task=7)
    await keep(database, one("1.1"), one("1.2"), one("1.2", pbx="other"))
    await database.writer.commit([clicked(made)])
    incidents = await database.queries.incident_page(IncidentsWanted())
    assert await database.queries.called_back(incidents) == {("lab", "1.2"): 7}
