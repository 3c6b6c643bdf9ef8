"""What we say of recorded messages is what a real Asterisk does: which files it plays, whose language it takes."""

import time
from pathlib import Path

import pytest

from callcentre.core.greetings import FindingKind, hears
from callcentre.spool.formats import CODINGS, decode
from tests.pbx.lab.ami import AmiLine
from tests.pbx.lab.asterisk import Asterisk
from tests.unit.spool.test_recorded import BAD, EXTENDED, LISTED
from tests.unit.spool.voices import coded, pcm, put, voice, wav

pytestmark = [pytest.mark.pbx, pytest.mark.parametrize("version", ["22", "16"], scope="module")]

SECONDS = 180.0
SHORT = voice(1.2)
WIDE = voice(1.2, rate=16_000)
PLAYED = {
    "wav": wav(SHORT),
    "wav16": wav(WIDE, rate=16_000),
    "WAV": coded(SHORT, "WAV", "GSM610"),
    "gsm": coded(SHORT, "RAW", "GSM610"),
    "ulaw": coded(SHORT, "RAW", "ULAW"),
    "alaw": coded(SHORT, "RAW", "ALAW"),
    "sln": pcm(SHORT),
    "sln16": pcm(WIDE),
}
REFUSED = {
    FindingKind.UNPLAYABLE,
    FindingKind.NOT_MONO,
    FindingKind.WRONG_RATE,
    FindingKind.WRONG_CODING,
}
MODULES = ("format_wav_gsm.so", "func_global.so", "func_channel.so")
"""Those that the lab does not load by itself; one that is there already stays so."""
GOOD, STEREO = wav(SHORT), wav(SHORT, channels=2)


class Player:
    """Has an Asterisk play files below its own folder, each in a call of its own."""

    def __init__(self, asterisk: Asterisk) -> None:
        self.line: AmiLine = asterisk.line
        self.folder: Path = asterisk.home / "recorded"
        self.inside = f"{asterisk.inside}/recorded"
        self._calls = 0
        for module in MODULES:
            self.line.ask("ModuleLoad", Module=module, LoadType="load")

    def play(self, stem: str, language: str = "en") -> str:
        """Begin a call that is played `stem`; the name that `said` is asked with."""
        self._calls += 1
        name = f"x{self._calls}"
        steps = (
            "Answer()",
            f"Set(CHANNEL(language)={language})",
            f"Playback({self.inside}/{stem})",
            f"Set(GLOBAL(PLAYED_{name})=${{PLAYBACKSTATUS}})",
        )
        for priority, step in enumerate(steps, start=1):
            told = self.line.command(f"dialplan add extension {name},{priority},{step} into recorded")
            assert "added" in told, told
        self.line.ask("Originate", Channel=f"Local/{name}@recorded/n", Application="Wait", Data="30", Async="true")
        return name

    def said(self, name: str, deadline: float) -> str:
        """Whether it was played: SUCCESS or FAILED. Nothing tells of a variable: it is asked for until it is there."""
        while True:
            value = self.line.ask("Getvar", Variable=f"PLAYED_{name}").partition("Value: ")[2].strip()
            if value:
                return value
            assert time.monotonic() < deadline, f"{name} has no end"
            time.sleep(0.1)


def test_it_plays_what_we_call_playable_and_refuses_what_we_call_refused(asterisk: Asterisk) -> None:
    player = Player(asterisk)
    files = {f"good {ext}": (ext, data) for ext, data in PLAYED.items()}
    files |= {"longer header": ("wav", EXTENDED), "words of its maker": ("wav", LISTED)}
    files |= {name: (ext, data) for name, (ext, data, kind) in BAD.items() if kind in REFUSED}
    calls = {}
    for number, (name, (ext, data)) in enumerate(files.items()):
        put(player.folder, f"c{number}.{ext}", data)
        calls[name] = player.play(f"c{number}")
    deadline = time.monotonic() + SECONDS
    played = {name for name, call in calls.items() if player.said(call, deadline) == "SUCCESS"}
    assert played == {name for name, (ext, data) in files.items() if decode(data, ext).samples is not None}
    assert len(played) == len(PLAYED) + 2


@pytest.mark.parametrize("language", ["en_GB", "cy"])
def test_it_looks_for_a_language_in_the_order_that_we_say(asterisk: Asterisk, language: str) -> None:
    """Of each place in the order: if it alone is good it plays; if all after it are good and it is not, it does not."""
    player, order = Player(asterisk), hears(language)
    calls = {}
    for place in range(len(order)):
        for first, after in ((GOOD, STEREO), (STEREO, GOOD)):
            name = f"l{place}{'good' if first is GOOD else 'bad'}"
            for later, folder in enumerate(order[place:]):
                put(player.folder, f"{folder}/{name}.wav" if folder else f"{name}.wav", after if later else first)
            calls[player.play(name, language)] = "SUCCESS" if first is GOOD else "FAILED"
    deadline = time.monotonic() + SECONDS
    assert {call: player.said(call, deadline) for call in calls} == calls


def test_it_knows_the_names_of_formats_that_we_know(asterisk: Asterisk) -> None:
    known = set()
    for row in Player(asterisk).line.command("core show file formats").splitlines():
        known |= {ext for word in row.split() for ext in word.split("|")}
    assert known >= {"wav", "wav16", "WAV", "wav49", "gsm", "ulaw", "alaw", "sln16", "sln192"}
    ours = {ext for ext, coding in CODINGS.items() if coding.how and coding.how != "wav_gsm"}
    # `slin` was added later.
    assert ours - known <= {"slin"}
