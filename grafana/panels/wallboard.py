"""The wallboard: one screen for a television. Big figures, each with its word; no headings, nothing to scroll."""

from typing import Final

from grafana.panels.asking import PRESENT, PROMISED_SECONDS, gauge, judged_level, none_or, selected, standing
from grafana.panels.drawing import BAD, GOOD, WARN, coloured, now, put, tiles
from grafana.panels.frame import CHOSEN, CLICKED, Board, Drawn, Shelf, to_board, to_page
from grafana.panels.words import DASH, NONE_IS_GOOD, STANDINGS


def _attendance() -> Drawn:
    return put(
        tiles("none", big=True).mappings(STANDINGS),
        "Is every telephone attended?",
        "Each line now. UNATTENDED: core hours, and nobody of its own people can be reached for longer than its grace "
        "allows. NOT KNOWN: the PBX or callcentre cannot be seen; it does not mean attended. closed: outside core "
        "hours.",
        now(standing(), "{{line}}"),
        wide=24,
        links=[
            to_board("callcentre-attendance", "Attendance of this line"),
            to_page("The ledger in callcentre", "/attendance"),
        ],
    )


def _level() -> Drawn:
    panel = put(
        tiles("percentunit", big=True, digits=1).mappings(DASH),
        "Service level today",
        "Outside calls of today's core hours answered in time, of all that were offered (strict), by line, cut off and "
        "not rounded; beside the name whether that keeps the share that the line's charter promises. The figure is "
        "callcentre's own, from its database: a restart does not reset it.",
        now(judged_level("today", share=""), "{{line}}: {{verdict}}"),
        wide=24,
        links=[
            to_board("callcentre-service-level", "Service level of this line"),
            to_page("Calls not answered in time", f"/calls?hours=core&within=no&line={CLICKED}"),
        ],
    )
    return coloured(panel, {"/: kept/": GOOD, "/: BELOW/": BAD, "/: NOT KNOWN/": WARN})


def _waiting() -> Drawn:
    return put(
        tiles("short", big=True).mappings(NONE_IS_GOOD),
        "Callers waiting",
        "Callers who wait for somebody to answer, on the chosen lines together.",
        now(f"sum({gauge('calls_waiting')})", "waiting"),
        wide=4,
        links=[to_page("The wallboard of callcentre itself", "/wallboard")],
    )


def _longest() -> Drawn:
    longest = gauge("call_longest_wait_seconds")
    late = f'label_replace(max({longest} > on (pbx, line) {PROMISED_SECONDS}), "verdict", "TOO LONG", "", "")'
    in_time = f'label_replace(max({longest}), "verdict", "longest wait", "", "")'
    panel = put(
        tiles("s", big=True, digits=0).mappings(NONE_IS_GOOD),
        "Longest wait",
        "How long the first of the waiting callers has waited. TOO LONG: longer than the line's charter promises.",
        now(f"{late} or on () {in_time}", "{{verdict}}"),
        wide=4,
        links=[to_board("callcentre-service-level", "Service level", line=CHOSEN)],
    )
    return coloured(panel, {"/TOO LONG/": BAD, "/longest wait/": GOOD})


def _people() -> Drawn:
    here = f"sum(max by (pbx, line, state) ({selected('agents', PRESENT)}))"
    needed = f"sum({gauge('agents_required')})"
    said = (
        f'label_replace({here} < {needed}, "verdict", "SHORT", "", "")'
        f' or on () label_replace({here}, "verdict", "here", "", "")'
    )
    panel = put(
        tiles("none", big=True, digits=0),
        "Here, and needed",
        "Agents who are there, busy ones included, and how many are needed in this half-hour to keep the promise. "
        "SHORT: fewer are there than are needed. Nothing is said to be needed while too little is known.",
        now(said, "{{verdict}}"),
        now(needed, "needed"),
        wide=5,
        links=[to_board("callcentre-attendance", "Staffing", line=CHOSEN)],
    )
    return coloured(panel, {"/SHORT/": BAD, "/here/": GOOD})


def _today() -> Drawn:
    def count(counted: str) -> str:
        picked = f'counted="{counted}"'
        return f"sum({gauge('today_calls', picked)})"

    return put(
        tiles("short", big=True, digits=0),
        "Calls today",
        "Outside calls of today's core hours that were answered, and those whose caller gave up, at once or later.",
        now(count("answered"), "answered"),
        now(count("abandoned"), "gave up"),
        wide=5,
        links=[to_page("Callers who were missed", "/missed")],
    )


def _overdue() -> Drawn:
    panel = put(
        tiles("short", big=True).mappings(NONE_IS_GOOD),
        "Callbacks overdue",
        "Callbacks whose deadline passed without a response.",
        now(none_or(gauge("callbacks_overdue")), "overdue"),
        wide=3,
        links=[to_page("These tasks", "/tasks?overdue=1&line=all")],
    )
    return coloured(panel, {"/overdue/": BAD})


def _soon() -> Drawn:
    return put(
        tiles("short", big=True).mappings(NONE_IS_GOOD),
        "Callbacks due soon",
        "Callbacks whose deadline is near and which nobody has answered yet.",
        now(none_or(gauge("callbacks_due_soon")), "due soon"),
        wide=3,
        links=[to_board("callcentre-callbacks", "Callbacks", line=CHOSEN), to_page("The tasks", "/tasks?line=all")],
    )


BOARD: Final = Board(
    uid="callcentre-wallboard",
    title="callcentre: wallboard",
    tells="The office now, on one screen, for a television: open it with ?kiosk.",
    since="now-1h",
    refresh="10s",
    kiosk=True,
    shelves=(
        Shelf(height=8, panels=(_attendance(),)),
        Shelf(height=9, panels=(_level(),)),
        Shelf(height=9, panels=(_waiting(), _longest(), _people(), _today(), _overdue(), _soon())),
    ),
)
