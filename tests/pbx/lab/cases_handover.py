"""Cases that go on after the answer, or on another telephone: transfers, hold, agents' own doings."""

from __future__ import annotations

from tests.pbx.lab.cases import Call, Case, Doing
from tests.pbx.lab.cases_ringing import IGNORES, answers, dial
from tests.pbx.lab.script import Bye, Consult, Dialling, Hold, Press, Refer, Ring, Wait

FORGED = "07700900592%0D%0AUniqueid%3A%201.1%0D%0A%0D%0AEvent%3A%20Shutdown%0D%0A"
"""A number that, taken out of its SIP address, ends one event and begins another."""


def enquiry(number: str, **more: object) -> Call:
    """A call to enquiries that 101 answers."""
    return Call(
        at=0,
        dialling=dial("600", number, **more),
        line="enquiries",
        outcome="answered",
        by=("PJSIP/101",),
    )


def desk(at: float, extension: str, code: str) -> Call:
    """A code dialled at a desk."""
    name = {"101": "Alice Adams", "102": "Bob Brown"}[extension]
    return Call(at=at, desk=extension, dialling=Dialling(to=code, number=extension, name=name))


HANDOVER = (
    Case(
        name="blind_refer",
        about="blind transfer by SIP REFER; the second telephone answers",
        phones={
            "101": (Ring(after=3.4, acts=(Wait(2), Refer("104"))),),
            "104": (answers(4.3),),
        },
        calls=(enquiry("501"),),
    ),
    Case(
        name="blind_code",
        about="blind transfer by feature code; the second telephone rings, the caller gives up",
        phones={
            "101": (Ring(after=2.3, acts=(Wait(1.5), Press("*1"), Wait(1), Press("104"))),),
            "104": (IGNORES,),
        },
        calls=(enquiry("511", acts=(Wait(15), Bye())),),
    ),
    Case(
        name="attended",
        about="attended transfer: the agent asks a colleague, then puts the caller through",
        phones={
            "101": (Ring(after=3.4, acts=(Wait(1.5), Press("*2"), Wait(1), Press("104"), Wait(6), Bye())),),
            "104": (Ring(after=2.3, acts=(Wait(8), Bye())),),
        },
        calls=(enquiry("521"),),
    ),
    Case(
        name="attended_sip",
        about="attended transfer by the telephone itself: a second dialog, then REFER with Replaces",
        phones={
            "101": (Ring(after=3.4, acts=(Wait(1.5), Consult("104", 2.0))),),
            "104": (Ring(after=2.3, acts=(Wait(7), Bye())),),
        },
        calls=(enquiry("525"),),
    ),
    Case(
        name="attended_refused",
        about="attended transfer: the colleague is engaged, the agent takes the caller back",
        phones={
            "101": (Ring(after=3.4, acts=(Wait(1.5), Press("*2"), Wait(1), Press("104"), Wait(7), Bye())),),
            "104": (Ring(after=1.4, then="486"),),
        },
        calls=(enquiry("531"),),
    ),
    Case(
        name="blonde",
        about="blonde transfer: the agent hangs up while the colleague's telephone rings",
        phones={
            "101": (Ring(after=3.4, acts=(Wait(1.5), Press("*2"), Wait(1), Press("104"), Wait(3), Bye())),),
            "104": (answers(7.4),),
        },
        calls=(enquiry("541"),),
    ),
    Case(
        name="transfer_queue",
        about="blind transfer into a queue, where another agent answers",
        phones={
            "101": (Ring(after=3.4, acts=(Wait(2), Refer("710"))),),
            "104": (answers(4.3),),
        },
        calls=(enquiry("551"),),
    ),
    Case(
        name="hold",
        about="the agent holds the caller for 2.5 s",
        phones={
            "101": (Ring(after=2.4, acts=(Wait(1), Hold(), Wait(2.5), Hold(on=False), Wait(1), Bye())),),
        },
        calls=(enquiry("561"),),
    ),
    Case(
        name="withheld",
        about="withheld numbers: one answered, one given up",
        phones={"101": (answers(3.4), IGNORES)},
        calls=(
            enquiry("571", withheld=True),
            Call(
                at=9,
                dialling=dial("600", "572", withheld=True, acts=(Wait(6.7), Bye())),
                line="enquiries",
                outcome="abandoned",
            ),
        ),
    ),
    Case(
        name="dynamic",
        about="agents log in by code, one pauses, one logs out; nobody is left",
        phones={"101": (IGNORES,), "102": (answers(2.3),)},
        calls=(
            desk(0, "101", "*50"),
            desk(0.5, "102", "*50"),
            Call(
                at=1.5,
                dialling=dial("650", "581"),
                line="dynamic",
                outcome="answered",
                by=("PJSIP/102",),
            ),
            desk(9, "101", "*52"),
            Call(
                at=10,
                dialling=dial("650", "582"),
                line="dynamic",
                outcome="answered",
                by=("PJSIP/102",),
            ),
            desk(18, "102", "*51"),
            Call(
                at=19,
                dialling=dial("650", "583", acts=(Wait(6.6), Bye())),
                line="dynamic",
                outcome="abandoned",
            ),
            desk(21, "101", "*53"),
        ),
    ),
    Case(
        name="internal",
        about="a colleague rings the line",
        phones={"101": (answers(3.4),)},
        calls=(
            Call(
                at=0,
                desk="104",
                dialling=Dialling(to="700", number="104", name="Dan Davies"),
                line="enquiries",
                outcome="answered",
                by=("PJSIP/101",),
            ),
        ),
    ),
    Case(
        name="hostile",
        about="U+2028 and forged lines in a caller's name; line breaks in a number, beside an honest call",
        phones={"101": (answers(2.3),), "104": (answers(4.3),)},
        calls=(
            Call(
                at=0,
                dialling=dial("600", "591", name="Eve\u2028Uniqueid: 1.1\u2028Event: Hangup"),
                line="enquiries",
                outcome="answered",
                by=("PJSIP/101",),
            ),
            Call(
                at=8,
                dialling=Dialling(to="01632960600", number=FORGED),
                line="enquiries",
                outcome="answered",
                by=("PJSIP/101",),
                forged=True,
            ),
            Call(
                at=8.6,
                dialling=dial("610", "593"),
                line="bookings",
                outcome="answered",
                by=("PJSIP/104",),
            ),
        ),
    ),
    Case(
        name="restart_daemon",
        about="the daemon is restarted while one caller talks and one waits",
        phones={"101": (answers(2.3, talk=32.0), answers(2.3)), "102": (IGNORES, answers(22.2))},
        calls=(
            enquiry("601"),
            Call(
                at=5,
                dialling=dial("600", "602"),
                line="enquiries",
                outcome="answered",
                by=("PJSIP/102",),
            ),
            Call(
                at=37,
                dialling=dial("101", "603"),
                line="direct",
                outcome="answered",
                by=("PJSIP/101",),
            ),
        ),
        doings=(Doing(at=7, what="restart daemon"),),
    ),
    Case(
        name="cut_ami",
        about="AMI is cut for 3 s while one caller talks and one waits: both go on",
        phones={"101": (answers(2.3, talk=16.0), answers(2.3)), "102": (IGNORES, answers(8.2))},
        calls=(
            enquiry("611"),
            Call(
                at=5,
                dialling=dial("600", "612"),
                line="enquiries",
                outcome="answered",
                by=("PJSIP/102",),
            ),
        ),
        doings=(Doing(at=7, what="cut ami", seconds=3.0),),
    ),
    Case(
        name="cut_answer",
        about="AMI is cut for 4 s; meanwhile a waiting call is answered, one comes and goes, one comes and stays",
        phones={"101": (answers(6.4, talk=12.0), IGNORES)},
        calls=(
            enquiry("631"),
            Call(
                at=5.6,
                dialling=dial("600", "632", acts=(Wait(1.7), Bye())),
                line="enquiries",
                outcome="short_abandoned",
                in_gap=True,
            ),
            Call(
                at=7,
                dialling=dial("600", "633", acts=(Wait(9.6), Bye())),
                line="enquiries",
                outcome="abandoned",
            ),
        ),
        doings=(Doing(at=5, what="cut ami", seconds=4.0),),
    ),
    Case(
        name="restart_pbx",
        about="core restart now while one caller talks and one waits; then an ordinary call",
        phones={"101": (answers(2.3, talk=60.0), answers(2.3)), "102": (IGNORES,)},
        calls=(
            enquiry("621"),
            Call(at=5, dialling=dial("600", "622"), line="enquiries", outcome="lost"),
            Call(
                at=22,
                dialling=dial("600", "623"),
                line="enquiries",
                outcome="answered",
                by=("PJSIP/101",),
            ),
        ),
        doings=(Doing(at=9.2, what="restart pbx"),),
    ),
)
