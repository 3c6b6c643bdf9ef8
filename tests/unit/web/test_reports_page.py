"""/reports: a list of months, a report as a page under the strict policy, and as files."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from callcentre.core.facts import VoicemailUsed
from callcentre.core.terms import Verdict
from callcentre.reports.pdf import NoPdf
from callcentre.web import reports_page
from tests.unit.web.calls import Pages, call, given_up, pages
from tests.unit.web.desk import config
from tests.unit.web.served import NOW


@pytest.fixture
async def there(tmp_path: Path) -> AsyncIterator[Pages]:
    async with pages(tmp_path, config=config(tmp_path)) as there:
        await there.put(call(1, charter="hct"), given_up(2, charter="hct"))
        await there.put(
            VoicemailUsed(pbx="lab", at=NOW, uniqueid="1.1", line="enquiries", verdict=Verdict.MISUSE, reason="so")
        )
        yield there


async def test_the_list_leads_to_each_month_and_its_files(there: Pages) -> None:
    text = await there.get("/reports")
    assert '<a href="/reports/hct/2026-11">November 2026</a> <small>so far</small>' in text
    for form in ("html", "pdf", "csv", "json"):
        assert f'href="/reports/hct/2025-12.{form}"' in text
    assert "Sent to nobody" in text


async def test_the_page_has_no_style_or_script_of_its_own(there: Pages) -> None:
    text = await there.get("/reports/hct/2026-11")
    assert "Monthly report, November 2026, so far" in text
    assert '<span class="result">50.0 %</span>' in text
    assert "not kept so far" in text
    assert "<style" not in text
    assert "style=" not in text
    assert '<link rel="stylesheet" href="/reports/report.css">' in text
    css = await there.ask("/reports/report.css")
    assert (css.status, css.content_type) == (200, "text/css")
    policy = (await there.ask("/reports/hct/2026-11")).headers["Content-Security-Policy"]
    assert "style-src 'self';" in policy
    # Links lead within the pages.
    assert 'href="/calls?from=2026-11-01' in text


async def test_the_files(there: Pages) -> None:
    for form, kind in (("html", "text/html"), ("csv", "text/csv"), ("json", "application/json")):
        reply = await there.ask(f"/reports/hct/2026-11.{form}")
        assert (reply.status, reply.content_type) == (200, kind)
        assert reply.headers["Content-Disposition"] == f'attachment; filename="report-hct-2026-11.{form}"'
        assert reply.headers["Cache-Control"] == "private, no-store"
        text = await reply.text()
        if form == "json":
            told = json.loads(text)
            assert (told["charter"], told["month"], told["voicemail"][0]["misuse"]) == ("hct", "2026-11", 1)
        elif form == "csv":
            assert text.startswith("charter,month,figure,line,at,value,of,target,kept,flags")
            assert "hct,2026-11,calls_within_seconds,,,1,2,0.9,no,so far" in text
        else:
            assert "<style>" in text
            assert "<script" not in text


async def test_a_pdf_that_cannot_be_made_says_why(there: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(_html: str) -> bytes:
        raise NoPdf("install it")

    monkeypatch.setattr(reports_page, "pdf_of", none)
    assert "install it" in await there.get("/reports/hct/2026-11.pdf", status=501)
    monkeypatch.setattr(reports_page, "pdf_of", lambda html: f"%PDF {len(html) > 1000}".encode())
    reply = await there.ask("/reports/hct/2026-11.pdf")
    assert (reply.status, reply.content_type, await reply.read()) == (200, "application/pdf", b"%PDF True")


@pytest.mark.parametrize("path", ["hct/2027-01", "hct/never", "wme/2026-11", "hct/2026-13.csv"])
async def test_what_there_is_not(there: Pages, path: str) -> None:
    await there.get(f"/reports/{path}", status=404)


async def test_a_report_is_not_made_again_within_a_minute(there: Pages) -> None:
    await there.get("/reports/hct/2026-11")
    await there.put(call(3, charter="hct"))
    assert "1 of 2" in await there.get("/reports/hct/2026-11")
