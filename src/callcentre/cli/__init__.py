"""The commands. Exit 0 complete, 1 the input or the answer is wrong, 2 the configuration or the call is.

What was asked for goes to standard output, everything else to standard error; a user's mistake is one message, never
a traceback. Telephone numbers in an error are masked. Here stands which command is which function; the modules beside
are one for each subject. Other rooms are imported where a command needs them, so that a small one starts at once.
"""

import os
import sys
import traceback
from typing import NoReturn

import typer

from callcentre.cli import (
    attendance,
    books,
    callers,
    daemon,
    due,
    erasing,
    greetings,
    holding,
    person,
    report,
    retention,
    rings,
    setting_up,
    staffing,
    tapes,
    task_steps,
    tasks,
    telling,
    user,
)
from callcentre.cli.options import MISUSED, WRONG
from callcentre.core.errors import CallcentreError, ConfigError


def _group(help_text: str | None = None) -> typer.Typer:
    return typer.Typer(
        name="callcentre",
        help=help_text,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )


app = _group("Measures every call of an Asterisk PBX against what the office promised.")
app.command()(daemon.run)
app.command()(daemon.demo)
app.command("check-config")(setting_up.check_config)
app.command("init-config")(setting_up.init_config)
app.command("upgrade-db")(setting_up.upgrade_db)
app.command()(tapes.replay)
app.command()(tapes.record)
imports = _group()
imports.command("queue_log")(books.import_queue_log)
app.add_typer(imports, name="import", help="Take in what other books have.")
app.command()(books.reconcile)
callbacks = _group()
callbacks.command("list")(tasks.list_tasks)
callbacks.command("show")(tasks.show_task)
callbacks.command()(task_steps.claim)
callbacks.command()(task_steps.renew)
callbacks.command()(task_steps.release)
callbacks.command()(task_steps.heard)
callbacks.command()(task_steps.number)
callbacks.command()(task_steps.dial)
callbacks.command()(task_steps.note)
callbacks.command()(task_steps.close)
callbacks.command()(task_steps.reopen)
callbacks.command()(task_steps.later)
callbacks.command()(task_steps.flags)
callbacks.command()(task_steps.assign)
callbacks.command()(task_steps.undo)
callbacks.command()(task_steps.complaint)
callbacks.command()(task_steps.acknowledge)
callbacks.command("follow-up")(task_steps.follow_up)
callbacks.command("backlog")(tasks.backlog)
app.add_typer(callbacks, name="tasks", help="The callbacks to make, and what is done about them.")
users = _group()
users.command()(user.add)
users.command("list")(user.list_users)
users.command()(user.password)
users.command()(user.role)
users.command()(user.disable)
users.command()(user.enable)
users.command("totp-off")(user.totp_off)
users.command()(user.remove)
users.command()(user.token)
app.add_typer(users, name="user", help="Who may log in to the pages, and as what.")
app.command()(attendance.attendance)
app.command()(callers.missed)
app.command()(callers.voicemails)
app.command("erase")(erasing.erase)
app.command()(person.person)
app.command()(retention.retention)
holds = _group()
holds.command()(holding.place)
holds.command()(holding.lift)
holds.command("list")(holding.list_holds)
app.add_typer(holds, name="hold", help="What must be kept, whatever retention or an erasure would do.")
audit = _group()
audit.command()(greetings.check)
app.add_typer(audit, name="greetings", help="The recorded messages that callers hear.")
app.command("test-notice")(telling.send_test_notice)
app.command()(due.due)
app.command()(staffing.staffing)
app.command()(rings.rings)
app.command()(report.report)


def main() -> None:
    """Run the command line; the entry point of the package."""
    try:
        app()
    except ConfigError as error:
        _quit(MISUSED, str(error))
    except CallcentreError as error:
        _quit(WRONG, str(error))
    except KeyboardInterrupt:
        _quit(130, "interrupted")
    except BrokenPipeError:
        # The reader of our output had enough. Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception:  # noqa: BLE001  a fault's trace may quote what a caller or a PBX said, and ends in a journal
        _quit(WRONG, f"a fault of callcentre\n{traceback.format_exc()}")


def _quit(code: int, message: str) -> NoReturn:
    from callcentre.runtime.log import mask

    print(f"callcentre: {mask(message)}", file=sys.stderr)
    sys.exit(code)
