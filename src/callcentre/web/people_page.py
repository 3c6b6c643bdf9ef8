"""/users: who may log in, as what, and with which tokens their programs may."""

from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta
from secrets import token_urlsafe
from typing import Any, Final
from urllib.parse import quote

from aiohttp import web

from callcentre.store.account_results import Stage
from callcentre.store.account_rows import key_of
from callcentre.store.results import Account, Role
from callcentre.web.access import account_of, allows
from callcentre.web.door import door_of
from callcentre.web.identity import SCOPES
from callcentre.web.pages import render
from callcentre.web.passwords import problem_with
from callcentre.web.people import new_token, problem_of, problem_of_token, role_of
from callcentre.web.sessions import hashed, is_alive
from callcentre.web.site import site_of

_LINK_LASTS: Final = timedelta(hours=24)
_LONGEST_DAYS: Final = 3_660
_LAST_ADMIN: Final = "This is the last administrator, whom the office needs: make another first."
_DONE: Final = {
    "added": "The account is made.",
    "described": "That is saved.",
    "role": "The role is changed. Their sessions have ended.",
    "password": "The password is set. Their sessions have ended.",
    "disabled": "The account is shut. Their sessions have ended, their tokens are void.",
    "enabled": "The account is open again.",
    "codes": "They log in without a code now.",
    "sessions": "Their sessions have ended.",
    "removed": "The account is removed.",
    "token": "The token is void.",
}


def routes() -> list[web.RouteDef]:
    """The routes of this module."""
    one = "/users/{name}"
    return [
        web.get("/users", show_all),
        web.post("/users", add),
        web.get(one, show),
        web.post(f"{one}/describe", describe),
        web.post(f"{one}/role", change_role),
        web.post(f"{one}/password", set_password),
        web.post(f"{one}/link", make_link),
        web.post(f"{one}/disable", disable),
        web.post(f"{one}/enable", enable),
        web.post(f"{one}/codes-off", stop_codes),
        web.post(f"{one}/sessions", end_sessions),
        web.post(f"{one}/remove", remove),
        web.post(f"{one}/tokens", make_token),
        web.post(f"{one}/tokens/remove", remove_token),
    ]


# --- all of them -----------------------------------------------------------------------------------------------------


@allows(Role.ADMIN)
async def show_all(request: web.Request) -> web.StreamResponse:
    """All accounts, and a form for a new one."""
    return await _list(request)


@allows(Role.ADMIN)
async def add(request: web.Request) -> web.StreamResponse:
    """Make an account: with the password typed here, or with a link by which they set their own."""
    door, form = door_of(request), await request.post()
    name, password = _text(form, "name"), str(form.get("password", ""))
    account = Account(
        name=name,
        role=role_of(_text(form, "role")) or Role.AGENT,
        full_name=_text(form, "full_name"),
        telephone=_text(form, "telephone") or None,
        lines=_lines(form),
    )
    wrong = problem_of(account, _all_lines(request)) or (password and problem_with(password, name)) or ""
    if wrong:
        return await _list(request, wrong=wrong, typed=account, status=400)
    known = await door.passwords.hashed(password) if password else None
    if not await door.site.opened.accounts.add(account, password=known, at=door.site.clock.now()):
        return await _list(request, wrong=f"There is an account {name} already.", typed=account, status=409)
    await _audit(request, "account added", f"{name}, {account.role}")
    if not password:
        return await _link(request, account)
    raise _back(name, "added")


async def _list(
    request: web.Request, *, status: int = 200, wrong: str = "", typed: Account | None = None
) -> web.Response:
    site = site_of(request)
    given: dict[str, Any] = {
        "people": await site.opened.accounts.all(),
        "roles": list(Role),
        "lines": site.office.lines,
        "wrong": wrong,
        "typed": typed or Account(name="", role=Role.AGENT),
        "done": _DONE.get(request.query.get("done", ""), ""),
    }
    return render(request, "accounts_users.html", status=status, **given)


# --- one -------------------------------------------------------------------------------------------------------------


@allows(Role.ADMIN)
async def show(request: web.Request) -> web.StreamResponse:
    """One account with its sessions and tokens."""
    return await _page(request, await _found(request))


@allows(Role.ADMIN)
async def describe(request: web.Request) -> web.StreamResponse:
    """Change full name, telephone and lines."""
    account, form = await _found(request), await request.post()
    wanted = replace(
        account,
        full_name=_text(form, "full_name"),
        telephone=_text(form, "telephone") or None,
        lines=_lines(form),
    )
    wrong = problem_of(wanted, _all_lines(request))
    if wrong:
        return await _page(request, account, wrong=wrong)
    await site_of(request).opened.accounts.describe(
        account.name, full_name=wanted.full_name, telephone=wanted.telephone, lines=wanted.lines
    )
    return await _done(request, account, "account changed", "described", wanted.telephone or "no telephone")


@allows(Role.ADMIN)
async def change_role(request: web.Request) -> web.StreamResponse:
    """Change what they may do."""
    account, site = await _found(request), site_of(request)
    role = role_of(_text(await request.post(), "role"))
    if role is None:
        return await _page(request, account, wrong="Choose agent, supervisor or admin.")
    if not await site.opened.accounts.set_role(account.name, role, site.clock.now()):
        return await _page(request, account, wrong=_LAST_ADMIN)
    return await _done(request, account, "role changed", "role", str(role))


@allows(Role.ADMIN)
async def set_password(request: web.Request) -> web.StreamResponse:
    """Set a password typed by the administrator."""
    account, door = await _found(request), door_of(request)
    password = str((await request.post()).get("password", ""))
    wrong = problem_with(password, account.name)
    if wrong:
        return await _page(request, account, wrong=wrong)
    at = door.site.clock.now()
    await door.site.opened.accounts.set_password(account.name, await door.passwords.hashed(password), at)
    return await _done(request, account, "password set", "password")


@allows(Role.ADMIN)
async def make_link(request: web.Request) -> web.StreamResponse:
    """Make a link by which they set a password themselves, and show it, once."""
    account = await _found(request)
    if account.disabled:
        return await _page(request, account, wrong="Open the account first: a link of a shut one would be void.")
    return await _link(request, account)


async def _link(request: web.Request, account: Account) -> web.Response:
    door, secret = door_of(request), token_urlsafe(32)
    until = door.site.clock.now() + _LINK_LASTS
    await door.site.opened.accounts.set_link(account.name, hashed(secret), until)
    await _audit(request, "link made", account.name)
    link = f"{door.callers.base(request)}/login/link/{secret}"
    return _shown(request, account, "link", link)


@allows(Role.ADMIN)
async def disable(request: web.Request) -> web.StreamResponse:
    """Shut them out."""
    account, site = await _found(request), site_of(request)
    if not await site.opened.accounts.disable(account.name, site.clock.now()):
        return await _page(request, account, wrong=_LAST_ADMIN)
    return await _done(request, account, "disabled", "disabled")


@allows(Role.ADMIN)
async def enable(request: web.Request) -> web.StreamResponse:
    """Let them in again."""
    account, site = await _found(request), site_of(request)
    await site.opened.accounts.enable(account.name, site.clock.now())
    return await _done(request, account, "enabled", "enabled")


@allows(Role.ADMIN)
async def stop_codes(request: web.Request) -> web.StreamResponse:
    """Ask them for no more codes: their telephone is lost."""
    account, site = await _found(request), site_of(request)
    await site.opened.accounts.stop_totp(account.name, site.clock.now())
    return await _done(request, account, "codes off", "codes")


@allows(Role.ADMIN)
async def end_sessions(request: web.Request) -> web.StreamResponse:
    """End all their sessions."""
    account, site = await _found(request), site_of(request)
    await site.opened.sessions.end_all(account.name)
    return await _done(request, account, "sessions ended", "sessions")


@allows(Role.ADMIN)
async def remove(request: web.Request) -> web.StreamResponse:
    """Remove the account; who types its name means it."""
    account, form = await _found(request), await request.post()
    if key_of(_text(form, "sure")) != key_of(account.name):
        return await _page(request, account, wrong="To remove the account, type its name beside the button.")
    if not await site_of(request).opened.accounts.remove(account.name):
        return await _page(request, account, wrong=_LAST_ADMIN)
    door_of(request).changed()
    await _audit(request, "account removed", account.name)
    raise web.HTTPSeeOther("/users?done=removed")


# --- tokens ----------------------------------------------------------------------------------------------------------


@allows(Role.ADMIN)
async def make_token(request: web.Request) -> web.StreamResponse:
    """Make a token that acts as this account, and show it, once."""
    account, site, form = await _found(request), site_of(request), await request.post()
    name, scopes, days = _text(form, "token"), [str(one) for one in form.getall("scope", [])], _text(form, "days")
    wrong = problem_of_token(name, scopes)
    if days and not (days.isascii() and days.isdigit() and 0 < int(days[:6]) <= _LONGEST_DAYS):
        wrong = "Days are a whole number, or nothing at all."
    if wrong:
        return await _page(request, account, wrong=wrong)
    secret, stored = new_token(
        account.name,
        name,
        scopes,
        by=account_of(request).name,
        now=site.clock.now(),
        days=int(days) if days else None,
    )
    await site.opened.tokens.add(stored)
    await _audit(request, "token made", f"{account.name}, {name}: {', '.join(sorted(scopes))}")
    return _shown(request, account, "token", secret)


@allows(Role.ADMIN)
async def remove_token(request: web.Request) -> web.StreamResponse:
    """Take a token back."""
    account, site = await _found(request), site_of(request)
    await site.opened.tokens.remove(_text(await request.post(), "token"))
    return await _done(request, account, "token removed", "token")


# --- what they share -------------------------------------------------------------------------------------------------


async def _found(request: web.Request) -> Account:
    account = await site_of(request).opened.accounts.account(request.match_info["name"])
    if account is None:
        raise web.HTTPNotFound(text="there is no account of this name")
    return account


async def _page(request: web.Request, person: Account, *, wrong: str = "") -> web.Response:
    site = site_of(request)
    settings, now = site.config.web, site.clock.now()
    sessions = await site.opened.sessions.of(person.name)
    given: dict[str, Any] = {
        "person": person,
        "known": await site.opened.accounts.credentials(person.name),
        "sessions": [
            one
            for one in sessions
            if one.stage is Stage.OPEN and is_alive(one, now, settings.session_idle, settings.session_longest)
        ],
        "tokens": [one for one in await site.opened.tokens.all() if one.user == person.name],
        "scopes": SCOPES,
        "roles": list(Role),
        "lines": site.office.lines,
        "clock": now,
        "wrong": wrong,
        "done": _DONE.get(request.query.get("done", ""), ""),
    }
    return render(request, "accounts_user.html", status=400 if wrong else 200, **given)


def _shown(request: web.Request, person: Account, what: str, secret: str) -> web.Response:
    response = render(request, "accounts_shown.html", person=person, what=what, secret=secret)
    response.headers["Cache-Control"] = "no-store"
    return response


async def _done(request: web.Request, person: Account, action: str, done: str, detail: str = "") -> web.StreamResponse:
    door_of(request).changed()
    await _audit(request, action, f"{person.name}, {detail}" if detail else person.name)
    raise _back(person.name, done)


async def _audit(request: web.Request, action: str, what: str) -> None:
    await door_of(request).audit(request, account_of(request).name, action, what)


def _back(name: str, done: str) -> web.HTTPSeeOther:
    return web.HTTPSeeOther(f"/users/{quote(name, safe='')}?done={done}")


def _all_lines(request: web.Request) -> Collection[str]:
    return [line.name for line in site_of(request).office.lines]


def _lines(form: Any) -> frozenset[str]:
    return frozenset(str(line) for line in form.getall("line", []))


def _text(form: Any, name: str) -> str:
    value = form.get(name, "")
    return value.strip() if isinstance(value, str) else ""
