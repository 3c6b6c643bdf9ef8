"""Spools for tests."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.spool.spool_dir import SpoolDir


@pytest.fixture
def spool_dir(tmp_path: Path) -> SpoolDir:
    return SpoolDir(tmp_path / "voicemail")


@pytest.fixture
def foreign_spool() -> Iterator[SpoolDir]:
    """A spool that is read by somebody who is not root: rights count."""
    if os.geteuid() != 0:
        pytest.skip("only root can become somebody else")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        spool = SpoolDir(Path(folder) / "voicemail")
        yield spool
        os.seteuid(0)


def become_nobody() -> None:
    """Until the end of the test, be an ordinary user (foreign_spool takes it back)."""
    os.seteuid(65534)
