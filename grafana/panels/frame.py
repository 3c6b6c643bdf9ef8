"""What the five dashboards have in common: variables, links, annotations, and panels laid out shelf by shelf."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from grafana_foundation_sdk.builders import dashboard, prometheus
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import dashboard as model

from grafana.panels.asking import LINE, PBX
from grafana.panels.drawing import SOURCE, Link

COLUMNS: Final = 24
PAGES: Final = "${callcentre:raw}"
"""The address of callcentre's own pages, as links write it."""
ADDRESS: Final = "http://localhost:8090"
"""What it is before somebody says otherwise."""
_REFRESHES: Final = ["10s", "30s", "1m", "5m", "15m", "1h"]
KEPT: Final = "${datasource:queryparam}&${pbx:queryparam}&var-callcentre=${callcentre:percentencode}"
CHOSEN: Final = "${line:queryparam}"
"""The lines chosen at the top, for a link from a figure of all of them."""
CLICKED: Final = "${__field.labels.line:percentencode}"
"""The line of the figure that was clicked."""

Drawn: TypeAlias = Builder[model.Panel]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """Panels side by side, all of one height, under a heading if there is a `title`."""

    height: int
    panels: Sequence[Drawn]
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """A dashboard before it is built."""

    uid: str
    title: str
    tells: str
    since: str
    refresh: str
    shelves: Sequence[Shelf]
    kiosk: bool = False
    """Whether it is for a television: what people choose with moves into a menu, and there are no curves to mark."""


def to_board(uid: str, title: str, *, line: str = CLICKED) -> Link:
    """A link to another dashboard, with the same time, data source and PBX, and the line that was clicked."""
    lines = line if line == CHOSEN else f"var-line={line}"
    return Link(title=title, url=f"/d/{uid}?{KEPT}&{lines}&${{__url_time_range}}")


def to_page(title: str, path: str) -> Link:
    """A link to one of callcentre's own pages."""
    return Link(title=title, url=f"{PAGES}{path}")


def built(board: Board) -> model.Dashboard:
    """The dashboard."""
    frame = (
        dashboard.Dashboard(board.title)
        .uid(board.uid)
        .description(board.tells)
        .tags(["callcentre"])
        .time(board.since, "now")
        .timezone("browser")
        .refresh(board.refresh)
        .timepicker(dashboard.TimePicker().hidden(board.kiosk).refresh_intervals(_REFRESHES))
        .tooltip(model.DashboardCursorSync.CROSSHAIR)
        .readonly()
        .variables(_variables())
        .links(_links())
        .annotations([] if board.kiosk else _annotations())
    )
    panels: list[model.Panel | model.RowPanel] = []
    below = 0
    for shelf in board.shelves:
        if shelf.title:
            place = model.GridPos(x=0, y=below, w=COLUMNS, h=1)
            panels.append(dashboard.Row(shelf.title).id(len(panels) + 1).grid_pos(place).build())
            below += 1
        right = 0
        for each in shelf.panels:
            panel = each.build()
            wide = panel.grid_pos.w if panel.grid_pos is not None else COLUMNS
            panel.id_val = len(panels) + 1
            panel.grid_pos = model.GridPos(x=right, y=below, w=wide, h=shelf.height)
            panels.append(panel)
            right += wide
        below += shelf.height
    found = frame.build()
    found.panels = panels
    return found


def _variables() -> list[Builder[model.VariableModel]]:
    return [
        dashboard.DatasourceVariable("datasource").label("Data source").type("prometheus"),
        _asked("pbx", "PBX", "label_values(callcentre_ami_up, pbx)"),
        _asked("line", "Line", f"label_values(callcentre_line_core_hours{{{PBX}}}, line)"),
        dashboard.TextBoxVariable("callcentre")
        .label("callcentre")
        .description("Where callcentre's own pages are: links of the panels lead there.")
        .default_value(ADDRESS)
        .current(model.VariableOption(selected=True, text=ADDRESS, value=ADDRESS)),
    ]


def _asked(name: str, label: str, query: str) -> dashboard.QueryVariable:
    """A variable of label values. Grafana escapes what is special in a regular expression: a name may have dots."""
    return (
        dashboard.QueryVariable(name)
        .label(label)
        .datasource(SOURCE)
        .query(query)
        .multi(True)
        .include_all(True)
        .all_value(".+")
        .refresh(model.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(model.VariableSort.ALPHABETICAL_ASC)
        .current(model.VariableOption(selected=True, text=["All"], value=["$__all"]))
    )


def _links() -> list[Builder[model.DashboardLink]]:
    others = (
        dashboard.DashboardLink("Dashboards")
        .type(model.DashboardLinkType.DASHBOARDS)
        .tags(["callcentre"])
        .as_dropdown(True)
        .include_vars(True)
        .keep_time(True)
    )
    pages = {"Today": "/today", "Calls": "/calls", "Tasks": "/tasks", "Attendance": "/attendance", "Missed": "/missed"}
    return [
        others,
        *(
            dashboard.DashboardLink(title)
            .type(model.DashboardLinkType.LINK)
            .icon("external link")
            .tooltip(f"callcentre's own page: {title}")
            .url(PAGES + path)
            .target_blank(True)
            for title, path in pages.items()
        ),
    ]


_STEP: Final = "{}_over_time(callcentre_{}[$__interval])"
"""Annotations are asked for a hundred moments, however long the time shown: each asks for all since the one before."""


def _annotations() -> list[Builder[model.AnnotationQuery]]:
    return [
        _marked(
            "Unattended",
            f"max by (pbx, line) ({_STEP.format('max', f'line_breach{{{LINE}}}')}) == 1",
            "red",
            "pbx,line",
        ),
        _marked("PBX out of sight", f"max by (pbx) ({_STEP.format('min', f'ami_up{{{PBX}}}')}) == 0", "purple", "pbx"),
        _marked(
            "Gap", f"sum by (pbx) (increase(callcentre_gaps_total{{{PBX}}}[$__rate_interval])) > 0", "orange", "pbx"
        ),
    ]


def _marked(name: str, expr: str, colour: str, labels: str) -> dashboard.AnnotationQuery:
    """A mark on every curve, as long as its expression holds."""
    asked = prometheus.Dataquery().ref_id("Anno").datasource(SOURCE).expr(expr).interval("1m").range()
    text = " ".join("{{" + label + "}}" for label in labels.split(","))
    return (
        dashboard.AnnotationQuery()
        .name(name)
        .datasource(SOURCE)
        .enable(True)
        .icon_color(colour)
        .target(asked)
        .title_format(name)
        .text_format(f"{name}: {text}")
        .tag_keys(labels)
    )
