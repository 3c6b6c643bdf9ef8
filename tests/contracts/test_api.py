"""The API held against its own document by schemathesis: every operation, all its checks, real requests on loopback."""

import asyncio
import sys
from pathlib import Path

import pytest

from tests.unit.web.api.working import working

RUNS = {
    "edges": ("sue:admin:*", "--phases", "examples,coverage"),
    "chance": ("sue:admin:*", "--phases", "fuzzing,stateful", "--max-examples", "6"),
    "no scope": ("sue:admin:nothing", "--phases", "fuzzing", "--max-examples", "3"),
    "an agent": ("alice:agent:*", "--phases", "fuzzing", "--max-examples", "3"),
}
"""Whose token, and what is tried: fixed values at the edges of each schema, or drawn ones (always the same)."""

ALIKE = ("--generation-deterministic", "--seed", "1", "--suppress-health-check", "too_slow")
"""Each run asks the same, and in the same order (which is the seed's), however busy the machine is."""


THERE = """
[parameters]
"path.pbx" = "lab"
"path.number" = 1
"path.uniqueid" = "1795363959.1"
"""
"""What is drawn by chance is asked of a task and a call that are there; other names are among the edges."""


@pytest.mark.parametrize("run", RUNS)
async def test_every_operation_does_what_the_document_says(run: str, tmp_path: Path) -> None:
    token, *how = RUNS[run]
    (tmp_path / "schemathesis.toml").write_text(THERE if run == "chance" else "")
    async with working(tmp_path, streams_last=0.02) as api:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "schemathesis.cli", "run", f"{api.url}/api/v1/openapi.json"),
            *("--header", f"Authorization: Bearer {token}"),
            *("--checks", "all", "--no-color", *ALIKE, *how),
            cwd=tmp_path,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await process.communicate()
    text = said.decode()
    assert process.returncode == 0, text
    assert "Tested: 36" in text, text
