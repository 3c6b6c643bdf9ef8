"""The service level: what was promised, what was kept, in three variants, and how long callers waited."""

from typing import Final

from grafana_foundation_sdk.models.prometheus import PromQueryFormat as Shape

from grafana.panels.asking import LINE, PROMISED, PROMISED_SECONDS, counted, judged_level, level, rose, selected
from grafana.panels.drawing import (
    BAD,
    GOOD,
    WARN,
    Ask,
    buckets,
    coloured,
    curves,
    grid,
    half_hours,
    lengths,
    matrix,
    now,
    promise_drawn,
    put,
    tiles,
)
from grafana.panels.frame import CHOSEN, CLICKED, Board, Drawn, Shelf, to_board, to_page
from grafana.panels.words import DASH

_CORE: Final = 'hours="core"'
_OUTSIDE: Final = 'origin="external"'
_DECIDED: Final = (_OUTSIDE, _CORE, 'outcome!="lost"')
_WITHIN: Final = ('target="seconds"', _CORE)
_DAYS: Final = "from=${__from:date:YYYY-MM-DD}&until=${__to:date:YYYY-MM-DD}"
_LATE: Final = to_page("Calls not answered in time", f"/calls?hours=core&within=no&line={CLICKED}&{_DAYS}")
_ALL_CALLS: Final = to_page("The calls", f"/calls?hours=core&origin=external&{_DAYS}")
_ATTENDED: Final = to_board("callcentre-attendance", "Was this line attended?")
_STAFF: Final = to_board("callcentre-attendance", "Were they attended?", line=CHOSEN)
_DAY: Final = to_page("This line today, by half-hour", f"/today/{CLICKED}")
_COUNTED: Final = "Strict: outside calls of core hours, without those whose end was not seen."
_EACH: Final = "$__interval"
"""A bar counts the time since the bar before it. `$__rate_interval` is longer, so that bars would count calls twice."""


def _judged(title: str, window: str, tells: str, *, target: str = "seconds") -> Drawn:
    panel = put(
        tiles("percentunit", digits=1).mappings(DASH),
        title,
        f"{tells} Cut off, not rounded. Beside each name, whether that keeps the share that the line's charter "
        f"promises. {_COUNTED}",
        now(judged_level(window, target), "{{line}}: {{verdict}}"),
        wide=6,
        links=[_LATE, _DAY],
    )
    return coloured(panel, {"/: kept/": GOOD, "/: BELOW/": BAD, "/: NOT KNOWN/": WARN})


def _lately() -> Drawn:
    panel = put(
        curves("percentunit").max(1),
        "Service level of the hour before, and what is promised",
        f"At each moment, of the hour before it, by line; dashed is what the charter promises. No call, no curve. "
        f"{_COUNTED}",
        Ask(expr=level("1h"), legend="{{line}}"),
        Ask(expr=PROMISED, legend="{{line}}, promised"),
        wide=12,
        links=[_LATE, _DAY, _ATTENDED],
    )
    return promise_drawn(panel)


def _variants() -> Drawn:
    within = f'callcentre:calls_within_target:increase_7d{{{LINE},target="seconds"}}'
    calls = f"callcentre:calls:increase_7d{{{LINE}}}"
    panel = put(
        curves("percentunit").max(1),
        "Three variants of it, over seven days",
        "All chosen lines that promise seconds together, of the seven days before each moment. strict leaves nobody "
        "out; headline leaves out callers who gave up at once; answered counts answered calls only, as Asterisk does.",
        Ask(
            expr=f"sum({within}) / on () group_right () (sum by (variant) ({calls} and on (pbx, line) {within}) > 0)",
            legend="{{variant}}",
        ),
        Ask(expr=f"min({PROMISED})", legend="promised"),
        wide=12,
        links=[_ALL_CALLS],
    )
    return promise_drawn(panel)


def _by_variant(window: str, title: str) -> Drawn:
    picked = f'callcentre:service_level:ratio_{window}{{{LINE},target="seconds"}}'
    panel = put(
        grid("percentunit", digits=1),
        title,
        "Each line in each variant: of all, without those who gave up at once, of the answered ones. Only strict "
        "counts every caller whom the office let down.",
        now(f"sum by (line, variant) ({picked})", shape=Shape.TABLE),
        wide=6,
        links=[_ALL_CALLS],
    )
    return matrix(panel, row="line", column="variant")


def _half_hours() -> Drawn:
    promised = f"and on (pbx, line) {PROMISED_SECONDS}"
    within = rose("calls_within_target_total", _EACH, *_WITHIN)
    answered = rose("calls_total", _EACH, 'outcome="answered"', *_DECIDED[:2])
    offered = rose("calls_total", _EACH, *_DECIDED)
    panel = put(
        half_hours("short", stacked=True),
        "Calls by half-hour: in time, late, not answered",
        "Outside calls of core hours on lines that promise seconds, decided in each half-hour (or longer, if more than "
        "a fortnight is shown).",
        Ask(expr=f"sum({within} {promised})", legend="in time"),
        Ask(expr=f"clamp_min(sum({answered} {promised}) - sum({within} {promised}), 0)", legend="late"),
        Ask(expr=f"clamp_min(sum({offered} {promised}) - sum({answered} {promised}), 0)", legend="not answered"),
        wide=12,
        links=[_ALL_CALLS, _STAFF],
    )
    return coloured(panel, {"/in time/": "green", "/late/": "orange", "/not answered/": "red"})


def _level_by_half_hour() -> Drawn:
    within = rose("calls_within_target_total", _EACH, *_WITHIN)
    offered = rose("calls_total", _EACH, *_DECIDED)
    panel = put(
        half_hours("percentunit").max(1),
        "Service level by half-hour",
        f"Of the calls decided in each half-hour, by line; dashed is what the charter promises. {_COUNTED}",
        Ask(expr=f"clamp_max({within} / ({offered} > 0), 1) and on (pbx, line) {PROMISED_SECONDS}", legend="{{line}}"),
        Ask(expr=PROMISED, legend="{{line}}, promised"),
        wide=12,
        links=[_LATE, _DAY, _ATTENDED],
    )
    return promise_drawn(panel)


def _heat() -> Drawn:
    return put(
        buckets("s").interval("30m"),
        "How long callers waited, by half-hour",
        "Answered outside calls of core hours, by their wait: the row of a call is the least time on the left that it "
        "was answered within. The rows to 15 s are one to five rings of a UK telephone. Darker is more calls.",
        Ask(expr=rose("call_answer_seconds_bucket", _EACH, _CORE, by="le"), legend="{{le}}", shape=Shape.HEATMAP),
        wide=12,
        links=[_ALL_CALLS],
    )


def _rings_heat() -> Drawn:
    return put(
        buckets("none").interval("30m"),
        "How many rings they heard, by half-hour",
        "Answered outside calls of core hours, by the rings heard before the answer, counted from the first telephone "
        "that rang. The charter hct promises five.",
        Ask(expr=rose("call_answer_rings_bucket", _EACH, _CORE, by="le"), legend="{{le}}", shape=Shape.HEATMAP),
        wide=12,
        links=[_ALL_CALLS],
    )


def _quantiles() -> Drawn:
    bucket = rose("call_answer_seconds_bucket", "1h", _CORE, by="le")
    panel = put(
        curves("s"),
        "Nine of ten were answered within",
        "The wait that nine of ten, and half, of the answered calls stayed within, of the hour before each moment, "
        "worked out from the histogram; dashed are the seconds that charters promise.",
        Ask(expr=f"histogram_quantile(0.9, {bucket}) >= 0", legend="nine of ten"),
        Ask(expr=f"histogram_quantile(0.5, {bucket}) >= 0", legend="half"),
        Ask(expr=f"min({PROMISED_SECONDS})", legend="promised"),
        wide=12,
        links=[_ALL_CALLS],
    )
    return promise_drawn(panel)


def _outcomes() -> Drawn:
    return put(
        lengths("short"),
        "What became of the calls",
        "Outside calls of core hours in the time shown, by outcome. lost are those whose end was not seen: they are in "
        "no ratio; if they are many, read the figures with care.",
        now(
            f"sort_desc({counted(selected('calls_total', _OUTSIDE, _CORE), 'outcome')} > 0)",
            "{{outcome}}",
        ),
        wide=6,
        links=[
            to_page(
                "These calls",
                f"/calls?hours=core&origin=external&outcome=${{__field.labels.outcome:percentencode}}&{_DAYS}",
            )
        ],
    )


def _rings() -> Drawn:
    return put(
        lengths("short"),
        "Answered at which ring",
        "Answered outside calls of core hours in the time shown, by the rings heard: each bar those answered after the "
        "ring before it.",
        now(rose("call_answer_rings_bucket", "$__range", _CORE, by="le"), "{{le}}", Shape.HEATMAP),
        wide=6,
        links=[_ALL_CALLS],
    )


BOARD: Final = Board(
    uid="callcentre-service-level",
    title="callcentre: service level",
    tells="Whether calls are answered as promised: in seconds and in rings, in three variants, by half-hour.",
    since="now-24h",
    refresh="1m",
    shelves=(
        Shelf(
            title="Kept?",
            height=5,
            panels=(
                _judged("Today, in seconds", "today", "Answered within the seconds promised, of today's calls."),
                _judged("Today, in rings", "today", "Answered within the rings promised.", target="rings"),
                _judged("Seven days", "7d", "Answered within the seconds promised, of the last seven days."),
                _judged("Thirty days", "30d", "Answered within the seconds promised, of the last thirty days."),
            ),
        ),
        Shelf(height=9, panels=(_lately(), _variants())),
        Shelf(title="By half-hour", height=9, panels=(_half_hours(), _level_by_half_hour())),
        Shelf(height=9, panels=(_heat(), _rings_heat())),
        Shelf(title="How long, and what became of them", height=9, panels=(_quantiles(), _outcomes(), _rings())),
        Shelf(
            title="The variants beside one another",
            height=8,
            panels=(
                _by_variant("today", "Today"),
                _by_variant("1h", "The last hour"),
                _by_variant("7d", "Seven days, by variant"),
                _by_variant("30d", "Thirty days, by variant"),
            ),
        ),
    ),
)
