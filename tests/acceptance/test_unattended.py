"""The daemon as a process and a simulated PBX: a line loses its people, is covered, and gets them back; with a kill."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from callcentre_simulator.accounts import Account
from callcentre_simulator.ami_server import AmiServer
from callcentre_simulator.clock import wall_time
from callcentre_simulator.pbx import Pbx
from callcentre_simulator.people import Act, Ring
from callcentre_simulator.scenario import beginning_now, build, find, read
from callcentre_simulator.versions import class_mask
from callcentre_simulator.wire import Reply
from tests.acceptance.office import Daemon, Office, at_noon, days_around
from tests.simulator.peer import Peer, logged_in

AGENT, STANDBY, SUPERVISOR = "PJSIP/101", "PJSIP/106", "PJSIP/105"
ACCOUNTS = {
    "callcentre": Account("callcentre", "open sesame", write=class_mask("reporting")),
    "actor": Account("actor", "close sesame", read=0, write=class_mask("originate,agent,system")),
    "boss": Account("boss", "s3"),
}
LINE = """
[[line]]
name = "dynamic"
pbx = "lab"
charter = "hct"
nation = "ENG"
queues = ["dynamic"]
mode = "enforce"
grace = "1s"
recovery = "1s"
standby = ["{standby}"]
divert = true
supervisors = ["{supervisor}"]
zone = "{zone}"
added_days = {days}
hours = {hours}
"""
ALWAYS = ", ".join(f'{day} = ["00:00-24:00"]' for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun"))
DIVERTS = ("callcentre", "line/dynamic/divert")


class Lab:
    """A simulated PBX in real time, and what the daemon asked of it."""

    def __init__(self, pbx: Pbx, port: int, boss: Peer) -> None:
        self.pbx = pbx
        self.port = port
        self.boss = boss
        self.began = wall_time()
        self.acts: list[str] = []
        self._act = pbx.act
        pbx.act = self._note  # type: ignore[method-assign]

    def _note(self, action: str, headers: Mapping[str, str]) -> Reply:
        if headers.get("ActionID", "").startswith("breach-"):
            self.acts.append(action)
        return self._act(action, headers)

    async def log_on(self) -> None:
        """The line's one agent comes."""
        assert b"Success" in await self.boss.ask("QueueAdd", Queue="dynamic", Interface=AGENT)

    async def log_off(self) -> None:
        """The line's one agent goes."""
        assert b"Success" in await self.boss.ask("QueueRemove", Queue="dynamic", Interface=AGENT)

    @property
    def members(self) -> set[str]:
        """Who is in the queue now."""
        return {member.interface for member in self.pbx.members.of_queue.get("dynamic", ())}


@pytest.fixture
async def lab() -> AsyncIterator[Lab]:
    async with simulated() as made:
        yield made


@asynccontextmanager
async def simulated() -> AsyncIterator[Lab]:
    scenario = read(find("sixth_ring"))
    telephones = [table.model_copy(update={"registered": True, "rings": []}) for table in scenario.telephone]
    scenario = scenario.model_copy(update={"call": [], "telephone": telephones})
    pbx = build(beginning_now(scenario, wall_time()))
    pbx.telephones.all[SUPERVISOR].rings = (Ring(after=0.3, acts=(Act("talk", seconds=0.2), Act("hang up"))),)
    async with AmiServer(pbx, ACCOUNTS) as server, logged_in(server.port, "boss", "s3", Events="off") as boss:
        lab = Lab(pbx, server.port, boss)
        await lab.log_on()
        yield lab


@pytest.fixture
def office(tmp_path: Path, lab: Lab) -> Office:
    made = Office(tmp_path, lab.port)
    (tmp_path / "acting").write_text("close sesame")
    text = made.config.read_text()
    pbx = text.replace(
        'secret_file = "secret"\n', 'secret_file = "secret"\nact_username = "actor"\nact_secret_file = "acting"\n'
    )
    line = LINE.format(
        standby=STANDBY, supervisor=SUPERVISOR, zone=at_noon(), days=days_around(), hours=f"{{ {ALWAYS} }}"
    )
    made.config.write_text(pbx.replace("[store]", f"{line}\n[store]"))
    return made


def action(action: str, result: str = "done") -> str:
    """A sample of the metrics."""
    return f'enforcement_actions_total{{action="{action}",line="dynamic",pbx="lab",result="{result}"}}'


def gauge(name: str, **labels: str) -> str:
    known = {"line": "dynamic", "pbx": "lab", **labels}
    return name + "{" + ",".join(f'{key}="{known[key]}"' for key in sorted(known)) + "}"


ATTENDED = gauge("line_attendance", state="attended")
BREACH = gauge("line_breach")


async def in_breach(daemon: Daemon, lab: Lab) -> str:
    """The agent goes; everything is done about it. The metrics then."""
    await daemon.ready()
    await daemon.counted('acting_up{pbx="lab"}')
    await daemon.counted(ATTENDED)
    await daemon.until(lambda _text: ("callcentre", "heartbeat") in lab.pbx.database)
    assert lab.pbx.database["callcentre", "line/dynamic/open"] == "open", "what the heartbeat vouches for comes first"
    assert lab.began - 60 < int(lab.pbx.database["callcentre", "heartbeat"]) < wall_time() + 60
    await lab.log_off()
    for each in ("add_standby", "divert", "ring_supervisor"):
        text = await daemon.counted(action(each))
    assert lab.members == {STANDBY}
    assert lab.pbx.database[DIVERTS] == "1"
    assert sorted(lab.acts) == ["DBPut", "Originate", "QueueAdd"]
    return text


async def recovered(daemon: Daemon, lab: Lab) -> None:
    """The agent comes back; all of it is undone."""
    await lab.log_on()
    for each in ("remove_standby", "undivert"):
        await daemon.counted(action(each))
    await daemon.counted(BREACH, 0)
    assert lab.members == {AGENT}
    assert DIVERTS not in lab.pbx.database


async def test_a_line_is_covered_while_its_people_are_away_and_then_no_longer(office: Office, lab: Lab) -> None:
    async with Daemon(office) as daemon:
        assert f"\ncallcentre_{BREACH} 1.0\n" in await in_breach(daemon, lab)
        assert ("add_standby", "dynamic PJSIP/106") in office.rows("SELECT action, target FROM breach_steps")
        await recovered(daemon, lab)
        assert await daemon.stopped() == 0
        said = "".join(daemon.raw)
        assert "sesame" not in said
    assert sorted(lab.acts) == ["DBDel", "DBPut", "Originate", "QueueAdd", "QueueRemove"]
    rows = office.rows("SELECT action, result FROM breach_steps ORDER BY seq")
    assert sorted(rows) == [
        ("add_standby", "done"),
        ("divert", "done"),
        ("remove_standby", "done"),
        ("ring_supervisor", "done"),
        ("undivert", "done"),
    ]
    assert office.rows("SELECT line, ended_at IS NOT NULL FROM breaches") == [("dynamic", 1)]


async def test_killed_in_mid_breach_nothing_is_repeated_and_all_is_undone(office: Office, lab: Lab) -> None:
    async with Daemon(office) as daemon:
        await in_breach(daemon, lab)
        await daemon.killed()
    async with Daemon(office) as daemon:
        await daemon.ready()
        await daemon.counted('acting_up{pbx="lab"}')
        await daemon.counted(ATTENDED)
        await daemon.counted(BREACH)
        assert lab.members == {STANDBY}
        await recovered(daemon, lab)
        assert await daemon.stopped() == 0
    assert lab.acts.count("QueueAdd") == 1
    assert lab.acts.count("Originate") == 1
    assert lab.acts.count("QueueRemove") == 1
    assert office.rows("SELECT count(*) FROM breaches") == [(1,)]


async def test_an_acting_account_that_is_refused_is_told_and_people_are_told_all_the_same(
    office: Office, lab: Lab
) -> None:
    (office.config.parent / "acting").write_text("wrong horse")
    async with Daemon(office) as daemon:
        await daemon.says("the acting account: ")
        await daemon.ready()
        await daemon.counted('acting_up{pbx="lab"}', 0)
        await daemon.counted(ATTENDED)
        await lab.log_off()
        await daemon.counted(BREACH)
        await daemon.counted(action("add_standby", "failed"))
        assert lab.members == set()
        assert await daemon.stopped() == 0
        assert "wrong horse" not in "".join(daemon.raw)
    assert lab.acts == []
