"""A call told as a story: what the PBX says, second by second, to the pure core; and what became of it.

Times are seconds after T0, a Tuesday morning in core hours. Channels are named by telephone and number: `PJSIP/101-3`
has the uniqueid `3`. Nothing here knows AMI's wire.
"""

from datetime import datetime, timedelta

from callcentre.core.calls import Calls
from callcentre.core.charter import Charter, DeadlineRule, Interval, JudgedBy, Line, Office, Pbx, RuleName, WeekHours
from callcentre.core.events import (
    AgentCompleted,
    AppStarted,
    CallerSeen,
    ChannelCreated,
    ChannelGone,
    ChannelSeen,
    ChannelsListed,
    ChannelStateChanged,
    DialBegun,
    DialEnded,
    DialProgressed,
    Event,
    LinkDown,
    LinkUp,
    MailboxChanged,
    MemberChanged,
    MemberSeen,
    PbxShutdown,
    PickedUp,
    QueueAbandoned,
    QueueJoined,
    QueueLeft,
    QueuesListed,
    TimePassed,
    VariableSet,
)
from callcentre.core.facts import Call, CallEnded, Fact
from callcentre.core.terms import UTC, Nation

T0 = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
WEEK = WeekHours(days=((Interval(420, 1080),),) * 5 + ((), ()))
HCT = Charter(
    name="hct",
    version=1,
    answer_seconds=15,
    answer_rings=5,
    answer_fraction=0.9,
    judged_by=JudgedBy.STRICT,
    short_abandon_seconds=5,
    hours=WEEK,
    message_rule=DeadlineRule(RuleName.ELAPSED_OR_NEXT_WORKING_DAY, 24),
)


def line(name: str, *, dids: str = "", queues: str = "", extensions: str = "") -> Line:
    """A line of the house charter; claims are space-separated."""
    return Line(
        name=name,
        pbx="lab",
        charter=HCT,
        nation=Nation.ENGLAND,
        hours=WEEK,
        dids=frozenset(dids.split()),
        queues=frozenset(queues.split()),
        extensions=frozenset(extensions.split()),
    )


OFFICE = Office(
    pbxs=(Pbx(name="lab"),),
    lines=(
        line("sales", dids="700", queues="sales"),
        line("help", dids="800", queues="help"),
        line("direct", dids="101", extensions="PJSIP/101 PJSIP/102 PJSIP/103"),
    ),
    fallback_line="sales",
)


def after(seconds: float) -> datetime:
    """T0 and so many seconds."""
    return T0 + timedelta(seconds=seconds)


class Story:
    """Feeds events to a fresh core and keeps its facts; `call(uniqueid)` is the last word on a call."""

    def __init__(self, office: Office = OFFICE) -> None:
        self.core = Calls(office)
        self.facts: list[Fact] = []
        self._linked: dict[str, str] = {}
        self._names: dict[str, str] = {}

    # --- driving ---------------------------------------------------------------------------------------------------

    def tell(self, event: Event) -> None:
        """One event, after whatever timers fell due before it."""
        self.pass_time_to(event.at)
        self.facts += self.core.handle(event)

    def pass_time_to(self, at: datetime) -> None:
        """Fire the core's timers up to `at`."""
        while (due := self.core.next_timer()) is not None and due <= at:
            self.facts += self.core.handle(TimePassed(pbx="", at=due))

    def until(self, seconds: float) -> None:
        """Let time pass."""
        self.pass_time_to(after(seconds))

    def call(self, uniqueid: str) -> Call:
        """The last snapshot of a call."""
        told = (call for fact in reversed(self.facts) if isinstance(call := getattr(fact, "call", None), Call))
        return next(call for call in told if call.key.uniqueid == uniqueid)

    def ended(self, uniqueid: str) -> Call:
        """The call as it was decided; exactly once."""
        ends = [f.call for f in self.facts if isinstance(f, CallEnded) and f.call.key.uniqueid == uniqueid]
        assert len(ends) == 1, f"decided {len(ends)} times"
        return ends[0]

    def offered(self) -> set[str]:
        """The uniqueids of all calls that were offered."""
        return {c.key.uniqueid for f in self.facts if (c := getattr(f, "call", None))}

    # --- what a PBX says -------------------------------------------------------------------------------------------

    def _channel(self, uniqueid: str) -> dict[str, str]:
        return {
            "channel": self._names.get(uniqueid, f"PJSIP/unknown-{uniqueid}"),
            "uniqueid": uniqueid,
            "linkedid": self._linked.get(uniqueid, uniqueid),
        }

    def made(
        self, t: float, device: str, uniqueid: str, *, by: str | None = None, exten: str = "", cid: str = ""
    ) -> None:
        """A channel is made: by somebody who dials in, or by Asterisk for the call of channel `by`."""
        half = device.partition(";")
        self._names[uniqueid] = f"{half[0]}-{uniqueid if not half[1] else half[0][-1:]}{half[1]}{half[2]}"
        self._linked[uniqueid] = self._linked.get(by, by) if by else uniqueid
        self.tell(
            ChannelCreated(
                pbx="lab",
                at=after(t),
                **self._channel(uniqueid),
                state=0 if by else 4,
                caller_number=cid or "07700900001",
                caller_name="",
                context="",
                exten=exten,
            )
        )

    def state(self, t: float, uniqueid: str, state: int) -> None:
        """Newstate."""
        self.tell(ChannelStateChanged(pbx="lab", at=after(t), **self._channel(uniqueid), state=state))

    def gone(self, t: float, uniqueid: str, cause: int = 16) -> None:
        """Hangup."""
        self.tell(ChannelGone(pbx="lab", at=after(t), **self._channel(uniqueid), cause=cause))

    def app(self, t: float, uniqueid: str, application: str, data: str) -> None:
        """Newexten."""
        self.tell(
            AppStarted(
                pbx="lab",
                at=after(t),
                **self._channel(uniqueid),
                application=application,
                data=data,
                context="",
                exten="",
            )
        )

    def var(self, t: float, uniqueid: str, variable: str, value: str) -> None:
        """VarSet."""
        self.tell(VariableSet(pbx="lab", at=after(t), **self._channel(uniqueid), variable=variable, value=value))

    def _dial(self, caller: str | None, dest: str) -> dict[str, str | None]:
        source = self._channel(caller) if caller else {"channel": None, "uniqueid": None, "linkedid": None}
        target = self._channel(dest)
        return {**source, **{f"dest_{name}": value for name, value in target.items()}}

    def dial(self, t: float, caller: str | None, dest: str) -> None:
        """DialBegin."""
        self.tell(DialBegun(pbx="lab", at=after(t), **self._dial(caller, dest), dial_string=""))  # type: ignore[arg-type]

    def progress(self, t: float, caller: str | None, dest: str, status: str) -> None:
        """DialState."""
        self.tell(DialProgressed(pbx="lab", at=after(t), **self._dial(caller, dest), status=status))  # type: ignore[arg-type]

    def dialled(self, t: float, caller: str | None, dest: str, status: str, forward: str = "") -> None:
        """DialEnd."""
        told = self._dial(caller, dest)
        self.tell(DialEnded(pbx="lab", at=after(t), **told, status=status, forward=forward))  # type: ignore[arg-type]

    def rings(self, t: float, caller: str, device: str, dest: str) -> None:
        """A telephone is dialled for a caller and rings at once."""
        self.made(t, device, dest, by=caller)
        self.dial(t, caller, dest)
        self.state(t, dest, 5)

    def answers(self, t: float, caller: str, dest: str) -> None:
        """The telephone is picked up and the PBX confirms it."""
        self.state(t, dest, 6)
        self.dialled(t, caller, dest, "ANSWER")

    def join(self, t: float, uniqueid: str, queue: str) -> None:
        """QueueCallerJoin."""
        self.tell(QueueJoined(pbx="lab", at=after(t), **self._channel(uniqueid), queue=queue, position=1))

    def leave(self, t: float, uniqueid: str, queue: str, *, withdrawn: bool = False) -> None:
        """QueueCallerLeave, after a QueueCallerAbandon if withdrawn."""
        if withdrawn:
            self.tell(QueueAbandoned(pbx="lab", at=after(t), **self._channel(uniqueid), queue=queue))
        self.tell(QueueLeft(pbx="lab", at=after(t), **self._channel(uniqueid), queue=queue))

    def pickup(self, t: float, picker: str, target: str) -> None:
        """Pickup."""
        channel, ringing = self._channel(picker), self._channel(target)
        told = {"target_channel": ringing["channel"], "target_uniqueid": ringing["uniqueid"]}
        self.tell(PickedUp(pbx="lab", at=after(t), **channel, **told))

    def completed(self, t: float, uniqueid: str, queue: str, talk: int, dest: str = "9", *, named: bool = True) -> None:
        """AgentComplete, naming the channels of the caller and the agent; after the hang-up it may name neither."""
        channel = self._names.get(dest, f"PJSIP/101-{dest}")
        self.tell(
            AgentCompleted(
                pbx="lab",
                at=after(t),
                **(self._channel(uniqueid) if named else {"channel": "", "uniqueid": "", "linkedid": ""}),
                queue=queue,
                interface=channel.rpartition("-")[0],
                dest_channel=channel if named else "",
                dest_uniqueid=dest if named else "",
                hold_seconds=1,
                talk_seconds=talk,
                reason="caller",
            )
        )

    def mailbox(self, t: float, mailbox: str, new: int, uniqueid: str | None = None, old: int = 0) -> None:
        """MessageWaiting."""
        self.tell(MailboxChanged(pbx="lab", at=after(t), mailbox=mailbox, new=new, old=old, uniqueid=uniqueid))

    def member(self, t: float, queue: str, interface: str) -> None:
        """QueueMemberStatus."""
        seen = MemberSeen(queue=queue, interface=interface, name="", state_interface=interface, status=1, paused=False)
        self.tell(MemberChanged(pbx="lab", at=after(t), member=seen))

    # --- sight -----------------------------------------------------------------------------------------------------

    def down(self, t: float) -> None:
        """The link is lost."""
        self.tell(LinkDown(pbx="lab", at=after(t), reason="drop"))

    def up(self, t: float, booted: float = -3600) -> None:
        """The link is there again; the PBX runs since `booted`."""
        self.tell(LinkUp(pbx="lab", at=after(t), booted_at=after(booted)))

    def listed(
        self,
        t: float,
        *uniqueids: str,
        state: int = 6,
        bridge: str = "",
        duration: float = 0,
        complete: bool = True,
        application: str = "",
    ) -> None:
        """CoreShowChannels names these channels and no others."""
        rows = [
            ChannelSeen(
                **self._channel(uniqueid),
                state=state,
                bridge=bridge,
                duration_seconds=duration,
                exten="700",
                application=application,
            )
            for uniqueid in uniqueids
        ]
        self.tell(ChannelsListed(pbx="lab", at=after(t), channels=tuple(rows), complete=complete))

    def waiting(self, t: float, uniqueid: str, queue: str, seconds: int) -> None:
        """QueueStatus names this caller and no other."""
        channel = self._channel(uniqueid)["channel"]
        caller = CallerSeen(queue=queue, uniqueid=uniqueid, channel=channel, position=1, wait_seconds=seconds)
        self.tell(QueuesListed(pbx="lab", at=after(t), queues=(queue,), members=(), callers=(caller,)))

    def shutdown(self, t: float) -> None:
        """Shutdown."""
        self.tell(PbxShutdown(pbx="lab", at=after(t)))


def queued(story: Story, uniqueid: str = "1", t: float = 0, did: str = "700", queue: str = "sales") -> None:
    """A caller dials in on a trunk and joins a queue half a second later."""
    story.made(t, "PJSIP/trunk", uniqueid, exten=did)
    story.app(t + 0.5, uniqueid, "Queue", f"{queue},tT,,,60")
    story.join(t + 0.5, uniqueid, queue)


def answered(story: Story, t: float = 3.5) -> None:
    """A call of one telephone, picked up at t."""
    queued(story)
    story.rings(0.6, "1", "PJSIP/101", "2")
    story.answers(t, "1", "2")
    story.leave(t, "1", "sales")
