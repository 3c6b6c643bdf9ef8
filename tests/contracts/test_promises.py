"""docs/promises.md says of every sentence of the three charters what keeps it, and names only what there is."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import fields
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from callcentre.config.charter_sections import CharterSection
from callcentre.config.describe import describe
from callcentre.config.load import load_data
from callcentre.reports.figures import Report
from tests.unit.web.entered import house
from tests.unit.web.test_routes import routes_of

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "promises.md"
METRICS = ROOT / "docs" / "reference" / "metrics.md"
TEXT = PAGE.read_text("utf-8")

IDS = [
    *(f"H{number}" for number in range(1, 20)),
    *(f"C{number}" for number in range(1, 8)),
    *(f"W{number}" for number in range(1, 6)),
]
ASPECTS = ("Kept by", "Figure", "Page", "Test")
# How many sentences and points each part of each text has, counted in the texts themselves.
SENTENCES = {
    "HCT": {"0": 3, "1": 7, "2": 6, "3": 14, "4.1": 4, "4.2": 5, "4.3": 4, "4.4": 3, "4.5": 5, "4.6": 5},
    "CMI": {"1": 3, "2": 7, "3": 3, "4": 1, "5": 2, "6": 4, "7": 3},
    "WME": {
        "1.1": 2,
        "1.2": 2,
        "1.3": 1,
        "2.1": 4,
        "2.2": 6,
        "3.0": 1,
        "3.1": 2,
        "3.2": 1,
        "3.3": 2,
        "4.1": 2,
        "5.1": 5,
    },
}
CHARTERS = ("hct", "cmi", "wme")
LINE = {"name": "enquiries", "pbx": "main", "nation": "ENG", "dids": ["01632960600"]}

_CODE = re.compile(r"`([^`]+)`")
_LINKED = re.compile(r"\[([HCW]\d+)\]\(#([hcw]\d+)\)")


def part(heading: str, text: str = TEXT) -> str:
    """What stands below a heading, up to the next of its rank."""
    marks = heading.split(" ")[0]
    found = text.partition(f"\n{heading}\n")[2]
    assert found.strip(), f"{heading} is missing or empty"
    return re.split(rf"^#{{1,{len(marks)}}} ", found, flags=re.MULTILINE)[0]


def aspects(promise: str) -> dict[str, str]:
    """What is said of a promise, by Kept by, Figure, Page and Test."""
    points = re.split(r"^- ", part(f"### {promise}"), flags=re.MULTILINE)[1:]
    return {name: " ".join(words.split()) for name, _, words in (point.partition(":") for point in points)}


def rows(heading: str) -> Iterator[list[str]]:
    """The cells of each row of a section's table, its heading left out."""
    lines = [line for line in part(heading).splitlines() if line.startswith("|")]
    yield from ([cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:])


def named(aspect: str) -> list[tuple[str, str]]:
    """All that is named in backticks of one aspect of any promise, with the promise."""
    return [(promise, name) for promise in IDS for name in _CODE.findall(aspects(promise)[aspect])]


@pytest.mark.parametrize("promise", IDS)
def test_every_promise_says_what_keeps_measures_shows_and_tests_it(promise: str) -> None:
    told = aspects(promise)
    assert tuple(told) == ASPECTS
    for aspect in ("Figure", "Page", "Test"):
        names = _CODE.findall(told[aspect])
        assert names or told[aspect].startswith("none: "), f"{aspect} names nothing and gives no reason"
    assert _CODE.findall(told["Test"]), "no promise is without a test"


def test_there_are_no_other_promises() -> None:
    assert re.findall(r"^### (.+)$", part("## The promises"), re.MULTILINE) == IDS


@pytest.mark.parametrize("text", SENTENCES)
def test_every_sentence_is_a_promise_or_says_why_not(text: str) -> None:
    expected = [f"{text} {place}.{n}" for place, count in SENTENCES[text].items() for n in range(1, count + 1)]
    found = [*rows(f"## {text}, sentence by sentence")]
    assert [row[0] for row in found] == expected
    for sentence, words, promise in found:
        assert words, sentence
        linked = _LINKED.findall(promise)
        assert linked or (promise.startswith("Not kept: ") and "(#what-is-not-kept-and-why)" in promise), sentence
        for name, anchor in linked:
            assert name in IDS, sentence
            assert anchor == name.lower(), sentence


def test_every_promise_is_made_by_some_sentence() -> None:
    made = {
        name
        for text in SENTENCES
        for row in rows(f"## {text}, sentence by sentence")
        for name, _ in _LINKED.findall(row[2])
    }
    assert set(IDS) - made == set()


async def test_every_page_that_is_named_is_served(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        served = {route.path for route in routes_of(home) if route.method == "GET"}
    plain = {re.sub(r":[^}]*(?:\{[^}]*\}[^}]*)*", "", path) for path in served} | served
    assert [(promise, page) for promise, page in named("Page") if page not in plain] == []


def test_every_figure_that_is_named_is_measured() -> None:
    """Of metrics their page is asked, which another test holds to the code."""
    metrics = set(re.findall(r"callcentre_[a-z_]+", METRICS.read_text("utf-8")))
    report = {f"report.{field.name}" for field in fields(Report)}
    assert [one for one in named("Figure") if one[1] not in metrics | report] == []


def test_every_test_that_is_named_is_there() -> None:
    for promise, name in named("Test"):
        path, _, function = name.partition("::")
        assert (ROOT / path).is_file(), f"{promise}: {path}"
        assert path.startswith("tests/"), promise
        text = (ROOT / path).read_text("utf-8")
        assert re.search(rf"def {function or 'test_'}", text), f"{promise}: {name}"


def keys_of(table: dict[str, Any]) -> Iterator[str]:
    """The keys of a charter file, those of its cases included; not those of a rule or of a week."""
    for key, value in table.items():
        yield key
        if isinstance(value, list):
            yield from (inner for one in value if isinstance(one, dict) for inner in one)


def test_every_key_of_a_charter_file_is_named() -> None:
    told = {name for row in rows("## Keys of the charter files") for name in _CODE.findall(row[0])}
    used = set(CharterSection.model_fields) | {
        key
        for charter in CHARTERS
        for key in keys_of(
            tomllib.loads((files("callcentre.config") / "charters" / f"{charter}.toml").read_text("utf-8"))
        )
    }
    assert used - told == set()
    for row in rows("## Keys of the charter files"):
        assert _LINKED.findall(row[1]), row[0]


@pytest.mark.parametrize("charter", CHARTERS)
def test_what_is_assumed_is_printed_by_check_config(charter: str, tmp_path: Path) -> None:
    """As the last section says: hours without days, working days without bank holidays, targets that are none."""
    data = {"fallback_line": "enquiries", "pbx": [{"name": "main"}], "line": [LINE | {"charter": charter}]}
    told = "\n".join(describe(load_data(tmp_path / "callcentre.toml", data, {})))
    assert "is our assumption" in told
    assert "without bank holidays" in told
    assert ("no target for answering: the charter promises none" in told) == (charter != "hct")
    assert ("judged by the strict service level" in told) == (charter == "hct")
    assert part("## Decided here, because the texts are silent").count("\n- ") >= 7
