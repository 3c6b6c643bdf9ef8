"""The test notice that `callcentre test-notice` sends."""

from pathlib import Path

import pytest

from callcentre.config import Config, load
from callcentre.core.errors import ConfigError
from callcentre.notify import NotSent, send_test
from callcentre.runtime.clock import ManualClock
from tests.unit.notify.far_ends import post_office, website
from tests.unit.notify.samples import AT

OFFICE = """
fallback_line = "enquiries"
[[pbx]]
name = "main"
[[line]]
name = "enquiries"
pbx = "main"
nation = "ENG"
[[contact]]
name = "desk"
email = ["desk@office.example", "deputy@office.example"]
[[contact]]
name = "program"
webhook = "http://127.0.0.1:{web}/hush"
[mail]
host = "127.0.0.1"
port = {mail}
sender = "us@office.example"
tls = "none"
"""


def config(folder: Path, *, web: int = 9, mail: int = 9) -> Config:
    path = folder / "callcentre.toml"
    path.write_text(OFFICE.format(web=web, mail=mail), "utf-8")
    return load(path, {})


async def test_the_answer_of_the_far_end_is_returned(tmp_path: Path) -> None:
    async with website() as site, post_office() as post:
        post.answers["deputy@office.example"] = ["550 gone"]
        office = config(tmp_path, web=site.port, mail=post.port)
        assert await send_test(office, "program", clock=ManualClock(AT)) == "HTTP 204 No Content"
        assert await send_test(office, "desk") == "queued as 1; refused for deputy@office.example"
    body = site.asked[0].body
    assert (body["kind"], body["pbx"], body["line"], body["task"]) == ("test", "main", "enquiries", None)
    assert body["key"] == "test:2026-11-27T16:00:00.000000+00:00"
    assert post.letters[0][1]["Subject"] == "callcentre: a test"


async def test_two_tests_are_two(tmp_path: Path) -> None:
    async with post_office() as post:
        office = config(tmp_path, mail=post.port)
        await send_test(office, "desk")
        await send_test(office, "desk")
    first, second = (letter["Message-ID"] for _, letter in post.letters)
    assert first != second


async def test_what_to_do_is_said(tmp_path: Path) -> None:
    async with website() as site, post_office() as post:
        office = config(tmp_path, web=site.port, mail=post.port)
    with pytest.raises(NotSent, match=r"the webhook cannot be reached \(.+\); check host and port"):
        await send_test(office, "program")
    with pytest.raises(NotSent, match=r"the mail server 127.0.0.1:\d+ cannot be reached"):
        await send_test(office, "desk")
    with pytest.raises(ConfigError, match=r'there is no contact "dest"; did you mean "desk"\?'):
        await send_test(office, "dest")
