"""What the PBX can play, judged as strictly as its own format modules do, and the samples that it would play.

A file is known by its name's end, as Asterisk knows it (formats/format_*.c): what is inside must be just that. A wav of
another rate, of two channels or in another coding is refused by Asterisk with a line in its log, and callers hear
nothing.
"""

import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import soundfile
from numpy.typing import NDArray

from callcentre.core.greetings import Finding, FindingKind

Samples = NDArray[np.float32]

LONGEST_JUDGED: Final = 180.0
"""Seconds: of a longer file, which is too long anyway, only so much is decoded. At 8 kHz 6 MB of samples."""

_FULL: Final = 32_768.0


@dataclass(frozen=True, slots=True)
class Coding:
    """What a name's end means: how samples are coded (empty: we cannot decode it), their rate, the largest there is."""

    how: str
    rate: int
    ceiling: float = 32_767 / _FULL

    @property
    def has_header(self) -> bool:
        """Whether a file says of itself what it is, as wav files do."""
        return self.how in ("wav", "wav_gsm")


_PCM: Final = "PCM_16"
_ULAW: Final = Coding("ULAW", 8_000, 32_124 / _FULL)
_ALAW: Final = Coding("ALAW", 8_000, 32_256 / _FULL)
_RATES: Final = {"12": 12_000, "16": 16_000, "24": 24_000, "32": 32_000, "44": 44_100, "48": 48_000, "96": 96_000}

CODINGS: Final[Mapping[str, Coding]] = {
    "wav": Coding("wav", 8_000),
    "wav16": Coding("wav", 16_000),
    **dict.fromkeys(("WAV", "wav49"), Coding("wav_gsm", 8_000)),
    "gsm": Coding("GSM610", 8_000),
    **dict.fromkeys(("ulaw", "pcm", "ul", "mu", "ulw"), _ULAW),
    **dict.fromkeys(("alaw", "al", "alw"), _ALAW),
    **dict.fromkeys(("sln", "slin", "raw"), Coding(_PCM, 8_000)),
    **{f"sln{name}": Coding(_PCM, rate) for name, rate in _RATES.items()},
    "sln192": Coding(_PCM, 192_000),
    **dict.fromkeys(
        ("g722", "g729", "g719", "g723", "g723sf", "ilbc", "siren7", "siren14", "vox", "au"), Coding("", 0)
    ),
    **dict.fromkeys(
        ("g726-40", "g726-32", "g726-24", "g726-16", "ogg", "opus", "spx", "spx16", "spx32"), Coding("", 0)
    ),
}
"""By the name's end, capitals as Asterisk tells them apart."""

_NOT_PLAYED: Final = ("mp3", "m4a", "aac", "mp4", "flac", "wma", "aif", "aiff", "MP3", "Wav", "GSM")
"""What people put there, and Asterisk does not play (mp3 with an add-on only)."""

_MARKS: Final = (
    (b"RIFF", "a RIFF (wav) file"),
    (b"ID3", "an mp3 file"),
    (b"\xff\xfb", "an mp3 file"),
    (b"OggS", "an Ogg file"),
    (b"fLaC", "a FLAC file"),
    (b"FORM", "an AIFF file"),
    (b".snd", "an au file"),
    (b"\x7fELF", "a program"),
    (b"PK\x03\x04", "a zip file"),
    (b"<!DOCTYPE", "a web page"),
    (b"<html", "a web page"),
)
_CONVERT: Final = "convert it with: sox IN -r {rate} -c 1 -b 16 OUT.{ext}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """The samples of a file (None: they cannot be told), what is wrong with the file, and how long it is."""

    samples: Samples | None
    rate: int
    ceiling: float
    seconds: float | None
    findings: tuple[Finding, ...] = ()


def formats_of(stem: str, names: Iterable[str]) -> tuple[str, ...]:
    """The ends, among `names`, of files that are played as `stem`, or that somebody meant to be."""
    dotted = f"{stem}."
    ends = {name[len(dotted) :] for name in names if name.startswith(dotted)}
    played = sorted(ends & CODINGS.keys())
    return tuple(played or sorted(ends.intersection(_NOT_PLAYED)))


def decode(data: bytes, ext: str) -> Decoded:
    """Decode the content of a file whose name ends in `ext`. Takes up to ten times its size in memory; never raises."""
    coding = CODINGS.get(ext)
    if not data:
        return _refused(FindingKind.EMPTY, "the file is empty: callers hear nothing; record it again")
    if coding is None:
        words = f"the PBX does not play .{ext} files; {_CONVERT.format(rate=8000, ext='wav')}"
        return _refused(FindingKind.UNPLAYABLE, words)
    wrong = _of_other_content(data, coding)
    if wrong is not None:
        words = f"it is called .{ext} and is {wrong}: callers hear noise or nothing; convert it, do not rename it"
        return _refused(FindingKind.WRONG_CONTENT, words)
    if not coding.how:
        words = f"callcentre cannot judge the sound of .{ext} files: listen to it by telephone"
        finding = Finding(kind=FindingKind.NOT_JUDGED, words=words, wrong=False)
        return Decoded(samples=None, rate=0, ceiling=1.0, seconds=None, findings=(finding,))
    if coding.has_header:
        return _wav(data, coding, ext)
    if coding.how == _PCM:
        return _decoded(_pcm(data, coding.rate), len(data) / 2 / coding.rate, coding)
    return _raw(data, coding)


def raw_sound(coding: Coding) -> dict[str, Any]:
    """What libsndfile must be told of a file without a header."""
    return {"format": "RAW", "subtype": coding.how, "samplerate": coding.rate, "channels": 1, "endian": "LITTLE"}


def _refused(kind: FindingKind, words: str) -> Decoded:
    finding = Finding(kind=kind, words=words)
    return Decoded(samples=None, rate=0, ceiling=1.0, seconds=None, findings=(finding,))


def _decoded(samples: Samples, seconds: float, coding: Coding, *findings: Finding) -> Decoded:
    return Decoded(samples=samples, rate=coding.rate, ceiling=coding.ceiling - 1e-6, seconds=seconds, findings=findings)


def _of_other_content(data: bytes, coding: Coding) -> str | None:
    """What a file is that it is not called, in words."""
    wants = coding.has_header
    if wants and data[:4] == b"RIFF":
        return None if data[8:12] == b"WAVE" else "a RIFF file without sound"
    for mark, words in _MARKS if coding.how else ():
        if data.startswith(mark):
            return words
    return "no wav file" if wants else None


def _pcm(data: bytes | memoryview, rate: int) -> Samples:
    most = int(LONGEST_JUDGED * rate)
    return np.frombuffer(data, "<i2", count=min(len(data) // 2, most)).astype(np.float32) / np.float32(_FULL)


def _raw(data: bytes, coding: Coding) -> Decoded:
    """Of a format without a header."""
    try:
        with soundfile.SoundFile(io.BytesIO(data), **raw_sound(coding)) as sound:
            return _decoded(_read(sound), sound.frames / coding.rate, coding)
    except (soundfile.SoundFileError, ValueError, RuntimeError):
        return _refused(FindingKind.DAMAGED, "it cannot be decoded; record it again")


def _read(sound: soundfile.SoundFile) -> Samples:
    most = int(LONGEST_JUDGED * sound.samplerate)
    samples: Samples = sound.read(min(sound.frames, most), dtype="float32")
    return samples


# --- wav -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Header:
    """What format_wav.c reads of a wav file; `size` is what the header says of the sound, in bytes, `at` its place."""

    coding: int
    channels: int
    rate: int
    block: int
    at: int
    size: int


_GSM: Final = 0x31
_NAMES: Final = {3: "floating point", 6: "A-law", 7: "µ-law", 2: "ADPCM", 0x11: "ADPCM", 0x55: "mp3", _GSM: "GSM"}
_GSM_BLOCK: Final = 65
_GSM_BLOCK_SAMPLES: Final = 320


def _wav(data: bytes, coding: Coding, ext: str) -> Decoded:
    header = _header(data)
    if header is None:
        return _refused(
            FindingKind.DAMAGED, "its header is broken: the PBX refuses it, or plays noise; record or convert it again"
        )
    wrong = _wrong_header(header, coding, ext)
    if wrong is not None:
        return _refused(wrong.kind, wrong.words)
    there = max(min(header.size, len(data) - header.at), 0)
    if header.size == 0 or there == 0:
        return _refused(FindingKind.EMPTY, "it holds no sound: callers hear nothing; record it again")
    cut: tuple[Finding, ...] = ()
    a_second = coding.rate * 2 if coding.how == "wav" else coding.rate / _GSM_BLOCK_SAMPLES * _GSM_BLOCK
    seconds = there / a_second
    if there < header.size:
        words = (
            f"the file ends after {seconds:.1f} s, and its header says {header.size / a_second:.1f} s: its end is lost "
            "(a full disk, a broken copy); copy or record it again"
        )
        cut = (Finding(kind=FindingKind.CUT_SHORT, words=words),)
    if coding.how == "wav":
        return _decoded(_pcm(memoryview(data)[header.at : header.at + there], coding.rate), seconds, coding, *cut)
    try:
        with soundfile.SoundFile(io.BytesIO(data)) as sound:
            return _decoded(_read(sound), seconds, coding, *cut)
    except (soundfile.SoundFileError, ValueError, RuntimeError):
        return _refused(FindingKind.DAMAGED, "it cannot be decoded; record it again")


def _wrong_header(header: _Header, coding: Coding, ext: str) -> Finding | None:
    """Why the PBX refuses a wav file, if it does."""
    convert = _CONVERT.format(rate=coding.rate, ext="wav") if ext != "WAV" else "record it again"
    wanted = _GSM if coding.how == "wav_gsm" else 1
    if header.coding != wanted or (wanted == 1 and header.block != 2 * header.channels):
        bits = header.block * 8 // max(header.channels, 1)
        found = _NAMES.get(header.coding, f"{bits}-bit samples" if header.coding == 1 else f"{header.coding:#x}")
        needs = "GSM" if wanted == _GSM else "16-bit PCM"
        words = f"a .{ext} file must hold {needs}, and this one holds {found}: the PBX does not play it; {convert}"
        return Finding(kind=FindingKind.WRONG_CODING, words=words)
    if header.channels != 1:
        words = f"it has {header.channels} channels, and the PBX plays mono only: callers hear nothing; {convert}"
        return Finding(kind=FindingKind.NOT_MONO, words=words)
    if header.rate != coding.rate:
        words = (
            f"it has {header.rate} samples a second, and a .{ext} file must have {coding.rate}: the PBX does not play "
            f"it; {convert}"
        )
        return Finding(kind=FindingKind.WRONG_RATE, words=words)
    return None


def _header(data: bytes) -> _Header | None:
    """Walk the chunks as Asterisk does: up to `data`, which must lie behind `fmt `."""
    at, found = 12, None
    while at + 8 <= len(data):
        name, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        body = at + 8
        if name == b"fmt " and size >= 16 and body + 16 <= len(data):
            found = data[body : body + 16]
        elif name == b"data":
            if found is None or size > 0x7FFFFFFF:
                return None
            return _Header(
                coding=int.from_bytes(found[0:2], "little"),
                channels=int.from_bytes(found[2:4], "little"),
                rate=int.from_bytes(found[4:8], "little"),
                block=int.from_bytes(found[12:14], "little"),
                at=body,
                size=size,
            )
        at = body + size  # the pad byte of an odd chunk is not skipped: Asterisk does not either
    return None
