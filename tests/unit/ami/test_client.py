"""The client against a manager interface on loopback: log in, watch, lose, come back; and every way to be refused."""

import asyncio
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from callcentre.ami.client import AmiClient
from callcentre.ami.login import MAX_BACKOFF, AmiEndpoint
from callcentre.core.events import (
    ChannelCreated,
    ChannelGone,
    ChannelsListed,
    ChannelStateChanged,
    DevicesListed,
    EventsQuarantined,
    LinkDown,
    LinkUp,
    MemberChanged,
    QueueJoined,
    QueuesListed,
)
from callcentre.core.terms import instant
from tests.unit.ami.conftest import Observer, Time, Witness
from tests.unit.ami.fake_pbx import STAMP, FakePbx, channel, event, hangup, member, newchannel

TLS = Path(__file__).parent / "tls"


def endpoint(pbx: FakePbx, secret: str = "open sesame") -> AmiEndpoint:
    return AmiEndpoint(pbx="lab", host="127.0.0.1", port=pbx.port, username="listener", secret=secret)


@asynccontextmanager
async def running(where: AmiEndpoint, time: Time, witness: Witness) -> AsyncIterator[AmiClient]:
    client = AmiClient(
        where,
        clock=time,
        sink=witness.sink,
        observer=Observer(witness),
        log=witness,
        sleep=time.sleep,
        jitter=lambda: 1.0,
    )
    async with asyncio.timeout(120), asyncio.TaskGroup() as tasks:
        task = tasks.create_task(client.run())
        try:
            yield client
        finally:
            task.cancel()


async def in_sight(witness: Witness, times: int = 1) -> None:
    for kind in (LinkUp, QueuesListed, ChannelsListed, DevicesListed):
        await witness.saw(kind, times)


async def test_logs_in_by_md5_and_reads_everything_in_order(time: Time, witness: Witness) -> None:
    async with FakePbx() as pbx:
        pbx.channel_rows = [channel()]
        async with running(endpoint(pbx), time, witness) as client:
            await in_sight(witness)
            assert client.in_sight
        await pbx.wait_for("Logoff")
    assert [type(told) for told in witness.events] == [LinkUp, QueuesListed, ChannelsListed, DevicesListed]
    up, queues, channels, devices = witness.events
    assert isinstance(up, LinkUp)
    assert up.version == "11.0.0"
    assert up.booted_at == instant(STAMP - 1000)
    assert isinstance(queues, QueuesListed)
    assert queues.queues == ("enquiries",)
    assert [(seat.interface, seat.status, seat.paused) for seat in queues.members] == [("PJSIP/101", 1, False)]
    assert isinstance(channels, ChannelsListed)
    (row,) = channels.channels
    assert (row.uniqueid, row.state, row.application, row.duration_seconds) == ("1795363300.1", 4, "Queue", 65.0)
    assert isinstance(devices, DevicesListed)
    assert devices.devices == (("PJSIP/101", "NOT_INUSE"),)
    assert [asked["Action"] for asked in pbx.actions[:6]] == [
        "Challenge",
        "Login",
        "Ping",
        "QueueStatus",
        "CoreShowChannels",
        "DeviceStateList",
    ]
    assert not any("open sesame" in str(asked) for asked in pbx.actions)
    assert witness.links == [True, False]


async def test_plain_login_where_no_challenge_is_offered(time: Time, witness: Witness) -> None:
    async with FakePbx() as pbx:
        pbx.challenge = None
        async with running(endpoint(pbx), time, witness):
            await in_sight(witness)
    assert pbx.actions[1]["Secret"] == "open sesame"


async def test_the_secret_does_not_travel_in_the_open() -> None:
    there = AmiEndpoint(pbx="lab", host="192.0.2.1", username="listener", secret="x")
    assert not there.plain_is_safe
    assert replace(there, tls=True).plain_is_safe
    assert replace(there, allow_plain=True).plain_is_safe
    assert replace(there, host="127.0.0.1").plain_is_safe
    assert "secret" not in repr(there)


async def test_a_wrong_password_is_told_and_tried_again_slowly(time: Time, witness: Witness) -> None:
    async with FakePbx() as pbx, running(endpoint(pbx, secret="wrong"), time, witness):
        line = await witness.said("refused the login")
        for _ in range(3):
            assert 8 <= await time.asleep() <= MAX_BACKOFF
            time.advance(MAX_BACKOFF)
            await pbx.wait_for("Login")
        assert "'listener'" in line
        assert "wrong" not in line
        assert witness.events == []
    assert len([text for _, text in witness.lines if "refused" in text]) == 1


async def test_a_wrong_port_is_told(time: Time, witness: Witness) -> None:
    async with FakePbx() as pbx:
        pbx.banner = b"SSH-2.0-OpenSSH_9.2p1\r\n"
        async with running(endpoint(pbx), time, witness):
            assert "is no manager interface; set port" in await witness.said("manager interface")
            assert await time.asleep() <= MAX_BACKOFF


async def test_a_port_that_closes_at_once_is_told(time: Time, witness: Witness) -> None:
    async with FakePbx() as pbx:
        pbx.banner = None
        async with running(endpoint(pbx), time, witness):
            assert "Asterisk may be starting" in await witness.said("closed the connection at once")


async def test_nobody_there_is_told_and_the_back_off_never_exceeds_ten_seconds(
    time: Time, witness: Witness, closed_port: int
) -> None:
    where = replace(endpoint(FakePbx()), port=closed_port)
    async with running(where, time, witness):
        assert "is Asterisk running" in await witness.said("cannot connect")
        for _ in range(12):
            assert 0 < await time.asleep() <= MAX_BACKOFF
            time.advance(MAX_BACKOFF)
    assert time.slept[:4] == [0.5, 1.0, 2.0, 4.0]
    assert max(time.slept) == MAX_BACKOFF


async def test_events_come_through_as_they_are_said(time: Time, witness: Witness) -> None:
    async with FakePbx() as pbx, running(endpoint(pbx), time, witness):
        await in_sight(witness)
        pbx.say(newchannel() + member(6) + hangup())
        await witness.saw(ChannelGone)
    assert [type(told) for told in witness.events[4:]] == [ChannelCreated, MemberChanged, ChannelGone]


async def test_a_lost_link_is_a_gap_and_everything_is_read_again(time: Time, witness: Witness) -> None:
    async with FakePbx() as pbx, running(endpoint(pbx), time, witness) as client:
        await in_sight(witness)
        pbx.say(event("Newstate", *channel(), at=STAMP + 7))
        await witness.saw(ChannelStateChanged)
        pbx.hang_up()
        down = await witness.saw(LinkDown)
        assert down.at == instant(STAMP + 7)
        assert not client.in_sight
        assert await time.asleep() == 0.5
        time.advance(0.5)
        await in_sight(witness, 2)
    assert witness.reconnects == 1
    assert witness.links == [True, False, True, False]


async def test_a_half_open_link_is_dead_after_five_seconds_without_an_answer(time: Time, witness: Witness) -> None:
    async with FakePbx() as pbx, running(endpoint(pbx), time, witness):
        await in_sight(witness)
        await witness.pongs(1)
        pbx.answers_pings = False
        for _ in range(6):
            await time.asleep()
            assert witness.of(LinkDown) == []
            time.advance(1.0)
            await asyncio.sleep(0)
        down = await witness.saw(LinkDown)
        assert isinstance(down, LinkDown)
        assert down.reason == "no answer to a Ping within 5 s"


async def test_ping_measures_lag_and_the_pbx_clock(time: Time, witness: Witness) -> None:
    async with FakePbx() as pbx, running(endpoint(pbx), time, witness) as client:
        await in_sight(witness)
        assert client.lag_seconds == 0.0
        assert client.clock_offset_seconds == 0.0
        await time.asleep()
        time.advance(1.0)
        await pbx.wait_for("Ping", 2)
        pbx.say(newchannel())
        await witness.saw(ChannelCreated)
        assert client.clock_offset_seconds == -1.0
    assert witness.lags == [0.0, 0.0]
    assert witness.counts["FullyBooted"] == 1


async def test_an_inbox_without_room_drops_the_link_on_purpose(time: Time, witness: Witness) -> None:
    async with FakePbx() as pbx, running(endpoint(pbx), time, witness):
        await in_sight(witness)
        witness.has_room = False
        pbx.say(newchannel())
        down = await witness.saw(LinkDown)
        assert isinstance(down, LinkDown)
        assert down.reason == "overrun"
        assert witness.of(ChannelCreated) == []
        witness.has_room = True
        await time.asleep()
        time.advance(1.0)
        await in_sight(witness, 2)


async def test_a_cut_packet_is_not_believed_and_the_honest_call_still_counts(time: Time, witness: Witness) -> None:
    forged = "0770\r\n\r\n" + hangup("1795363300.9").decode() + "x: y"
    async with FakePbx() as pbx, running(endpoint(pbx), time, witness):
        await in_sight(witness)
        pbx.say(newchannel("1795363300.9"))
        await witness.saw(ChannelCreated)
        pbx.channel_rows = [channel("1795363300.9")]
        pbx.say(newchannel("1795363300.5", number=forged))
        await witness.saw(ChannelsListed, 2)
        pbx.say(hangup("1795363300.9", at=STAMP + 3))
        gone = await witness.saw(ChannelGone)
    assert isinstance(gone, ChannelGone)
    assert gone.at == instant(STAMP + 3)
    after_login = [type(told) for told in witness.events[4:]]
    assert after_login == [ChannelCreated, EventsQuarantined, ChannelsListed, ChannelGone]
    assert witness.reasons[0] == "truncated"
    assert "after_truncated" in witness.reasons


async def test_a_doubt_right_behind_the_list_that_ended_another_is_told_too(time: Time, witness: Witness) -> None:
    evil = newchannel("1795363300.5", number="0770\r\n\r\nEvent: Hangup")
    async with FakePbx() as pbx, running(endpoint(pbx), time, witness):
        await in_sight(witness)
        again = iter((evil, b""))
        pbx.after_channels = lambda: next(again)
        pbx.say(evil)
        await witness.saw(ChannelsListed, 3)
        pbx.say(hangup())
        await witness.saw(ChannelGone)
    kinds = [type(told) for told in witness.events[4:]]
    assert kinds == [EventsQuarantined, ChannelsListed, EventsQuarantined, ChannelsListed, ChannelGone]


async def test_a_hostile_caller_in_the_list_does_not_make_it_ask_without_end(time: Time, witness: Witness) -> None:
    async with FakePbx() as pbx, running(endpoint(pbx), time, witness):
        await in_sight(witness)
        pbx.channel_rows = [channel("1795363300.5", number="0770\r\n\r\nEvent: Hangup"), channel("1795363300.9")]
        pbx.say(newchannel("1795363300.5", number="0770\r\n\r\nEvent: Hangup"))
        listed = await witness.saw(ChannelsListed, 2)
        assert isinstance(listed, ChannelsListed)
        assert [row.uniqueid for row in listed.channels] == ["1795363300.9"]
        pbx.say(newchannel("1795363300.10"))
        await witness.saw(ChannelCreated)
        assert len(witness.of(EventsQuarantined)) == 1
        assert len([asked for asked in pbx.actions if asked["Action"] == "CoreShowChannels"]) == 2


async def test_a_forged_list_item_is_not_believed(time: Time, witness: Witness) -> None:
    row = event("CoreShowChannelsComplete").replace(b"Privilege: call,all\r\n", b"ActionID: x\r\n")
    async with FakePbx() as pbx, running(endpoint(pbx), time, witness):
        await in_sight(witness)
        pbx.say(row.replace(b"Timestamp", b"EventList: Complete\r\nListItems: 0\r\nOther"))
        await witness.saw(ChannelsListed, 2)
    assert witness.reasons == ["foreign_reply"]
    assert len(witness.of(ChannelsListed)) == 2


async def test_a_refused_list_is_told_with_the_right_it_needs(time: Time, witness: Witness) -> None:
    async with FakePbx() as pbx:
        pbx.refused_lists = {"CoreShowChannels"}
        async with running(endpoint(pbx), time, witness):
            await witness.saw(DevicesListed)
            await witness.said("refused a list")
            pbx.refused_lists.clear()
            for second in range(10):
                await witness.pongs(second + 1)
                await time.asleep()
                time.advance(1.0)
            await witness.saw(ChannelsListed)
    assert len([text for _, text in witness.lines if "refused" in text]) == 1


async def test_a_pbx_that_is_still_starting_is_read_again_once_it_has_booted(time: Time, witness: Witness) -> None:
    async with FakePbx() as pbx:
        pbx.uptime = None
        pbx.refused_lists = {"QueueStatus", "DeviceStateList"}
        pbx.refusal = "Invalid/unknown command: QueueStatus. Use Action: ListCommands to show available commands."
        async with running(endpoint(pbx), time, witness):
            await witness.saw(ChannelsListed)
            pbx.refused_lists.clear()
            pbx.say(event("FullyBooted", "Status: Fully Booted", "Uptime: 2", "LastReload: 2"))
            await witness.saw(LinkUp, 2)
            await time.asleep()
            time.advance(1.0)
            await witness.saw(QueuesListed)
            await witness.saw(DevicesListed)
    assert [text for level, text in witness.lines if level == "warning"] == []


async def test_resync_on_request(time: Time, witness: Witness) -> None:
    async with FakePbx() as pbx, running(endpoint(pbx), time, witness) as client:
        await in_sight(witness)
        client.resync("asked by the core")
        await in_sight(witness, 1)
        for kind in (QueuesListed, ChannelsListed, DevicesListed):
            await witness.saw(kind, 2)


async def test_the_queues_are_read_again_each_minute_because_a_reload_of_them_is_not_told(
    time: Time, witness: Witness
) -> None:
    async with FakePbx() as pbx, running(endpoint(pbx), time, witness):
        await in_sight(witness)
        for second in range(60):
            await witness.pongs(second + 1)
            await time.asleep()
            time.advance(1.0)
        await witness.saw(QueuesListed, 2)
        asked = Counter(action["Action"] for action in pbx.actions)
    assert (asked["QueueStatus"], asked["CoreShowChannels"], asked["DeviceStateList"]) == (2, 1, 1)


async def test_without_the_right_to_fully_booted_the_link_is_up_all_the_same(time: Time, witness: Witness) -> None:
    async with FakePbx() as pbx:
        pbx.uptime = None
        async with running(endpoint(pbx), time, witness):
            up = await witness.saw(LinkUp)
            assert isinstance(up, LinkUp)
            assert up.booted_at is None
            await witness.saw(DevicesListed)
    assert len(witness.of(LinkUp)) == 1


def server_tls() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / "server.pem", TLS / "server.key")
    return context


async def test_tls_with_a_ca_of_its_own(time: Time, witness: Witness) -> None:
    async with FakePbx(tls=server_tls()) as pbx:
        where = replace(endpoint(pbx), tls=True, ca_file=TLS / "ca.pem", server_name="pbx.example")
        async with running(where, time, witness):
            await in_sight(witness)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda there: replace(there, ca_file=None), "is not trusted"),
        (lambda there: replace(there, server_name="other.example"), "is not trusted"),
        (lambda there: replace(there, ca_file=TLS / "none.pem"), "cannot be read"),
    ],
)
async def test_tls_that_cannot_be_trusted(
    time: Time, witness: Witness, change: Callable[[AmiEndpoint], AmiEndpoint], words: str
) -> None:
    async with FakePbx(tls=server_tls()) as pbx:
        where = replace(endpoint(pbx), tls=True, ca_file=TLS / "ca.pem", server_name="pbx.example")
        async with running(change(where), time, witness):
            await witness.said(words)
    assert pbx.actions == []


async def test_tls_where_none_is_spoken(time: Time, witness: Witness) -> None:
    async with FakePbx() as pbx, running(replace(endpoint(pbx), tls=True), time, witness):
        await witness.said("no TLS with")


@pytest.mark.parametrize("heard", [True, False])
async def test_an_account_without_class_dialplan_is_told_what_it_cannot_know(
    heard: bool, time: Time, witness: Witness
) -> None:
    join = event("QueueCallerJoin", *channel(), "Queue: enquiries", "Position: 1", "Count: 1")
    sent = event("Newexten", *channel(), "Extension: 600", "Application: Queue", "AppData: enquiries")
    async with FakePbx() as pbx, running(endpoint(pbx), time, witness):
        await in_sight(witness)
        await pbx.wait_for("Ping")
        for times in (1, 2):
            pbx.say((sent if heard else b"") + join)
            await witness.saw(QueueJoined, times)
            await time.asleep()
            time.advance(1.0)
            await pbx.wait_for("Ping")
    said = [text for _, text in witness.lines if "class dialplan" in text]
    assert len(said) == (0 if heard else 1)
