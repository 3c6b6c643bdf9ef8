"""Drafts of what messages say, on the page of their task: closed until somebody opens one, which is written down.

A draft stands beside the sound it was made of, or not at all. Nothing else of the page is made of it: no number, no
link, no field. No other page, list, notice or export shows it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web

from callcentre.core.tasks import Message
from callcentre.core.transcripts import LABEL, Transcript, TranscriptState
from callcentre.web.recordings import note_reading
from callcentre.web.site import site_of

ASKED = "draft"
"""The part of a task's address that opens one; its value is the message's key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafted:
    """A draft as a page shows it; `open`: its words are shown, else a way to them."""

    made: Transcript
    open: bool
    label: str = LABEL

    @property
    def failed(self) -> bool:
        """Whether there is none, for the reason it tells."""
        return self.made.state is TranscriptState.FAILED


async def drafts_of(request: web.Request, messages: list[Message]) -> Mapping[str, Drafted]:
    """The drafts of messages whose sound the page has, by key; with the words of the one that is asked for.

    To open one is noted as listening is, before anything of it is shown.
    """
    site = site_of(request)
    if site.config.transcripts is None or not messages:
        return {}
    found = await site.opened.transcripts.of(messages[0].pbx, [one.key for one in messages])
    asked = request.query.get(ASKED, "") if request.method == "GET" else ""
    shown = {}
    for message in messages:
        made = found.get(message.key)
        if made is None or made.state is TranscriptState.TRYING:
            continue
        is_open = asked == message.key and made.state is TranscriptState.MADE
        if is_open:
            await note_reading(request, message)
        shown[message.key] = Drafted(made=made, open=is_open)
    return shown
