"""What a PBX tells of its mailboxes.

recorded/voicemail.json holds answers of Asterisk 22.10.1 and 16.28, with `@` for the id of the question.
"""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from callcentre.ami import voicemail as module
from callcentre.ami.actions import box_summary, render
from callcentre.ami.client import AmiClient
from callcentre.ami.login import MAX_BACKOFF
from callcentre.ami.playback import events_of_tape
from callcentre.core.errors import ActionRefused
from callcentre.core.events import Event, LinkDown, MailboxContents, StoredMessage
from callcentre.core.terms import instant
from tests.unit.ami.conftest import Time, Witness
from tests.unit.ami.fake_pbx import FakePbx, Headers
from tests.unit.ami.test_client import endpoint, in_sight, running

RECORDED: dict[str, str] = json.loads((Path(__file__).parent / "recorded" / "voicemail.json").read_text("utf-8"))
USERS, SUMMARY = "VoicemailUsersList", "VoicemailBoxSummary"
Answer = Callable[[Headers], bytes]


def said(text: str) -> Answer:
    """The recorded (or made up) answer, with the ActionID of the question."""
    return lambda asked: text.replace("ActionID: @", f"ActionID: {asked['ActionID']}").encode("latin-1")


def boxes22(asked: Headers) -> bytes:
    """Asterisk 22 with messages in 600 and 610."""
    assert asked["Context"] == "default"
    name = f"box{asked['Mailbox']}"
    return said(RECORDED.get(name, RECORDED["box630"] if asked["Mailbox"].startswith("1") else RECORDED["nobody"]))(
        asked
    )


@asynccontextmanager
async def pbx_that_says(
    time: Time, witness: Witness, users: str, summary: Answer
) -> AsyncIterator[tuple[AmiClient, FakePbx]]:
    async with FakePbx() as pbx:
        pbx.answers = {USERS: said(users), SUMMARY: summary}
        async with running(endpoint(pbx), time, witness) as client:
            await in_sight(witness)
            yield client, pbx


def asked(pbx: FakePbx, action: str) -> list[str]:
    return [each.get("Mailbox", "") for each in pbx.actions if each["Action"] == action]


def warnings(witness: Witness) -> list[str]:
    return [text for level, text in witness.lines if level == "warning"]


async def test_counts_capacity_and_messages_of_22(time: Time, witness: Witness) -> None:
    async with pbx_that_says(time, witness, RECORDED["users22"], boxes22) as (client, pbx):
        told = await client.voicemail({"600@default", "630@default"}, messages=True)
    assert told is not None
    assert told.whole
    assert told.missing == ()
    by_name = {box.mailbox: box for box in told.boxes}
    assert list(by_name) == [f"{n}@default" for n in (101, 102, 103, 104, 105, 106, 600, 610, 630)]
    box = by_name["600@default"]
    assert (box.new, box.old, box.capacity, box.problem) == (3, 1, 100, "")
    assert box.messages is not None
    assert box.messages[0] == StoredMessage(
        mailbox="600@default",
        folder="INBOX",
        msg_id="1795363375-00000000",
        origtime=instant(1795363375),
        duration=6,
        caller="07700900061",
    )
    assert [(m.folder, m.caller) for m in box.messages[1:]] == [
        ("INBOX", "07700900062"),  # the name held a colon and brackets
        ("Old", "07700900063"),
        ("Work", None),
        ("Cust1", None),
        ("Urgent", None),  # a line break in the name: Asterisk told its first line
    ]
    assert by_name["630@default"].messages == ()  # configured, so it was asked for; and empty
    assert by_name["101@default"] == MailboxContents(mailbox="101@default", new=0, old=0, capacity=100)
    assert asked(pbx, SUMMARY) == ["600", "610", "630"]


async def test_a_message_with_an_empty_file_is_told_the_same_at_every_look(time: Time, witness: Witness) -> None:
    async with pbx_that_says(time, witness, RECORDED["users22"], boxes22) as (client, _):
        first = await client.voicemail({"610@default"}, messages=True, only=True)
        time.advance(100)
        again = await client.voicemail({"610@default"}, messages=True, only=True)
    assert first is not None
    assert first == again
    assert first.whole
    (box,) = first.boxes
    assert box.messages is not None
    damaged, sound = box.messages
    assert (damaged.damaged, damaged.msg_id, damaged.caller, damaged.duration) == (True, None, None, None)
    assert not sound.damaged
    assert [text for text in warnings(witness) if "damaged" in text] == [module._NO_ID]


async def test_forged_and_broken_metadata(time: Time, witness: Witness) -> None:
    async with pbx_that_says(time, witness, RECORDED["users22"], said(RECORDED["hostile"])) as (client, _):
        told = await client.voicemail({"600@default"}, messages=True, only=True)
    assert told is not None
    assert told.boxes[0].messages is not None
    assert [(m.msg_id, m.duration, m.caller, m.damaged) for m in told.boxes[0].messages] == [
        ("5-00000005", 77, "07700900098", False),  # Asterisk takes the first of repeated lines
        ("1795382313-00000000", None, "07700900062", False),
        ("1795363402-00000003", 6, None, False),
        ("1795382313-00000001", 6, "07700900061", False),
        ("1795363404-00000005", 6, "07700900061", False),
        (None, 6, "07700900061", True),
    ]


async def test_only_those_asked_for(time: Time, witness: Witness) -> None:
    async with pbx_that_says(time, witness, RECORDED["users22"], boxes22) as (client, pbx):
        told = await client.voicemail(("600@default",), messages=True, only=True)
        assert asked(pbx, SUMMARY) == ["600"]
    assert told is not None
    assert [box.mailbox for box in told.boxes] == ["600@default"]


async def test_counts_alone_ask_one_question(time: Time, witness: Witness) -> None:
    async with pbx_that_says(time, witness, RECORDED["users22"], boxes22) as (client, pbx):
        told = await client.voicemail({"600@default"}, messages=False)
        assert asked(pbx, SUMMARY) == []
    assert told is not None
    assert all(box.messages is None for box in told.boxes)
    assert {box.mailbox: box.new for box in told.boxes if box.new} == {"600@default": 3, "610@default": 2}


async def test_a_mailbox_that_was_emptied_is_asked_for_once_more(time: Time, witness: Witness) -> None:
    async with pbx_that_says(time, witness, RECORDED["users22"], boxes22) as (client, pbx):
        await client.voicemail((), messages=True)
        pbx.answers[USERS] = said(RECORDED["users22"].replace("NewMessageCount: 2", "NewMessageCount: 0"))
        pbx.answers[SUMMARY] = said(RECORDED["box630"])
        emptied = await client.voicemail((), messages=True)
        before = len(asked(pbx, SUMMARY))
        await client.voicemail((), messages=True)
        assert asked(pbx, SUMMARY)[before:] == ["600"]
    assert emptied is not None
    assert {box.mailbox: box.messages for box in emptied.boxes}["610@default"] == ()


async def test_missing_is_proven_by_asking_for_it(time: Time, witness: Witness) -> None:
    async with pbx_that_says(time, witness, RECORDED["users22"], boxes22) as (client, pbx):
        told = await client.voicemail({"600@default", "999@default"}, messages=False)
        assert asked(pbx, SUMMARY) == ["999"]
    assert told is not None
    assert told.missing == ("999@default",)
    assert told.whole


async def test_a_mailbox_of_a_database_is_in_no_list_but_not_missing(time: Time, witness: Witness) -> None:
    async with pbx_that_says(time, witness, RECORDED["no_users"], boxes22) as (client, _):
        told = await client.voicemail({"600@default", "999@default"}, messages=False)
    assert told is not None
    assert told.boxes == (MailboxContents(mailbox="600@default"),)
    assert told.missing == ("999@default",)


async def test_16_tells_counts_and_that_is_said_once(time: Time, witness: Witness) -> None:
    async with pbx_that_says(time, witness, RECORDED["users16"], said(RECORDED["unknown16"])) as (client, pbx):
        counted = await client.voicemail({"999@default"}, messages=False)
        assert warnings(witness) == []  # with a spool nobody needs to be told
        told = await client.voicemail({"600@default", "999@default"}, messages=True)
        again = await client.voicemail({"600@default"}, messages=True)
        assert asked(pbx, SUMMARY) == ["999"]
    assert counted is not None
    assert counted.missing == ("999@default",)
    assert told is not None
    assert again is not None
    assert told.whole
    assert told.missing == ("999@default",)
    assert {box.mailbox: (box.new, box.old, box.messages) for box in told.boxes}["600@default"] == (3, 1, None)
    assert warnings(witness).count(module._NO_SUMMARY) == 1


async def test_16_without_any_mailbox_in_its_file_proves_nothing_missing(time: Time, witness: Witness) -> None:
    async with pbx_that_says(time, witness, RECORDED["no_users"], said(RECORDED["unknown16"])) as (client, _):
        told = await client.voicemail({"600@default"}, messages=True)
    assert told is not None
    assert (told.boxes, told.missing) == ((), ())


async def test_no_right_is_said_once_and_not_asked_again(time: Time, witness: Witness) -> None:
    async with pbx_that_says(time, witness, RECORDED["denied"], boxes22) as (client, pbx):
        assert await client.voicemail((), messages=True) is None
        assert await client.voicemail((), messages=True) is None
        assert asked(pbx, USERS) == [""]
        assert warnings(witness) == [module._NO_RIGHT]
        pbx.answers[USERS] = said(RECORDED["users22"])
        pbx.hang_up()
        await witness.saw(LinkDown)
        await time.asleep()
        time.advance(MAX_BACKOFF)
        await in_sight(witness, 2)
        assert await client.voicemail((), messages=False) is not None


async def test_no_right_to_a_mailbox_does_not_make_it_missing(time: Time, witness: Witness) -> None:
    async with pbx_that_says(time, witness, RECORDED["users22"], said(RECORDED["denied"])) as (client, _):
        told = await client.voicemail({"999@default", "600@default"}, messages=True)
    assert told is not None
    assert told.missing == ()
    assert not told.whole


async def test_without_app_voicemail(time: Time, witness: Witness) -> None:
    unknown = RECORDED["unknown16"].replace(SUMMARY, USERS)
    async with pbx_that_says(time, witness, unknown, boxes22) as (client, pbx):
        assert await client.voicemail((), messages=True) is None
        pbx.answers[USERS] = said(RECORDED["users22"])
        assert await client.voicemail((), messages=False) is not None
    assert warnings(witness) == [module._NO_MODULE]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("VMContext: default\r\nVoiceMailbox: 600", "VoiceMailbox: 600\r\nVMContext: default"),
        ("Fullname: Bookings", "Fullname: Bookings\r\nOldMessageCount: 0\r\nNewMessageCount: 0"),
        ("OldMessageCount: 1\r\n", ""),
        ("NewMessageCount: 3", "NewMessageCount: -3"),
        ("NewMessageCount: 3", "NewMessageCount: "),
        ("MaxMessageCount: 100", "MaxMessageCount: 99999999999"),
        ("VoiceMailbox: 600", "VoiceMailbox: "),
        ("VoiceMailbox: 600", "VoiceMailbox: 6/../0"),
        ("ListItems: 9", "ListItems: 8"),
        ("ListItems: 9", "ListItems: nine"),
    ],
)
async def test_a_list_that_asterisk_does_not_write_is_not_believed(
    time: Time, witness: Witness, old: str, new: str
) -> None:
    forged = RECORDED["users22"].replace(old, new, 1)
    assert forged != RECORDED["users22"]
    async with pbx_that_says(time, witness, forged, boxes22) as (client, pbx):
        assert await client.voicemail((), messages=True) is None
        pbx.answers[USERS] = said(RECORDED["users22"])
        assert await client.voicemail((), messages=False) is not None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Folder: INBOX\r\n", "Folder: INBOX\r\nFolder: INBOX\r\n"),
        ("Folder: INBOX", "Folder: "),
        ("CallerID: ", "CallerID: x\r\nID: 5-00000005\r\nx: "),
        ("Duration: 6\r\n", ""),
        ("ListItems: 6", "ListItems: 7"),
    ],
)
async def test_messages_that_asterisk_does_not_write_are_not_believed(
    time: Time, witness: Witness, old: str, new: str
) -> None:
    forged = RECORDED["box600"].replace(old, new, 1)
    assert forged != RECORDED["box600"]
    async with pbx_that_says(time, witness, RECORDED["users22"], said(forged)) as (client, _):
        told = await client.voicemail({"600@default"}, messages=True, only=True)
    assert told is not None
    assert not told.whole
    assert [(box.mailbox, box.messages, box.new) for box in told.boxes] == [("600@default", None, 3)]


async def test_another_mailboxs_answer_is_not_taken(time: Time, witness: Witness) -> None:
    def other(asked: Headers) -> bytes:
        serial = int(asked["ActionID"].rpartition("-")[2]) + 1
        return said(RECORDED["box610"])({**asked, "ActionID": asked["ActionID"].rpartition("-")[0] + f"-{serial}"}) + (
            said(RECORDED["box630"])(asked)
        )

    async with pbx_that_says(time, witness, RECORDED["users22"], other) as (client, _):
        told = await client.voicemail({"600@default"}, messages=True, only=True)
    assert told is not None
    assert told.boxes[0].messages == ()


async def test_the_link_lost_while_asking(time: Time, witness: Witness) -> None:
    async with FakePbx() as pbx:

        def hang_up(asked: Headers) -> bytes:
            pbx.hang_up()
            return b""

        pbx.answers = {USERS: hang_up}
        async with running(endpoint(pbx), time, witness) as client:
            await in_sight(witness)
            assert await client.voicemail((), messages=True) is None
            assert await client.voicemail((), messages=True) is None  # out of sight


async def test_an_answer_that_does_not_come(time: Time, witness: Witness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LIST_SECONDS", 0.01)
    late: list[Headers] = []

    def silent(asked: Headers) -> bytes:
        late.append(asked)
        return b""

    async with FakePbx() as pbx:
        pbx.answers = {USERS: silent, SUMMARY: boxes22}
        async with running(endpoint(pbx), time, witness) as client:
            await in_sight(witness)
            assert await client.voicemail((), messages=True) is None
            monkeypatch.setattr(module, "LIST_SECONDS", 10.0)
            pbx.say(said(RECORDED["users22"])(late[0]))  # too late: nobody waits for it
            pbx.answers[USERS] = said(RECORDED["users16"])
            told = await client.voicemail((), messages=False)
    assert told is not None
    assert len(told.boxes) == 9


@pytest.mark.parametrize(
    "mailbox", ["600\r\nAction: Command@default", "600", "6 0@default", "600@", "x" * 90 + "@default"]
)
def test_names_that_are_not_sent(mailbox: str) -> None:
    with pytest.raises(ActionRefused, match="nothing was sent"):
        render(box_summary(mailbox), "a-1")


async def test_a_name_that_cannot_be_asked_for_leaves_the_look_not_whole(time: Time, witness: Witness) -> None:
    async with pbx_that_says(time, witness, RECORDED["users22"], boxes22) as (client, _):
        told = await client.voicemail({"6 0 0@default"}, messages=True)
    assert told is not None
    assert not told.whole
    assert told.missing == ()


def test_a_tape_with_voicemail_lists_tells_nothing_else_by_them(tmp_path: Path) -> None:
    tape = tmp_path / "tape.jsonl"
    lists = "".join(RECORDED[name] for name in ("users22", "box600")).replace("ActionID: @", "ActionID: abc-1")
    up = "Event: FullyBooted\r\nPrivilege: system,all\r\nUptime: 9\r\nStatus: Fully Booted\r\n\r\n"
    records = [{"t": 1795363300.0, "conn": 1, "mark": "connect"}, {"t": 1795363301.0, "conn": 1, "text": up + lists}]
    tape.write_text("".join(json.dumps(record) + "\n" for record in records))
    events: list[Event] = list(events_of_tape(tape, "lab"))
    assert [type(event).__name__ for event in events] == ["LinkUp"]
    assert events[0].at - instant(1795363301.0) == timedelta(0)
