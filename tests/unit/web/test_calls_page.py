"""The calls behind a figure: found, paged, counted, exported; and one call with the reasons of its verdict."""

import csv
import io
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from callcentre.core.facts import CallWrapped, VoicemailUsed
from callcentre.core.tasks import WrapUp
from callcentre.core.terms import Hours, Origin, Outcome, Quality, Verdict, WrapKind
from callcentre.store.queries import CallCount
from callcentre.web.call_words import verdict
from callcentre.web.calls_page import HEADING, sums
from callcentre.web.sheets import cell
from tests.unit.metrics.offices import line
from tests.unit.web.calls import Pages, call, given_up, pages, path_of
from tests.unit.web.served import NOW
from tests.unit.web.test_pages import HOSTILE


@pytest.fixture
async def there(tmp_path: Path) -> AsyncIterator[Pages]:
    async with pages(tmp_path) as there:
        yield there


def listed(text: str) -> list[str]:
    """The uniqueids of the calls on a page, as they come."""
    return re.findall(r'href="/calls/lab/1795514400\.(\d+)"', text)


async def test_today_is_shown_and_what_it_comes_to(there: Pages) -> None:
    await there.put(call(1, ago=60), call(2, ago=120, wait=20), given_up(3, ago=180), call(4, ago=86_400))
    text = await there.get("/calls")
    assert listed(text) == ["1", "2", "3"]
    assert "<b>3 calls</b>: 2 answered, 1 gave up; 1 of 3 within the target (33.3 %)" in text
    assert "07700 900 456" in text
    assert await there.get("/calls?from=2026-11-23&until=2026-11-24") != text


async def test_filters_narrow_it(there: Pages) -> None:
    await there.put(
        call(1),
        call(2, line="nurse"),
        given_up(3, outcome=Outcome.SHORT_ABANDONED),
        given_up(4),
        call(5, wait=22),
        call(6, origin=Origin.INTERNAL, hours=Hours.CLOSED, quality=Quality.PARTIAL),
    )
    for query, numbers in {
        "line=nurse": ["2"],
        "outcome=gave_up": ["3", "4"],
        "outcome=abandoned": ["4"],
        "within=no&outcome=answered": ["5"],
        "origin=internal": ["6"],
        "hours=closed": ["6"],
        "quality=partial": ["6"],
        "by=PJSIP/104&line=nurse": ["2"],
    }.items():
        assert sorted(listed(await there.get(f"/calls?{query}"))) == numbers, query


async def test_what_no_form_of_ours_sends_is_refused_with_words(there: Pages) -> None:
    for query in (
        *("line=nowhere", "outcome=x", "within=maybe", "from=yesterday", "from=2026-11-24&until=2026-11-01"),
        *("from=2020-01-01&until=2026-01-01", "after=x", "after=2026-11-24T10:00:00%1Fa%1Fb%1Fc"),
    ):
        await there.get(f"/calls?{query}", status=400)


async def test_a_long_range_is_counted_when_asked(there: Pages) -> None:
    await there.put(call(1), call(2))
    text = await there.get("/calls?from=2026-01-01&until=2026-11-24")
    assert sorted(listed(text)) == ["1", "2"]
    assert "2 calls" not in text
    count = re.search(r'href="([^"]+)">Count all of them', text)
    assert count is not None
    assert "<b>2 calls</b>" in await there.get(unescape(count.group(1)))


async def test_pages_follow_each_other_without_loss(there: Pages) -> None:
    await there.put(*(call(n, ago=n) for n in range(1, 106)))
    seen: list[str] = []
    address = "/calls?line=enquiries"
    while True:
        text = await there.get(address)
        assert "<b>105 calls</b>" in text, "the totals are those of all pages"
        seen += listed(text)
        onwards = re.search(r'href="([^"]+)" rel="next"', text)
        if onwards is None:
            break
        address = unescape(onwards.group(1))
    assert seen == [str(n) for n in range(1, 106)]


async def test_a_number_is_looked_for_and_never_in_an_address(there: Pages) -> None:
    await there.put(call(1, caller="07700900456"), call(2, caller="01632960777"), call(3, caller="+441632960777"))
    reply = await there.post("/calls", text="01632 960777", line="enquiries")
    address = reply.headers["Location"]
    assert reply.status == 303
    assert "960777" not in address
    assert set(parse_qs(urlsplit(address).query)) == {"line", "find"}
    text = await there.get(address)
    assert sorted(listed(text)) == ["2", "3"]
    assert 'value="01632 960777"' in text, "what was typed is still there"
    assert all("960777" not in link for link in re.findall(r'href="([^"]+)"', text))
    other = await there.ask(address, **{"X-As": "bob:supervisor"})
    assert other.status == 410, "what one person looks for is not another's"


async def test_a_telephone_is_looked_for(there: Pages) -> None:
    await there.put(call(1, answered_by="PJSIP/104"), call(2, answered_by="PJSIP/109"))
    reply = await there.post("/calls", text="pjsip/109")
    assert listed(await there.get(reply.headers["Location"])) == ["2"]


async def test_hostile_words_are_words(there: Pages) -> None:
    evil = call(1, caller=HOSTILE, answered_by=HOSTILE, line=HOSTILE, did=HOSTILE)
    await there.put(replace(evil, attempts=(replace(evil.attempts[0], interface=HOSTILE),)))
    for path in ("/calls", path_of(evil.key)):
        text = await there.get(path)
        assert "<script>" not in text
        assert "&lt;script&gt;" in text
    reply = await there.post("/calls", text=HOSTILE)
    assert "<script>" not in await there.get(reply.headers["Location"])


async def test_only_supervisors_see_calls(there: Pages) -> None:
    await there.put(call(1))
    for path in ("/calls", "/calls.csv", path_of(call(1).key)):
        reply = await there.ask(path, **{"X-As": "al:agent"})
        assert reply.status == 403


# --- csv -------------------------------------------------------------------------------------------------------------


async def test_csv_has_all_of_them_safe_for_spreadsheets_and_is_written_down(there: Pages) -> None:
    await there.put(*(call(n, ago=n) for n in range(1, 602)), call(700, ago=700, caller="=1+1", answered_by="@sum"))
    reply = await there.ask("/calls.csv?line=enquiries")
    assert reply.content_type == "text/csv"
    assert reply.headers["Content-Disposition"] == 'attachment; filename="calls-2026-11-24-2026-11-24.csv"'
    rows = list(csv.DictReader(io.StringIO(await reply.text())))
    assert len(rows) == 602
    assert tuple(rows[0]) == HEADING
    assert rows[0]["caller"] == "07700900456"
    assert rows[0]["offered_at"] == "2026-11-24T09:59:59+00:00"
    assert (rows[-1]["caller"], rows[-1]["answered_by"]) == ("'=1+1", "'@sum")
    (audited,) = await there.database.audit.entries()
    assert (audited.who, audited.action, audited.what) == (
        "sue",
        "exported",
        "calls 2026-11-24 to 2026-11-24, line enquiries",
    )


@pytest.mark.parametrize("text", ["=1", "+44", "-1", "@a", "\tx", "\r=1", " =1", "\n=1"])
def test_no_cell_is_a_formula(text: str) -> None:
    assert cell(text, NOW.tzinfo).startswith("'")  # type: ignore[arg-type]


# --- one call --------------------------------------------------------------------------------------------------------


async def test_one_call_tells_why_and_what_came_of_it(there: Pages) -> None:
    one = call(1, wait=8)
    wrap = WrapUp(
        pbx="lab",
        uniqueid=one.key.uniqueid,
        who="alice",
        at=NOW,
        line="enquiries",
        caller=one.caller,
        kind=WrapKind.COMPLAINT,
        why="waited too long",
        task=7,
    )
    used = VoicemailUsed(
        pbx="lab", at=NOW, uniqueid=one.key.uniqueid, line="enquiries", verdict=Verdict.MISUSE, reason="1 was free"
    )
    await there.put(one, CallWrapped(pbx="lab", at=NOW, wrap=wrap), used)
    text = await there.get(path_of(one.key))
    assert "Within the promise: answered after 8.0 s, the 15 s promised kept." in text
    assert 'href="/tasks/lab/7"' in text
    assert "waited too long" in text
    assert "Voicemail: not fair: somebody was free, and no telephone rang (1 was free)." in text
    assert "PJSIP/104" in text
    assert '<svg class="chart"' in text


async def test_no_such_call(there: Pages) -> None:
    await there.get("/calls/lab/1.1", status=404)


def said(**changes: Any) -> list[str]:
    return [each.replace("\N{NO-BREAK SPACE}", " ") for each in verdict(replace(call(1), **changes), line("enquiries"))]


def test_a_verdict_says_by_how_much() -> None:
    assert said(wait_seconds=22.5, within_seconds=False)[0] == (
        "Outside the promise: answered after 22.5 s, 7.5 s later than the 15 s promised."
    )
    assert said(outcome=Outcome.ABANDONED, wait_seconds=70.0, within_seconds=False)[0] == (
        "Outside the promise: not answered (gave up waiting after 1 min 10 s)."
    )


def test_a_verdict_says_what_it_is_not_about() -> None:
    assert "Its end was not seen" in said(outcome=Outcome.LOST)[0]
    assert "still going on" in said(outcome=Outcome.IN_PROGRESS)[0]
    assert said(charter="cmi", within_seconds=None)[0] == "No answer time was promised (cmi, version 1)."
    assert "what old promised then" in said(charter="old")[0], "today's promise is not put upon an earlier call"
    assert "A colleague called" in " ".join(said(origin=Origin.INTERNAL))
    assert "outside the line's core hours" in " ".join(said(hours=Hours.CLOSED))
    assert "out of sight" in said(quality=Quality.PARTIAL)[-1]


def test_a_verdict_counts_rings() -> None:
    assert "Answered after 3 rings of the 5 promised: within the promise." in said(rings=3, within_rings=True)
    assert "Answered after 7 rings of the 5 promised: outside the promise." in said(rings=7, within_rings=False)
    assert "It rang 7 rings of the 5 promised, and nobody answered." in said(
        rings=7, within_rings=False, outcome=Outcome.ABANDONED, within_seconds=False
    )
    assert "No telephone rang for it." in said(rings=None, within_rings=None, first_ring_at=None)


def test_sums_of_nothing_are_no_share() -> None:
    count = CallCount(
        line="a",
        hours=Hours.CLOSED,
        origin=Origin.EXTERNAL,
        outcome=Outcome.CLOSED,
        within_seconds=None,
        within_rings=None,
        calls=4,
    )
    assert (sums([count]).calls, sums([count]).share) == (4, None)


async def test_a_list_of_nothing_and_a_question_that_is_none_say_what_to_do(there: Pages) -> None:
    assert "No call is like that. Choose more days" in await there.get("/calls")
    reply = await there.ask("/calls?line=nowhere", Accept="text/html")
    text = await reply.text()
    assert reply.status == 400
    assert "<h1>That was not understood</h1>" in text
    assert "line: there is no such line" in text
