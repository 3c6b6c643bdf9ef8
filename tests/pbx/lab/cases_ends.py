"""Cases that end with no person's answer, or far from where they began: mailboxes, overflow, refusal."""

from __future__ import annotations

from tests.pbx.lab.cases import Call, Case, Doing
from tests.pbx.lab.cases_ringing import IGNORES, answers, dial, refuses
from tests.pbx.lab.script import Act, Bye, Press, Speak, Wait


def leaves_message(after: float, speech: float = 5.0) -> tuple[Act, ...]:
    """Speaks from `after` seconds on, and hangs up."""
    return (Wait(after), Speak(), Wait(speech), Bye())


def gives_up(after: float) -> tuple[Act, ...]:
    """Hangs up some seconds after the PBX answered."""
    return (Wait(after), Bye())


ENDS = (
    Case(
        name="voicemail_left",
        about="nobody answers for 8 s; the caller leaves a message",
        phones={"101": (IGNORES,), "102": (IGNORES,)},
        calls=(
            Call(
                at=0,
                dialling=dial("601", "701", acts=leaves_message(11.5)),
                line="enquiries",
                outcome="voicemail",
            ),
        ),
    ),
    Case(
        name="voicemail_short",
        about="nobody answers; the caller says nothing, or too little",
        phones={"101": (IGNORES,)},
        calls=(
            Call(
                at=0,
                dialling=dial("601", "711", acts=gives_up(14.5)),
                line="enquiries",
                outcome="voicemail_empty",
            ),
            Call(
                at=1,
                dialling=dial("601", "712", acts=leaves_message(12.0, speech=1.0)),
                line="enquiries",
                outcome="voicemail_empty",
            ),
        ),
    ),
    Case(
        name="voicemail_greeting",
        about="nobody answers; the caller hangs up in the greeting",
        phones={"101": (IGNORES,)},
        calls=(
            Call(
                at=0,
                dialling=dial("603", "721", acts=gives_up(11.5)),
                line="enquiries",
                outcome="voicemail_empty",
            ),
        ),
    ),
    Case(
        name="closed",
        about="after hours: an announcement alone, heard and not heard out; then with a mailbox",
        phones={"101": (IGNORES,)},
        calls=(
            Call(at=0, dialling=dial("698", "731"), line="enquiries", outcome="closed"),
            Call(
                at=1,
                dialling=dial("698", "732", acts=gives_up(0.7)),
                line="enquiries",
                outcome="closed",
            ),
            Call(
                at=2,
                dialling=dial("699", "733", acts=leaves_message(7.0)),
                line="enquiries",
                outcome="voicemail",
            ),
            Call(
                at=3,
                dialling=dial("699", "734", acts=gives_up(3.0)),
                line="enquiries",
                outcome="voicemail_empty",
            ),
        ),
    ),
    Case(
        name="empty_queue",
        about="nobody is there (joinempty): refused; with a mailbox, a message",
        phones={"101": (IGNORES,)},
        calls=(
            Call(at=0, dialling=dial("631", "741"), line="nurse", outcome="refused"),
            Call(
                at=2,
                dialling=dial("630", "742", acts=leaves_message(3.5)),
                line="nurse",
                outcome="voicemail",
            ),
        ),
    ),
    Case(
        name="leave_empty",
        about="the only agent refuses and is paused: the queue puts the caller out",
        phones={"105": (refuses(4.4),)},
        calls=(
            Call(
                at=0,
                dialling=dial("630", "751", acts=leaves_message(10.0)),
                line="nurse",
                outcome="voicemail",
            ),
        ),
        doings=(
            Doing(
                at=2,
                what="QueuePause",
                params={"Queue": "nurse", "Interface": "PJSIP/105", "Paused": "true"},
            ),
        ),
    ),
    Case(
        name="full_queue",
        about="one waits in a queue with room for one; two more are refused",
        phones={"101": (IGNORES,)},
        calls=(
            Call(
                at=0,
                dialling=dial("670", "761", acts=gives_up(9.6)),
                line="small",
                outcome="abandoned",
            ),
            Call(at=2, dialling=dial("671", "762"), line="small", outcome="refused"),
            Call(at=3, dialling=dial("670", "763"), line="small", outcome="refused"),
        ),
    ),
    Case(
        name="exit_key",
        about="callers leave the queue by a key: to a mailbox, to the front desk",
        phones={"101": (IGNORES,), "104": (answers(3.4),)},
        calls=(
            Call(
                at=0,
                dialling=dial("600", "771", acts=(Wait(4.6), Press("0"), *leaves_message(3.0))),
                line="enquiries",
                outcome="voicemail",
            ),
            Call(
                at=1,
                dialling=dial("600", "772", acts=(Wait(5.5), Press("8"))),
                line="enquiries",
                outcome="answered",
                by=("PJSIP/104",),
            ),
        ),
    ),
    Case(
        name="overflow",
        about="8 s in bookings, then enquiries, where the call is answered; then nobody does",
        phones={"104": (IGNORES,), "101": (answers(3.4), IGNORES)},
        calls=(
            Call(
                at=0,
                dialling=dial("660", "781"),
                line="bookings",
                outcome="answered",
                by=("PJSIP/101",),
            ),
            Call(
                at=17,
                dialling=dial("660", "782", acts=gives_up(14.6)),
                line="bookings",
                outcome="abandoned",
            ),
        ),
    ),
    Case(
        name="engaged",
        about="dialled telephones engaged, unanswered and unregistered, each with a mailbox",
        phones={"101": (refuses(0.3),), "104": (IGNORES,)},
        calls=(
            Call(
                at=0,
                dialling=dial("101", "791", acts=leaves_message(3.0)),
                line="direct",
                outcome="voicemail",
            ),
            Call(
                at=1,
                dialling=dial("103", "792", acts=gives_up(2.5)),
                line="direct",
                outcome="voicemail_empty",
            ),
            Call(
                at=2,
                dialling=dial("104", "793", acts=leaves_message(3.0)),
                line="direct",
                outcome="voicemail",
            ),
        ),
    ),
)
