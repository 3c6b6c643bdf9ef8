"""A person's right to see what is kept of them: found, written to a file, and audited."""

import json
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from callcentre.cli.asking import opened
from callcentre.cli.options import DEFAULT_CONFIG, ConfigPath, loaded, pbx_of
from callcentre.cli.person_words import heading
from callcentre.cli.running import carried_out
from callcentre.core.errors import ConfigError
from callcentre.core.numbers import canonical, masked

if TYPE_CHECKING:
    from callcentre.store.subject import Subject

TITLES: Final = {
    "calls": "Calls",
    "ring_attempts": "Telephones that rang for them",
    "visits": "Queues they waited in",
    "messages": "Messages left",
    "tasks": "Callbacks",
    "filings": "When each message was to be answered, and was",
    "task_history": "What was done about the callbacks",
    "callouts": "Calls made to the person",
    "clicks": "Calls made from the page",
    "wrap_ups": "What was noted after calls",
    "cases": "Complaints and other cases",
    "case_clocks": "What was promised of the cases",
    "case_history": "What was done about the cases",
    "transcripts": "Drafts of what messages say",
    "outbox": "Notices to staff",
    "voicemail_uses": "Whether voicemail was used fairly",
    "satisfaction": "Answers to the question after a call",
    "abuse_incidents": "Incidents",
    "legal_holds": "Legal holds",
}
MENTIONS: Final = {
    "attendance": "Why a line was attended or not",
    "audit": "What staff did",
    "breach_steps": "Steps when a line was not attended",
    "breaches": "When a line was not attended",
    "erasures": "Erasures",
    "mailboxes": "Mailboxes",
    "orders": "Requests of the command line",
}
"""Titles of tables that hold nobody's number, only words."""

NOT_HERE: Final = (
    "The recordings themselves are in the voicemail of the telephone system: play or copy them there.",
    "Asterisk's own books (queue_log, CDR, CEL, logs) and backups are not part of this file.",
    "Names of staff and of other people may stand here: look through it before it is handed over.",
)
_STYLE: Final = (
    "body{font:16px/1.5 sans-serif;margin:2em auto;max-width:70em;padding:0 1em}table{border-collapse:collapse}"
    "td,th{border:1px solid #888;padding:.2em .5em;text-align:left;vertical-align:top}div{overflow-x:auto}"
)


def person(
    out: Annotated[Path, typer.Option("--out", help="The file to write, .json, .html or .txt; a new one.")],
    by: Annotated[str, typer.Option("--by", help="Who takes it out: the name for the audit log.")],
    number: Annotated[str | None, typer.Argument(help="The person's number.")] = None,
    email: Annotated[str, typer.Option("--email", help="Or the e-mail address of cases.")] = "",
    name: Annotated[str, typer.Option("--name", help="Or a name in cases, or a part of it.")] = "",
    pbx: Annotated[str | None, typer.Option("--pbx", help="Only this PBX.")] = None,
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Write everything that is kept of one person to a file, for them; that it was done is audited."""
    settings = loaded(config)
    caller = canonical(number)
    if sum(way is not None and way != "" for way in (number, email.strip(), name.strip())) != 1:
        raise ConfigError("of whom? Write the number, or one of --email and --name")
    if number is not None and caller is None:
        raise ConfigError("that is no telephone number; write its digits, with the area code")
    if not by.strip():
        raise ConfigError("--by must say who takes it out")
    if out.suffix not in _FORMS:
        raise ConfigError("--out must end in .json, .html or .txt")
    if out.exists():
        raise ConfigError(f"--out {out}: is there already; name a new file")
    whom = masked(caller) if caller is not None else "a name or an address in cases"

    async def work() -> "Subject":
        from callcentre.runtime.clock import SystemClock

        async with opened(settings) as database:
            pbxs = [] if pbx is None else [pbx_of(settings, pbx)]
            found = await database.subjects.of(number=caller, name=name, email=email, pbxs=pbxs)
            rows = sum(found.counts.values())
            # First written down, then given out.
            await database.audit.add(SystemClock().now(), by.strip(), "person exported", f"{whom}, {rows} rows")
            return found

    found = carried_out(work)
    text = _FORMS[out.suffix](found)
    try:
        with out.open("x", encoding="utf-8") as file:
            out.chmod(0o600)
            file.write(text)
    except OSError as error:
        raise ConfigError(f"--out {out}: cannot be written ({error.strerror})") from None
    rows = sum(found.counts.values())
    print(f"{rows} rows of {whom}, {len(found.recordings)} recordings in mailboxes: {out}")


def as_json(found: "Subject") -> str:
    """What was found, for programs."""
    told = {
        "tables": {name: rows for name, rows in found.tables.items() if rows},
        "mentions": dict(found.mentions),
        "recordings": found.recordings,
        "not_here": list(NOT_HERE),
    }
    return json.dumps(told, indent=2, ensure_ascii=False) + "\n"


def as_html(found: "Subject") -> str:
    """What was found, for people: one file without script."""
    parts = [
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>What is kept of a person</title>',
        f"<style>{_STYLE}</style><h1>What is kept of a person</h1>",
        *(f"<p>{escape(each)}</p>" for each in NOT_HERE),
    ]
    for title, rows in _titled(found):
        parts += _section(title, rows)
    return "\n".join([*parts, "</html>"]) + "\n"


def as_text(found: "Subject") -> str:
    """What was found, for people: lines of text, one for each thing that is known."""
    lines = ["What is kept of a person", "", *NOT_HERE]
    for title, rows in _titled(found):
        for number, row in enumerate(rows, start=1):
            lines += ["", f"{title}, {number} of {len(rows)}"]
            lines += [f"  {heading(name)}: {_one_line(row[name])}" for name in _told(rows) if not _is_empty(row[name])]
    return "\n".join(lines) + "\n"


_FORMS: Final = {".json": as_json, ".html": as_html, ".txt": as_text}


def _titled(found: "Subject") -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """What was found, each with its title."""
    for name, title in TITLES.items():
        yield title, found.tables.get(name, [])
    yield "Recordings in mailboxes", found.recordings
    for name, rows in found.mentions.items():
        yield f"Mentioned elsewhere: {TITLES.get(name) or MENTIONS.get(name, name.replace('_', ' '))}", rows


def _told(rows: list[dict[str, Any]]) -> list[str]:
    """The columns that tell anything: what is empty in all rows does not."""
    return [name for name in rows[0] if any(not _is_empty(row[name]) for row in rows)]


def _one_line(value: object) -> str:
    """What callers sent, without anything that could steer a reader's screen."""
    return "".join(sign if sign.isprintable() else " " for sign in str(value))


def _is_empty(value: object) -> bool:
    return value in (None, "", "[]")


def _section(title: str, rows: list[dict[str, Any]]) -> Iterator[str]:
    if not rows:
        return
    names = _told(rows)
    yield f"<h2>{escape(title)}</h2><div><table><tr>"
    yield "".join(f"<th>{escape(heading(name))}</th>" for name in names) + "</tr>"
    for row in rows:
        cells = (row[name] for name in names)
        yield "<tr>" + "".join(f"<td>{escape('' if one is None else str(one))}</td>" for one in cells) + "</tr>"
    yield "</table></div>"
