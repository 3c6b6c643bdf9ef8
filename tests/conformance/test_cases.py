"""Cases in the store: a story written and read back, pages, counts, figures, and what a new run is given."""

from dataclasses import replace
from typing import Any

import pytest

from callcentre.core.case_requests import CaseAction
from callcentre.core.case_values import CaseChannel, CaseOutcome, CaseState, ClockName
from callcentre.store import tables
from callcentre.store.case_queries import CaseFigure, CasesWanted
from callcentre.store.database import Database
from tests.conformance import sample
from tests.conformance.written import Written
from tests.playbooks.case_story import ANN, at, here

A, C = CaseAction, CaseChannel
ALL = frozenset(CaseState)


@pytest.fixture
def story() -> Written:
    """Six cases: a complaint at stage 2, one late, a letter answered, one closed, a compliment, an enquiry."""
    story = Written()
    story.open("2026-11-23 10:00", caller=ANN, name="Ann 100 %", summary="nobody came", owner="Olu", request="first")
    story.open("2026-11-23 10:01", task=7)
    story.open("2026-11-23 10:02", "correspondence", C.LETTER, email="ben@office.example", owner="olu")
    story.open("2026-11-23 10:03", received="2026-11-20 10:00")
    story.open("2026-11-23 10:04", "compliment", about="Nina")
    story.open("2026-11-23 10:05", "enquiry", C.EMAIL)
    story.ask("2026-11-24 10:00", A.ACKNOWLEDGE)
    story.ask("2026-11-24 10:01", A.STAGE, channel=C.LETTER)
    story.ask("2026-11-24 10:02", A.ACKNOWLEDGE, 3)
    story.ask("2026-11-24 10:03", A.CLOSE, 4, outcome=CaseOutcome.RESOLVED)
    story.until("2026-12-01 09:00")
    story.ask("2026-12-01 09:00", A.ANSWER, 3)
    return story


async def test_what_was_told_is_what_is_read(database: Database, story: Written) -> None:
    await database.writer.commit(story.facts)
    for number, case in story.cases.items():
        found = await database.queries.case("lab", number)
        assert found is not None
        assert found.case == case
        assert list(found.entries) == story.entries[number]
        assert list(found.clocks) == story.clocks_of(number)
    assert await database.queries.case("lab", 99) is None
    waiting = await database.queries.pending_notices(at("2027-01-01 09:00"))
    assert {(one.notice.key, one.contact) for one in waiting} == {
        (notice.key, to) for notice in story.notices.values() for to in notice.to
    }


async def test_written_again_or_too_late_nothing_changes(database: Database, story: Written) -> None:
    await database.writer.commit(story.facts)
    before = await sample.everything(database, *_TABLES)
    await database.writer.commit(story.facts)
    old = next(fact for fact in story.facts if fact.case.number == 1)
    await database.writer.commit([replace(old, clocks=())])
    assert await sample.everything(database, *_TABLES) == before


_TABLES = (tables.cases, tables.case_clocks, tables.case_history, tables.outbox)


async def test_each_by_itself_comes_to_the_same(database: Database, story: Written) -> None:
    for fact in story.facts:
        await database.writer.commit([fact])
    found = await database.queries.case("lab", 1)
    assert found is not None
    assert found.case == story.cases[1]


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        (CasesWanted(), [2, 5, 6, 1, 3]),
        (CasesWanted(states=ALL), [2, 5, 6, 1, 3, 4]),
        (CasesWanted(states={CaseState.CLOSED}), [4]),
        (CasesWanted(kinds=("complaint",), states=ALL), [2, 1, 4]),
        (CasesWanted(owner="OLU"), [3]),
        (CasesWanted(unowned=True, kinds=("complaint",)), [2, 1]),
        (CasesWanted(about="nina"), [5]),
        (CasesWanted(caller=ANN), [1]),
        (CasesWanted(task=7), [2]),
        (CasesWanted(stage=2), [1]),
        (CasesWanted(channels=(C.LETTER,)), [3]),
        (CasesWanted(overdue_at=at("2026-12-01 09:00")), [2, 5, 6]),
        (CasesWanted(received_since=at("2026-11-23 10:04")), [5, 6]),
        (CasesWanted(received_until=at("2026-11-23 10:00"), states=ALL), [4]),
        (CasesWanted(search="#3"), [3]),
        (CasesWanted(search="01632 960"), [1]),
        (CasesWanted(search="+441632960123"), [1]),
        (CasesWanted(search="100 %"), [1]),
        (CasesWanted(search="_"), []),
        (CasesWanted(search="BEN@"), [3]),
        (CasesWanted(pbx="elsewhere"), []),
        (CasesWanted(lines=("orders",)), []),
    ],
)
async def test_a_page_is_of_what_is_wanted(
    database: Database, story: Written, wanted: CasesWanted, numbers: list[int]
) -> None:
    await database.writer.commit(story.facts)
    found = await database.queries.case_page(wanted)
    assert [case.number for case in found] == numbers
    assert await database.queries.case_counts({"these": wanted}) == {"these": len(numbers)}
    cut = [case.number for page in (0, 2, 4) for case in await database.queries.case_page(wanted, offset=page, limit=2)]
    assert cut == numbers[:6]


async def test_how_well_the_promises_were_kept(database: Database, story: Written) -> None:
    await database.writer.commit(story.facts)
    span = at("2026-11-20 00:00"), at("2026-12-01 00:00")
    found = await database.queries.case_figures(*span, at("2026-12-01 09:00"))
    shared: dict[str, Any] = {"charter": "wme", "line": "enquiries"}
    by_call = [
        CaseFigure(
            **shared, kind="complaint", channel=C.CALL, clock=ClockName.ACKNOWLEDGE, in_time=2, late=1, waiting=0
        ),
        CaseFigure(**shared, kind="complaint", channel=C.CALL, clock=ClockName.ANSWER, in_time=1, late=0, waiting=1),
    ]
    assert [figure for figure in found if (figure.kind, figure.channel) == ("complaint", C.CALL)] == by_call
    assert sum(figure.late for figure in found) == 3
    assert await database.queries.case_figures(at("2026-12-01 00:00"), at("2026-12-02 00:00"), span[1]) == []


async def test_a_new_run_is_given_what_is_open(database: Database, story: Written) -> None:
    await database.writer.commit(story.facts)
    rows = await database.queries.open_rows(["lab"], at("2026-12-01 09:00"))
    alive = [number for number, case in sorted(story.cases.items()) if case.state is not CaseState.CLOSED]
    assert [case.number for case, _ in rows.cases] == alive
    assert dict(rows.cases) == {story.cases[number]: tuple(story.clocks_of(number)) for number in alive}
    assert rows.latest_cases == {"lab": 6}
    late = [e for entries in story.entries.values() for e in entries if e.at > at("2026-11-24 09:00")]
    assert set(rows.case_requests) == {entry.request for entry in late if entry.request}
    story.office = here("wme")
    before = len(story.notices)
    story.core = type(story.core)(story.office)
    assert story.core.restore(rows, at("2026-12-01 09:00")) == []
    story.until("2026-12-01 09:01")
    assert len(story.notices) == before


async def test_a_request_is_known_by_its_key(database: Database, story: Written) -> None:
    await database.writer.commit(story.facts)
    assert await database.queries.case_of_request("lab", "first") == 1
    assert await database.queries.case_of_request("lab", "another") is None
    assert [case.number for case in await database.queries.cases_of_task("lab", 7)] == [2]
    assert [case.number for case in await database.queries.cases_of_caller("lab", ANN)] == [1]
