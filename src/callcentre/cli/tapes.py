"""Recordings of AMI: made from a live PBX, and measured again."""

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Final, cast

import typer

from callcentre.cli.options import DEFAULT_CONFIG, WRONG, ConfigPath, loaded, pbx_of
from callcentre.cli.running import carried_out
from callcentre.cli.shown import Json, table
from callcentre.core.errors import ConfigError

_KINDS: Final = {
    "voicemail": ("voicemail message", "voicemail messages"),
    "attendance": ("interval of attendance", "intervals of attendance"),
}


def replay(
    tapes: Annotated[list[Path], typer.Argument(help="Recordings of AMI; each is an office of its own.")],
    config: ConfigPath = DEFAULT_CONFIG,
    snapshots: Annotated[Path | None, typer.Option(help="Replies a client could have asked for.")] = None,
    pbx: Annotated[str | None, typer.Option(help="Whose tape it is; needed if the configuration has several.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line instead of a table.")] = False,
) -> None:
    """Measure a recording as if it happened now, on the tape's own clock. Needs no PBX and no database."""
    from callcentre.history.replay import replay as play

    settings = loaded(config)
    name = pbx_of(settings, pbx)
    if snapshots is not None and len(tapes) > 1:
        raise ConfigError("--snapshots goes with one tape; replay the others by themselves")
    rows = (row for tape in tapes for row in play(tape, settings.office, name, snapshots))
    if as_json:
        for row in rows:
            print(json.dumps(row, ensure_ascii=False))
    else:
        _print(rows)


def record(
    out: Annotated[Path, typer.Argument(help="The tape to write; .gz and .zst are compressed.")],
    config: ConfigPath = DEFAULT_CONFIG,
    raw: Annotated[bool, typer.Option("--raw", help="Keep numbers and names as they are.")] = False,
    seconds: Annotated[float | None, typer.Option(help="Stop after so long; without it, at Ctrl-C.", min=0)] = None,
    pbx: Annotated[str | None, typer.Option(help="Which PBX, if the configuration has several.")] = None,
) -> None:
    """Record what a live PBX says, for `replay`: secrets left out, numbers and names replaced unless --raw."""
    from callcentre import app as daemon
    from callcentre.runtime import log

    settings = loaded(config)
    name = pbx_of(settings, pbx)
    packets = carried_out(lambda: daemon.record(settings, name, out, log=log.set_up(), raw=raw, seconds=seconds))
    print(f"{out}: {packets} packets", file=sys.stderr)
    if not packets:
        raise typer.Exit(WRONG)


def _print(rows: Iterable[Json]) -> None:
    """Print calls, then messages with what became of them; of the rest how much there is. No caller is named."""
    calls: list[Json] = []
    others: dict[str, list[Json]] = {}
    for row in rows:
        if "uniqueid" in row:
            calls.append(row)
        else:
            kind, value = next(iter(row.items()))
            others.setdefault(kind, []).append(cast("Json", value))
    table(
        ("offered at", "line", "outcome", "wait s", "rings", "talk s", "answered by", "in time", "quality"),
        [_call(row) for row in calls],
        right=("wait s", "rings", "talk s"),
    )
    if messages := others.get("voicemail"):
        print()
        table(("left at", "line", "mailbox", "due", "task", "what became of it"), [_message(row) for row in messages])
        print()
    told = [f"{len(calls)} call{'' if len(calls) == 1 else 's'}"]
    told += [f"{len(found)} {_KINDS.get(kind, (kind, kind))[len(found) != 1]}" for kind, found in others.items()]
    print(", ".join(told) + " (--json prints everything; times are UTC)")


def _call(row: Json) -> list[object]:
    return [
        _moment(row["offered_at"]),
        row["line"],
        _words(row["outcome"]),
        _number(row["wait_seconds"]),
        _number(row["rings"], places=0),
        _number(row["talk_seconds"]),
        row["answered_by"],
        {True: "yes", False: "no"}.get(cast("bool", row["within_seconds"]), ""),
        row["quality"],
    ]


def _message(row: Json) -> list[object]:
    task = cast("Json | None", row["task"])
    place = [_moment(row["left_at"]), row["line"], row["mailbox"], _moment(row["due"])]
    if task is None:
        return [*place, "none", ""]
    responded = f"answered {_moment(task['responded_at'])}" if task["responded_at"] else "not answered"
    outcome = f", {_words(task['outcome'])}" if task["outcome"] else ""
    return [*place, task["number"], f"{responded}, {_words(task['state'])}{outcome}"]


def _moment(value: object) -> str:
    return "" if value is None else str(value)[:19].replace("T", " ")


def _words(value: object) -> str:
    return str(value).replace("_", " ")


def _number(value: object, places: int = 1) -> str:
    return f"{value:.{places}f}" if isinstance(value, int | float) else ""
