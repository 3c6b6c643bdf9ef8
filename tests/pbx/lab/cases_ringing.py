"""Cases in which telephones ring for a caller: strategies, refusals, forwards, pickups."""

from __future__ import annotations

from tests.pbx.lab.cases import Call, Case, Doing
from tests.pbx.lab.script import Bye, Dialling, Press, Ring, Wait

STRATEGIES = (
    "ringall",
    "leastrecent",
    "fewestcalls",
    "random",
    "rrmemory",
    "rrordered",
    "linear",
    "wrandom",
)
IGNORES = Ring()
"""Rings until the PBX gives up."""


def answers(after: float, talk: float = 2.5, ring: str = "180") -> Ring:
    """Answers after some seconds of ringing, talks, and hangs up."""
    return Ring(ring=ring, after=after, acts=(Wait(talk), Bye()))


def refuses(after: float, code: str = "486") -> Ring:
    """Refuses after some seconds of ringing."""
    return Ring(after=after, then=code)


def dial(to: str, number: str, **more: object) -> Dialling:
    """A caller who waits for the other side to hang up."""
    return Dialling(to=f"01632960{to}", number=f"07700900{number}", **more)  # type: ignore[arg-type]


def _strategy(index: int, strategy: str) -> Case:
    return Case(
        name=f"strategy_{strategy}",
        about=f"queue of strategy {strategy}: one rings out at first, one answers, one refuses; two calls",
        phones={
            "101": (IGNORES, answers(2.2)),
            "102": (answers(2.2),),
            "103": (refuses(1.4), answers(2.2)),
        },
        calls=tuple(
            Call(
                at=at,
                dialling=dial(f"68{index}", f"2{index}{n}"),
                line=strategy,
                outcome="answered",
            )
            for n, at in enumerate((0.0, 15.0))
        ),
    )


RINGING = (
    *(_strategy(index, strategy) for index, strategy in enumerate(STRATEGIES)),
    Case(
        name="answered",
        about="answered at 2, 4 and 7 s of ringing; agent or caller hangs up",
        phones={
            "101": (IGNORES, answers(4.4), IGNORES),
            "102": (answers(2.2), IGNORES, Ring(after=7.3)),
        },
        calls=(
            Call(at=0, dialling=dial("600", "301"), line="enquiries", outcome="answered"),
            Call(at=8, dialling=dial("602", "302"), line="enquiries", outcome="answered"),
            Call(
                at=18,
                dialling=dial("600", "303", acts=(Wait(10.5), Bye())),
                line="enquiries",
                outcome="answered",
                by=("PJSIP/102",),
            ),
        ),
    ),
    Case(
        name="abandoned",
        about="given up at 3 s and at 9 s, on an answered line and on a ringing one",
        phones={"101": (IGNORES,), "102": (IGNORES,)},
        calls=(
            Call(
                at=0,
                dialling=dial("600", "311", acts=(Wait(3.1), Bye())),
                line="enquiries",
                outcome="short_abandoned",
            ),
            Call(
                at=5,
                dialling=dial("600", "312", acts=(Wait(8.6), Bye())),
                line="enquiries",
                outcome="abandoned",
            ),
            Call(
                at=15,
                dialling=dial("602", "313", patience=7.4),
                line="enquiries",
                outcome="abandoned",
            ),
        ),
    ),
    Case(
        name="dial_one",
        about="app_dial to one telephone",
        phones={"101": (answers(4.4),)},
        calls=(
            Call(
                at=0,
                dialling=dial("101", "321"),
                line="direct",
                outcome="answered",
                by=("PJSIP/101",),
            ),
        ),
    ),
    Case(
        name="dial_several",
        about="app_dial to three: one rings on, one refuses, one answers",
        phones={"101": (IGNORES,), "102": (refuses(1.5),), "103": (answers(5.2),)},
        calls=(
            Call(
                at=0,
                dialling=dial("110", "331"),
                line="direct",
                outcome="answered",
                by=("PJSIP/103",),
            ),
        ),
    ),
    Case(
        name="dial_refused",
        about="one telephone and nothing behind it: engaged; then not registered",
        phones={"104": (refuses(0.4),)},
        calls=(
            Call(at=0, dialling=dial("109", "341"), line="direct", outcome="refused"),
            Call(at=4, dialling=dial("109", "342"), line="direct", outcome="refused"),
        ),
        doings=(Doing(at=3, what="unregister", extension="104"),),
    ),
    Case(
        name="local_agents",
        about="a queue of Local channels: one telephone rings on, the other answers",
        phones={"101": (IGNORES,), "102": (answers(4.3),)},
        calls=(
            Call(
                at=0,
                dialling=dial("640", "351"),
                line="locals",
                outcome="answered",
                by=("PJSIP/102",),
            ),
        ),
    ),
    Case(
        name="race",
        about="two telephones pick up in the same instant",
        phones={"101": (answers(4.3),), "102": (answers(4.3),)},
        calls=(
            Call(
                at=0,
                dialling=dial("600", "361"),
                line="enquiries",
                outcome="answered",
                by=("PJSIP/101", "PJSIP/102"),
            ),
        ),
    ),
    Case(
        name="reject_next",
        about="two telephones refuse, the third answers",
        phones={"104": (refuses(1.5),), "105": (refuses(0.4, "603"),), "106": (answers(2.3),)},
        calls=(
            Call(
                at=0,
                dialling=dial("610", "371"),
                line="bookings",
                outcome="answered",
                by=("PJSIP/106",),
            ),
        ),
    ),
    Case(
        name="rna_next",
        about="the first telephone rings out, the next answers",
        phones={"104": (IGNORES, IGNORES), "105": (answers(4.4),)},
        calls=(
            Call(
                at=0,
                dialling=dial("610", "381"),
                line="bookings",
                outcome="answered",
                by=("PJSIP/105",),
            ),
        ),
    ),
    Case(
        name="forward",
        about="a queue's telephone forwards (302) to another; then a dialled one does",
        phones={
            "104": (Ring(after=1.4, then="forward:102"),),
            "101": (Ring(after=0.0, ring="none", then="forward:102"),),
            "102": (answers(3.4), answers(2.3)),
        },
        calls=(
            Call(
                at=0,
                dialling=dial("610", "391"),
                line="bookings",
                outcome="answered",
                by=("PJSIP/102",),
            ),
            Call(
                at=12,
                dialling=dial("101", "392"),
                line="direct",
                outcome="answered",
                by=("PJSIP/102",),
            ),
        ),
    ),
    Case(
        name="pickup",
        about="a colleague picks up a queue's call, then a dialled one, then one by name",
        phones={"101": (IGNORES,), "102": (IGNORES,)},
        calls=(
            Call(
                at=0,
                dialling=dial("600", "401"),
                line="enquiries",
                outcome="answered",
                by=("PJSIP/104",),
            ),
            Call(
                at=5.0,
                desk="104",
                dialling=Dialling(to="*8", number="104", acts=(Wait(2.5), Bye())),
            ),
            Call(
                at=10,
                dialling=dial("101", "402"),
                line="direct",
                outcome="answered",
                by=("PJSIP/105",),
            ),
            Call(
                at=14.3,
                desk="105",
                dialling=Dialling(to="*8", number="105", acts=(Wait(2.5), Bye())),
            ),
            Call(
                at=19,
                dialling=dial("101", "403"),
                line="direct",
                outcome="answered",
                by=("PJSIP/106",),
            ),
            Call(
                at=21.2,
                desk="106",
                dialling=Dialling(to="*9101", number="106", acts=(Wait(2.5), Bye())),
            ),
        ),
    ),
    Case(
        name="progress",
        about="183 without 180 in a queue (which nobody is told of) and by app_dial; 180 with SDP",
        phones={"101": (answers(4.3, ring="183"), answers(3.5, ring="180sdp"), answers(4.3, ring="183"))},
        calls=(
            Call(
                at=0,
                dialling=dial("600", "411"),
                line="enquiries",
                outcome="answered",
                by=("PJSIP/101",),
            ),
            Call(
                at=10,
                dialling=dial("101", "412"),
                line="direct",
                outcome="answered",
                by=("PJSIP/101",),
            ),
            Call(
                at=18,
                dialling=dial("101", "413"),
                line="direct",
                outcome="answered",
                by=("PJSIP/101",),
            ),
        ),
    ),
    Case(
        name="unregister_ringing",
        about="a telephone unregisters while it rings, and is answered",
        phones={"101": (answers(5.3),)},
        calls=(
            Call(
                at=0,
                dialling=dial("600", "421"),
                line="enquiries",
                outcome="answered",
                by=("PJSIP/101",),
            ),
        ),
        doings=(Doing(at=2.5, what="unregister", extension="101"),),
    ),
    Case(
        name="announced",
        about="the agent hears an announcement before the caller is put through",
        phones={"101": (answers(3.4, talk=9.0),)},
        calls=(
            Call(
                at=0,
                dialling=dial("604", "431"),
                line="enquiries",
                outcome="answered",
                by=("PJSIP/101",),
            ),
        ),
    ),
    Case(
        name="several_waiting",
        about="three callers at once and one agent",
        phones={"101": (answers(2.2),)},
        calls=tuple(
            Call(
                at=n * 0.7,
                dialling=dial("600", f"44{n}"),
                line="enquiries",
                outcome="answered",
                by=("PJSIP/101",),
            )
            for n in range(3)
        ),
    ),
    Case(
        name="ivr",
        about="menu: 2 pressed, nothing pressed, hung up in the menu",
        phones={"101": (answers(2.3),), "104": (answers(2.4),)},
        calls=(
            Call(
                at=0,
                dialling=dial("620", "451", acts=(Wait(2.0), Press("2"))),
                line="bookings",
                outcome="answered",
                by=("PJSIP/104",),
            ),
            Call(
                at=2,
                dialling=dial("620", "452"),
                line="enquiries",
                outcome="answered",
                by=("PJSIP/101",),
            ),
            Call(at=3, dialling=dial("620", "453", acts=(Wait(1.9), Bye()))),
        ),
    ),
)
