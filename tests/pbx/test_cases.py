"""Every case on a real Asterisk 22 and 16: the daemon's calls held against the PBX's books and the telephones' wires.

`make pbx` runs them. `CALLCENTRE_PBX_KEEP=DIR` keeps every case's tape, books and wires;
`CALLCENTRE_PBX_SIDE_BY_SIDE=n` plays n at once.
"""

import json
import re
from collections import Counter

import pytest

from tests.pbx.lab.cases import all_cases
from tests.pbx.lab.daemon import ACCOUNTS
from tests.pbx.lab.hold import has_gap
from tests.pbx.lab.session import Result
from tests.pbx.lab.table import REPLAY

pytestmark = [
    pytest.mark.pbx,
    pytest.mark.parametrize("version", ["22", "16"]),
    pytest.mark.parametrize("case", sorted(all_cases())),
]


def test_the_case_went_as_its_author_meant(result: Result) -> None:
    """The truth is as wanted: else the lab is wrong, not callcentre."""
    assert result.troubles == []
    for call in result.truth["calls"]:
        seen, wanted = call["observed"], call["wanted"]
        assert seen["outcome"] == (wanted["outcome"] if wanted["line"] else None), call["did"]
        if wanted["by"]:
            assert seen["answered_by"] in wanted["by"], call["did"]


@pytest.mark.parametrize("account", list(ACCOUNTS))
def test_the_daemon_agrees_with_the_truth(result: Result, account: str) -> None:
    """Same calls, outcomes, telephones, moments and rings, whichever account listened."""
    assert [(held.uniqueid, held.differences) for held in result.held[account] if held.differences] == []


@pytest.mark.parametrize("account", list(ACCOUNTS))
def test_every_message_is_in_exactly_one_task(result: Result, account: str) -> None:
    """What the spool held, and nothing else: once, with its caller, line, time and length, and what came of it."""
    assert result.filed[account] == []


def test_a_line_without_agents_is_seen_and_acted_on(result: Result) -> None:
    """Who was there by the books, the breach in time, each thing done once and undone, where there is an account."""
    assert result.attended == []


def test_the_shipped_dialplan_tells_of_each_stay_once(result: Result) -> None:
    """One UserEvent for each VoiceMail of dialplan/extensions.conf, whoever hung up when, and nothing of a caller's."""
    lines = (result.out / "ami.jsonl").read_text(encoding="utf-8").split("\n")
    heard = "".join(json.loads(line).get("text", "") for line in lines if line)
    told = [list(event) for event in _USER_EVENT.findall(heard)]
    cut = any(doing["what"] == "cut ami" for doing in result.truth["doings"])
    assert heard.count("UserEvent: CallcentreVoicemail") == len(told)
    if not cut:
        assert sorted(told) == sorted(result.truth["told"])


def test_the_tape_replays_to_the_truth(result: Result) -> None:
    """The recording of the same case says the same, without a PBX."""
    assert [(held.uniqueid, held.differences) for held in result.held[REPLAY] if held.differences] == []


def test_the_daemon_ends_well(result: Result, case: str) -> None:
    """Every stop is an orderly one, without a fault; nothing that an honest PBX sent was quarantined."""
    assert set(result.exit_codes) == {0}
    assert sum(_series(result, "callcentre_faults_total").values()) == 0
    if "hostile" not in case:
        assert sum(_series(result, "callcentre_ami_quarantined_total").values()) == 0


def test_a_mailbox_that_refuses_or_that_no_line_names_is_told_of_once(result: Result, case: str) -> None:
    """H9: its row says what is wrong with it, and the office was told, by every listener, once; twice in no case."""
    told_by = Counter((notice["pbx"], notice["title"]) for notice in result.notices if "mailbox" in notice["kind"])
    assert max(told_by.values(), default=1) == 1
    if case != "mailboxes":
        return
    for account, tables in result.tables.items():
        boxes = {row["mailbox"]: row for row in tables.mailboxes}
        assert (boxes["645@default"]["state"], boxes["645@default"]["capacity"]) == ("full", 2)
        assert (boxes["690@default"]["named"], boxes["690@default"]["line"]) == (0, "enquiries")
        assert {row["state"] for name, row in boxes.items() if name != "645@default"} == {"healthy"}
        told = Counter(row["kind"] for row in tables.outbox)
        assert told["unnamed_mailbox"] == 1
        assert [row["state"] for row in tables.outbox if row["kind"] == "mailbox"] == ["sent"], account
    # The lab's greetings are short or not there: that is told as well.
    others = (notice for notice in result.notices if notice["kind"] != "greeting")
    arrived = Counter((notice["pbx"], notice["kind"]) for notice in others)
    assert arrived == {(name, kind): 1 for name in ACCOUNTS for kind in ("mailbox", "unnamed_mailbox")}


def test_the_metrics_count_what_is_true(result: Result) -> None:
    """The counters of /metrics, for the listener that heard all, are the truth counted.

    Where something was hidden they may not be (a restart begins them anew, a healed call was counted as lost
    before): there the gap itself is counted.
    """
    if has_gap(result.truth):
        assert _series(result, "callcentre_gaps_total")['pbx="all"'] >= 1
        return
    true = Counter((call["wanted"]["line"], call["observed"]["outcome"]) for call in result.truth["calls"])
    counted: Counter[tuple[str | None, str | None]] = Counter()
    for labels, value in _series(result, "callcentre_calls_total").items():
        told = dict(_LABEL.findall(labels))
        if told["pbx"] == "all" and value:
            counted[told["line"], told["outcome"]] += int(value)
    assert counted == Counter({key: count for key, count in true.items() if key[0]})


_USER_EVENT = re.compile(
    r"UserEvent: CallcentreVoicemail\r\n"
    r"Mailbox: (.*)\r\nStatus: (.*)\r\nDuration: (.*)\r\nCaller: (.*)\r\nEnd: 1\r\n\r\n"
)
_LABEL = re.compile(r'(\w+)="([^"]*)"')


def _series(result: Result, name: str) -> dict[str, float]:
    """The series of a metric at the end of the case, by the text of their labels."""
    found = re.findall(rf"^{name}\{{(.*)\}} (\S+)$", result.metrics, re.MULTILINE)
    return {labels: float(value) for labels, value in found}
