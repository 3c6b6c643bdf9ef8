"""GET /recordings/{pbx}/{key}: one message to listen to, by what names it; the path is found here, never asked for.

Players ask for parts of it (RFC 9110, section 14): a part that is there is answered 206, one beyond the end 416,
several at once or anything unclear with the whole.
"""

import asyncio
import re
from collections import OrderedDict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from aiohttp import web

from callcentre.core.tasks import Message
from callcentre.spool.audio import NotPlayable, Sound, sound_of
from callcentre.spool.recordings import open_recording
from callcentre.store.results import Role
from callcentre.web.access import account_of, address_of, allows
from callcentre.web.site import Site, site_of

AT_ONCE: Final = 2
"""So many recordings are looked for and converted at one time."""

ANEW: Final = timedelta(minutes=10)
"""A player asks many times for one recording: within so long it is one act of listening."""

_REMEMBERED: Final = 10_000
_BLOCK: Final = 256 * 1024
_RANGE: Final = re.compile(r"bytes=[ \t]*(?P<first>[0-9]{0,18})-(?P<last>[0-9]{0,18})[ \t]*", re.IGNORECASE).fullmatch


class Listened:
    """Who asked for what lately, so that one act of listening is one line of the audit."""

    def __init__(self) -> None:
        self._lately: OrderedDict[tuple[str, str, str], datetime] = OrderedDict()
        self.converting = asyncio.Semaphore(AT_ONCE)

    def anew(self, who: str, pbx: str, key: str, at: datetime) -> bool:
        """Whether this is not the same act of listening as one before."""
        name = (who, pbx, key)
        before = self._lately.get(name)
        if before is not None and at - before < ANEW:
            return False
        self._lately[name] = at
        self._lately.move_to_end(name)
        if len(self._lately) > _REMEMBERED:
            self._lately.popitem(last=False)
        return True


_LISTENED: Final = web.AppKey("listened", Listened)


def routes(app: web.Application) -> list[web.RouteDef]:
    """The recordings; `app` remembers who listens."""
    app[_LISTENED] = Listened()
    return [web.get("/recordings/{pbx}/{key}", recording)]


@allows(Role.AGENT)
async def recording(request: web.Request) -> web.StreamResponse:
    """Send a message's recording, or the part of it that is asked for, as a wav file."""
    site, listened = site_of(request), request.config_dict[_LISTENED]
    pbx, key = request.match_info["pbx"], request.match_info["key"]
    message = await site.queries.message(pbx, key)
    if message is None or not message.in_mailbox:
        raise web.HTTPNotFound(text="the message was deleted, or there never was one of this name")
    spool = site.spools.get(pbx)
    if spool is None:
        raise web.HTTPNotFound(text=f"the voicemail of {pbx} cannot be read from here; listen to it by telephone")
    async with listened.converting:
        try:
            sound = await asyncio.to_thread(_opened, spool, message)
        except NotPlayable as error:
            raise web.HTTPUnsupportedMediaType(text=str(error)) from None
        except OSError as error:
            site.log.warning("a recording cannot be read", pbx=pbx, reason=error.strerror)
            raise web.HTTPServiceUnavailable(
                text="the voicemail spool cannot be read now; tell whoever runs it"
            ) from None
    if sound is None:
        raise web.HTTPNotFound(text="the message was deleted while you looked at it")
    try:
        await _audited(site, listened, request, message)
        return await send_sound(request, sound)
    finally:
        sound.file.close()


def _opened(spool: Path, message: Message) -> Sound | None:
    found = open_recording(spool, message.mailbox, message.msg_id, message.began_at or message.left_at)
    return None if found is None else sound_of(found)


async def _audited(site: Site, listened: Listened, request: web.Request, message: Message) -> None:
    """Write who listens; where that cannot be written, nobody does."""
    who, now = account_of(request).name, site.now()
    if request.method == "GET" and listened.anew(who, message.pbx, message.key, now):
        what = f"message {message.key} on {message.pbx}, line {message.line}"
        await site.audit(who, "listened", what, address=address_of(request))


async def note_reading(request: web.Request, message: Message) -> None:
    """Write who reads the draft of a message, as for listening: once for what is one act of it."""
    site, listened = site_of(request), request.config_dict[_LISTENED]
    who = account_of(request).name
    if listened.anew(who, message.pbx, f"draft {message.key}", site.now()):
        what = f"message {message.key} on {message.pbx}, line {message.line}"
        await site.audit(who, "read a draft", what, address=address_of(request))


# --- which part ------------------------------------------------------------------------------------------------------


async def send_sound(request: web.Request, sound: Sound) -> web.StreamResponse:
    """Send a sound, or the part of it that is asked for; closing it is the business of whoever opened it."""
    etag = f'"{sound.tag}"'
    headers = {"Accept-Ranges": "bytes", "ETag": etag, "Cache-Control": "private, no-store"}
    span = _span(request, sound.size, etag)
    if span is not None and span[0] >= span[1]:
        headers["Content-Range"] = f"bytes */{sound.size}"
        return web.Response(status=416, headers=headers, text="there is no such part of the recording\n")
    first, end = span or (0, sound.size)
    if span is not None:
        headers["Content-Range"] = f"bytes {first}-{end - 1}/{sound.size}"
    response = web.StreamResponse(status=200 if span is None else 206, headers=headers)
    response.content_type = "audio/wav"
    response.content_length = end - first
    await response.prepare(request)
    if request.method != "HEAD":
        await _send(response, sound, first, end)
    return response


def _span(request: web.Request, size: int, etag: str) -> tuple[int, int] | None:
    """The bytes [first, end) that are asked for, none of them if the part is not there; None for the whole."""
    asked = _RANGE(request.headers.get("Range", ""))
    # A date is never the same: what was converted has none.
    if asked is None or request.method != "GET" or request.headers.get("If-Range", etag).strip() != etag:
        return None
    first, last = asked["first"], asked["last"]
    if not first:
        return (max(0, size - int(last)), size) if last else None
    if last and int(last) < int(first):
        return None
    return int(first), min(int(last) + 1 if last else size, size)


async def _send(response: web.StreamResponse, sound: Sound, first: int, end: int) -> None:
    try:
        await asyncio.to_thread(sound.file.seek, first)
        while first < end and (block := await asyncio.to_thread(sound.file.read, min(_BLOCK, end - first))):
            await response.write(block)
            first += len(block)
        if first < end:  # cut off while it was sent: less than was promised must not look whole
            response.force_close()
    except ConnectionResetError:
        pass  # who listened is gone
