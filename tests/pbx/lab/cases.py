"""The form of a case, and the table of all of them (from the modules that hold its parts)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.pbx.lab.script import Dialling, Ring, Wait


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of a case, made `at` seconds after the case's start.

    `desk` names the extension that dials it (a pickup code, a login); such a call is none of a line's.
    `line`, `outcome` and `by` (PJSIP/101, or several in a race) are what its author expects of it:
    they are held against the truth before callcentre is. `forged`: its number breaks every event of its
    own, so that none of them may be believed and the call itself may stay unseen; the others may not.
    `in_gap`: it came and went while AMI was cut, so that only Asterisk's books know of it.
    """

    at: float
    dialling: Dialling
    desk: str | None = None
    line: str | None = None
    outcome: str | None = None
    by: tuple[str, ...] = ()
    forged: bool = False
    in_gap: bool = False

    @property
    def may_be_unseen(self) -> bool:
        """Whether a listener may be without it."""
        return self.forged or self.in_gap


@dataclass(frozen=True, slots=True, kw_only=True)
class Doing:
    """Something that happens beside the calls, `at` seconds after the case's start."""

    at: float
    what: str
    extension: str = ""
    seconds: float = 0.0
    params: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Acting:
    """What callcentre does about one line in a case: the listener `all` has the acting account then.

    `keys` are lines of the line's table in callcentre.toml; `brisk`: its charter promises an answer within 3 seconds.
    `standby` and `supervisor` are telephones. What the author wants: `states` of the line in order, unknown ones left
    out; `steps` as (action, target, result) in order; how each breach `ends`; the dialplan's own `events`; the
    reasons of all `pauses` in queue_log.
    """

    line: str
    keys: tuple[str, ...] = ()
    brisk: bool = False
    standby: str | None = None
    supervisor: str | None = None
    states: tuple[str, ...] = ()
    steps: tuple[tuple[str, str, str], ...] = ()
    ends: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    pauses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One case: telephones, calls and doings, played on an Asterisk of its own.

    `outside` are the numbers that answer (or not) when a desk dials out. `members` are (queue, extension) that have
    logged in before anybody listens. `acting` is there where callcentre may change something.
    """

    name: str
    about: str
    phones: Mapping[str, tuple[Ring, ...]]
    calls: tuple[Call, ...]
    doings: tuple[Doing, ...] = ()
    unregistered: tuple[str, ...] = ()
    outside: Mapping[str, tuple[Ring, ...]] = field(default_factory=dict)
    members: tuple[tuple[str, str], ...] = ()
    acting: Acting | None = None

    @property
    def plants(self) -> int:
        """How many messages are put into the spool that no event tells of: each minute callcentre looks for such."""
        return sum(doing.what == "message damaged" for doing in self.doings)

    @property
    def seconds(self) -> float:
        """About how long it lasts."""
        waits = [
            call.at + sum(act.seconds for act in call.dialling.acts if isinstance(act, Wait)) for call in self.calls
        ]
        return max(waits) + 60.0 * bool(self.plants)


def all_cases() -> dict[str, Case]:
    """Every case by its name."""
    from tests.pbx.lab.cases_attendance import ATTENDANCE
    from tests.pbx.lab.cases_ends import ENDS
    from tests.pbx.lab.cases_handover import HANDOVER
    from tests.pbx.lab.cases_messages import MESSAGES
    from tests.pbx.lab.cases_ringing import RINGING

    return {case.name: case for case in (*RINGING, *HANDOVER, *ENDS, *MESSAGES, *ATTENDANCE)}
