"""The reference names every key that a report has, and no other."""

import re
from dataclasses import fields
from pathlib import Path

from callcentre.reports import figures
from callcentre.reports.sheet import HEADING

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "report.md").read_text("utf-8")
TABLES = {
    "versions": figures.Version,
    "lines": figures.LineName,
    "calls": figures.LineCalls,
    "days": figures.Day,
    "hours": figures.Hour,
    "gaps": figures.GapShown,
    "attendance": figures.AttendanceOfLine,
    "callbacks": figures.CallbacksOfLine,
    "voicemail": figures.VoicemailOfLine,
    "first_contact": figures.FirstContactOfLine,
    "case_clocks": figures.CaseClocks,
    "cases": figures.CasesOfKind,
    "complaints_by_cause": figures.Cause,
    "complaints_without_remedy": figures.WithoutRemedy,
    "satisfaction": figures.SatisfactionOfLine,
    "greetings": figures.GreetingsStand,
    "mailboxes": figures.MailboxStand,
    "unmeasured": figures.Unmeasured,
}


def rows() -> dict[str, str]:
    """Each key of the JSON, by the page, with what stands beside it."""
    part = PAGE.partition("## JSON")[2].partition("## CSV")[0]
    found = re.findall(r"^\| (`[^|]*`) \| (.*) \|$", part, re.MULTILINE)
    return {key: told for keys, told in found for key in re.findall(r"`(\w+)`", keys)}


def test_every_key_of_the_report_is_on_the_page() -> None:
    assert set(rows()) == {one.name for one in fields(figures.Report)}


def test_every_key_of_each_table_is_on_the_page() -> None:
    for key, table in TABLES.items():
        names = re.findall(r"`(\w+)`", rows()[key])
        assert names == [one.name for one in fields(table)], key
    promise = set(re.findall(r"`(\w+)`", rows()["promises"]))
    parts = (figures.Promise, figures.Share, figures.Point, figures.OfLine)
    assert promise == {one.name for part in parts for one in fields(part)}


def test_the_columns_of_the_sheet_are_on_the_page() -> None:
    part = PAGE.partition("## CSV")[2]
    assert re.findall(r"`(\w+)`", part)[: len(HEADING)] == list(HEADING)
