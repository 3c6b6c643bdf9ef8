"""First contact: both figures against the charter, by line and by week, and the calls behind them."""

import re
from collections.abc import AsyncIterator
from datetime import date, timedelta
from html import unescape
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from callcentre.core.facts import CallerAsked, GapClosed, GapOpened
from callcentre.core.terms import WrapKind
from callcentre.metrics.first_contact import Inferred
from callcentre.web.first_contact_page import weeks
from tests.unit.web.calls import Pages, call, given_up, pages
from tests.unit.web.served import NOW
from tests.unit.web.test_pages import HOSTILE
from tests.unit.web.test_wrap_ups_page import said

DAY = 86_400
LONDON = ZoneInfo("Europe/London")


@pytest.fixture
async def there(tmp_path: Path) -> AsyncIterator[Pages]:
    async with pages(tmp_path) as there:
        yield there


def asked(number: int, answer: int | None, **changes: Any) -> CallerAsked:
    known: dict[str, Any] = {"line": "enquiries", "uniqueid": f"9.{number}", "telephone": "PJSIP/101", "asked_at": NOW}
    told = {"answered_at": NOW if answer else None, "answer": answer, "over": True}
    return CallerAsked(pbx="lab", at=NOW, **(known | told | changes))


def words(text: str) -> str:
    """The text of a page without its marks."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", text)).split())


async def test_both_figures_stand_against_what_is_promised_with_their_definitions(there: Pages) -> None:
    one, two = "07700900001", "07700900002"
    await there.put(
        call(1, ago=20 * DAY, caller=one),
        given_up(2, ago=19 * DAY, caller="+447700900001", line="nurse"),
        call(3, ago=18 * DAY, caller=two),
        call(4, ago=2 * DAY, caller="07700900003"),
        call(5, ago=17 * DAY, caller=None),
        said(1, WrapKind.RESOLVED),
        said(3, WrapKind.RESOLVED),
        said(4, WrapKind.UNRESOLVED),
    )
    text = words(await there.get("/first-contact"))
    assert "66.6 % 2 of 3 resolved; promised 60.0 %" in text
    assert "Calls 2 of 3, callbacks 0 of 0." in text
    assert "50.0 % 1 of 2 did not call again in 7 days; promised 60.0 %" in text
    assert "Beside it: 1 call whose 7 days are not over, 1 without a number (withheld, or erased since)." in text
    assert text.count("Counts") == text.count("Leaves out") == 2
    assert "60.0 % ✓ 66.6 % 2 of 3 ✗ 50.0 % 1 of 2 1 1" in text
    nurse = words(await there.get("/first-contact?line=nurse"))
    assert "– 0 of 0 resolved" in nurse
    assert "– 0 of 0 did not call again" in nurse


async def test_the_weeks_are_drawn_and_told(there: Pages) -> None:
    await there.put(call(1, ago=30 * DAY), call(2, ago=15 * DAY, caller="07700900001"))
    text = await there.get("/first-contact")
    assert text.count('class="callers point"') == 2
    assert '<line class="promise"' in text
    assert text.count('<th scope="row">') == 12 + 2
    assert text.count("said –, inferred 100.0") == 2
    assert text.count("said –, inferred –") == 10


async def test_the_calls_behind_it_can_be_looked_at_page_by_page(there: Pages) -> None:
    await there.put(*(call(n, ago=40 * DAY - n * 3600) for n in range(1, 62)))
    text = await there.get("/first-contact/calls?from=2026-10-01&until=2026-11-24")
    assert text.count('class="number"') == 50
    assert "Again after" in text
    assert 'href="/calls/lab/1795514400.61"' in text
    onwards = re.search(r'href="([^"]+)" rel="next"', text)
    assert onwards is not None
    rest = await there.get(unescape(onwards.group(1)))
    assert rest.count('class="number"') == 10
    assert "Newest" in rest
    none = await there.get("/first-contact/calls?line=nurse")
    assert "No answered call of this time was followed" in none


async def test_what_callers_answered_by_line_and_never_by_agent(there: Pages) -> None:
    assert "No caller was asked" in await there.get("/first-contact")
    await there.put(*(asked(n, answer) for n, answer in enumerate([5, 4, 1, None])), asked(9, 3, line="nurse"))
    text = await there.get("/first-contact")
    found = words(text)
    assert "4 3 3.3 66.6 % 1 0 0 1 1" in found
    assert "1 1 3.0 0.0 % 0 0 1 0 0" in found
    assert "PJSIP/101" not in text


async def test_what_was_not_seen_marks_the_figures_partial(there: Pages) -> None:
    begun = NOW - timedelta(days=20)
    gap = [
        GapOpened(pbx="lab", at=begun, reason="link lost"),
        GapClosed(pbx="lab", at=begun + timedelta(hours=2), since=begun, reason="link lost"),
    ]
    assert "Partial" not in await there.get("/first-contact")
    await there.put(*gap)
    assert "callcentre did not see lab for 2 h 00 min" in words(await there.get("/first-contact"))
    # A gap in the week after a time hides whether its callers called again.
    before = (begun - timedelta(days=10)).date()
    assert "Partial" in await there.get(f"/first-contact?from={before}&until={before + timedelta(days=5)}")
    assert "Partial" not in await there.get(f"/first-contact?from={before}&until={before}")


async def test_what_cannot_be_meant_is_refused_and_hostile_words_are_words(there: Pages) -> None:
    for path in ("/first-contact", "/first-contact/calls"):
        for query in ("line=x", "from=2026-11-24&until=2026-11-01", "from=x", "from=2024-01-01&until=2026-01-01"):
            await there.get(f"{path}?{query}", status=400)
        assert (await there.ask(path, **{"X-As": "al:agent"})).status == 403
    await there.get("/first-contact/calls?after=x", status=400)
    await there.put(call(1, ago=DAY, caller=HOSTILE), call(2, ago=DAY / 2, caller=HOSTILE))
    assert "<script>alert" not in await there.get("/first-contact/calls")


@pytest.mark.parametrize(
    ("first", "last", "days"),
    [
        (date(2026, 11, 23), date(2026, 11, 24), [23, 25]),
        (date(2026, 11, 18), date(2026, 11, 24), [18, 23, 25]),
        (date(2026, 11, 22), date(2026, 11, 22), [22, 23]),
        (date(2026, 11, 2), date(2026, 11, 15), [2, 9, 16]),
    ],
)
def test_weeks_begin_on_mondays(first: date, last: date, days: list[int]) -> None:
    assert [edge.astimezone(LONDON).day for edge in weeks(first, last, LONDON)] == days


def test_weeks_are_those_of_the_clocks() -> None:
    edges = weeks(date(2026, 10, 19), date(2026, 11, 1), LONDON)
    assert [edge.astimezone(LONDON).hour for edge in edges] == [0, 0, 0]
    assert edges[1] - edges[0] == timedelta(days=7, hours=1), "the clocks go back"
    assert edges[2] - edges[1] == timedelta(days=7)


async def test_a_line_shows_what_was_read_of_it_last(there: Pages) -> None:
    text = words(await there.get("/today/enquiries"))
    assert "First contact" in text
    assert "did not call again" not in text
    there.site.first_contact = lambda: [Inferred(pbx="lab", line="enquiries", calls=50, resolved=32)]
    text = words(await there.get("/today/enquiries"))
    assert "First contact : 64.0 % of callers did not call again in 7 days (32 of 50" in text
    assert "promised 60.0 %" in text
    assert "did not call again" not in await there.get("/today/nurse")
