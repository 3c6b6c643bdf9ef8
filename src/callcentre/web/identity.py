"""Who asks: an API token, the header of a proxy that has logged them in, or a session; and the token of their forms."""

import hmac
from datetime import datetime, timedelta
from typing import Final

from aiohttp import web

from callcentre.core.errors import StoreUnavailable
from callcentre.store.account_results import ApiToken
from callcentre.store.results import Account
from callcentre.web.access import ADDRESS, Identity
from callcentre.web.callers import Callers
from callcentre.web.pages import CSRF
from callcentre.web.sessions import SIGNED, Storage, cookie_name, csrf_of, hashed, session_of
from callcentre.web.site import Site

LOGIN_COOKIE: Final = "callcentre-login"
"""The cookie whose token the forms before log-in send back."""
TOKEN_PREFIX: Final = "callcentre_"  # noqa: S105  what tokens begin with, so that they are found where they leak
SCOPES: Final = {
    "tasks:read": "see callbacks",
    "tasks:write": "work callbacks",
    "calls:read": "see calls",
    "attendance:read": "see attendance",
    "figures:read": "see figures",
    "incidents:read": "see incidents with abusive callers",
    "incidents:write": "review their marks, as the role that does",
    "events:read": "follow what happens",
}
"""What a token may be allowed, and what that is."""
_USED_EVERY: Final = timedelta(minutes=1)
_LONGEST_TOKEN: Final = 200


class Identities:
    """Finds out who asks (web.access.Identify). Raises what the store raises."""

    def __init__(self, site: Site, callers: Callers, storage: Storage) -> None:
        self._site = site
        self._callers = callers
        self._storage = storage
        self._secret: bytes | None = None

    async def identify(self, request: web.Request) -> Identity | None:
        """Who asks; None for nobody, and for a log-in that is half done. Sets the token that their forms must bear.

        A token counts alone: whoever sends a wrong one is nobody, whatever cookie comes along.
        """
        request[ADDRESS] = self._callers.address(request)
        scheme, _, sent = request.headers.get("Authorization", "").partition(" ")
        if scheme.casefold() == "bearer":
            return await self._by_token(sent.strip())
        name = self._callers.named(request)
        if name is not None:
            return await self._by_proxy(request, name)
        await session_of(request)
        signed = request.get(SIGNED)
        if signed is None:
            self._before_login(request)
            return None
        request[CSRF] = csrf_of(signed.cookie)
        return Identity(account=signed.account) if signed.is_open else None

    def login_token(self, request: web.Request, made: str) -> str:
        """Return the token for forms of a browser whose login cookie is `made`."""
        request[CSRF] = csrf_of(made)
        return request[CSRF]

    async def signature(self, *parts: str) -> str:
        """What only we can make of `parts`, with a secret of the database."""
        if self._secret is None:
            self._secret = await self._site.opened.accounts.secret("web")
        return hmac.digest(self._secret, "\0".join(parts).encode(errors="replace"), "sha256").hex()

    def _before_login(self, request: web.Request) -> None:
        cookie = request.cookies.get(cookie_name(LOGIN_COOKIE, secure=self._callers.is_secure(request)))
        if cookie and len(cookie) <= _LONGEST_TOKEN:
            request[CSRF] = csrf_of(cookie)

    async def _by_token(self, sent: str) -> Identity | None:
        if not sent.startswith(TOKEN_PREFIX) or len(sent) > _LONGEST_TOKEN:
            return None
        found = await self._site.opened.tokens.find(hashed(sent))
        if found is None:
            return None
        token, account = found
        now = self._site.clock.now()
        if account.disabled or (token.expires_at is not None and token.expires_at <= now):
            return None
        await self._was_used(token, now)
        return Identity(account=account, token=token.name, scopes=token.scopes)

    async def _was_used(self, token: ApiToken, now: datetime) -> None:
        if token.used_at is not None and now - token.used_at < _USED_EVERY:
            return
        try:
            await self._site.opened.tokens.used(token.hash, now)
        except StoreUnavailable as error:
            self._site.log.debug("the use of a key was not written down", reason=error)

    async def _by_proxy(self, request: web.Request, name: str) -> Identity | None:
        """The account that the proxy names. Its forms are signed for the account: there is no session to sign for."""
        account: Account | None = await self._site.opened.accounts.account(name)
        if account is None or account.disabled:
            return None
        request[CSRF] = await self.signature("csrf", account.name)
        return Identity(account=account)
