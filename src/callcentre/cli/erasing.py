"""A caller's right to be forgotten: found, erased, and certified."""

import asyncio
import json
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from callcentre.cli.asking import Asker, ask, opened
from callcentre.cli.certifying import certificate, in_words, write
from callcentre.cli.options import DEFAULT_CONFIG, ConfigPath, loaded, pbx_of
from callcentre.cli.running import carried_out
from callcentre.cli.shown import Clocks, table
from callcentre.core.errors import ConfigError
from callcentre.core.numbers import canonical, masked
from callcentre.core.requests import ErasureAsked

if TYPE_CHECKING:
    from callcentre.config.settings import Config
    from callcentre.store.certificates import Erasure, NamedCase

_CLEANED_WITHIN: Final = 30.0
_LOOKS_EVERY: Final = 0.1


def erase(
    by: Annotated[str, typer.Option("--by", help="Who does it: the name for the history.")],
    why: Annotated[str, typer.Option("--why", help="The reason, for the history; without the number.")],
    whom: Annotated[str | None, typer.Argument(metavar="[NUMBER]", help="The caller's number.")] = None,
    number: Annotated[str | None, typer.Option("--number", help="The same.")] = None,
    task: Annotated[int | None, typer.Option("--task", help="Or the task whose caller it is.", min=1)] = None,
    email: Annotated[str, typer.Option("--email", help="Or the e-mail address of cases.")] = "",
    name: Annotated[str, typer.Option("--name", help="Or a name in cases, or a part of it.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask whether it is meant.")] = False,
    recordings: Annotated[bool, typer.Option("--recordings", help="Delete the recordings of messages too.")] = False,
    file: Annotated[Path | None, typer.Option("--certificate", help="Write the certificate to a file.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The certificate as JSON.")] = False,
    pbx: Annotated[str | None, typer.Option("--pbx", help="Only this PBX; needed with --task if several.")] = None,
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Erase a person from everything stored, for good, and certify it; what still waits for them is closed."""
    settings = loaded(config)
    ways = [way for way in (whom, number, task, email.strip() or None, name.strip() or None) if way is not None]
    if len(ways) != 1:
        raise ConfigError("whom? Write the caller's number, or one of --task, --email and --name")
    if not by.strip() or not why.strip():
        raise ConfigError("--by and --why must say who erases, and for what reason")
    if recordings and not settings.retention.erase_recordings:
        raise ConfigError("--recordings is not allowed here; set retention.erase_recordings = true to allow it")
    if file is not None and file.exists():
        raise ConfigError(f"--certificate {file}: is there already; name a new file")
    told: dict[str, Any] = {"who": by, "why": why, "recordings": recordings}
    if email.strip() or name.strip():
        requests = _by_name(settings, email.strip(), name.strip(), told, yes=yes, pbx=pbx)
    else:
        requests = _by_number(settings, whom or number, task, told, yes=yes, pbx=pbx)
    ask(settings, *requests, quietly=as_json)
    _certify(settings, requests, file, as_json=as_json)


def _by_number(
    settings: "Config", number: str | None, task: int | None, told: dict[str, Any], *, yes: bool, pbx: str | None
) -> list[ErasureAsked]:
    caller = canonical(number)
    if number is not None and caller is None:
        raise ConfigError("--number is no telephone number; write its digits, with the area code")
    all_of_them = number is not None and pbx is None
    pbxs = [each.name for each in settings.pbxs] if all_of_them else [pbx_of(settings, pbx)]
    what = f"task {task} and its caller's number" if caller is None else f"the number {masked(caller)}"
    where = ", ".join(pbxs)
    if not yes:
        typer.echo(f"This erases {what} from every call, message, task, case and note of {where}, for good.", err=True)
        typer.confirm("Is that meant?", abort=True, err=True)
    return [ErasureAsked(**Asker(settings, name).common, **told, caller=caller, task=task) for name in pbxs]


# --- by a name -------------------------------------------------------------------------------------------------------


def _by_name(
    settings: "Config", email: str, name: str, told: dict[str, Any], *, yes: bool, pbx: str | None
) -> list[ErasureAsked]:
    """Show the cases that would be hit, and ask; their numbers are not erased with them: others may share those."""
    wanted = {pbx_of(settings, pbx)} if pbx is not None else {each.name for each in settings.pbxs}

    async def find() -> "list[NamedCase]":
        async with opened(settings) as database:
            return [one for one in await database.erasures.cases_named(name=name, email=email) if one.pbx in wanted]

    found = carried_out(find)
    if not found:
        raise ConfigError("no case has that name or address; nothing was erased")
    clocks = Clocks(settings.office)
    rows = [
        (one.pbx, one.number, one.kind, clocks.short(one.received_at), one.name, one.email, masked(one.caller))
        for one in found
    ]
    with redirect_stdout(sys.stderr):
        table(("PBX", "Case", "Kind", "Received", "Name", "E-mail", "Number"), rows, right=("Case",))
    if not yes:
        typer.echo(f"This erases who these {len(found)} cases are of, and what was written about them.", err=True)
        typer.echo("Their telephone numbers are erased by callcentre erase NUMBER.", err=True)
        typer.confirm("Is that meant?", abort=True, err=True)
    words = (email,) if email else ()
    return [
        ErasureAsked(
            **Asker(settings, each).common,
            **told,
            cases=tuple(one.number for one in found if one.pbx == each),
            words=words,
        )
        for each in sorted({one.pbx for one in found})
    ]


# --- the certificate -------------------------------------------------------------------------------------------------


def _certify(settings: "Config", requests: list[ErasureAsked], file: Path | None, *, as_json: bool) -> None:
    from importlib.metadata import version

    found = carried_out(lambda: _done(settings, [request.request for request in requests]))
    told = certificate(settings, found, version("callcentre"))
    if file is not None:
        write(told, file, as_json=as_json)
        print(f"the certificate is in {file}", file=sys.stderr)
    elif as_json:
        print(json.dumps(told, ensure_ascii=False))
    else:
        print("\n".join(["", *in_words(told)]))


async def _done(settings: "Config", requests: list[str]) -> "list[Erasure]":
    """What was done, once the database's file is clean as well."""
    async with opened(settings) as database:
        waited, found = 0.0, [*await database.erasures.of(requests)]
        while waited < _CLEANED_WITHIN and any(not one.is_complete for one in found):
            await asyncio.sleep(_LOOKS_EVERY)
            waited += _LOOKS_EVERY
            found = [*await database.erasures.of(requests)]
        return found
