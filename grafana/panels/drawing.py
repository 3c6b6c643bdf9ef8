"""How panels are drawn: what every panel has, and the few looks that the dashboards use.

The foundation SDK sets neither `refId` nor `datasource` of a query: `put` sets both.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from grafana_foundation_sdk.builders import (
    bargauge,
    common,
    dashboard,
    heatmap,
    prometheus,
    stat,
    statetimeline,
    table,
    timeseries,
)
from grafana_foundation_sdk.models import common as looks
from grafana_foundation_sdk.models import dashboard as model
from grafana_foundation_sdk.models import heatmap as heat
from grafana_foundation_sdk.models.prometheus import PromQueryFormat as Shape

SOURCE: Final = looks.DataSourceRef(type_val="prometheus", uid="${datasource}")
GOOD: Final = "#1A7F37"
BAD: Final = "#B42318"
WARN: Final = "#945300"
CALM: Final = "#1F4E8C"
NEUTRAL: Final = "#52525B"
"""White letters are read on each of these, a test counts the contrast; no panel tells by colour alone."""

P = TypeVar("P", bargauge.Panel, heatmap.Panel, stat.Panel, statetimeline.Panel, table.Panel, timeseries.Panel)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One query of a panel."""

    expr: str
    legend: str = "__auto"
    now: bool = False
    """Whether only the latest value is wanted, instead of a curve."""
    shape: Shape = Shape.TIME_SERIES


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Where a click on a figure leads."""

    title: str
    url: str


def now(expr: str, legend: str = "__auto", shape: Shape = Shape.TIME_SERIES) -> Ask:
    """The latest value of an expression."""
    return Ask(expr=expr, legend=legend, now=True, shape=shape)


def put(panel: P, title: str, tells: str, *asks: Ask, wide: int, links: Sequence[Link] = ()) -> P:
    """What every panel has: a title, what it tells, its queries, its width in columns of 24, and where it leads."""
    panel.title(title).description(tells).datasource(SOURCE).span(wide)
    for letter, ask in zip("ABCDEFGH", asks, strict=False):
        query = prometheus.Dataquery().ref_id(letter).datasource(SOURCE).expr(ask.expr).legend_format(ask.legend)
        query.format(ask.shape)
        panel.with_target(query.instant() if ask.now else query.range())
    if links:
        panel.data_links([dashboard.DashboardLink(link.title).url(link.url).target_blank(False) for link in links])
    return panel


def tiles(unit: str, *, big: bool = False, digits: int | None = None) -> stat.Panel:
    """Figures as tiles, filled with the colour of their verdict; `big` ones are read from across the room."""
    panel = stat.Panel().unit(unit).reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]).fields(""))
    panel.text_mode(looks.BigValueTextMode.VALUE_AND_NAME).graph_mode(looks.BigValueGraphMode.NONE)
    panel.color_mode(looks.BigValueColorMode.BACKGROUND_SOLID).justify_mode(looks.BigValueJustifyMode.CENTER)
    panel.color_scheme(fixed(NEUTRAL)).no_value("NOT KNOWN").wide_layout(False)
    if digits is not None:
        panel.decimals(digits)
    if big:
        panel.text(common.VizTextDisplayOptions().title_size(36)).orientation(looks.VizOrientation.VERTICAL)
    return panel


def _list_below() -> common.VizLegendOptions:
    legend = common.VizLegendOptions().display_mode(looks.LegendDisplayMode.LIST)
    return legend.placement(looks.LegendPlacement.BOTTOM).show_legend(True).calcs([])


def curves(unit: str, *, stacked: bool = False, bars: bool = False) -> timeseries.Panel:
    """Values over time, their legend a list below."""
    panel = timeseries.Panel().unit(unit).min(0).line_width(2).fill_opacity(10).interval("1m")
    panel.legend(_list_below())
    panel.tooltip(common.VizTooltipOptions().mode(looks.TooltipDisplayMode.MULTI).sort(looks.SortOrder.NONE))
    panel.color_scheme(dashboard.FieldColor().mode(model.FieldColorModeId.PALETTE_CLASSIC_BY_NAME))
    panel.show_points(looks.VisibilityMode.AUTO).line_interpolation(looks.LineInterpolation.STEP_AFTER)
    if bars:
        panel.draw_style(looks.GraphDrawStyle.BARS).line_width(1).fill_opacity(80).decimals(0)
    if stacked:
        panel.stacking(common.StackingConfig().mode(looks.StackingMode.NORMAL).group("A"))
        panel.fill_opacity(60 if not bars else 80)
    return panel


def half_hours(unit: str, *, stacked: bool = False) -> timeseries.Panel:
    """Bars, or steps, of half an hour each, that end at their time; longer ones where many days are shown."""
    panel = curves(unit, stacked=stacked, bars=stacked).interval("30m")
    if stacked:
        return panel.bar_alignment(looks.BarAlignment.BEFORE)
    return panel.line_interpolation(looks.LineInterpolation.STEP_BEFORE)


def daily(unit: str) -> timeseries.Panel:
    """Bars of a day each, that end at their time, stacked."""
    return curves(unit, stacked=True, bars=True).interval("1d").bar_alignment(looks.BarAlignment.BEFORE)


def only(panel: table.Panel, columns: Mapping[str, str]) -> table.Panel:
    """A table with these columns of a query, under these headings; the time, which is now, is left out."""
    options = {
        "excludeByName": {"Time": True},
        "indexByName": {name: place for place, name in enumerate(columns)},
        "renameByName": dict(columns),
    }
    return panel.with_transformation(model.DataTransformerConfig(id_val="organize", options=options))


def matrix(panel: table.Panel, *, row: str, column: str) -> table.Panel:
    """A table with one label downwards and one across."""
    options = {"rowField": row, "columnField": column, "valueField": "Value", "emptyValue": "null"}
    return panel.with_transformation(model.DataTransformerConfig(id_val="groupingToMatrix", options=options))


def states(mappings: Sequence[model.ValueMapping]) -> statetimeline.Panel:
    """States over time as bars with their words in them."""
    panel = statetimeline.Panel().unit("none").mappings([*mappings]).merge_values(True).interval("1m")
    panel.show_value(looks.VisibilityMode.AUTO).row_height(0.8).fill_opacity(85).line_width(0)
    panel.color_scheme(fixed(NEUTRAL)).no_value("not known")
    panel.legend(_list_below())
    return panel.tooltip(common.VizTooltipOptions().mode(looks.TooltipDisplayMode.SINGLE).sort(looks.SortOrder.NONE))


def buckets(unit: str) -> heatmap.Panel:
    """A histogram over time: the more calls, the darker, and their number in the cell."""
    colours = heatmap.HeatmapColorOptions().mode(heat.HeatmapColorMode.SCHEME).scheme("Blues").steps(9).exponent(0.5)
    panel = heatmap.Panel().calculate(False).cell_gap(1).color(colours.fill("dark-blue").reverse(False))
    panel.y_axis(heatmap.YAxisConfig().unit(unit).axis_placement(looks.AxisPlacement.LEFT))
    panel.cell_values(heatmap.CellValues().unit("short").decimals(0)).show_value(looks.VisibilityMode.AUTO)
    panel.filter_values(heatmap.FilterValueRange().le(1e-9)).show_legend()
    panel.rows_frame(heatmap.RowsHeatmapOptions().layout(looks.HeatmapCellLayout.AUTO))
    return panel.tooltip(
        heatmap.HeatmapTooltip().mode(looks.TooltipDisplayMode.SINGLE).y_histogram(True).show_color_scale(False)
    )


def lengths(unit: str, *, digits: int = 0) -> bargauge.Panel:
    """Figures as bars to compare, each with its number."""
    panel = bargauge.Panel().unit(unit).decimals(digits).min(0).orientation(looks.VizOrientation.HORIZONTAL)
    panel.display_mode(looks.BarGaugeDisplayMode.BASIC).value_mode(looks.BarGaugeValueMode.TEXT).show_unfilled(True)
    panel.name_placement(looks.BarGaugeNamePlacement.LEFT).color_scheme(fixed("blue")).no_value("none")
    return panel.reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]).fields("").values(False))


def grid(unit: str, *, digits: int | None = None) -> table.Panel:
    """A table."""
    panel = table.Panel().unit(unit).show_header(True).cell_height(looks.TableCellHeight.MD).no_value("–")
    panel.cell_options(looks.TableAutoCellOptions())
    return panel.decimals(digits) if digits is not None else panel


def fixed(colour: str) -> dashboard.FieldColor:
    """One colour, whatever the value."""
    return dashboard.FieldColor().mode(model.FieldColorModeId.FIXED).fixed_color(colour)


def coloured(panel: P, by_name: Mapping[str, str]) -> P:
    """Colours of series, by a regular expression on their names."""
    for pattern, colour in by_name.items():
        value = {"mode": "fixed", "fixedColor": colour}
        panel.override_by_regexp(pattern, [model.DynamicConfigValue(id_val="color", value=value)])
    return panel


def worded(words: Mapping[str, tuple[str, str]]) -> list[model.ValueMapping]:
    """A word and a colour for each of some values."""
    return [
        model.ValueMap(
            options={
                value: model.ValueMappingResult(text=text, color=colour, index=place)
                for place, (value, (text, colour)) in enumerate(words.items())
            }
        )
    ]


def promise_drawn(panel: timeseries.Panel, pattern: str = "/(^|, )promised$/") -> timeseries.Panel:
    """Series whose names match are a promise: a dashed line, no filling."""
    return panel.override_by_regexp(
        pattern,
        [
            model.DynamicConfigValue(id_val="custom.lineStyle", value={"fill": "dash", "dash": [10, 10]}),
            model.DynamicConfigValue(id_val="custom.fillOpacity", value=0),
            model.DynamicConfigValue(id_val="custom.stacking", value={"mode": "none", "group": "A"}),
            model.DynamicConfigValue(id_val="custom.drawStyle", value="line"),
        ],
    )
