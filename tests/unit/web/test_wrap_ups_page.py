"""What agents said of calls: listed, filtered, counted, exported; the share at first contact is of answered calls."""

import csv
import io
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from callcentre.core.facts import CallWrapped
from callcentre.core.tasks import WrapUp
from callcentre.core.terms import WrapKind
from tests.unit.web.calls import Pages, call, given_up, pages
from tests.unit.web.served import NOW
from tests.unit.web.test_pages import HOSTILE


@pytest.fixture
async def there(tmp_path: Path) -> AsyncIterator[Pages]:
    async with pages(tmp_path) as there:
        yield there


def said(number: int, kind: WrapKind = WrapKind.RESOLVED, *, ago: float = 60, **changes: Any) -> CallWrapped:
    known: dict[str, Any] = {"who": "alice", "line": "enquiries", "caller": "07700900456"}
    at = NOW - timedelta(seconds=ago)
    wrap = WrapUp(pbx="lab", uniqueid=call(number).key.uniqueid, at=at, kind=kind, **(known | changes))
    return CallWrapped(pbx="lab", at=at, wrap=wrap)


async def test_the_share_at_first_contact_is_of_answered_calls(there: Pages) -> None:
    await there.put(call(1), call(2), call(3), given_up(4))
    await there.put(
        said(1), said(2), said(3, WrapKind.ABUSIVE, why="shouted"), said(4, WrapKind.FOLLOW_UP, task=9, line="nurse")
    )
    text = await there.get("/wrap-ups")
    assert "<b>66.6 %</b> 2 of 3" in text
    assert "shouted" in text
    assert 'href="/tasks/lab/9"' in text
    assert 'href="/calls/lab/1795514400.3"' in text
    nurse = await there.get("/wrap-ups?line=nurse")
    assert "<b>–</b> 0 of 0" in nurse


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("kind=complaint", ["2"]),
        ("who=ALICE", ["1"]),
        ("line=nurse", ["3"]),
        ("from=2026-11-01&until=2026-11-10", ["4"]),
    ],
)
async def test_filters_narrow_it(there: Pages, query: str, found: list[str]) -> None:
    await there.put(
        said(1),
        said(2, WrapKind.COMPLAINT, who="bob"),
        said(3, who="bob", line="nurse"),
        said(4, who="bob", ago=86_400 * 20),
    )
    text = await there.get(f"/wrap-ups?{query}")
    assert re.findall(r"/calls/lab/1795514400\.(\d+)", text) == found


async def test_pages_follow_each_other(there: Pages) -> None:
    await there.put(*(said(n, ago=n // 2) for n in range(1, 121)))
    seen: list[str] = []
    address = "/wrap-ups"
    while address:
        text = await there.get(address)
        seen += re.findall(r"/calls/lab/1795514400\.(\d+)", text)
        onwards = re.search(r'href="([^"]+)" rel="next"', text)
        address = unescape(onwards.group(1)) if onwards else ""
    assert sorted(map(int, seen)) == list(range(1, 121))


async def test_the_same_as_a_file_safe_for_spreadsheets(there: Pages) -> None:
    await there.put(said(1, WrapKind.COMPLAINT, why="=1+1"), said(2))
    reply = await there.ask("/wrap-ups.csv?kind=complaint")
    (row,) = csv.DictReader(io.StringIO(await reply.text()))
    assert (row["kind"], row["why"], row["caller"], row["task"]) == ("complaint", "'=1+1", "07700900456", "")
    (audited,) = await there.database.audit.entries()
    assert audited.action == "exported"


async def test_what_cannot_be_meant_is_refused_and_hostile_words_are_words(there: Pages) -> None:
    for query in ("line=x", "kind=x", "from=2026-11-24&until=2026-11-01", "after=x", "from=x"):
        await there.get(f"/wrap-ups?{query}", status=400)
    await there.put(said(1, why=HOSTILE, who=HOSTILE))
    text = await there.get("/wrap-ups")
    assert text.count("&lt;script&gt;") == 2
    assert "<script>" not in text
    assert (await there.ask("/wrap-ups", **{"X-As": "al:agent"})).status == 403
