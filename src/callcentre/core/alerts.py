"""What people are told about an unattended line, in words that need no other source. Each notice has a key of its own.

Names and reasons come from the PBX: they are bounded here, and long numbers in them masked.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from callcentre.core.breach import Breach, BreachStep
from callcentre.core.calendar import Calendar
from callcentre.core.charter import Line
from callcentre.core.deeds import queue_and_telephone
from callcentre.core.numbers import without_numbers
from callcentre.core.tasks import Notice
from callcentre.core.terms import ActionKind, ActionResult, BreachEnd, Mode, NoticeKind

_NAMED: Final = 10
_WORDS: Final = 160

_ACTIONS: Final = {
    ActionKind.UNPAUSE: "{telephone} unpaused in queue {queue}",
    ActionKind.ADD_STANDBY: "standby {telephone} added to queue {queue}",
    ActionKind.DIVERT: "callers diverted",
    ActionKind.RING_SUPERVISOR: "the supervisor's telephone {telephone} rung",
    ActionKind.REMOVE_STANDBY: "standby {telephone} taken out of queue {queue}",
    ActionKind.UNDIVERT: "diversion ended",
}
_RESULTS: Final = {
    ActionResult.WANTED: "being done",
    ActionResult.DONE: "done",
    ActionResult.ALREADY: "was so already",
    ActionResult.REFUSED: "refused by the PBX",
    ActionResult.FAILED: "failed",
    ActionResult.UNCERTAIN: "not known whether it was done",
    ActionResult.OBSERVED: "not done: the line's mode is observe",
    ActionResult.HELD_BACK: "held back: the limit of actions in an hour is reached",
}

_FAULTS: Final = frozenset({ActionResult.REFUSED, ActionResult.FAILED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What every notice about a breach needs: when, to whom, and what was done so far."""

    line: Line
    calendar: Calendar
    breach: Breach
    steps: tuple[BreachStep, ...]
    at: datetime
    to: tuple[str, ...]
    url: str = ""


def contacts(line: Line, calendar: Calendar, at: datetime) -> tuple[str, ...]:
    """Who is told at `at`: those of the shifts in which it falls; outside of all, the line's own contacts."""
    shifts = (shift for shift in line.attention.shifts if calendar.within(shift.hours, at))
    return tuple(dict.fromkeys(name for shift in shifts for name in shift.tell)) or line.tell


def escalations(line: Line) -> dict[int, tuple[str, ...]]:
    """Whom to tell so many seconds after the first unattended instant, soonest first; steps at one moment are one."""
    steps: dict[int, tuple[str, ...]] = {}
    for step in line.attention.escalation:
        after = step.after // timedelta(seconds=1)
        steps[after] = tuple(dict.fromkeys((*steps.get(after, ()), *step.tell)))
    return dict(sorted(steps.items()))


def everybody_told(line: Line, calendar: Calendar, breach: Breach) -> tuple[str, ...]:
    """Who was told of a breach so far: the shift of its alarm, and the steps of the escalation."""
    steps = escalations(line)
    first = contacts(line, calendar, breach.alarmed_at or breach.since)
    return tuple(dict.fromkeys((*first, *(name for after in breach.told for name in steps.get(after, ())))))


def unattended(told: Told, later: Iterable[tuple[ActionKind, str]]) -> Notice:
    """The alarm: grace is over."""
    breach, since = told.breach, _since(told)
    parts = [
        f"Line {breach.line} on {breach.pbx} has been unattended since {since}.",
        *_why(breach),
        f"Callers waiting now: {breach.waiting}.",
        *_doing(told, later),
    ]
    return _notice(told, NoticeKind.UNATTENDED, "alarm", f"unattended since {_clock(told)}", parts)


def still(told: Told, after: int, waiting: int, *, covered: bool) -> Notice:
    """A step of the escalation. `covered`: only telephones that we added can answer."""
    breach, long = told.breach, span(told.at - _began(told.breach))
    state = "Standby telephones alone can answer." if covered else "Nobody can answer."
    parts = [
        f"Line {breach.line} on {breach.pbx} has been without its own people since {_since(told)}, {long} now. {state}",
        *_why(breach),
        f"Callers waiting now: {waiting}.",
        *_doing(told, ()),
    ]
    return _notice(told, NoticeKind.STILL_UNATTENDED, f"{after}", f"still unattended after {long}", parts)


def recovered(told: Told, back: datetime) -> Notice:
    """The end. `back` is since when the line's own people have been there, or when core hours ended."""
    breach = told.breach
    long = span(back - _began(breach))
    undone = [step for step in told.steps if step.undoes is not None]
    if breach.end is BreachEnd.CLOSED_HOURS:
        title = "core hours ended"
        first = f"Core hours of line {breach.line} on {breach.pbx} ended; it was unattended for {long} until then."
    else:
        title = "attended again"
        first = (
            f"Line {breach.line} on {breach.pbx} has its own people again since {_moment(told, back)}, after {long}."
        )
    parts = [first, f"It began: {_since(told)}."]
    parts += _list("What is taken back:", undone) if undone else ["There was nothing to take back."]
    return _notice(told, NoticeKind.RECOVERED, "end", title, parts)


def cover(told: Told) -> Notice:
    """An agent asked for cover before leaving."""
    breach = told.breach
    parts = [
        f"Telephone {words(breach.asked_by or '')} asked for cover on line {breach.line} ({breach.pbx}).",
        f"Why: {words(breach.reason)}.",
        *_doing(told, ()),
    ]
    return _notice(told, NoticeKind.COVER, "asked", "cover asked for", parts)


def refused(told: Told, step: BreachStep) -> Notice:
    """Something could not be done: told once for each kind of action."""
    again = step.action is not ActionKind.RING_SUPERVISOR and step.result is not ActionResult.REFUSED
    what = _action(step.action, step.target)
    parts = [
        f"Line {told.breach.line} on {told.breach.pbx}: {what}: {_result(step)}.",
        "It is tried again; it is not told again." if again else "It is not tried again: somebody must see to it.",
        _needs(told),
    ]
    return _notice(told, NoticeKind.ACTION_REFUSED, step.action.value, f"{what}: {_RESULTS[step.result]}", parts)


def held_back(told: Told, per_hour: int) -> Notice:
    """The limit of actions in an hour was reached."""
    parts = [
        f"The office allows {per_hour} actions in an hour, and that many were done.",
        *_doing(told, ()),
        f"Line {told.breach.line} on {told.breach.pbx} needs somebody since {_since(told)}.",
    ]
    return _notice(told, NoticeKind.ACTION_REFUSED, "held_back", "actions held back: the limit is reached", parts)


# --- words ---------------------------------------------------------------------------------------------------------


def words(text: str) -> str:
    """Words from outside: one line, bounded, long numbers masked."""
    return without_numbers(" ".join(text.split()))[:_WORDS]


def span(long: timedelta) -> str:
    """`1 h 5 min`, `3 min`, and below a minute `45 s`."""
    seconds = max(long // timedelta(seconds=1), 0)
    if seconds < 60:
        return f"{seconds} s"
    hours, minutes = divmod(seconds // 60, 60)
    return " ".join([f"{hours} h"] * bool(hours) + [f"{minutes} min"] * bool(minutes or not hours))


def _began(breach: Breach) -> datetime:
    return breach.unattended_at or breach.since


def _moment(told: Told, at: datetime) -> str:
    return told.calendar.moment(at.replace(microsecond=0))


def _since(told: Told) -> str:
    return _moment(told, _began(told.breach))


def _needs(told: Told) -> str:
    """Whether the line needs somebody still: what could not be taken back is told when it does not."""
    if told.breach.ended_at is None:
        return f"The line needs somebody since {_since(told)}."
    return f"It is about the time since {_since(told)}, which is over."


def _clock(told: Told) -> str:
    return told.calendar.clock(_began(told.breach))


def _why(breach: Breach) -> list[str]:
    parts = [f"Why: {words(breach.reason)}."]
    if breach.who:
        more = len(breach.who) - _NAMED
        parts += [f"- {words(one)}" for one in breach.who[:_NAMED]] + [f"- and {more} more"] * (more > 0)
    return parts


def _doing(told: Told, later: Iterable[tuple[ActionKind, str]]) -> list[str]:
    steps, planned = [step for step in told.steps if step.undoes is None], list(later)
    if not steps and not planned:
        return ["Nothing is set up to be done about it by itself."]
    observed = told.breach.mode is Mode.OBSERVE
    parts = _list("What would be done (the line's mode is observe):" if observed else "What is done:", steps)
    if planned:
        then = "Then, each if the one before was not answered:" if observed else "Then, while nobody is back:"
        parts += [then, *(f"- {_action(action, target)}" for action, target in planned)]
    return parts


def _list(title: str, steps: Iterable[BreachStep]) -> list[str]:
    return [title, *(f"- {_action(step.action, step.target)}: {_result(step)}" for step in steps)]


def _result(step: BreachStep) -> str:
    because = f" ({words(step.why)})" if step.why and step.result in _FAULTS else ""
    return f"{_RESULTS[step.result]}{because}"


def _action(action: ActionKind, target: str) -> str:
    queue, telephone = queue_and_telephone(target)
    return _ACTIONS[action].format(telephone=words(telephone), queue=words(queue))


def _notice(told: Told, kind: NoticeKind, name: str, title: str, parts: list[str]) -> Notice:
    breach = told.breach
    if told.url:
        parts = [*parts, f"See {told.url.rstrip('/')}/"]
    return Notice(
        key=f"{breach.pbx}/{breach.line}/{breach.since.isoformat()}/{kind}/{name}",
        pbx=breach.pbx,
        line=breach.line,
        kind=kind,
        at=told.at,
        title=f"{breach.line}: {title}",
        text="\n".join(parts),
        to=told.to,
    )
