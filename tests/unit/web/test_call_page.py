"""The call at one's telephone: what to say and who calls, how long one talks, and what it was."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from callcentre.core.facts import Call, CallAnswered, CallEnded, CallOffered, CallProgressed, RingAttempt
from callcentre.core.terms import AttemptResult, CallKey, Outcome, WrapKind
from tests.unit.runtime.samples import call
from tests.unit.web.desk import ALICE, BOB, CALLER, Desk, desk, message, opened
from tests.unit.web.reader import HOSTILE, JSON, words
from tests.unit.web.served import NOW

PART = {"X-Part": "yes"}
RINGS = RingAttempt(interface="PJSIP/101", begun_at=NOW, ring_start=NOW, ring_end=None, result=None, after_answer=False)


class Telephone:
    """Alice's telephone, and the part of her page that goes with it."""

    def __init__(self, of_desk: Desk, address: str, http: ClientSession) -> None:
        self.desk = of_desk
        self._address = address
        self._http = http

    async def part(self, who: dict[str, str] = ALICE) -> str:
        answer = await self._http.get(f"{self._address}/call", headers=who | PART)
        assert answer.status == 200
        return await answer.text()

    async def see(self, who: dict[str, str] = ALICE) -> str:
        return words(f"<main>{await self.part(who)}")

    async def wrap(self, kind: str, why: str = "", who: dict[str, str] = ALICE) -> tuple[int, str]:
        url = f"{self._address}/call/lab/1795.9/wrap"
        form = {"key": "key-of-form", "kind": kind, "why": why}
        answer = await self._http.post(url, headers=who, data=form, allow_redirects=False)
        return answer.status, await answer.text()

    async def rings(self, **changes: Any) -> Call:
        ringing = call("1795.9", offered_at=NOW, caller=CALLER, attempts=(RINGS,), **changes)
        await self.desk.commit(CallOffered(pbx="lab", at=NOW, call=ringing))
        return ringing

    async def talks(self) -> Call:
        at = self.desk.now
        talking = call("1795.9", offered_at=NOW, caller=CALLER, answered_at=at, answered_by="PJSIP/101")
        await self.desk.commit(CallAnswered(pbx="lab", at=at, call=talking))
        return talking

    async def ends(self) -> Call:
        over = replace(
            await self.talks(), ended_at=self.desk.later(seconds=72), talk_seconds=72.0, outcome=Outcome.ANSWERED
        )
        await self.desk.commit(CallEnded(pbx="lab", at=self.desk.now, call=over))
        return over

    async def wraps(self) -> list[tuple[str, WrapKind, str]]:
        found = await self.desk.database.queries.wraps_of(CallKey("lab", "1795.9"))
        return [(wrap.who, wrap.kind, wrap.why) for wrap in found]


@pytest.fixture
async def telephone(tmp_path: Path) -> AsyncIterator[Telephone]:
    async with desk(tmp_path) as of_desk, ClientSession() as http:
        await of_desk.task(1, message(1), language="pl", flags_until=NOW + timedelta(days=1), complaint=True)
        async with opened(of_desk) as address:
            yield Telephone(of_desk, address, http)


async def test_nothing_goes_on(telephone: Telephone) -> None:
    assert await telephone.part() == ""
    assert await telephone.part({"X-As": "carol:agent"}) == ""


async def test_a_call_rings(telephone: Telephone) -> None:
    await telephone.rings()
    told = await telephone.see()
    for said in (
        "enquiries rings",
        "07700 900 061",
        "“Good morning, enquiries, alice speaking”",
        "speaks Polish",
        "Waits for a call back: task 1 , enquiries, by 14:00, complaint",
        "First call.",
    ):
        assert said in told, said
    assert 'data-announce="enquiries rings: 07700 900\N{NO-BREAK SPACE}061"' in await telephone.part()
    assert await telephone.part(BOB) == ""


@pytest.mark.parametrize(("hour", "said"), [(7, "Good morning"), (12, "Good afternoon"), (18, "Good evening")])
async def test_the_greeting_goes_by_the_time_of_day(telephone: Telephone, hour: int, said: str) -> None:
    telephone.desk.now = NOW.replace(hour=hour)
    await telephone.rings()
    assert f"“{said}, enquiries" in await telephone.see()


async def test_what_others_may_have_typed_is_shown_and_not_run(telephone: Telephone) -> None:
    await telephone.rings(line=HOSTILE)
    assert "<script>" not in await telephone.part()


async def test_somebody_else_picked_up(telephone: Telephone) -> None:
    ringing = await telephone.rings()
    cancelled = replace(RINGS, ring_end=NOW, result=AttemptResult.CANCELLED)
    await telephone.desk.commit(CallProgressed(pbx="lab", at=NOW, call=replace(ringing, attempts=(cancelled,))))
    assert await telephone.part() == ""


async def test_how_long_one_talks(telephone: Telephone) -> None:
    await telephone.talks()
    telephone.desk.later(seconds=65)
    assert "talking 1:05" in await telephone.see()


async def test_after_the_call_one_tap_says_what_it_was(telephone: Telephone) -> None:
    await telephone.ends()
    told = await telephone.see()
    assert "over, 1:12" in told
    assert "Resolved at first contact Not resolved Follow-up Complaint Abusive" in told
    assert await telephone.part(BOB) == ""
    status, said = await telephone.wrap("resolved", "sent the form", ALICE | JSON)
    assert (status, said) == (200, '{"ok": true, "said": "Noted: resolved at first contact"}')
    assert await telephone.wraps() == [("alice", WrapKind.RESOLVED, "sent the form")]
    assert 'value="resolved" class="" aria-pressed="true"' in await telephone.part()
    telephone.desk.later(seconds=30)
    assert (await telephone.wrap("complaint"))[0] == 303
    assert [kind for _, kind, _ in await telephone.wraps()] == [WrapKind.COMPLAINT]
    telephone.desk.later(seconds=61)
    assert await telephone.part() == ""


async def test_a_follow_up_opens_a_task(telephone: Telephone) -> None:
    await telephone.ends()
    await telephone.wrap("follow_up")
    tasks = await telephone.desk.database.queries.tasks()
    assert [(task.number, task.source.value, task.caller) for task in tasks if task.number != 1] == [
        (2, "follow_up", CALLER)
    ]


async def test_a_call_is_not_asked_about_for_ever(telephone: Telephone) -> None:
    await telephone.ends()
    telephone.desk.later(minutes=5)
    assert await telephone.part() == ""


async def test_the_next_call_and_the_last_are_both_shown(telephone: Telephone) -> None:
    await telephone.ends()
    ringing = call("1795.10", offered_at=NOW, caller="01632960777", attempts=(RINGS,))
    await telephone.desk.commit(CallOffered(pbx="lab", at=NOW, call=ringing))
    told = await telephone.see()
    assert told.index("enquiries rings") < told.index("over, 1:12")
    html = await telephone.part()
    assert 'id="call-rings-1795.10"' in html
    assert 'id="call-over-1795.9"' in html


async def test_only_who_answered_says_what_a_call_was(telephone: Telephone) -> None:
    await telephone.ends()
    status, said = await telephone.wrap("abusive", who=BOB)
    assert status == 409
    assert "not answered at your telephone" in said
    assert (await telephone.wrap("nonsense"))[0] == 400
    assert await telephone.wraps() == []


async def test_a_call_that_nobody_knows(telephone: Telephone) -> None:
    assert (await telephone.wrap("resolved"))[0] == 404


async def test_without_script_it_is_a_page(telephone: Telephone) -> None:
    async with ClientSession() as http:
        answer = await http.get(f"{telephone._address}/call", headers=ALICE)
        assert "Nothing goes on at PJSIP/101" in words(await answer.text())
        await telephone.rings()
        answer = await http.get(f"{telephone._address}/call", headers=ALICE)
        html = await answer.text()
    assert "enquiries rings" in words(html)
    assert html.count('id="call"') == 1


async def test_what_is_over_is_forgotten_in_time(telephone: Telephone) -> None:
    live = telephone.desk.site.live
    over = await telephone.ends()
    for number in range(1_001):
        other = replace(over, key=CallKey("lab", f"other {number}"), answered_by="PJSIP/109")
        live.observe([CallEnded(pbx="lab", at=NOW, call=other)])
    assert live.over("PJSIP/101", telephone.desk.now) is None
    assert live.over("PJSIP/109", over.ended_at + timedelta(seconds=1) if over.ended_at else NOW) is not None
