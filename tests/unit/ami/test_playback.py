"""A tape played back gives the events that the daemon would have seen."""

import json
import random
from collections import Counter
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from callcentre.ami.playback import events_of_tape, read_snapshots
from callcentre.ami.tape import TapeError, TapeRecord, TapeWriter, read_tape
from callcentre.core.events import (
    ChannelCreated,
    ChannelGone,
    ChannelsListed,
    DevicesListed,
    Event,
    EventsQuarantined,
    LinkDown,
    LinkUp,
    QueuesListed,
)
from callcentre.core.terms import instant
from tests.unit.ami.fake_pbx import STAMP, channel, hangup, newchannel, packet
from tests.unit.ami.tapes import TAPES, Tape

LOGIN = (
    b"Asterisk Call Manager/11.0.0\r\n"
    + packet("Response: Success", "ActionID: me-1", "Message: Authentication accepted")
    + packet("Event: FullyBooted", "Privilege: system,all", "Uptime: 60", "LastReload: 60", "Status: Fully Booted")
)
ROW = packet(
    "Event: CoreShowChannel",
    "ActionID: me-2",
    *channel(),
    "Application: Queue",
    "ApplicationData: enquiries",
    "Duration: 00:00:02",
    "BridgeId: ",
)
LIST = (
    packet("Response: Success", "ActionID: me-2", "EventList: start", "Message: Channels will follow")
    + ROW
    + packet("Event: CoreShowChannelsComplete", "ActionID: me-2", "EventList: Complete", "ListItems: 1")
)


def played(folder: Path, *records: TapeRecord, snapshots: Path | None = None) -> list[Event]:
    path = folder / "ami.jsonl"
    with TapeWriter(path) as tape:
        for record in records:
            tape.write(record)
    return list(events_of_tape(path, "lab", snapshots=snapshots))


def mark(name: str, after: float, conn: int = 1, **notes: str) -> TapeRecord:
    return TapeRecord(t=STAMP + after, conn=conn, mark=name, notes=notes)


def read(data: bytes, after: float, conn: int = 1) -> TapeRecord:
    return TapeRecord(t=STAMP + after, conn=conn, data=data)


def test_a_call_with_a_gap_in_it(tmp_path: Path) -> None:
    told = played(
        tmp_path,
        mark("connect", -1),
        read(LOGIN, 0),
        read(newchannel(at=STAMP + 1), 1),
        mark("invented", 2),
        mark("drop", 3),
        mark("connect", 5, conn=2),
        read(LOGIN + LIST, 5, conn=2),
        read(hangup(at=STAMP + 7), 7, conn=2),
        mark("stop", 8, conn=2),
    )
    assert [type(event) for event in told] == [LinkUp, ChannelCreated, LinkDown, LinkUp, ChannelsListed, ChannelGone]
    assert [(event.at - instant(STAMP)).total_seconds() for event in told] == [0, 1, 1, 5, 5, 7]
    up, _, down, _, listed, _ = told
    assert up == LinkUp(pbx="lab", at=instant(STAMP), booted_at=instant(STAMP - 60), version="11.0.0")
    assert isinstance(down, LinkDown)
    assert down.reason == "drop"
    assert isinstance(listed, ChannelsListed)
    assert [row.uniqueid for row in listed.channels] == ["1795363300.1"]


def test_lists_of_somebody_else_are_not_believed_where_the_tape_says_whose_questions_were_ours(tmp_path: Path) -> None:
    told = played(tmp_path, mark("connect", -1, ours="you-"), read(LOGIN.replace(b"me-", b"you-") + LIST, 0))
    assert [type(event) for event in told] == [LinkUp, EventsQuarantined]


def test_snapshots_are_merged_by_time(tmp_path: Path) -> None:
    snapshots = tmp_path / "snapshots.jsonl"
    lines = [
        {"t": STAMP + after, "why": "x", "action": "CoreShowChannels", "params": {}, "text": LIST.decode()}
        for after in (-5, 2, 9)
    ]
    snapshots.write_text("".join(json.dumps(line) + "\n" for line in lines))
    told = played(
        tmp_path,
        mark("connect", -1),
        read(LOGIN, 0),
        read(newchannel(at=STAMP + 1), 1),
        read(hangup(at=STAMP + 3), 3),
        snapshots=snapshots,
    )
    kinds = [type(event) for event in told]
    assert kinds == [LinkUp, ChannelsListed, ChannelCreated, ChannelsListed, ChannelGone, ChannelsListed]
    times = [event.at for event in told]
    assert times == sorted(times)


def test_a_malformed_snapshot_is_named(tmp_path: Path) -> None:
    path = tmp_path / "snapshots.jsonl"
    path.write_text('{"t": 1, "text": "x"}\n{"t": 1}\n')
    with pytest.raises(TapeError, match=r"snapshots\.jsonl:2: not a snapshot"):
        list(read_snapshots(path))


def test_a_hostile_call_on_tape_is_not_believed_and_the_honest_one_still_counts(tmp_path: Path) -> None:
    evil = "0770\r\nUniqueid: 1.1\r\n\r\n" + hangup("1795363300.1").decode()
    told = played(
        tmp_path,
        mark("connect", -1),
        read(LOGIN + newchannel("1795363300.1"), 0),
        read(newchannel("1795363300.5", number=evil) + hangup("1795363300.1", at=STAMP + 0.5), 0.5),
    )
    assert [type(event) for event in told] == [LinkUp, ChannelCreated, EventsQuarantined, ChannelGone]
    assert told[-1].at == instant(STAMP + 0.5)


def test_a_tape_that_nothing_heals_is_believed_again_after_a_second(tmp_path: Path) -> None:
    evil = newchannel(number="0770\r\n\r\n" + hangup().decode()[:-20])
    told = played(
        tmp_path, mark("connect", -1), read(LOGIN + evil, 0), read(newchannel(), 0.9), read(hangup(at=STAMP + 2), 2)
    )
    assert [type(event) for event in told] == [LinkUp, EventsQuarantined, ChannelGone]


@pytest.mark.parametrize("tape", TAPES, ids=str)
def test_any_split_of_a_tape_plays_the_same(tape: Tape, tmp_path: Path) -> None:
    whole = list(events_of_tape(tape.path, "lab"))
    random.seed(3)
    path = tmp_path / "split.jsonl"
    with TapeWriter(path) as split:
        for record in read_tape(tape.path):
            if record.mark is not None or random.random() < 0.5:
                split.write(record)
                continue
            for _ in range(random.randint(1, 4)):
                at = random.randint(0, len(record.data))
                split.write(TapeRecord(t=record.t, conn=record.conn, data=record.data[:at]))
                record = TapeRecord(t=record.t, conn=record.conn, data=record.data[at:])
            split.write(record)
    assert list(events_of_tape(path, "lab")) == whole


@pytest.mark.parametrize("tape", [tape for tape in TAPES if "hostile" not in str(tape)], ids=str)
def test_every_tape_is_believed_and_told_in_order(tape: Tape) -> None:
    snapshots = tape.path.with_name("snapshots.jsonl")
    told = list(events_of_tape(tape.path, "lab", snapshots=snapshots if snapshots.exists() else None))
    counts = Counter(type(event) for event in told)
    assert counts[EventsQuarantined] == 0
    assert counts[LinkUp] >= 1
    assert counts[ChannelCreated] > 0
    if snapshots.exists():
        assert min(counts[kind] for kind in (QueuesListed, ChannelsListed, DevicesListed)) >= 1
    backwards = [after.at for before, after in pairwise(told) if after.at < before.at - timedelta(milliseconds=50)]
    assert backwards == []


def test_the_load_tape_has_every_call() -> None:
    tape = next((tape for tape in TAPES if str(tape) == "asterisk22/load"), None)
    if tape is None:
        pytest.skip("needs a tape of a load test: name its folder in CALLCENTRE_TAPES")
    counts = Counter(type(event).__name__ for event in events_of_tape(tape.path, "lab"))
    assert counts["QueueJoined"] == counts["QueueLeft"] == 1260
    assert counts["AgentCompleted"] == 1206
    assert counts["QueueAbandoned"] == 54
