"""Of what it is written down how it stood day by day, so that a month can be told when it is over."""

from datetime import UTC, datetime, time
from enum import StrEnum
from zoneinfo import ZoneInfo

__all__ = ["StandingKind", "day_began"]


class StandingKind(StrEnum):
    """What stood well or not on a day."""

    GREETINGS = "greetings"  # recorded messages fit to be heard (H8)
    MAILBOXES = "mailboxes"  # mailboxes that take messages (H9)
    FIRST_CONTACT = "first_contact"  # callers who did not call again (H1)


def day_began(at: datetime, zone: str) -> datetime:
    """When the civil day of `at` (aware) began on the clocks of `zone`: aware UTC."""
    clocks = ZoneInfo(zone)
    return datetime.combine(at.astimezone(clocks).date(), time(), clocks).astimezone(UTC)
