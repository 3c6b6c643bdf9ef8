"""[transcripts]: off unless written, and what check-config says is missing for it."""

import re
from pathlib import Path
from typing import Any

import pytest

from callcentre.config import transcripts
from callcentre.config.describe import describe
from callcentre.config.load import load
from callcentre.core.errors import ConfigError
from tests.unit.config.test_describe import OFFICE

MISSING = "the library that makes drafts is not installed; run pip install 'callcentre[transcripts]'"


def told(path: Path, table: str) -> list[str]:
    file = path / "callcentre.toml"
    file.write_text(f"{OFFICE}\n{table}", "utf-8")
    lines = describe(load(file, {}))
    return [lines[place + more] for place, line in enumerate(lines) if "drafts by" in line for more in (0, 1)][:2]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / "whisper-small"
    folder.mkdir()
    (folder / "model.bin").write_bytes(b"")
    return folder


def test_without_the_table_nothing_is_said_and_nothing_made(tmp_path: Path) -> None:
    file = tmp_path / "callcentre.toml"
    file.write_text(OFFICE, "utf-8")
    assert load(file, {}).transcripts is None
    assert not [line for line in describe(load(file, {})) if "transcript" in line]


def test_a_missing_library_is_told_with_what_to_install(
    tmp_path: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transcripts, "find_spec", lambda _name: None)
    assert told(tmp_path, '[transcripts]\nmodel = "whisper-small"\nmemory_mb = 1500\nlongest = "2m"\n') == [
        "transcripts: drafts by whisper-small of the first 2m of each message, 5m and 1500 MB for each, one at a time",
        f"  WARNING: no drafts can be made: {MISSING}",
    ]


def test_a_folder_without_a_model_is_told(tmp_path: Path, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transcripts, "find_spec", lambda _name: object())
    (model / "model.bin").unlink()
    line = told(tmp_path, '[transcripts]\nmodel = "whisper-small"\n')[1]
    assert line.startswith("  WARNING: no drafts can be made: transcripts.model has no model.bin that can be read")


def test_with_both_nothing_is_missing(tmp_path: Path, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transcripts, "find_spec", lambda _name: object())
    settings = load_with(tmp_path, f'model = "{model}"\nlanguage = "cy"\n')
    assert settings.language == "cy"
    assert settings.model == model
    assert transcripts.hindrance(settings) == ""


@pytest.mark.parametrize(
    ("keys", "wrong"),
    [
        ("", "transcripts.model"),
        ('model = "x"\nlanguage = "English"', "transcripts.language"),
        ('model = "x"\nmemory_mb = 10', "transcripts.memory_mb"),
        ('model = "x"\nwithin = "2h"', "transcripts.within"),
        ('model = "x"\nlongest = "0s"', "transcripts.longest"),
        ('model = "x"\nthreads = 0', "transcripts.threads"),
        ('model = "x"\ndownload = true', "transcripts.download"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, keys: str, wrong: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(wrong)):
        load_with(tmp_path, keys)


def load_with(path: Path, keys: str) -> Any:
    file = path / "callcentre.toml"
    file.write_text(f"{OFFICE}\n[transcripts]\n{keys}\n", "utf-8")
    return load(file, {}).transcripts
