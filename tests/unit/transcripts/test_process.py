"""The program that makes a draft, as a real process: bound, ended, and never believed."""

import asyncio
import os
import signal
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from callcentre.config.transcripts import TranscriptSettings
from callcentre.core.transcripts import LONGEST
from callcentre.runtime.clock import Tasks
from callcentre.transcripts.process import PROGRAM, Draft, NotDrafted, draft

ENGINES = Path(__file__).with_name("engines.py")
SETTINGS = TranscriptSettings(
    model=Path("/srv/whisper-small"),
    language=None,
    longest=timedelta(minutes=3),
    within=timedelta(minutes=30),  # it has the lowest priority: beside other work it takes long to begin
    memory_mb=512,
    threads=1,
)
SHORT = replace(SETTINGS, within=timedelta(seconds=1))


async def made(engine: str, settings: TranscriptSettings = SETTINGS, sound: bytes = b"RIFF") -> Draft:
    return await draft(settings, sound, "cy", program=(sys.executable, "-I", str(ENGINES), engine))


async def test_the_words_come_back_with_their_language() -> None:
    sound = bytes(3_000_000)  # more than a pipe holds
    assert await made("right", sound=sound) == Draft(text="3000000 bytes in cy", language="cy")


async def test_what_it_prints_is_not_its_answer_and_control_characters_go() -> None:
    assert (await made("prints")).text == "one two [31mthree"


async def test_an_answer_is_cut_off() -> None:
    text = (await made("long")).text
    assert len(text) <= LONGEST
    assert text.startswith("word word")


async def test_it_is_bound_and_sees_nothing_of_the_daemon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLCENTRE_PBX__MAIN__SECRET", "hush")
    text = (await made("bounds")).text
    assert text == f"[{512 << 20}, 0, 0, 1810] nice 19 in / sees [] offline 1"


@pytest.mark.parametrize(
    ("engine", "why"),
    [
        ("allocates", r"needed more memory than 512 MB \(transcripts\.memory_mb\)"),
        ("allocates_in_c", r"needed more memory than 512 MB"),
        ("crashes", r"ended by SIGSEGV; too little transcripts\.memory_mb may be why"),
        ("fails", r"^the model failed at it \(ValueError\)$"),
        ("no_model", r"^the model cannot be loaded \(FileNotFoundError\); callcentre check-config"),
        ("connects", r"^the model failed at it \(PermissionError\)$"),
        ("starts", r"^the model failed at it \(PermissionError\)$"),
        ("writes", r"^the model failed at it \(OSError\)$"),
        ("garbage", r"answered nothing that can be understood"),
        ("endless", r"answered nothing that can be understood"),
        ("leaves", r"answered nothing that can be understood"),
    ],
)
async def test_whatever_goes_wrong_is_told_without_a_word_of_the_message(engine: str, why: str) -> None:
    with pytest.raises(NotDrafted, match=why) as refused:
        await made(engine)
    assert "01632" not in str(refused.value)


async def test_one_that_hangs_is_ended() -> None:
    before = children()
    with pytest.raises(NotDrafted, match=r"took longer than 1s \(transcripts\.within\)"):
        await made("hangs", SHORT)
    assert children() <= before


async def test_one_that_is_wanted_no_more_is_ended() -> None:
    before, begun = children(), asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, begun.set)
    try:
        async with Tasks() as tasks:
            tasks.spawn(made("begins_and_hangs"), name="draft")
            await begun.wait()
            assert children() - before
    finally:
        asyncio.get_running_loop().remove_signal_handler(signal.SIGUSR1)
    assert children() <= before


async def test_a_program_that_is_not_there_is_told() -> None:
    with pytest.raises(NotDrafted, match="cannot be started"):
        await draft(SETTINGS, b"", None, program=("/nonexistent/python",))


async def test_the_real_program_says_that_there_is_no_model() -> None:
    """Whether or not the extra is installed here."""
    with pytest.raises(NotDrafted, match=r"the model cannot be loaded \((ModuleNotFound|FileNotFound)Error\)"):
        await draft(SETTINGS, b"", None, program=PROGRAM)


def children() -> set[str]:
    return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())
