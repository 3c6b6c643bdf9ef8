"""Cases whose messages become callbacks: the shipped dialplan, mailboxes in every state, calling back."""

from __future__ import annotations

from tests.pbx.lab.cases import Call, Case, Doing
from tests.pbx.lab.cases_ends import gives_up, leaves_message
from tests.pbx.lab.cases_handover import FORGED
from tests.pbx.lab.cases_ringing import IGNORES, answers, dial, refuses
from tests.pbx.lab.script import NEVER, Act, Bye, Dialling, Press, Speak, Wait

STRAIGHT = "689"
"""A number that leads straight to the mailbox of the line `care`."""

GREETING = 2.5
"""Seconds until a mailbox with a greeting of its own records."""

LISTEN = (Wait(3), Press("1"), Wait(2.3), Press("1"), Wait(4.5))
"""In a mailbox by telephone: the first message, without its envelope, to its end."""

FORGED_EXTEN = "01632960697%0D%0Acallerchan=PJSIP%2F101-00000001%0D%0Aduration=1%0D%0Aorigtime=1"
"""A number dialled that puts lines of its own into the message's metadata, and into every event of the call."""


def message(at: float, number: str, to: str = STRAIGHT, line: str | None = "care", **more: object) -> Call:
    """A caller who is led straight to a mailbox and leaves a message of 3 s."""
    acts = more.pop("acts", leaves_message(GREETING, 3.0))
    gap = bool(more.pop("in_gap", False))
    outcome = "voicemail" if line else None
    return Call(at=at, dialling=dial(to, number, acts=acts, **more), line=line, outcome=outcome, in_gap=gap)


def desk(at: float, extension: str, to: str, acts: tuple[Act, ...] = (), patience: float = NEVER) -> Call:
    """A desk telephone dials a number outside, or a mailbox."""
    dialling = Dialling(to=to, number=extension, name="Desk", acts=acts, patience=patience)
    return Call(at=at, desk=extension, dialling=dialling)


MESSAGES = (
    Case(
        name="care_line",
        about="the shipped dialplan: answered, timed out, closed with and without a mailbox, a bank holiday",
        phones={"106": (answers(3.4), IGNORES)},
        calls=(
            Call(at=0, dialling=dial("690", "800"), line="care", outcome="answered", by=("PJSIP/106",)),
            message(1, "801", "691", acts=leaves_message(3.7, 3.0)),
            message(1.5, "802", "691", acts=leaves_message(3.7, 3.0), withheld=True),
            Call(at=2, dialling=dial("691", "803", acts=gives_up(2.2)), line="care", outcome="voicemail_empty"),
            Call(at=2.5, dialling=dial("692", "804"), line="care", outcome="closed"),
            message(8, "805", "690", acts=leaves_message(12.0, 4.0)),
            Call(at=18, dialling=dial("690", "806", acts=gives_up(6.7)), line="care", outcome="abandoned"),
            message(27, "807", "690"),
        ),
        doings=(Doing(at=26, what="holiday"),),
    ),
    Case(
        name="care_twice",
        about="two messages in one call by the shipped dialplan, the first with a copy; copies without the snippets",
        phones={"106": (IGNORES,)},
        calls=(
            message(0, "811", "693", acts=(Wait(GREETING), Speak(), Wait(3), Press("#"), Wait(7), Bye())),
            message(0.5, "812", "694"),
            # One caller twice, in two calls: two messages, one task.
            message(1, "813"),
            message(9, "813"),
        ),
    ),
    Case(
        name="care_hostile",
        about="callers who write lines into events and metadata: by name, by number, by the number they dial",
        phones={"106": (IGNORES,)},
        calls=(
            message(0, "821", "691", acts=leaves_message(3.7, 3.0), name="Eve\u2028callerchan=PJSIP/101-00000001"),
            Call(
                at=9,
                dialling=Dialling(to="01632960691", number=FORGED, acts=leaves_message(3.7, 3.0)),
                line="care",
                outcome="voicemail",
                forged=True,
            ),
            Call(
                at=10,
                dialling=Dialling(to=FORGED_EXTEN, number="07700900823", acts=leaves_message(GREETING, 3.0)),
                line="care",
                outcome="voicemail",
                forged=True,
            ),
            message(19, "824"),
        ),
        # What a listener asks for once it cannot believe what it hears; the tape has no other answers.
        doings=(Doing(at=18, what="snapshot"),),
    ),
    Case(
        name="while_away",
        about="messages left before, over and after the ends of a daemon's absence, and one wholly within it",
        phones={"106": (IGNORES,)},
        calls=(
            message(0, "831"),
            message(7, "832"),
            message(10.2, "833", in_gap=True),
            message(10.4, "834", "694", in_gap=True),
            message(10.6, "835", in_gap=True, withheld=True),
            # Begun while nobody listened; it goes on until long after.
            message(12, "836", acts=leaves_message(GREETING, 30.0)),
        ),
        doings=(Doing(at=10, what="restart daemon", seconds=7.0),),
    ),
    Case(
        name="while_cut",
        about="messages left over and within a cut of AMI; one removed, one moved to Old before it is mended",
        phones={"106": (IGNORES,)},
        calls=(
            message(0, "841", acts=leaves_message(GREETING, 6.0)),
            message(6.5, "842", in_gap=True),
            message(9, "843", to="695", line="small", in_gap=True),
            message(13.5, "844", acts=leaves_message(GREETING, 22.0)),
        ),
        doings=(
            Doing(at=5.5, what="cut ami", seconds=12.0),
            Doing(at=16, what="message removed", params={"box": "645"}),
        ),
    ),
    Case(
        name="by_telephone",
        about="messages heard, deleted and saved by telephone; moved and removed by a program; renumbered by it all",
        phones={"106": (IGNORES,)},
        calls=(
            *(message(0.3 * n, f"85{n}") for n in range(1, 5)),
            message(1.5, "855", to="695", line="small"),
            # The first is heard (a second 1 skips its envelope), which moves it to Old; the next is deleted.
            desk(9, "101", "*97640", acts=(*LISTEN, Press("6"), Wait(2.5), Press("7"), Wait(2), Bye())),
            message(27, "856"),
        ),
        doings=(
            Doing(at=26, what="message moved", params={"box": "640", "to": "Old"}),
            Doing(at=26.5, what="message removed", params={"box": "645"}),
        ),
    ),
    Case(
        name="mailboxes",
        about="a mailbox that no line names, one that is full, a message with damaged metadata that no event tells of",
        phones={"106": (IGNORES,)},
        calls=(
            message(0, "861", to="696", line=None),
            message(0.5, "862", to="695", line="small"),
            message(1, "863", to="695", line="small"),
            Call(at=8, dialling=dial("695", "864"), line="small", outcome="voicemail_empty"),
            message(8.5, "865"),
        ),
        doings=(Doing(at=4, what="message damaged", params={"box": "641"}),),
    ),
    Case(
        name="calling_back",
        about="callers are called back: reached, not there, engaged; one gets through by himself, one had given up",
        phones={"106": (IGNORES, answers(2.3))},
        outside={
            "07700900871": (answers(2.4, talk=3.0),),
            "07700900872": (IGNORES,),
            "07700900873": (refuses(0.5), IGNORES),
            "07700900876": (answers(1.4, talk=3.0),),
        },
        calls=(
            message(0, "871"),
            message(0.3, "872"),
            message(0.6, "873"),
            message(0.9, "874"),
            Call(at=1.2, dialling=dial("690", "876", acts=gives_up(7.2)), line="care", outcome="abandoned"),
            desk(10, "101", "907700900871"),
            desk(10.5, "102", "907700900872", patience=17.0),
            desk(11, "103", "907700900873"),
            desk(13, "104", "907700900873", patience=6.0),
            Call(at=14, dialling=dial("690", "874"), line="care", outcome="answered", by=("PJSIP/106",)),
            desk(16, "105", "907700900876"),
        ),
    ),
)
