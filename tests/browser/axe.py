"""axe-core, which looks for what keeps people out of a page: one version, known by its hash, fetched by npm.

`python -m tests.browser.axe` fetches it into a cache; the tests only read it there.
"""

import base64
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.async_api import Page

HOW = "fetch axe-core with `python -m tests.browser.axe` (needs npm)"
WANTED = json.loads(Path(__file__).with_name("axe.json").read_text("utf-8"))
VERSION, INTEGRITY = str(WANTED["version"]), str(WANTED["integrity"])
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
"""WCAG 2.2 AA is all of the levels before it too; `best-practice` has headings in order and landmarks."""


class WrongFile(Exception):
    """What npm brought is not what axe.json names."""


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule of axe-core's that a page breaks, and where."""

    rule: str
    help: str
    where: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.rule}: {self.help}\n" + "\n".join(f"    {place}" for place in self.where)


def cached() -> Path:
    """Where the script lies once it is fetched."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "callcentre-browser" / f"axe-core-{VERSION}.js"


def fetch() -> Path:
    """Fetch the script if it is not there; raises WrongFile where its hash is another."""
    place = cached()
    if place.exists():
        return place
    npm = shutil.which("npm")
    if npm is None:
        sys.exit("npm is needed to fetch axe-core; Debian's package is npm")
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="callcentre-axe-") as folder:
        subprocess.run(
            [npm, "pack", "--silent", "--pack-destination", folder, f"axe-core@{VERSION}"],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=folder,
        )
        packed = next(Path(folder).glob("*.tgz")).read_bytes()
    place_new = place.with_suffix(f".{os.getpid()}")
    place_new.write_bytes(script_of(packed))
    place_new.rename(place)
    return place


def script_of(packed: bytes) -> bytes:
    """The script out of npm's archive, if that is the one that axe.json names."""
    found = "sha512-" + base64.b64encode(hashlib.sha512(packed).digest()).decode()
    if found != INTEGRITY:
        raise WrongFile(f"npm's axe-core {VERSION} has the hash {found}, not that of axe.json")
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        member = archive.extractfile("package/axe.min.js")
        if member is None:
            raise WrongFile("npm's axe-core has no axe.min.js")
        return member.read()


async def violations(page: Page) -> list[Violation]:
    """What axe-core finds wrong with a page as it stands, once its styles are there."""
    await page.wait_for_load_state()
    await page.evaluate(cached().read_text("utf-8"))  # by the debugger, which the page's own policy does not bind
    found: dict[str, Any] = await page.evaluate(
        "rules => axe.run(document, {runOnly: {type: 'tag', values: rules}, resultTypes: ['violations']})", [*RULES]
    )
    return [
        Violation(one["id"], one["help"], tuple(node["html"][:200] for node in one["nodes"]))
        for one in found["violations"]
    ]


if __name__ == "__main__":
    print(fetch())
