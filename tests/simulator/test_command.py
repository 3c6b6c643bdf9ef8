"""callcentre-simulator as a tester types it: list, check, tape, and run as a PBX that a client logs in to."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest

from callcentre_simulator.__main__ import main
from callcentre_simulator.held_clock import HeldClock
from callcentre_simulator.scenario import beginning_now, bundled, find, read

LOGIN = b"Action: Login\r\nUsername: callcentre\r\nSecret: callcentre\r\n\r\nAction: Ping\r\n\r\n"
PATIENCE = 180.0


def exits(*arguments: str) -> int:
    with pytest.raises(SystemExit) as left:
        main(list(arguments))
    assert isinstance(left.value.code, int)
    return left.value.code


def test_list_names_every_scenario(capsys: pytest.CaptureFixture[str]) -> None:
    assert exits("list") == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == bundled()


def test_check_exits_0_where_all_is_well_and_1_where_not(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = tmp_path / "wrong.toml"
    text = find("sixth_ring").read_text(encoding="utf-8")
    wrong.write_text(text.replace('outcome = "answered"', 'outcome = "abandoned"'), encoding="utf-8")
    assert exits("check", "sixth_ring") == 0
    assert exits("check", str(wrong), "--folder", str(tmp_path / "kept")) == 1
    told = capsys.readouterr().out
    assert "sixth_ring: as it must be" in told
    assert "call 1: outcome should be abandoned, is answered" in told
    assert (tmp_path / "kept" / "wrong" / "tape.jsonl").exists()


def test_an_unknown_scenario_is_the_callers_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    assert exits("check", "sunday_rush") == 2
    assert exits("run") == 2
    assert "callcentre-simulator list" in capsys.readouterr().err


def test_tape_writes_all_that_was_played(tmp_path: Path) -> None:
    assert exits("tape", "voicemail", str(tmp_path), "--seed", "3") == 0
    assert {path.name for path in tmp_path.iterdir()} == {
        "tape.jsonl", "snapshots.jsonl", "truth.json", "queue_log", "callcentre.toml", "spool",
    }  # fmt: skip
    truth = json.loads((tmp_path / "truth.json").read_text(encoding="utf-8"))
    assert len(truth["messages"]) == len(list((tmp_path / "spool").rglob("msg*.txt"))) == 3


async def test_run_begins_when_a_client_logs_in_and_leaves_its_books(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "callcentre_simulator", "run", "ring_all", "--speed", "max", "--leave",
        "--folder", str(tmp_path), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    async with asyncio.timeout(PATIENCE):
        assert process.stdout is not None
        first = (await process.stdout.readline()).decode()
        reader, writer = await asyncio.open_connection("127.0.0.1", int(first.rsplit(":", 1)[1]))
        writer.write(LOGIN)
        heard = await reader.read()
        writer.close()
        _, errors = await process.communicate()
    assert (process.returncode, errors) == (0, b"")
    assert heard.startswith(b"Asterisk Call Manager/11.0.0\r\nResponse: Success\r\n")
    assert heard.count(b"\r\nEvent: AgentConnect\r\n") == 2
    assert len(json.loads((tmp_path / "truth.json").read_text(encoding="utf-8"))["calls"]) == 2
    assert (tmp_path / "callcentre.toml").exists()


def test_run_serves_a_recording(tmp_path: Path) -> None:
    assert exits("tape", "ring_all", str(tmp_path)) == 0
    process = subprocess.Popen(
        [sys.executable, "-m", "callcentre_simulator", "run", "--tape", str(tmp_path / "tape.jsonl")],
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    first = process.stdout.readline()
    process.terminate()
    assert process.wait(PATIENCE) == 0
    process.stdout.close()
    assert b"AMI of Asterisk 22" in first


def test_a_held_clock_stands_until_it_is_released() -> None:
    clock = HeldClock(1000.0)
    clock.start(50.0)
    assert clock.now() == clock.now() == 50.0
    clock.release()
    assert clock.delay_until(50.0) == 0.0
    assert clock.now() >= 50.0


NOW = 1_795_400_000.0


@pytest.mark.parametrize(
    ("name", "speed", "begins", "weekday"),
    [
        ("voicemail", 1.0, NOW, None),
        ("voicemail", 20.0, NOW - 240.0 - 3600.0, None),
        ("late_start", 1.0, None, 0),
        ("bank_holiday", 1.0, read(find("bank_holiday")).start.timestamp(), 4),
    ],
)
def test_a_live_scenario_lies_where_a_daemon_can_decide(
    name: str, speed: float, begins: float | None, weekday: int | None
) -> None:
    moved = beginning_now(read(find(name)), NOW, speed)
    if begins is not None:
        assert moved.start.timestamp() == begins
    else:
        assert moved.start.timestamp() + moved.seconds <= NOW
        assert (moved.start.hour, moved.start.minute) == (6, 50)
    if weekday is not None:
        assert moved.start.weekday() == weekday
