"""An abusive caller on the pages: the mark before the answer, the two presses, the note, and the review."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import ClientSession

from callcentre.core.commands import AbuseAct
from callcentre.core.events import ActionAnswered, UserEventRaised
from callcentre.core.facts import Call, CallAnswered, CallEnded, CallOffered, ClickChanged, IncidentChanged, RingAttempt
from callcentre.core.incidents import AbuseHow, AbuseStep, Incident, IncidentState, Review
from callcentre.core.tasks import Click
from callcentre.core.terms import CallKey, ClickResult, ClickState, Outcome
from tests.unit.runtime.samples import call
from tests.unit.web.desk import ALICE, BOB, CALLER, SUE, Desk, desk, opened
from tests.unit.web.reader import HOSTILE, JSON, words
from tests.unit.web.served import NOW

CAROL, ADA = {"X-As": "carol:supervisor"}, {"X-As": "ada:admin"}
KEY = CallKey("lab", "1795.9")
RINGS = RingAttempt(interface="PJSIP/101", begun_at=NOW, ring_start=NOW, ring_end=None, result=None, after_answer=False)
LAST_MONTH = NOW - timedelta(days=30)


def marked(uniqueid: str = "1700.1", **changes: object) -> Incident:
    one = Incident(
        pbx="lab",
        uniqueid=uniqueid,
        line="enquiries",
        caller=CALLER,
        agent="bob",
        telephone="PJSIP/102",
        how=AbuseHow.CODE,
        state=IncidentState.ENDED,
        at=LAST_MONTH,
        warned_at=LAST_MONTH,
        ended_at=LAST_MONTH + timedelta(minutes=2),
        expires_at=LAST_MONTH + timedelta(days=365),
        review_due=LAST_MONTH + timedelta(days=183),
        note="bob: shouted",
    )
    return replace(one, **changes)  # type: ignore[arg-type]


class Phone:
    """Alice's telephone, in a call, and her page."""

    def __init__(self, of_desk: Desk, address: str, http: ClientSession) -> None:
        self.desk = of_desk
        self._address = address
        self._http = http

    async def get(self, page: str, who: dict[str, str] = ALICE) -> str:
        answer = await self._http.get(self._address + page, headers=who)
        assert answer.status == 200, await answer.text()
        return await answer.text()

    async def part(self, who: dict[str, str] = ALICE) -> str:
        return await self.get("/call", who | {"X-Part": "yes"})

    async def see(self, who: dict[str, str] = ALICE) -> str:
        return words(f"<main>{await self.part(who)}")

    async def post(self, page: str, who: dict[str, str] = ALICE, **form: str) -> tuple[int, str]:
        form = {"key": f"key-of-form-{len(self.desk.asked)}", **form}
        answer = await self._http.post(self._address + page, headers=who, data=form, allow_redirects=False)
        return answer.status, await answer.text()

    async def press(self, step: str, who: dict[str, str] = ALICE) -> tuple[int, str]:
        return await self.post("/call/lab/1795.9/abuse", who, step=step)

    async def told(self, step: str, how: str = "button", call: str = KEY.uniqueid) -> None:
        fields = {"Call": call, "Step": step, "How": how, "Interface": "PJSIP/101"}
        event = UserEventRaised(pbx="lab", at=self.desk.now, name="CallcentreAbuse", uniqueid="1795.11", fields=fields)
        await self.desk.commit(*self.desk.centre.handle(event).facts)

    async def incident(self, key: CallKey = KEY) -> Incident | None:
        return await self.desk.database.queries.incident(key)


def talking() -> Call:
    return call(KEY.uniqueid, offered_at=NOW, caller=CALLER, answered_at=NOW, answered_by="PJSIP/101")


async def phone_of(of_desk: Desk, *known: Incident) -> AsyncIterator[Phone]:
    await of_desk.commit(CallAnswered(pbx="lab", at=NOW, call=talking()))
    await of_desk.commit(*(IncidentChanged(pbx="lab", at=NOW, incident=one) for one in known))
    async with ClientSession() as http, opened(of_desk) as address:
        yield Phone(of_desk, address, http)


@pytest.fixture
async def phone(tmp_path: Path) -> AsyncIterator[Phone]:
    async with desk(tmp_path) as of_desk:
        async for one in phone_of(of_desk):
            yield one


@pytest.fixture
async def known(tmp_path: Path) -> AsyncIterator[Phone]:
    async with desk(tmp_path) as of_desk:
        others = (
            marked("1700.2", review=Review.WITHDRAWN, reviewed_at=NOW, reviewed_by="sue", at=NOW - timedelta(days=3)),
            marked("1700.3", expires_at=NOW, at=NOW - timedelta(days=365)),
            marked("1700.4", caller="07700900062"),
            marked("1700.5", state=IncidentState.NOT_WARNED, warned_at=None, ended_at=None, how=AbuseHow.BUTTON),
        )
        async for one in phone_of(of_desk, marked(), *others):
            yield one


async def test_warned_and_ended_by_the_button(phone: Phone) -> None:
    assert "Abusive: warn the caller" in await phone.see()
    assert await phone.press("warn", ALICE | JSON) == (200, '{"ok": true, "said": "The warning is asked for"}')
    assert "The PBX is asked to play the warning." in await phone.see()
    assert [(one.step, one.uniqueid, one.telephone) for one in phone.desk.commands if isinstance(one, AbuseAct)] == [
        (AbuseStep.WARN, "1795.9", "PJSIP/101")
    ]
    await phone.told("warned")
    assert "Warned at 10:00; recorded from then on. End the call" in await phone.see()
    assert (await phone.press("end"))[0] == 303
    await phone.told("ended")
    assert "Ended at 10:00." in await phone.see()
    found = await phone.incident()
    assert found is not None
    assert (found.agent, found.telephone, found.how, found.caller) == ("alice", "PJSIP/101", AbuseHow.BUTTON, CALLER)


async def test_never_for_a_call_that_is_not_ones_own(phone: Phone) -> None:
    for who in (BOB, {"X-As": "carol:agent"}, SUE):
        status, said = await phone.press("warn", who)
        assert status == 409, said
    assert (await phone.post("/call/lab/1795.8/abuse", step="warn"))[0] == 409
    assert (await phone.post("/call/other/1795.9/abuse", step="warn"))[0] == 404
    assert (await phone.press("sing"))[0] == 400
    assert phone.desk.commands == []
    assert await phone.incident() is None
    assert await phone.part(BOB) == ""


async def test_what_the_pbx_refuses_is_said(phone: Phone) -> None:
    await phone.press("warn")
    (act,) = (one for one in phone.desk.commands if isinstance(one, AbuseAct))
    refused = ActionAnswered(pbx="lab", at=NOW, key=act.key, done=False, words="no")
    await phone.desk.commit(*phone.desk.centre.handle(refused).facts)
    told = await phone.see()
    assert "The caller was not warned: the PBX did not do it." in told
    assert "Abusive: warn the caller" in told


async def test_without_an_account_that_acts_the_page_says_so(tmp_path: Path) -> None:
    async with desk(tmp_path, pbx=[{"name": "lab"}]) as of_desk:
        async for phone in phone_of(of_desk):
            told = await phone.see()
            assert "Press the code on your telephone" in told
            assert "warn the caller" not in told
            status, said = await phone.press("warn")
            assert (status, "press the code on your telephone" in said) == (409, True)


async def test_the_mark_is_shown_before_the_answer(known: Phone) -> None:
    ringing = call("1795.20", offered_at=NOW, caller="+447700900061", attempts=(RINGS,))
    await known.desk.commit(CallOffered(pbx="lab", at=NOW, call=ringing))
    told = await known.see()
    assert "rings" in told
    assert told.count("Abusive before: warned Sun 25 Oct, 10:00, ended Sun 25 Oct, 10:02") == 1, told
    other = call("1795.21", offered_at=NOW + timedelta(seconds=1), caller="07700900063", attempts=(RINGS,))
    await known.desk.commit(CallOffered(pbx="lab", at=NOW, call=other))
    assert "Abusive before" not in await known.see()


async def test_a_note_of_the_agent_and_of_nobody_else(phone: Phone) -> None:
    assert (await phone.post("/call/lab/1795.9/incident", note="x"))[0] == 404
    await phone.told("warned", "code")
    over = replace(talking(), ended_at=NOW + timedelta(seconds=60), outcome=Outcome.ANSWERED, talk_seconds=60.0)
    await phone.desk.commit(CallEnded(pbx="lab", at=NOW, call=over))
    assert "Note on the incident" in await phone.see()
    assert (await phone.post("/call/lab/1795.9/incident", BOB, note="mine"))[0] == 409
    assert (await phone.post("/call/lab/1795.9/incident", note=f"{HOSTILE} at 07700 900 061"))[0] == 303
    found = await phone.incident()
    assert found is not None
    assert found.note.startswith("alice: ")
    assert "900061" not in found.note.replace(" ", "")
    assert "<script>" not in await phone.get("/incidents", SUE)


CHIEF = {
    "line": [
        {
            "name": "enquiries",
            "title": "Enquiries",
            "pbx": "lab",
            "nation": "ENG",
            "queues": ["enquiries"],
            "charter": "wme",
        }
    ],
    "contact": [{"name": "chief", "email": ["chief@example.org"], "accounts": ["sue"]}],
    "mail": {"host": "localhost", "sender": "callcentre@example.org"},
    "roles": {"Chief Executive": ["chief"]},
}
"""An office whose role is held by a contact, and the contact's account is Sue's."""


async def test_the_named_role_alone_reviews(tmp_path: Path) -> None:
    async with desk(tmp_path, **CHIEF) as of_desk:
        async for phone in phone_of(of_desk, marked()):
            for who in (CAROL, ADA):
                told = words(await phone.get("/incidents", who))
                assert "only the Chief Executive decides that" in told
                assert "Keep the mark" not in told
                status, said = await phone.post("/incidents/lab/1700.1/review", who, review="kept")
                assert (status, "only the Chief Executive decides that" in said) == (403, True)
            assert "administrators review" not in await phone.get("/incidents", SUE)
            assert (await phone.post("/incidents/lab/1700.1/review", SUE, review="kept"))[0] == 303
            found = await phone.incident(CallKey("lab", "1700.1"))
            assert found is not None
            assert (found.review, found.reviewed_by) == (Review.KEPT, "sue")


async def test_where_nobody_holds_the_role_the_page_says_so(tmp_path: Path) -> None:
    async with desk(tmp_path, line=CHIEF["line"]) as of_desk:
        async for phone in phone_of(of_desk, marked()):
            told = words(await phone.get("/incidents", SUE))
            assert "Nobody holds the role Chief Executive (Enquiries), so administrators review." in told
            assert '[roles] "Chief Executive" = ["chief"]' in told
            status, said = await phone.post("/incidents/lab/1700.1/review", SUE, review="kept")
            assert (status, "nobody holds the role Chief Executive" in said) == (403, True)
            assert (await phone.post("/incidents/lab/1700.1/review", ADA, review="kept"))[0] == 303


async def test_incidents_are_reviewed(known: Phone) -> None:
    known.desk.now = LAST_MONTH + timedelta(days=183)
    told = words(await known.get("/incidents", SUE))
    assert "To be reviewed" in told
    assert "bob: shouted" in told
    assert "No role is named for" in told
    assert (await known.post("/incidents/lab/1700.1/note", SUE, note="spoke with them"))[0] == 303
    status, said = await known.post("/incidents/lab/1700.1/review", ADA, review="withdrawn")
    assert (status, "say in the note why" in said) == (409, True)
    assert (await known.post("/incidents/lab/1700.1/review", SUE, review="withdrawn", note="mine"))[0] == 403
    assert (await known.post("/incidents/lab/1700.1/review", ADA, review="withdrawn", note="a mistake"))[0] == 303
    found = await known.incident(CallKey("lab", "1700.1"))
    assert found is not None
    assert (found.review, found.reviewed_by) == (Review.WITHDRAWN, "ada")
    assert found.note == "bob: shouted\nsue: spoke with them\nada: a mistake"
    assert await known.desk.database.queries.marks_of(CALLER, known.desk.now) == []
    assert (await known.post("/incidents/lab/1700.3/review", ADA, review="kept"))[0] == 409
    assert (await known.post("/incidents/lab/1700.9/review", ADA, review="kept"))[0] == 404
    assert (await known.post("/incidents/lab/1700.4/review", ADA, review="maybe"))[0] == 400
    assert (await known.post("/incidents/lab/1700.4/review", ALICE, review="kept"))[0] == 403


@pytest.mark.parametrize("said", ["yesterday", "2026-11-23"])
async def test_an_address_that_no_page_says_is_refused(known: Phone, said: str) -> None:
    with pytest.raises(AssertionError, match="begin again"):
        await known.get(f"/incidents?before={said}", SUE)


CLICK = "0f" * 16


def calling_back(**changes: object) -> Click:
    one = Click(
        pbx="lab",
        key=CLICK,
        task=1,
        who="alice",
        telephone="PJSIP/101",
        number=CALLER,
        asked_at=NOW - timedelta(seconds=20),
        state=ClickState.TALKING,
        agent_up_at=NOW - timedelta(seconds=15),
        callout="1795.40",
        talking_at=NOW - timedelta(seconds=5),
    )
    return replace(one, **changes)  # type: ignore[arg-type]


async def test_on_a_callback_the_agent_warns_and_ends_too(tmp_path: Path) -> None:
    async with desk(tmp_path) as of_desk:
        await of_desk.task(1)
        click = calling_back()
        await of_desk.commit(*(IncidentChanged(pbx="lab", at=NOW, incident=one) for one in (marked(),)))
        await of_desk.commit(ClickChanged(pbx="lab", at=NOW, click=click))
        async with ClientSession() as http, opened(of_desk) as address:
            phone, path = Phone(of_desk, address, http), f"/call/lab/{CLICK}"
            told = await phone.see()
            assert "calling back, talking" in told
            assert "Task 1" in told
            assert "Abusive before: warned" in told
            assert "Abusive: warn the caller" in told
            assert await phone.part(BOB) == ""
            for who in (BOB, SUE):
                status, said = await phone.post(f"{path}/abuse", who, step="warn")
                assert (status, "not made from your telephone" in said) == (409, True)
            assert (await phone.post(f"{path}/abuse", step="warn"))[0] == 303
            await phone.told("warned", call=CLICK)
            assert "recorded from then on. End the call" in await phone.see()
            assert (await phone.post(f"{path}/abuse", step="end"))[0] == 303
            await phone.told("ended", call=CLICK)
            acts = [(one.step, one.uniqueid) for one in of_desk.commands if isinstance(one, AbuseAct)]
            assert acts == [(AbuseStep.WARN, CLICK), (AbuseStep.END, CLICK)]
            over = replace(click, state=ClickState.ENDED, result=ClickResult.CONNECTED, ended_at=NOW)
            await of_desk.commit(ClickChanged(pbx="lab", at=NOW, click=over))
            assert "called back, over" in await phone.see()
            assert (await phone.post(f"{path}/incident", note="swore at me"))[0] == 303
            found = await phone.incident(CallKey("lab", CLICK))
            assert found is not None
            assert (found.caller, found.agent, found.note) == (CALLER, "alice", "alice: swore at me")
            assert 'href="/tasks/lab/1"' in await phone.get("/incidents", SUE)
            assert f"/calls/lab/{CLICK}" not in await phone.get("/incidents", SUE)
            of_desk.later(minutes=6)
            assert await phone.part() == ""


async def test_a_callback_without_abuse_leaves_nothing_behind(tmp_path: Path) -> None:
    async with desk(tmp_path) as of_desk:
        await of_desk.task(1)
        async with ClientSession() as http, opened(of_desk) as address:
            phone = Phone(of_desk, address, http)
            ended = {"state": ClickState.ENDED, "result": ClickResult.CONNECTED, "ended_at": NOW}
            await of_desk.commit(ClickChanged(pbx="lab", at=NOW, click=calling_back(state=ClickState.DIALLING)))
            assert await phone.part() == ""
            await of_desk.commit(ClickChanged(pbx="lab", at=NOW, click=calling_back(**ended)))
            assert await phone.part() == ""
