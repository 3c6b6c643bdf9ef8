"""Every fault that can be ordered, as the client at the other end sees it."""

import asyncio
import re
from pathlib import Path

import pytest

from callcentre_simulator.ami_server import AmiServer
from callcentre_simulator.clock import AS_FAST_AS_READ, Clock
from callcentre_simulator.faults import ORDERS
from callcentre_simulator.hostile import kinds
from callcentre_simulator.office_orders import OFFICE_ORDERS, office_orders
from callcentre_simulator.scenario import build, find, read
from callcentre_simulator.spool import Spool
from tests.simulator.fake import START, FakePbx, device
from tests.simulator.peer import ACCOUNTS, PATIENCE, Peer, connected, logged_in


def fast(model: FakePbx) -> AmiServer:
    return AmiServer(model, ACCOUNTS, clock=Clock(AS_FAST_AS_READ))


async def order(peer: Peer, words: str) -> bytes:
    return await peer.ask("Command", Command=f"simulator {words}")


@pytest.mark.parametrize("name", ORDERS)
async def test_every_order_is_taken_from_a_client(name: str) -> None:
    words = name + {"slow": " rate=1e9", "flood": " rate=10"}.get(name, "")
    async with AmiServer(FakePbx(), ACCOUNTS) as server, logged_in(server.port) as peer:
        if name in {"cut", "half-open"}:
            assert server.faults.order(words).startswith(name)
        else:
            assert f"Output: {name}".encode() in await order(peer, words)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("explode", "no such order"),
        ("cut deep", "cut takes mid=, away="),
        ("slow", "needs rate=N"),
        ("late names=Hangup", "Hangup cannot be late"),
        ("hostile kind=polite", "no such kind"),
        ("flood rate=1 name=Hangup", "a flood is of"),
    ],
)
async def test_an_order_that_cannot_be_obeyed_says_why(words: str, said: str) -> None:
    async with AmiServer(FakePbx(), ACCOUNTS) as server, logged_in(server.port) as peer:
        answer = await order(peer, words)
        assert answer.startswith(b"Response: Error")
        assert said.encode() in answer


async def test_who_has_no_right_to_commands_orders_no_faults() -> None:
    async with AmiServer(FakePbx(), ACCOUNTS) as server, logged_in(server.port, "reader", "s3") as peer:
        assert b"Permission denied" in await order(peer, "cut")


async def test_a_cut_breaks_the_line_and_keeps_everybody_out_for_its_time() -> None:
    model = FakePbx()
    model.at(1.0, device(1))
    model.at(500.0, device(2))
    async with fast(model) as server:
        server.faults.at(START + 10, "cut away=100")
        async with logged_in(server.port) as peer:
            await peer.ask("Ping")
            assert b"PJSIP/1" in await peer.rest()
        async with logged_in(server.port) as peer:
            await peer.ask("Ping")
            assert b"PJSIP/2" in await peer.event("DeviceStateChange")


async def test_while_it_is_away_nobody_gets_in() -> None:
    async with AmiServer(FakePbx(), ACCOUNTS) as server:
        server.faults.order("cut away=3600")
        async with connected(server.port) as peer:
            assert peer.banner == b""


async def test_a_cut_in_mid_event_leaves_half_of_it() -> None:
    model = FakePbx()
    async with AmiServer(model, ACCOUNTS) as server, logged_in(server.port) as peer:
        model.say(device(7))
        server.faults.cut(mid=True)
        rest = await peer.rest()
        assert b"Event: DeviceStateChange" in rest
        assert not rest.endswith(b"\r\n\r\n")


async def test_a_half_open_line_is_silent_both_ways_until_it_breaks() -> None:
    model = FakePbx()
    async with AmiServer(model, ACCOUNTS) as server, logged_in(server.port) as peer:
        server.faults.half_open()
        peer.send("Action: Ping\r\n\r\n")
        model.say(device(7))
        server.flush()
        server.faults.order("calm")
        model.say(device(8))
        server.flush()
        assert b"PJSIP/8" in await peer.event("DeviceStateChange")
        assert b"Pong" in await peer.ask("Ping")


async def test_a_half_open_line_breaks_in_the_end() -> None:
    model = FakePbx()
    model.at(5.0, device(1))
    async with fast(model) as server, logged_in(server.port) as peer:
        server.faults.at(START + 1, "half-open for=2")
        await peer.ask("Ping")
        assert b"DeviceStateChange" not in await peer.rest()


async def test_bytes_come_one_at_a_time_and_make_the_same_events() -> None:
    model = FakePbx()
    async with AmiServer(model, ACCOUNTS) as server, logged_in(server.port) as peer:
        assert b"Pong" in await peer.ask("Ping")
        server.faults.split()
        model.say(device(7))
        server.flush()
        reads: list[bytes] = []
        while not b"".join(reads).endswith(b"INUSE\r\n\r\n"):
            reads.append(await asyncio.wait_for(peer.reader.read(65536), PATIENCE))
        assert len(reads) > 20
        assert b"Device: PJSIP/7" in b"".join(reads)


async def test_a_slow_line_takes_its_time() -> None:
    model = FakePbx()
    loop = asyncio.get_running_loop()
    async with AmiServer(model, ACCOUNTS) as server, logged_in(server.port) as peer:
        await peer.ask("Ping")
        server.faults.slow(rate=1_000)
        before = loop.time()
        model.say(device(7))
        server.flush()
        await peer.event("DeviceStateChange")
        assert loop.time() - before > 0.05


async def test_several_events_come_in_one_read() -> None:
    model = FakePbx()
    async with AmiServer(model, ACCOUNTS) as server, logged_in(server.port) as peer:
        await peer.ask("Ping")
        server.faults.gather(0.02)
        for number in range(5):
            model.say(device(number))
            server.flush()
        assert (await asyncio.wait_for(peer.reader.read(65536), PATIENCE)).count(b"DeviceStateChange") == 5


async def test_a_stalled_event_comes_with_the_next_or_with_an_answer() -> None:
    model = FakePbx()
    async with AmiServer(model, ACCOUNTS) as server, logged_in(server.port) as peer:
        await peer.ask("Ping")
        server.faults.stall()
        model.say(device(1))
        server.flush()
        model.say(device(2))
        server.flush()
        assert (await asyncio.wait_for(peer.reader.read(65536), PATIENCE)).count(b"Event:") == 1
        peer.send("Action: Ping\r\n\r\n")
        assert b"PJSIP/2" in await peer.message()


async def test_a_late_event_comes_after_those_that_it_preceded_and_time_still_runs_on() -> None:
    model = FakePbx()
    model.at(1.0, device(1))
    model.at(1.1, device(1))
    model.at(1.2, device(1))
    model.do(1.05, lambda: model.say(type(device(1))("Hangup", "call,all", ())))
    async with fast(model) as server, logged_in(server.port) as peer:
        server.faults.late(0.08, ["DeviceStateChange"])
        await peer.ask("Ping")
        found = [await peer.message() for _ in range(4)]
        stamps = [re.search(rb"Timestamp: (\S+)", message)[1] for message in found]  # type: ignore[index]
        assert [message.split(b"\r\n")[0][7:] for message in found] == [
            b"Hangup",
            b"DeviceStateChange",
            b"DeviceStateChange",
            b"DeviceStateChange",
        ]
        assert stamps == sorted(stamps)


async def test_a_flood_is_as_wide_as_ordered() -> None:
    model = FakePbx()
    async with fast(model) as server, logged_in(server.port) as peer:
        server.faults.flood(rate=5_000, seconds=0.5, name="VarSet")
        await peer.ask("Ping")
        await server.finished()
        last = b""
        for _ in range(2_500):
            last = await peer.event("VarSet")
        assert b"Value: 2499" in last


@pytest.mark.parametrize("kind", kinds())
async def test_each_forgery_is_between_an_honest_beginning_and_an_honest_end(kind: str) -> None:
    async with AmiServer(FakePbx(), ACCOUNTS) as server, logged_in(server.port) as peer:
        await peer.event("SuccessfulAuth")
        server.faults.hostile(kind)
        server.flush()
        data = b""
        while b"Cause-txt: Normal Clearing\r\n\r\n" not in data:
            data += await asyncio.wait_for(peer.reader.read(65536), PATIENCE)
        assert data.startswith(b"Event: Newchannel\r\nPrivilege: call,all\r\n")
        assert data.endswith(b"Cause: 16\r\nCause-txt: Normal Clearing\r\n\r\n")


@pytest.mark.parametrize(("words", "said"), [("crash", b""), ("restart", b"Event: Shutdown")])
async def test_the_office_itself_crashes_or_restarts_on_order(words: str, said: bytes) -> None:
    pbx = build(read(find("sixth_ring")))
    before = pbx.booted_at
    async with AmiServer(pbx, ACCOUNTS, clock=Clock(AS_FAST_AS_READ)) as server:
        office_orders(server.faults, pbx)
        server.faults.at(before + 10, words)
        async with logged_in(server.port) as peer:
            await peer.ask("Ping")
            rest = await peer.rest()
        assert said in rest
        assert (b"Shutdown" in rest) == (words == "restart")
        async with logged_in(server.port) as peer:
            assert b"Pong" in await peer.ask("Ping")
            await server.finished()
        assert pbx.booted_at > before


def in_the_inbox(spool: Path) -> dict[Path, str]:
    return {path: path.read_text(encoding="utf-8") for path in spool.rglob("INBOX/msg*.txt")}


async def test_a_renumbered_spool_keeps_each_message_under_another_name(tmp_path: Path) -> None:
    pbx = build(read(find("voicemail")))
    pbx.voicemail.changed = Spool(tmp_path).synchronise
    async with AmiServer(pbx, ACCOUNTS, clock=Clock(AS_FAST_AS_READ)) as server, logged_in(server.port) as peer:
        office_orders(server.faults, pbx)
        await peer.ask("Ping")
        await server.finished()
        before = in_the_inbox(tmp_path)
        assert f"Output: renumber: {OFFICE_ORDERS['renumber']}".encode() in await order(peer, "renumber")
        after = in_the_inbox(tmp_path)
    folders = {path.parent for path in before}
    assert folders
    assert len(after) == len(before) - len(folders)
    for path, text in after.items():
        assert text == before[path.with_name(f"msg{int(path.stem[3:]) + 1:04d}.txt")]
