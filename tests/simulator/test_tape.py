"""A recording served as a PBX, and a model recorded as a tape."""

import gzip
import io
import json
from pathlib import Path

import pytest
import zstandard

from callcentre_simulator.accounts import Account
from callcentre_simulator.ami_server import AmiServer
from callcentre_simulator.clock import AS_FAST_AS_READ, Clock
from callcentre_simulator.recorder import Recorder
from callcentre_simulator.render import RawEvent
from callcentre_simulator.tape import TapePbx, load, rows
from callcentre_simulator.versions import class_mask
from callcentre_simulator.wire import ActionHeaders, AmiEvent
from tests.simulator.fake import START, FakePbx, device
from tests.simulator.peer import ACCOUNTS, logged_in

HANGUP = "Event: Hangup\r\nPrivilege: call,all\r\nTimestamp: 1795000003.000001\r\nUniqueid: 1.1\r\n"
FORGED = (
    "Event: Newchannel\r\nPrivilege: call,all\r\nTimestamp: 1795000002.000001\r\nCallerIDNum: 1\r\n\r\nX: forged\r\n"
)


def tape(path: Path, *texts: tuple[float, str]) -> Path:
    lines = [{"t": START, "conn": 1, "mark": "connect"}]
    lines += [{"t": START + seconds, "conn": 1, "text": text} for seconds, text in texts]
    lines.append({"t": START + 9, "conn": 1, "mark": "drop"})
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def spoken(pbx: TapePbx) -> list[tuple[float, AmiEvent]]:
    heard: list[tuple[float, AmiEvent]] = []
    pbx.listen(lambda at, event: heard.append((at, event)))
    while (at := pbx.next_at()) is not None:
        pbx.advance(at)
    return heard


LOGIN = (
    "Asterisk Call Manager/5.0.4\r\nResponse: Success\r\nActionID: rec-1\r\nMessage: Authentication accepted\r\n\r\n"
    "Event: FullyBooted\r\nPrivilege: system,all\r\nUptime: 7\r\nLastReload: 7\r\nStatus: Fully Booted\r\n\r\n"
)


def test_a_tape_gives_its_events_at_their_own_times_and_leaves_out_the_recorders_own(tmp_path: Path) -> None:
    listed = "Response: Success\r\nActionID: q\r\n\r\nEvent: QueueParams\r\nQueue: a\r\nActionID: q\r\n\r\n"
    pbx = TapePbx(load([tape(tmp_path / "a.jsonl", (0.1, LOGIN), (0.2, listed), (3.1, HANGUP), (3.2, "\r\n"))]))
    assert pbx.version == 16
    assert pbx.booted_at == pytest.approx(START + 0.1 - 7)
    ((at, event),) = spoken(pbx)
    assert (at, event.name, event.classes) == (1795000003.000001, "Hangup", "call,all")
    assert isinstance(event, RawEvent)
    assert event.data == HANGUP.encode() + b"\r\n"
    assert pbx.cuts == [START + 9]


def test_what_a_caller_forged_is_said_again_byte_for_byte(tmp_path: Path) -> None:
    pbx = TapePbx(load([tape(tmp_path / "a.jsonl", (2.0, FORGED + "\r\n"))]))
    ((_, event),) = spoken(pbx)
    assert isinstance(event, RawEvent)
    assert event.data == FORGED.encode() + b"\r\n"


@pytest.mark.parametrize("ending", [".gz", ".zst"])
def test_a_packed_tape_is_the_same_tape(tmp_path: Path, ending: str) -> None:
    whole = tape(tmp_path / "a.jsonl", (3.1, HANGUP + "\r\n"))
    pack = gzip.compress if ending == ".gz" else zstandard.compress
    packed = tmp_path / f"a.jsonl{ending}"
    packed.write_bytes(pack(whole.read_bytes()))
    assert list(rows(packed)) == list(rows(whole))


def test_a_question_gets_the_answer_that_was_recorded_before_it(tmp_path: Path) -> None:
    snapshots = tmp_path / "snapshots.jsonl"
    with snapshots.open("w", encoding="utf-8") as file:
        for seconds, calls in ((1, 0), (5, 3)):
            text = (
                f"Response: Success\r\nActionID: x\r\nEventList: start\r\n\r\nEvent: QueueParams\r\nCalls: {calls}\r\n"
                "ActionID: x\r\n\r\n"
            )
            print(json.dumps({"t": START + seconds, "action": "QueueStatus", "params": {}, "text": text}), file=file)
    pbx = TapePbx(load([tape(tmp_path / "a.jsonl", (3.1, HANGUP + "\r\n"))]), snapshots)
    asked = ActionHeaders([("Action", "QueueStatus"), ("ActionID", "mine")])
    answers = []
    for moment in (START + 2, START + 6):
        pbx.advance(moment)
        answers.append(pbx.act("queuestatus", asked).events[0].headers)
    assert answers == [(("Calls", "0"),), (("Calls", "3"),)]


def test_bare_bytes_are_a_tape_timed_by_their_own_stamps(tmp_path: Path) -> None:
    path = tmp_path / "bytes.ami"
    path.write_bytes((LOGIN + HANGUP + "\r\n" + HANGUP.replace("003.", "004.") + "\r\n").encode())
    assert [at for at, _ in spoken(TapePbx(load([path])))] == [1795000003.000001, 1795000004.000001]


def test_what_is_no_tape_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "not.jsonl"
    path.write_text('{"hello": 1}\n', encoding="utf-8")
    with pytest.raises(ValueError, match="no tape"):
        load([path])


def test_a_recorded_model_says_the_same_again_and_a_restart_is_a_connection_of_its_own(tmp_path: Path) -> None:
    model, file, asked = FakePbx(), io.StringIO(), io.StringIO()
    recorder = Recorder(model, file, asked)
    model.at(1.0, device(101))
    model.do(2.0, model.restart)
    model.at(5.0, device(102))
    model.advance(START + 10)
    recorder.close()
    path = tmp_path / "tape.jsonl"
    path.write_text(file.getvalue(), encoding="utf-8")
    pbx = TapePbx(load([path]))
    names = [(round(at - START), event.name) for at, event in spoken(pbx)]
    assert names == [(1, "DeviceStateChange"), (2, "Shutdown"), (5, "DeviceStateChange")]
    assert [row["mark"] for row in rows(path) if "mark" in row] == ["connect", "eof", "connect", "stop"]
    assert pbx.booted_at == pytest.approx(START + 3, abs=1.0)
    assert {json.loads(line)["why"] for line in asked.getvalue().splitlines()} == {"start", "reconnect"}


def test_a_recorder_hears_only_what_its_account_may() -> None:
    model, file = FakePbx(), io.StringIO()
    Recorder(model, file, account=Account("a", "", class_mask("agent")))
    model.at(1.0, device(101))
    model.advance(START + 10)
    assert "DeviceStateChange" not in file.getvalue()


async def test_a_served_tape_reaches_a_client_whole(tmp_path: Path) -> None:
    pbx = TapePbx(load([tape(tmp_path / "a.jsonl", (0.1, LOGIN), (3.1, HANGUP + "\r\n"))]))
    async with (
        AmiServer(pbx, ACCOUNTS, clock=Clock(AS_FAST_AS_READ)) as server,
        logged_in(server.port) as peer,
    ):
        assert b"Pong" in await peer.ask("Ping")
        assert await peer.event("Hangup") == HANGUP.removesuffix("\r\n").encode()
