"""`callcentre report`: a month of a charter in each form, and what is refused."""

import asyncio
import json
from pathlib import Path

import pytest

from callcentre.store.database import Database
from tests.unit.commands import Commands

CONFIG = """
fallback_line = "enquiries"
[store]
url = "sqlite:///calls.db"
[[pbx]]
name = "lab"
[[line]]
name = "enquiries"
pbx = "lab"
nation = "ENG"
"""


@pytest.fixture
def callcentre(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Commands:
    monkeypatch.chdir(tmp_path)
    Path("callcentre.toml").write_text(CONFIG, "utf-8")

    async def prepare() -> None:
        database = await Database.open("sqlite:///calls.db")
        await database.prepare()
        await database.close()

    asyncio.run(prepare())
    return Commands(capsys, monkeypatch)


def written(callcentre: Commands, form: str) -> str:
    assert callcentre.prints("report", "--month", "2020-11", "--format", form, "--out", f"r.{form}") == []
    return Path(f"r.{form}").read_text("utf-8")


def test_each_form_is_written(callcentre: Commands) -> None:
    assert json.loads(written(callcentre, "json"))["month"] == "2020-11"
    assert written(callcentre, "csv").startswith("charter,month,figure")
    html = written(callcentre, "html")
    assert html.startswith("<!doctype html>")
    assert "<h1>Monthly report, November 2020</h1>" in html
    for part in ("<script", "src=", "@import", "url("):
        assert part not in html


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("--month", "2020-13"), "is no month"),
        (("--month", "2090-01"), "has not begun"),
        (("--charter", "wme"), 'no line has the charter "wme"; there is hct'),
        (("--month", "2020-11", "--out", "no/such/folder.html"), "cannot be written"),
    ],
)
def test_what_is_refused(callcentre: Commands, asked: tuple[str, ...], said: str) -> None:
    status, printed, told = callcentre("report", *asked)
    assert (status, printed) == (2, "")
    assert said in told
