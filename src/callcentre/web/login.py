"""Logging in: name and password, then a code where the account has an authenticator app; and out again."""

import re
import secrets
from typing import Any, Final
from urllib.parse import unquote

from aiohttp import web

from callcentre.store.account_results import Stage
from callcentre.store.results import Account
from callcentre.web import sessions, totp
from callcentre.web.access import IDENTITY, allows
from callcentre.web.door import Door, door_of
from callcentre.web.identity import LOGIN_COOKIE
from callcentre.web.pages import CSRF, render
from callcentre.web.passwords import TooBusy, problem_with
from callcentre.web.sessions import SIGNED, Signed, cookie_name, hashed
from callcentre.web.site import site_of

_WRONG: Final = "That name and password do not belong together."
_WRONG_CODE: Final = "That code is not right, or was used already. Codes change every half a minute."
_LONGEST_NEXT: Final = 2_000


def routes() -> list[web.RouteDef]:
    """The routes of this module."""
    return [
        web.get("/login", show),
        web.post("/login", log_in),
        web.get("/login/code", show_code),
        web.post("/login/code", take_code),
        web.get("/login/set-up", show_set_up),
        web.post("/login/set-up", set_up),
        web.get("/login/link/{link}", show_link),
        web.post("/login/link/{link}", use_link),
        web.post("/logout", log_out),
    ]


def safe_next(sent: str) -> str:
    """Where to go after log-in: a path of ours, or the first page for whatever is none."""
    plain = all(" " < sign < "\x7f" and sign != "\\" for sign in sent)
    own = sent.startswith("/") and not sent.startswith(("/login", "/logout"))
    # No part is empty or leads back, however it is spelled: nobody reads another path than is meant.
    path = unquote(re.split(r"[?#]", sent)[0])
    straight = not any(part in ("", ".", "..") for part in path.split("/")[1:-1]) and not path.endswith(("/.", "/.."))
    return sent if plain and own and straight and len(sent) <= _LONGEST_NEXT else "/"


# --- name and password -----------------------------------------------------------------------------------------------


@allows(None)
async def show(request: web.Request) -> web.StreamResponse:
    """The log-in page; before there is any account, how to make the first."""
    wanted = safe_next(request.query.get("next", ""))
    if IDENTITY in request:
        raise web.HTTPSeeOther(wanted)
    if not await site_of(request).opened.accounts.any():
        return _private(render(request, "accounts_first.html"))
    return _page(request, "accounts_login.html", next=wanted, name="", wrong="", done=request.query.get("done", ""))


@allows(None)
async def log_in(request: web.Request) -> web.StreamResponse:
    """Take name and password."""
    door, form = door_of(request), await request.post()
    name, password, wanted = _field(form, "name"), _field(form, "password"), safe_next(_field(form, "next"))
    try:
        tried = await door.try_password(request, name, password)
    except TooBusy as busy:
        return _page(request, "accounts_login.html", status=503, next=wanted, name=name, wrong=str(busy), done="")
    if tried.found is None:
        return _refused(request, "accounts_login.html", tried.wait, wrong=_WRONG, next=wanted, name=name, done="")
    account = tried.found.account
    stage = door.stage_of(tried.found)
    door.begin(request, account, stage)
    if stage is Stage.OPEN:
        return await _welcome(request, account, wanted)
    way = "/login/code" if stage is Stage.CODE else "/login/set-up"
    raise web.HTTPSeeOther(str(request.rel_url.with_path(way).with_query({"next": wanted})))


async def _welcome(request: web.Request, account: Account, wanted: str) -> web.StreamResponse:
    door = door_of(request)
    await door.audit(request, account.name, "login")
    response = web.HTTPSeeOther(wanted)
    await door.remember(request, response, account)
    raise response


@allows(None)
async def log_out(request: web.Request) -> web.StreamResponse:
    """End the session."""
    signed = request.get(SIGNED)
    if signed is not None:
        sessions.end(request)
        await door_of(request).audit(request, signed.account.name, "logged out")
    raise web.HTTPSeeOther("/login?done=out")


# --- codes -----------------------------------------------------------------------------------------------------------


@allows(None)
async def show_code(request: web.Request) -> web.StreamResponse:
    """Ask for the code of the authenticator app."""
    _half_way(request, Stage.CODE)
    return _page(request, "accounts_code.html", next=safe_next(request.query.get("next", "")), wrong="")


@allows(None)
async def take_code(request: web.Request) -> web.StreamResponse:
    """Take the code, or a recovery code in its place."""
    account = _half_way(request, Stage.CODE).account
    door, form = door_of(request), await request.post()
    code, wanted = _field(form, "code"), safe_next(_field(form, "next"))
    wait = door.try_code(account.name)
    if wait > 0:
        return _refused(request, "accounts_code.html", wait, wrong="", next=wanted)
    how = await _right_code(door, account.name, code)
    if how is None:
        await door.audit(request, account.name, "login failed", "wrong code")
        return _refused(request, "accounts_code.html", 0, wrong=_WRONG_CODE, next=wanted)
    door.code_was_right(account.name)
    if how == "recovery":
        left = await door.site.opened.accounts.recovery_codes_left(account.name)
        await door.audit(request, account.name, "recovery code used", f"{left} left")
    door.begin(request, account, Stage.OPEN)
    return await _welcome(request, account, wanted)


async def _right_code(door: Door, name: str, code: str) -> str | None:
    """How a code is right, having used it up; None if it is not."""
    accounts = door.site.opened.accounts
    known = await accounts.credentials(name)
    if known is None or known.totp is None:
        return None
    step = totp.step_of(known.totp, code, door.site.clock.now())
    if step is not None:
        return "code" if await accounts.use_totp(name, step) else None
    recovery = totp.recovery_hash(code)
    return "recovery" if recovery is not None and await accounts.use_recovery_code(name, recovery) else None


@allows(None)
async def show_set_up(request: web.Request) -> web.StreamResponse:
    """Where codes are required: set the authenticator app up before anything else."""
    account = _half_way(request, Stage.SET_UP).account
    wanted = safe_next(request.query.get("next", ""))
    return await _offer(request, account, wanted, wrong="")


@allows(None)
async def set_up(request: web.Request) -> web.StreamResponse:
    """Take the first code, and show the recovery codes, once."""
    account = _half_way(request, Stage.SET_UP).account
    door, form = door_of(request), await request.post()
    wanted = safe_next(_field(form, "next"))
    codes = await confirm_totp(request, account, _field(form, "code"))
    if codes is None:
        return await _offer(request, account, wanted, wrong=_WRONG_CODE)
    door.begin(request, account, Stage.OPEN)
    await door.audit(request, account.name, "login")
    response = _page(request, "accounts_codes.html", codes=codes, next=wanted)
    await door.remember(request, response, account)
    return response


async def confirm_totp(request: web.Request, account: Account, code: str) -> list[str] | None:
    """Have codes asked for from now on, if `code` fits the secret that was shown; return new recovery codes."""
    door = door_of(request)
    accounts = door.site.opened.accounts
    known = await accounts.credentials(account.name)
    if known is None or known.totp_new is None or door.try_code(account.name) > 0:
        return None
    now = door.site.clock.now()
    step = totp.step_of(known.totp_new, code, now)
    if step is None:
        return None
    codes = list(totp.new_recovery_codes())
    kept = [one for one in map(totp.recovery_hash, codes) if one is not None]
    if not await accounts.start_totp(account.name, known.totp_new, step, kept, now):
        return None
    door.code_was_right(account.name)
    door.changed()
    await door.audit(request, account.name, "codes on")
    return codes


async def offered(door: Door, account: Account) -> dict[str, str]:
    """The secret that waits to be confirmed (made if there is none), as words and as a picture."""
    accounts = door.site.opened.accounts
    known = await accounts.credentials(account.name)
    secret = None if known is None else known.totp_new
    if secret is None:
        secret = totp.new_secret()
        await accounts.offer_totp(account.name, secret)
    grouped = " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
    return {"secret": grouped, "picture": totp.picture(totp.address_of(secret, account.name))}


async def _offer(request: web.Request, account: Account, wanted: str, *, wrong: str) -> web.Response:
    given = await offered(door_of(request), account)
    return _page(request, "accounts_set_up.html", status=400 if wrong else 200, next=wanted, wrong=wrong, **given)


# --- a link to set a password ----------------------------------------------------------------------------------------


@allows(None)
async def show_link(request: web.Request) -> web.StreamResponse:
    """Ask for a new password, by a link that an administrator made."""
    return await _link_page(request, wrong="")


@allows(None)
async def use_link(request: web.Request) -> web.StreamResponse:
    """Take the new password, once."""
    door, form, mark = door_of(request), await request.post(), hashed(request.match_info["link"])
    accounts, now = door.site.opened.accounts, door.site.clock.now()
    account = await accounts.of_link(mark, now)
    if account is None:
        return await _link_page(request, wrong="")
    password = _field(form, "password")
    wrong = problem_with(password, account.name)
    if not wrong and password != _field(form, "again"):
        wrong = "The two passwords are not the same."
    if wrong:
        return await _link_page(request, wrong=wrong)
    if not await accounts.use_link(mark, await door.passwords.hashed(password), now):
        return await _link_page(request, wrong="")
    door.changed()
    sessions.end(request)
    await door.audit(request, account.name, "password set", "by a link")
    raise web.HTTPSeeOther("/login?done=password")


async def _link_page(request: web.Request, *, wrong: str) -> web.Response:
    site = site_of(request)
    account = await site.opened.accounts.of_link(hashed(request.match_info["link"]), site.clock.now())
    if account is None:
        return _page(request, "accounts_link_gone.html", status=404)
    return _page(request, "accounts_link.html", status=400 if wrong else 200, name=account.name, wrong=wrong)


# --- what they share -------------------------------------------------------------------------------------------------


def _half_way(request: web.Request, stage: Stage) -> Signed:
    """The log-in that has come to `stage`; whoever has none begins anew."""
    signed: Signed | None = request.get(SIGNED)
    if signed is None or signed.session.stage is not stage:
        raise web.HTTPSeeOther("/" if signed is not None and signed.is_open else "/login")
    return signed


def _field(form: Any, name: str) -> str:
    value = form.get(name, "")
    return value if isinstance(value, str) else ""


def _refused(request: web.Request, template: str, wait: float, *, wrong: str, **given: Any) -> web.Response:
    """The page again: with what is wrong, or with how long to wait."""
    if wait <= 0:
        return _page(request, template, status=401, wrong=wrong, **given)
    seconds = int(wait) + 1
    said = f"Too many tries. The next one counts in {seconds} seconds; the right one then works as ever."
    response = _page(request, template, status=429, wrong=said, **given)
    response.headers["Retry-After"] = str(seconds)
    return response


def _page(request: web.Request, template: str, *, status: int = 200, **given: Any) -> web.Response:
    """A page before log-in, whose form bears a token of its own."""
    door = door_of(request)
    fresh = ""
    if CSRF not in request:
        fresh = secrets.token_urlsafe(32)
        door.identities.login_token(request, fresh)
    response = _private(render(request, template, status=status, **given))
    if fresh:
        secure = door.callers.is_secure(request)
        name = cookie_name(LOGIN_COOKIE, secure=secure)
        response.set_cookie(name, fresh, path="/", secure=secure, httponly=True, samesite="Lax")
    return response


def _private(response: web.Response) -> web.Response:
    response.headers["Cache-Control"] = "no-store"
    return response
