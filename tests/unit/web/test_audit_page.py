"""/audit: who did what, filtered and by pages."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.unit.web.entered import Browser, House, house


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path, "root") as made:
        yield made


@pytest.fixture
async def root(home: House) -> Browser:
    return await home.logged_in("root")


async def test_the_newest_comes_first_and_a_page_is_a_hundred(home: House, root: Browser) -> None:
    for number in range(150):
        await home.site.audit("alice", "listened", f"message {number:03}", address="192.0.2.7")
    page = await root.get("/audit?who=alice")
    assert "message 149" in page.text
    assert "message 050" in page.text
    assert "message 049" not in page.text
    older = page.text.partition('<a href="/audit?who=alice&amp;before=')[2].partition('"')[0]
    second = await root.get(f"/audit?who=alice&before={older}")
    assert "message 049" in second.text
    assert "message 000" in second.text
    assert "message 050" not in second.text
    assert "Older" not in second.text


async def test_it_is_filtered_by_who_what_and_day(home: House) -> None:
    await home.site.audit("alice", "listened", "message 1")
    home.clock.advance(timedelta(days=1).total_seconds())
    await home.site.audit("bob", "exported", "calls 2")
    root = await home.logged_in("root")
    assert "calls 2" not in (await root.get("/audit?action=listened")).text
    assert "message 1" not in (await root.get("/audit?who=bob")).text
    day = await root.get("/audit?from=2026-11-25&to=2026-11-25")
    assert "calls 2" in day.text
    assert "message 1" not in day.text
    assert "Nothing like that" in (await root.get("/audit?who=nobody")).text


@pytest.mark.parametrize(
    "query",
    ["from=yesterday", "to=9999-12-31", "from=0001-01-01", "before=x", "before=99999999999999999999", "who=%00"],
)
async def test_hostile_filters_do_no_harm(root: Browser, query: str) -> None:
    assert (await root.get(f"/audit?{query}")).status == 200


async def test_what_others_wrote_is_shown_as_text(home: House, root: Browser) -> None:
    await home.site.audit("<script>alert(1)</script>", '"><img src=x>', "<b>")
    page = await root.get("/audit")
    assert "<script>alert" not in page.text
    assert "<img" not in page.text
    assert "&lt;b&gt;" in page.text
