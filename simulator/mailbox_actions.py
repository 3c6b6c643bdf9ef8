"""AMI's actions about voicemail: who has a mailbox, what is in it, and how much."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from callcentre_simulator.replies import done, error, listing
from callcentre_simulator.voicemail import Mailbox, Stored, Voicemail
from callcentre_simulator.wire import AmiEvent, Headers, Reply

Given = Mapping[str, str]
BOX_SUMMARY_SINCE = 18
"""The version since which a mailbox's messages can be listed one by one."""


class MailboxActions:
    """The voicemail actions of one PBX."""

    def __init__(self, voicemail: Voicemail, version: int) -> None:
        self._voicemail = voicemail
        self._version = version

    def known(self) -> dict[str, Callable[[Given], Reply]]:
        """The actions by their names in lower case."""
        actions = {
            "voicemailuserslist": self._mailboxes,
            "mailboxcount": self._mailbox_count,
            "mailboxstatus": self._mailbox_status,
        }
        if self._version >= BOX_SUMMARY_SINCE:
            actions["voicemailboxsummary"] = self._mailbox_summary
        return actions

    def _mailboxes(self, _given: Given) -> Reply:
        items = [AmiEvent("VoicemailUserEntry", "", self._user(box)) for box in self._voicemail.boxes.values()]
        return listing("Voicemail user list will follow", items, "VoicemailUserEntryComplete")

    def _user(self, box: Mailbox) -> Headers:
        urgent = (("CanMarkUrgent", "Yes"),) if self._version > 16 else ()
        return (
            ("VMContext", box.context),
            ("VoiceMailbox", box.number),
            ("Fullname", box.fullname),
            ("Email", "(null)"),
            ("Pager", ""),
            ("ServerEmail", "asterisk"),
            ("FromString", ""),
            ("MailCommand", "/bin/true"),
            ("Language", ""),
            ("TimeZone", ""),
            ("Callback", ""),
            ("Dialout", ""),
            ("UniqueID", ""),
            ("ExitContext", ""),
            ("SayDurationMinimum", "2"),
            ("SayEnvelope", "Yes"),
            ("SayCID", "No"),
            ("AttachMessage", "No"),
            ("AttachmentFormat", ""),
            ("DeleteMessage", "No"),
            ("VolumeGain", "0.00"),
            ("CanReview", "No"),
            *urgent,
            ("CallOperator", "No"),
            ("MaxMessageCount", str(box.maxmsg)),
            ("MaxMessageLength", "60"),
            ("NewMessageCount", str(box.new)),
            ("OldMessageCount", str(box.old)),
        )

    def _mailbox_summary(self, given: Given) -> Reply:
        number, context = given.get("Mailbox", ""), given.get("Context", "")
        if not number or not context:
            return error("Need 'Context' and 'Mailbox' parameters.")
        box = self._voicemail.boxes.get(f"{number}@{context}")
        if box is None:
            return done("There is no voicemail user matching the given user.")
        messages = [message for folder in box.folders.values() for message in folder]
        items = [AmiEvent("VoicemailBoxDetail", "", _detail(message)) for message in messages]
        return listing("Voicemail box detail will follow", items, "VoicemailBoxDetailComplete")

    def _mailbox_count(self, given: Given) -> Reply:
        name = given.get("Mailbox", "")
        if not name:
            return error("Mailbox not specified")
        box = self._voicemail.boxes.get(name if "@" in name else f"{name}@default")
        inbox = len(box.folders["INBOX"]) if box else 0
        counts = (
            ("Message", "Mailbox Message Count"),
            ("Mailbox", name),
            ("UrgMessages", str(len(box.folders["Urgent"]) if box else 0)),
            ("NewMessages", str(inbox)),
            ("OldMessages", str(box.old if box else 0)),
        )
        return Reply(True, counts)

    def _mailbox_status(self, given: Given) -> Reply:
        name = given.get("Mailbox", "")
        if not name:
            return error("Mailbox not specified")
        box = self._voicemail.boxes.get(name if "@" in name else f"{name}@default")
        waiting = str(int(box is not None and box.new > 0))
        return Reply(True, (("Message", "Mailbox Status"), ("Mailbox", name), ("Waiting", waiting)))


def _detail(message: Stored) -> Headers:
    told = datetime.fromtimestamp(message.origtime, UTC)
    return (
        ("Folder", message.folder),
        ("CallerID", message.callerid),
        ("Date", f"{told:%a %b %e %I:%M:%S %p UTC %Y}"),
        ("Duration", str(message.duration)),
        ("Flag", ""),
        ("ID", message.msg_id),
    )
