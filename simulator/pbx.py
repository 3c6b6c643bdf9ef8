"""The PBX: all its rooms put together, its callers, its deeds, and what it is to the wire (`PbxModel`)."""

from collections.abc import Mapping
from functools import partial

from callcentre_simulator.actions import Actions
from callcentre_simulator.apps import Applications
from callcentre_simulator.books import QueueLog
from callcentre_simulator.channels import RING, Channel
from callcentre_simulator.dialing import Dialing
from callcentre_simulator.dialplan import Dialplan
from callcentre_simulator.engine import Engine
from callcentre_simulator.mailbox_actions import MailboxActions
from callcentre_simulator.members import Members
from callcentre_simulator.more_actions import MoreActions
from callcentre_simulator.originate import Originate
from callcentre_simulator.outgoing import Outgoing
from callcentre_simulator.people import Caller
from callcentre_simulator.queueing import Queueing
from callcentre_simulator.restarts import Restarts
from callcentre_simulator.subroutines import Subroutines
from callcentre_simulator.talking import Talking
from callcentre_simulator.telephones import Telephones
from callcentre_simulator.transfers import Transfers
from callcentre_simulator.truth import Truth
from callcentre_simulator.voicemail import Voicemail
from callcentre_simulator.watch import Watch
from callcentre_simulator.wire import Listener, Reply


class Pbx:
    """A simulated Asterisk of `version` (16, 18, 20, 22) at `start` (epoch seconds); one `seed`, one history."""

    def __init__(self, *, version: int, start: float, seed: int) -> None:
        self.engine = Engine(version=version, start=start, seed=seed)
        self.truth = Truth(self.engine)
        self.log = QueueLog(self.engine)
        self.telephones = Telephones(self.engine)
        self.channels = self.telephones.channels
        self.members = Members(self.engine, self.telephones, self.log)
        self.outgoing = Outgoing(self.engine, self.telephones, self.truth)
        self.talking = Talking(self.engine, self.telephones, self.outgoing)
        self.transfers = Transfers(self.engine, self.telephones, self.outgoing, self.talking, self.truth)
        self.dialing = Dialing(self.engine, self.talking, self.truth)
        self.queueing = Queueing(
            self.engine, self.telephones, self.members, self.dialing, self.talking, self.log, self.truth
        )
        self.voicemail = Voicemail(self.engine, self.talking, self.truth)
        self.dialplan = Dialplan(self.engine, self.channels)
        self.applications = Applications(
            self.engine, self.dialplan, self.outgoing, self.dialing, self.queueing, self.voicemail, self.members,
            self.truth,
        )  # fmt: skip
        self.subroutines = Subroutines(self)
        self.restarts = Restarts(self.engine, self.telephones, self.members, self.truth)
        self.restarts.queues = self.queueing.queues
        self.restarts.booted = self.voicemail.restarted
        self.actions = Actions(self)
        self.actions.know(MailboxActions(self.voicemail, version).known())
        self.actions.know(MoreActions(self).known())
        self.actions.know(Originate(self.engine, self.outgoing, self.dialplan, self.talking).known())
        self.database: dict[tuple[str, str], str] = {}
        """AstDB: family and key, and what is kept there."""
        self.watch: Watch
        """Who was there, as far as the office itself knows; filled in once its lines are known."""
        self.truth.busy = self._busy
        self.outgoing.run = self.dialplan.start
        self.outgoing.answered = self._pbx_answered
        self.dialplan.ended = self._ended
        self.dialplan.sent_on = self._wait_anew

    @property
    def version(self) -> int:
        """Asterisk's major version."""
        return self.engine.version

    @property
    def now(self) -> float:
        """The PBX's own clock."""
        return self.engine.now

    @property
    def booted_at(self) -> float:
        """When it last booted."""
        return self.restarts.booted_at

    def next_at(self) -> float | None:
        """When it next wants to run."""
        return self.engine.next_at()

    def advance(self, to: float) -> None:
        """Run everything due up to `to`."""
        self.engine.advance(to)

    def listen(self, listener: Listener) -> None:
        """Tell `listener` every event from now on."""
        self.engine.listen(listener)

    def act(self, action: str, headers: Mapping[str, str]) -> Reply:
        """Answer an action."""
        return self.actions.act(action, headers)

    @property
    def up(self) -> bool:
        """Whether it runs; while it does not, it answers nobody and no call comes in."""
        return self.restarts.up

    def call(self, caller: Caller) -> Channel | None:
        """Somebody calls: their channel comes to be and runs the dialplan; None while the PBX is down."""
        if not self.up:
            return None
        telephone = self.telephones.all.get(caller.device)
        number, name = caller.number, caller.name
        if telephone is not None:
            number, name = telephone.extension, telephone.person
        elif caller.withheld:
            number, name = "anonymous", "Anonymous"
        channel = self.channels.new(
            caller.device, state=RING, context=caller.context, exten=caller.to, number=number, name=name
        )
        caller.channel = channel
        channel.caller = caller
        self.truth.begins(channel, internal=telephone is not None)
        self.telephones.taken_up(caller.device)
        self.channels.variable(channel, "SIPDOMAIN", "127.0.0.1")
        self._wait_anew(channel)
        if caller.to == "*8":
            self.transfers.pick_up(channel, caller.ring)
        else:
            self.dialplan.start(channel)
        return channel

    def _wait_anew(self, channel: Channel) -> None:
        """A caller has to wait, at first or after a transfer: their patience begins to run."""
        caller = channel.caller
        if caller is not None:
            if caller.waiting is not None:
                caller.waiting.cancel()
            caller.waiting = self.engine.after(caller.patience, lambda: self.talking.hang_up(channel))

    def _pbx_answered(self, channel: Channel) -> None:
        caller = channel.caller
        for after, key in caller.press if caller is not None else ():
            self.engine.after(after, partial(self.press, channel, key))

    def press(self, channel: Channel, key: str) -> None:
        """A caller presses a key."""
        if channel.alive:
            self.channels.dtmf(channel, key)
            channel.tell("pressed", key)

    def _ended(self, channel: Channel, cause: int) -> None:
        """A channel's dialplan is through: hang it up; the other half of a Local channel goes with it."""
        one = channel.mate
        if one is not None and one.alive:
            if self.version > 16:
                self.channels.variable(one, "CHANLOCALSTATUS", channel.variables.get("DIALSTATUS", ""))
            self.channels.hangup_request(one, cause)
            one.tell("gone" if one.state == 6 else "refused", str(cause))
        self.channels.hangup(channel, cause)
        self.truth.ends(channel)

    def _busy(self, leg: Channel) -> bool:
        return any(one is not leg for one in self.channels.of_device.get(leg.device, ()))
