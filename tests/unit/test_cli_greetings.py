"""`callcentre greetings check`: what it prints of good and bad recordings, and what it exits with."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.unit.commands import Commands
from tests.unit.spool.voices import put, silence, voice, wav

CONFIG = """
fallback_line = "enquiries"
[[pbx]]
name = "lab"
voicemail_spool = "spool"
sounds = "sounds"
[[line]]
name = "enquiries"
pbx = "lab"
nation = "ENG"
mailboxes = ["600@default"]
announcements = ["custom/closed"]
[[line]]
name = "bookings"
pbx = "lab"
nation = "ENG"
mailboxes = ["601@default"]
"""
GOOD = wav(voice())


@pytest.fixture
def callcentre(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Commands:
    monkeypatch.chdir(tmp_path)
    Path("callcentre.toml").write_text(CONFIG, "utf-8")
    put(tmp_path, "sounds/custom/closed.wav", GOOD)
    put(tmp_path, "spool/default/600/unavail.wav", GOOD)
    put(tmp_path, "spool/default/601/unavail.wav", GOOD)
    return Commands(capsys, monkeypatch)


def test_all_good(callcentre: Commands) -> None:
    assert callcentre.prints("greetings", "check") == [
        "enquiries  600@default  unavail  (.wav, 6.0 s, -22.0 LUFS, for en)",
        "enquiries  sounds  custom/closed  (.wav, 6.0 s, -22.0 LUFS, for en)",
        "bookings  601@default  unavail  (.wav, 6.0 s, -22.0 LUFS, for en)",
        "3 good, 0 wrong",
    ]


def test_one_is_wrong(callcentre: Commands) -> None:
    put(Path(), "spool/default/601/unavail.wav", wav(np.concatenate([silence(4), voice()])))
    status, printed, said = callcentre("greetings", "check")
    assert (status, said) == (1, "")
    assert printed.splitlines()[2:] == [
        "bookings  601@default  unavail  (.wav, 10.0 s, -22.0 LUFS, for en)",
        "  wrong: it begins with 4.1 s of silence, and callers think the line is dead; cut it off",
        "2 good, 1 wrong",
    ]
    assert callcentre("greetings", "check", "--line", "enquiries")[0] == 0


def test_as_json(callcentre: Commands) -> None:
    put(Path(), "sounds/custom/closed.wav", b"")
    status, printed, _ = callcentre("greetings", "check", "--json", "--line", "enquiries")
    greeting, closed = (json.loads(line) for line in printed.splitlines())
    assert status == 1
    assert (greeting["place"], greeting["stem"], greeting["languages"]) == ("600@default", "unavail", ["en"])
    assert (greeting["seconds"], greeting["lufs"], greeting["findings"]) == (6.0, -22.0, [])
    assert len(greeting["sha256"]) == 64
    assert [(each["kind"], each["wrong"]) for each in closed["findings"]] == [("empty", True)]
    assert (closed["seconds"], closed["lufs"]) == (None, None)


def test_what_cannot_be_looked_at_is_not_called_good(callcentre: Commands) -> None:
    text = CONFIG.replace('sounds = "sounds"\n', "").replace('"spool"', '"gone"')
    Path("callcentre.toml").write_text(text, "utf-8")
    status, printed, _ = callcentre("greetings", "check", "--line", "enquiries")
    assert status == 1
    assert "sounds: the sounds of lab cannot be read from here (sounds)" in printed
    assert "600@default: the voicemail spool cannot be read (No such file or directory)" in printed
    assert printed.endswith("0 good, 2 wrong\n")
    lines = [json.loads(line) for line in callcentre("greetings", "check", "--json")[1].splitlines()]
    assert all("problem" in line for line in lines)


def test_a_line_that_is_none_is_a_wrong_call(callcentre: Commands) -> None:
    status, _, said = callcentre("greetings", "check", "--line", "sales")
    assert status == 2
    assert 'there is no line "sales"' in said
