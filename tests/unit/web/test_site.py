"""What the pages stand on: the audit log, and what is logged of connections."""

import asyncio
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from yarl import URL

from callcentre.web.site import Starting
from tests.unit.web import served


async def test_who_did_what_is_written_down(tmp_path: Path) -> None:
    async with served.sqlite(tmp_path) as database:
        site = served.site(tmp_path, database=database)
        await site.audit("alice", "listened", "message 600@default 7", address="192.0.2.7")
        (entry,) = await database.audit.entries()
    assert (entry.at, entry.who, entry.action) == (served.NOW, "alice", "listened")
    assert (entry.what, entry.address) == ("message 600@default 7", "192.0.2.7")


async def test_what_cannot_be_written_down_is_not_done(tmp_path: Path) -> None:
    with pytest.raises(Starting):
        await served.site(tmp_path).audit("alice", "listened")


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/1.1\r\nno header 07700900061\r\n\r\n",
        b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 07700900061x\r\n\r\n",
        b"GET / HTTP/9.9.9\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    ],
    ids=["header", "length", "content", "version", "tls"],
)
async def test_what_is_not_http_is_no_error_and_leaves_nothing_of_itself_in_the_log(
    tmp_path: Path, sent: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    with capture_logs() as lines:
        async with served.served(served.site(tmp_path)) as address:
            url = URL(address)
            reader, writer = await asyncio.open_connection(url.host, url.port)
            writer.write(sent)
            assert (await reader.read()).startswith(b"HTTP/1.0 400 ")
            writer.close()
            await writer.wait_closed()
    assert {line["log_level"] for line in lines} <= {"debug"}
    assert "07700900061" not in str(lines)
    assert not caplog.records
