"""Two hundred open wallboards: pages and scrapes go on beside them, and at a stop each is brought to its end."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from aiohttp import ClientSession, CookieJar, TCPConnector

from tests.acceptance.office import Daemon, Office, Pbx, log_in, with_account

STREAMS = 200


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with Pbx() as pbx:
        made = Office(tmp_path, pbx.port)
        await with_account(made)
        yield made


async def test_a_stop_ends_open_streams_and_does_not_wait_for_who_reads_them(office: Office) -> None:
    url = f"http://127.0.0.1:{office.web}"
    jar = CookieJar(unsafe=True)
    async with Daemon(office) as daemon, AsyncExitStack() as stack:
        await daemon.ready()
        client = await stack.enter_async_context(ClientSession(cookie_jar=jar, connector=TCPConnector(limit=0)))
        await log_in(client, url)
        streams = [await stack.enter_async_context(client.get(f"{url}/wallboard/events")) for _ in range(STREAMS)]
        for each in streams:
            assert await each.content.readline() == b"retry: 2000\n"
        async with client.get(f"{url}/wallboard") as page, client.get(f"{url}/metrics") as scrape:
            assert (page.status, scrape.status) == (200, 200)
        assert await daemon.stopped() == 0
        for each in streams:
            await each.content.read()  # raises where one was cut off, as after the time that a server waits for those
