"""Whatever a telephone system records in becomes what browsers play; what is no sound is refused, not served."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from callcentre.spool import audio
from callcentre.spool.audio import NotPlayable, sound_of
from callcentre.spool.recordings import Recording

RATE = 8_000
TONE = (np.sin(np.arange(2 * RATE) * 2 * np.pi * 440 / RATE) * 0.3).astype("float32")


def recorded(folder: Path, name: str, content: bytes | None = None, **how: Any) -> Recording:
    path = folder / name
    if content is None:
        soundfile.write(path, TONE, RATE, **({"format": "RAW"} | how))
    else:
        path.write_bytes(content)
    return Recording(file=path.open("rb"), format=path.suffix[1:], size=path.stat().st_size)


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("msg0000.WAV", {"format": "WAV", "subtype": "GSM610"}),
        ("msg0000.wav", {"format": "WAV", "subtype": "ULAW"}),
        ("msg0000.gsm", {"subtype": "GSM610"}),
        ("msg0000.ulaw", {"subtype": "ULAW"}),
        ("msg0000.alaw", {"subtype": "ALAW"}),
        ("msg0000.sln", {"subtype": "PCM_16"}),
        ("msg0000.ogg", {"format": "OGG", "subtype": "VORBIS"}),
    ],
    ids=["wav49", "a wav of ulaw", "gsm", "ulaw", "alaw", "sln", "ogg"],
)
def test_telephone_codecs_become_pcm(tmp_path: Path, name: str, how: dict[str, Any]) -> None:
    recording = recorded(tmp_path, name, **how)
    sound = sound_of(recording)
    content = sound.file.read()
    assert recording.file.closed
    assert len(content) == sound.size
    told = soundfile.info(io.BytesIO(content))
    assert (told.format, told.subtype, told.samplerate) == ("WAV", "PCM_16", RATE)
    heard, _ = soundfile.read(io.BytesIO(content))
    assert len(heard) == len(TONE)
    assert np.corrcoef(heard, TONE)[0, 1] > 0.95, "it is another sound"


@pytest.mark.parametrize(("ext", "rate"), [("sln16", 16_000), ("sln48", 48_000), ("wav16", 16_000)])
def test_wide_band_keeps_its_rate(tmp_path: Path, ext: str, rate: int) -> None:
    path = tmp_path / f"closed.{ext}"
    form = "WAV" if ext.startswith("wav") else "RAW"
    soundfile.write(path, TONE, rate, format=form, subtype="PCM_16")
    sound = sound_of(Recording(file=path.open("rb"), format=ext, size=path.stat().st_size))
    told = soundfile.info(io.BytesIO(sound.file.read()))
    assert (told.format, told.samplerate, told.frames) == ("WAV", rate, len(TONE))


def test_pcm_is_sent_as_it_lies_there(tmp_path: Path) -> None:
    recording = recorded(tmp_path, "msg0000.wav", format="WAV", subtype="PCM_16")
    sound = sound_of(recording)
    assert sound.file is recording.file
    assert sound.file.read() == (tmp_path / "msg0000.wav").read_bytes()
    sound.file.close()


def test_another_content_has_another_tag(tmp_path: Path) -> None:
    tags = set()
    for content in (b"\x7f" * 800, b"\x7f" * 801):
        sound = sound_of(recorded(tmp_path, "msg0000.ulaw", content))
        tags.add(sound.tag)
    assert len(tags) == 2


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("msg0000.wav", b"no sound at all", "damaged"),
        ("msg0000.wav", b"RIFF\0\0\0\0WAVEfmt ", "damaged"),
        ("msg0000.WAV", b"", "damaged"),
        ("msg0000.ogg", b"OggS" + bytes(100), "damaged"),
        ("msg0000.gsm", b"", "empty"),
        ("msg0000.g722", b"x", "a .g722 recording cannot"),
    ],
)
def test_what_cannot_be_played_is_said_and_closed(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    recording = recorded(tmp_path, name, content)
    with pytest.raises(NotPlayable, match=said):
        sound_of(recording)
    assert recording.file.closed


def test_long_recordings_have_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audio, "MOST_SECONDS", 1)
    with pytest.raises(NotPlayable, match="too long"):
        sound_of(recorded(tmp_path, "msg0000.gsm", subtype="GSM610"))
    monkeypatch.setattr(audio, "MOST_BYTES", 1_000)
    with pytest.raises(NotPlayable, match="too long"):
        sound_of(recorded(tmp_path, "msg0000.wav", format="WAV", subtype="PCM_16"))
