"""Framing and trust: any split gives the same, nothing forged is believed, memory is bounded, nothing is raised."""

import random
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callcentre.ami.messages import Banner, Doubt, Item, Message, Reason, Reply, Told, UserTold
from callcentre.ami.protocol import MAX_PACKET, Framer
from callcentre.ami.shapes import EVENTS, ITEMS
from callcentre.ami.translate import event_of
from callcentre.core.terms import instant
from tests.unit.ami.fake_pbx import STAMP, channel, event, hangup, member, newchannel, packet
from tests.unit.ami.tapes import TAPES, Tape

BANNER = b"Asterisk Call Manager/11.0.0\r\n"
NOW = instant(STAMP)


def frame(*chunks: bytes, ours: str = "me-", banner: bool = False, can_ask: bool = True) -> list[Message]:
    framer = Framer(ours=ours, banner=banner, can_ask=can_ask)
    return [message for chunk in chunks for message in framer.feed(chunk)]


def told(messages: list[Message]) -> list[str]:
    return [message.name for message in messages if isinstance(message, Told)]


def reasons(messages: list[Message]) -> list[str]:
    return [message.reason for message in messages if isinstance(message, Doubt)]


# --- splitting -----------------------------------------------------------------------------------------------------

STREAM = (
    BANNER
    + packet("Response: Success", "ActionID: me-1", "Message: Authentication accepted")
    + packet("Event: FullyBooted", "Privilege: system,all", "Uptime: 12", "LastReload: 1", "Status: Fully Booted")
    + newchannel(number="0770\x0b\x1c\x85\u2028Uniqueid: 1.1")
    + event("TestEvent", "Type: StateChange", "State: x")
    + event("VarSet", *channel(), "Variable: QUEUESTATUS", "Value: JOINEMPTY")
    + event("VarSet", *channel(), "Variable: SIPDOMAIN", "Value: 127.0.0.1")
    + newchannel(number="x\r\n\r\nEvent: Hangup\r\n\r\n")
    + member()
    + packet("Event: CoreShowChannelsComplete", "ActionID: me-2", "EventList: Complete", "ListItems: 0")
    + hangup()
)
WHOLE = frame(STREAM, banner=True)


def test_the_stream_says_what_it_should() -> None:
    kinds = [type(message) for message in WHOLE]
    assert kinds == [Banner, Reply, Told, Told, Told, Doubt, Doubt, Doubt, Doubt, Item, Told]
    assert WHOLE[0] == Banner("11.0.0")
    assert reasons(WHOLE) == ["truncated", "bad_start", "bad_start", "after_truncated"]
    assert told(WHOLE) == ["FullyBooted", "Newchannel", "VarSet", "Hangup"]


def test_byte_by_byte_gives_the_same() -> None:
    assert frame(*(STREAM[i : i + 1] for i in range(len(STREAM))), banner=True) == WHOLE


@given(st.lists(st.integers(0, len(STREAM)), max_size=12))
def test_any_split_gives_the_same(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(STREAM)]
    chunks = [STREAM[a:b] for a, b in pairwise(edges)]
    assert frame(*chunks, banner=True) == WHOLE


@pytest.mark.parametrize("tape", TAPES, ids=str)
def test_any_split_of_a_real_tape_gives_the_same(tape: Tape) -> None:
    random.seed(7)
    for data in tape.connections():
        whole = frame(data, ours="")
        assert reasons(whole) == [] or "hostile" in str(tape)
        for most in (40, 3_000) if len(data) < 2_000_000 else (70_000,):
            framer = Framer(banner=False)
            messages: list[Message] = []
            position = 0
            while position < len(data):
                size = random.randint(1, most)
                messages += framer.feed(data[position : position + size])
                position += size
            assert messages == whole


@pytest.mark.parametrize("tape", TAPES, ids=str)
def test_the_fast_way_and_the_thorough_way_agree(tape: Tape) -> None:
    for text in b"".join(tape.connections()).decode("utf-8", "replace").split("\r\n\r\n"):
        name = text.partition("\r\n")[0].removeprefix("Event: ")
        shape = EVENTS.get(name)
        if shape is not None and (matched := shape.match(text + "\r\n")):
            assert shape.examine(text + "\r\n") == matched.groups()


# --- values --------------------------------------------------------------------------------------------------------


def test_only_cr_lf_ends_a_header() -> None:
    odd = "a\u2028Uniqueid: 1\x85b\x0b\x0c\x1c\x1d\x1e c\rd\ne: f"
    (message,) = frame(newchannel(number=odd))
    assert isinstance(message, Told)
    assert message.values[2] == odd


def test_bytes_that_are_no_text_become_replacement_characters() -> None:
    (message,) = frame(newchannel(number="NUMBER").replace(b"NUMBER", b"07\xff\xc3\r\nX: y"))
    assert isinstance(message, Told)
    assert message.values[2] == "07\ufffd\ufffd"


def test_unknown_headers_are_ignored() -> None:
    later = (
        newchannel().replace(b"Linkedid:", b"Invented: x\r\nLinkedid:").replace(b"\r\nChan", b"\r\nNew: 1\r\nChan", 1)
    )
    plain, extended = frame(newchannel()), frame(later)
    assert plain == extended


@pytest.mark.parametrize("system", ["SystemName: pbx-1", "SequenceNumber: 7\r\nFile: pbx.c\r\nLine: 1\r\nFunc: f"])
def test_headers_of_other_configurations_are_taken(system: str) -> None:
    named = newchannel().replace(b"\r\nChannel:", f"\r\n{system}\r\nChannel:".encode(), 1)
    assert frame(named) == frame(newchannel())


def test_without_timestamps() -> None:
    bare = newchannel().replace(f"Timestamp: {STAMP:.6f}\r\n".encode(), b"")
    (message,) = frame(bare)
    assert isinstance(message, Told)
    assert message.stamp is None
    assert reasons(frame(newchannel(), bare)) == ["bad_start"]
    assert reasons(frame(bare, newchannel())) == ["bad_start"]


# --- dropping ------------------------------------------------------------------------------------------------------


def test_unwanted_events_are_dropped_and_counted() -> None:
    framer = Framer(banner=False)
    playback = event("Newexten", *channel(), "Extension: 1", "Application: Playback", "AppData: closed")
    messages = framer.feed(
        event("Newexten", *channel(), "Extension: 1", "Application: NoOp", "AppData: x")
        + event("VarSet", *channel(), "Variable: OTHER", "Value: x\\nVariable: DIALSTATUS")
        + event("RTCPSent", "x: y")
        + event("InventedByNobody", "x: y")
        + event("VoicemailPasswordChange", "NewPassword: 1234")
        + event("UserEvent", *channel(), "UserEvent: Other", "x: y")
        + playback
    )
    assert told(messages) == ["Newexten"]
    assert "1234" not in repr(messages)
    assert framer.take_counts() == {
        "Newexten": 2,
        "VarSet": 1,
        "RTCPSent": 1,
        "other": 1,
        "VoicemailPasswordChange": 1,
        "UserEvent": 1,
    }
    assert framer.take_counts() == {}


def test_a_caller_named_in_another_layout_is_no_forgery() -> None:
    answer = event("OriginateResponse", "Response: Success", "CallerIDNum: 101", "CallerIDName: Alice")
    assert frame(answer) == []


def originated(*lines: str, key: str = "breach-1", number: str = "<unknown>") -> bytes:
    place = lines or ("Context: callcentre-alarm", "Exten: s")
    start = (f"ActionID: {key}", "Response: Success", "Channel: PJSIP/110-00000001", *place)
    end = ("Reason: 4", f"Uniqueid: {key}", f"CallerIDNum: {number}", "CallerIDName: Unattended line")
    return event("OriginateResponse", *start, *end)


def test_what_came_of_ringing_a_telephone_of_ours() -> None:
    assert frame(originated()) == [Told("OriginateResponse", STAMP, ("breach-1", "Success", "4"))]
    with_more = originated().replace(b"\r\n\r\n", b"\r\nChanVariable(PJSIP/110-00000001): A=b\r\n\r\n")
    assert frame(with_more) == frame(originated())
    assert told(frame(originated("Application: Playback", "Data: alarm"))) == ["OriginateResponse"]


def test_other_clients_calls_are_nobodys_business_even_when_in_doubt() -> None:
    doubt = newchannel(number="x\r\n\r\nEvent: Hangup")
    calm = packet("Event: CoreShowChannelsComplete", "ActionID: me-2", "EventList: Complete", "ListItems: 0")
    others = originated(key="click-1") + event("OriginateResponse", "Response: Success", "CallerIDNum: 101")
    assert told(frame(others)) == []
    after = frame(doubt + calm + others + hangup())
    assert told(after) == ["Hangup"], "the stream is believed all the same"


@pytest.mark.parametrize(
    ("forged", "reason"),
    [
        (originated(number="1\r\nReason: 4"), "repeated_header"),
        (originated().replace(b"Reason: 4\r\n", b""), "missing_header"),
        (originated().replace(b"CallerIDName: Unattended line\r\n", b""), "truncated"),
        (originated("Exten: s", "Context: callcentre-alarm"), "out_of_order"),
        (originated().replace(b"Privilege: call,all\r\n", b""), "bad_start"),
    ],
)
def test_an_answer_that_asterisk_does_not_write_so_is_not_believed(forged: bytes, reason: str) -> None:
    assert reasons(frame(forged)) == [reason]


def test_the_map_of_channels_that_ends_oddly() -> None:
    odd = packet("Event: CoreShowChannelMapComplete", "ActionID: me-1", "EventList: Complete")[:-2] + b"\n"
    assert told(frame(odd + newchannel() + odd + hangup())) == ["Newchannel", "Hangup"]


def test_our_user_events() -> None:
    ours = event(
        "UserEvent", *channel(), "UserEvent: CallcentreVoicemail", "Mailbox: 600@default", "Length: 7", "End: 1"
    )
    assert frame(ours) == [
        UserTold(
            "CallcentreVoicemail",
            STAMP,
            "PJSIP/trunk-00000001",
            "1795363300.1",
            {"Mailbox": "600@default", "Length": "7"},
        )
    ]
    assert reasons(frame(ours.replace(b"End: 1\r\n", b""))) == ["truncated"]
    assert reasons(frame(ours.replace(b"End", b"Mailbox"))) == ["repeated_header"]


# --- forgeries -----------------------------------------------------------------------------------------------------

ITEM = packet("Event: CoreShowChannelsComplete", "ActionID: me-9", "EventList: Complete", "ListItems: 0")


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        ("0770\r\nUniqueid: 1.1", "out_of_order"),
        ("0770\r\nCallerIDName: Eve", "repeated_header"),
        ("0770\r\nCallerIDNum: 1", "repeated_header"),
        ("0770\r\nCause: 16", "out_of_order"),
        ("0770\r\nTimestamp: 1.000000", "repeated_header"),
        ("0770\r\nLinkedid: 1.1", "out_of_order"),
        ("0770\r\n\r\nEvent: Hangup", "truncated"),
    ],
)
def test_lines_in_a_callers_number(number: str, reason: str) -> None:
    messages = frame(hangup(number=number))
    assert told(messages) == []
    assert reasons(messages)[0] == reason


def test_a_bad_packet_alone_does_not_shadow_the_next() -> None:
    assert told(frame(newchannel(number="0\r\nUniqueid: 1.1"), hangup())) == ["Hangup"]


@pytest.mark.parametrize(
    "cut",
    [
        lambda evil: newchannel(number=evil),
        lambda evil: event("VarSet", *channel(number=evil), "Variable: DIALSTATUS", "Value: ANSWER"),
        lambda evil: event("VarSet", *channel(number=evil), "Variable: OTHER", "Value: x"),
        lambda evil: event("Newexten", *channel(number=evil), "Extension: 1", "Application: Dial", "AppData: x"),
        lambda evil: event("NewConnectedLine", *channel(number=evil)),
        lambda evil: event("MusicOnHoldStart", *channel(number=evil), "Class: default"),
        lambda evil: event("HangupRequest", *channel(number=evil)),
        lambda evil: event("MixMonitorMute", *channel(number=evil), "Direction: both", "State: 1"),
        lambda evil: event("UserEvent", *channel(number=evil), "UserEvent: CallcentreX", "End: 1"),
        lambda evil: event("DialEnd", *channel(prefix="Dest", number=evil), "DialStatus: ANSWER"),
        lambda evil: event("MessageWaiting", *channel(number=evil), "Mailbox: 6", "Waiting: 1", "New: 1", "Old: 0"),
    ],
)
def test_a_whole_forged_event_is_not_believed(cut: object) -> None:
    assert callable(cut)
    evil = "0770\r\n\r\n" + hangup("1.1").decode() + "Event: x"
    messages = frame(cut(evil) + newchannel() + ITEM + hangup())
    assert told(messages) == ["Hangup"]
    assert reasons(messages)[0] == "truncated"


@pytest.mark.parametrize("last", ["Linkedid: 1", "Value: x", "Class: x", "AppData: x", "MemberName: x", "Uniqueid: 1"])
@pytest.mark.parametrize(
    "cut",
    [
        lambda evil: newchannel(number=evil),
        lambda evil: event("NewCallerid", *channel(number=evil), "CID-CallingPres: 0 (x)"),
        lambda evil: event("NewConnectedLine", *channel(number=evil)),
        lambda evil: (
            newchannel(number="0\r\nUniqueid: 1.1") + event("VarSet", *channel(number=evil), "Variable: a", "Value: b")
        ),
        lambda evil: (
            newchannel(number="0\r\nUniqueid: 1.1")
            + event("Newexten", *channel(number=evil), "Extension: 1", "Application: NoOp", "AppData: x")
        ),
        lambda evil: (
            newchannel(number="0\r\nUniqueid: 1.1") + event("MusicOnHoldStart", *channel(number=evil), "Class: a")
        ),
    ],
)
def test_a_forged_last_header_does_not_hide_a_cut(cut: object, last: str) -> None:
    assert callable(cut)
    evil = f"0770\r\n{last}\r\n\r\n" + hangup("1.1").decode() + "Event: x"
    assert told(frame(cut(evil) + newchannel() + ITEM + hangup())) == ["Hangup"]


def test_trust_comes_back_with_our_own_list_only() -> None:
    evil = newchannel(number="0770\r\n\r\n")
    foreign = ITEM.replace(b"me-9", b"you-9")
    assert told(frame(evil + foreign + hangup())) == []
    assert told(frame(evil + ITEM + hangup())) == ["Hangup"]


def test_a_forged_list_item_or_reply_is_not_believed() -> None:
    row = packet("Event: DeviceStateChange", "ActionID: guess", "Device: PJSIP/101", "State: UNAVAILABLE")
    assert reasons(frame(row)) == ["foreign_reply"]
    assert reasons(frame(packet("Response: Success", "ActionID: guess"))) == ["foreign_reply"]
    assert reasons(frame(packet("Response: Success", "Message: none"))) == ["foreign_reply"]


def test_the_tail_of_a_cut_entry_cannot_sign_a_forged_member() -> None:
    forged = (
        "0770\r\n\r\nEvent: QueueMember\r\nQueue: enquiries\r\nName: Eve\r\nLocation: PJSIP/666\r\n"
        "StateInterface: x\r\nMembership: static\r\nPenalty: 0\r\nCallsTaken: 0\r\nLastCall: 0\r\n"
        "Status: 1\r\nPaused: 0\r\nX: y"
    )
    entry = packet(
        "Event: QueueEntry",
        "Queue: enquiries",
        "Position: 1",
        "Channel: PJSIP/trunk-1",
        "Uniqueid: 1.1",
        f"CallerIDNum: {forged}",
        "CallerIDName: x",
        "ConnectedLineNum: x",
        "ConnectedLineName: x",
        "Wait: 1",
        "Priority: 0",
        "ActionID: me-1",
    )
    messages = frame(entry)
    assert not any(isinstance(message, Item) for message in messages)
    assert reasons(messages) == ["truncated", "after_truncated"]


def test_a_row_cut_in_our_own_list_costs_only_that_row() -> None:
    evil = channel("1795363300.5", number="0770\r\n\r\n" + hangup().decode() + "x")
    row = ("Application: Queue", "ApplicationData: x", "Duration: 00:00:01", "BridgeId: ")
    messages = frame(
        packet("Event: CoreShowChannel", "ActionID: me-1", *evil, *row)
        + packet("Event: CoreShowChannel", "ActionID: me-1", *channel(), *row)
        + ITEM
        + hangup()
    )
    assert told(messages) == ["Hangup"]
    assert [message.name for message in messages if isinstance(message, Item)] == [
        "CoreShowChannel",
        "CoreShowChannelsComplete",
    ]
    doubts = [message for message in messages if isinstance(message, Doubt)]
    assert [doubt.reason for doubt in doubts] == ["truncated", "after_truncated", "bad_start"]
    assert all(doubt.in_list for doubt in doubts if doubt.reason.distrusts_stream)


def test_time_that_runs_backwards_is_not_believed_until_the_next_list() -> None:
    messages = frame(newchannel(at=STAMP), hangup(at=STAMP - 5), hangup(at=STAMP), ITEM, hangup(at=STAMP - 5))
    assert told(messages) == ["Newchannel", "Hangup"]
    assert reasons(messages) == ["time_backwards", "after_truncated"]


def test_a_tape_heals_after_the_tail_of_what_was_cut() -> None:
    evil = newchannel(number="0770\r\n\r\nEvent: Shutdown\r\n\r\n")
    assert told(frame(evil, hangup(), can_ask=False)) == ["Hangup"]
    assert told(frame(evil, hangup())) == []


def test_a_refused_login_is_read_as_such() -> None:
    (reply,) = frame(packet("Response: Error", "ActionID: me-1", "Message: Authentication failed"))
    assert reply == Reply("me-1", False, {"Response": "Error", "ActionID": "me-1", "Message": "Authentication failed"})


# --- the banner ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data", [b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"Asterisk" + b"x" * 300]
)
def test_another_protocol(data: bytes) -> None:
    assert Banner(None) in frame(data, banner=True)


# --- hostile noise -------------------------------------------------------------------------------------------------


def test_a_packet_without_an_end_is_bounded() -> None:
    framer = Framer(banner=False)
    framer.feed(newchannel())
    messages: list[Message] = []
    for _ in range(48):
        messages += framer.feed(b"x" * 65_536)
        assert framer.held_bytes <= MAX_PACKET + 65_536 + 3
    assert reasons(messages) == ["oversize"]
    assert told(framer.feed(b"\r\n\r\n" + hangup() + ITEM + newchannel())) == ["Newchannel"]


def test_an_oversized_packet_is_the_same_at_one_go() -> None:
    assert reasons(frame(b"Event: Newchannel\r\nX: " + b"x" * MAX_PACKET + b"\r\n\r\n")) == ["oversize"]


def seen(data: bytes) -> None:
    for message in frame(data, ours=""):
        if isinstance(message, Told | UserTold):
            event_of(message, "lab", NOW)


@given(st.binary(max_size=400))
def test_garbage_raises_nothing(data: bytes) -> None:
    seen(data + b"\r\n\r\n")


PIECES = [
    b"\r\n",
    b"\r\n\r\n",
    b": ",
    b"Event: ",
    b"Response: ",
    b"Timestamp: ",
    b"ActionID: me-",
    b"\x00\xff",
    b"9" * 30,
]
NAMES = sorted(name.encode() for name in EVENTS.keys() | ITEMS.keys())


@settings(max_examples=300)
@given(st.data())
def test_mutations_raise_nothing(data: st.DataObject) -> None:
    stream = bytearray(STREAM)
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(stream)))
        what = data.draw(st.sampled_from([*PIECES, *NAMES]) | st.binary(max_size=6))
        stream[at : at + data.draw(st.integers(0, 20))] = what
    seen(bytes(stream))


@given(st.sampled_from(sorted(EVENTS)), st.text(max_size=12))
def test_hostile_values_raise_nothing(name: str, value: str) -> None:
    shape = EVENTS[name]
    values = (value,) * (len(shape.taken) - 1)
    event_of(Told(name, STAMP, values), "lab", NOW)


def test_reasons_that_shake_the_stream() -> None:
    assert {reason for reason in Reason if reason.distrusts_stream} == {
        "bad_start",
        "truncated",
        "missing_header",
        "foreign_reply",
        "time_backwards",
        "oversize",
    }
