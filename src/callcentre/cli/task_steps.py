"""What a person does to a task: one command for each step of core.requests.TaskAction."""

import sys
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from callcentre.cli.asking import Asker, ask
from callcentre.cli.due import moment_of
from callcentre.cli.options import DEFAULT_CONFIG, ConfigPath, loaded, pbx_of
from callcentre.cli.running import carried_out
from callcentre.cli.tasks import detail_of
from callcentre.core.errors import ConfigError
from callcentre.core.requests import TaskAction, TaskAsked
from callcentre.core.terms import AckHow, TaskOutcome

Number = Annotated[int, typer.Argument(help="The task's number.", min=1)]
By = Annotated[str, typer.Option("--by", help="Who does it: the name for the history.")]
Why = Annotated[str, typer.Option("--why", help="Words for the history.")]
Supervisor = Annotated[bool, typer.Option("--supervisor", help="Decide about it although somebody else holds it.")]
Pbx = Annotated[str | None, typer.Option("--pbx", help="Whose task; needed if the configuration has several PBXs.")]


def _step(
    action: TaskAction,
    number: int,
    by: str,
    why: str,
    config: ConfigPath,
    pbx: str | None,
    **more: Any,
) -> None:
    settings = loaded(config)
    if not by.strip():
        raise ConfigError("--by is empty; write the name of who does it")
    asker = Asker(settings, pbx_of(settings, pbx))
    ask(settings, TaskAsked(**asker.common, number=number, action=action, who=by, why=why, **more))


def claim(number: Number, by: By, why: Why = "", config: ConfigPath = DEFAULT_CONFIG, pbx: Pbx = None) -> None:
    """Take a task, so that nobody else makes the same call; the claim lapses unless it is renewed."""
    _step(TaskAction.CLAIM, number, by, why, config, pbx)


def renew(number: Number, by: By, why: Why = "", config: ConfigPath = DEFAULT_CONFIG, pbx: Pbx = None) -> None:
    """Keep a task that is claimed."""
    _step(TaskAction.RENEW, number, by, why, config, pbx)


def release(
    number: Number,
    by: By,
    why: Why = "",
    supervisor: Supervisor = False,
    config: ConfigPath = DEFAULT_CONFIG,
    pbx: Pbx = None,
) -> None:
    """Give a claimed task back, for others to take."""
    _step(TaskAction.RELEASE, number, by, why, config, pbx, supervisor=supervisor)


def heard(number: Number, by: By, why: Why = "", config: ConfigPath = DEFAULT_CONFIG, pbx: Pbx = None) -> None:
    """Say that you listened to the task's messages."""
    _step(TaskAction.HEARD, number, by, why, config, pbx)


def number(
    task: Number,
    dial: Annotated[str, typer.Argument(help="The number to call, as heard in the message.")],
    by: By,
    why: Why = "",
    config: ConfigPath = DEFAULT_CONFIG,
    pbx: Pbx = None,
) -> None:
    """Note the number that the caller said; it is kept beside the one that the PBX told."""
    _step(TaskAction.NUMBER, task, by, why, config, pbx, dial=dial)


def dial(
    number: Number,
    by: By,
    telephone: Annotated[str, typer.Option("--telephone", help="The telephone that rings first: PJSIP/101.")],
    supervisor: Annotated[
        bool, typer.Option("--supervisor", help="Dial outside the line's calling hours too.")
    ] = False,
    config: ConfigPath = DEFAULT_CONFIG,
    pbx: Pbx = None,
) -> None:
    """Ring your telephone, and lead it to the task's caller."""
    _step(TaskAction.DIAL, number, by, "", config, pbx, telephone=telephone, supervisor=supervisor)


def note(
    number: Number,
    by: By,
    why: Annotated[str, typer.Option("--why", help="What should be remembered.")],
    config: ConfigPath = DEFAULT_CONFIG,
    pbx: Pbx = None,
) -> None:
    """Write something into the task's history."""
    _step(TaskAction.NOTE, number, by, why, config, pbx)


def close(
    number: Number,
    by: By,
    outcome: Annotated[TaskOutcome, typer.Option("--outcome", help="What came of it.")],
    why: Why = "",
    resolved: Annotated[
        bool | None, typer.Option("--resolved/--not-resolved", help="Whether it was settled at first contact.")
    ] = None,
    supervisor: Supervisor = False,
    config: ConfigPath = DEFAULT_CONFIG,
    pbx: Pbx = None,
) -> None:
    """End a task, and say what came of it."""
    said: dict[str, Any] = {"outcome": outcome, "resolved": resolved, "supervisor": supervisor}
    _step(TaskAction.CLOSE, number, by, why, config, pbx, **said)


def reopen(number: Number, by: By, why: Why = "", config: ConfigPath = DEFAULT_CONFIG, pbx: Pbx = None) -> None:
    """Open a closed task again."""
    _step(TaskAction.REOPEN, number, by, why, config, pbx)


def later(
    number: Number,
    by: By,
    at: Annotated[str | None, typer.Option("--at", help="When, by the line's clocks: 2026-11-24T15:00.")] = None,
    at_once: Annotated[bool, typer.Option("--at-once", help="It is not to wait any longer.")] = False,
    why: Why = "",
    supervisor: Supervisor = False,
    config: ConfigPath = DEFAULT_CONFIG,
    pbx: Pbx = None,
) -> None:
    """Put the next call of a task off; its deadline stays."""
    if (at is None) is not at_once:
        raise ConfigError("say when: write --at with a time, or --at-once")
    call_at = None if at is None else _moment(at, number, config, pbx)
    _step(TaskAction.LATER, number, by, why, config, pbx, call_at=call_at, supervisor=supervisor)


def _moment(at: str, number: int, config: ConfigPath, pbx: str | None, option: str = "--at") -> datetime:
    """The time that an option says, by the clocks of the task's line."""
    settings = loaded(config)
    task = carried_out(lambda: detail_of(settings, pbx_of(settings, pbx), number)).task
    lines = {line.name: line for line in settings.office.lines}
    line = lines.get(task.line) or lines[settings.office.fallback_line]
    moment, note = moment_of(at, ZoneInfo(line.zone), option)
    if note:
        print(note, file=sys.stderr)
    return moment


def flags(
    number: Number,
    by: By,
    language: Annotated[str | None, typer.Option("--language", help="The tag of a language, such as pl.")] = None,
    need: Annotated[list[str] | None, typer.Option("--need", help="What the caller needs; may be repeated.")] = None,
    agreed: Annotated[bool, typer.Option("--agreed", help="The caller agreed that it is kept.")] = False,
    why: Why = "",
    config: ConfigPath = DEFAULT_CONFIG,
    pbx: Pbx = None,
) -> None:
    """Note how to speak with the caller, if they agreed, in place of what was noted before."""
    asked = {"language": language, "needs": tuple(need or ()), "agreed": agreed}
    _step(TaskAction.FLAGS, number, by, why, config, pbx, **asked)


def assign(
    number: Number,
    to: Annotated[str, typer.Argument(help="Who is to have it.")],
    by: By,
    why: Why = "",
    config: ConfigPath = DEFAULT_CONFIG,
    pbx: Pbx = None,
) -> None:
    """Give a task to somebody, whoever holds it, as a supervisor may."""
    _step(TaskAction.ASSIGN, number, by, why, config, pbx, to=to, supervisor=True)


def undo(number: Number, by: By, why: Why = "", config: ConfigPath = DEFAULT_CONFIG, pbx: Pbx = None) -> None:
    """Take back that you closed a task, let it go or put it off, within a minute."""
    _step(TaskAction.UNDO, number, by, why, config, pbx)


def complaint(number: Number, by: By, why: Why = "", config: ConfigPath = DEFAULT_CONFIG, pbx: Pbx = None) -> None:
    """Mark that the caller complains."""
    _step(TaskAction.COMPLAINT, number, by, why, config, pbx)


def follow_up(number: Number, by: By, why: Why = "", config: ConfigPath = DEFAULT_CONFIG, pbx: Pbx = None) -> None:
    """Open another task for the caller, who was promised a further call."""
    _step(TaskAction.FOLLOW_UP, number, by, why, config, pbx)


def acknowledge(
    number: Number,
    by: By,
    how: Annotated[AckHow, typer.Option("--how", help="How the caller was told.")],
    when: Annotated[
        str | None, typer.Option("--when", help="When, by the line's clocks: 2026-11-24T15:00; without it, now.")
    ] = None,
    why: Why = "",
    config: ConfigPath = DEFAULT_CONFIG,
    pbx: Pbx = None,
) -> None:
    """Say that the caller was told that their message was received."""
    told = None if when is None else _moment(when, number, config, pbx, "--when")
    _step(TaskAction.ACKNOWLEDGE, number, by, why, config, pbx, how=how, when=told)
