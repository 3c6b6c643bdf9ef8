"""/account: a person's own password, codes and sessions."""

from typing import Any, Final

from aiohttp import web

from callcentre.store.account_results import Stage
from callcentre.store.results import Role
from callcentre.web.access import account_of, allows
from callcentre.web.door import Door, door_of
from callcentre.web.login import confirm_totp, offered
from callcentre.web.pages import render
from callcentre.web.passwords import TooBusy, problem_with
from callcentre.web.sessions import SIGNED, Signed, is_alive

_DONE: Final = {
    "password": "Your password is changed. Everywhere else you are logged out.",
    "codes-off": "You are not asked for codes any more.",
    "session": "That session is ended.",
    "sessions": "Everywhere else you are logged out.",
}
_WRONG_PASSWORD: Final = "That is not your password."  # noqa: S105  words


def routes() -> list[web.RouteDef]:
    """The routes of this module."""
    return [
        web.get("/account", show),
        web.post("/account/password", change_password),
        web.get("/account/codes", show_codes),
        web.post("/account/codes", start_codes),
        web.post("/account/codes-off", stop_codes),
        web.post("/account/session", end_session),
        web.post("/account/sessions", end_sessions),
    ]


@allows(Role.AGENT)
async def show(request: web.Request) -> web.StreamResponse:
    """Everything of one's own account."""
    return await _page(request)


@allows(Role.AGENT)
async def change_password(request: web.Request) -> web.StreamResponse:
    """Take a new password, from who knows the old one; all other sessions end."""
    door, signed, form = door_of(request), _signed(request), await request.post()
    account, new = signed.account, str(form.get("new", ""))
    wrong = await _not_them(door, signed, str(form.get("password", "")))
    wrong = wrong or problem_with(new, account.name)
    if not wrong and new != str(form.get("again", "")):
        wrong = "The two new passwords are not the same."
    if wrong:
        return await _page(request, status=400, wrong={"password": wrong})
    accounts = door.site.opened.accounts
    await accounts.set_password(account.name, await door.passwords.hashed(new), door.site.clock.now())
    door.changed()
    door.begin(request, account, Stage.OPEN)
    await door.audit(request, account.name, "password changed")
    raise web.HTTPSeeOther("/account?done=password")


# --- codes -----------------------------------------------------------------------------------------------------------


@allows(Role.AGENT)
async def show_codes(request: web.Request) -> web.StreamResponse:
    """Show the picture for the authenticator app."""
    return await _codes_page(request, wrong="")


@allows(Role.AGENT)
async def start_codes(request: web.Request) -> web.StreamResponse:
    """Ask for codes from now on, having seen the first one; all other sessions end."""
    door, signed, form = door_of(request), _signed(request), await request.post()
    wrong = await _not_them(door, signed, str(form.get("password", "")))
    codes = None if wrong else await confirm_totp(request, signed.account, str(form.get("code", "")))
    if codes is None:
        return await _codes_page(request, wrong=wrong or "That code is not right. Type the one that is shown now.")
    door.begin(request, signed.account, Stage.OPEN)
    return _private(render(request, "accounts_codes.html", codes=codes, next="/account"))


@allows(Role.AGENT)
async def stop_codes(request: web.Request) -> web.StreamResponse:
    """Ask for no more codes, where the office lets its people choose."""
    door, signed, form = door_of(request), _signed(request), await request.post()
    wrong = await _not_them(door, signed, str(form.get("password", "")))
    if door.site.config.web.require_totp:
        wrong = "This office asks everybody for codes."
    if wrong:
        return await _page(request, status=400, wrong={"codes": wrong})
    await door.site.opened.accounts.stop_totp(signed.account.name, door.site.clock.now())
    door.changed()
    door.begin(request, signed.account, Stage.OPEN)
    await door.audit(request, signed.account.name, "codes off")
    raise web.HTTPSeeOther("/account?done=codes-off")


async def _codes_page(request: web.Request, *, wrong: str) -> web.StreamResponse:
    signed, door = _signed(request), door_of(request)
    if signed.account.totp:
        raise web.HTTPSeeOther("/account")
    given = await offered(door, signed.account)
    return _private(
        render(request, "accounts_codes_on.html", status=400 if wrong else 200, wrong=wrong, **given),
    )


# --- sessions --------------------------------------------------------------------------------------------------------


@allows(Role.AGENT)
async def end_session(request: web.Request) -> web.StreamResponse:
    """End one of one's own sessions."""
    door, signed, form = door_of(request), _signed(request), await request.post()
    if await door.site.opened.sessions.end(signed.account.name, str(form.get("session", ""))):
        door.changed()
        await door.audit(request, signed.account.name, "session ended")
    raise web.HTTPSeeOther("/account?done=session")


@allows(Role.AGENT)
async def end_sessions(request: web.Request) -> web.StreamResponse:
    """End all of one's own sessions but this."""
    door, signed = door_of(request), _signed(request)
    await door.site.opened.sessions.end_all(signed.account.name, but=signed.session.hash)
    door.changed()
    await door.audit(request, signed.account.name, "other sessions ended")
    raise web.HTTPSeeOther("/account?done=sessions")


# --- what they share -------------------------------------------------------------------------------------------------


def _signed(request: web.Request) -> Signed:
    """The session; who came by a proxy's word has none, and nothing here to change."""
    signed: Signed | None = request.get(SIGNED)
    if signed is None:
        raise web.HTTPForbidden(text="the proxy logs this account in: its password and codes are there")
    return signed


async def _not_them(door: Door, signed: Signed, password: str) -> str:
    """What is wrong with the password of who is logged in; empty if it is theirs."""
    try:
        tried = await door.confirm_password(signed.account, signed.session.hash, password)
    except TooBusy as busy:
        return str(busy)
    if tried.wait > 0:
        return f"Too many tries. The next one counts in {int(tried.wait) + 1} seconds."
    return "" if tried.found is not None else _WRONG_PASSWORD


async def _page(request: web.Request, *, status: int = 200, wrong: dict[str, str] | None = None) -> web.Response:
    door, account = door_of(request), account_of(request)
    signed: Signed | None = request.get(SIGNED)
    accounts, settings, now = door.site.opened.accounts, door.site.config.web, door.site.clock.now()
    given: dict[str, Any] = {
        "by_proxy": signed is None,
        "session": None if signed is None else signed.session.hash,
        "sessions": [
            one
            for one in await door.site.opened.sessions.of(account.name)
            if one.stage is Stage.OPEN and is_alive(one, now, settings.session_idle, settings.session_longest)
        ],
        "codes_left": await accounts.recovery_codes_left(account.name) if account.totp else 0,
        "required": settings.require_totp,
        "wrong": wrong or {},
        "done": _DONE.get(request.query.get("done", ""), ""),
    }
    return _private(render(request, "accounts_me.html", status=status, **given))


def _private(response: web.Response) -> web.Response:
    response.headers["Cache-Control"] = "no-store"
    return response
