"""Attendance and staffing: whether each line was attended, and how many were there beside how many were needed."""

from typing import Final

from grafana.panels.asking import LINES, PRESENT, counted, gauge, none_or, selected, standing
from grafana.panels.drawing import (
    BAD,
    GOOD,
    WARN,
    Ask,
    coloured,
    curves,
    daily,
    lengths,
    now,
    promise_drawn,
    put,
    states,
    tiles,
)
from grafana.panels.frame import CLICKED, Board, Drawn, Shelf, to_board, to_page
from grafana.panels.words import BREACHES, NONE_IS_GOOD, OPENING, STANDINGS

_LEDGER: Final = to_page("The ledger of this line", f"/attendance?line={CLICKED}")
_DAY: Final = to_page("This line today", f"/today/{CLICKED}")
_LEVEL: Final = to_board("callcentre-service-level", "How calls were answered")
_ALL: Final = to_page("The ledger", "/attendance")
_HERE: Final = f"sum by (pbx, line) ({gauge('agents', PRESENT, by='pbx, line, state')})"
_NOT_DONE: Final = 'result=~"refused|failed"'
_REQUIRED: Final = gauge("agents_required")


def _standing() -> Drawn:
    return put(
        tiles("none").mappings(STANDINGS),
        "Now",
        "How each line stands. UNATTENDED: in core hours, past its grace. NOT KNOWN does not mean attended.",
        now(standing(), "{{line}}"),
        wide=14,
        links=[_LEDGER],
    )


def _share() -> Drawn:
    open_seconds = f"60 * sum_over_time({LINES}[$__range:1m])"
    unattended = gauge_rise("line_unattended_seconds_total")
    unknown = gauge_rise("line_unknown_seconds_total")
    expr = f"clamp(1 - {unattended} / on (pbx, line) ({open_seconds} - on (pbx, line) {unknown} > 0), 0, 1)"
    return put(
        tiles("percentunit", digits=1),
        "Attended, of the time shown",
        "The share of the core hours seen in the time shown in which a line was attended; what is not known is left "
        "out on both sides. From samples a minute apart: callcentre attendance prints the exact ledger.",
        now(expr, "{{line}}"),
        wide=10,
        links=[_LEDGER],
    )


def gauge_rise(name: str) -> str:
    """By how much a counter of seconds rose in the time shown; two daemons may watch one PBX."""
    return f"max by (pbx, line) (increase({selected(name)}[$__range]))"


def _timeline() -> Drawn:
    return put(
        states(STANDINGS),
        "Attendance",
        "How each line stood, with the word in each bar. closed is outside core hours.",
        Ask(expr=standing(), legend="{{line}}"),
        wide=24,
        links=[_LEDGER, _DAY, _LEVEL],
    )


def _breaches() -> Drawn:
    return put(
        states(BREACHES),
        "Breaches",
        "From the alarm until a line's own people have been back for long enough, or core hours ended. A standby "
        "telephone covers a line and does not end its breach.",
        Ask(expr=gauge("line_breach"), legend="{{line}}"),
        wide=12,
        links=[_LEDGER],
    )


def _hours() -> Drawn:
    return put(
        states(OPENING),
        "Core hours",
        "When each line was in its core hours: bank holidays and special hours included.",
        Ask(expr=LINES, legend="{{line}}"),
        wide=12,
        links=[_DAY],
    )


def _present() -> Drawn:
    panel = put(
        curves("none").decimals(0),
        "Required beside present",
        "Agents who were there, busy ones included, and, dashed, how many that half-hour needs to keep the promise, "
        "from the last eight weeks. Nothing is required while a line is closed or too little is known. An agent in two "
        "queues of a line has two places.",
        Ask(expr=_HERE, legend="{{line}}, there"),
        Ask(expr=_REQUIRED, legend="{{line}}, required"),
        wide=16,
        links=[_DAY, _LEVEL],
    )
    return promise_drawn(panel, "/, required$/")


def _short() -> Drawn:
    panel = put(
        tiles("none", digits=0),
        "Enough people now?",
        "How many more are there than are needed in this half-hour (below 0: how many are missing). "
        "NOT KNOWN while too little is known of this half-hour, and while lines are closed.",
        now(_compared(), "{{line}}: {{verdict}}"),
        wide=8,
        links=[_DAY],
    )
    return coloured(panel, {"/: enough/": GOOD, "/: SHORT/": BAD})


def _compared() -> str:
    more = f"({_HERE} - on (pbx, line) {_REQUIRED})"
    return (
        f'label_replace({more} >= 0, "verdict", "enough", "", "")'
        f' or on (pbx, line) label_replace({more} < 0, "verdict", "SHORT", "", "")'
    )


def _agents() -> Drawn:
    return put(
        curves("none", stacked=True).decimals(0),
        "What agents did",
        "Places of agents in the queues of the chosen lines, by what they did. paused and unreachable are not there.",
        Ask(expr=f"sum by (state) ({gauge('agents', by='pbx, line, state')})", legend="{{state}}"),
        wide=12,
        links=[_ALL],
    )


def _unattended() -> Drawn:
    panel = put(
        daily("s"),
        "Unattended and unknown, each day",
        "Core hours in which the chosen lines were unattended, and in which that is not known, in the twenty-four "
        "hours before each bar's end. They count from the first second: grace delays the alarm only.",
        Ask(expr=f"sum({per_day('line_unattended_seconds_total')})", legend="unattended"),
        Ask(expr=f"sum({per_day('line_unknown_seconds_total')})", legend="not known"),
        wide=12,
        links=[_ALL],
    )
    return coloured(panel, {"/unattended/": "red", "/not known/": "purple"})


def per_day(name: str) -> str:
    """By how much a counter of seconds rose since the bar before."""
    return f"max by (pbx, line) (increase({selected(name)}[$__interval]))"


def _deeds() -> Drawn:
    return put(
        lengths("short"),
        "What was done about it",
        "Actions about unattended lines in the time shown, by what became of them: observed is what would have been "
        "done.",
        now(
            f"sort_desc({counted(selected('enforcement_actions_total'), 'action, result')} > 0)",
            "{{action}}: {{result}}",
        ),
        wide=12,
        links=[_ALL],
    )


def _refused() -> Drawn:
    panel = put(
        tiles("short", digits=0).mappings(NONE_IS_GOOD),
        "Actions not done",
        "Actions about unattended lines in the time shown that the PBX refused or nobody took up.",
        now(
            f"round({none_or(counted(selected('enforcement_actions_total', _NOT_DONE), 'pbx, line'))})",
            "not done",
        ),
        wide=6,
        links=[_ALL],
    )
    return coloured(panel, {"/not done/": BAD})


def _longest() -> Drawn:
    panel = put(
        tiles("s", digits=0).mappings(NONE_IS_GOOD),
        "Unattended, of the time shown",
        "Core hours in which each line was unattended in the time shown.",
        now(f"round({gauge_rise('line_unattended_seconds_total')})", "{{line}}"),
        wide=6,
        links=[_LEDGER],
    )
    return coloured(panel, {"/.*/": WARN})


BOARD: Final = Board(
    uid="callcentre-attendance",
    title="callcentre: attendance and staffing",
    tells="Whether each line was attended, what was done when it was not, and how many people were there and needed.",
    since="now-24h",
    refresh="30s",
    shelves=(
        Shelf(title="Attended?", height=5, panels=(_standing(), _share())),
        Shelf(height=9, panels=(_timeline(),)),
        Shelf(height=6, panels=(_breaches(), _hours())),
        Shelf(title="Enough people?", height=9, panels=(_present(), _short())),
        Shelf(height=8, panels=(_agents(), _unattended())),
        Shelf(title="What was done", height=6, panels=(_deeds(), _refused(), _longest())),
    ),
)
