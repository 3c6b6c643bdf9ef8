"""The roads to people, one for each way of reaching a contact. Every one is bounded in time."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Final

from callcentre.config.settings import Contact, MailSettings
from callcentre.core.errors import CallcentreError
from callcentre.core.tasks import Notice
from callcentre.notify.answers import NotSent, Taken
from callcentre.notify.chat import Chat
from callcentre.notify.mail import Mail
from callcentre.notify.webhook import Webhook
from callcentre.runtime.clock import Clock

WITHIN_SECONDS: Final = 10.0

Attach = Callable[[Notice], Awaitable[tuple[str, bytes] | None]]
"""Makes the file that goes with the e-mail of a notice (its name, its content); None for most."""


class Roads:
    """All contacts of a configuration with the road to each."""

    def __init__(
        self,
        contacts: Iterable[Contact],
        mail: MailSettings | None,
        *,
        clock: Clock,
        within: float = WITHIN_SECONDS,
        attach: Attach | None = None,
    ) -> None:
        self._contacts = {contact.name: contact for contact in contacts}
        self._mail = None if mail is None else Mail(mail, within=within)
        self._webhook = Webhook(within=within, clock=clock)
        self._chat = Chat(within=within)
        self._attach = attach

    async def send(self, name: str, notice: Notice) -> Taken:
        """Send `notice` to the contact of this name, or raise NotSent."""
        contact = self._contacts.get(name)
        if contact is None:
            raise NotSent(f'the configuration has no contact "{name}" any more', is_final=True)
        if contact.webhook is not None:
            return await self._webhook.send(contact.webhook.get_secret_value(), notice)
        if contact.chat is not None:
            return await self._chat.send(name, contact.chat.get_secret_value(), notice)
        if self._mail is None:
            raise NotSent(f'contact "{name}" has e-mail addresses, but there is no [mail]')
        return await self._mail.send(contact, notice, await self._attached(notice))

    async def _attached(self, notice: Notice) -> tuple[str, bytes] | None:
        try:
            return None if self._attach is None else await self._attach(notice)
        except CallcentreError as error:
            raise NotSent(f"what belongs to it could not be made: {error}") from None
