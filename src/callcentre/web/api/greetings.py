"""Recorded messages that callers hear: how each was found just now, and who signed it off (H8)."""

from datetime import date
from typing import Final

from aiohttp import web
from pydantic import Field

from callcentre.core.greetings import FindingKind, Standing
from callcentre.store.results import Role
from callcentre.web.api.operations import Asked, Operation
from callcentre.web.api.shape import Instant, Name, Nothing, Shape
from callcentre.web.greetings_page import Message, Shown, shown


class GreetingsParams(Shape):
    """Which line."""

    line: Name | None = Field(None, description="only what callers of this line hear")


class FindingRow(Shape):
    """One thing found about a recording."""

    kind: FindingKind
    words: str
    wrong: bool


class GreetingRow(Shape):
    """One recorded message of a line; `standing` is empty where all is well."""

    pbx: str
    line: str
    place: str
    stem: str
    languages: tuple[str, ...]
    formats: tuple[str, ...]
    seconds: float | None
    loudness: float | None
    digest: str
    changed_at: Instant | None
    standing: tuple[Standing, ...]
    findings: tuple[FindingRow, ...]
    wording: str | None
    signed_by: str | None
    signed_at: Instant | None
    review_on: date | None


class UnreadRow(Shape):
    """A place whose recorded messages cannot be judged."""

    pbx: str
    line: str
    place: str
    problem: str


class GreetingList(Shape):
    """All recorded messages, and what could not be looked at."""

    greetings: tuple[GreetingRow, ...]
    unread: tuple[UnreadRow, ...]


async def greetings(asked: Asked[GreetingsParams, Nothing]) -> GreetingList:
    """Look at the recorded messages of one line, or of all."""
    wanted = asked.params.line
    if wanted is not None and asked.site.line(wanted) is None:
        raise web.HTTPNotFound(text="there is no such line")
    found = [one for one in await shown(asked.request) if wanted in (None, one.heard.line.name)]
    return GreetingList(
        greetings=tuple(_row(one, each) for one in found for each in one.messages),
        unread=tuple(
            UnreadRow(
                pbx=one.heard.line.pbx, line=one.heard.line.name, place=one.heard.place, problem=one.heard.problem
            )
            for one in found
            if one.heard.problem
        ),
    )


def _row(of: Shown, message: Message) -> GreetingRow:
    looked, signed = message.looked, message.signed
    return GreetingRow(
        pbx=looked.pbx,
        line=of.heard.line.name,
        place=looked.place,
        stem=looked.stem,
        languages=looked.languages,
        formats=looked.formats,
        seconds=looked.seconds,
        loudness=looked.loudness,
        digest=looked.digest,
        changed_at=looked.changed_at,
        standing=message.stands,
        findings=tuple(
            FindingRow(kind=finding.kind, words=finding.words, wrong=finding.wrong) for finding in looked.findings
        ),
        wording=None if signed is None else signed.wording,
        signed_by=None if signed is None else signed.who,
        signed_at=None if signed is None else signed.at,
        review_on=None if signed is None else signed.review_on,
    )


OPERATIONS: Final = (
    Operation(
        name="listGreetings",
        method="GET",
        path="/greetings",
        summary="The recorded messages that callers hear: how each was found, and who signed it off",
        role=Role.SUPERVISOR,
        scope="figures:read",
        params=GreetingsParams,
        body=Nothing,
        reply=GreetingList,
        run=greetings,
        fails=(404,),
    ),
)
