"""The program that makes one draft and ends: `python -m callcentre.transcripts.worker JOB`, the sound on its input.

It binds itself before it loads anything: memory, processor time, no file written or removed, no core dumped, no
network, no program started, the lowest priority; and it ends with the process that asked. It prints its answer alone.
"""

import ctypes
import os
import resource
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from callcentre.core.transcripts import LONGEST
from callcentre.transcripts.engine import Engine, Whisper
from callcentre.transcripts.job import MOST_SOUND, Answer, Fault, Job

_PARENT_DEATH: Final = 1
"""PR_SET_PDEATHSIG of Linux's prctl."""

_LOWEST: Final = 19
_FIRST_TO_GO: Final = "1000"
_FORBIDDEN: Final = (
    *("socket.connect", "socket.bind", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname"),
    *("os.mkdir", "os.link", "os.symlink", "os.rename", "os.remove", "os.rmdir", "os.truncate", "os.chmod"),
    *("subprocess.Popen", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.system"),
)
_OUT_OF_MEMORY: Final = ("alloc", "memory")
"""In what libraries in other languages say of it."""


def main(make: Callable[[Path, int], Engine] = Whisper) -> None:
    """Make a draft by the model that `make` loads from a folder with so many threads."""
    job = Job.of(sys.argv[1])
    answers = _only_answers()
    _bound(job)
    answer = _answer(job, make)
    os.write(answers, answer.told())


def _answer(job: Job, make: Callable[[Path, int], Engine]) -> Answer:
    try:
        sound = sys.stdin.buffer.read(MOST_SOUND)
        engine = make(Path(job.model), job.threads)
    except MemoryError:
        return Answer(fault=Fault.MEMORY)
    except Exception as error:  # noqa: BLE001  whatever a library may raise
        return _fault(error, Fault.MODEL)
    try:
        words = engine.words(sound, job.language)
        return Answer(text=words.text[:LONGEST], language=words.language)
    except MemoryError:
        return Answer(fault=Fault.MEMORY)
    except Exception as error:  # noqa: BLE001
        return _fault(error, Fault.SOUND)


def _fault(error: Exception, otherwise: Fault) -> Answer:
    said = str(error).lower()
    return Answer(
        fault=Fault.MEMORY if any(word in said for word in _OUT_OF_MEMORY) else otherwise, kind=type(error).__name__
    )


def _only_answers() -> int:
    """Keep the way to whoever asked for the answer alone: libraries print what they like."""
    answers = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    return answers


def _bound(job: Job) -> None:
    ctypes.CDLL(None, use_errno=True).prctl(_PARENT_DEATH, signal.SIGKILL)
    if os.getppid() != job.parent:  # it ended before that was said
        sys.exit(1)
    with suppress(OSError):  # where the system has no such thing
        Path("/proc/self/oom_score_adj").write_text(_FIRST_TO_GO, "ascii")
    os.nice(_LOWEST)
    memory = job.memory_mb * 1024 * 1024
    for limit, value in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, job.seconds * job.threads),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (value, value))
    sys.addaudithook(_refuse)


def _refuse(event: str, _arguments: tuple[Any, ...]) -> None:
    if event in _FORBIDDEN:
        raise PermissionError(event)


if __name__ == "__main__":
    main()
