"""Which calls an address asks for, and the address that asks for them: no telephone number is ever part of one.

What somebody looks for by number is kept here, in memory, under a name drawn for it, and only that name is in the
address: addresses end up in histories and in the logs of proxies.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, TypeVar
from urllib.parse import urlencode

from aiohttp import web

from callcentre.core.terms import CallKey, Hours, Origin, Outcome, Quality
from callcentre.store.call_search import CallsWanted, Place
from callcentre.web.days import asked_day, bounds, day_of
from callcentre.web.finds import Finds
from callcentre.web.site import Site

GROUPS: Final[Mapping[str, tuple[str, tuple[Outcome, ...]]]] = {
    "gave_up": ("gave up, at once or later", (Outcome.ABANDONED, Outcome.SHORT_ABANDONED)),
    "missed": (
        "not answered",
        (
            Outcome.ABANDONED,
            Outcome.SHORT_ABANDONED,
            Outcome.VOICEMAIL,
            Outcome.VOICEMAIL_EMPTY,
            Outcome.OVERFLOWED,
            Outcome.CLOSED,
            Outcome.REFUSED,
        ),
    ),
}
"""Outcomes that are asked for together, by the word of the address."""

LONGEST_DAYS: Final = 400
_NOT_DIGITS: Final = re.compile(r"[^0-9]")
_LEAST_DIGITS: Final = 3
_LONGEST_EXTENSION: Final = 6

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFilter:
    """What an address asks for; empty words are no condition."""

    first: date
    last: date
    line: str = ""
    outcome: str = ""
    origin: str = ""
    hours: str = ""
    within: str = ""
    quality: str = ""
    by: str = ""
    find: str = ""
    found: str = ""
    """What `find` stands for."""

    def address(self, path: str = "/calls", **changes: str) -> str:
        """The address that asks for the same, with `changes`."""
        said = {
            "line": self.line,
            "from": self.first.isoformat(),
            "until": self.last.isoformat(),
            "outcome": self.outcome,
            "origin": self.origin,
            "hours": self.hours,
            "within": self.within,
            "quality": self.quality,
            "by": self.by,
            "find": self.find,
        }
        return _address(path, said | changes)

    def wanted(self, site: Site) -> CallsWanted:
        """The same for the store."""
        since, until = bounds(self.first, self.last, site.zone(self.line))
        digits, telephone = _sought(self.found)
        outcomes = GROUPS[self.outcome][1] if self.outcome in GROUPS else ()
        return CallsWanted(
            since=since,
            until=until,
            lines=(self.line,) if self.line else (),
            outcomes=outcomes or ((Outcome(self.outcome),) if self.outcome else ()),
            origin=Origin(self.origin) if self.origin else None,
            hours=Hours(self.hours) if self.hours else None,
            within={"yes": True, "no": False}.get(self.within),
            quality=Quality(self.quality) if self.quality else None,
            answered_by=self.by,
            number=digits,
            telephone=telephone,
        )


def calls_of(line: str, day: date | None = None, **more: str) -> str:
    """The address of a line's calls of a day; of today, if none is given."""
    days = {"from": day.isoformat(), "until": day.isoformat()} if day is not None else {}
    return _address("/calls", {"line": line, **days, **more})


def asked(request: web.Request, site: Site, finds: Finds, account: str) -> CallFilter:
    """What the request asks for; 400, saying what to write, for what no form of ours sends."""
    query = request.query
    line = query.get("line", "")
    if line and site.line(line) is None:
        raise web.HTTPBadRequest(text="line: there is no such line")
    today = day_of(site.now(), site.zone(line))
    first = asked_day(request, "from", today)
    last = asked_day(request, "until", max(first, today) if "from" not in query else first)
    if not 0 <= (last - first).days < LONGEST_DAYS:
        raise web.HTTPBadRequest(text=f"from, until: at most {LONGEST_DAYS} days, the earlier first")
    name = query.get("find", "")[:40]
    found = finds.text(account, name) if name else ""
    if found is None:
        raise web.HTTPGone(text="this search is forgotten; type what you look for again")
    return CallFilter(
        first=first,
        last=last,
        line=line,
        outcome=_word(query, "outcome", {*Outcome, *GROUPS}),
        origin=_word(query, "origin", set(Origin)),
        hours=_word(query, "hours", set(Hours)),
        within=_word(query, "within", {"yes", "no"}),
        quality=_word(query, "quality", set(Quality)),
        by=query.get("by", "")[:80],
        find=name,
        found=found,
    )


def _word(query: Mapping[str, str], name: str, known: set[str]) -> str:
    said = query.get(name, "")
    if said and said not in known:
        raise web.HTTPBadRequest(text=f"{name}: one of {', '.join(sorted(known))}")
    return said


def _sought(text: str) -> tuple[str, str]:
    """What to look for: digits of a caller's number, and a part of a telephone's name.

    The country's and the trunk's own digits are left away, so that each spelling of a number finds each other.
    """
    text = text.strip()
    digits = _NOT_DIGITS.sub("", text)
    if len(digits) < _LEAST_DIGITS or any(mark.isalpha() or mark == "/" for mark in text):
        return "", text
    telephone = text if len(digits) <= _LONGEST_EXTENSION else ""
    if digits.startswith("0044") or text.startswith("+44"):
        digits = digits.removeprefix("00").removeprefix("44")
    return digits.lstrip("0") or digits, telephone


def _address(path: str, said: Mapping[str, str]) -> str:
    query = urlencode({name: value for name, value in said.items() if value})
    return f"{path}?{query}" if query else path


# --- where a page ends -----------------------------------------------------------------------------------------------


def place_after(offered_at: datetime, line: str, key: CallKey) -> str:
    """The last call of a page, as an address says it."""
    return f"{offered_at.isoformat()}\x1f{line}\x1f{key.pbx}\x1f{key.uniqueid}"


def read_place(said: str) -> Place | None:
    """The place that an address names; None for the first page. 400 for what no page of ours says."""
    if not said:
        return None
    try:
        at, line, pbx, uniqueid = said.split("\x1f")
        offered_at = datetime.fromisoformat(at)
    except ValueError:
        raise web.HTTPBadRequest(text="after: begin again at the first page") from None
    if offered_at.tzinfo is None:
        raise web.HTTPBadRequest(text="after: begin again at the first page")
    return Place(offered_at=offered_at, line=line, key=CallKey(pbx, uniqueid))
