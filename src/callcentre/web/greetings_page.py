"""/greetings: what callers hear on each line, judged, to listen to, and signed off by a person (H8)."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from aiohttp import web
from markupsafe import Markup

from callcentre.core.charter import Line
from callcentre.core.greetings import Looked, SignOff, Standing, standing
from callcentre.core.transcripts import LABEL
from callcentre.listening import Heard, listen
from callcentre.spool.audio import NotPlayable, Sound, sound_of
from callcentre.spool.recorded import SOUNDS, Ear, open_recorded, places_of
from callcentre.store.greetings import Key
from callcentre.store.results import Role
from callcentre.web.access import account_of, address_of, allows
from callcentre.web.days import day_of
from callcentre.web.pages import render
from callcentre.web.recordings import send_sound
from callcentre.web.sent import LONGEST, Form, text_of
from callcentre.web.site import Site, site_of
from callcentre.web.waveform import waveform

NAMES: Final[Mapping[str, str]] = {
    "unavail": "Nobody came",
    "busy": "Busy",
    "greet": "Name",
    "temp": "For a time, instead of all others",
}
STANDS: Final[Mapping[Standing, str]] = {
    Standing.MISSING: "not recorded",
    Standing.INAUDIBLE: "cannot be heard as it should",
    Standing.CHANGED: "changed since it was signed off",
    Standing.EXPIRED: "due to be looked at again",
    Standing.UNSIGNED: "not signed off",
}
USUAL_REVIEW: Final = timedelta(days=365)
LATEST_REVIEW: Final = timedelta(days=1_100)
"""Three years: what nobody listens to for longer is nobody's."""

_EAR: Final = web.AppKey("ear", Ear)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One recorded message as it is shown: how it stands, its last sign-off, and its picture."""

    looked: Looked
    signed: SignOff | None
    stands: tuple[Standing, ...]
    picture: Markup
    review_on: date
    wording: str
    wrong: str = ""
    draft: str = ""

    @property
    def title(self) -> str:
        """What it is called."""
        return NAMES.get(self.looked.name, self.looked.name) if self.looked.place != SOUNDS else self.looked.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A line's recorded messages in one place."""

    heard: Heard
    messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A sign-off that was not taken: of which message, why, and what was typed."""

    key: Key
    why: str
    wording: str
    status: int = 400


def routes(app: web.Application) -> list[web.RouteDef]:
    """The routes of this module; `app` keeps what was judged of files that did not change."""
    app[_EAR] = Ear()
    return [
        web.get("/greetings", greetings),
        web.post("/greetings/sign-off", sign_off),
        web.get("/greetings/{pbx}/{place}/{stem:.+}", recording),
    ]


@allows(Role.SUPERVISOR)
async def greetings(request: web.Request) -> web.Response:
    """All recorded messages of all lines."""
    return await _page(request)


@allows(Role.SUPERVISOR)
async def sign_off(request: web.Request) -> web.StreamResponse:
    """Take the wording that somebody typed who has listened; refused if the recording is another one by now."""
    site, form = site_of(request), await request.post()
    key = (text_of(form, "pbx"), text_of(form, "place"), text_of(form, "stem"))
    heard = await shown(request)
    found = next((one.looked for each in heard for one in each.messages if one.looked.key == key), None)
    if found is None or not found.recorded:
        raise web.HTTPNotFound(text="there is no such recorded message")
    today = day_of(site.now(), site.zone(found.line))
    taken = _taken(found, form, today, account_of(request).name, site)
    if isinstance(taken, Refused):
        return await _page(request, taken)
    await site.opened.greetings.sign(taken, address=address_of(request))
    raise web.HTTPSeeOther("/greetings?done=1")


@allows(Role.SUPERVISOR)
async def recording(request: web.Request) -> web.StreamResponse:
    """One recorded message, or a part of it, as a wav file; of those that a line's callers hear only."""
    site = site_of(request)
    pbx, place, stem = (request.match_info[name] for name in ("pbx", "place", "stem"))
    try:
        sound = await asyncio.to_thread(_opened, site, pbx, place, stem)
    except NotPlayable as error:
        raise web.HTTPUnsupportedMediaType(text=str(error)) from None
    except OSError as error:
        site.log.warning("a greeting cannot be read", pbx=pbx, reason=error.strerror)
        raise web.HTTPServiceUnavailable(text="the recording cannot be read now") from None
    if sound is None:
        raise web.HTTPNotFound(text="this message was never recorded, or was deleted")
    try:
        return await send_sound(request, sound)
    finally:
        sound.file.close()


def _taken(found: Looked, form: Form, today: date, who: str, site: Site) -> SignOff | Refused:
    wording = text_of(form, "wording").replace("\r\n", "\n")
    if not found.digest or text_of(form, "digest") != found.digest:
        why = "The recording was changed while you listened, or cannot be read: listen to it again."
        return Refused(key=found.key, why=why, wording=wording, status=409)
    if not wording:
        return Refused(key=found.key, why="Type what it says, as you heard it.", wording=wording)
    latest = today + LATEST_REVIEW
    try:
        review_on = date.fromisoformat(text_of(form, "review_on"))
    except ValueError:
        review_on = today
    if not today < review_on <= latest:
        why = f"Choose a day after today, until {latest.isoformat()}, to listen to it again."
        return Refused(key=found.key, why=why, wording=wording)
    return SignOff(
        pbx=found.pbx,
        place=found.place,
        stem=found.stem,
        digest=found.digest,
        wording=wording,
        review_on=review_on,
        who=who,
        at=site.clock.now(),
    )


def _opened(site: Site, pbx: str, place: str, stem: str) -> Sound | None:
    for line in site.office.lines:
        for each in places_of(line, site.spools, _sounds(site)) if line.pbx == pbx else ():
            found = open_recorded(each, stem) if each.name == place else None
            if found is not None:
                return sound_of(found)
    return None


def _sounds(site: Site) -> dict[str, Path]:
    return {pbx.name: pbx.sounds for pbx in site.config.pbxs if pbx.sounds is not None}


async def _page(request: web.Request, refused: Refused | None = None) -> web.Response:
    return render(
        request,
        "greetings.html",
        status=200 if refused is None else refused.status,
        shown=await shown(request, refused),
        done="done" in request.query,
        STANDS=STANDS,
        SOUNDS=SOUNDS,
        LONGEST=LONGEST,
        LABEL=LABEL,
    )


async def shown(request: web.Request, refused: Refused | None = None) -> list[Shown]:
    """Look at all recorded messages, in a thread, and put to each its last sign-off."""
    site, ear = site_of(request), request.config_dict[_EAR]
    signed = await site.opened.greetings.signed()
    lines, spools, sounds = site.office.lines, site.spools, _sounds(site)

    def look() -> list[Heard]:
        return [one for line in lines for one in listen(line, spools, sounds, ear, signed)]

    return [
        Shown(
            heard=each,
            messages=tuple(_message(site, each.line, one, signed.get(one.key), refused) for one in each.looked),
        )
        for each in await asyncio.to_thread(look)
    ]


def _message(site: Site, line: Line, looked: Looked, signed: SignOff | None, refused: Refused | None) -> Message:
    today = day_of(site.now(), ZoneInfo(line.zone))
    mine = refused if refused is not None and refused.key == looked.key else None
    wording = mine.wording if mine is not None else signed.wording if signed is not None else ""
    is_new = looked.recorded and (signed is None or signed.digest != looked.digest)
    return Message(
        looked=looked,
        signed=signed,
        stands=standing(looked, signed, today),
        picture=waveform(looked.outline, title=f"Waveform of {looked.stem}, {looked.place}"),
        review_on=today + USUAL_REVIEW,
        wording=wording,
        wrong=mine.why if mine is not None else "",
        draft=site.wording(looked) if is_new else "",
    )
