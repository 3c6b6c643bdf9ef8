"""Abuse of an agent who called somebody back, on a real Asterisk: by the code and the button; who cannot press."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pbx.lab.abusing import AbuseLab, loud, micros
from tests.pbx.lab.script import Bye, Press, Ring, Wait

pytestmark = [pytest.mark.pbx, pytest.mark.parametrize("version", ["22", "16"], scope="module")]
CODE = Press("*0")
BUTTON, STRAIGHT, BY_LOCAL, PRESSES = "01632960961", "01632960962", "01632960952", "01632960964"
"""Whom Alice warns by the button, and others by the code; BY_LOCAL is dialled through a Local channel."""

OUTSIDE = {
    BUTTON: (Ring(after=0.2),),
    STRAIGHT: (Ring(after=0.2),),
    BY_LOCAL: (Ring(after=0.2),),
    PRESSES: (Ring(after=0.2, acts=(Wait(3.0), CODE, Wait(4.0), CODE, Wait(3.0), Bye())),),
}
# The first press waits until whoever is called must have answered, and the second is far from being one with the first,
# on a busy machine too.
TWICE = (Wait(9.0), CODE, Wait(8.0), CODE, Wait(60.0))
TELEPHONES = {
    "101": (Ring(after=0.3),),
    "102": (Ring(after=0.3, acts=TWICE),),
    "103": (Ring(after=0.3),),
    "106": (Ring(after=0.3, acts=TWICE),),
}
FAR = "01632960969"


@pytest.fixture(scope="module")
def lab(fetched: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AbuseLab]:
    """One PBX and one daemon for all tests of a version; each callback is made from a telephone of its own."""
    out: Path = tmp_path_factory.mktemp(f"abuse-callbacks-{fetched}")
    with AbuseLab(fetched, out, TELEPHONES, OUTSIDE) as lab:
        lab.log_in()
        yield lab


@pytest.fixture(scope="module")
def keys(lab: AbuseLab) -> dict[str, str]:
    """Four callbacks at once: one ended by the button, two by the code, and one whose other end presses the code."""
    made = {
        number: lab.click(list(OUTSIDE).index(number) + 1, telephone, who)
        for number, telephone, who in (
            (BUTTON, "101", "alice"),
            (STRAIGHT, "102", "Bob"),
            (BY_LOCAL, "106", "Fay"),
            (PRESSES, "103", "Carol"),
        )
    }
    for number in (BUTTON, PRESSES):
        lab.reaches(made[number], "talking")
    assert lab.press(made[PRESSES], "warn") == 409, "not Alice's"
    assert lab.press(made[BUTTON], "end") == 409, "nobody is put off unwarned"
    lab.around(made[PRESSES], "PJSIP/101")
    assert lab.press(made[BUTTON], "warn") == 200
    lab.until(lambda: lab.incidents().get("PJSIP/101", {}).get("warned_at"))
    lab.until(lambda: f"{made[BUTTON]}.wav" in lab.recordings())
    lab.until(lambda: "recorded from then on" in lab.page())
    assert lab.press(made[BUTTON], "end") == 200
    for key in made.values():
        lab.reaches(key, "ended")
    lab.quiet()
    return made


@pytest.mark.parametrize(
    ("number", "telephone", "how", "who"),
    [
        (STRAIGHT, "PJSIP/102", "code", "Bob"),
        (BY_LOCAL, "PJSIP/106", "code", "Fay"),
        (BUTTON, "PJSIP/101", "button", "alice"),
    ],
    ids=["the code", "the code, through a Local channel", "the button"],
)
def test_warned_recorded_and_ended(
    lab: AbuseLab, keys: dict[str, str], number: str, telephone: str, how: str, who: str
) -> None:
    row, click = lab.incidents()[telephone], lab.seen(keys[number])
    assert (row["state"], row["how"], row["uniqueid"], row["caller"]) == ("ended", how, keys[number], number)
    assert (row["agent"], row["line"]) == (who, "enquiries")
    assert click["talking_at"] < row["warned_at"] < micros(row["ended_at"]) < micros(click["ended_at"])
    assert click["result"] == "connected"
    assert lab.recordings()[f"{keys[number]}.wav"] > 8_000


def test_who_was_called_cannot_press(lab: AbuseLab, keys: dict[str, str]) -> None:
    assert lab.seen(keys[PRESSES])["result"] == "connected"
    assert sorted(lab.incidents()) == ["PJSIP/101", "PJSIP/102", "PJSIP/106"]
    assert sorted(lab.recordings()) == sorted(f"{keys[one]}.wav" for one in (BUTTON, STRAIGHT, BY_LOCAL))


def test_who_was_called_hears_the_warning_and_the_end(lab: AbuseLab, keys: dict[str, str]) -> None:
    """Telephones of sipp send no sound: here both sides are Local channels, and the far end is recorded."""
    line, far = lab.asterisk.line, lab.asterisk.home / "spool/monitor/far.wav"
    for step in (
        "far,1,Answer() into heard",
        "far,2,MixMonitor(far.wav) into heard",
        "far,3,Wait(60) into heard",
        "agent,1,Answer() into heard",
        "agent,2,Playback(silence/10&silence/10&silence/10) into heard",
        f"{FAR},1,Dial(Local/far@heard/n,20) into outbound",
    ):
        assert "added" in line.command(f"dialplan add extension {step}"), keys
    line.ask(
        "Originate",
        Channel="Local/agent@heard/n",
        Context="callcentre-callback",
        Exten=FAR,
        Priority="1",
        ChannelId="far-callback",
        OtherChannelId="far-callback-2",
        Async="true",
    )
    lab.until(lambda: far.exists() and "Up!Dial" in line.command("core show channels concise"))
    lab.act("far-callback", "warn", "s")
    lab.until(lambda: sum(loud(far)) >= 6)
    lab.act("far-callback", "end", "done")
    lab.quiet()
    assert any(loud(far)[-6:]), "the last that is heard is why it ends"
