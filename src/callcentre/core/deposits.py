"""Whether a MessageWaiting tells that a caller left a message: one rule for calls and for mailboxes.

Asterisk sends one when a message was left and when somebody has listened, with the counts after it and the channel that
did it. What is moved or deleted on the disk it tells late or never, so that the counts of before may be stale. Where
nothing but counts can be seen, a Tally says how many messages came that nobody told of.
"""

from datetime import datetime, timedelta
from typing import Final

from callcentre.core.events import MailboxChanged


def is_deposit(before: MailboxChanged | None, event: MailboxChanged) -> bool:
    """Whether a line's caller left a message, if `event` bears the channel of one. `before` is the box's last word.

    It is one if anything new is there, unless the counts say that messages were heard: fewer are new, more are old, and
    there are no more in all. In doubt it is a message: one too many is heard and closed, one too few is never heard of.
    """
    if event.uniqueid is None or event.new <= 0:
        return False
    if before is None:
        return True
    heard = event.new < before.new and event.old > before.old and event.new + event.old <= before.new + before.old
    return not heard


def is_deposit_of_anyone(before: MailboxChanged | None, event: MailboxChanged) -> bool:
    """Whether a message was left, whoever's channel it is: only a count that rose proves it; listeners lower it."""
    return event.uniqueid is not None and before is not None and event.new > before.new


_LATE: Final = timedelta(seconds=2)
"""A count is taken a little after the look began, so that of a message of about that moment it cannot be said."""


_PUT_BACK: Final = timedelta(minutes=50)
"""No look is told so late. A clock that is wrong by a time zone is by more."""


def is_earlier(at: datetime, known: datetime | None) -> bool:
    """Whether a look begun at `at` is told after one begun later, at `known`.

    If it seems to be much older, the clock was put back: until a PBX is heard, ours stands for its own.
    """
    return known is not None and known - _PUT_BACK <= at < known


class Tally:
    """How many new messages of one mailbox are accounted for, where only its counts can be seen.

    Whatever a count shows above that came unseen. It is a lower bound: what is heard in the meantime hides as many.
    """

    def __init__(self, level: int | None = None, counted_at: datetime | None = None) -> None:
        self._level = level
        self._counted_at = counted_at
        self._recent: list[datetime] = []

    def witnessed(self, left_at: datetime) -> None:
        """A message is known otherwise. One that was there well before the last count is in it already."""
        counted_at = self._counted_at
        if counted_at is None or not counted_at - _PUT_BACK <= left_at <= counted_at - _LATE:
            self._level = (self._level or 0) + 1
            self._recent.append(left_at)

    def had(self, left_at: datetime) -> bool:
        """Whether the last count of an earlier run had this message: a later count would have told of it otherwise."""
        return self._counted_at is not None and left_at <= self._counted_at + _LATE

    def counted(self, new: int, at: datetime) -> int:
        """Take the count of a look begun at `at`; return how many of these messages nobody has told of."""
        if is_earlier(at, self._counted_at):
            return 0
        unseen = max(0, new - (self._level or 0))
        self._lower(new, at)
        return unseen

    def told(self, new: int, at: datetime) -> None:
        """Take the count of a MessageWaiting: fewer than are accounted for were heard. More are left to the look."""
        known = self._level is not None and self._counted_at is not None and not is_earlier(at, self._counted_at)
        if known and new < (self._level or 0):
            self._lower(new, at)

    def _lower(self, new: int, at: datetime) -> None:
        """Start from `new`, and from those of this very moment that the count may have missed."""
        self._recent = [left_at for left_at in self._recent if left_at > at - _LATE]
        missed = min(len(self._recent), max(0, (self._level or 0) - new))
        self._level, self._counted_at = new + missed, at
