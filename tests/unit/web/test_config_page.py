"""/config: all that is in effect, and no secret, whatever the configuration holds."""

import re
from pathlib import Path
from typing import Any

import pytest

from callcentre.config.load import load_data
from callcentre.web.config_page import tables
from tests.unit.web import served
from tests.unit.web.entered import house

HIDDEN = "the-hidden-word"


def full(folder: Path, **more: Any) -> dict[str, Any]:
    """A configuration with a secret in every place that takes one."""
    (folder / "secret").write_text(f"{HIDDEN}-file")
    return {
        "pbx": [
            {
                "name": "lab",
                "username": "callcentre",
                "secret": HIDDEN,
                "act_username": "callcentre-act",
                "act_secret_file": "secret",
            }
        ],
        "contact": [
            {"name": "hook", "webhook": f"https://hooks.example/{HIDDEN}?token={HIDDEN}"},
            {"name": "chat", "chat": f"slack://{HIDDEN}/a/b"},
            {"name": "people", "email": ["boss@office.example"]},
        ],
        "mail": {
            "host": "smtp.example",
            "sender": "cc@office.example",
            "username": "cc@office.example",
            "password": HIDDEN,
        },
        "store": {"url": f"postgresql://callcentre:{HIDDEN}@db.example/calls?sslpassword={HIDDEN}"},
    } | more


async def test_no_secret_appears_from_a_configuration_full_of_them(tmp_path: Path) -> None:
    config = served.office(tmp_path, **full(tmp_path))
    async with house(tmp_path, "bob", config=config) as home:
        page = await (await home.logged_in("bob")).get("/config")
    assert page.status == 200
    assert HIDDEN not in page.text
    assert '<a href="/config" aria-current="page">' in page.text
    plain = re.sub(r"<[^>]+>", " ", page.text)
    rows = re.findall(r"([\w]+) +(set|not set) ", plain)
    assert ("secret", "set") in rows
    assert ("act_secret", "set") in rows
    assert ("password", "set") in rows
    assert ("webhook", "set") in rows
    assert ("chat", "set") in rows
    assert ("ca_file", "not set") in rows
    assert "postgresql://db.example/calls" in plain
    assert "boss@office.example" in plain


async def test_every_setting_of_the_web_is_shown(tmp_path: Path) -> None:
    shown = {table.title: dict(table.rows) for table in tables(served.office(tmp_path))}
    assert shown["[web]"] == {
        "host": "127.0.0.1",
        "port": "8090",
        "url": "not set",
        "tls_cert": "not set",
        "tls_key": "not set",
        "plain_http": "no",
        "proxies": "not set",
        "trusted_header": "not set",
        "require_totp": "no",
        "session_idle": "8h",
        "session_longest": "1d",
    }


@pytest.mark.parametrize("kind", ["secret", "act_secret", "password", "webhook", "chat"])
def test_what_is_not_set_says_so(tmp_path: Path, kind: str) -> None:
    config = load_data(tmp_path / "c.toml", full(tmp_path) | {"fallback_line": "x", "line": [LINE]}, {})
    rows = [row for table in tables(config) for row in table.rows if row[0] == kind]
    assert rows
    assert {value for _, value in rows} <= {"set", "not set"}


LINE = {"name": "x", "pbx": "lab", "nation": "ENG", "queues": ["x"]}
