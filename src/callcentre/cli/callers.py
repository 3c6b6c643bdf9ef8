"""Who called in vain, who left a message, and whether voicemail was fairly used."""

import re
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated, Final
from zoneinfo import ZoneInfo

import typer

from callcentre.cli.asking import opened
from callcentre.cli.options import DEFAULT_CONFIG, ConfigPath, known_line, loaded, pbx_of
from callcentre.cli.running import carried_out
from callcentre.cli.shown import Clocks, jsonable, picked, print_json, table, words
from callcentre.cli.tasks import AsJson, OnLine, OnPbx, message_json
from callcentre.core.errors import ConfigError
from callcentre.core.facts import VoicemailUsed
from callcentre.core.terms import Verdict

if TYPE_CHECKING:
    from callcentre.config.settings import Config
    from callcentre.store.results import MissedCaller, VoicemailUseCount
    from callcentre.store.voicemail_queries import Voicemail

MISSED_KEYS: Final = ("pbx", "line", "caller", "calls", "first_at", "last_at", "task")
MISUSE_KEYS: Final = ("pbx", "line", "uniqueid", "at", "verdict", "reason")
_LENGTH: Final = re.compile(r"(\d{1,4})([hd])", re.ASCII)

Since = Annotated[str, typer.Option("--since", help="From when on: 7d, 12h, or a day such as 2026-11-20.")]


def since_of(written: str, now: datetime, zone: ZoneInfo) -> datetime:
    """Read `--since`: so many hours or days before `now`, or the midnight of a day in `zone`. In UTC."""
    if match := _LENGTH.fullmatch(written.strip()):
        number = int(match[1])
        return now - (timedelta(days=number) if match[2] == "d" else timedelta(hours=number))
    try:
        day = date.fromisoformat(written.strip())
        return datetime.combine(day, time(), zone).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ConfigError(f"--since {written} is no time; write 7d, 12h, or a day such as 2026-11-20") from None


def missed(
    line: OnLine = None,
    since: Since = "7d",
    as_json: AsJson = False,
    pbx: OnPbx = None,
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """List the callers whom nobody answered, and who were neither answered nor reached since; the latest first."""
    settings, clocks = loaded(config), None
    known_line(settings, line)
    rows = carried_out(lambda: _missed(settings, _pbxs(settings, pbx), line, since))
    if as_json:
        for row in rows:
            print_json(picked(row, MISSED_KEYS))
        return
    clocks = Clocks(settings.office)
    table(
        ("caller", "line", "calls", "first", "last", "task"),
        [
            (
                row.caller,
                row.line,
                row.calls,
                clocks.short(row.first_at, row.line),
                clocks.short(row.last_at, row.line),
                row.task or "none",
            )
            for row in rows
        ],
        right=("calls", "task"),
    )
    print(f"{len(rows)} caller{'' if len(rows) == 1 else 's'} missed")


async def _missed(config: "Config", pbxs: Sequence[str], line: str | None, since: str) -> "list[MissedCaller]":
    from callcentre.runtime.clock import SystemClock

    now = SystemClock().now()
    begins = since_of(since, now, Clocks(config.office).zone(line))
    async with opened(config) as database:
        return await database.queries.missed_callers(begins, now, line=line, pbxs=pbxs)


def voicemails(
    line: OnLine = None,
    since: Since = "7d",
    as_json: AsJson = False,
    pbx: OnPbx = None,
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """List the messages with their tasks, and how calls came to voicemail: misuse (H7) call by call."""
    settings = loaded(config)
    known_line(settings, line)
    found, counts, misuse = carried_out(lambda: _voicemails(settings, _pbxs(settings, pbx), line, since))
    if as_json:
        for one in found:
            print_json({"voicemail": message_json(one.message, one.filing)})
        for used in misuse:
            print_json({"misuse": picked(used, MISUSE_KEYS)})
        for count in counts:
            print_json({"verdict": {key: jsonable(value) for key, value in asdict(count).items()}})
        return
    clocks = Clocks(settings.office)
    table(
        ("left", "line", "caller", "length", "task", "due", "answered"),
        [_voicemail_row(one, clocks) for one in found],
        right=("task",),
    )
    print(f"{len(found)} message{'' if len(found) == 1 else 's'}")
    if counts:
        print("\ncalls that reached voicemail")
        table(
            ("line", "verdict", "calls"),
            [(one.line, words(one.verdict), one.calls) for one in counts],
            right=("calls",),
        )
    if misuse:
        print("\nmisuse: the line was open, somebody was free, and no telephone rang")
        table(
            ("at", "line", "call", "evidence"),
            [(clocks.full(one.at, one.line), one.line, one.uniqueid, one.reason) for one in misuse],
        )


def _voicemail_row(one: "Voicemail", clocks: Clocks) -> list[object]:
    message, filing = one.message, one.filing
    return [
        clocks.full(message.left_at, message.line),
        message.line,
        message.caller or "withheld",
        "" if message.duration is None else f"{message.duration} s",
        filing.task if filing else words(message.status),
        clocks.short(filing.due, filing.line) if filing else "",
        (clocks.short(filing.responded_at, filing.line) or "not yet") if filing else "",
    ]


async def _voicemails(
    config: "Config", pbxs: Sequence[str], line: str | None, since: str
) -> "tuple[list[Voicemail], list[VoicemailUseCount], list[VoicemailUsed]]":
    from callcentre.runtime.clock import SystemClock

    now = SystemClock().now()
    begins = since_of(since, now, Clocks(config.office).zone(line))
    async with opened(config) as database:
        asked = database.queries
        found = [one async for page in asked.voicemails(begins, now, line=line, pbxs=pbxs) for one in page]
        counts = await asked.voicemail_use_counts(begins, now, line=line)
        used = [u async for page in asked.voicemail_uses(begins, now, line=line, verdict=Verdict.MISUSE) for u in page]
    return found, counts, [one for one in used if one.pbx in pbxs]


def _pbxs(config: "Config", wanted: str | None) -> list[str]:
    return [pbx.name for pbx in config.pbxs] if wanted is None else [pbx_of(config, wanted)]
