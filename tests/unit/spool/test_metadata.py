"""One msgNNNN.txt: real ones of 16 and 22, what Asterisk makes of them later, what callers put in, and damage."""

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from callcentre.core.events import StoredMessage
from callcentre.core.terms import instant
from callcentre.spool.metadata import MAX_BYTES, parse
from tests.unit.spool.spool_dir import LEFT, text

SAMPLES = Path(__file__).parent / "samples"
WRITTEN = LEFT + 6.5


def read(data: bytes | str | None, written: float = WRITTEN) -> StoredMessage:
    given = data.encode() if isinstance(data, str) else data
    return parse(given, mailbox="600@default", folder="INBOX", written=written, playable=True)


def test_what_asterisk_22_wrote() -> None:
    assert read((SAMPLES / "asterisk22.txt").read_bytes(), 1795363363.0) == StoredMessage(
        mailbox="600@default",
        folder="INBOX",
        msg_id="1795363346-00000000",
        origtime=instant(1795363346),
        duration=9,
        caller="07700900061",
        callerchan=("PJSIP/trunk-00000000",),
        origmailbox="600@default",
        playable=True,
        damaged=False,
    )


def test_what_asterisk_16_wrote() -> None:
    message = read((SAMPLES / "asterisk16.txt").read_bytes(), 1795364685.4)
    assert (message.msg_id, message.origtime) == ("1795364676-00000000", instant(1795364676))
    assert (message.duration, message.caller, message.damaged) == (9, "07700900061", False)


def test_what_asterisk_writes_when_it_gives_a_message_an_id() -> None:
    """With blanks around the sign, comments of its own, and the id at the end, younger than the message."""
    message = read((SAMPLES / "rewritten22.txt").read_bytes(), 1795382313.0)
    assert (message.msg_id, message.origtime) == ("1795382313-00000001", instant(1795363403))
    assert (message.duration, message.caller, message.origmailbox) == (6, "07700900061", "600@default")
    assert message.callerchan == ("PJSIP/trunk-00000003",)


@pytest.mark.parametrize(
    ("callerid", "caller"),
    [
        ('"Caller" <07700900062>', "07700900062"),
        ("07700900062", "07700900062"),
        ("<+44 7700 900062>", "+44 7700 900062"),
        ('"A=b; <c>" <07700900062>', "07700900062"),
        ('"Front desk" <101>', "101"),
        ('"" <*50#>', "*50#"),
        ("Unknown", None),
        ('"Anonymous" <anonymous>', None),
        ('"07700900099"', None),
        ("", None),
        ("<>", None),
        ("+", None),
        ('"x" <1' + "0" * 40 + ">", None),
        ('"x" <sip:alice@example.org>', None),
        ('"caf\u00e9" <07700900062>', "07700900062"),
        ('"x" <\u0660\u0661\u0662>', None),
    ],
)
def test_the_callers_number(callerid: str, caller: str | None) -> None:
    message = read(text(callerid=callerid))
    assert message.caller == caller
    assert not message.damaged


FORGED = "origtime=5\nmsg_id=5-00000005\nduration=77\nflag=Urgent\norigmailbox=999\ncallerchan=PJSIP/forged-00000001"


@pytest.mark.parametrize(
    ("values", "caller"),
    [
        ({"callerid": f'"x\n{FORGED}\n" <07700900062>'}, "07700900062"),
        ({"callerid": f'"x" <07700900062\n{FORGED}\n>'}, "07700900062"),
        ({"callerid": f"07700900062\n{FORGED}"}, "07700900062"),
        ({"callerid": f'"x\n[other]\n{FORGED}\norigdate=now\n" <07700900062>'}, "07700900062"),
        ({"exten": f"600\n{FORGED}"}, "07700900062"),
        ({"exten": f"600\ncallerid=<07700900099>\norigdate=now\n{FORGED}"}, "07700900062"),
        ({"callerid": f'"x" <07700900062>\ncallerid=<07700900099>\n{FORGED}'}, "07700900099"),
    ],
)
def test_what_a_caller_puts_in_does_not_count(values: dict[str, str], caller: str) -> None:
    """Only the number can be chosen, which callers choose anyway."""
    message = read(text(LEFT, 0, **values))
    assert (message.msg_id, message.origtime) == (f"{LEFT}-00000000", instant(LEFT))
    assert (message.duration, message.origmailbox, message.damaged) == (6, "600@default", False)
    assert message.caller == caller
    assert set(message.callerchan) == {"PJSIP/trunk-00000003", "PJSIP/forged-00000001"}


def test_no_number_of_forged_channels_hides_the_genuine_one() -> None:
    forged = "\n".join(f"callerchan=f/{n}" for n in range(20))
    message = read(text(exten=f"600\n{forged}"[:80], callerid=f'"{forged}'[:250]))
    assert "PJSIP/trunk-00000003" in message.callerchan


@pytest.mark.parametrize(
    "value", ["", " ", "soon", "1795363375.5", "-1795363375", "17953633750", "5", "9" * 12, "9" * 400]
)
def test_no_time_that_can_be_believed(value: str) -> None:
    message = read(text(origtime=value, msg_id=f"{LEFT}-0000000a"))
    assert message.damaged
    assert message.origtime == instant(LEFT + 6)
    assert message.msg_id == f"{LEFT}-0000000a"


def test_the_last_time_counts_even_if_it_is_none() -> None:
    assert read(text() + "origtime=\n").damaged


@pytest.mark.parametrize(
    ("early", "damaged"), [(-86_399, False), (-86_400, True), (-400_000, True), (9_000_000, False)]
)
def test_a_recording_cannot_begin_after_its_file(early: int, damaged: bool) -> None:
    """A file may be younger than the message: it was moved, copied, restored."""
    assert read(text(), LEFT + early).damaged is damaged


@pytest.mark.parametrize("data", [b"", None, b"\0" * 500, b"\xff\xfe\xfa", b"[message]\n", b"origtime", b"\n" * 5000])
def test_nothing_to_read(data: bytes | None) -> None:
    message = read(data)
    assert message == StoredMessage(
        mailbox="600@default",
        folder="INBOX",
        msg_id=None,
        origtime=instant(LEFT + 6),
        duration=None,
        caller=None,
        playable=True,
        damaged=True,
    )


@pytest.mark.parametrize("end", range(0, len(text()), 7))
def test_cut_short(end: int) -> None:
    """A file cut anywhere is damaged until its time is whole, and never takes another time."""
    message = read(text()[:end])
    assert message.origtime in {instant(LEFT), instant(LEFT + 6)} or message.origtime < instant(LEFT)
    assert message.damaged or "origtime=" in text()[:end]


@pytest.mark.parametrize(
    "msg_id",
    ["", "x", "1795363375-", "1795363375-0000000g", "1795363375-000000001", "../../etc/passwd", "1" * 21 + "-00000000"],
)
def test_no_id_that_asterisk_makes(msg_id: str) -> None:
    message = read(text(msg_id=msg_id))
    assert message.msg_id is None
    assert not message.damaged


@pytest.mark.parametrize(
    ("told", "duration"), [("0", 0), ("86400", 86400), ("86401", None), ("-1", None), ("", None), ("6.5", None)]
)
def test_durations(told: str, duration: int | None) -> None:
    assert read(text(duration=told)).duration == duration


@pytest.mark.parametrize("box", ["", "../600", "6 00", "6@0", "x" * 81])
def test_no_mailbox_that_there_can_be(box: str) -> None:
    assert read(text(origmailbox=box)).origmailbox is None


def test_where_it_was_left_is_in_the_context_of_where_it_lies() -> None:
    message = parse(
        text(origmailbox="610").encode(), mailbox="600@sales", folder="Old", written=WRITTEN, playable=False
    )
    assert message.origmailbox == "610@sales"


@pytest.mark.parametrize("written", [-1e9, 0.0, 1e18])
def test_a_file_from_no_time_at_all(written: float) -> None:
    assert read(b"", written).damaged


LINES = st.sampled_from(
    text().split("\n")
    + FORGED.split("\n")
    + ["callerid=", "origdate=", "duration = 5", ";", "[a]", "=", "origtime => 7"]
)
FILES = st.one_of(
    st.binary(max_size=600),
    st.lists(st.one_of(LINES, st.text(max_size=30)), max_size=60).map("\n".join).map(str.encode),
)


@given(data=FILES, written=st.floats(min_value=-1e12, max_value=1e12))
@example(data=text().encode() * 100, written=WRITTEN)
@example(data=b"callerid=<" * (MAX_BYTES // 10), written=WRITTEN)
def test_nothing_breaks_it(data: bytes, written: float) -> None:
    message = read(data, written)
    assert message.duration is None or 0 <= message.duration <= 86_400
    assert message.caller is None or 0 < len(message.caller) <= 41
    assert message.msg_id is None or message.msg_id.isascii()
    assert len(message.callerchan) <= 64
    assert all(value.isprintable() and len(value) <= 127 for value in message.callerchan)
    assert message.origtime.timestamp() <= max(written, 0) + 86_400


@given(
    name=st.text(max_size=200),
    number=st.text(alphabet='0123456789+\n\r<>=;[]"', max_size=60),
    exten=st.text(max_size=79),
)
def test_no_caller_moves_id_or_time(name: str, number: str, exten: str) -> None:
    message = read(text(callerid=f'"{name}" <{number}>', exten=exten))
    assert (message.msg_id, message.origtime, message.duration) == (f"{LEFT}-00000000", instant(LEFT), 6)
    assert "PJSIP/trunk-00000003" in message.callerchan
    assert message.origmailbox == "600@default"
