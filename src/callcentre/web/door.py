"""The door: all that decides who comes in, in one place for the pages of accounts."""

import secrets
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from callcentre.store.account_results import Credentials, Stage
from callcentre.store.account_rows import key_of
from callcentre.store.results import Account
from callcentre.web import sessions
from callcentre.web.callers import Callers
from callcentre.web.guessing import Guesses, Key
from callcentre.web.identity import Identities
from callcentre.web.passwords import Passwords
from callcentre.web.sessions import Storage, cookie_name
from callcentre.web.site import Site

DEVICE_COOKIE: Final = "callcentre-device"
"""Says that an account has logged in on this browser before: others' guesses do not slow it down."""
_DEVICE_SECONDS: Final = 365 * 86_400
_MOST_COOKIE: Final = 300
# How many failures may come without waiting, by what they are counted by.
_FREE: Final = {"pair": 4, "account": 20, "address": 20, "device": 5, "code": 4}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What became of a password: the credentials it was right for, or how many seconds to wait before the next try."""

    found: Credentials | None = None
    wait: float = 0.0


class Door:
    """Lets people in and out. One for each server."""

    def __init__(self, site: Site, *, passwords: Passwords | None = None) -> None:
        self.site = site
        self.passwords = passwords or Passwords()
        self.callers = Callers(site.config.web, site.log)
        self.storage = Storage(site, self.callers)
        self.identities = Identities(site, self.callers, self.storage)
        self._guesses = Guesses(_FREE)

    # --- proving who one is ----------------------------------------------------------------------------------------

    async def try_password(self, request: web.Request, name: str, password: str) -> Tried:
        """See whether this is the account's password; no difference can be seen between a wrong name and a wrong one.

        Raises TooBusy, and what the store raises.
        """
        own, shared = await self._counted(request, name)
        wait = self._guesses.tried([*own, *shared], self.site.clock.monotonic())
        if wait > 0:
            return Tried(wait=wait)
        known = await self.site.opened.accounts.credentials(name)
        verdict = await self.passwords.verify(password, None if known is None else known.password)
        if known is None or not verdict.right or known.account.disabled:
            who = "" if known is None else known.account.name
            await self.audit(request, who, "login failed", "unknown name" if known is None else _why(known))
            return Tried()
        self._guesses.passed(own)
        self._guesses.taken_back(shared)
        if verdict.better is not None and known.password is not None:
            await self.site.opened.accounts.rehash(name, known.password, verdict.better)
        return Tried(found=known)

    async def confirm_password(self, account: Account, session: str, password: str) -> Tried:
        """See whether who is logged in knows the account's password, before something that matters."""
        keys: list[Key] = [("device", key_of(account.name), session)]
        wait = self._guesses.tried(keys, self.site.clock.monotonic())
        if wait > 0:
            return Tried(wait=wait)
        known = await self.site.opened.accounts.credentials(account.name)
        verdict = await self.passwords.verify(password, None if known is None else known.password)
        if not verdict.right:
            return Tried()
        self._guesses.passed(keys)
        return Tried(found=known)

    def try_code(self, name: str) -> float:
        """Note a try at an account's codes; 0 if it may be made, else the seconds to wait."""
        return self._guesses.tried([("code", key_of(name))], self.site.clock.monotonic())

    def code_was_right(self, name: str) -> None:
        """Forget what failed before."""
        self._guesses.passed([("code", key_of(name))])

    async def _counted(self, request: web.Request, name: str) -> tuple[list[Key], list[Key]]:
        """What a try is counted by: what is this person's own, and what they share with others."""
        key, network = key_of(name), self.callers.network(request)
        device = await self._device(request, key)
        if device is not None:
            return [("device", key, device)], []
        return [("pair", key, network)], [("account", key), ("address", network)]

    # --- a device that is known ------------------------------------------------------------------------------------

    async def _device(self, request: web.Request, key: str) -> str | None:
        """Which device this is, if the account has logged in on it before."""
        cookie = request.cookies.get(cookie_name(DEVICE_COOKIE, secure=self.callers.is_secure(request)), "")
        device, _, signature = cookie.partition(".")
        if not device or not signature.isascii() or len(cookie) > _MOST_COOKIE:
            return None
        expected = await self.identities.signature("device", key, device)
        return device if secrets.compare_digest(expected, signature) else None

    async def remember(self, request: web.Request, response: web.StreamResponse, account: Account) -> None:
        """Know this device again at the account's next log-in."""
        secure, key = self.callers.is_secure(request), key_of(account.name)
        device = await self._device(request, key) or secrets.token_urlsafe(16)
        signature = await self.identities.signature("device", key, device)
        response.set_cookie(
            cookie_name(DEVICE_COOKIE, secure=secure),
            f"{device}.{signature}",
            max_age=_DEVICE_SECONDS,
            path="/",
            secure=secure,
            httponly=True,
            samesite="Lax",
        )

    # --- in and out ------------------------------------------------------------------------------------------------

    def stage_of(self, known: Credentials) -> Stage:
        """How far a right password leads."""
        if known.totp is not None:
            return Stage.CODE
        return Stage.SET_UP if self.site.config.web.require_totp else Stage.OPEN

    def begin(self, request: web.Request, account: Account, stage: Stage) -> None:
        """Begin a session with the response to this request."""
        sessions.begin(request, account, stage)

    def changed(self) -> None:
        """Something about an account has changed: no session is believed without asking the store."""
        self.storage.forget()

    async def audit(self, request: web.Request, who: str, action: str, what: str = "") -> None:
        """Write down who did what, and from where."""
        await self.site.audit(who, action, what, address=self.callers.address(request))


DOOR: Final = web.AppKey("door", Door)


def door_of(request: web.Request) -> Door:
    """The door of the server that a request came to."""
    return request.config_dict[DOOR]


def _why(known: Credentials) -> str:
    if known.account.disabled:
        return "disabled"
    return "wrong password" if known.password is not None else "has no password"
