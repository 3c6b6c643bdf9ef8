"""One client's connection: logging in, its rights, its actions, and what it hears.

Everything happens in the event loop's callbacks, in the order the bytes came; a reply is written before the events that
its action caused.
"""

import asyncio
import hashlib
from collections.abc import Callable
from typing import Protocol

from callcentre_simulator.accounts import Account
from callcentre_simulator.load import BurstTemplate
from callcentre_simulator.render import reply_bytes, response_bytes
from callcentre_simulator.requests import Request, RequestReader
from callcentre_simulator.security import SecurityLog
from callcentre_simulator.versions import ACTION_CLASSES, ALL_CLASSES, Version, class_mask, event_mask
from callcentre_simulator.wire import ActionHeaders, AmiEvent, Reply

REFUSAL_SECONDS = 1.0
"""Asterisk sleeps that long before it refuses a login."""

AUTH_SECONDS = 30.0
"""authtimeout: how long a connection may stay without a login."""

_SYSTEM = class_mask("system")
_UNKNOWN = "Invalid/unknown command: {}. Use Action: ListCommands to show available commands."


class Office(Protocol):
    """What a session needs of the server it belongs to."""

    version: Version
    refusal_seconds: float
    auth_seconds: float

    def now(self) -> float:
        """The PBX's time."""

    def uptime(self) -> float:
        """Seconds since the PBX booted."""

    def account(self, name: str) -> Account | None:
        """The account of this name, in any case."""

    def taken(self, account: Account) -> bool:
        """Whether a session of this account is logged in."""

    def challenge(self) -> str:
        """Fresh digits for an MD5 login."""

    def perform(self, session: "Session", action: str, headers: ActionHeaders) -> Reply:
        """Let the model act; the events that come of it wait until `answered`."""

    def answered(self) -> None:
        """The reply is out: send the events that waited."""

    def report(self, event: AmiEvent) -> None:
        """Send an event of the manager's own to all who may hear it."""

    def joined(self, session: "Session") -> None:
        """The session has logged in."""

    def pinged(self, session: "Session") -> None:
        """The session has sent a Ping."""


class Session:
    """The state of one connection. `write` takes bytes, `close` hangs up when they are out."""

    def __init__(
        self, office: Office, log: SecurityLog, write: Callable[[bytes], None], close: Callable[[], None]
    ) -> None:
        self.account: Account | None = None
        self.mask = ALL_CLASSES
        self._shares: dict[BurstTemplate, tuple[bytes, int]] = {}
        self._office = office
        self._log = log
        self._write = write
        self._close = close
        self._reader = RequestReader()
        self._challenge: str | None = None
        self._closing = False
        self._timer: asyncio.TimerHandle | None = asyncio.get_running_loop().call_later(
            office.auth_seconds, self._give_up
        )
        self._own: dict[str, Callable[[Request], None]] = {
            "login": self._login,
            "logoff": self._logoff,
            "challenge": self._give_challenge,
            "events": self._events,
            "ping": self._ping,
        }
        write(office.version.banner)

    def received(self, data: bytes) -> None:
        """Bytes from the client; what they ask is answered at once."""
        for request in self._reader.feed(data):
            if self._closing:
                return
            self._answer(request)

    def ended(self) -> None:
        """The connection is gone."""
        self._closing = True
        if self._timer is not None:
            self._timer.cancel()

    def hears(self, needs: int, event: AmiEvent, data: bytes) -> bool:
        """Whether this client is sent the event: it needs all of the event's classes, and its filters' leave."""
        account = self.account
        return (
            account is not None
            and needs & account.read & self.mask == needs
            and (not account.filters or account.hears(event.name, data))
        )

    @property
    def listens(self) -> bool:
        """Whether the client is logged in to hear anything; one that only acts asked for `Events: off`."""
        return self.account is not None and bool(self.account.read & self.mask)

    def share(self, burst: BurstTemplate) -> tuple[bytes, int]:
        """What of a burst this client is sent: the template and how many events; decided once, by a sample."""
        share = self._shares.get(burst)
        if share is None:
            mine = tuple(
                index
                for index, row in enumerate(burst.rows)
                if self.hears(row.needs, AmiEvent(row.name, "", ()), row.sample)
            )
            share = self._shares[burst] = (burst.joined(mine), len(mine))
        return share

    # --- requests -----------------------------------------------------------------------------------------------------

    def _answer(self, request: Request) -> None:
        if request.fault:
            self._error(request, request.fault)
            return
        action = request.action.lower()
        if not action:
            self._error(request, "Missing action in request")
            self._log.bad_format("")
        elif self.account is None and action not in {"login", "logoff", "challenge"}:
            self._error(request, "Permission denied")
            self._log.not_allowed(request.action)
        elif own := self._own.get(action):
            own(request)
        else:
            self._perform(request, action)

    def _perform(self, request: Request, action: str) -> None:
        account = self.account
        needs = class_mask(ACTION_CLASSES.get(action, ""))
        if account is None or (needs and not needs & account.write):
            self._error(request, "Permission denied")
            self._log.not_allowed(request.action)
            return
        if not self._office.version.knows(action):
            reply = Reply(success=False, headers=(("Message", _UNKNOWN.format(request.action)),))
        else:
            reply = self._office.perform(self, request.action, request.headers)
        self._write(reply_bytes(reply, request.action_id))
        if not reply.success and ("Message", _UNKNOWN.format(request.action)) in reply.headers:
            self._log.bad_format(request.action)
        self._office.answered()

    def _error(self, request: Request, message: str) -> None:
        self._write(response_bytes("Error", request.action_id, (("Message", message),)))

    def _success(self, request: Request, *headers: tuple[str, str]) -> None:
        self._write(response_bytes("Success", request.action_id, headers))

    # --- the manager's own actions ---------------------------------------------------------------------------------

    def _ping(self, request: Request) -> None:
        self._success(request, ("Ping", "Pong"), ("Timestamp", f"{self._office.now():.6f}"))
        self._office.pinged(self)

    def _events(self, request: Request) -> None:
        mask = event_mask(request.headers.get("EventMask"))
        if mask is None:
            self._error(request, "Invalid event mask")
            return
        self.mask = mask
        self._shares.clear()
        self._success(request, ("Events", "On" if mask else "Off"))

    def _logoff(self, request: Request) -> None:
        self._write(response_bytes("Goodbye", request.action_id, (("Message", "Thanks for all the fish."),)))
        self._hang_up()

    def _give_challenge(self, request: Request) -> None:
        if request.headers.get("AuthType", "").lower() != "md5":
            self._error(request, "Must specify AuthType")
            return
        if self._challenge is None:
            self._challenge = self._office.challenge()
        self._success(request, ("Challenge", self._challenge))

    def _login(self, request: Request) -> None:
        if self.account is not None:
            self._success(request, ("Message", "Already authenticated"))
            return
        account = self._identified(request.headers)
        if account is None:
            self._refuse(request, "Authentication failed")
        elif not account.allow_multiple and self._office.taken(account):
            self._log.session_limit()
            self._refuse(request, "Login Already In Use")
        else:
            self._admit(request, account)

    def _identified(self, headers: ActionHeaders) -> Account | None:
        name = headers.get("Username", "")
        if not name:
            return None
        account = self._office.account(name)
        if account is None:
            self._log.refused(name, known=False)
        elif headers.get("AuthType", "").lower() == "md5":
            return account if self._answers(headers.get("Key", ""), account) else None
        elif account.secret and headers.get("Secret") == account.secret:
            return account
        else:
            self._log.refused(name, known=True)
        return None

    def _answers(self, key: str, account: Account) -> bool:
        if self._challenge is None:
            return False
        expected = hashlib.md5((self._challenge + account.secret).encode(), usedforsecurity=False).hexdigest()
        if key != expected:
            self._log.challenge_failed(self._challenge, key, expected)
        return key == expected

    def _admit(self, request: Request, account: Account) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        asked = event_mask(request.headers.get("Events"))
        self.mask = ALL_CLASSES if asked is None else asked
        self.account = account
        self._shares.clear()
        self._success(request, ("Message", "Authentication accepted"))
        if account.read & self.mask & _SYSTEM:
            up = int(self._office.uptime())
            self._write(
                f"Event: FullyBooted\r\nPrivilege: system,all\r\nUptime: {up}\r\nLastReload: {up}\r\n"
                "Status: Fully Booted\r\n\r\n".encode()
            )
        self._office.joined(self)
        self._log.accepted(request.headers["Username"])

    def _refuse(self, request: Request, message: str) -> None:
        self._closing = True
        data = response_bytes("Error", request.action_id, (("Message", message),))

        def refuse() -> None:
            self._write(data)
            self._close()

        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(self._office.refusal_seconds, refuse)

    def _hang_up(self) -> None:
        self._closing = True
        self._close()

    def _give_up(self) -> None:
        self._timer = None
        if self.account is None:
            self._hang_up()
