"""Abusive callers on a real Asterisk: the code and the button, by Queue, Dial and Local channels; who cannot press."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pbx.lab.abusing import AbuseLab, loud, micros
from tests.pbx.lab.clicking import PATIENCE
from tests.pbx.lab.script import Bye, Press, Ring, Wait

pytestmark = [pytest.mark.pbx, pytest.mark.parametrize("version", ["22", "16"], scope="module")]
CODE = Press("*0")
# The PBX takes two presses within three seconds for one: far from that on a busy machine, too.
TWICE = (Wait(2.0), CODE, Wait(8.0), CODE, Wait(60.0))
DIAL_101, DIAL_103, QUEUE, ASIDE = "01632960121", "01632960123", "01632960690", "01632960125"
TELEPHONES = {
    "101": (Ring(after=0.3),),
    "102": (Ring(after=0.3, acts=TWICE),),
    "103": (Ring(after=0.3),),
    "106": (Ring(after=0.3, acts=TWICE),),
}


@pytest.fixture(scope="module")
def lab(fetched: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AbuseLab]:
    """One PBX and one daemon for all tests of a version; each call is answered at a telephone of its own."""
    out: Path = tmp_path_factory.mktemp(f"abuse-{fetched}")
    with AbuseLab(fetched, out, TELEPHONES) as lab:
        lab.log_in()
        yield lab


@pytest.fixture(scope="module")
def played(lab: AbuseLab) -> AbuseLab:
    """Four calls at once: two agents press the code twice, one presses the button, one caller presses the code."""
    callers = [
        lab.call(QUEUE),
        lab.call(ASIDE),
        lab.call(DIAL_101),
        lab.call(DIAL_103, Wait(2.0), CODE, Wait(4.0), CODE, Wait(2.0), Bye()),
    ]
    lab.until(lambda: {"PJSIP/101", "PJSIP/103"} <= lab.calls().keys())
    mine, other = (lab.calls()[telephone]["uniqueid"] for telephone in ("PJSIP/101", "PJSIP/103"))
    assert lab.press(other, "warn") == 409, "not answered at Alice's telephone"
    assert lab.press(mine, "end") == 409, "nobody is put off unwarned"
    lab.around(other, "PJSIP/101")
    assert lab.press(mine, "warn") == 200
    lab.until(lambda: lab.incidents().get("PJSIP/101", {}).get("warned_at"))
    lab.until(lambda: f"{mine}.wav" in lab.recordings())
    lab.until(lambda: "recorded from then on" in lab.page())
    assert lab.press(mine, "end") == 200
    for caller in callers:
        assert caller.wait(PATIENCE) == 0, caller.errors
    lab.quiet()
    lab.until(lambda: len(lab.calls()) == 4 and all(call["outcome"] != "in_progress" for call in lab.calls().values()))
    return lab


@pytest.mark.parametrize(
    ("telephone", "how"), [("PJSIP/106", "code"), ("PJSIP/102", "code"), ("PJSIP/101", "button")],
    ids=["a queue", "a queue of Local members", "Dial, by the button"],
)  # fmt: skip
def test_warned_recorded_and_ended(played: AbuseLab, telephone: str, how: str) -> None:
    row, call = played.incidents()[telephone], played.calls()[telephone]
    assert (row["state"], row["how"], row["uniqueid"]) == ("ended", how, call["uniqueid"])
    assert row["warned_at"] < micros(row["ended_at"]) < micros(call["ended_at"]), (
        "the caller hears the end's announcement"
    )
    assert played.recordings()[f"{call['uniqueid']}.wav"] > 8_000


def test_it_stays_one_call_with_its_talk_time(played: AbuseLab) -> None:
    rows = played.calls()
    assert sorted(rows) == ["PJSIP/101", "PJSIP/102", "PJSIP/103", "PJSIP/106"]
    for call in rows.values():
        assert (call["outcome"], call["quality"]) == ("answered", "complete")
        talk = micros(call["ended_at"]) - micros(call["answered_at"])
        assert call["talk_seconds"] * 1e6 == pytest.approx(talk, abs=1)


def test_a_caller_cannot_press(played: AbuseLab) -> None:
    assert "PJSIP/103" not in played.incidents()
    assert len(played.incidents()) == 3
    assert len(played.recordings()) == 3


def test_the_caller_hears_the_warning_and_the_end(played: AbuseLab) -> None:
    """Telephones of sipp send no sound: here both sides are Local channels, and the caller's far end is recorded."""
    line, far = played.asterisk.line, played.asterisk.home / "spool/monitor/far.wav"
    for step in (
        *("far,1,Answer()", "far,2,MixMonitor(far.wav)", "far,3,Wait(60)"),
        *("agent,1,Answer()", "agent,2,Playback(silence/10&silence/10&silence/10)"),
        "call,1,Dial(Local/agent@heard/n,20,U(callcentre-agent))",
    ):
        assert "added" in line.command(f"dialplan add extension {step} into heard")
    line.ask("Originate", Channel="Local/far@heard/n", Context="heard", Exten="call", Priority="1", Async="true")
    played.until(lambda: far.exists() and "Local/agent@heard" in line.command("core show channels concise"))
    rows = line.command("core show channels concise").splitlines()
    (uniqueid,) = (row.rpartition("!")[2] for row in rows if "Local/far@heard" in row and ";1!" in row)
    played.act(uniqueid, "warn", "s")
    played.until(lambda: sum(loud(far)) >= 6)
    played.act(uniqueid, "end", "done")
    played.quiet()
    assert any(loud(far)[-6:]), "the last that the caller hears is why it ends"
