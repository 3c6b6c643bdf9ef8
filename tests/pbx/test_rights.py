"""The two accounts of dialplan/manager.conf on a real Asterisk: what they may ask for, and what the listener hears."""

import json
import re
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.pbx.lab.ami import AmiLine
from tests.pbx.lab.asterisk import SECRET, Asterisk
from tests.pbx.lab.recorder import Recorder
from tests.pbx.lab.rights import heard

pytestmark = [pytest.mark.pbx, pytest.mark.parametrize("version", ["22", "16"], scope="module")]

ASKED = {
    "CoreShowChannels",
    "QueueStatus",
    "DeviceStateList",
    "VoicemailUsersList",
    "VoicemailUserStatus",
    "MailboxCount",
}
FORBIDDEN = {
    *("Originate", "Command", "DBPut", "Hangup", "Redirect", "UpdateConfig", "QueueAdd", "QueuePause", "Reload"),
    *("VoicemailRemove", "VoicemailMove", "VoicemailForward", "VoicemailRefresh"),
}
CALLER = {"Channel": "Local/01632960691@from-trunk/n", "CallerID": "Caller <07700900899>"}
SPEAKS = {"Application": "Playback", "Data": "vm-intro"}
"""Talks for 5.7 s and hangs up: enough for an announcement, a greeting and a message of 3 s."""

SECONDS = 120.0


def actions(asterisk: Asterisk, account: str) -> set[str]:
    """What an account may ask for."""
    line = AmiLine(asterisk.slot.ami, account, SECRET)
    try:
        return set(re.findall(r"^(\w+): .*\(Priv: ", line.ask("ListCommands"), re.MULTILINE))
    finally:
        line.close()


def test_each_account_may_do_what_it_must_and_no_more(asterisk: Asterisk, version: str) -> None:
    listens, acts = actions(asterisk, "callcentre"), actions(asterisk, "callcentre-act")
    assert listens >= ASKED | ({"VoicemailBoxSummary"} if version == "22" else set())
    assert not listens & FORBIDDEN
    assert acts >= {"Originate", "QueueAdd", "QueuePause", "QueueRemove", "DBPut", "DBDel"}
    assert not acts & {"Command", "UpdateConfig", "VoicemailRemove"}


def test_the_filters_let_through_what_tells_of_a_message_and_nothing_besides(
    asterisk: Asterisk, tmp_path: Path
) -> None:
    """Of one call through the shipped dialplan, the listener hears of VarSet and Newexten exactly what it should."""
    folders = {account: tmp_path / account for account in ("everything", "callcentre")}
    recorders = []
    for account, folder in folders.items():
        folder.mkdir()
        recorders.append(Recorder(asterisk.slot.ami, folder, account))
        recorders[-1].start()
    try:
        asterisk.line.ask("Originate", **CALLER, **SPEAKS)
        deadline = time.monotonic() + SECONDS
        while "CoreCurrentCalls: 0\r\n" not in asterisk.line.ask("CoreStatus"):
            assert time.monotonic() < deadline, "the call did not come to its end"
            # The lab's line has events off, so that it cannot disturb; it asks instead.
            time.sleep(0.1)
        for recorder in recorders:
            recorder.drain()
    finally:
        for recorder in recorders:
            recorder.stop()
    told = [one for one in _messages(folders["everything"]) if heard(one, "least")]
    assert _names(_messages(folders["callcentre"])) == _names(told)
    assert {"MessageWaiting", "UserEvent CallcentreVoicemail", "VarSet VMSTATUS", "Newexten VoiceMail"} <= set(
        _names(told)
    )


def _messages(folder: Path) -> list[str]:
    rows = [json.loads(line) for line in (folder / "ami.jsonl").read_text().split("\n") if line.endswith("}")]
    text = "".join(row.get("text", "") for row in rows)
    return [message + "\r\n" for message in text.split("\r\n\r\n")[:-1] if message.startswith("Event: ")]


def _names(messages: list[str]) -> Counter[str]:
    """What was heard of the caller's own channel, by name."""
    found: Counter[str] = Counter()
    for message in messages:
        if "\r\nChannel: Local/01632960691@from-trunk-00000000;2\r\n" in message:
            detail = re.search(r"^(?:Variable|Application|UserEvent): (.*?)\r$", message, re.MULTILINE)
            found[" ".join([message[7 : message.index("\r")], *([detail[1]] if detail else [])])] += 1
    return found
