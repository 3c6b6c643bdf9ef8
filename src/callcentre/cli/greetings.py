"""Whether the recorded messages that callers hear are fit to be heard."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from callcentre.cli.options import DEFAULT_CONFIG, WRONG, ConfigPath, known_line, loaded
from callcentre.cli.shown import Json, plain, print_json

if TYPE_CHECKING:
    from callcentre.config.settings import Config
    from callcentre.core.charter import Line
    from callcentre.core.greetings import Looked


def check(
    line: Annotated[str | None, typer.Option("--line", help="Only what callers of this line hear.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Judge every recorded message that callers hear, and say what is wrong with it; exit 1 if anything is."""
    settings = loaded(config)
    known_line(settings, line)
    wrong = good = 0
    for each in settings.office.lines:
        if line not in (None, each.name):
            continue
        for found in _heard(settings, each):
            bad = isinstance(found, str) or bool(found.wrong)
            wrong, good = wrong + bad, good + (not bad)
            if as_json:
                print_json({"line": each.name, "problem": found} if isinstance(found, str) else _json(found))
            else:
                _show(each.name, found)
    if not as_json:
        print(f"{good} good, {wrong} wrong")
    if wrong:
        raise typer.Exit(WRONG)


def _heard(settings: "Config", line: "Line") -> "Iterator[Looked | str]":
    """What callers of a line hear, or why that cannot be told."""
    from callcentre.listening import listen
    from callcentre.spool.recorded import Ear

    spools = {pbx.name: pbx.voicemail_spool for pbx in settings.pbxs if pbx.voicemail_spool is not None}
    sounds = {pbx.name: pbx.sounds for pbx in settings.pbxs if pbx.sounds is not None}
    for heard in listen(line, spools, sounds, Ear()):
        if heard.problem:
            yield f"{heard.place}: {heard.problem}"
        yield from heard.looked


def _show(line: str, found: "Looked | str") -> None:
    if isinstance(found, str):
        print(f"{line}\n  wrong: {plain(found)}")
        return
    told = [
        f"{', '.join(f'.{ext}' for ext in found.formats)}" if found.formats else "not recorded",
        *([f"{found.seconds:.1f} s"] if found.seconds is not None else []),
        *([f"{found.loudness:.1f} LUFS"] if found.loudness is not None else []),
        f"for {', '.join(found.languages)}",
    ]
    print(plain(f"{line}  {found.place}  {found.stem}  ({', '.join(told)})"))
    for finding in found.findings:
        print(plain(f"  {'wrong' if finding.wrong else 'note'}: {finding.words}"))


def _json(found: "Looked") -> Json:
    return {
        "pbx": found.pbx,
        "line": found.line,
        "place": found.place,
        "name": found.name,
        "stem": found.stem,
        "languages": list(found.languages),
        "formats": list(found.formats),
        "sha256": found.digest or None,
        "changed_at": None if found.changed_at is None else found.changed_at.isoformat(timespec="microseconds"),
        "seconds": None if found.seconds is None else round(found.seconds, 3),
        "lufs": None if found.loudness is None else round(found.loudness, 1),
        "findings": [{"kind": each.kind.value, "wrong": each.wrong, "words": each.words} for each in found.findings],
    }
