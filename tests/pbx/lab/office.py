"""The lab's office as callcentre is told of it: lines, DIDs, queues, mailboxes, and who listens to what."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from tests.pbx.lab.cases import Acting
from tests.pbx.lab.cases_ringing import STRATEGIES
from tests.pbx.lab.moment import DAY, now

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
HOURS = "{ " + ", ".join(f'{day} = ["00:00-24:00"]' for day in DAYS) + " }"
MENU = "01632960620"
FALLBACK = "enquiries"
CONTACT = "supervisors"
"""Who is told; where, the daemon's configuration says."""

LONG_GRACE = ('grace = "1h"',)
BRISK = "brisk"
BRISK_CHARTER = f"""name = "{BRISK}"
version = 1
answer_seconds = 3
hours = {HOURS}
message_rule = {{ name = "working_days", n = 1 }}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the office."""

    name: str
    dids: tuple[str, ...] = ()
    queues: tuple[str, ...] = ()
    extensions: tuple[str, ...] = ()
    mailboxes: tuple[str, ...] = ()
    callback_abandoned: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """One account that callcentre listens with: to callcentre it is a PBX of its own."""

    name: str
    account: str
    port: int
    secret: str
    queue_log: str
    voicemail: str | None = None
    acts: str | None = None


def _numbers(*ends: str) -> tuple[str, ...]:
    return tuple(f"01632960{end}" for end in ends)


DESKS = ("101", "102", "103", "104", "105", "106")
LINES = (
    Line(
        name="enquiries",
        dids=_numbers("600", "601", "602", "603", "604", "698", "699"),
        queues=("enquiries",),
        mailboxes=("600@default",),
    ),
    Line(name="bookings", dids=_numbers("610", "660"), queues=("bookings",), mailboxes=("610@default",)),
    Line(name="nurse", dids=_numbers("630", "631"), queues=("nurse",), mailboxes=("630@default",)),
    Line(name="locals", dids=_numbers("640"), queues=("locals",)),
    Line(name="dynamic", dids=_numbers("650"), queues=("dynamic",)),
    Line(name="small", dids=_numbers("670", "671", "695"), queues=("small",), mailboxes=("645@default",)),
    # The line of the shipped dialplan. No line names the mailbox 690, nor the DID that leads there.
    Line(
        name="care",
        dids=_numbers("590", "591", "592", "593", "689", "690", "691", "692", "693", "694"),
        queues=("care",),
        mailboxes=("640@default", "641@default"),
        callback_abandoned=True,
    ),
    *(
        Line(name=strategy, dids=_numbers(f"68{index}"), queues=(strategy,))
        for index, strategy in enumerate(STRATEGIES)
    ),
    Line(
        name="direct",
        dids=_numbers(*DESKS, "109", "110"),
        extensions=tuple(f"PJSIP/{desk}" for desk in DESKS),
        mailboxes=tuple(f"{desk}@default" for desk in DESKS),
    ),
)


def _list(values: Iterable[str]) -> str:
    return "[" + ", ".join(f'"{value}"' for value in values) + "]"


def config(listeners: Iterable[Listener], extra: str = "", acting: Acting | None = None) -> str:
    """A configuration file: one PBX for each listener, and the office's lines on each of them.

    The lines of the first listener bear their plain names; those of the others end with `-` and its name. Nobody is
    told of a line without agents, unless callcentre acts for it.
    """
    parts = [f'fallback_line = "{FALLBACK}"', extra]
    for index, listener in enumerate(listeners):
        parts.append(
            "[[pbx]]\n"
            f'name = "{listener.name}"\nhost = "127.0.0.1"\nport = {listener.port}\n'
            f'username = "{listener.account}"\nsecret = "{listener.secret}"\n'
            f'trunks = ["PJSIP/trunk"]\nmenus = ["{MENU}"]\nqueue_log = "{listener.queue_log}"\n'
            + (f'voicemail_spool = "{listener.voicemail}"\n' if listener.voicemail else "")
            + (f'act_username = "{listener.acts}"\nact_secret = "{listener.secret}"\n' if listener.acts else "")
        )
        for line in LINES:
            mine = acting if acting and line.name == acting.line and not index else None
            suffix = f"-{listener.name}" if index else ""
            parts.append(_line(line, listener.name, suffix, CONTACT, mine.keys if mine else LONG_GRACE, mine))
    return "\n".join(parts)


def _line(
    line: Line, pbx: str, suffix: str, tell: str = "", more: tuple[str, ...] = (), acting: Acting | None = None
) -> str:
    charter = BRISK if acting and acting.brisk else "hct"
    rows = ["[[line]]", f'name = "{line.name}{suffix}"', f'pbx = "{pbx}"', f'charter = "{charter}"', 'nation = "ENG"']
    keys = ("dids", "queues", "extensions", "mailboxes")
    rows += [f"{key} = {_list(values)}" for key in keys if (values := getattr(line, key))]
    if line.callback_abandoned:
        rows.append("callback_abandoned = true")
    if tell:
        rows.append(f'tell = ["{tell}"]')
    rows += more
    if acting:
        # On bank holidays, too.
        days = [datetime.fromtimestamp(now() + ahead, UTC).date().isoformat() for ahead in (0, DAY)]
        rows.append(f"added_days = [{', '.join(days)}]")
    rows.append(f"hours = {HOURS}\n")
    return "\n".join(rows)


def replay_config() -> str:
    """The least configuration that replays the lab's tapes."""
    parts = [
        "# The least config for replaying the tapes beside it. `python -m tests.pbx.lab.office` writes it.",
        f'fallback_line = "{FALLBACK}"\n',
        f'[[pbx]]\nname = "lab"\ntrunks = ["PJSIP/trunk"]\nmenus = ["{MENU}"]\n',
    ]
    return "\n".join([*parts, *(_line(line, "lab", "") for line in LINES)])


if __name__ == "__main__":
    print(replay_config(), end="")
