"""E-mail: one message to all addresses of a contact, handed to the office's mail server by SMTP."""

import asyncio
import socket
import ssl
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Final

from aiosmtplib import (
    SMTP,
    SMTPAuthenticationError,
    SMTPDataError,
    SMTPException,
    SMTPRecipientsRefused,
    SMTPResponse,
    SMTPResponseException,
    SMTPSenderRefused,
    SMTPServerDisconnected,
)

from callcentre.config.settings import Contact, MailSettings, MailTls
from callcentre.core.tasks import Notice
from callcentre.notify.answers import NotSent, Taken, shown, system_words
from callcentre.notify.letters import email_of

_QUIT_SECONDS: Final = 1.0
# So many messages are remembered that some of their addresses took and others are still to take.
_REMEMBERED: Final = 1_000
_PERMANENT: Final = 500


class Mail:
    """Sends by one mail server; each sending takes at most `within` seconds."""

    def __init__(self, settings: MailSettings, *, within: float) -> None:
        self._settings = settings
        self._within = within
        self._tls: ssl.SSLContext | None = None
        self._decided: OrderedDict[str, dict[str, bool]] = OrderedDict()

    async def send(self, contact: Contact, notice: Notice, attached: tuple[str, bytes] | None = None) -> Taken:
        """Hand the notice over, with a file `attached` (its name, its content), or raise NotSent.

        Where some addresses took it and others want to be asked again, the next call of the same notice asks only
        those; it is sent once each has said yes or no, and one has said yes.
        """
        settings = self._settings
        letter = email_of(notice, contact.name, sender=settings.sender, to=contact.email, attached=attached)
        decided = self._remember(letter["Message-ID"])
        left = [address for address in contact.email if address not in decided]
        refused, words = await self._hand_over(letter.as_bytes(), left)
        later = {address: answer for address, answer in refused.items() if answer.code < _PERMANENT}
        decided |= {address: address not in refused for address in left if address not in later}
        if later:
            raise NotSent(f"the mail server does not take it for all yet: {self._listed(later)}")
        del self._decided[letter["Message-ID"]]
        if not any(decided.values()):
            raise NotSent(f"the mail server refused it for everyone: {self._listed(refused)}", is_final=True)
        return Taken(words, ", ".join(address for address, took in decided.items() if not took))

    def _remember(self, message: str) -> dict[str, bool]:
        decided = self._decided.setdefault(message, {})
        self._decided.move_to_end(message)
        while len(self._decided) > _REMEMBERED:
            self._decided.popitem(last=False)
        return decided

    async def _hand_over(self, letter: bytes, to: Sequence[str]) -> tuple[Mapping[str, SMTPResponse], str]:
        """Send `letter`; return the refusals by address, and the server's answer."""
        client: SMTP | None = None
        try:
            async with asyncio.timeout(self._within):
                client = await self._client()
                await client.connect()
                refused, words = await client.sendmail(self._settings.sender, to, letter)
            with suppress(SMTPException, OSError, TimeoutError):
                async with asyncio.timeout(_QUIT_SECONDS):
                    await client.quit()
        except SMTPRecipientsRefused as error:
            return {one.recipient: SMTPResponse(one.code, one.message) for one in error.recipients}, ""
        except (SMTPException, OSError, TimeoutError, ValueError) as error:
            raise self._not_sent(error) from None
        finally:
            if client is not None:
                client.close()
        return refused, self._shown(words)

    async def _client(self) -> SMTP:
        settings = self._settings
        if settings.tls is not MailTls.NONE and self._tls is None:
            try:
                self._tls = await asyncio.to_thread(ssl.create_default_context, cafile=settings.ca_file)
            except OSError as error:  # a file that is no certificate included
                why = f"ca_file of [mail] cannot be used ({error.strerror or type(error).__name__})"
                raise NotSent(f"{why}; name a file of certificates (PEM)") from None
        return SMTP(
            hostname=settings.host,
            port=settings.port,
            username=settings.username,
            password=None if settings.password is None else settings.password.get_secret_value(),
            local_hostname=socket.gethostname(),
            timeout=self._within,
            use_tls=settings.tls is MailTls.TLS,
            start_tls=settings.tls is MailTls.STARTTLS,
            tls_context=self._tls,
        )

    # --- words -----------------------------------------------------------------------------------------------------

    def _not_sent(self, error: Exception) -> NotSent:
        where = f"the mail server {self._settings.host}:{self._settings.port}"
        match error:
            case SMTPAuthenticationError():
                said = f"{error.code} {self._shown(error.message)}"
                return NotSent(f"{where} did not accept the account ({said}); check username and password in [mail]")
            case SMTPSenderRefused() | SMTPDataError():
                why = f"{where} refused the message: {error.code} {self._shown(error.message)}"
                return NotSent(why, is_final=error.code >= _PERMANENT)
            case SMTPResponseException():
                return NotSent(f"{where} answered {error.code} {self._shown(error.message)}")
            case TimeoutError():
                return NotSent(f"{where} did not answer within {self._within:g} s")
        cause = _cause(error)
        if isinstance(cause, ssl.SSLCertVerificationError):
            why = f"the certificate of {where} is not trusted ({self._shown(cause.verify_message)})"
            return NotSent(f"{why}; name its authority in [mail] ca_file, and its own name in host")
        if isinstance(cause, ssl.SSLError):
            return NotSent(f"{where} does not speak TLS as asked for; check tls and port in [mail]")
        if isinstance(cause, SMTPServerDisconnected):
            return NotSent(f"{where} hung up")
        if isinstance(cause, OSError):
            return NotSent(f"{where} cannot be reached ({system_words(cause)}); check host and port")
        return NotSent(f"{where}: {self._shown(str(error))}")

    def _listed(self, answers: Mapping[str, SMTPResponse]) -> str:
        return "; ".join(
            f"{address} ({answer.code} {self._shown(answer.message)})" for address, answer in answers.items()
        )

    def _shown(self, text: str) -> str:
        password = self._settings.password
        return shown(text, () if password is None else (password.get_secret_value(),))


def _cause(error: BaseException) -> BaseException:
    """Find what the library's errors were raised from: what the system said."""
    while error.__cause__ is not None:
        error = error.__cause__
    return error
