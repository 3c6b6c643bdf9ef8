"""Callbacks: what is to be called back, by when, and whether it was."""

from typing import Final

from grafana_foundation_sdk.models.prometheus import PromQueryFormat as Shape

from grafana.panels.asking import counted, gauge, none_or, rose, selected
from grafana.panels.drawing import BAD, CALM, WARN, Ask, buckets, coloured, curves, daily, lengths, now, put, tiles
from grafana.panels.frame import CHOSEN, CLICKED, Board, Drawn, Shelf, to_board, to_page
from grafana.panels.words import NONE_IS_GOOD

_TASKS: Final = to_page("The tasks of this line", f"/tasks?line={CLICKED}")
_ALL_TASKS: Final = to_page("The tasks", "/tasks?line=all")
_OVERDUE: Final = to_page("The overdue tasks", "/tasks?overdue=1&line=all")
_MISSED: Final = to_page("Callers who were missed", "/missed")
_VOICEMAIL: Final = to_page("Calls that left a message", "/calls?outcome=voicemail")
_ATTENDANCE: Final = to_board("callcentre-attendance", "Who was there?", line=CHOSEN)
_EACH: Final = "$__interval"


def _figure(title: str, tells: str, expr: str, name: str, colour: str) -> Drawn:
    panel = put(
        tiles("short", digits=0).mappings(NONE_IS_GOOD),
        title,
        tells,
        now(none_or(expr), name),
        wide=4,
        links=[_OVERDUE if name == "overdue" else _ALL_TASKS],
    )
    return coloured(panel, {f"/{name}/": colour})


def _figures() -> tuple[Drawn, ...]:
    return (
        _figure(
            "To call back",
            "Callbacks that are not closed, in whatever state.",
            f"sum by (pbx, line) ({gauge('callbacks', by='pbx, line, state')})",
            "to make",
            CALM,
        ),
        _figure(
            "Due soon",
            "Callbacks whose deadline is near and which nobody has answered yet: people are warned of the same ones.",
            gauge("callbacks_due_soon"),
            "due soon",
            WARN,
        ),
        _figure(
            "Overdue",
            "Callbacks whose deadline passed without a response.",
            gauge("callbacks_overdue"),
            "overdue",
            BAD,
        ),
        _figure(
            "Messages without a task",
            "Messages that belong to no callback. There should be none; those from before the first start wait for "
            "one decision: callcentre tasks backlog.",
            gauge("voicemails_unmatched"),
            "without a task",
            BAD,
        ),
        _figure(
            "Mailboxes that refuse",
            "Mailboxes in which callers cannot leave a message: full, missing, or not to be recorded to.",
            gauge("mailboxes", 'state=~"full|missing|not_recordable"', by="pbx, line, state"),
            "take no message",
            BAD,
        ),
        _figure(
            "Mailboxes nearly full",
            "Mailboxes that will soon take no more messages.",
            gauge("mailboxes", 'state="nearly_full"', by="pbx, line, state"),
            "nearly full",
            WARN,
        ),
    )


def _by_line() -> Drawn:
    return put(
        lengths("short"),
        "To call back, by line",
        "Callbacks that are not closed now, by line.",
        now(f"sum by (line) ({gauge('callbacks', by='pbx, line, state')})", "{{line}}"),
        wide=6,
        links=[_TASKS],
    )


def _open() -> Drawn:
    return put(
        curves("short", stacked=True),
        "To call back, by state",
        "Callbacks that are not closed, by where they are: open, claimed by somebody, dialling, reached, unanswered, "
        "reopened.",
        Ask(expr=f"sum by (state) ({gauge('callbacks', by='pbx, line, state')})", legend="{{state}}"),
        wide=9,
        links=[_ALL_TASKS],
    )


def _late() -> Drawn:
    panel = put(
        curves("short"),
        "Overdue and due soon",
        "Callbacks whose deadline passed without a response, and those whose deadline is near.",
        Ask(expr=f"sum({gauge('callbacks_overdue')})", legend="overdue"),
        Ask(expr=f"sum({gauge('callbacks_due_soon')})", legend="due soon"),
        wide=9,
        links=[_OVERDUE],
    )
    return coloured(panel, {"/overdue/": "red", "/due soon/": "orange"})


def _closed() -> Drawn:
    panel = put(
        daily("short"),
        "Closed each day, in time or late",
        "Callbacks closed in the twenty-four hours before each bar's end. In time: each of its messages was answered, "
        "or the task closed, before that message's deadline.",
        Ask(expr=rose("callbacks_closed_total", _EACH, 'in_time="true"', by="in_time"), legend="in time"),
        Ask(expr=rose("callbacks_closed_total", _EACH, 'in_time="false"', by="in_time"), legend="late"),
        wide=12,
        links=[_ALL_TASKS],
    )
    return coloured(panel, {"/in time/": "green", "/late/": "red"})


def _kept() -> Drawn:
    closed = "sum by (line) (increase({}[7d]))"
    in_time = closed.format(selected("callbacks_closed_total", 'in_time="true"'))
    all_of_them = closed.format(selected("callbacks_closed_total"))
    return put(
        curves("percentunit").max(1),
        "Closed in time, of seven days",
        "The share of the callbacks closed in the seven days before each moment that were closed in time, by line.",
        Ask(expr=f"clamp_max({in_time} / ({all_of_them} > 0), 1)", legend="{{line}}"),
        wide=12,
        links=[_TASKS],
    )


def _response() -> Drawn:
    bucket = rose("callback_response_seconds_bucket", "7d", by="le")
    return put(
        curves("s"),
        "Nine of ten were called back within",
        "From a message to the response to it, of the seven days before each moment, worked out from the histogram, "
        "whose edges are 4, 8, 24 and 72 hours of the clock: between them it is a guess.",
        Ask(expr=f"histogram_quantile(0.9, {bucket}) >= 0", legend="nine of ten"),
        Ask(expr=f"histogram_quantile(0.5, {bucket}) >= 0", legend="half"),
        wide=12,
        links=[_ALL_TASKS],
    )


def _response_heat() -> Drawn:
    return put(
        buckets("s").interval("1d"),
        "How long until they were called back, by day",
        "Messages responded to in the day before each column's end, by how long that took: within 4, 8, 24 or 72 hours "
        "of the clock, or longer. Darker is more.",
        Ask(expr=rose("callback_response_seconds_bucket", _EACH, by="le"), legend="{{le}}", shape=Shape.HEATMAP),
        wide=12,
        links=[_ALL_TASKS],
    )


def _outcomes() -> Drawn:
    return put(
        lengths("short"),
        "How callbacks ended",
        "Callbacks closed in the time shown, by the outcome that somebody gave.",
        now(f"sort_desc({counted(selected('callbacks_closed_total'), 'outcome')} > 0)", "{{outcome}}"),
        wide=8,
        links=[_ALL_TASKS],
    )


def _use() -> Drawn:
    panel = put(
        lengths("short"),
        "Why callers met voicemail",
        "Outside calls that reached voicemail in the time shown, by why. misuse: somebody was free and no telephone "
        "rang.",
        now(f"sort_desc({counted(selected('voicemail_use_total'), 'verdict')} > 0)", "{{verdict}}"),
        wide=8,
        links=[_VOICEMAIL, _ATTENDANCE],
    )
    return coloured(panel, {"/misuse/": "red"})


def _messages() -> Drawn:
    return put(
        daily("short"),
        "Messages each day",
        "Messages that were given to a callback in the twenty-four hours before each bar's end, by line.",
        Ask(expr=rose("voicemails_total", _EACH, by="line"), legend="{{line}}"),
        wide=8,
        links=[_MISSED],
    )


BOARD: Final = Board(
    uid="callcentre-callbacks",
    title="callcentre: callbacks",
    tells="What is to be called back, by when, and whether it was; messages and mailboxes.",
    since="now-7d",
    refresh="1m",
    shelves=(
        Shelf(title="Now", height=5, panels=_figures()),
        Shelf(height=8, panels=(_by_line(), _open(), _late())),
        Shelf(title="In time?", height=8, panels=(_closed(), _kept())),
        Shelf(height=8, panels=(_response(), _response_heat())),
        Shelf(title="Why, and how they ended", height=8, panels=(_messages(), _use(), _outcomes())),
    ),
)
