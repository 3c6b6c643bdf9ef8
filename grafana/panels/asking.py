"""Pieces of PromQL that several panels ask with. Gauges are taken by `max`: two daemons may watch one PBX."""

from typing import Final

PBX: Final = 'pbx=~"$pbx"'
LINE: Final = f'{PBX},line=~"$line"'
HALF_HOUR: Final = "30m"
PRESENT: Final = 'state=~"free|ringing|talking|wrapup"'

LINES: Final = f"max by (pbx, line) (callcentre_line_core_hours{{{LINE}}})"
"""Every line there is, in the order of the configuration: it is what Prometheus gave names to first."""
PROMISED: Final = f"max by (pbx, line) (callcentre_line_target_ratio{{{LINE}}})"
PROMISED_SECONDS: Final = f"max by (pbx, line) (callcentre_line_target_seconds{{{LINE}}})"


def gauge(name: str, *matchers: str, by: str = "pbx, line") -> str:
    """A gauge of ours by line; of `by`, if it is given."""
    return f"max by ({by}) ({selected(name, *matchers)})"


def selected(name: str, *matchers: str) -> str:
    """A metric of ours that has lines, of the PBXs and lines chosen."""
    return f"callcentre_{name}{{{','.join((LINE, *matchers))}}}"


def rose(name: str, over: str, *matchers: str, by: str = "pbx, line") -> str:
    """By how much a counter of ours that has lines rose."""
    return f"sum by ({by}) (increase({selected(name, *matchers)}[{over}]))"


def counted(selector: str, by: str) -> str:
    """How much a counter rose in the time shown, its very first rise too.

    Counters of what is rare have no series before they rise, and `increase` cannot see a rise from nothing: a series
    that was not there when the time began counts by what it has come to.
    """
    was_there = f"increase({selector}[$__range]) and {selector} offset $__range"
    return f"sum by ({by}) (({was_there}) or max_over_time({selector}[$__range]))"


def level(window: str, variant: str = "strict", target: str = "seconds") -> str:
    """The service level of a window (`today`, `1h`, `7d`, `30d`) by line, from the recording rules."""
    picked = f'{LINE},variant="{variant}",target="{target}"'
    return f"sum by (pbx, line) (callcentre:service_level:ratio_{window}{{{picked}}})"


def cut(ratio: str) -> str:
    """A ratio cut off after a tenth of a per cent, as the product's pages do: 89.97 % is no promise kept."""
    return f"floor(1000 * ({ratio}) + 0.000001) / 1000"


def none_or(count: str) -> str:
    """A sum that is 0 where nothing is counted, as long as callcentre tells of any line: silence is not 0."""
    return f"sum({count}) or 0 * sum({LINES})"


def said(value: str, word: str) -> str:
    """The same series, with a word as their label `verdict`."""
    return f'label_replace({value}, "verdict", "{word}", "", "")'


def judged_level(window: str, target: str = "seconds", *, share: str = " $1 %") -> str:
    """The strict service level of every line, with how it compares with what its charter promises as `verdict`.

    In `share`, which follows the verdict, $1 is what is promised, in per cent.

    A line of which there is no figure has -1, which panels show as a dash, and the reason for it as `verdict`. The
    lines are in the same order always: `or` alone would move the tiles when a verdict changes.
    """
    ratio = cut(level(window, target=target))
    promises = gauge(f"line_target_{target}")
    known = (
        _beside(f"({ratio} >= on (pbx, line) {PROMISED})", f"kept{share}"),
        _beside(f"({ratio} < on (pbx, line) {PROMISED})", f"BELOW{share}"),
        said(f"({ratio})", "no share promised"),
        said(f"(0 * ({LINES} unless on (pbx, line) {promises}) - 1)", "nothing promised"),
        said(f"(0 * ({_calls(window)} == 0) - 1)", "no calls"),
        said(f"(0 * {LINES} - 1)", "NOT KNOWN"),
    )
    return f"0 * {LINES} + on (pbx, line) group_left (verdict) ({' or on (pbx, line) '.join(known)})"


def _beside(ratio: str, words: str) -> str:
    """A ratio with words as its label `verdict`, in which $1 is the share promised, in per cent."""
    promised = f'count_values by (pbx, line) ("promised", round(100 * {PROMISED}))'
    named = f'label_replace({promised}, "verdict", "{words}", "promised", "(.+)")'
    return f"({ratio} * on (pbx, line) group_left (verdict) {named})"


def _calls(window: str) -> str:
    """The calls that a service level is of."""
    if window == "today":
        return gauge("today_calls", 'counted="strict"')
    return f'sum by (pbx, line) (callcentre:calls:increase_{window}{{{LINE},variant="strict"}})'


def standing() -> str:
    """How each line stands, as a number: see STANDINGS in `words`. A line of which nothing is told is not known."""
    attended, unattended, unknown = (
        gauge("line_attendance", f'state="{state}"') for state in ("attended", "unattended", "unknown")
    )
    breach = gauge("line_breach")
    told = f"({attended} + on (pbx, line) 2 * {unattended} + on (pbx, line) 3 * {unknown})"
    alarm = f"on (pbx, line) {breach} * on (pbx, line) (4 * {attended} + on (pbx, line) 2 * {unattended})"
    return f"{LINES} * on (pbx, line) (({told} + {alarm}) or on (pbx, line) {told} or on (pbx, line) (0 * {LINES} + 3))"
