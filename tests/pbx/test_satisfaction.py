"""A caller who stays on is asked how it was, and an agent says by a code what the call was: on a real Asterisk.

All calls of a version are made at once, each to a telephone of its own.
"""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.pbx.lab.books import read_cel
from tests.pbx.lab.clicking import PATIENCE, ClickLab
from tests.pbx.lab.daemon import read_rows
from tests.pbx.lab.script import Bye, Dialling, Press, Ring, Wait

pytestmark = [pytest.mark.pbx, pytest.mark.parametrize("version", ["22", "16"], scope="module")]

CONFIG = """
fallback_line = "enquiries"

[[pbx]]
name = "lab"
port = {ami}
username = "callcentre"
secret = "{secret}"
act_username = "callcentre-act"
act_secret = "{secret}"
trunks = ["PJSIP/trunk"]

[[line]]
name = "enquiries"
pbx = "lab"
nation = "ENG"
queues = ["dynamic"]
extensions = ["PJSIP/102", "PJSIP/103", "PJSIP/104", "PJSIP/105"]
grace = "1h"
added_days = [{days}]
hours = {hours}

[store]
url = "sqlite:///{database}"

[web]
port = {web}
"""
HANGS_UP = Ring(after=0.5, acts=(Wait(1.5), Bye()))
TELEPHONES = {
    **dict.fromkeys(("101", "102", "103", "104"), (HANGS_UP,)),
    "105": (Ring(after=0.5),),
    "106": (Ring(),),
}
STAYS = 6.0
"""Seconds after which the question is being put: it takes some to say, and then waits for five more."""
CALLS = {
    "good": Dialling(to="01632960596", number="01632960801", acts=(Wait(STAYS), Press("4"))),
    "other key": Dialling(to="01632960572", number="01632960802", acts=(Wait(STAYS), Press("7"))),
    "gone at once": Dialling(to="01632960573", number="01632960803", acts=(Wait(STAYS), Bye())),
    "worst": Dialling(to="01632960574", number="01632960804", acts=(Wait(STAYS), Press("1"))),
    "caller hangs up": Dialling(to="01632960575", number="01632960805", acts=(Wait(4.0), Bye())),
    "nobody": Dialling(to="01632960576", number="01632960806", acts=(Wait(4.0), Bye())),
}


@pytest.fixture(scope="module")
def lab(fetched: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickLab]:
    """A PBX and a daemon; every call is over."""
    out: Path = tmp_path_factory.mktemp(f"satisfaction-{fetched}")
    with ClickLab(fetched, out, telephones=TELEPHONES, outside={}, callers=(), config=CONFIG) as lab:
        lab.asterisk.line.ask("QueueAdd", Queue="dynamic", Interface="PJSIP/101")
        calls = [
            lab.dial(name.replace(" ", "-"), index, dialling) for index, (name, dialling) in enumerate(CALLS.items())
        ]
        for call in calls:
            assert call.wait(PATIENCE) == 0, call.errors
        lab.quiet()
        lab.until(lambda: len(ended(lab)) == len(CALLS) - 1)
        yield lab


def ended(lab: ClickLab) -> dict[str, dict[str, Any]]:
    """The calls of the line that are decided, by their number."""
    rows = read_rows(lab.database, "SELECT * FROM calls WHERE outcome <> 'in_progress'")
    return {row["caller"]: row for row in rows}


def call(lab: ClickLab, name: str) -> dict[str, Any]:
    return ended(lab)[CALLS[name].number]


def answer(lab: ClickLab, name: str) -> list[tuple[object, ...]]:
    query = "SELECT line, telephone, answer, answered_at - asked_at AS took FROM satisfaction WHERE uniqueid = ?"
    rows = read_rows(lab.database, query, call(lab, name)["uniqueid"])
    return [(row["line"], row["telephone"], row["answer"], row["took"] is not None) for row in rows]


@pytest.mark.parametrize(
    ("name", "telephone", "said"),
    [
        ("good", "PJSIP/101", 4),
        ("worst", "PJSIP/104", 1),
        ("other key", "PJSIP/102", None),
        ("gone at once", "PJSIP/103", None),
    ],
)
def test_who_is_asked_answers_with_one_key_or_not_at_all(
    lab: ClickLab, name: str, telephone: str, said: int | None
) -> None:
    assert answer(lab, name) == [("enquiries", telephone, said, said is not None)]


def test_who_hung_up_first_and_who_was_not_answered_are_not_asked(lab: ClickLab) -> None:
    assert answer(lab, "caller hangs up") == []
    assert CALLS["nobody"].number not in ended(lab), "its telephone is of no line"
    assert len(read_rows(lab.database, "SELECT * FROM satisfaction")) == 4


@pytest.mark.parametrize("name", ["good", "worst", "other key", "gone at once"])
def test_the_talk_ends_with_the_agent_and_the_call_with_the_caller(lab: ClickLab, name: str) -> None:
    """By the PBX's own book: the talk ends with the agent's channel."""
    row = call(lab, name)
    rows = read_cel(lab.asterisk.home / "log/cel-custom")
    of_call = [one for one in rows if one.linkedid == row["uniqueid"]]
    ends = {one.channel.partition("-")[0]: one.t for one in of_call if one.kind == "HANGUP"}
    answered, hung_up = (datetime.fromisoformat(row[name]).timestamp() for name in ("answered_at", "ended_at"))
    # A second between the PBX's book and its events, where the caller stayed on for several.
    assert answered + row["talk_seconds"] == pytest.approx(ends[row["answered_by"]], abs=1)
    assert hung_up == pytest.approx(ends["PJSIP/trunk"], abs=1)
    assert row["outcome"] == "answered"


def test_the_telephone_says_what_its_last_call_was_and_hears_whether_it_was_kept(lab: ClickLab) -> None:
    codes = {"101": "*66", "102": "*67", "106": "*66"}
    dialled = [
        lab.dial(f"{telephone}-says", index, Dialling(to=code, number=telephone))
        for index, (telephone, code) in enumerate(codes.items(), start=10)
    ]
    assert [one.wait(PATIENCE) for one in dialled] == [0, 0, 0]
    rows = read_rows(lab.database, "SELECT * FROM wrap_ups ORDER BY who")
    assert [(row["who"], row["kind"], row["uniqueid"]) for row in rows] == [
        ("PJSIP/101", "resolved", call(lab, "good")["uniqueid"]),
        ("PJSIP/102", "unresolved", call(lab, "other key")["uniqueid"]),
    ]
    lab.quiet()
    kept = {
        one: lab.asterisk.line.command(f"database get lab {one}").rpartition("Value: ")[2].split()[0] for one in codes
    }
    assert kept == {"101": "yes", "102": "yes", "106": "no"}
    assert "wrapped" not in lab.asterisk.line.command("database show callcentre")
