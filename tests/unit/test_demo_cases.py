"""The demo's cases: each is taken by the core as it was told, and leaves something of every sort to look at."""

from pathlib import Path

from callcentre.core.case_values import CaseState, ClockName
from callcentre.demo.cases import TOLD, put_cases
from callcentre.store.case_queries import CasesWanted
from callcentre.store.queries import PAGE
from tests.unit.web.served import NOW, office, sqlite


async def test_there_is_something_of_every_sort(tmp_path: Path) -> None:
    async with sqlite(tmp_path) as database:
        await put_cases(f"sqlite:///{tmp_path}/calls.sqlite", office(tmp_path).office, NOW)
        found = await database.queries.case_page(CasesWanted(states=frozenset(CaseState)), limit=PAGE)
        figures = await database.queries.case_figures(min(one.received_at for one in found), NOW, NOW)
    assert len(found) == len(TOLD)
    assert {one.state for one in found} == {CaseState.OPEN, CaseState.ACKNOWLEDGED, CaseState.CLOSED}
    assert sum(one.next_due is not None and one.next_due < NOW for one in found) == 1
    assert {one.remedy is None for one in found if one.cause} == {True, False}
    kept = [one for one in figures if one.clock is ClockName.ACKNOWLEDGE]
    assert (sum(one.in_time for one in kept), sum(one.late for one in kept)) == (3, 1)
