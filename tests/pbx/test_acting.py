"""The acting account of dialplan/manager.conf on a real Asterisk: each act is understood, answered, and heard of."""

from contextlib import AbstractAsyncContextManager

import pytest

from callcentre.core.commands import AddMember, PauseMember, RemoveMember, RingTelephone, StoreValue
from callcentre.core.events import (
    ChannelCreated,
    MemberChanged,
    MemberRemoved,
    OriginateAnswered,
)
from callcentre.runtime.clock import SystemClock
from tests.pbx.lab.asterisk import SECRET, Asterisk
from tests.unit.ami.desk import Desk, endpoint, manned

pytestmark = [pytest.mark.pbx, pytest.mark.parametrize("version", ["22", "16"], scope="module")]
ANNOUNCED = "Local/s@callcentre-alarm/n"
"""Answers at once, as a supervisor would who takes up the telephone."""


def desk(asterisk: Asterisk) -> AbstractAsyncContextManager[Desk]:
    """The two accounts of dialplan/manager.conf."""
    listens, acts = (endpoint(asterisk.slot.ami, account, SECRET) for account in ("callcentre", "callcentre-act"))
    return manned(listens, acts, SystemClock().now)


async def test_members_come_go_and_pause(asterisk: Asterisk) -> None:
    async with desk(asterisk) as lab:

        def add(key: str, queue: str = "enquiries") -> AddMember:
            return AddMember(pbx="lab", key=key, queue=queue, interface="PJSIP/105")

        def pause(key: str, interface: str, *, paused: bool) -> PauseMember:
            return PauseMember(
                pbx="lab", key=key, queue="enquiries", interface=interface, paused=paused, reason="callcentre"
            )

        def remove(key: str, interface: str = "PJSIP/105") -> RemoveMember:
            return RemoveMember(pbx="lab", key=key, queue="enquiries", interface=interface)

        assert (await lab.comes_of(add("breach-1"))).done
        seen = await lab.witness.saw(MemberChanged)
        assert isinstance(seen, MemberChanged)
        assert (seen.member.queue, seen.member.interface, seen.added) == ("enquiries", "PJSIP/105", True)
        assert (await lab.comes_of(add("breach-2"))).words == "Unable to add interface: Already there"
        assert (await lab.comes_of(add("breach-3", "nosuch"))).words.endswith("No such queue")
        assert (await lab.comes_of(pause("breach-4", "PJSIP/105", paused=True))).done
        assert (await lab.comes_of(pause("breach-5", "PJSIP/105", paused=False))).done
        assert (await lab.comes_of(pause("breach-6", "PJSIP/999", paused=True))).words == "Interface not found"
        assert (await lab.comes_of(remove("breach-7", "PJSIP/101"))).words == "Member not dynamic"
        assert (await lab.comes_of(remove("breach-8"))).done
        assert await lab.witness.saw(MemberRemoved)
        assert (await lab.comes_of(remove("breach-9"))).words == "Unable to remove interface: Not there"
        assert lab.witness.reasons == []


async def test_values_are_kept_and_deleted_however_often(asterisk: Asterisk) -> None:
    name = "line/Front desk ä/open"
    async with desk(asterisk) as lab:
        for key, kept in (("open-1", "closed"), ("open-2", "open")):
            assert (await lab.comes_of(StoreValue(pbx="lab", key=key, name=name, value=kept))).done
        said = asterisk.line.ask("Command", Command="database show callcentre")
        assert "Front desk" in said
        assert "open" in said
        for key in ("open-3", "open-4"):
            assert (await lab.comes_of(StoreValue(pbx="lab", key=key, name=name, value=None))).done


async def test_a_telephone_is_rung_and_what_came_of_it_is_heard(asterisk: Asterisk) -> None:
    def ring(key: str, telephone: str) -> RingTelephone:
        return RingTelephone(
            pbx="lab",
            key=key,
            telephone=telephone,
            context="callcentre-alarm",
            exten="s",
            seconds=5,
            variables=(("CALLCENTRE_LINE", "Front desk"),),
        )

    async with desk(asterisk) as lab:
        for key, telephone, done in (("breach-1", ANNOUNCED, True), ("breach-2", "PJSIP/105", False)):
            answer = await lab.comes_of(ring(key, telephone))
            assert answer.words == "Originate successfully queued"
            heard = await lab.witness.saw(OriginateAnswered, int(key[-1]))
            assert isinstance(heard, OriginateAnswered)
            assert (heard.key, heard.done) == (key, done)
        made = [event.uniqueid for event in lab.witness.of(ChannelCreated) if isinstance(event, ChannelCreated)]
        assert "breach-1" in made
        assert lab.witness.reasons == [], "nothing was doubted"


async def test_no_exten_to_lead_to_is_refused_in_the_pbxs_words(asterisk: Asterisk) -> None:
    async with desk(asterisk) as lab:
        command = RingTelephone(
            pbx="lab", key="breach-1", telephone=ANNOUNCED, context="callcentre-nowhere", exten="s", seconds=5
        )
        answer = await lab.comes_of(command)
        assert (answer.done, answer.sent) == (False, True)
        assert answer.words.startswith("Extension does not exist")
