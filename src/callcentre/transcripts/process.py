"""Has a program of its own make a draft, and ends it where it takes too long, says too much, or is wanted no more."""

import asyncio
import os
import re
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from math import ceil
from typing import Final

from callcentre.config.durations import text_of
from callcentre.config.transcripts import TranscriptSettings
from callcentre.core.errors import CallcentreError
from callcentre.core.transcripts import plain
from callcentre.transcripts.job import MOST_ANSWER, Answer, Fault, Job

PROGRAM: Final = (sys.executable, "-I", "-m", "callcentre.transcripts.worker")
"""Isolated: neither the daemon's folder nor its environment decides what is run."""

_SEES: Final = {
    "PATH": os.defpath,
    "LANG": "C.UTF-8",
    "HOME": os.devnull,  # no folder can be made there
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TRANSFORMERS_OFFLINE": "1",
}
"""All that it has of an environment: the daemon's may hold secrets."""

_OWN_SECONDS: Final = 10
"""Of processor time, for the program's own start: a wall behind the wall that counts."""


_LANGUAGE: Final = re.compile(r"[a-z]{2,3}", re.ASCII)
_NONSENSE: Final = "the program that makes drafts answered nothing that can be understood"


class NotDrafted(CallcentreError):
    """No draft came of it; the message says why, in words that hold nothing of the recording."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """Plain words, and the language they were taken for."""

    text: str
    language: str


async def draft(
    settings: TranscriptSettings, sound: bytes, language: str | None, *, program: Sequence[str] = PROGRAM
) -> Draft:
    """What a machine makes of `sound`, a wav file; NotDrafted if nothing comes of it. Leaves no process behind."""
    within = settings.within.total_seconds()
    job = Job(
        model=str(settings.model),
        language=language,
        memory_mb=settings.memory_mb,
        seconds=ceil(within) + _OWN_SECONDS,
        threads=settings.threads,
        parent=os.getpid(),
    )
    try:
        process = await asyncio.create_subprocess_exec(
            *(*program, job.told()),
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            env={**_SEES, "OMP_NUM_THREADS": str(settings.threads)},
            cwd="/",
            start_new_session=True,  # what ends the daemon's terminal is not for it
        )
    except OSError as error:
        raise NotDrafted(f"the program that makes drafts cannot be started ({error.strerror})") from None
    try:
        async with asyncio.timeout(within):
            told = await _answer(process, sound)
            status = await process.wait()
    except TimeoutError:
        raise NotDrafted(f"it took longer than {text_of(settings.within)} (transcripts.within)") from None
    finally:
        await _end(process)
    return _draft(told, status, settings)


async def _answer(process: Process, sound: bytes) -> bytes:
    """Write the sound while reading the answer, of which only so much is taken."""
    assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018  for the type checker
    process.stdin.write(sound)
    process.stdin.close()
    told = bytearray()
    while part := await process.stdout.read(MOST_ANSWER):
        told += part
        if len(told) > MOST_ANSWER:
            raise NotDrafted(_NONSENSE)
    return bytes(told)


async def _end(process: Process) -> None:
    """Kill it, and whatever it started, if it has not ended; also if cancelled meanwhile."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        assert process.stdout is not None  # noqa: S101  for the type checker
        while await process.stdout.read(MOST_ANSWER):  # what is unread would hold up the end
            pass
        await process.wait()


def _draft(told: bytes, status: int, settings: TranscriptSettings) -> Draft:
    if status < 0:
        name = signal.Signals(-status).name if -status in tuple(signal.Signals) else str(-status)
        raise NotDrafted(
            f"the program that makes drafts was ended by {name}; too little transcripts.memory_mb may be why"
        )
    answer = Answer.of(told)
    if status != 0 or answer is None:
        raise NotDrafted(_NONSENSE)
    kind = plain(answer.kind, 80)
    match answer.fault:
        case Fault.MEMORY:
            raise NotDrafted(f"it needed more memory than {settings.memory_mb} MB (transcripts.memory_mb)")
        case Fault.MODEL:
            raise NotDrafted(f"the model cannot be loaded ({kind}); callcentre check-config looks for what is missing")
        case Fault.SOUND:
            raise NotDrafted(f"the model failed at it ({kind})")
    language = answer.language if _LANGUAGE.fullmatch(answer.language) else ""
    return Draft(text=plain(answer.text), language=language)
