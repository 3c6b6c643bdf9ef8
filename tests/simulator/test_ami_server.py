"""The manager port: rights, filters, several clients, restarts, and the clock."""

import asyncio

import pytest

from callcentre_simulator.accounts import Account, from_manager_conf
from callcentre_simulator.ami_server import AmiServer
from callcentre_simulator.clock import AS_FAST_AS_READ, Clock
from callcentre_simulator.versions import BANNERS, Version, class_mask, event_mask
from callcentre_simulator.wire import ActionHeaders, AmiEvent
from tests.simulator.fake import START, FakePbx, device
from tests.simulator.peer import ACCOUNTS, PATIENCE, connected, logged_in


def fast() -> Clock:
    return Clock(AS_FAST_AS_READ)


def agent_event(name: str = "QueueMemberPause") -> AmiEvent:
    return AmiEvent(name, "agent,all", (("Queue", "enquiries"),))


async def test_events_have_privilege_and_timestamp_before_their_headers() -> None:
    model = FakePbx()
    model.at(1.5, device(101))
    async with AmiServer(model, ACCOUNTS, clock=fast()) as server, logged_in(server.port) as peer:
        await peer.ask("Ping")
        assert await peer.event("DeviceStateChange") == (
            b"Event: DeviceStateChange\r\nPrivilege: call,all\r\nTimestamp: 1795000001.500000\r\n"
            b"Device: PJSIP/101\r\nState: INUSE"
        )


@pytest.mark.parametrize("version", BANNERS)
async def test_each_version_greets_with_its_own_banner(version: int) -> None:
    async with AmiServer(FakePbx(version), ACCOUNTS) as server, connected(server.port) as peer:
        assert peer.banner == f"Asterisk Call Manager/{BANNERS[version]}\r\n".encode()


def test_a_version_that_is_not_played_is_refused() -> None:
    with pytest.raises(ValueError, match="choose 16, 18, 20, 22"):
        Version(19)


async def test_an_action_that_came_later_is_unknown_to_an_older_version() -> None:
    async with AmiServer(FakePbx(16), ACCOUNTS) as server, logged_in(server.port) as peer:
        assert b"Invalid/unknown command: VoicemailBoxSummary." in await peer.ask("VoicemailBoxSummary")


async def test_each_client_hears_only_its_classes() -> None:
    model = FakePbx()
    model.at(1.0, agent_event())
    model.at(2.0, device(101))
    async with (
        AmiServer(model, ACCOUNTS, clock=fast()) as server,
        logged_in(server.port, "reader", "s3") as reader,
        logged_in(server.port) as lab,
    ):
        await reader.ask("Ping")
        assert (await reader.message()).startswith(b"Event: DeviceStateChange")
        assert (await lab.event("QueueMemberPause")).endswith(b"Queue: enquiries")


async def test_a_mask_narrows_what_the_account_may_hear() -> None:
    model = FakePbx()
    model.at(1.0, agent_event())
    model.at(2.0, device(101))
    async with (
        AmiServer(model, ACCOUNTS, clock=fast()) as server,
        logged_in(server.port, Events="call") as peer,
    ):
        assert b"Pong" in await peer.ask("Ping")
        assert (await peer.message()).startswith(b"Event: DeviceStateChange")


async def test_an_event_of_two_classes_needs_both() -> None:
    model = FakePbx()
    model.at(1.0, AmiEvent("VoicemailPasswordChange", "system,user,all", ()))
    model.at(2.0, device(101))
    accounts = {"half": Account("half", "x", class_mask("system,call"), 0)}
    async with (
        AmiServer(model, accounts, clock=fast()) as server,
        logged_in(server.port, "half", "x") as peer,
    ):
        await peer.ask("Ping")
        assert (await peer.message()).startswith(b"Event: DeviceStateChange")


CONF = """
[general]
writetimeout = 700
[callcentre] ; listens
secret = s
read = system,call,agent,user,dialplan
write = reporting
eventfilter = ^Event: ([A-MO-UW-Z]|N[^e]|Ne[^w]|New[^e]|V[^a])
eventfilter = ^Event: VarSet.*Variable: (VMSTATUS|QUEUESTATUS|DIALSTATUS)
eventfilter = !Device: Custom
eventfilter(action(exclude),name(Newchannel),header(Channel),method(starts_with)) = Local/
"""


def heard(account: Account, event: str) -> bool:
    return account.hears(event.split("\r\n")[0].removeprefix("Event: "), event.encode() + b"\r\n\r\n")


def test_the_filters_of_a_manager_conf_are_kept() -> None:
    account = from_manager_conf(CONF)["callcentre"]
    assert (account.secret, account.write_timeout) == ("s", 0.7)
    assert account.read == class_mask("system,call,agent,user,dialplan")
    assert heard(account, "Event: Hangup\r\nUniqueid: 1.1")
    assert heard(account, "Event: Newstate\r\nUniqueid: 1.1")
    assert heard(account, "Event: VarSet\r\nChannel: x\r\nVariable: VMSTATUS\r\nValue: SUCCESS")
    assert not heard(account, "Event: VarSet\r\nChannel: x\r\nVariable: OTHER\r\nValue: SUCCESS")
    assert not heard(account, "Event: Newexten\r\nUniqueid: 1.1")
    assert not heard(account, "Event: DeviceStateChange\r\nDevice: Custom:a")
    assert heard(account, "Event: Newchannel\r\nChannel: PJSIP/1")
    assert not heard(account, "Event: Newchannel\r\nChannel: Local/1@a;1")


def test_sixteen_does_not_know_the_new_way_to_write_filters() -> None:
    account = from_manager_conf(CONF, version=16)["callcentre"]
    assert heard(account, "Event: Newchannel\r\nChannel: Local/1@a;1")


@pytest.mark.parametrize(
    ("asked", "mask"),
    [(None, None), ("", None), ("on", class_mask("all")), ("off", 0), ("call,agent", 34), ("6", 6), ("nonsense", 0)],
)
def test_an_event_mask_is_read_as_asterisk_reads_it(asked: str | None, mask: int | None) -> None:
    assert event_mask(asked) == mask


def test_an_actions_headers_are_found_in_any_case_and_keep_their_own() -> None:
    headers = ActionHeaders([("Action", "x"), ("VARIABLE", "a=1"), ("Variable", "b=2"), ("Note", "1"), ("note", "2")])
    assert headers["variable"] == "a=1,b=2"
    assert headers["NOTE"] == "1"
    assert list(headers) == ["Action", "VARIABLE", "Note"]
    assert headers.pairs[-1] == ("note", "2")


async def test_the_events_that_an_action_causes_follow_its_reply() -> None:
    async with AmiServer(FakePbx(), ACCOUNTS) as server, logged_in(server.port) as peer:
        peer.send("Action: UserEvent\r\nActionID: u\r\nUserEvent: Hello\r\nNote: x\r\n\r\n")
        await peer.event("SuccessfulAuth")
        assert await peer.message() == b"Response: Success\r\nActionID: u\r\nMessage: Event Sent"
        assert (await peer.message()).endswith(b"UserEvent: Hello\r\nActionID: u\r\nNote: x")


async def test_a_clean_restart_says_so_hangs_up_and_lets_nobody_in_until_it_is_back() -> None:
    model = FakePbx()
    model.do(1.0, model.restart)
    async with AmiServer(model, ACCOUNTS, clock=fast()) as server:
        async with logged_in(server.port) as peer:
            await peer.ask("Ping")
            assert (await peer.rest()).endswith(b"Shutdown: Cleanly\r\nRestart: True\r\n\r\n")
        await server.finished()
        assert model.booted_at == START + 2.0
        async with connected(server.port) as again:
            assert again.banner
            assert b"Success" in await again.login()


async def test_a_crash_drops_everybody_without_a_word() -> None:
    model = FakePbx()
    model.do(1.0, model.boot)
    async with AmiServer(model, ACCOUNTS, clock=fast()) as server, logged_in(server.port) as peer:
        await peer.ask("Ping")
        assert b"Shutdown" not in await peer.rest()


async def test_nobody_gets_in_while_the_pbx_is_down() -> None:
    model = FakePbx()
    model.do(0.0, lambda: model.restart(away=3600.0))
    async with AmiServer(model, ACCOUNTS) as server:
        async with asyncio.timeout(PATIENCE):
            while not server.refuses:  # noqa: ASYNC110 (the model runs in this same loop)
                await asyncio.sleep(0)
        async with connected(server.port) as peer:
            assert peer.banner == b""


async def test_a_free_clock_waits_for_a_reader_and_then_for_its_reading() -> None:
    model = FakePbx()
    spoken = 0

    def say() -> None:
        nonlocal spoken
        spoken += 1
        model.say(AmiEvent("VarSet", "dialplan,all", (("Value", "x" * 10_000),)))

    for number in range(2_000):
        model.do(number, say)
    async with AmiServer(model, ACCOUNTS, clock=fast()) as server, logged_in(server.port) as peer:
        assert spoken == 0
        await peer.ask("Ping")
        first = await peer.event("VarSet")
        assert spoken < 2_000
        assert b"Timestamp: 1795000000.000000" in first
        for _ in range(1_999):
            await peer.event("VarSet")
        await server.finished()
        assert spoken == 2_000


async def test_a_client_that_does_not_read_is_hung_up_on_in_mid_event() -> None:
    model = FakePbx()
    account = Account("slow", "s", write_timeout=0.01)
    async with AmiServer(model, {"slow": account}) as server, connected(server.port, limit=1024) as peer:
        await peer.login("slow", "s")
        # One event, and more than any kernel keeps for a reader: wherever the line is cut, that is in its midst.
        model.say(AmiEvent("VarSet", "dialplan,all", (("Value", "x" * 40_000_000),)))
        server.flush()
        async with asyncio.timeout(PATIENCE):
            while server.connections:  # noqa: ASYNC110 (the server runs in this same loop)
                await asyncio.sleep(0)
        assert server.listeners == 0
        backlog = await peer.rest()
        assert b"Event: VarSet\r\n" in backlog
        assert not backlog.endswith(b"\r\n\r\n")


async def test_what_the_model_raises_reaches_whoever_waits_for_it() -> None:
    model = FakePbx()

    def fail() -> None:
        raise RuntimeError("the model broke")

    model.do(0.0, fail)
    async with AmiServer(model, ACCOUNTS) as server:
        with pytest.raises(RuntimeError, match="the model broke"):
            await server.finished()


def test_a_clock_runs_at_its_speed() -> None:
    ticks = iter([10.0, 12.0, 12.0])
    clock = Clock(60.0, monotonic=lambda: next(ticks))
    clock.start(1000.0)
    assert clock.now() == 1120.0
    assert clock.delay_until(1180.0) == 1.0
    with pytest.raises(ValueError, match="above 0"):
        Clock(0)
