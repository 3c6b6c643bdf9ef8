"""The load: many calls at once, each a true call with names of its own."""

from pathlib import Path

import pytest

from callcentre_simulator.accounts import from_manager_conf
from callcentre_simulator.ami_server import AmiServer
from callcentre_simulator.clock import AS_FAST_AS_READ, Clock
from callcentre_simulator.load import LoadPbx, Sample, sampled
from callcentre_simulator.scenario import build, find, read
from callcentre_simulator.wire import ActionHeaders
from tests.simulator.fake import START, FakePbx
from tests.simulator.layout import described, loaded
from tests.simulator.order import Event, check
from tests.simulator.order import loaded as rules_of
from tests.simulator.peer import ACCOUNTS, Peer, logged_in

RECORDED = Path(__file__).parent / "recorded"


@pytest.fixture(scope="module")
def sample() -> Sample:
    return sampled(build(read(find("sixth_ring"))))


async def heard(peer: Peer, completed: int, name: str = "AgentComplete") -> list[list[str]]:
    """The lines of every event until so many of one name have come."""
    await peer.ask("Ping")
    found: list[list[str]] = []
    while completed:
        lines = (await peer.message()).decode().split("\r\n")
        if lines[0].startswith("Event: "):
            found.append(lines)
            completed -= lines[0] == f"Event: {name}"
    return found


def as_event(lines: list[str]) -> Event:
    pairs = [line.partition(": ")[::2] for line in lines]
    return dict(pairs)["Event"], dict(pairs)


async def test_every_call_of_the_load_is_a_true_call_and_no_two_share_a_name(sample: Sample) -> None:
    model = LoadPbx(sample, calls=50, start=START, total=200)
    async with (
        AmiServer(model, ACCOUNTS, clock=Clock(AS_FAST_AS_READ)) as server,
        logged_in(server.port) as peer,
    ):
        said = await heard(peer, 200)
        await server.finished()
    assert (model.completed, model.most_in_progress) == (200, 51)
    layouts = loaded((RECORDED / "layouts22.json").read_text(encoding="utf-8"))
    assert {name for name, names in map(described, said) if names not in layouts[name]} <= {"FullyBooted"}
    events = [as_event(lines) for lines in said]
    assert check(events, rules_of((RECORDED / "order.json").read_text(encoding="utf-8"))) == []
    made = [headers["Uniqueid"] for name, headers in events if name == "Newchannel"]
    assert len(made) == len(set(made)) == 200 * sample.channels


async def test_an_account_with_filters_hears_its_share_of_every_call(sample: Sample) -> None:
    accounts = from_manager_conf("[a]\nsecret=s\nread=call,agent\nwrite=all\neventfilter=!^Event: AgentComp\n")
    async with (
        AmiServer(LoadPbx(sample, calls=5, start=START, total=10), accounts, clock=Clock(AS_FAST_AS_READ)) as server,
        logged_in(server.port, "a", "s") as peer,
    ):
        names = {lines[0] for lines in await heard(peer, 10, "AgentConnect")}
    assert "Event: QueueCallerJoin" in names
    assert not names & {"Event: VarSet", "Event: Newexten", "Event: AgentComplete"}


def test_the_channels_in_progress_are_listed_and_nothing_else_is_known(sample: Sample) -> None:
    model = LoadPbx(sample, calls=20, start=START)
    model.listen(lambda _at, _event: None)
    model.advance(START + sample.seconds / 2)
    reply = model.act("CoreShowChannels", ActionHeaders([]))
    assert len(reply.events) == 1 + len(model.in_progress) * len(sample.listed)
    channels = {dict(event.headers)["Uniqueid"] for event in reply.events[:-1]}
    assert len(channels) == len(model.in_progress) * 2
    members = model.act("QueueStatus", ActionHeaders([])).events
    assert len({dict(event.headers).get("Location") for event in members}) == 1 + 31
    assert not model.act("QueueAdd", ActionHeaders([])).success


def test_a_model_without_a_queue_call_makes_no_load() -> None:
    with pytest.raises(ValueError, match="no call that a queue answered"):
        sampled(FakePbx())
