"""The recorded messages that callers of a line hear, found as the PBX finds them and judged; none is found by a path.

A mailbox has greetings: app_voicemail plays `temp` where there is one, else `unavail` (nobody came) or `busy`; without
them its own words with `greet`, the mailbox's name, if that was recorded. Announcements are sounds of the PBX that the
configuration names. Of each the PBX looks for one in the caller's language first (core.greetings.hears): in a mailbox's
own folder of that name, of sounds in the folder of that name above all. Links are followed to folders of sounds only,
where they lead to another folder of sounds, as packages make them; never to a file, and never out.
"""

import hashlib
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from callcentre.core.charter import Line
from callcentre.core.errors import CallcentreError
from callcentre.core.greetings import Finding, FindingKind, Looked, hears
from callcentre.spool.folders import is_name, names_in, open_file, opened, opened_root
from callcentre.spool.formats import decode, formats_of
from callcentre.spool.judging import SHORTEST, SHORTEST_NAME, judge, measure, outline
from callcentre.spool.recordings import Recording

KINDS: Final = ("unavail", "busy", "greet", "temp")
"""The greetings that a mailbox can have, by Asterisk's names (apps/app_voicemail.c)."""

SOUNDS: Final = "sounds"
"""The place of announcements."""

MOST_BYTES: Final = 10 * 1024 * 1024
"""A larger file is not read: ten minutes of wav."""

_KEPT: Final = 200
"""Judgements that are remembered, each of a few kilobytes: a page need not judge anew what did not change."""

_DIFFER_SECONDS: Final = 0.3
_DIFFER_LOUDNESS: Final = 3.0
"""Two formats of one recording differ by less, whatever their codecs."""

_PREFERRED: Final = ("wav", "WAV", "wav49", "gsm", "ulaw", "alaw", "sln")


class GreetingsUnreadable(CallcentreError):
    """The folder that recorded messages are in cannot be read; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where recorded messages of a line are: a mailbox (`600@default`) in the spool, or `sounds`; `root` is that."""

    line: Line
    name: str
    root: Path

    @property
    def is_mailbox(self) -> bool:
        """Whether it is a mailbox."""
        return self.name != SOUNDS


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    """One file."""

    ext: str
    digest: str
    changed_at: datetime
    seconds: float | None = None
    loudness: float | None = None
    findings: tuple[Finding, ...] = ()
    outline: tuple[tuple[float, float], ...] = ()


def places_of(line: Line, spools: Mapping[str, Path], sounds: Mapping[str, Path]) -> list[Place]:
    """Where the recorded messages of `line` are, as far as they are within reach; `spools` and `sounds` by PBX."""
    found = []
    if line.pbx in spools:
        found += [Place(line=line, name=box, root=spools[line.pbx]) for box in sorted(line.mailboxes)]
    if line.pbx in sounds and line.announcements:
        found.append(Place(line=line, name=SOUNDS, root=sounds[line.pbx]))
    return found


class Ear:
    """Looks at recorded messages, and remembers its judgement of each file until it changes. Threads may share it.

    Memory is bounded: files of more than MOST_BYTES are not read, of others at most three minutes are decoded.
    """

    def __init__(self) -> None:
        self._judged: OrderedDict[tuple[object, ...], _Judged] = OrderedDict()
        self._one_at_a_time = threading.Lock()

    def look(self, place: Place) -> list[Looked]:
        """What is recorded in `place`, and what of that is missing. Blocking; GreetingsUnreadable if it cannot be read.

        Of a mailbox what was never recorded is left out, unless its callers hear no greeting of the office at all.
        """
        try:
            with self._one_at_a_time, opened_root(str(place.root)) as root:
                if not place.is_mailbox:
                    return [one for name in place.line.announcements for one in self._look(root, place, name)]
                found = [one for kind in KINDS for one in self._look(root, place, kind) if one.recorded]
                if not {"unavail", "temp"} & {one.name for one in found}:
                    found.insert(0, _missing(place, "unavail", place.line.languages))
                return found
        except OSError as error:
            what = "voicemail spool" if place.is_mailbox else "folder of sounds"
            raise GreetingsUnreadable(f"the {what} cannot be read ({error.strerror})") from None

    def _look(self, root: int, place: Place, name: str) -> Iterator[Looked]:
        """One recorded message, once for each recording of it that callers of some language hear."""
        heard: dict[str, list[str]] = {}
        for language in place.line.languages:
            where = next((each for each in hears(language) if _formats(root, place, name, each)), None)
            if where is not None:
                heard.setdefault(where, []).append(language)
        without = [one for one in place.line.languages if not any(one in some for some in heard.values())]
        for where, languages in heard.items():
            yield self._one(root, place, name, where, tuple(languages))
        if without:
            yield _missing(place, name, tuple(without))

    def _one(self, root: int, place: Place, name: str, where: str, languages: tuple[str, ...]) -> Looked:
        formats = _formats(root, place, name, where)
        with _folder(root, place, name, where) as (directory, base):
            judged = [self._file(directory, base, ext, place, name) for ext in formats]
        several = len(judged) > 1
        findings = [finding for one in judged for finding in (_of_format(one) if several else one.findings)]
        findings += [*_differing(judged), *_languages(place.line, where, languages)]
        first = judged[0]
        known = [one for one in judged if one.digest]
        return Looked(
            pbx=place.line.pbx,
            line=place.line.name,
            place=place.name,
            name=name,
            stem=_stem(name, where),
            languages=languages,
            formats=formats,
            digest=_digest(known) if len(known) == len(judged) else "",
            changed_at=max(one.changed_at for one in judged),
            seconds=first.seconds,
            loudness=first.loudness,
            findings=tuple(findings),
            outline=first.outline,
        )

    def _file(self, directory: int, base: str, ext: str, place: Place, name: str) -> _Judged:
        try:
            handle = open_file(f"{base}.{ext}", directory)
        except OSError:
            words = "it is a link, a folder, or may not be read: put the file itself there, readable for callcentre"
            found = Finding(kind=FindingKind.UNREADABLE, words=words)
            return _Judged(ext=ext, digest="", changed_at=datetime.fromtimestamp(0, UTC), findings=(found,))
        with os.fdopen(handle, "rb") as file:
            told = os.fstat(handle)
            shortest = SHORTEST_NAME if place.is_mailbox and name == "greet" else SHORTEST
            key = (told.st_dev, told.st_ino, told.st_size, told.st_mtime_ns, told.st_ctime_ns, ext, shortest)
            if key in self._judged:
                self._judged.move_to_end(key)
                return self._judged[key]
            data = file.read(MOST_BYTES + 1)
        judged = _judged(data, ext, datetime.fromtimestamp(told.st_mtime, UTC), shortest)
        self._judged[key] = judged
        if len(self._judged) > _KEPT:
            self._judged.popitem(last=False)
        return judged


def stems_of(place: Place) -> dict[str, tuple[str, str]]:
    """Where recordings that the line's callers could hear would be, each with its name and its folder of a language."""
    return {
        _stem(name, where): (name, where)
        for name in (KINDS if place.is_mailbox else place.line.announcements)
        for language in place.line.languages
        for where in hears(language)
    }


def open_recorded(place: Place, stem: str) -> Recording | None:
    """Open the recording found as `stem` in `place`, to be read and closed by the caller; None where there is none.

    `stem` comes from outside: it must be one that the line's callers can hear. Blocking; may raise OSError.
    """
    asked = stems_of(place).get(stem)
    if asked is None:
        return None
    name, where = asked
    try:
        with opened_root(str(place.root)) as root, _folder(root, place, name, where) as (directory, base):
            formats = formats_of(base, names_in(directory))
            for ext in sorted(formats, key=lambda one: _PREFERRED.index(one) if one in _PREFERRED else len(formats)):
                file = os.fdopen(open_file(f"{base}.{ext}", directory), "rb")
                return Recording(file=file, format=ext, size=os.fstat(file.fileno()).st_size)
    except FileNotFoundError:
        return None
    return None


# --- where it is -----------------------------------------------------------------------------------------------------


def _stem(name: str, where: str) -> str:
    return f"{where}/{name}" if where else name


def _formats(root: int, place: Place, name: str, where: str) -> tuple[str, ...]:
    try:
        with _folder(root, place, name, where) as (directory, base):
            return formats_of(base, names_in(directory))
    except (FileNotFoundError, NotADirectoryError):
        return ()


@contextmanager
def _folder(root: int, place: Place, name: str, where: str) -> Iterator[tuple[int, str]]:
    """The open folder that holds a recording, and the recording's name there; OSError where there is none."""
    *above, base = name.split("/")
    if place.is_mailbox:
        box, _, context = place.name.rpartition("@")
        steps = [context, box, *([where] if where else [])]
    else:
        steps = [*([where] if where else []), *above]
        steps = _within(place.root, steps)
    if not all(map(is_name, [*steps, base])):
        raise FileNotFoundError(name)
    with ExitStack() as stack:
        within = root
        for step in steps:
            within = stack.enter_context(opened(step, within))
        yield within, base


def _within(root: Path, steps: list[str]) -> list[str]:
    """The steps to a folder of sounds once its links are followed: Debian's `en` is a link to `en_US_f_Allison`."""
    top = root.resolve()
    real = top.joinpath(*steps).resolve()
    if not real.is_relative_to(top):
        raise FileNotFoundError(steps[-1])
    return list(real.relative_to(top).parts)


# --- what it is ------------------------------------------------------------------------------------------------------


def _missing(place: Place, name: str, languages: tuple[str, ...]) -> Looked:
    if place.is_mailbox:
        words = "nothing was recorded: callers hear the PBX's own words; record a greeting by telephone"
    else:
        words = f"the PBX has no sound {name}: callers hear nothing; put it there, or correct the line's announcements"
    finding = Finding(kind=FindingKind.NOT_RECORDED, words=words)
    line = place.line
    return Looked(
        pbx=line.pbx,
        line=line.name,
        place=place.name,
        name=name,
        stem=name,
        languages=languages,
        findings=(finding,),
    )


def _judged(data: bytes, ext: str, changed_at: datetime, shortest: float) -> _Judged:
    if len(data) > MOST_BYTES:
        words = f"it is larger than {MOST_BYTES // 1024 // 1024} MB, and was not looked into; no greeting is so long"
        found = Finding(kind=FindingKind.TOO_LARGE, words=words)
        return _Judged(ext=ext, digest="", changed_at=changed_at, findings=(found,))
    digest, decoded = hashlib.sha256(data).hexdigest(), decode(data, ext)
    if decoded.samples is None or decoded.seconds is None:
        return _Judged(ext=ext, digest=digest, changed_at=changed_at, findings=decoded.findings)
    measures = measure(decoded.samples, decoded.rate, ceiling=decoded.ceiling)
    measures = replace(measures, seconds=decoded.seconds)
    return _Judged(
        ext=ext,
        digest=digest,
        changed_at=changed_at,
        seconds=decoded.seconds,
        loudness=measures.loudness,
        findings=(*decoded.findings, *judge(measures, shortest=shortest)),
        outline=outline(decoded.samples),
    )


def _digest(judged: list[_Judged]) -> str:
    """The SHA-256 of the one file; of several, of the lines that sha256sum prints for them, named by their format."""
    if len(judged) < 2:
        return judged[0].digest if judged else ""
    lines = "".join(f"{one.digest}  {one.ext}\n" for one in judged)
    return hashlib.sha256(lines.encode()).hexdigest()


def _of_format(one: _Judged) -> Iterator[Finding]:
    return (replace(each, words=f".{one.ext}: {each.words}") for each in one.findings)


def _differing(judged: list[_Judged]) -> Iterator[Finding]:
    """Whether callers hear different things, each by the codec of their call."""

    def spread(value: Callable[[_Judged], float | None]) -> float:
        known = [found for one in judged if (found := value(one)) is not None]
        return max(known, default=0.0) - min(known, default=0.0)

    if spread(lambda one: one.seconds) > _DIFFER_SECONDS or spread(lambda one: one.loudness) > _DIFFER_LOUDNESS:
        formats = ", ".join(f".{one.ext}" for one in judged)
        words = (
            f"{formats} are not the same recording, and the PBX plays the one nearest to the caller's codec: delete "
            "those that are old"
        )
        yield Finding(kind=FindingKind.FORMATS_DIFFER, words=words)


def _languages(line: Line, where: str, languages: tuple[str, ...]) -> Iterator[Finding]:
    """Whether some callers hear what was not recorded in their language."""
    others = [one for one in languages if where not in ("", *hears(one)[:1], *one.split("_")[:1])]
    if others:
        words = f"callers of {', '.join(others)} hear it in {where}: record it in their language"
        yield Finding(kind=FindingKind.OTHER_LANGUAGE, words=words)
    elif not where and len(line.languages) > 1:
        words = f"callers of {', '.join(languages)} all hear this one: it should speak each of their languages"
        yield Finding(kind=FindingKind.OTHER_LANGUAGE, words=words, wrong=False)
