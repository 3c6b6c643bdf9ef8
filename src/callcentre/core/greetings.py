"""What may be wrong with a recorded message that callers hear (H8), and how it stands with who signed it off.

Audible, accurate and appropriate: the first is measured from the file, for the others a person types the wording and
signs it off, against the file's hash and until a day on which it is looked at again.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

__all__ = ["Finding", "FindingKind", "Looked", "SignOff", "Standing", "hears", "standing"]


class FindingKind(StrEnum):
    """What was found about a recording: of the file, of its sound, of what there is beside it."""

    UNREADABLE = "unreadable"  # a link, a folder, or no right to read it
    EMPTY = "empty"
    TOO_LARGE = "too_large"  # not looked into
    UNPLAYABLE = "unplayable"  # a kind of file that the PBX does not play
    WRONG_CONTENT = "wrong_content"  # not what its name says it is
    DAMAGED = "damaged"
    CUT_SHORT = "cut_short"  # the file ends before its own header says so
    NOT_MONO = "not_mono"
    WRONG_RATE = "wrong_rate"
    WRONG_CODING = "wrong_coding"
    SILENT = "silent"
    QUIET = "quiet"
    LOUD = "loud"
    CLIPPED = "clipped"
    NOISY = "noisy"
    SILENCE_BEFORE = "silence_before"
    SILENCE_AFTER = "silence_after"
    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    FORMATS_DIFFER = "formats_differ"  # what is heard depends on the caller's codec
    OTHER_LANGUAGE = "other_language"  # callers of this language hear the recording of another
    NOT_JUDGED = "not_judged"  # a format that callcentre cannot decode
    NOT_RECORDED = "not_recorded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing found. `words` say what it is and what to do; `wrong` is False for what is only good to know."""

    kind: FindingKind
    words: str
    wrong: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """A recorded message of a line as it was found. Durations in seconds, `loudness` in LUFS, None: cannot be told.

    `place` is the mailbox (`600@default`) or `sounds`; `name` is what it is asked for by (`unavail`,
    `custom/closed`), `stem` where it was found in its place, without the format (`cy/unavail`). `languages` are those
    of the line's callers who hear it. `digest` is the SHA-256 of the one file, or, where there are several formats, of
    what sha256sum prints for them; empty where nothing could be read. `outline` is its waveform: the lowest and the
    highest sample of each of equal parts, from -1 to 1.
    """

    pbx: str
    line: str
    place: str
    name: str
    stem: str
    languages: tuple[str, ...]
    formats: tuple[str, ...] = ()
    digest: str = ""
    changed_at: datetime | None = None
    seconds: float | None = None
    loudness: float | None = None
    findings: tuple[Finding, ...] = ()
    outline: tuple[tuple[float, float], ...] = ()

    @property
    def key(self) -> tuple[str, str, str]:
        """What it is known by."""
        return self.pbx, self.place, self.stem

    @property
    def recorded(self) -> bool:
        """Whether there is anything at all."""
        return not any(each.kind is FindingKind.NOT_RECORDED for each in self.findings)

    @property
    def wrong(self) -> tuple[Finding, ...]:
        """The findings that are wrong."""
        return tuple(each for each in self.findings if each.wrong)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignOff:
    """Somebody listened: these are its words, they are right, and it is to be looked at again on `review_on`."""

    pbx: str
    place: str
    stem: str
    digest: str
    wording: str
    review_on: date
    who: str
    at: datetime


class Standing(StrEnum):
    """How it stands with a recorded message; several may hold, the worst first."""

    MISSING = "missing"
    INAUDIBLE = "inaudible"  # something of its file or its sound is wrong
    CHANGED = "changed"  # since it was signed off
    EXPIRED = "expired"  # its review date has passed
    UNSIGNED = "unsigned"  # nobody has signed it off yet


def standing(looked: Looked, signed: SignOff | None, today: date) -> tuple[Standing, ...]:
    """How it stands with `looked`, whose last sign-off is `signed`, on `today` of the line; empty: all is well."""
    if not looked.recorded:
        return (Standing.MISSING,)
    found = [Standing.INAUDIBLE] if looked.wrong else []
    if signed is None:
        found.append(Standing.UNSIGNED)
    else:
        if signed.digest != looked.digest:
            found.append(Standing.CHANGED)
        if today >= signed.review_on:
            found.append(Standing.EXPIRED)
    return tuple(found)


def hears(language: str) -> tuple[str, ...]:
    """Where the PBX looks for a recording, for callers of `language`, in this order; "" is the folder of no language.

    As main/file.c does: `en_GB`, `en`, none, and then Asterisk's own default language, `en`.
    """
    parts = language.split("_")
    own = ["_".join(parts[:length]) for length in range(len(parts), 0, -1)] if language else []
    return tuple(dict.fromkeys([*own, "", "en"]))
