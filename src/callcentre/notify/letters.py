"""A notice as it is written: an e-mail, the JSON of a webhook. The same notice to the same contact is always the same.

So whoever gets it twice can tell: the e-mail by its Message-ID, the webhook by its Idempotency-Key.
"""

import hashlib
import json
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from typing import Final
from urllib.parse import quote

from callcentre.core.tasks import Notice
from callcentre.notify.answers import flat

SENDER: Final = "callcentre"
_LONGEST_TITLE: Final = 200
# So much of the digest tells any two notices apart, and keeps the header in one line.
_DIGEST: Final = 40
_KINDS: Final = {"html": ("text", "html"), "pdf": ("application", "pdf")}
_KEY_SIGNS: Final = "/:@._-~"


def key_of(notice: Notice) -> str:
    """Return the notice's key as an HTTP header can carry it: unique over all PBXs, percent-encoded ASCII."""
    return f"{quote(notice.pbx, safe=_KEY_SIGNS)}/{quote(notice.key, safe=_KEY_SIGNS, errors='replace')}"


def message_id(notice: Notice, contact: str, sender: str) -> str:
    """Return the Message-ID of this notice to this contact, in the domain of `sender`."""
    named = json.dumps([notice.pbx, notice.key, contact]).encode()
    return f"<{hashlib.sha256(named).hexdigest()[:_DIGEST]}@{sender.rpartition('@')[2]}>"


def email_of(
    notice: Notice, contact: str, *, sender: str, to: tuple[str, ...], attached: tuple[str, bytes] | None = None
) -> EmailMessage:
    """Write the e-mail: plain text, UTF-8, told by its headers to be a machine's, so that none answers it.

    `attached` is the name of a file, which ends with its kind (_KINDS), and what is in it.
    """
    letter = EmailMessage(policy=SMTP)
    letter["From"] = Address(SENDER, addr_spec=sender)
    letter["To"] = [Address(addr_spec=address) for address in to]
    letter["Subject"] = title_of(notice)
    letter["Date"] = notice.at.astimezone(UTC)
    letter["Message-ID"] = message_id(notice, contact, sender)
    letter["Auto-Submitted"] = "auto-generated"
    letter["X-Auto-Response-Suppress"] = "All"
    letter.set_content(f"{text_of(notice)}\n\n-- \n{_origin(notice)}\n", charset="utf-8", cte="quoted-printable")
    if attached is not None:
        name, content = attached
        maintype, subtype = _KINDS[name.rpartition(".")[2]]
        letter.add_attachment(content, maintype=maintype, subtype=subtype, filename=name)
    return letter


def json_of(notice: Notice) -> bytes:
    """Write the body of a webhook: one object, every key always there, `task` null where there is none."""
    told = {
        "key": notice.key,
        "kind": notice.kind.value,
        "pbx": notice.pbx,
        "line": notice.line,
        "at": _utc(notice.at),
        "title": title_of(notice),
        "text": text_of(notice),
        "task": notice.task,
    }
    return json.dumps(told, ensure_ascii=False).encode("utf-8", "replace")


def title_of(notice: Notice) -> str:
    """Return the title in one line; never empty, as some services refuse that."""
    return flat(notice.title, _LONGEST_TITLE) or notice.kind.value


def text_of(notice: Notice) -> str:
    """Return the text with its own lines and nothing else that could steer a reader's screen."""
    return "\n".join(flat(line, len(line) + 1) for line in notice.text.splitlines())


def _origin(notice: Notice) -> str:
    return f"callcentre: line {flat(notice.line)} on PBX {flat(notice.pbx)}, {_utc(notice.at)}"


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
