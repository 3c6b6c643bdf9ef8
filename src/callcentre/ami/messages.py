"""What AMI said, as values: the output of `ami.protocol`, the input of `ami.translate` and `ami.lists`."""

from enum import StrEnum
from typing import NamedTuple


class Reason(StrEnum):
    """Why a packet was not believed; the label of `callcentre_ami_quarantined_total`."""

    BAD_START = "bad_start"
    REPEATED_HEADER = "repeated_header"
    OUT_OF_ORDER = "out_of_order"
    MISSING_HEADER = "missing_header"
    TRUNCATED = "truncated"
    AFTER_TRUNCATED = "after_truncated"
    FOREIGN_REPLY = "foreign_reply"
    TIME_BACKWARDS = "time_backwards"
    OVERSIZE = "oversize"
    BAD_VALUE = "bad_value"

    @property
    def distrusts_stream(self) -> bool:
        """Whether it shows that packet borders may be forged, so that nothing is believed until a re-read."""
        return self in _DISTRUSTING


_DISTRUSTING = frozenset(
    {
        Reason.BAD_START,
        Reason.TRUNCATED,
        Reason.MISSING_HEADER,
        Reason.FOREIGN_REPLY,
        Reason.TIME_BACKWARDS,
        Reason.OVERSIZE,
    }
)


class Told(NamedTuple):
    """An unsolicited event that may be believed: the Timestamp in epoch seconds (or None), the shape's other values."""

    name: str
    stamp: float | None
    values: tuple[str | None, ...]


class UserTold(NamedTuple):
    """One of our own UserEvents, with the headers that the dialplan gave it."""

    name: str
    stamp: float | None
    channel: str | None
    uniqueid: str | None
    fields: dict[str, str]


class Item(NamedTuple):
    """A list item, or a list's end, that carries an ActionID of ours; the values of its shape."""

    name: str
    action_id: str
    values: dict[str, str | None]


class Reply(NamedTuple):
    """A Response to an action of ours; `fields` holds its headers as they came."""

    action_id: str
    success: bool
    fields: dict[str, str]


class Banner(NamedTuple):
    """The first line: the version of the protocol (11.0.0 is Asterisk 22), or None if this is no AMI."""

    version: str | None


class Doubt(NamedTuple):
    """A packet was not believed. `name` is its event's name if that is known, never the sender's text.

    `in_list`: it stood inside a list, where nothing else is said. `opens`: up to here events were believed, from
    here on they are not.
    """

    reason: Reason
    name: str
    in_list: bool = False
    opens: bool = False


Message = Told | UserTold | Item | Reply | Banner | Doubt
