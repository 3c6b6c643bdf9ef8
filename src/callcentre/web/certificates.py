"""The certificate that pages are served with: read again when its files change, never served broken."""

import asyncio
import ssl
from pathlib import Path
from typing import Final

from callcentre.core.errors import ConfigError
from callcentre.runtime.log import Log

LOOK_EVERY_SECONDS: Final = 60.0

Mark = tuple[tuple[int, int, int], ...]


class Certificate:
    """A certificate and its key, in files that may change. `asked` is set to have them read at once."""

    def __init__(self, cert: Path, key: Path, log: Log) -> None:
        self._files = (cert, key)
        self._log = log
        self.asked = asyncio.Event()
        self._mark = self._seen()
        try:
            self._current = self._loaded()
            self.listening = self._loaded()
        except (OSError, ssl.SSLError) as error:
            raise ConfigError(f"[web] tls_cert, tls_key: {self._wrong(error)}") from None
        # Asked at each handshake: connections that are open keep what they began with.
        self.listening.sni_callback = self._chosen

    def reload(self) -> bool:
        """Read the files; whether they can be used. If not, the pair before goes on being served."""
        self._mark = self._seen()
        try:
            self._current = self._loaded()
        except (OSError, ssl.SSLError) as error:
            self._log.error("the new certificate cannot be used; the one before goes on", reason=self._wrong(error))
            return False
        self._log.info("the certificate was read again")
        return True

    async def watch(self, every: float = LOOK_EVERY_SECONDS) -> None:
        """Read the files again whenever they have changed, or it was asked for; never returns."""
        while True:
            try:
                async with asyncio.timeout(every):
                    await self.asked.wait()
            except TimeoutError:
                if self._seen() == self._mark:
                    continue
            self.asked.clear()
            self.reload()

    def _chosen(self, connection: ssl.SSLObject, _name: str | None, _context: ssl.SSLContext) -> None:
        connection.context = self._current

    def _loaded(self) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        # Without a word OpenSSL would ask the terminal for the password of an encrypted key.
        context.load_cert_chain(*self._files, password=lambda: "")
        return context

    def _seen(self) -> Mark:
        """What the files look like: another one when either was written or put in place."""
        found = []
        for file in self._files:
            try:
                state = file.stat()
            except OSError:
                found.append((0, 0, 0))
            else:
                found.append((state.st_mtime_ns, state.st_size, state.st_ino))
        return tuple(found)

    def _wrong(self, error: OSError | ssl.SSLError) -> str:
        names = " and ".join(str(file) for file in self._files)
        if isinstance(error, ssl.SSLError):
            return f"{names} are no certificate and its key in PEM, without a password ({error.reason or 'unreadable'})"
        return f"{error.filename or names} cannot be read ({error.strerror})"
