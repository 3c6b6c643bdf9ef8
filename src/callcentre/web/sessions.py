"""Sessions: a cookie that only the browser has, a row that only its hash leads to, limits to both idleness and age.

Built on aiohttp-session's storage. Its middleware is not used: it keeps things under names that aiohttp 3.14 warns of.
"""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from aiohttp_session import AbstractStorage, Session

from callcentre.config.settings import WebSettings
from callcentre.core.errors import StoreUnavailable
from callcentre.store.account_results import SessionSeen, Stage
from callcentre.store.results import Account
from callcentre.web.callers import Callers
from callcentre.web.site import Site

COOKIE: Final = "callcentre"
SEEN_EVERY: Final = timedelta(minutes=1)
"""How often it is written down at most that a session is in use."""
HALF_WAY: Final = timedelta(minutes=10)
"""How long a log-in may take between password and code."""
# What is remembered of the store for a moment, so that two hundred wallboards do not ask it two hundred times at once.
_REMEMBERED_SECONDS: Final = 1.0
_MOST_REMEMBERED: Final = 2_000
_LONGEST_COOKIE: Final = 200
_LONGEST_AGENT: Final = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A session that is alive, with its account. `cookie` is its secret, never shown or stored."""

    session: SessionSeen
    account: Account
    cookie: str

    @property
    def is_open(self) -> bool:
        """Whether the log-in is complete."""
        return self.session.stage is Stage.OPEN


SIGNED: Final = web.RequestKey("signed", Signed)
_SESSION: Final = web.RequestKey("session", Session)
_STORAGE: Final = web.AppKey("sessions", AbstractStorage)


def hashed(secret: str) -> str:
    """What is stored of a secret with 160 bits or more, which needs no slow hash."""
    return hashlib.sha256(_bytes(secret)).hexdigest()


def csrf_of(secret: str) -> str:
    """The token that forms of a session send back: made of its secret, which it does not tell."""
    return base64.urlsafe_b64encode(hmac.digest(_bytes(secret), b"csrf", "sha256")).decode().rstrip("=")


def _bytes(secret: str) -> bytes:
    """What was sent, whatever it was: a header need not be UTF-8 (aiohttp keeps its bytes as surrogates)."""
    return secret.encode(errors="surrogatepass")


def is_alive(session: SessionSeen, now: datetime, idle: timedelta, longest: timedelta) -> bool:
    """Whether a session may still be used: not too long unused, not too old, a half-way log-in not too slow."""
    age, unused = now - session.created_at, now - session.seen_at
    return unused < idle and age < (longest if session.stage is Stage.OPEN else min(longest, HALF_WAY))


def cookie_name(name: str, *, secure: bool) -> str:
    """`__Host-` keeps other hosts of the domain from setting it; browsers take it only under TLS."""
    return f"__Host-{name}" if secure else name


class Storage(AbstractStorage):
    """Sessions in our database. Its Session holds `user` and `stage`; a new one takes the place of the one before."""

    def __init__(self, site: Site, callers: Callers) -> None:
        super().__init__(cookie_name=COOKIE, httponly=True, samesite="Lax")
        self._site = site
        self._callers = callers
        self._remembered: dict[str, tuple[float, SessionSeen, Account]] = {}
        self._seen: dict[str, datetime] = {}

    def forget(self) -> None:
        """Ask the store again for every session: something about an account has changed."""
        self._remembered.clear()

    async def load_session(self, request: web.Request) -> Session:
        """The session of the request, if it is alive; else an empty new one."""
        cookie = self._sent(request)
        found = await self._found(cookie) if cookie else None
        if found is None:
            return Session(None, data=None, new=True)
        session, account = found
        request[SIGNED] = Signed(session=session, account=account, cookie=cookie)
        if session.stage is Stage.OPEN and not _is_by_itself(request):
            await self._was_seen(session, self._callers.address(request))
        data = {"user": account.name, "stage": str(session.stage)}
        return Session(cookie, data={"created": int(session.created_at.timestamp()), "session": data}, new=False)

    def _sent(self, request: web.Request) -> str:
        """The session's cookie that came with a request; empty if none did that can be one."""
        cookie = request.cookies.get(cookie_name(COOKIE, secure=self._callers.is_secure(request)), "")
        return cookie if len(cookie) <= _LONGEST_COOKIE else ""

    async def save_session(self, request: web.Request, response: web.StreamResponse, session: Session) -> None:
        """Store a session that was begun, and give the browser its cookie; or end the one that was emptied."""
        secure = self._callers.is_secure(request)
        name, before = cookie_name(COOKIE, secure=secure), request.get(SIGNED)
        self.forget()
        if session.empty:
            if before is not None:
                await self._site.opened.sessions.end(before.account.name, before.session.hash)
            response.del_cookie(name, path="/", secure=secure, httponly=True, samesite="Lax")
            return
        now, cookie = self._site.clock.now(), secrets.token_urlsafe(32)
        began = SessionSeen(
            hash=hashed(cookie),
            stage=Stage(session["stage"]),
            created_at=now,
            seen_at=now,
            address=self._callers.address(request),
            agent=browser_of(request),
        )
        await self._site.opened.sessions.begin(
            session["user"],
            began,
            # Also where it was not asked who bears it, for a proxy or a token said who it is.
            instead_of=hashed(sent) if (sent := self._sent(request)) else None,
            before=now - self._settings.session_longest,
        )
        response.set_cookie(name, cookie, path="/", secure=secure, httponly=True, samesite="Lax")

    @property
    def _settings(self) -> WebSettings:
        return self._site.config.web

    async def _found(self, cookie: str) -> tuple[SessionSeen, Account] | None:
        mark, moment = hashed(cookie), self._site.clock.monotonic()
        known = self._remembered.get(mark)
        if known is not None and moment - known[0] < _REMEMBERED_SECONDS:
            session, account = known[1:]
        else:
            found = await self._site.opened.sessions.find(mark)
            if found is None:
                self._remembered.pop(mark, None)
                return None
            session, account = found
            if len(self._remembered) >= _MOST_REMEMBERED:
                self._remembered.clear()
            self._remembered[mark] = (moment, session, account)
        settings = self._settings
        alive = is_alive(session, self._site.clock.now(), settings.session_idle, settings.session_longest)
        return (session, account) if alive and not account.disabled else None

    async def _was_seen(self, session: SessionSeen, address: str) -> None:
        """Write down that a session is used, at most once a minute; a page is not refused because that fails."""
        now = self._site.clock.now()
        if now - max(session.seen_at, self._seen.get(session.hash, session.seen_at)) < SEEN_EVERY:
            return
        if len(self._seen) >= _MOST_REMEMBERED:
            self._seen.clear()
        self._seen[session.hash] = now
        try:
            await self._site.opened.sessions.seen(session.hash, now, address)
        except StoreUnavailable as error:
            self._site.log.debug("the use of a session was not written down", reason=error)


async def session_of(request: web.Request) -> Session:
    """The session of a request, read once."""
    if _SESSION not in request:
        request[_SESSION] = await request.app[_STORAGE].load_session(request)
    return request[_SESSION]


def begin(request: web.Request, account: Account, stage: Stage) -> None:
    """Begin a session of `account` with the response to this request, in the place of the one before."""
    session = Session(None, data=None, new=True)
    session["user"], session["stage"] = account.name, str(stage)
    request[_SESSION] = session


def end(request: web.Request) -> None:
    """End the session with the response to this request."""
    session = Session(None, data=None, new=True)
    session.invalidate()
    request[_SESSION] = session


def keeping(app: web.Application, storage: Storage) -> Middleware:
    """What stores sessions that were begun or ended, before the response goes out."""
    app[_STORAGE] = storage

    @web.middleware
    async def kept(request: web.Request, handler: Handler) -> web.StreamResponse:
        response: web.StreamResponse
        raised = None
        try:
            response = await handler(request)
        except web.HTTPException as error:
            response = raised = error
        session = request.get(_SESSION)
        if session is not None and session._changed and not response.prepared:  # noqa: SLF001  as its own middleware
            await storage.save_session(request, response, session)
        if raised is not None:
            raise raised
        return response

    return kept


def _is_by_itself(request: web.Request) -> bool:
    """Whether a page that was left open asks by itself: that is no use of the session, save of a wallboard's."""
    return "X-Part" in request.headers or request.path == "/events"


def browser_of(request: web.Request) -> str:
    """What a browser calls itself, in one short line: for its owner to tell sessions apart."""
    said = "".join(sign if sign.isprintable() else " " for sign in request.headers.get("User-Agent", ""))
    return said[:_LONGEST_AGENT]
