"""TLS: served by certificate files, which are read again when they change and never served broken."""

import asyncio
import hashlib
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from aiohttp import ClientSession, TCPConnector, web

from callcentre.core.errors import ConfigError
from callcentre.web.certificates import Certificate
from callcentre.web.server import Server
from callcentre.web.site import SITE
from tests.unit.web import served
from tests.unit.web.entered import house


def make(folder: Path, name: str, *more: str) -> None:
    """Write a certificate of its own and its key to `folder`, as `cert.pem` and `key.pem`."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-days", "2"]
        + ["-subj", f"/CN={name}", "-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
        + ([*more] or ["-nodes"]),
        check=True,
        capture_output=True,
    )


def fingerprint(folder: Path) -> str:
    der = ssl.PEM_cert_to_DER_cert((folder / "cert.pem").read_text())
    return hashlib.sha256(der).hexdigest()


async def served_at(port: int, name: str | None = "localhost") -> str:
    """The fingerprint of what is served to who asks for `name` (None: for none)."""
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trusting, server_hostname=name or "")
    given = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.close()
    await writer.wait_closed()
    return hashlib.sha256(given).hexdigest()


@asynccontextmanager
async def serving(certificate: Certificate, folder: Path) -> AsyncIterator[int]:
    app = web.Application()
    app[SITE] = served.site(folder)
    server = Server(app, host="127.0.0.1", port=0, certificate=certificate)
    address = await server.start()
    assert address.startswith("https://")
    try:
        yield int(address.rpartition(":")[2])
    finally:
        await server.stop()


async def test_a_new_certificate_is_served_without_a_restart_with_and_without_a_name(tmp_path: Path) -> None:
    make(tmp_path, "first")
    certificate = Certificate(tmp_path / "cert.pem", tmp_path / "key.pem", mock.Mock())
    first = fingerprint(tmp_path)
    async with serving(certificate, tmp_path) as port:
        assert await served_at(port) == await served_at(port, None) == first
        make(tmp_path, "second")
        assert await served_at(port) == first
        assert certificate.reload()
        assert await served_at(port) == await served_at(port, None) == fingerprint(tmp_path) != first


@pytest.mark.parametrize("broken", ["key of another", "no PEM", "gone", "half written", "encrypted"])
async def test_a_broken_pair_is_never_served(tmp_path: Path, broken: str) -> None:
    make(tmp_path, "first")
    log = mock.Mock()
    certificate = Certificate(tmp_path / "cert.pem", tmp_path / "key.pem", log)
    good = fingerprint(tmp_path)
    if broken == "key of another":
        key = (tmp_path / "key.pem").read_text()
        make(tmp_path, "second")
        (tmp_path / "key.pem").write_text(key)
    elif broken == "no PEM":
        (tmp_path / "cert.pem").write_text("hello")
    elif broken == "gone":
        (tmp_path / "key.pem").unlink()
    elif broken == "half written":
        (tmp_path / "cert.pem").write_text((tmp_path / "cert.pem").read_text()[:100])
    else:
        make(tmp_path, "second", "-passout", "pass:hidden-word")
    async with serving(certificate, tmp_path) as port:
        assert not certificate.reload()
        assert await served_at(port) == good
    assert log.error.call_count == 1
    assert "hidden-word" not in str(log.error.call_args)
    with pytest.raises(ConfigError, match="tls_cert, tls_key"):
        Certificate(tmp_path / "cert.pem", tmp_path / "key.pem", log)


class Told:
    """A log that tells when it was written to."""

    def __init__(self) -> None:
        self.news: asyncio.Queue[str] = asyncio.Queue()

    def info(self, event: str, /, **_fields: Any) -> None:
        self.news.put_nowait(event)

    debug = warning = error = exception = info


async def test_files_that_change_are_noticed_and_so_is_being_asked(tmp_path: Path) -> None:
    make(tmp_path, "first")
    log = Told()
    certificate = Certificate(tmp_path / "cert.pem", tmp_path / "key.pem", log)
    async with asyncio.timeout(300), asyncio.TaskGroup() as group:
        watching = group.create_task(certificate.watch(0.01))
        make(tmp_path, "second")
        while "read again" not in await log.news.get():
            pass  # between the writing of key and certificate they do not fit
        certificate.asked.set()
        assert "read again" in await log.news.get()
        watching.cancel()


async def test_under_tls_cookies_are_bound_to_the_host_and_the_browser_is_told_to_stay(tmp_path: Path) -> None:
    make(tmp_path, "localhost")
    certificate = Certificate(tmp_path / "cert.pem", tmp_path / "key.pem", mock.Mock())
    async with house(tmp_path, "alice", certificate=certificate) as home:
        assert home.address.startswith("https://")
        trusting = ClientSession(connector=TCPConnector(ssl=False))
        home.open_clients.append(trusting)
        async with trusting.get(f"{home.address}/login") as answer:
            assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
            (cookie,) = answer.headers.getall("Set-Cookie")
    assert cookie.startswith("__Host-callcentre-login=")
    assert "Secure" in cookie
    assert "Path=/" in cookie
    assert "Domain" not in cookie
