"""Cases in which nobody is there: breaches, what is done about them and undone, and the dialplan's part in it.

Two of the agents' lines: `care` (the shipped dialplan and queue: who finds nobody there goes on at once) and `dynamic`
(callers wait, whoever is there). 104 stands by, 105 is the supervisor's telephone. Grace and recovery are 2 seconds.
"""

from __future__ import annotations

from tests.pbx.lab.cases import Acting, Call, Case, Doing
from tests.pbx.lab.cases_ends import leaves_message
from tests.pbx.lab.cases_messages import message
from tests.pbx.lab.cases_ringing import IGNORES, answers, dial, refuses
from tests.pbx.lab.script import Act, Bye, Dialling, Press, Ring, Wait

STANDBY, SUPERVISOR = "104", "105"
SOON = ('mode = "enforce"', 'grace = "2s"', 'recovery = "2s"')
STANDS_BY = f'standby = ["PJSIP/{STANDBY}"]'
SUPERVISES = f'supervisors = ["PJSIP/{SUPERVISOR}"]'
DIVERTS = "divert = true"
ADDED, TAKEN_OUT = ("add_standby", "dynamic PJSIP/104", "done"), ("remove_standby", "dynamic PJSIP/104", "done")
DIVERTED, UNDIVERTED = ("divert", "care", "done"), ("undivert", "care", "done")
RUNG = ("ring_supervisor", "PJSIP/105", "done")
GOES = (Wait(1.2), Press("2"))
"""Told that nobody is left, an agent goes all the same."""

HEARS = Ring(after=1.0, acts=(Wait(10.0), Press("1")))
"""The supervisor picks up, hears the line spelt, and acknowledges."""


def code(at: float, extension: str, to: str, acts: tuple[Act, ...] = ()) -> Call:
    """An agent dials a code, and waits for the PBX to hang up."""
    return Call(at=at, desk=extension, dialling=Dialling(to=to, number=extension, name="Agent", acts=acts))


def answered(at: float, to: str, number: str, by: str, line: str = "care", **more: object) -> Call:
    """A caller whom a telephone answers."""
    gap = bool(more.pop("in_gap", False))
    dialling = dial(to, number, **more)
    return Call(at=at, dialling=dialling, line=line, outcome="answered", by=(f"PJSIP/{by}",), in_gap=gap)


def member(at: float, queue: str, extension: str, action: str = "QueueRemove", **more: str) -> Doing:
    """Somebody who manages the queue does something with a member."""
    return Doing(at=at, what=action, params={"Queue": queue, "Interface": f"PJSIP/{extension}", **more})


ATTENDANCE = (
    Case(
        name="attend_logged_off",
        about="all agents log off during a call: the standby telephone is added, rings and answers who waits",
        phones={"101": (answers(1.0, 9.0),), "102": (IGNORES,), STANDBY: (answers(1.5),)},
        members=(("dynamic", "101"), ("dynamic", "102")),
        calls=(
            answered(0, "650", "900", "101", "dynamic"),
            code(2, "102", "*71"),
            code(3.5, "101", "*71", GOES),
            answered(4, "650", "901", "104", "dynamic"),
            code(13, "102", "*70"),
        ),
        acting=Acting(
            line="dynamic",
            keys=(*SOON, STANDS_BY),
            standby=STANDBY,
            # The standby telephone can answer, so the line is attended; the breach lasts until its own people are back.
            states=("attended", "unattended", "attended"),
            steps=(ADDED, TAKEN_OUT),
            ends=("recovered",),
        ),
    ),
    Case(
        name="attend_paused",
        about="all pause; the last is told, hangs up on it, and is let go the second time; the supervisor is rung",
        phones={"101": (IGNORES,), "106": (IGNORES, answers(1.0)), SUPERVISOR: (HEARS,)},
        members=(("care", "101"),),
        calls=(
            code(0, "101", "*62"),
            code(1.5, "106", "*62", (Wait(1.5), Bye())),
            code(4, "106", "*62"),
            # Nobody there: the mailbox, as ever.
            message(5.5, "910", "690"),
            code(16, "106", "*63"),
        ),
        acting=Acting(
            line="care",
            keys=(*SOON, SUPERVISES),
            supervisor=SUPERVISOR,
            states=("attended", "unattended", "attended"),
            steps=(RUNG,),
            ends=("recovered",),
            pauses=("lunch", "lunch"),
        ),
    ),
    Case(
        name="attend_unregistered",
        about="the only telephone goes away: callers go to the mailbox, then to the standby telephone",
        phones={"106": (answers(1.0),), STANDBY: (answers(1.0),)},
        calls=(
            message(2, "920", "690"),
            answered(6, "690", "921", "104"),
            answered(14, "690", "922", "106"),
        ),
        doings=(Doing(at=1, what="unregister", extension="106"), Doing(at=10, what="register", extension="106")),
        acting=Acting(
            line="care",
            keys=(*SOON, STANDS_BY),
            standby=STANDBY,
            states=("attended", "unattended", "attended"),
            steps=(("add_standby", "care PJSIP/104", "done"), ("remove_standby", "care PJSIP/104", "done")),
            ends=("recovered",),
        ),
    ),
    Case(
        name="attend_rang_out",
        about="three calls in a row ring out on a telephone that is there; then its agent says so",
        phones={"106": (IGNORES,)},
        calls=(
            *(
                Call(
                    at=at,
                    dialling=dial("690", f"93{nth}", acts=(Wait(6.2), Bye())),
                    line="care",
                    outcome="abandoned",
                )
                for nth, at in enumerate((0.0, 6.6, 13.2))
            ),
            code(25, "106", "*65"),
        ),
        acting=Acting(
            line="care",
            keys=('mode = "observe"', *SOON[1:], STANDS_BY),
            brisk=True,
            states=("attended", "unattended", "attended"),
            # People are told; nothing is sent to the PBX.
            steps=(("add_standby", "care PJSIP/104", "observed"),),
            ends=("recovered",),
            events=("CallcentreHere Line=care Interface=PJSIP/106",),
        ),
    ),
    Case(
        name="attend_diverted",
        about="diverted while nobody is there: answered elsewhere, or engaged, or nowhere: then the mailbox; and back",
        phones={"106": (answers(1.0),), "103": (answers(1.0, 2.0), refuses(0.5))},
        calls=(
            answered(5, "590", "940", "103"),
            message(5.5, "941", "591"),
            message(10, "942", "590", acts=leaves_message(3.5, 3.0)),
            answered(17, "590", "943", "106"),
        ),
        doings=(
            member(1, "care", "106", "QueuePause", Paused="true"),
            member(13, "care", "106", "QueuePause", Paused="false"),
        ),
        acting=Acting(
            line="care",
            keys=(*SOON, DIVERTS),
            states=("attended", "unattended", "attended"),
            steps=(DIVERTED, UNDIVERTED),
            ends=("recovered",),
            pauses=("",),
        ),
    ),
    Case(
        name="attend_killed",
        about="the daemon is killed in the midst of a breach: nothing is done twice, and all of it is undone",
        phones={"101": (IGNORES,), STANDBY: (answers(1.0, 1.5),), SUPERVISOR: (HEARS,)},
        members=(("dynamic", "101"),),
        calls=(
            answered(5.2, "650", "950", "104", "dynamic", in_gap=True),
            code(16, "101", "*70"),
        ),
        doings=(member(1, "dynamic", "101"), Doing(at=4.8, what="kill daemon", seconds=4)),
        acting=Acting(
            line="dynamic",
            keys=(*SOON, STANDS_BY, SUPERVISES),
            standby=STANDBY,
            supervisor=SUPERVISOR,
            states=("attended", "unattended", "attended"),
            # Killed while the telephone rang, or was being answered: what came of that, nobody was there to hear.
            steps=(ADDED, (*RUNG[:2], "*"), TAKEN_OUT),
            ends=("recovered",),
        ),
    ),
    Case(
        name="attend_cover",
        about="the last agent calls cover before the pause: the standby telephone is there first; nobody is away",
        phones={"101": (IGNORES,), STANDBY: (answers(1.0),)},
        members=(("dynamic", "101"),),
        calls=(
            code(1, "101", "*72", (Wait(1.2), Press("1"))),
            answered(7, "650", "960", "104", "dynamic"),
            code(12, "101", "*73"),
        ),
        acting=Acting(
            line="dynamic",
            keys=(*SOON, STANDS_BY),
            standby=STANDBY,
            states=("attended",),
            steps=(ADDED, TAKEN_OUT),
            ends=("recovered",),
            events=("CallcentreCover Line=dynamic Interface=PJSIP/101 Reason=pause",),
            pauses=("lunch",),
        ),
    ),
    Case(
        name="attend_break",
        about="a planned break: cover is there before it begins, and goes after it",
        phones={"101": (IGNORES,), STANDBY: (answers(1.0),)},
        members=(("dynamic", "101"),),
        calls=(
            code(1, "101", "*74"),
            answered(6, "650", "970", "104", "dynamic"),
            code(11, "101", "*73"),
        ),
        acting=Acting(
            line="dynamic",
            keys=(*SOON, STANDS_BY),
            standby=STANDBY,
            states=("attended",),
            steps=(ADDED, TAKEN_OUT),
            ends=("recovered",),
            events=("CallcentreCover Line=dynamic Interface=PJSIP/101 Reason=break Minutes=20",),
            pauses=("break",),
        ),
    ),
    Case(
        name="attend_walks_off",
        about="an agent hangs up while cover is waited for, and is let go; only observed: nobody comes",
        phones={"101": (answers(1.0),)},
        members=(("dynamic", "101"),),
        calls=(
            code(1, "101", "*74", (Wait(3.0), Bye())),
            code(9, "101", "*73"),
            answered(10, "650", "975", "101", "dynamic"),
        ),
        acting=Acting(
            line="dynamic",
            keys=('mode = "observe"', *SOON[1:], STANDS_BY),
            states=("attended", "unattended", "attended"),
            steps=(("add_standby", "dynamic PJSIP/104", "observed"),),
            ends=("recovered",),
            events=("CallcentreCover Line=dynamic Interface=PJSIP/101 Reason=break Minutes=20",),
            pauses=("break",),
        ),
    ),
    Case(
        name="attend_open",
        about="open and closed as callcentre says, whatever the dialplan's hours; by those where its heartbeat is old",
        phones={"106": (answers(1.0, 1.5),)},
        calls=(
            answered(1, "593", "980", "106"),
            message(5.5, "981", "590"),
            Call(at=7, dialling=dial("593", "982"), line="care", outcome="closed"),
            answered(10.5, "590", "983", "106"),
            Call(at=11, dialling=dial("593", "984"), line="care", outcome="closed"),
            answered(15.5, "592", "985", "106"),
        ),
        doings=(
            Doing(at=5, what="DBPut", params={"Family": "callcentre", "Key": "line/care/open", "Val": "closed"}),
            Doing(at=9.5, what="heartbeat", seconds=181),
            Doing(at=15, what="DBPut", params={"Family": "callcentre", "Key": "heartbeat", "Val": 'now),(${x}"'}),
        ),
        acting=Acting(line="care", keys=(*SOON, DIVERTS), states=("attended",)),
    ),
    Case(
        name="attend_dead",
        about="the daemon ends in the midst of a diversion: diverted while its heartbeat is fresh, and no longer",
        phones={"106": (answers(1.0, 1.5),), "103": (answers(1.0, 1.5),)},
        calls=(
            answered(5, "590", "990", "103", in_gap=True),
            message(10, "991", "590", acts=leaves_message(3.0, 3.0), in_gap=True),
            answered(11.5, "590", "992", "106", in_gap=True),
        ),
        doings=(
            member(1, "care", "106", "QueuePause", Paused="true"),
            Doing(at=4.5, what="kill daemon", seconds=10),
            Doing(at=9.5, what="heartbeat", seconds=181),
            member(11, "care", "106", "QueuePause", Paused="false"),
        ),
        acting=Acting(
            line="care",
            keys=(*SOON, DIVERTS),
            states=("attended", "unattended", "attended"),
            steps=(DIVERTED, UNDIVERTED),
            ends=("recovered",),
            pauses=("",),
        ),
    ),
    Case(
        name="attend_unheard",
        about="queues are reloaded, and nothing changes; then all leave while the link is down",
        phones={"101": (answers(1.0),), "102": (IGNORES,), STANDBY: (answers(1.0),)},
        members=(("dynamic", "101"), ("dynamic", "102")),
        calls=(
            answered(2, "650", "995", "101", "dynamic", acts=(Wait(2.5), Bye())),
            answered(13, "650", "996", "104", "dynamic"),
            code(18, "101", "*70"),
        ),
        doings=(
            Doing(at=1, what="Command", params={"Command": "queue reload all"}),
            Doing(at=6, what="cut ami", seconds=2),
            member(6.5, "dynamic", "101"),
            member(7, "dynamic", "102"),
        ),
        acting=Acting(
            line="dynamic",
            keys=(*SOON, STANDS_BY),
            standby=STANDBY,
            states=("attended", "unattended", "attended"),
            steps=(ADDED, TAKEN_OUT),
            ends=("recovered",),
        ),
    ),
)
