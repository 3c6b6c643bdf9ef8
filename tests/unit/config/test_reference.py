"""docs/reference/config.md and charters.md say exactly what the schema takes: every key, type, default and meaning."""

import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from callcentre.config.charter_sections import CaseSection, CharterSection, RuleSection
from callcentre.config.environment import NOT_OURS
from callcentre.config.reporting import ReportSection
from callcentre.config.retention import FlagsSection, RetentionSection
from callcentre.config.schema import (
    AbsenceSection,
    AmiSection,
    CallbacksSection,
    CallingSection,
    ContactSection,
    EnforcementSection,
    EscalationSection,
    FileSection,
    LineSection,
    MailSection,
    PbxSection,
    ShiftSection,
    StoreSection,
    WebSection,
)
from callcentre.config.tones import RING_CADENCES
from callcentre.config.transcripts import TranscriptsSection

REFERENCE = Path(__file__).parents[3] / "docs" / "reference"
CONFIG = REFERENCE / "config.md"
CHARTERS = REFERENCE / "charters.md"
HEADINGS: list[tuple[Path, str, type[BaseModel]]] = [
    (CONFIG, "## The file's own keys", FileSection),
    (CONFIG, "## `[[pbx]]`", PbxSection),
    (CONFIG, "## `[[line]]`", LineSection),
    (CONFIG, "## `escalation`", EscalationSection),
    (CONFIG, "## `[[line.shift]]`", ShiftSection),
    (CONFIG, "## `attendance_escalation`", AbsenceSection),
    (CONFIG, "## `[[contact]]`", ContactSection),
    (CONFIG, "## `[mail]`", MailSection),
    (CONFIG, "## `[callbacks]`", CallbacksSection),
    (CONFIG, "## `[calling]`", CallingSection),
    (CONFIG, "## `[enforcement]`", EnforcementSection),
    (CONFIG, "## `[store]`", StoreSection),
    (CONFIG, "## `[web]`", WebSection),
    (CONFIG, "## `[ami]`", AmiSection),
    (CONFIG, "## `[[report]]`", ReportSection),
    (CONFIG, "## `[retention]`", RetentionSection),
    (CONFIG, "## `[flags]`", FlagsSection),
    (CONFIG, "## `[transcripts]`", TranscriptsSection),
    (CHARTERS, "## The file", CharterSection),
    (CHARTERS, "## `message_rule`", RuleSection),
    (CHARTERS, "## `[[case]]`", CaseSection),
]
TYPES = {str: "text", SecretStr: "text", int: "whole number", float: "number", bool: "true or false"}


def type_of(key: str, annotation: Any) -> str:
    if annotation in TYPES:
        return TYPES[annotation]
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "table"
    text = str(annotation)
    if "list[" not in text and "Section" in text:
        return "table"
    if "dict[" in text:
        return "table of lists" if key == "roles" else "table of days"
    if "Literal" in text and "list[" not in text:
        return "text"
    if "list[" in text:
        inner = " ".join(str(one) for one in get_args(annotation))
        return "tables" if "Section" in inner else "list of dates" if "date" in inner else "list of text"
    return next(TYPES[one] for one in TYPES if one.__name__ in text)


def default_of(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if value is None or value == "" or isinstance(value, BaseModel):
        return "–"
    return f"`{str(value).lower() if isinstance(value, bool) else repr(value).replace(chr(39), chr(34))}`"


def rows_of(section: type[BaseModel]) -> list[str]:
    return [
        f"| `{key}` | {type_of(key, field.annotation)} | {default_of(field)} | {field.description} |"
        for key, field in section.model_fields.items()
    ]


@pytest.mark.parametrize(("page", "heading", "section"), HEADINGS, ids=[heading for _, heading, _ in HEADINGS])
def test_the_page_lists_exactly_the_keys_of_the_schema(page: Path, heading: str, section: type[BaseModel]) -> None:
    part = page.read_text("utf-8").partition(f"{heading}\n")[2].partition("\n## ")[0].partition("\n### ")[0]
    assert [line for line in part.splitlines() if line.startswith("| `")] == rows_of(section)


def test_the_page_names_each_tone_zone_and_each_variable_that_is_no_key() -> None:
    text = CONFIG.read_text("utf-8")
    assert all(f"`{zone}`" in text for zone in RING_CADENCES)
    assert all(f"`{name}`" in text for name in NOT_OURS)


@pytest.mark.parametrize("name", ["hct", "cmi", "wme"])
def test_the_page_tells_what_our_charters_promise(name: str) -> None:
    told = tomllib.loads((files("callcentre.config") / "charters" / f"{name}.toml").read_text("utf-8"))
    seconds, rings = told.get("answer_seconds", "–"), told.get("answer_rings", "–")
    fraction, hours, rule = told.get("answer_fraction", "–"), told["hours"]["mon"][0], told["message_rule"]
    number = f", {rule['n']}" if "n" in rule else ""
    row = f"| `{name}` | {seconds} | {rings} | {fraction} | {hours} | `{rule['name']}`{number} |"
    assert row in CHARTERS.read_text("utf-8")
