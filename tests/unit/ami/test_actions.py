"""Outgoing values are checked, and no error repeats them."""

import hashlib

import pytest
from asterisk.ami import Action

from callcentre.ami.actions import challenge, login_md5, login_plain, render, simple
from callcentre.core.errors import ActionRefused


def test_rendered_as_asterisk_reads_it() -> None:
    assert render(simple("Ping"), "a-1") == b"Action: Ping\r\nActionID: a-1\r\n\r\n"
    assert render(challenge(), "a-2") == b"Action: Challenge\r\nActionID: a-2\r\nAuthType: MD5\r\n\r\n"


def test_md5_sends_the_answer_and_not_the_secret() -> None:
    sent = render(login_md5("listener", "open sesame", "42"), "a-1")
    assert f"Key: {hashlib.md5(b'42open sesame').hexdigest()}\r\n".encode() in sent
    assert b"sesame" not in sent


def test_a_secret_may_hold_any_printable_character() -> None:
    assert "Secret: pä: $\\w0rd\r\n".encode() in render(login_plain("listener", "pä: $\\w0rd"), "a-1")


@pytest.mark.parametrize(
    "evil", ["x\r\nAction: Command", "x\nVariable: y", "x\0", "x\r", "", "x" * 201, "\ud800" * 400]
)
def test_values_that_would_break_out(evil: str) -> None:
    with pytest.raises(ActionRefused) as refused:
        render(login_plain("listener", evil), "a-1")
    assert "Secret" in str(refused.value)
    assert not evil or evil not in str(refused.value)


@pytest.mark.parametrize(
    "action",
    [
        Action("Command", {"Command": "core stop now"}),
        Action("Ping", {"Command": "x"}),
        Action("Ping", {"ActionID": "x\r\n"}),
        Action("Login", {"Username": "x", "Secret": "y", "Events": "maybe"}),
        Action("Ping", {}, {"CHANNEL(x)": "y"}),
        Action("Ping", {f"H{n}": "x" for n in range(200)}),
    ],
    ids=["action", "field", "id", "word", "variable", "count"],
)
def test_what_is_not_allowed_is_not_sent(action: Action) -> None:
    with pytest.raises(ActionRefused, match="nothing was sent"):
        render(action, "a-1")
