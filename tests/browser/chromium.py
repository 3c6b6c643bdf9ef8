"""Debian's Chromium, and why tests in it cannot run where they cannot."""

import os
import shutil
from typing import Final

import pytest

REQUIRED: Final = "CALLCENTRE_TEST_BROWSER_REQUIRED"
FLAGS: Final = ("--mute-audio", "--disable-gpu", "--no-first-run", "--disable-dev-shm-usage")


def found() -> str | None:
    """Where Chromium is; None where there is none."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


def needed(*more: str) -> str:
    """Where Chromium is; without it, or for any reason in `more`, the test is skipped, and fails where it must run."""
    path = found()
    why = "there is no Chromium: install it (Debian's package is chromium)" if path is None else next(iter(more), "")
    if why and os.environ.get(REQUIRED) == "1":
        pytest.fail(f"{REQUIRED}=1, but {why}", pytrace=False)
    if why or path is None:
        pytest.skip(why)
    return path
