"""What the world told us, with the time it happened: the only input of the core besides time itself.

Every event names its PBX and carries `at`, the PBX's own `Timestamp` (or, where a message has none, the moment it was
read, corrected by the offset that Ping measured). Shells make these; nothing here knows AMI's wire.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from callcentre.core.terms import aware


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened on one PBX at one moment (aware; NaiveTime otherwise)."""

    pbx: str
    at: datetime

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            aware(self.at)


# --- the link and the PBX ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkUp(Event):
    """Logged in and subscribed; the resync follows. `booted_at` is now − Uptime, good to about a second."""

    booted_at: datetime | None = None
    version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkDown(Event):
    """The PBX is out of sight from `at` (the last moment that was surely seen)."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PbxShutdown(Event):
    """Asterisk said that it stops; its calls ended up to 1.1 s earlier."""

    restart: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PbxReloaded(Event):
    """Reload: a module (`app_queue.so`, or `All`) read its files again; queues' members come and go without a word."""

    module: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EventsQuarantined(Event):
    """Packets were not believed, so something honest may be missing since `at`; a re-read of the channels follows."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelSeen:
    """One row of CoreShowChannels."""

    channel: str
    uniqueid: str
    linkedid: str
    state: int
    caller_number: str = ""
    context: str = ""
    exten: str = ""
    application: str = ""
    bridge: str = ""
    duration_seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelsListed(Event):
    """The list of channels at `at`: what is not in it is gone, unless some of its items were not believed."""

    channels: tuple[ChannelSeen, ...]
    complete: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberSeen:
    """An agent's place in a queue, as QueueMember, QueueMemberStatus and their kin tell it: absolute, no difference.

    `status` is Asterisk's device state number: 0 unknown, 1 free, 2 in use, 3 busy, 4 invalid, 5 unavailable,
    6 ringing, 7 ring-in-use, 8 on hold.
    """

    queue: str
    interface: str
    name: str
    state_interface: str
    status: int
    paused: bool
    membership: str = ""
    paused_reason: str = ""
    in_call: bool = False
    wrapup_seconds: int = 0
    last_call: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerSeen:
    """A caller waiting in a queue (QueueEntry)."""

    queue: str
    uniqueid: str
    channel: str
    position: int
    wait_seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuesListed(Event):
    """The complete state of all queues at `at` (QueueStatus)."""

    queues: tuple[str, ...]
    members: tuple[MemberSeen, ...]
    callers: tuple[CallerSeen, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DevicesListed(Event):
    """The complete list of device states at `at`: pairs of device and state word (NOT_INUSE, UNAVAILABLE, …)."""

    devices: tuple[tuple[str, str], ...]


# --- channels ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelEvent(Event):
    """Something about one channel."""

    channel: str
    uniqueid: str
    linkedid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelCreated(ChannelEvent):
    """Newchannel. `state` 4 (Ring) is a caller's channel, made in that state; 0 (Down) one that Asterisk makes."""

    state: int
    caller_number: str
    caller_name: str
    context: str
    exten: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelStateChanged(ChannelEvent):
    """Newstate: 5 Ringing, 6 Up."""

    state: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelGone(ChannelEvent):
    """Hangup, with its Q.850 cause."""

    cause: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelRenamed(Event):
    """Rename: a masquerade moved a name to another channel."""

    uniqueid: str
    old: str
    new: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AppStarted(ChannelEvent):
    """Newexten of an application that matters here: Queue, Dial, VoiceMail (and, where seen, Playback, Background)."""

    application: str
    data: str
    context: str
    exten: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VariableSet(ChannelEvent):
    """VarSet of DIALSTATUS, QUEUESTATUS or VMSTATUS (others are dropped before decoding)."""

    variable: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DialEvent(Event):
    """Something about one leg being dialled. The caller's side is None where AMI leaves it out (consultations)."""

    channel: str | None
    uniqueid: str | None
    linkedid: str | None
    dest_channel: str
    dest_uniqueid: str
    dest_linkedid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DialBegun(DialEvent):
    """DialBegin."""

    dial_string: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DialProgressed(DialEvent):
    """DialState: RINGING, PROGRESS, PROCEEDING."""

    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DialEnded(DialEvent):
    """DialEnd: ANSWER BUSY CANCEL CHANUNAVAIL CONGESTION NOANSWER ABORT CONTINUE GOTO; a leg can get two."""

    status: str
    forward: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PickedUp(Event):
    """Pickup: `channel` took the call that `target_channel` was ringing for."""

    channel: str
    uniqueid: str
    linkedid: str
    target_channel: str
    target_uniqueid: str


# --- queues and agents ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueJoined(ChannelEvent):
    """QueueCallerJoin."""

    queue: str
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueLeft(ChannelEvent):
    """QueueCallerLeave: says only that the stay ended, not how."""

    queue: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueAbandoned(ChannelEvent):
    """QueueCallerAbandon: hung up, timed out, emptied or withdrawn; what the channel does next tells which."""

    queue: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentCompleted(ChannelEvent):
    """AgentComplete: proves an answer that was not heard (answered_at = at − talk_seconds, ± 1 s)."""

    queue: str
    interface: str
    dest_channel: str
    dest_uniqueid: str
    hold_seconds: int
    talk_seconds: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberChanged(Event):
    """QueueMemberStatus, QueueMemberAdded, QueueMemberPause and their kin: the member's whole state now."""

    member: MemberSeen
    added: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberRemoved(Event):
    """QueueMemberRemoved."""

    queue: str
    interface: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceChanged(Event):
    """DeviceStateChange, PeerStatus or ContactStatus, in device-state words (NOT_INUSE, RINGING, UNAVAILABLE, …)."""

    device: str
    state: str


# --- what came of our own actions --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionAnswered(Event):
    """What came of an Act (its `key`). `done` is the PBX's Success; `words` its Message, or why nothing was sent.

    `sent` is False where it surely never left; True and not `done` is a refusal, unless `lost`: sent, and the link
    ended before the answer. Of a RingTelephone the first answer only says that it rings; OriginateAnswered is its end.
    """

    key: str
    done: bool
    words: str = ""
    sent: bool = True
    lost: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginateAnswered(Event):
    """OriginateResponse: whether somebody took up a telephone that a RingTelephone rang; `reason` is Asterisk's."""

    key: str
    done: bool
    reason: int = 0


# --- voicemail and the dialplan's own words ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxChanged(Event):
    """MessageWaiting: counts only; `uniqueid` is the depositing (or listening) channel's, None where there is none.

    `caller` is that channel's number.
    """

    mailbox: str
    new: int
    old: int
    uniqueid: str | None = None
    channel: str | None = None
    caller: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UserEventRaised(Event):
    """A UserEvent of ours (name begins `Callcentre`), with the headers that the dialplan gave it."""

    name: str
    uniqueid: str | None = None
    channel: str | None = None
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMessage:
    """One message as a mailbox holds it. Everything here may be forged or damaged; None is what cannot be told.

    `origtime` is the recording's start (aware UTC); where the metadata is damaged, the time of its file. `callerchan`
    are all values found for it: a caller can forge some, so any may be the true one. `mailbox` is where it lies now,
    `origmailbox` where it was left.
    """

    mailbox: str
    folder: str
    msg_id: str | None
    origtime: datetime
    duration: int | None
    caller: str | None
    callerchan: tuple[str, ...] = ()
    origmailbox: str | None = None
    playable: bool = False
    damaged: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxContents:
    """One mailbox as a look found it. `messages` is None where only its counts are known.

    `new` and `old` are the PBX's own counts (None where files were read), `capacity` how many new ones it takes.
    `problem` says why callers cannot leave a message although there is room (words), empty if nothing is wrong.
    """

    mailbox: str
    messages: tuple[StoredMessage, ...] | None = None
    new: int | None = None
    old: int | None = None
    capacity: int | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxesListed(Event):
    """What the mailboxes held when a look at them began, at `at`.

    `whole`: all mailboxes were looked at, so what is not here is not there. `source` is `spool` or `ami`. `missing` are
    configured mailboxes that the PBX does not have (only where that can be known).
    """

    boxes: tuple[MailboxContents, ...]
    source: str
    whole: bool
    missing: tuple[str, ...] = ()


# --- time ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class TimePassed(Event):
    """The shell wakes the core at a time that next_timer() asked for; `pbx` is empty: it concerns all."""
