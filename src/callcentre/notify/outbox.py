"""What the sender needs of the store: notices that wait, and a mark on each of them."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from callcentre.core.tasks import Notice


class Delivery(Protocol):
    """A notice on its way to one contact, under the number that the store knows it by. `tries` failed so far."""

    @property
    def id(self) -> int:
        """The row's number."""
        ...

    @property
    def contact(self) -> str:
        """The contact's name."""
        ...

    @property
    def notice(self) -> Notice:
        """What is to be told."""
        ...

    @property
    def tries(self) -> int:
        """How often sending it failed."""
        ...


class Waiting(Protocol):
    """Reads of the outbox. All may raise StoreUnavailable."""

    async def pending_notices(
        self, at: datetime, limit: int, *, pbxs: Collection[str], without: Collection[str]
    ) -> Sequence[Delivery]:
        """Return at most `limit` notices of `pbxs` that are to be tried by `at`, the longest waiting first.

        Those to the contacts `without` are left out.
        """
        ...

    async def next_notice_at(self, *, pbxs: Collection[str]) -> datetime | None:
        """Return when the next notice of `pbxs` is to be tried; None if none waits."""
        ...

    async def notices_waiting(self, pbxs: Collection[str]) -> Mapping[str, int]:
        """Count the notices that wait, for each of `pbxs`."""
        ...


class Marks(Protocol):
    """Writes to the outbox. Both may raise StoreUnavailable, and change nothing then."""

    async def notice_sent(self, id: int, at: datetime, /) -> None:  # noqa: A002  the store's name
        """Note that a delivery reached its contact."""
        ...

    async def notice_failed(self, id: int, at: datetime, error: str, next_try_at: datetime | None, /) -> None:  # noqa: A002
        """Note why a delivery failed, and when to try again; None: never."""
        ...
