"""Whether a MessageWaiting tells that a caller left a message: one rule for calls and for mailboxes.

Asterisk sends one when a message was left and when somebody has listened, with the counts after it and the channel that
did it. What is moved or deleted on the disk it tells late or never, so that the counts of before may be stale.
"""

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
