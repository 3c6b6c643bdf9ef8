"""What the server answers, held step by step against what a real Asterisk answered to the same bytes."""

import asyncio
import hashlib
import json
import re
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from callcentre_simulator.accounts import Account, from_manager_conf
from callcentre_simulator.ami_server import AmiServer
from callcentre_simulator.versions import ALL_CLASSES, class_mask
from tests.simulator.fake import FakePbx
from tests.simulator.peer import PATIENCE, Peer, logged_in

RECORDED = Path(__file__).parent / "recorded"
OWN = {"login", "logoff", "challenge", "events", "ping", "", "nonsense", "userevent", "queuesummary"}
ACCOUNTS = {
    "lab": Account("lab", "not-a-secret"),
    "everything": Account("everything", "not-a-secret", ALL_CLASSES, class_mask("reporting")),
    "reader": Account("reader", "s3", class_mask("call"), class_mask("call")),
    "nowrite": Account("nowrite", "s3", class_mask("system,call"), 0),
    "single": Account("single", "s3", class_mask("system"), class_mask("system,reporting"), allow_multiple=False),
    "filt": from_manager_conf(
        "[filt]\nsecret=s3\nread=all\nwrite=all\neventfilter=^Event: UserEvent\neventfilter=!UserEvent: Bad\n"
    )["filt"],
}
Step = dict[str, str]


def stories(version: int) -> dict[str, list[Step]]:
    """The recorded conversations that need no office behind them; the second recording waited long enough."""
    found: dict[str, list[Step]] = {}
    for line in (RECORDED / f"asterisk{version}.jsonl").read_text(encoding="utf-8").splitlines():
        step = json.loads(line)
        if step["story"] == "watcher":
            continue
        if "sent" not in step:
            found[step["story"]] = []
        found[step["story"]].append(step)
    return {name: steps for name, steps in found.items() if all(plays(step) for step in steps)}


def plays(step: Step) -> bool:
    sent = step.get("sent", "")
    # A refusal that was not waited for, a filler that was shortened, an account of another address.
    if (re.search(r"(?i)action: login", sent) and not step["got"]) or re.search(r"<\d+>", sent) or "denied" in sent:
        return False
    # What a line of exactly the buffer's size leaves behind is the one thing not played.
    if len(sent) == len("Action: Ping\r\nX: \r\n\r\n") + 1021:
        return False
    actions = re.findall(r"(?im)^action: *(\w*)", sent)
    return bool(set(map(str.lower, actions)) <= OWN)


def plain(text: str) -> str:
    """A text without what differs between two runs."""
    for pattern, word in (
        (r"\d{10}\.\d{6}", "TIME"),
        (r"TV: \d{4}-\d\d-\d\dT[\d:.]+", "TV: MOMENT"),
        (r"0x[0-9a-f]+", "POINTER"),
        (r"127\.0\.0\.1/\d+", "ADDRESS"),
        (r"(Uptime|LastReload): \d+", r"\1: N"),
        (r"Challenge: \d+", "Challenge: N"),
        (r"(Key|Response): [0-9a-fA-F]{32}", r"\1: MD5"),
    ):
        text = re.sub(pattern, word, text)
    return text


async def got(reader: asyncio.StreamReader, expected: str) -> str:
    """As many bytes as were recorded, or what there is."""
    ends = expected.endswith("<EOF>")
    data = ""
    wanted = expected.removesuffix("<EOF>").count("\r\n")
    while data.count("\r\n") < wanted or ends:
        try:
            more = await asyncio.wait_for(reader.read(65536), PATIENCE)
        except TimeoutError:
            return data + "<NOTHING MORE>"
        if not more:
            return data + "<EOF>"
        data += more.decode("latin-1")
    return data


def answered(sent: str, challenge: str) -> str:
    """The recorded request with the key that today's challenge asks for, if the recorded key was right."""
    match = re.search(r"Key: ([0-9a-fA-F]{32})", sent)
    if match is None or set(match[1]) == {"0"}:
        return sent
    key = hashlib.md5((challenge + "not-a-secret").encode(), usedforsecurity=False).hexdigest()
    return sent.replace(match[1], key.upper() if match[1].isupper() else key)


@pytest.mark.parametrize("version", [16, 22])
async def test_every_conversation_is_answered_as_a_real_asterisk_answered_it(version: int) -> None:
    played = 0
    for name, steps in stories(version).items():
        patience = 0.01 if name == "login then silence" else PATIENCE
        own = AmiServer(FakePbx(version), ACCOUNTS, refusal_seconds=0.0, auth_seconds=patience)
        async with own as server, AsyncExitStack() as stack:
            if name == "single second":
                await stack.enter_async_context(logged_in(server.port, "single", "s3"))
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            stack.push_async_callback(Peer(reader, writer).close)
            played += await play(name, steps, reader, writer)
    assert played > 60


async def play(name: str, steps: list[Step], reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> int:
    challenge = ""
    for step in steps:
        writer.write(answered(step.get("sent", ""), challenge).encode("latin-1"))
        found = await got(reader, step["got"])
        assert plain(found) == plain(step["got"]), (name, step)
        if match := re.search(r"Challenge: (\d+)", found):
            challenge = match[1]
    return len(steps)
