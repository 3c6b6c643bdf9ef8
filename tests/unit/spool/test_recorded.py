"""Recorded messages: good ones pass, bad ones fail each for its own reason only, hostile ones lead nowhere."""

import hashlib
import os
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from callcentre.core.charter import Line
from callcentre.core.greetings import FindingKind, Looked, hears
from callcentre.spool import recorded
from callcentre.spool.formats import Decoded, decode
from callcentre.spool.recorded import Ear, GreetingsUnreadable, Place, open_recorded, places_of
from tests.playbooks.story import line
from tests.unit.spool.conftest import become_nobody
from tests.unit.spool.spool_dir import SpoolDir
from tests.unit.spool.voices import Sound, at_loudness, coded, noise, pcm, put, silence, voice, wav

BOX = "600@default"
LINE = replace(line("enquiries"), mailboxes=frozenset({BOX}))
VOICE = voice()


def place(root: Path, line: Line = LINE, name: str = BOX) -> Place:
    return Place(line=line, name=name, root=root)


def looked(root: Path, line: Line = LINE, name: str = BOX) -> list[Looked]:
    return Ear().look(place(root, line, name))


def kinds(one: Looked) -> list[FindingKind]:
    return [each.kind for each in one.wrong]


@contextmanager
def memory() -> Iterator[Callable[[], int]]:
    """Tells the most bytes that Python and numpy held at once in the block; to be asked within it or after it."""
    most = 0
    tracemalloc.start()
    try:
        yield lambda: most
    finally:
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()


def around(before: float, sound: Sound, after: float) -> Sound:
    return np.concatenate([silence(before), sound, silence(after)])


def header(data: bytes, at: int, value: int, size: int = 4) -> bytes:
    """A wav file whose header says something else at this place."""
    return data[:at] + value.to_bytes(size, "little") + data[at + size :]


WAV = wav(VOICE)
EXTENDED = WAV[:16] + (18).to_bytes(4, "little") + WAV[20:36] + b"\0\0" + WAV[36:]
LISTED = WAV[:36] + b"LIST" + (4_000).to_bytes(4, "little") + bytes(4_000) + WAV[36:]

GOOD: dict[str, tuple[str, bytes]] = {
    "wav": ("wav", WAV),
    "wav with a longer header": ("wav", EXTENDED),
    "wav with words of its maker in it": ("wav", LISTED),
    "wav16": ("wav16", wav(voice(rate=16_000), rate=16_000)),
    "wav49": ("WAV", coded(VOICE, "WAV", "GSM610")),
    "gsm": ("gsm", coded(VOICE, "RAW", "GSM610")),
    "ulaw": ("ulaw", coded(VOICE, "RAW", "ULAW")),
    "alaw": ("alaw", coded(VOICE, "RAW", "ALAW")),
    "sln": ("sln", pcm(VOICE)),
    "sln16": ("sln16", pcm(voice(rate=16_000))),
    "sln44": ("sln44", pcm(voice(rate=44_100))),
    "sln48": ("sln48", pcm(voice(rate=48_000))),
    "a deep voice": ("wav", wav(voice(pitch=85))),
    "a high voice": ("wav", wav(voice(pitch=230))),
    "another voice": ("wav", wav(voice(9, seed=9, pitch=160))),
    "rather quiet": ("wav", wav(voice(loudness=-34))),
    "rather loud": ("wav", wav(voice(loudness=-16))),
    "a second and a half": ("wav", wav(voice(1.5))),
    "nearly two minutes": ("wav", wav(voice(115))),
    "a breath before": ("wav", wav(around(1.2, VOICE, 0))),
    "two seconds after": ("wav", wav(around(0, VOICE, 2.4))),
    "a quiet office behind it": ("wav", wav(noise(VOICE, 30))),
    "a lively office behind it": ("wav", wav(noise(VOICE, 22))),
    "a long pause in the middle": ("wav", wav(np.concatenate([VOICE, silence(4), VOICE]))),
    "one overdriven syllable": ("wav", wav(np.where(np.arange(len(VOICE)) // 40 == 100, 1.0, VOICE))),
    "noise at 40 dB, by telephone": ("ulaw", coded(noise(VOICE, 40), "RAW", "ULAW")),
}


@pytest.mark.parametrize("name", GOOD)
def test_a_good_recording_fails_for_nothing(name: str, tmp_path: Path) -> None:
    ext, data = GOOD[name]
    put(tmp_path, f"default/600/unavail.{ext}", data)
    (one,) = looked(tmp_path)
    assert one.findings == ()
    assert (one.formats, one.digest) == ((ext,), hashlib.sha256(data).hexdigest())
    assert one.seconds is not None
    assert one.loudness is not None
    assert len(one.outline) == 240
    assert all(-1 <= low <= high <= 1 for low, high in one.outline)


LOUD = np.clip(at_loudness(VOICE, -8), -1, 1)
SINE = 0.1 * np.sin(2 * np.pi * 440 * np.arange(48_000) / 8_000)

BAD: dict[str, tuple[str, bytes, FindingKind]] = {
    "no bytes": ("wav", b"", FindingKind.EMPTY),
    "no bytes of sln": ("sln", b"", FindingKind.EMPTY),
    "a header and no sound": ("wav", wav(silence(0)), FindingKind.EMPTY),
    "larger than any greeting": ("wav", WAV + bytes(recorded.MOST_BYTES), FindingKind.TOO_LARGE),
    "mp3": ("mp3", b"ID3\x03" + bytes(4_000), FindingKind.UNPLAYABLE),
    "mp3 called wav": ("wav", b"ID3\x03" + bytes(4_000), FindingKind.WRONG_CONTENT),
    "wav called gsm": ("gsm", WAV, FindingKind.WRONG_CONTENT),
    "wav called sln": ("sln", WAV, FindingKind.WRONG_CONTENT),
    "words called wav": ("wav", b"Good morning, this is the office.", FindingKind.WRONG_CONTENT),
    "a web page called ulaw": ("ulaw", b"<!DOCTYPE html>" + bytes(9_000), FindingKind.WRONG_CONTENT),
    "a video called wav": ("wav", b"RIFF\0\0\0\0AVI " + bytes(4_000), FindingKind.WRONG_CONTENT),
    "a header cut off": ("wav", WAV[:30], FindingKind.DAMAGED),
    "no end known": ("wav", header(WAV, 40, 0xFFFFFFFF), FindingKind.DAMAGED),
    "sound before its description": ("wav", WAV[:12] + WAV[36:], FindingKind.DAMAGED),
    "a part of odd length, which the PBX reads on wrongly": (
        "wav",
        WAV[:36] + b"LIST" + (5).to_bytes(4, "little") + bytes(6) + WAV[36:],
        FindingKind.DAMAGED,
    ),
    "a copy broken off": ("wav", WAV[: len(WAV) // 2], FindingKind.CUT_SHORT),
    "a copy of gsm in a WAV broken off": ("WAV", coded(VOICE, "WAV", "GSM610")[:4_000], FindingKind.CUT_SHORT),
    "stereo": ("wav", wav(VOICE, channels=2), FindingKind.NOT_MONO),
    "44.1 kHz": ("wav", wav(voice(rate=44_100), rate=44_100), FindingKind.WRONG_RATE),
    "16 kHz called wav": ("wav", wav(voice(rate=16_000), rate=16_000), FindingKind.WRONG_RATE),
    "8 kHz called wav16": ("wav16", WAV, FindingKind.WRONG_RATE),
    "8 bits": ("wav", wav(VOICE, width=1), FindingKind.WRONG_CODING),
    "floating point": ("wav", coded(VOICE, "WAV", "FLOAT"), FindingKind.WRONG_CODING),
    "ulaw in a wav": ("wav", coded(VOICE, "WAV", "ULAW"), FindingKind.WRONG_CODING),
    "gsm in a small wav": ("wav", coded(VOICE, "WAV", "GSM610"), FindingKind.WRONG_CODING),
    "pcm in a large WAV": ("WAV", WAV, FindingKind.WRONG_CODING),
    "silence": ("wav", wav(silence(6)), FindingKind.SILENT),
    "silence by telephone": ("ulaw", coded(silence(6), "RAW", "ULAW"), FindingKind.SILENT),
    "the hiss of a dead microphone": ("wav", wav(noise(silence(6) + 1e-4, 0)), FindingKind.SILENT),
    "a voice far away": ("wav", wav(voice(loudness=-42)), FindingKind.QUIET),
    "a voice too loud": ("wav", wav(0.99 * np.tanh(at_loudness(VOICE, -8))), FindingKind.LOUD),
    "overdriven": ("wav", wav(LOUD), FindingKind.CLIPPED),
    "overdriven by telephone": ("ulaw", coded(LOUD, "RAW", "ULAW"), FindingKind.CLIPPED),
    "a street behind it": ("wav", wav(noise(VOICE, 8)), FindingKind.NOISY),
    "music before the voice": ("wav", wav(VOICE + 2 * SINE[: len(VOICE)]), FindingKind.NOISY),
    "silence before": ("wav", wav(around(3, VOICE, 0)), FindingKind.SILENCE_BEFORE),
    "a click, silence, a voice": (
        "wav",
        wav(np.concatenate([np.full(8, 0.3), silence(2.5), VOICE])),
        FindingKind.SILENCE_BEFORE,
    ),
    "silence after": ("wav", wav(around(0, VOICE, 6)), FindingKind.SILENCE_AFTER),
    "half a word": ("wav", wav(voice(0.6)), FindingKind.TOO_SHORT),
    "three minutes": ("gsm", coded(voice(180), "RAW", "GSM610"), FindingKind.TOO_LONG),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_recording_fails_for_its_own_reason_only(name: str, tmp_path: Path) -> None:
    ext, data, kind = BAD[name]
    put(tmp_path, f"default/600/unavail.{ext}", data)
    (one,) = looked(tmp_path)
    assert kinds(one) == [kind], [each.words for each in one.findings]
    assert one.findings[0].words
    assert "\n" not in one.findings[0].words


def test_what_cannot_be_decoded_is_not_called_wrong(tmp_path: Path) -> None:
    put(tmp_path, "default/600/unavail.g722", bytes(range(256)) * 200)
    (one,) = looked(tmp_path)
    assert [(each.kind, each.wrong) for each in one.findings] == [(FindingKind.NOT_JUDGED, False)]
    assert one.digest


def test_a_name_may_be_short(tmp_path: Path) -> None:
    put(tmp_path, "default/600/unavail.wav", WAV)
    put(tmp_path, "default/600/greet.wav", wav(voice(0.6)))
    assert [(one.name, kinds(one)) for one in looked(tmp_path)] == [("unavail", []), ("greet", [])]


# --- what is found ---------------------------------------------------------------------------------------------------


def test_without_a_greeting_callers_hear_the_pbx_itself(tmp_path: Path) -> None:
    put(tmp_path, "default/600/busy.wav", WAV)
    missing, busy = looked(tmp_path)
    assert (missing.name, kinds(missing), missing.recorded) == ("unavail", [FindingKind.NOT_RECORDED], False)
    assert busy.recorded
    (tmp_path / "default/600/busy.wav").rename(tmp_path / "default/600/temp.wav")
    assert [one.name for one in looked(tmp_path)] == ["temp"]


def test_a_mailbox_nobody_opened_has_no_greeting_either(tmp_path: Path) -> None:
    (one,) = looked(tmp_path)
    assert kinds(one) == [FindingKind.NOT_RECORDED]


def test_several_formats_are_one_recording_if_they_say_the_same(tmp_path: Path) -> None:
    put(tmp_path, "default/600/unavail.wav", WAV)
    put(tmp_path, "default/600/unavail.gsm", coded(VOICE, "RAW", "GSM610"))
    put(tmp_path, "default/600/unavail.WAV", coded(VOICE, "WAV", "GSM610"))
    (one,) = looked(tmp_path)
    assert (one.formats, one.findings) == (("WAV", "gsm", "wav"), ())
    sums = "".join(
        f"{hashlib.sha256((tmp_path / f'default/600/unavail.{ext}').read_bytes()).hexdigest()}  {ext}\n"
        for ext in one.formats
    )
    assert one.digest == hashlib.sha256(sums.encode()).hexdigest()


def test_an_old_format_left_behind_is_what_some_callers_hear(tmp_path: Path) -> None:
    put(tmp_path, "default/600/unavail.wav", WAV)
    put(tmp_path, "default/600/unavail.gsm", coded(voice(9), "RAW", "GSM610"))
    (one,) = looked(tmp_path)
    assert kinds(one) == [FindingKind.FORMATS_DIFFER]
    assert ".gsm, .wav" in one.findings[0].words


def test_of_several_formats_it_is_told_which_one_is_wrong(tmp_path: Path) -> None:
    put(tmp_path, "default/600/unavail.wav", wav(VOICE, channels=2))
    put(tmp_path, "default/600/unavail.gsm", coded(VOICE, "RAW", "GSM610"))
    (one,) = looked(tmp_path)
    assert kinds(one) == [FindingKind.NOT_MONO]
    assert one.findings[0].words.startswith(".wav: ")


@pytest.mark.parametrize(
    ("language", "order"),
    [
        ("en", ("en", "")),
        ("en_GB", ("en_GB", "en", "")),
        ("cy", ("cy", "", "en")),
        ("es_MX_f", ("es_MX_f", "es_MX", "es", "", "en")),
        ("", ("", "en")),
    ],
)
def test_the_order_in_which_the_pbx_looks_for_a_language(language: str, order: tuple[str, ...]) -> None:
    assert hears(language) == order


def test_each_language_hears_its_own(tmp_path: Path) -> None:
    line = replace(LINE, languages=("en_GB", "cy"))
    put(tmp_path, "default/600/en/unavail.wav", WAV)
    put(tmp_path, "default/600/cy/unavail.wav", wav(voice(8)))
    assert [(one.stem, one.languages, one.findings) for one in looked(tmp_path, line)] == [
        ("en/unavail", ("en_GB",), ()),
        ("cy/unavail", ("cy",), ()),
    ]


def test_one_for_all_languages_is_good_to_know_and_another_language_is_wrong(tmp_path: Path) -> None:
    line = replace(LINE, languages=("en", "cy"))
    put(tmp_path, "default/600/unavail.wav", WAV)
    (one,) = looked(tmp_path, line)
    assert (one.languages, kinds(one)) == (("en", "cy"), [])
    assert [each.kind for each in one.findings] == [FindingKind.OTHER_LANGUAGE]
    (tmp_path / "default/600/unavail.wav").unlink()
    put(tmp_path, "default/600/en/unavail.wav", WAV)
    (one,) = looked(tmp_path, line)
    assert kinds(one) == [FindingKind.OTHER_LANGUAGE]
    assert one.wrong[0].words == "callers of cy hear it in en: record it in their language"


def test_announcements_are_found_among_the_sounds(tmp_path: Path) -> None:
    line = replace(LINE, languages=("en", "cy"), announcements=("custom/closed", "welcome"))
    put(tmp_path, "en/custom/closed.gsm", coded(VOICE, "RAW", "GSM610"))
    put(tmp_path, "cy/custom/closed.gsm", coded(VOICE, "RAW", "GSM610"))
    put(tmp_path, "en/welcome/part.gsm", b"")
    closed, welsh, missing = looked(tmp_path, line, "sounds")
    assert [(one.stem, one.languages, kinds(one)) for one in (closed, welsh)] == [
        ("en/custom/closed", ("en",), []),
        ("cy/custom/closed", ("cy",), []),
    ]
    assert (missing.stem, missing.languages, kinds(missing)) == ("welcome", ("en", "cy"), [FindingKind.NOT_RECORDED])


def test_places_are_what_the_configuration_names(tmp_path: Path) -> None:
    line = replace(LINE, announcements=("custom/closed",))
    both = places_of(line, {"lab": tmp_path / "spool"}, {"lab": tmp_path / "sounds"})
    assert [(one.name, one.root.name) for one in both] == [(BOX, "spool"), ("sounds", "sounds")]
    assert places_of(LINE, {"other": tmp_path}, {"lab": tmp_path}) == []


# --- hostile files ---------------------------------------------------------------------------------------------------


def test_a_link_is_never_followed_to_a_file(tmp_path: Path) -> None:
    secret = put(tmp_path, "elsewhere/secret.wav", WAV)
    box = tmp_path / "spool/default/600"
    box.mkdir(parents=True)
    (box / "unavail.wav").symlink_to(secret)
    (one,) = looked(tmp_path / "spool")
    assert (kinds(one), one.digest, one.seconds) == ([FindingKind.UNREADABLE], "", None)
    with pytest.raises(OSError, match="symbolic links"):
        open_recorded(place(tmp_path / "spool"), "unavail")


@pytest.mark.parametrize("folder", ["default", "default/600", "default/600/en"])
def test_a_mailbox_that_is_a_link_is_none(folder: str, tmp_path: Path) -> None:
    put(tmp_path, "elsewhere/600/en/unavail.wav", WAV)
    put(tmp_path, "elsewhere/unavail.wav", WAV)
    at = tmp_path / "spool" / folder
    at.parent.mkdir(parents=True)
    at.symlink_to(tmp_path / "elsewhere")
    (one,) = looked(tmp_path / "spool")
    assert kinds(one) == [FindingKind.NOT_RECORDED]


def test_sounds_may_link_to_other_sounds_and_no_further(tmp_path: Path) -> None:
    line = replace(LINE, announcements=("closed",))
    sounds = tmp_path / "sounds"
    put(sounds, "en_GB_Alice/closed.wav", WAV)
    put(tmp_path, "elsewhere/closed.wav", WAV)
    (sounds / "en").symlink_to("en_GB_Alice")
    (one,) = looked(sounds, line, "sounds")
    assert (one.stem, kinds(one)) == ("en/closed", [])
    (sounds / "en").unlink()
    (sounds / "en").symlink_to(tmp_path / "elsewhere")
    (one,) = looked(sounds, line, "sounds")
    assert kinds(one) == [FindingKind.NOT_RECORDED]


def test_a_folder_or_a_pipe_in_a_recordings_place_holds_nobody_up(tmp_path: Path) -> None:
    (tmp_path / "default/600/unavail.wav").mkdir(parents=True)
    os.mkfifo(tmp_path / "default/600/busy.wav")
    assert [kinds(one) for one in looked(tmp_path)] == [[FindingKind.UNREADABLE]] * 2


@pytest.mark.parametrize("box", ["../etc@default", "600@..", "600", "@", "a/b@c", "600@a\x00b"])
def test_no_mailbox_leads_out_of_the_spool(box: str, tmp_path: Path) -> None:
    put(tmp_path, "default/600/unavail.wav", WAV)
    put(tmp_path, "unavail.wav", WAV)
    assert [kinds(one) for one in looked(tmp_path, name=box)] == [[FindingKind.NOT_RECORDED]]


def test_a_file_that_may_not_be_read_is_told(foreign_spool: SpoolDir) -> None:
    path = put(foreign_spool.root, "default/600/unavail.wav", WAV)
    path.chmod(0)
    become_nobody()
    (one,) = looked(foreign_spool.root)
    assert kinds(one) == [FindingKind.UNREADABLE]


def test_a_spool_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(GreetingsUnreadable, match=r"voicemail spool cannot be read \(No such file"):
        looked(tmp_path / "gone")
    with pytest.raises(GreetingsUnreadable, match="folder of sounds cannot be read"):
        looked(tmp_path / "gone", replace(LINE, announcements=("closed",)), "sounds")


def test_a_file_full_of_holes_is_not_read(tmp_path: Path) -> None:
    """A sparse file of 100 GB takes no longer and no more memory than the limit."""
    path = put(tmp_path, "default/600/unavail.sln", b"\0\0")
    os.truncate(path, 100 * 1024**3)
    with memory() as most:
        (one,) = looked(tmp_path)
    assert kinds(one) == [FindingKind.TOO_LARGE]
    assert most() < 3 * recorded.MOST_BYTES


def test_ten_megabytes_of_gsm_are_judged_by_their_first_three_minutes(tmp_path: Path) -> None:
    put(tmp_path, "default/600/unavail.gsm", (coded(VOICE, "RAW", "GSM610") * 1_100)[: recorded.MOST_BYTES])
    with memory() as most:
        (one,) = looked(tmp_path)
    assert kinds(one) == [FindingKind.TOO_LONG]
    assert one.findings[0].words.startswith("it lasts 6355 s")
    assert most() < 8 * recorded.MOST_BYTES


# --- once and again --------------------------------------------------------------------------------------------------


def test_what_did_not_change_is_not_judged_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    judged: list[str] = []

    def counted(data: bytes, ext: str) -> Decoded:
        judged.append(ext)
        return decode(data, ext)

    monkeypatch.setattr(recorded, "decode", counted)
    path, ear = put(tmp_path, "default/600/unavail.wav", WAV), Ear()
    first = ear.look(place(tmp_path))
    assert ear.look(place(tmp_path)) == first
    assert judged == ["wav"]
    other = path.with_suffix(".new")
    other.write_bytes(wav(voice(seed=5)))
    os.utime(other, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
    other.replace(path)
    (again,) = ear.look(place(tmp_path))
    assert again.digest != first[0].digest


@pytest.mark.parametrize("stem", ["unavail", "en/unavail"])
def test_a_recording_is_opened_to_be_played(stem: str, tmp_path: Path) -> None:
    put(tmp_path, f"default/600/{stem}.gsm", b"gsm")
    put(tmp_path, f"default/600/{stem}.wav", WAV)
    found = open_recorded(place(tmp_path), stem)
    assert found is not None
    with found.file as file:
        assert (file.read(), found.format, found.size) == (WAV, "wav", len(WAV))


@pytest.mark.parametrize(
    "stem", ["", "greet", "msg0000", "INBOX/msg0000", "../600/unavail", "/etc/passwd", "cy/unavail"]
)
def test_nothing_else_is_opened(stem: str, tmp_path: Path) -> None:
    put(tmp_path, "default/600/unavail.wav", WAV)
    put(tmp_path, "default/600/INBOX/msg0000.wav", WAV)
    put(tmp_path, "default/600/cy/unavail.wav", WAV)
    assert open_recorded(place(tmp_path), stem) is None
