"""Two AMI clients that know nothing of this project log in, act, and follow a call through the simulated office."""

import asyncio
import logging
import queue
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import asterisk.ami
import panoramisk
import pytest

from callcentre_simulator.accounts import Account
from callcentre_simulator.ami_server import AmiServer
from callcentre_simulator.clock import AS_FAST_AS_READ, Clock
from callcentre_simulator.scenario import build, find, read

# asterisk-ami 0.1.7 still calls Condition.notifyAll: as an error it would kill the client's own thread.
pytestmark = pytest.mark.filterwarnings("ignore:notifyAll:DeprecationWarning")

ACCOUNTS = {"peer": Account("peer", "s3cret")}
A_CALL = ["Newchannel", "QueueCallerJoin", "AgentCalled", "DialBegin", "DialEnd", "AgentConnect", "BridgeEnter"]
FOLLOWED = set(A_CALL)
PATIENCE = 180.0


def office() -> AmiServer:
    """The office in which one call is answered at the sixth ring; it runs when a client is ready."""
    return AmiServer(build(read(find("sixth_ring"))), ACCOUNTS, clock=Clock(AS_FAST_AS_READ))


def first_of_each(names: list[str]) -> list[str]:
    return [name for name in dict.fromkeys(names) if name in FOLLOWED]


@contextmanager
def ami_client(port: int, heard: "queue.Queue[str]") -> Iterator[asterisk.ami.AMIClient]:
    client = asterisk.ami.AMIClient(address="127.0.0.1", port=port, timeout=PATIENCE)
    client.add_event_listener(lambda event, **_: heard.put(event.name))
    try:
        yield client
    finally:
        # Only the end of the stream wakes its reader: whoever uses it logs off, or has been hung up on.
        client.finished.wait(PATIENCE)
        client.disconnect()


def asterisk_ami_session(port: int) -> tuple[Any, Any, list[str]]:
    heard: queue.Queue[str] = queue.Queue()
    with ami_client(port, heard) as client:
        login = client.login("peer", "s3cret").response
        paused = client.send_action(
            asterisk.ami.SimpleAction("QueuePause", Queue="enquiries", Interface="PJSIP/102", Paused="true")
        ).response
        client.send_action(asterisk.ami.SimpleAction("Ping")).get_response()
        names: list[str] = []
        while not names or names[-1] != "AgentComplete":
            names.append(heard.get(timeout=PATIENCE))
        assert client.logoff().response.status == "Goodbye"
        return login, paused, names


async def test_asterisk_ami_logs_in_acts_and_follows_a_call() -> None:
    async with office() as server:
        login, paused, names = await asyncio.to_thread(asterisk_ami_session, server.port)
    assert not login.is_error()
    assert (paused.status, paused.keys["Message"]) == ("Success", "Interface paused successfully")
    assert "QueueMemberPause" in names
    assert first_of_each(names) == A_CALL


async def test_asterisk_ami_is_told_that_its_secret_is_wrong() -> None:
    def refused(port: int) -> Any:
        with ami_client(port, queue.Queue()) as client:
            return client.login("peer", "wrong").response

    async with AmiServer(build(read(find("sixth_ring"))), ACCOUNTS, refusal_seconds=0.0) as server:
        response = await asyncio.to_thread(refused, server.port)
    assert (response.status, response.keys["Message"]) == ("Error", "Authentication failed")


async def test_panoramisk_logs_in_acts_and_follows_a_call() -> None:
    names: list[str] = []
    over = asyncio.Event()

    def heard(_manager: Any, event: Any) -> None:
        names.append(event.event)
        if event.event == "AgentComplete":
            over.set()

    async with office() as server:
        manager = panoramisk.Manager(
            host="127.0.0.1",
            port=server.port,
            username="peer",
            secret="s3cret",
            ping_delay=0,
            log=logging.getLogger("panoramisk"),
        )
        manager.register_event("*", heard)
        try:
            await manager.connect()
            members = await manager.send_action({"Action": "QueueStatus", "Queue": "enquiries"}, as_list=True)
            unknown = await manager.send_action({"Action": "Nonsense"})
            pong = await manager.send_action({"Action": "Ping"})
            async with asyncio.timeout(PATIENCE):
                await over.wait()
        finally:
            manager.close()
    assert pong.ping == "Pong"
    assert unknown.message.startswith("Invalid/unknown command: Nonsense.")
    assert {one.location for one in members if one.event == "QueueMember"} >= {"PJSIP/101", "PJSIP/102"}
    assert first_of_each(names) == A_CALL
