"""The plain page at /: each line today, its service level against what was promised, and what is in sight.

Every word that comes from outside this file goes through `escape`. No script, and no style but /static/status.css.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from zoneinfo import ZoneInfo

from callcentre.core.charter import JudgedBy, Line
from callcentre.core.service_level import ServiceLevel
from callcentre.core.terms import Attendance, MemberState, Outcome

_REFRESH_SECONDS = 10
_BAR_WIDTH = 240

_WORDS: Mapping[Outcome, str] = {
    Outcome.ANSWERED: "answered",
    Outcome.VOICEMAIL: "left a message",
    Outcome.VOICEMAIL_EMPTY: "reached voicemail, said nothing",
    Outcome.OVERFLOWED: "sent elsewhere",
    Outcome.CLOSED: "rang while closed",
    Outcome.REFUSED: "refused",
    Outcome.SHORT_ABANDONED: "hung up at once",
    Outcome.ABANDONED: "gave up",
    Outcome.LOST: "end not seen",
    Outcome.IN_PROGRESS: "in progress",
}
_AGENT_WORDS: Mapping[MemberState, str] = {
    MemberState.FREE: "free",
    MemberState.RINGING: "ringing",
    MemberState.TALKING: "talking",
    MemberState.WRAPUP: "wrapping up",
    MemberState.PAUSED: "paused",
    MemberState.UNREACHABLE: "unreachable",
    MemberState.UNKNOWN: "not known",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LineToday:
    """A line's calls since midnight (outside calls by outcome, and the service level of core hours), and its now.

    `waiting`, `agents` and `attendance` are None while its PBX is out of sight.
    """

    line: Line
    outcomes: Mapping[Outcome, int]
    level: ServiceLevel
    waiting: Sequence[datetime] | None = None
    agents: Mapping[MemberState, int] | None = None
    attendance: Attendance | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """All that the page shows. `figures_problem` says why there are no figures of today, if so."""

    at: datetime
    zone: str
    version: str
    links: Mapping[str, bool]
    store_problem: str
    lines: Sequence[LineToday]
    figures_problem: str = ""
    notice: str = ""


def page(status: Status) -> str:
    """The whole page as HTML."""
    local = status.at.astimezone(ZoneInfo(status.zone))
    when = f'<p><time datetime="{status.at.isoformat()}">{local:%A %d %B %Y, %H:%M:%S}</time></p>'
    body = [f"<header><h1>Calls today</h1>{when}{_links(status)}</header>"]
    if status.notice:
        body.append(f'<p class="note">{escape(status.notice)}</p>')
    if status.store_problem:
        body.append(
            f'<p class="note bad" role="alert">The database is away: {escape(status.store_problem)}. '
            "Calls are measured and kept in memory until it is back.</p>"
        )
    if status.figures_problem:
        body.append(f'<p class="note bad">Figures of today cannot be read now: {escape(status.figures_problem)}</p>')
    body.append("<main>" + "".join(_line(each, status.at) for each in status.lines) + "</main>")
    body.append(
        f"<footer><p>callcentre {escape(status.version)} · outside calls since midnight · "
        '<a href="/metrics">metrics</a> · <a href="/-/ready">ready?</a></p></footer>'
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="refresh" content="{_REFRESH_SECONDS}"><meta name="color-scheme" content="light dark">'
        '<title>Calls today</title><link rel="stylesheet" href="/static/status.css"></head><body>'
        + "".join(body)
        + "</body></html>\n"
    )


def _links(status: Status) -> str:
    chips = [
        f'<li class="{"good" if up else "bad"}">{escape(pbx)}: {"in sight" if up else "out of sight"}</li>'
        for pbx, up in sorted(status.links.items())
    ]
    return f'<ul class="chips" aria-label="PBX">{"".join(chips)}</ul>'


def _line(today: LineToday, at: datetime) -> str:
    charter = today.line.charter
    total = sum(today.outcomes.values())
    return (
        f'<section aria-label="{escape(today.line.name)}"><h2>{escape(today.line.name)}</h2>'
        f'<p class="charter">{escape(charter.title or charter.name)}</p>'
        + _level(today)
        + _now(today, at)
        + f"<table><caption>{total} {'call' if total == 1 else 'calls'}</caption><tbody>"
        + "".join(
            f'<tr><th scope="row">{_WORDS[outcome]}</th><td>{today.outcomes[outcome]}</td></tr>'
            for outcome in Outcome
            if today.outcomes.get(outcome)
        )
        + "</tbody></table></section>"
    )


def _level(today: LineToday) -> str:
    """The service level that the charter is judged by, as a number and as a bar with the promise marked on it."""
    charter, level = today.line.charter, today.level
    if charter.answer_seconds is None:
        return '<p class="level">no answer time promised</p>'
    reached = level.judged(charter)
    promise = charter.answer_fraction
    target = f"within {charter.answer_seconds:g}\N{NO-BREAK SPACE}s" + (
        f", promised {promise * 100:g}\N{NO-BREAK SPACE}%" if promise is not None else ""
    )
    if reached is None:
        return f'<p class="level"><b>–</b> {target}: no call in core hours yet</p>'
    kept = promise is None or reached >= promise
    of = {
        JudgedBy.STRICT: level.offered,
        JudgedBy.HEADLINE: level.offered - level.short_abandoned,
        JudgedBy.ANSWERED: level.answered,
    }[charter.judged_by]
    mark = ""
    if promise is not None:
        place = promise * _BAR_WIDTH
        mark = f'<line class="promise" x1="{place:.1f}" x2="{place:.1f}" y1="0" y2="14"/>'
    return (
        f'<p class="level {"good" if kept else "bad"}"><b>{_percent(reached)}</b> {target}: {level.within} of {of}'
        f" ({'kept' if kept else 'missed'})</p>"
        f'<svg class="bar {"good" if kept else "bad"}" viewBox="0 0 {_BAR_WIDTH} 14" aria-hidden="true">'
        f'<rect class="all" width="{_BAR_WIDTH}" height="14" rx="3"/>'
        f'<rect class="within" width="{reached * _BAR_WIDTH:.1f}" height="14" rx="3"/>{mark}</svg>'
    )


def _percent(ratio: float) -> str:
    """A percentage that never rounds a miss up to the promise: 89.97 % is 89.9 %."""
    return f"{int(ratio * 1000) / 10:.1f}\N{NO-BREAK SPACE}%"


def _now(today: LineToday, at: datetime) -> str:
    if today.waiting is None:
        return '<p class="now unknown">The PBX is out of sight: what happens now is not known.</p>'
    words = ["nobody waits"]
    if today.waiting:
        longest = max(0, int((at - today.waiting[0]).total_seconds()))
        words = [f"{len(today.waiting)} waiting, the first for {longest}\N{NO-BREAK SPACE}s"]
    words += [f"{number} {_AGENT_WORDS[state]}" for state, number in (today.agents or {}).items() if number]
    if today.attendance is not None:
        words.append(today.attendance.value)
    return f'<p class="now">{" · ".join(words)}</p>'
