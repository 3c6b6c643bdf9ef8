"""Recording: what a PBX says is on tape and plays back; secrets and persons are not."""

import asyncio
from pathlib import Path

from callcentre.ami.login import AmiEndpoint
from callcentre.ami.playback import events_of_tape
from callcentre.ami.record import Veil, record
from callcentre.ami.tape import read_tape
from callcentre.core.events import (
    ChannelCreated,
    ChannelsListed,
    DevicesListed,
    EventsQuarantined,
    LinkUp,
    QueuesListed,
)
from tests.unit.ami.conftest import Time, Witness
from tests.unit.ami.fake_pbx import STAMP, FakePbx, channel, event, newchannel

NUMBER, NAME, DID = "07700900001", "Caller", "01632960600"
PASSWORD = "918273645546"  # longer than most: the random ActionIDs have every four digits now and then
SECRETS = event("VoicemailPasswordChange", f"NewPassword: {PASSWORD}") + event(
    "VarSet", *channel(), "Variable: SIP_AUTH", "Value: hunter2"
)


async def recorded(out: Path, time: Time, witness: Witness, *, raw: bool = False) -> bytes:
    done = asyncio.Event()

    def progress(packets: int, _size: int) -> None:
        if packets >= 13:
            done.set()

    async with FakePbx() as pbx, asyncio.timeout(120), asyncio.TaskGroup() as tasks:
        pbx.channel_rows = [channel()]
        where = AmiEndpoint(pbx="lab", host="127.0.0.1", port=pbx.port, username="listener", secret="open sesame")
        kept = frozenset({DID})
        recording = tasks.create_task(
            record(where, out, clock=time, log=witness, raw=raw, keep=kept, progress=progress)
        )
        await pbx.wait_for("DeviceStateList")
        pbx.say(SECRETS + newchannel() + newchannel("1795363300.2", number="+447700900001"))
        await done.wait()
        recording.cancel()
    return b"".join(told.data for told in read_tape(out))


async def test_a_recording_plays_back_without_telling_who(tmp_path: Path, time: Time, witness: Witness) -> None:
    out = tmp_path / "ami.jsonl.zst"
    data = await recorded(out, time, witness)
    told = list(events_of_tape(out, "lab"))
    assert [type(event) for event in told] == [
        LinkUp,
        QueuesListed,
        ChannelsListed,
        DevicesListed,
        ChannelCreated,
        ChannelCreated,
    ]
    for hidden in (
        NUMBER.encode(),
        f": {NAME}\r\n".encode(),
        b"7700900001",
        PASSWORD.encode(),
        b"hunter2",
        b"sesame",
        b"Challenge",
        b"Alice",
    ):
        assert hidden not in data
    first, second = told[-2:]
    assert isinstance(first, ChannelCreated)
    assert isinstance(second, ChannelCreated)
    assert first.exten == DID
    assert first.channel == "PJSIP/trunk-00000001"
    assert first.uniqueid == "1795363300.1"
    assert second.caller_number == "+44" + first.caller_number.removeprefix("0")
    assert not [event for event in told if isinstance(event, EventsQuarantined)]
    assert [record.mark for record in read_tape(out) if record.mark] == ["connect", "stop"]
    assert {record.t for record in read_tape(out)} == {STAMP}


async def test_raw_keeps_persons_but_no_secrets(tmp_path: Path, time: Time, witness: Witness) -> None:
    data = await recorded(tmp_path / "ami.jsonl.gz", time, witness, raw=True)
    assert newchannel() in data
    for hidden in (PASSWORD.encode(), b"sesame", b"Challenge", b"Authentication"):
        assert hidden not in data


def test_the_veil_is_the_same_throughout_and_spares_what_is_no_number() -> None:
    veil = Veil(frozenset({"01632960600"}))
    told = [
        "AppData: SIP/07700900123@trunk,30",
        "X: 07700900123 01632960600 1795363300.12 PJSIP/101-0000002a",
        "Uniqueid: 1795363300.1",
    ]
    assert veil.packet("\r\n".join(told)).split("\r\n") == [
        "AppData: SIP/00000000001@trunk,30",
        "X: 00000000001 01632960600 1795363300.12 PJSIP/101-0000002a",
        "Uniqueid: 1795363300.1",
    ]
    assert veil.packet("CallerIDName: Ann\r\nDestCallerIDName: Ann\r\nName: Bob") == (
        "CallerIDName: Name 1\r\nDestCallerIDName: Name 1\r\nName: Name 2"
    )
