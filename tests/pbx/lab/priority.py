"""Priority for telephones and PBXs, where the tests were given some (`nice -n -10`)."""

import contextlib
import os
from pathlib import Path


def keep_priority(pid: int) -> None:
    """Give the session that `pid` leads the niceness that `pid` has.

    Linux shares the processors among sessions alike (autogroups): niceness alone counts within one only.
    """
    with contextlib.suppress(OSError):
        Path(f"/proc/{pid}/autogroup").write_text(str(os.getpriority(os.PRIO_PROCESS, pid)), encoding="ascii")
