"""The acting account and a PBX that answers as Asterisk was recorded: both understand what the other says."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from callcentre.core.commands import AddMember, PauseMember, RemoveMember, RingTelephone, StoreValue
from callcentre.core.events import (
    ChannelCreated,
    MemberChanged,
    MemberRemoved,
    OriginateAnswered,
)
from callcentre.core.terms import instant
from callcentre_simulator.accounts import Account
from callcentre_simulator.ami_server import AmiServer
from callcentre_simulator.clock import AS_FAST_AS_READ, Clock
from callcentre_simulator.pbx import Pbx
from callcentre_simulator.people import Ring
from callcentre_simulator.scenario import build, find, read
from callcentre_simulator.versions import class_mask
from tests.unit.ami.desk import Desk, endpoint, manned

LISTENER = Account("listener", "not-a-secret", write=class_mask("reporting"))
ACTOR = Account("actor", "not-a-secret-either", read=0, write=class_mask("originate,agent,system"))
DEAF = Account("deaf", "not-a-secret", read=0, write=0)


@dataclass
class SimulatedDesk(Desk):
    """A simulated PBX with a listener and an acting account."""

    pbx: Pbx


@asynccontextmanager
async def desk(version: int = 22, actor: Account = ACTOR) -> AsyncIterator[SimulatedDesk]:
    scenario = read(find("sixth_ring"))
    telephones = [table.model_copy(update={"registered": True, "rings": []}) for table in scenario.telephone]
    pbx = build(scenario.model_copy(update={"call": [], "telephone": telephones}), version=version)
    accounts = {one.name: one for one in (LISTENER, ACTOR, DEAF)}
    async with AmiServer(pbx, accounts, clock=Clock(AS_FAST_AS_READ)) as server:
        listens, acts = (endpoint(server.port, one.name, one.secret) for one in (LISTENER, actor))
        async with manned(listens, acts, now=lambda: instant(pbx.now)) as both:
            yield SimulatedDesk(both.acting, both.witness, pbx)


def add(interface: str = "PJSIP/105", queue: str = "enquiries", key: str = "breach-1") -> AddMember:
    return AddMember(pbx="lab", key=key, queue=queue, interface=interface)


def remove(interface: str = "PJSIP/105", queue: str = "enquiries", key: str = "breach-2") -> RemoveMember:
    return RemoveMember(pbx="lab", key=key, queue=queue, interface=interface)


@pytest.mark.parametrize("version", [16, 22])
async def test_a_standby_member_comes_and_goes(version: int) -> None:
    async with desk(version) as lab:
        assert (await lab.comes_of(add())).words == "Added interface to queue"
        seen = await lab.witness.saw(MemberChanged)
        assert isinstance(seen, MemberChanged)
        assert (seen.member.queue, seen.member.interface, seen.member.paused) == ("enquiries", "PJSIP/105", False)
        again = await lab.comes_of(add(key="breach-3"))
        assert (again.done, again.sent, again.words) == (False, True, "Unable to add interface: Already there")
        assert (await lab.comes_of(remove())).words == "Removed interface from queue"
        assert await lab.witness.saw(MemberRemoved)
        again = await lab.comes_of(remove(key="breach-4"))
        assert (again.done, again.words) == (False, "Unable to remove interface: Not there")


@pytest.mark.parametrize("version", [16, 22])
async def test_a_static_member_and_a_queue_that_is_not_there(version: int) -> None:
    async with desk(version) as lab:
        assert (await lab.comes_of(remove("PJSIP/101"))).words == "Member not dynamic"
        assert (await lab.comes_of(add(queue="nosuch"))).words == "Unable to add interface to queue: No such queue"


@pytest.mark.parametrize("version", [16, 22])
async def test_a_member_is_paused_with_its_reason_and_unpaused(version: int) -> None:
    def pause(interface: str, *, paused: bool, key: str) -> PauseMember:
        return PauseMember(
            pbx="lab", key=key, queue="enquiries", interface=interface, paused=paused, reason="callcentre"
        )

    async with desk(version) as lab:
        assert (await lab.comes_of(pause("PJSIP/101", paused=True, key="breach-1"))).done
        seen = await lab.witness.saw(MemberChanged)
        assert isinstance(seen, MemberChanged)
        assert (seen.member.paused, seen.member.paused_reason) == (True, "callcentre")
        assert (await lab.comes_of(pause("PJSIP/101", paused=False, key="breach-2"))).done
        other = await lab.comes_of(pause("PJSIP/999", paused=False, key="breach-3"))
        assert (other.done, other.words) == (False, "Interface not found")


@pytest.mark.parametrize("version", [16, 22])
async def test_values_are_kept_and_deleted_however_often(version: int) -> None:
    def store(value: str | None, key: str) -> StoreValue:
        return StoreValue(pbx="lab", key=key, name="line/enquiries/divert", value=value)

    async with desk(version) as lab:
        assert (await lab.comes_of(store("1", "breach-1"))).done
        assert lab.pbx.database["callcentre", "line/enquiries/divert"] == "1"
        assert (await lab.comes_of(store(None, "breach-2"))).done
        assert ("callcentre", "line/enquiries/divert") not in lab.pbx.database
        assert (await lab.comes_of(store(None, "breach-3"))).done


@pytest.mark.parametrize("version", [16, 22])
@pytest.mark.parametrize(("answers", "done", "reason"), [(True, True, 4), (False, False, 3)])
async def test_a_telephone_is_rung_and_what_came_of_it_is_heard(
    version: int, answers: bool, done: bool, reason: int
) -> None:
    async with desk(version) as lab:
        if answers:
            lab.pbx.telephones.all["PJSIP/105"].rings = (Ring(after=2.0),)
        command = RingTelephone(
            pbx="lab",
            key="breach-20261123100000000000-0123456789ab-1",
            telephone="PJSIP/105",
            context="internal",
            exten="102",
            seconds=20,
            variables=(("CALLCENTRE_LINE", "enquiries"),),
        )
        assert (await lab.comes_of(command)).words == "Originate successfully queued"
        heard = await lab.witness.saw(OriginateAnswered)
        assert isinstance(heard, OriginateAnswered)
        assert (heard.key, heard.done, heard.reason) == (command.key, done, reason)
        made = lab.witness.of(ChannelCreated)[0]
        assert isinstance(made, ChannelCreated)
        assert made.uniqueid == command.key
        assert lab.witness.reasons == [], "nothing was doubted"


async def test_a_telephone_that_is_not_there_was_rung_in_vain() -> None:
    async with desk() as lab:
        command = RingTelephone(
            pbx="lab", key="breach-1", telephone="PJSIP/199", context="internal", exten="102", seconds=5
        )
        assert (await lab.comes_of(command)).done
        heard = await lab.witness.saw(OriginateAnswered)
        assert isinstance(heard, OriginateAnswered)
        assert (heard.done, heard.reason) == (False, 0)


async def test_an_account_without_the_rights_is_refused_in_the_pbxs_words() -> None:
    async with desk(actor=DEAF) as lab:
        answer = await lab.comes_of(add())
        assert (answer.done, answer.sent, answer.words) == (False, True, "Permission denied")
