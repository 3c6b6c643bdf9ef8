"""The daemon: whether callcentre sees its PBXs, writes what it measures, and tells whom it should."""

from typing import Final

from grafana_foundation_sdk.models.prometheus import PromQueryFormat as Shape

from grafana.panels.asking import PBX, counted, selected
from grafana.panels.drawing import BAD, WARN, Ask, coloured, curves, grid, lengths, now, only, put, states, tiles
from grafana.panels.frame import CHOSEN, Board, Drawn, Shelf, to_board, to_page
from grafana.panels.words import NONE_IS_GOOD, UP, WRITES

_CONFIG: Final = to_page("Configuration and state", "/config")
_PARTIAL: Final = to_page("Calls that a gap touched", "/calls?quality=partial")
_RATE: Final = "$__rate_interval"
_OURS: Final = "and on (job, instance) callcentre_build_info"
"""Of all processes that Prometheus knows, ours."""


def _metric(name: str, *matchers: str) -> str:
    return f"callcentre_{name}{{{','.join((PBX, *matchers))}}}"


def _now(name: str) -> str:
    return f"max by (pbx) ({_metric(name)})"


def _rose(name: str, over: str, *matchers: str, by: str = "pbx") -> str:
    return f"sum by ({by}) (increase({_metric(name, *matchers)}[{over}]))"


def _up() -> Drawn:
    return put(
        tiles("none").mappings(UP),
        "PBX in sight",
        "Whether each PBX is logged in to and answers. While it is DOWN, calls there are not measured.",
        now(_now("ami_up"), "{{pbx}}"),
        wide=5,
        links=[_PARTIAL],
    )


def _acting() -> Drawn:
    return put(
        tiles("none").mappings(UP).no_value("no such account"),
        "Acting account",
        "Whether the account that acts is logged in, for PBXs that have one. While it is DOWN, people are told of "
        "unattended lines, but nothing is changed on the PBX.",
        now(_now("acting_up"), "{{pbx}}"),
        wide=5,
        links=[_CONFIG],
    )


def _store() -> Drawn:
    return put(
        tiles("none").mappings(WRITES),
        "Database",
        "Whether the database takes what is measured. While it does not, facts wait in memory.",
        now(_now("store_up"), "{{pbx}}"),
        wide=5,
        links=[_CONFIG],
    )


def _wrong(title: str, tells: str, name: str, legend: str, colour: str) -> Drawn:
    panel = put(
        tiles("short", digits=0).mappings(NONE_IS_GOOD),
        title,
        tells,
        now(f"round(sum({counted(_metric(name), 'pbx')}) or 0 * sum({_now('ami_up')}))", legend),
        wide=3,
        links=[_PARTIAL if name == "gaps_total" else _CONFIG],
    )
    return coloured(panel, {f"/{legend}/": colour})


def _release() -> Drawn:
    panel = put(
        grid("none"),
        "Release",
        "The releases that run. No row: no callcentre is scraped.",
        now("count by (version, python) (callcentre_build_info)", shape=Shape.TABLE),
        wide=6,
        links=[_CONFIG],
    )
    return only(panel, {"version": "callcentre", "python": "Python", "Value": "daemons"})


def _sight() -> Drawn:
    return put(
        states(UP),
        "PBX in sight, over time",
        "When each PBX was logged in to and answered. What was down is not known, and is said so in every figure.",
        Ask(expr=_now("ami_up"), legend="{{pbx}}"),
        wide=12,
        links=[_PARTIAL, to_board("callcentre-attendance", "What was known of the lines", line=CHOSEN)],
    )


def _gaps() -> Drawn:
    return put(
        curves("short", bars=True).decimals(0).interval("5m"),
        "Gaps and new log-ins",
        "How often a PBX went out of sight or could not be believed, and how often a lost link was logged in again.",
        Ask(expr=_rose("gaps_total", "$__interval"), legend="{{pbx}}: gaps"),
        Ask(expr=_rose("ami_reconnects_total", "$__interval"), legend="{{pbx}}: log-ins"),
        wide=12,
        links=[_PARTIAL],
    )


def _events() -> Drawn:
    return put(
        curves("ops", stacked=True),
        "Events read",
        "Events that the PBXs sent, in a second, by name. One that never comes says that the account in manager.conf "
        "is not told of its class; other are all that have no name here.",
        Ask(expr=f"sum by (event) (rate({_metric('ami_events_total')}[{_RATE}]))", legend="{{event}}"),
        wide=12,
        links=[_CONFIG],
    )


def _lag() -> Drawn:
    return put(
        curves("s"),
        "How fast the PBX answers",
        "How long the last Ping took to be answered.",
        Ask(expr=_now("ami_lag_seconds"), legend="{{pbx}}"),
        wide=12,
        links=[_CONFIG],
    )


def _unwritten() -> Drawn:
    return put(
        curves("short"),
        "Waiting: facts and notifications",
        "Facts in memory that wait to be written to the database, and notifications that wait to be sent.",
        Ask(expr=_now("facts_unwritten"), legend="{{pbx}}: facts"),
        Ask(expr=_now("notifications_pending"), legend="{{pbx}}: notifications"),
        wide=8,
        links=[_CONFIG],
    )


def _told() -> Drawn:
    return put(
        lengths("short"),
        "Who was told",
        "Times that somebody was to be told of something in the time shown, by kind and what became of it. failed was "
        "given up.",
        now(
            f"sort_desc({counted(_metric('notifications_total'), 'kind, result')} > 0)",
            "{{kind}}: {{result}}",
        ),
        wide=8,
        links=[_CONFIG],
    )


def _quarantined() -> Drawn:
    return put(
        lengths("short"),
        "Why packets were not believed",
        "Packets in the time shown that were not as Asterisk makes them, by reason: nothing in them was used.",
        now(f"sort_desc({counted(_metric('ami_quarantined_total'), 'reason')} > 0)", "{{reason}}"),
        wide=8,
        links=[_CONFIG],
    )


def _healed() -> Drawn:
    return put(
        lengths("short"),
        "Calls healed",
        "Calls in the time shown whose outcome Asterisk's own books told later, by outcome.",
        now(f"sort_desc({counted(selected('calls_healed_total'), 'outcome')} > 0)", "{{outcome}}"),
        wide=9,
        links=[_PARTIAL],
    )


def _menu() -> Drawn:
    return put(
        tiles("short", digits=0),
        "Gave up in a menu",
        "Callers in the time shown who hung up before they reached any line. They are no line's calls.",
        now(f"round(sum({_rose('menu_abandoned_total', '$__range')}))", "callers"),
        wide=3,
        links=[to_page("Callers who were missed", "/missed")],
    )


def _mailboxes() -> Drawn:
    panel = put(
        tiles("s", digits=0),
        "Mailboxes looked into",
        "How long ago the mailboxes were last looked into. A look is made each minute: long ago means that messages "
        "left out of sight are not found. NOT SEEN: more than five minutes.",
        now(_look(), "{{pbx}}: {{verdict}}"),
        wide=3,
        links=[to_page("The tasks", "/tasks?line=all")],
    )
    return coloured(panel, {"/NOT SEEN/": WARN})


def _look() -> str:
    ago = f"time() - {_now('mailboxes_looked_at_timestamp_seconds')}"
    return (
        f'label_replace(({ago}) <= 300, "verdict", "ago", "", "")'
        f' or on (pbx) label_replace(({ago}) > 300, "verdict", "NOT SEEN", "", "")'
    )


def _processor() -> Drawn:
    return put(
        curves("percentunit"),
        "Processor",
        "The share of one processor that callcentre uses.",
        Ask(expr=f"rate(process_cpu_seconds_total[{_RATE}]) {_OURS}", legend="{{instance}}"),
        wide=12,
        links=[_CONFIG],
    )


def _memory() -> Drawn:
    return put(
        curves("bytes"),
        "Memory",
        "What callcentre holds in memory.",
        Ask(expr=f"process_resident_memory_bytes {_OURS}", legend="{{instance}}"),
        wide=12,
        links=[_CONFIG],
    )


BOARD: Final = Board(
    uid="callcentre-daemon",
    title="callcentre: daemon",
    tells="Whether callcentre sees its PBXs, writes what it measures, and tells whom it should.",
    since="now-6h",
    refresh="30s",
    shelves=(
        Shelf(title="Well?", height=5, panels=(_up(), _store(), _acting(), _mailboxes(), _release())),
        Shelf(
            height=5,
            panels=(
                _wrong(
                    "Facts lost",
                    "Facts given up in the time shown, because the database was away too long or refused them.",
                    "facts_lost_total",
                    "lost",
                    BAD,
                ),
                _wrong(
                    "Faults",
                    "Events skipped in the time shown for a fault in callcentre: worth reporting, with the log line.",
                    "faults_total",
                    "faults",
                    BAD,
                ),
                _wrong(
                    "Packets not believed",
                    "Packets in the time shown that were not as Asterisk makes them: nothing in them was used.",
                    "ami_quarantined_total",
                    "not believed",
                    WARN,
                ),
                _wrong("Gaps", "Times in the time shown that a PBX went out of sight.", "gaps_total", "gaps", WARN),
                _menu(),
                _healed(),
            ),
        ),
        Shelf(title="The PBXs", height=7, panels=(_sight(), _gaps())),
        Shelf(height=8, panels=(_events(), _lag())),
        Shelf(
            title="What waits, who was told, what was not believed",
            height=8,
            panels=(_unwritten(), _told(), _quarantined()),
        ),
        Shelf(title="The process", height=7, panels=(_processor(), _memory())),
    ),
)
