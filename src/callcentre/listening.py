"""The recorded messages of the office, looked at each morning and at a start; people are told of what is not well (H8).

A folder that cannot be read makes no fact: that all greetings are gone is never concluded from a disk that is not
mounted.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from callcentre.core.charter import Line, Office
from callcentre.core.errors import StoreUnavailable
from callcentre.core.facts import DayStood, Fact, GreetingSeen
from callcentre.core.greetings import Finding, FindingKind, Looked, SignOff, Standing, standing
from callcentre.core.standings import StandingKind, day_began
from callcentre.core.tasks import Notice
from callcentre.core.terms import NoticeKind
from callcentre.runtime.log import Log
from callcentre.spool.recorded import SOUNDS, Ear, GreetingsUnreadable, places_of, stems_of

Key = tuple[str, str, str]

_EVERY_SECONDS: Final = 300.0
"""So often it is looked whether the next morning has come; after a fault, tried again."""

_BEFORE: Final = timedelta(hours=6)
"""The hour of the day's look: before anybody calls."""

_FOR_A_TIME: Final = ("temp", "")
"""A greeting that is there for a time only: that it is gone is no fault. What the line does not play is like it."""

_TITLES: Final = {
    Standing.MISSING: "is missing",
    Standing.INAUDIBLE: "cannot be heard as it should",
    Standing.CHANGED: "was changed since it was signed off",
    Standing.EXPIRED: "is due to be looked at again",
}


_GOOD: Final = "good"


class GreetingRows(Protocol):
    """What the store knows of recorded messages (store.greetings.GreetingStore)."""

    async def seen(self) -> dict[Key, GreetingSeen]:
        """How each was found last."""
        ...

    async def signed(self) -> dict[Key, SignOff]:
        """The newest sign-off of each."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What callers of a line hear in one place; `problem` says why that cannot be told, if so."""

    line: Line
    place: str
    looked: tuple[Looked, ...] = ()
    problem: str = ""


def listen(
    line: Line, spools: Mapping[str, Path], sounds: Mapping[str, Path], ear: Ear, signed: Iterable[Key] = ()
) -> Iterator[Heard]:
    """Look at all recorded messages of `line`. Blocking. What was `signed` and is there no more is missing."""
    if line.pbx not in spools:
        problem = f"the voicemail of {line.pbx} cannot be read from here (voicemail_spool)"
        yield from (Heard(line=line, place=box, problem=problem) for box in sorted(line.mailboxes))
    if line.announcements and line.pbx not in sounds:
        yield Heard(line=line, place=SOUNDS, problem=f"the sounds of {line.pbx} cannot be read from here (sounds)")
    for place in places_of(line, spools, sounds):
        try:
            looked = ear.look(place)
        except GreetingsUnreadable as error:
            yield Heard(line=line, place=place.name, problem=str(error))
            continue
        there = {one.key for one in looked}
        gone = (key for key in sorted(signed) if key[:2] == (line.pbx, place.name) and key not in there)
        stems = stems_of(place)
        lost = [_gone(line, key, stems[key[2]][0]) for key in gone if stems.get(key[2], _FOR_A_TIME)[0] != "temp"]
        yield Heard(line=line, place=place.name, looked=(*looked, *lost))


def _gone(line: Line, key: Key, name: str) -> Looked:
    words = "it was signed off, and is there no more: callers hear another one, or the PBX's own words; put it back"
    pbx, place, stem = key
    return Looked(
        pbx=pbx,
        line=line.name,
        place=place,
        name=name,
        stem=stem,
        languages=line.languages,
        findings=(Finding(kind=FindingKind.NOT_RECORDED, words=words),),
    )


class Listening:
    """Looks at every recorded message at the start and each morning; `run` is its task, the looks are in a thread.

    `add` takes the facts (runtime.loop.Loop.add). People are told once of what is not well, and again when it is
    otherwise unwell; not of what nobody has signed off yet: the page shows that.
    """

    def __init__(
        self,
        *,
        office: Office,
        spools: Mapping[str, Path],
        sounds: Mapping[str, Path],
        rows: GreetingRows,
        add: Callable[[Sequence[Fact]], None],
        now: Callable[[], datetime],
        log: Log,
        rest: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._office = office
        self._spools = spools
        self._sounds = sounds
        self._rows = rows
        self._add = add
        self._now = now
        self._log = log
        self._rest = rest
        self._ear = Ear()
        self._zone = ZoneInfo(office.lines[0].zone)
        self._told: dict[Key, GreetingSeen] | None = None
        self._looked_on: date | None = None
        self._found: list[tuple[list[Line], Looked]] = []
        self._signed: Mapping[Key, SignOff] = {}

    def standings(self) -> Iterator[tuple[str, str, str, int]]:
        """PBX, line, how they stand (the worst word of each, or `good`) and how many recorded messages do so.

        As the last look found them, by the sign-offs of a few minutes ago; one that several lines play is each line's.
        """
        counts: Counter[tuple[str, str, str]] = Counter()
        for lines, looked in self._found:
            for line in lines:
                now = standing(looked, self._signed.get(looked.key), self._today(line))
                counts[line.pbx, line.name, str(now[0]) if now else _GOOD] += 1
        yield from ((*of, count) for of, count in counts.items())

    async def run(self) -> None:
        """Look whenever a look is due, for ever; a database that is away is asked again."""
        while True:
            today = (self._now().astimezone(self._zone).replace(tzinfo=None) - _BEFORE).date()
            try:
                await (self._read_signed() if today == self._looked_on else self._look())
                self._looked_on = today
            except StoreUnavailable as error:
                self._log.warning("the greetings were not looked at; trying again", reason=str(error))
            await self._rest(_EVERY_SECONDS)

    async def _read_signed(self) -> None:
        self._signed = await self._rows.signed()

    async def _look(self) -> None:
        await self._read_signed()
        signed = self._signed
        if self._told is None:
            self._told = await self._rows.seen()
        found = await asyncio.to_thread(self._listen, signed)
        for problem in sorted({f"{each.place} of {each.line.pbx}: {each.problem}" for each in found if each.problem}):
            self._log.warning("greetings cannot be judged", reason=problem)
        facts: list[Fact] = []
        self._found = [(lines, replace(looked, outline=())) for lines, looked in _each_once(found)]
        for lines, looked in self._found:
            fact = self._changed(lines, looked, signed.get(looked.key))
            if fact is not None:
                self._told[looked.key] = replace(fact, notice=None)
                facts.append(fact)
        facts += self._stood(found)
        if facts:
            self._add(facts)

    def _stood(self, found: Iterable[Heard]) -> Iterator[DayStood]:
        """How the recorded messages in each place stood today; what could not be judged is written down as unknown."""
        at, counts = self._now(), dict[tuple[str, str, str], Counter[str]]()
        zones = {(line.pbx, line.name): line.zone for line in self._office.lines}
        for lines, looked in self._found:
            well = not standing(looked, self._signed.get(looked.key), self._today(lines[0]))
            counts.setdefault((looked.pbx, lines[0].name, looked.place), Counter())["good" if well else "bad"] += 1
        for each in found:
            if each.problem:
                counts.setdefault((each.line.pbx, each.line.name, each.place), Counter())["unknown"] += 1
        for (pbx, line, place), count in counts.items():
            yield DayStood(
                pbx=pbx,
                at=at,
                since=day_began(at, zones[pbx, line]),
                kind=StandingKind.GREETINGS,
                line=line,
                what=place,
                good=count["good"],
                bad=count["bad"],
                unknown=count["unknown"],
            )

    def _listen(self, signed: Iterable[Key]) -> list[Heard]:
        lines = [line for line in self._office.lines if line.pbx in self._spools or line.pbx in self._sounds]
        return [one for line in lines for one in listen(line, self._spools, self._sounds, self._ear, signed)]

    def _changed(self, lines: Sequence[Line], looked: Looked, signed: SignOff | None) -> GreetingSeen | None:
        """The row of a recorded message that stands otherwise than it did, with a notice if somebody must act."""
        at, line = self._now(), lines[0]
        now = standing(looked, signed, self._today(line))
        last = (self._told or {}).get(looked.key)
        if last is not None and (last.standing, last.digest) == (now, looked.digest):
            return None
        unwell = tuple(one for one in now if one in _TITLES)
        before = () if last is None else tuple(one for one in last.standing if one in _TITLES)
        again = last is not None and before == unwell and last.digest == looked.digest
        notice = self._notice(lines, looked, unwell, at) if unwell and not again else None
        return GreetingSeen(
            pbx=looked.pbx,
            at=at,
            place=looked.place,
            stem=looked.stem,
            line=line.name,
            standing=now,
            digest=looked.digest,
            notice=notice,
        )

    def _today(self, line: Line) -> date:
        return self._now().astimezone(ZoneInfo(line.zone)).date()

    def _notice(self, lines: Sequence[Line], looked: Looked, unwell: Sequence[Standing], at: datetime) -> Notice:
        line, what = lines[0], f"recorded message {looked.stem} ({looked.place})"
        parts = [f"The {what} of line {line.name} on {looked.pbx} {_TITLES[one]}." for one in unwell]
        parts += [f"- {finding.words}" for finding in looked.wrong]
        if {Standing.CHANGED, Standing.EXPIRED} & set(unwell):
            parts.append("Listen to it, and sign it off on the page Greetings.")
        if self._office.url:
            parts.append(f"See {self._office.url.rstrip('/')}/greetings")
        return Notice(
            key=f"greeting {looked.pbx} {looked.place} {looked.stem} {at.isoformat()}",
            pbx=looked.pbx,
            line=line.name,
            kind=NoticeKind.GREETING,
            at=at,
            title=f"{line.name}: {what} {_TITLES[unwell[0]]}",
            text="\n".join(parts),
            to=tuple(dict.fromkeys(contact for one in lines for contact in one.tell)),
        )


def _each_once(found: Iterable[Heard]) -> Iterator[tuple[list[Line], Looked]]:
    """Each recorded message with the lines that play it: an announcement may be several lines'."""
    lines: dict[Key, tuple[list[Line], Looked]] = {}
    for each in found:
        for looked in each.looked:
            lines.setdefault(looked.key, ([], looked))[0].append(each.line)
    yield from lines.values()
