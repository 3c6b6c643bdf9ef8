"""The account that acts: its rights, Asterisk's words to it, and what the listener hears of what it does."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from callcentre_simulator.accounts import from_manager_conf
from callcentre_simulator.ami_server import AmiServer
from callcentre_simulator.clock import AS_FAST_AS_READ, Clock
from callcentre_simulator.held_clock import HeldClock
from callcentre_simulator.people import Act, Ring
from callcentre_simulator.scenario import build, find, read
from tests.simulator.peer import Peer, logged_in

CONF = """
[lab]
secret = not-a-secret
read = system,call,agent,user
write = reporting
[act]
secret = s3
write = originate,agent,system
"""


@asynccontextmanager
async def office(version: int = 22) -> AsyncIterator[tuple[AmiServer, Peer, Peer]]:
    """An office in which nothing happens by itself; who listens, and who acts."""
    scenario = read(find("sixth_ring"))
    pbx = build(scenario.model_copy(update={"call": []}), version=version)
    pbx.telephones.register("PJSIP/102", on=True)
    pbx.telephones.all["PJSIP/102"].rings = (Ring(after=2.0, acts=(Act("talk", seconds=5.0), Act("hang up"))),)
    async with AsyncExitStack() as stack:
        server = AmiServer(pbx, from_manager_conf(CONF), clock=Clock(AS_FAST_AS_READ))
        await stack.enter_async_context(server)
        acts = await stack.enter_async_context(logged_in(server.port, "act", "s3", Events="off"))
        listens = await stack.enter_async_context(logged_in(server.port))
        yield server, listens, acts


async def test_who_acts_hears_nothing_and_sets_no_pace() -> None:
    office_alone = AmiServer(build(read(find("sixth_ring"))), from_manager_conf(CONF), clock=HeldClock())
    async with office_alone as server, logged_in(server.port, "act", "s3", Events="off") as acts:
        assert b"Pong" in await acts.ask("Ping")
        assert server.listeners == 0
        async with logged_in(server.port):
            assert server.listeners == 1


async def test_who_acts_may_read_no_lists_and_who_listens_may_not_act() -> None:
    async with office() as (_, listens, acts):
        assert b"Permission denied" in await acts.ask("DeviceStateList")
        assert b"Permission denied" in await acts.ask("UserEvent", UserEvent="CallcentreHere")
        for action in ("QueueAdd", "QueueRemove", "QueuePause", "DBPut", "DBDel", "Originate"):
            assert b"Permission denied" in await listens.ask(action)


async def test_a_member_that_is_put_in_is_told_to_the_listener_alone() -> None:
    async with office() as (_, listens, acts):
        place = {"Queue": "enquiries", "Interface": "PJSIP/104"}
        assert b"Message: Added interface to queue" in await acts.ask("QueueAdd", **place)
        assert b"Interface: PJSIP/104" in await listens.event("QueueMemberAdded")
        assert b"Error" in (again := await acts.ask("QueueAdd", **place))
        assert b"Unable to add interface: Already there" in again
        assert b"Message: Removed interface from queue" in await acts.ask("QueueRemove", **place)
        assert b"Unable to remove interface: Not there" in await acts.ask("QueueRemove", **place)


async def test_the_database_is_written_without_a_word_to_anybody() -> None:
    async with office() as (server, _, acts):
        entry = {"Family": "callcentre", "Key": "line/enquiries/divert"}
        assert b"Updated database successfully" in await acts.ask("DBPut", **entry, Val="1")
        assert b"Key deleted successfully" in await acts.ask("DBDel", **entry)
        assert b"Database entry could not be deleted" in await acts.ask("DBDel", **entry)
        assert server.events_sent == 0


@pytest.mark.parametrize("version", [16, 22])
@pytest.mark.parametrize(
    ("telephone", "milliseconds", "response", "reason"),
    [
        ("PJSIP/102", 30_000, "Success", "4"),
        ("PJSIP/104", 3_000, "Failure", "3"),
        ("PJSIP/103", 30_000, "Failure", "0"),
    ],
)
async def test_a_telephone_that_is_rung_is_answered_or_not(
    version: int, telephone: str, milliseconds: int, response: str, reason: str
) -> None:
    async with office(version) as (server, listens, acts):
        call = {"Channel": telephone, "Context": "internal", "Exten": "101", "Priority": "1", "Async": "true"}
        more = {"Timeout": str(milliseconds), "ChannelId": "breach-7-1"}
        assert b"Originate successfully queued" in await acts.ask("Originate", **call, **more)
        await listens.ask("Ping")
        told = (await listens.event("OriginateResponse")).decode().split("\r\n")
        assert {"ActionID: Originate-1", f"Response: {response}", f"Reason: {reason}"} <= set(told)
        assert ("Uniqueid: breach-7-1" in told) is (reason != "0")
        await server.finished()


async def test_a_channel_id_that_is_taken_is_not_called_again() -> None:
    async with office() as (_, listens, acts):
        call = {"Channel": "PJSIP/104", "Context": "internal", "Exten": "101", "Priority": "1", "Async": "true"}
        for _ in range(2):
            assert b"queued" in await acts.ask("Originate", **call, ChannelId="breach-7-1")
        await listens.ask("Ping")
        assert b"Reason: 0" in await listens.event("OriginateResponse")
        assert b"Reason: 3" in await listens.event("OriginateResponse")
        long = await acts.ask("Originate", **call, ChannelId="x" * 150)
        assert b"Uniqueid length exceeds maximum of 149" in long
