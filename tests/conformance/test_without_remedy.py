"""Complaints without a remedy are the same ones on the page of causes and in the monthly report (H15)."""

from datetime import UTC, datetime

from callcentre.core.case_values import CaseOutcome, CaseState
from callcentre.core.facts import CaseChanged
from callcentre.store.database import Database
from tests.conformance.test_report import NOW, case

NOVEMBER = (datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC))


async def test_the_page_and_the_report_list_the_same_complaints(database: Database) -> None:
    remedied = datetime(2026, 11, 20, tzinfo=UTC)
    ends = dict(enumerate(CaseOutcome, 1))
    made = [
        *(case(number, outcome=outcome) for number, outcome in ends.items()),
        *(case(20 + n, outcome=outcome, remedy="done", remedied_at=remedied) for n, outcome in ends.items()),
        case(40, state=CaseState.OPEN, outcome=None),
        case(41, state=CaseState.OPEN, outcome=None, kind="enquiry"),
    ]
    await database.writer.commit([CaseChanged(pbx="lab", at=NOW, case=one) for one in made])
    reported, number = await database.reports.without_remedy(*NOVEMBER, ["enquiries"])
    on_page = await database.queries.cases_without_remedy(*NOVEMBER)
    assert [one.number for one in reported] == [one.number for one in on_page]
    assert number == len(reported)
    without = {one.outcome for one in on_page}
    assert without == {None, CaseOutcome.RESOLVED, CaseOutcome.PASSED_ON}
    (counted,) = await database.queries.case_causes(*NOVEMBER)
    assert (counted.cases, counted.without_remedy) == (2 * len(ends) + 1, len(without))
