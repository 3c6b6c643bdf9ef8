"""app_voicemail: the greeting, the tone, the message, and what becomes of it in its mailbox."""

from collections.abc import Callable, Generator
from dataclasses import dataclass, field, replace

from callcentre_simulator.channels import UNKNOWN, Channel
from callcentre_simulator.engine import Engine, Told
from callcentre_simulator.outgoing import Outgoing
from callcentre_simulator.talking import End, Talking
from callcentre_simulator.truth import Message, Truth

GREETING = 4.0
"""Seconds of greeting and tone before the recording begins, where a mailbox names no other."""
LEAST = 2
"""Seconds under which nothing is kept (minsecs)."""
SPOOL = "/var/spool/asterisk/voicemail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A message as its msgNNNN.txt tells it; times are epoch seconds."""

    mailbox: str
    context: str
    folder: str
    number: int
    msg_id: str
    dialplan: tuple[str, str, int]
    callerchan: str
    callerid: str
    origtime: int
    duration: int

    def text(self, origdate: str) -> str:
        """The text file, line for line as app_voicemail writes it."""
        place, exten, priority = self.dialplan
        lines = (
            ";",
            "; Message Information file",
            ";",
            "[message]",
            f"origmailbox={self.mailbox}",
            f"context={place}",
            f"exten={exten}",
            "rdnis=unknown",
            f"priority={priority}",
            f"callerchan={self.callerchan}",
            f"callerid={self.callerid}",
            f"origdate={origdate}",
            f"origtime={self.origtime}",
            "category=",
            f"msg_id={self.msg_id}",
            "flag=",
            f"duration={self.duration}",
        )
        return "\n".join(lines) + "\n"

    @classmethod
    def told(cls, text: str, mailbox: str, context: str, folder: str, number: int) -> "Stored":
        """The message that such a text file, of this simulator's own, tells of."""
        told = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
        return cls(
            mailbox=mailbox,
            context=context,
            folder=folder,
            number=number,
            msg_id=told["msg_id"],
            dialplan=(told["context"], told["exten"], int(told["priority"])),
            callerchan=told["callerchan"],
            callerid=told["callerid"],
            origtime=int(told["origtime"]),
            duration=int(told["duration"]),
        )


@dataclass(slots=True, kw_only=True)
class Mailbox:
    """One mailbox of voicemail.conf, and what is in it."""

    number: str
    context: str = "default"
    fullname: str = ""
    greeting: float = GREETING
    maxmsg: int = 100
    folders: dict[str, list[Stored]] = field(default_factory=lambda: {"INBOX": [], "Old": [], "Urgent": []})

    @property
    def name(self) -> str:
        """As AMI names it: 600@default."""
        return f"{self.number}@{self.context}"

    @property
    def new(self) -> int:
        """New messages, urgent ones included."""
        return len(self.folders["INBOX"]) + len(self.folders["Urgent"])

    @property
    def old(self) -> int:
        """Messages that were heard."""
        return len(self.folders["Old"])


class Voicemail:
    """The VoiceMail application and all mailboxes; `changed` hears of each mailbox that holds other messages now."""

    def __init__(self, engine: Engine, talking: Talking, truth: Truth) -> None:
        self._engine = engine
        self._talking = talking
        self._channels = talking.channels
        self._outgoing: Outgoing = talking.outgoing
        self._truth = truth
        self._counter = -1
        self.boxes: dict[str, Mailbox] = {}
        self.changed: Callable[[Mailbox], None] = lambda _: None
        self.kept: list[Callable[[Message], None]] = []
        """Who hears of each message that was left."""

    def restarted(self) -> None:
        """The counter of message ids begins anew with each start of the PBX."""
        self._counter = -1

    def voicemail(self, channel: Channel, name: str) -> Generator[float | None, Told | None, End | None]:
        """Run VoiceMail(600@default) for a caller."""
        box = self.boxes[name if "@" in name else f"{name}@default"]
        self._outgoing.answer(channel)
        entered = self._engine.now
        self._truth.mailbox(channel, box.name)
        caller = channel.caller
        if caller is not None:
            if caller.waiting is not None:
                caller.waiting.cancel()
            stay = box.greeting * 0.6 if caller.speak is None else box.greeting + caller.speak
            caller.waiting = self._engine.after(stay, lambda: self._talking.hang_up(channel))
        full = len(box.folders["INBOX"]) >= box.maxmsg
        begins = entered + box.greeting
        while True:
            told = yield None
            if told is not None and told.word == "hangup":
                break
        seconds = self._engine.now - begins
        if seconds < LEAST or full:
            self._channels.variable(channel, "VMSTATUS", "FAILED")
        else:
            self._keep(channel, box, int(entered + 0.5), int(seconds))
        return End("caller")

    def _keep(self, channel: Channel, box: Mailbox, origtime: int, seconds: int) -> None:
        self._counter += 1
        number = len(box.folders["INBOX"])
        known = channel.number not in {UNKNOWN, ""}
        callerid = f'"{channel.caller_name}" <{channel.number}>' if known else "Unknown"
        message = Stored(
            mailbox=box.number,
            context=box.context,
            folder="INBOX",
            number=number,
            msg_id=f"{origtime}-{self._counter:08x}",
            dialplan=(channel.context, channel.exten, channel.priority),
            callerchan=channel.name,
            callerid=callerid,
            origtime=origtime,
            duration=seconds,
        )
        box.folders["INBOX"].append(message)
        file = f"{SPOOL}/{box.context}/{box.number}/INBOX/msg{number:04d}"
        self._channels.variable(channel, "VM_MESSAGEFILE", file)
        self.changed(box)
        self.waiting(box, channel)
        self._channels.variable(channel, "VMSTATUS", "SUCCESS")
        caller = channel.number if known and channel.number != "anonymous" else None
        left = Message(
            mailbox=box.name, msg_id=message.msg_id, uniqueid=channel.linkedid, caller=caller,
            left_at=self._engine.now, duration=seconds,
        )  # fmt: skip
        self._truth.message(left, channel)
        for hear in self.kept:
            hear(left)

    def hear(self, name: str) -> None:
        """Somebody listens to all new messages of a mailbox, which makes them old ones."""
        box = self.boxes[name]
        for folder in ("INBOX", "Urgent"):
            for message in box.folders[folder]:
                number = len(box.folders["Old"])
                box.folders["Old"].append(replace(message, folder="Old", number=number))
            box.folders[folder].clear()
        self.changed(box)
        self.waiting(box)

    def erase(self, name: str) -> None:
        """Somebody erases the first new message of a mailbox: those after it get other numbers."""
        box = self.boxes[name]
        inbox = box.folders["INBOX"]
        box.folders["INBOX"] = [replace(one, number=number) for number, one in enumerate(inbox[1:])]
        self.changed(box)
        self.waiting(box)

    def waiting(self, box: Mailbox, channel: Channel | None = None) -> None:
        """Tell how many messages a mailbox holds, and whose call changed it if one did."""
        before = channel.headers() if channel is not None else ()
        said = (
            ("Mailbox", box.name),
            ("Waiting", str(int(box.new > 0))),
            ("New", str(box.new)),
            ("Old", str(box.old)),
        )
        self._engine.call("MessageWaiting", (*before, *said))
