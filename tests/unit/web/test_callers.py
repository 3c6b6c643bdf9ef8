"""Who sends a request: proxies are believed, everybody else is what the connection says."""

from typing import Any
from unittest import mock

import pytest
import structlog
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict

from callcentre.config.schema import WebSection
from callcentre.config.serving import web_of
from callcentre.web.callers import Callers


def callers(log: Any = None, **keys: Any) -> Callers:
    known = {"proxies": ["10.0.0.1", "10.1.0.0/16", "fd00::/8"], "trusted_header": "X-Remote-User"} | keys
    return Callers(web_of(WebSection.model_validate(known), mock.sentinel.folder), log or structlog.get_logger())


def request(peer: str, *headers: tuple[str, str], scheme: str = "http") -> web.Request:
    transport = mock.Mock()
    known = {"peername": (peer, 40000)}
    transport.get_extra_info.side_effect = lambda name, default=None: known.get(name, default)
    lines = CIMultiDict([("Host", "calls.example"), *headers])
    return make_mocked_request("GET", "/", headers=lines, transport=transport).clone(scheme=scheme)


@pytest.mark.parametrize(
    ("peer", "said", "found"),
    [
        ("192.0.2.7", [], "192.0.2.7"),
        ("192.0.2.7", ["198.51.100.1"], "192.0.2.7"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["203.0.113.9, 198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["203.0.113.9", "198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["198.51.100.1, 10.1.2.3"], "198.51.100.1"),
        ("10.0.0.1", ["127.0.0.1, evil, 10.1.2.3"], "10.1.2.3"),
        ("10.0.0.1", ["10.1.0.1, 10.1.0.2"], "10.1.0.1"),
        ("::ffff:10.0.0.1", ["::ffff:198.51.100.1"], "198.51.100.1"),
        ("fd00::1", ["[2001:db8::7]"], "2001:db8::7"),
    ],
)
def test_the_address_is_the_last_that_no_proxy_of_ours_has(peer: str, said: list[str], found: str) -> None:
    assert callers().address(request(peer, *(("X-Forwarded-For", line) for line in said))) == found


def test_guesses_of_ipv6_are_counted_by_network() -> None:
    one = callers().network(request("2001:db8:0:1::7"))
    assert one == callers().network(request("2001:db8:0:1:ffff::8")) == "2001:db8:0:1::/64"
    assert callers().network(request("192.0.2.7")) == "192.0.2.7"


@pytest.mark.parametrize(
    ("peer", "proto", "scheme", "secure"),
    [
        ("10.0.0.1", "https", "http", True),
        ("10.0.0.1", "http", "http", False),
        ("10.0.0.1", "https, http", "http", False),
        ("192.0.2.7", "https", "http", False),
        ("192.0.2.7", "http", "https", True),
    ],
)
def test_whether_it_is_encrypted_is_believed_from_proxies_only(
    peer: str, proto: str, scheme: str, secure: bool
) -> None:
    assert callers().is_secure(request(peer, ("X-Forwarded-Proto", proto), scheme=scheme)) is secure


def test_our_own_origins() -> None:
    ours, forwarded = callers(url="https://Calls.Example/here"), ("X-Forwarded-Host", "front.example")
    assert ours.origins(request("192.0.2.7", forwarded)) == {"http://calls.example", "https://calls.example"}
    assert "http://front.example" in ours.origins(request("10.0.0.1", forwarded))


def test_a_proxy_names_the_account_and_nobody_else_does() -> None:
    said = ("X-Remote-User", " alice ")
    assert callers().named(request("10.0.0.1", said)) == "alice"
    assert callers().named(request("10.0.0.1")) is None
    assert callers().named(request("10.0.0.1", ("X-Remote-User", ""))) is None
    assert callers().named(request("10.0.0.1", said, ("X-Remote-User", "root"))) is None
    assert callers(trusted_header=None).named(request("10.0.0.1", said)) is None


def test_who_is_not_believed_is_logged_once() -> None:
    log = mock.Mock()
    ours = callers(log)
    for _ in range(3):
        assert ours.named(request("192.0.2.7", ("X-Remote-User", "root"))) is None
    assert log.warning.call_count == 1
    assert log.warning.call_args.kwargs["address"] == "192.0.2.7"
    assert "root" not in str(log.warning.call_args)
    for number in range(300):
        ours.named(request(f"192.0.2.{number % 256}", ("X-Remote-User", "root")))
    assert log.warning.call_count <= 100


@pytest.mark.parametrize(
    ("peer", "keys", "scheme", "seen"),
    [
        ("192.0.2.7", {}, "http", False),
        ("10.0.0.1", {}, "http", True),
        ("127.0.0.1", {}, "http", True),
        ("192.0.2.7", {}, "https", True),
        ("192.0.2.7", {"plain_http": True}, "http", True),
        ("192.0.2.7", {"proxies": [], "trusted_header": None}, "http", True),
    ],
)
def test_past_the_proxy_nobody_sees_pages(peer: str, keys: dict[str, Any], scheme: str, seen: bool) -> None:
    assert callers(**keys).may_see(request(peer, scheme=scheme)) is seen
