"""How well callers were helped, by line and period: first contact (H1), and what they answered when asked (H18).

The figures are those of the page /first-contact, from the same functions.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, Literal

from aiohttp import web
from pydantic import Field

from callcentre.core.charter import Line
from callcentre.reports.contacts import first_contacts
from callcentre.store.first_contact import WINDOW
from callcentre.store.results import Role
from callcentre.web.api.attendance import Day
from callcentre.web.api.operations import Asked, Operation
from callcentre.web.api.shape import Instant, Name, Nothing, Shape
from callcentre.web.days import bounds, day_of
from callcentre.web.first_contact_page import LONGEST, USUAL_WEEKS, weeks

_YEARS: Final = range(2000, 2101)


class PeriodParams(Shape):
    """Which days, by which periods, of which line."""

    line: Name | None = Field(None, description="only this line")
    first: Day | None = Field(None, description="the first day; without it, the Monday eleven weeks before the last")
    last: Day | None = Field(None, description="the last day, at most 400 days in all; without it, today")
    by: Literal["week", "all"] = Field("week", description="a row for each week from Monday on, or one for all days")


class FirstContactRow(Shape):
    """Both figures of first contact of one line in [since, until), as counts and shares."""

    line: str
    since: Instant
    until: Instant
    promise: float | None = Field(description="the share that the line's charter promises; null: none")
    said_share: float | None = Field(
        description="the wrap-up figure: the share of `said` and `callbacks_said` that was resolved; null: nobody said"
    )
    resolved: int = Field(description="answered calls resolved at first contact, by the last word that an agent said")
    said: int = Field(description="answered calls of which an agent said what they were, in this period")
    callbacks_resolved: int = Field(description="callbacks closed as resolved at first contact")
    callbacks_said: int = Field(description="callbacks closed with a word on whether they were resolved")
    inferred_share: float | None = Field(
        description="the inferred figure: `alone` / `counted`; null: nothing to count yet"
    )
    alone: int = Field(
        description="answered outside calls followed by no other of their number on any line within 7 days"
    )
    counted: int = Field(
        description="answered outside calls with a number, offered in this period, whose 7 days are over"
    )
    open: int = Field(description="those whose 7 days are not over: left out of the figure")
    unnumbered: int = Field(description="those without a number, withheld or erased: left out of the figure")


class FirstContactFigures(Shape):
    """Rows by line and period; a period in which there is nothing to count has none."""

    window_days: int = Field(
        description="a caller who did not call again within so many days is taken to have been helped"
    )
    rows: tuple[FirstContactRow, ...]


class SatisfactionRow(Shape):
    """What callers of one line answered who were asked in [since, until). Never by agent."""

    line: str
    since: Instant
    until: Instant
    asked: int = Field(description="callers who were asked after a call that a person answered")
    answered: int = Field(description="those who pressed a key from 1 to 5")
    answers: tuple[int, int, int, int, int] = Field(description="how many said 1, 2, 3, 4 and 5; 5 is best")
    mean: float | None = Field(description="the mean of the answers; null without any")
    good_share: float | None = Field(description="the share of the answers that are 4 or 5; null without any")


class SatisfactionFigures(Shape):
    """Rows by line and period; a period in which nobody was asked has none."""

    rows: tuple[SatisfactionRow, ...]


async def first_contact(asked: Asked[PeriodParams, Nothing]) -> FirstContactFigures:
    """Give both figures of first contact."""
    lines = {line.name: line for line in _lines(asked)}
    site, zone = asked.site, asked.site.zone(asked.params.line or "")
    found = await first_contacts(site.opened, list(lines.values()), _edges(asked), zone, site.now())
    return FirstContactFigures(
        window_days=WINDOW.days,
        rows=tuple(
            FirstContactRow(
                promise=lines[one.line].charter.first_contact_fraction,
                **{name: getattr(one, name) for name in FirstContactRow.model_fields if name != "promise"},
            )
            for one in found
        ),
    )


async def satisfaction(asked: Asked[PeriodParams, Nothing]) -> SatisfactionFigures:
    """Give what callers answered."""
    names = [line.name for line in _lines(asked)]
    found = await asked.site.queries.satisfaction(_edges(asked), names)
    return SatisfactionFigures(rows=tuple(SatisfactionRow.model_validate(one) for one in found))


def _lines(asked: Asked[PeriodParams, Nothing]) -> Sequence[Line]:
    lines = [line for line in asked.site.office.lines if asked.params.line in (None, line.name)]
    if not lines:
        raise web.HTTPNotFound(text="there is no such line")
    return lines


def _edges(asked: Asked[PeriodParams, Nothing]) -> Sequence[datetime]:
    """The moments between the periods, on the clocks of the line; of all lines, of the office."""
    site, params = asked.site, asked.params
    zone = site.zone(params.line or "")
    if any(day is not None and day.year not in _YEARS for day in (params.first, params.last)):
        raise web.HTTPNotFound(text=f"there are no figures but from {_YEARS[0]} to {_YEARS[-1]}")
    last = params.last or day_of(site.now(), zone)
    first = params.first or last - timedelta(days=last.weekday() + 7 * (USUAL_WEEKS - 1))
    if not timedelta() <= last - first < LONGEST:
        raise web.HTTPNotFound(text=f"there are no such days: first before last, at most {LONGEST.days} in all")
    return weeks(first, last, zone) if params.by == "week" else bounds(first, last, zone)


OPERATIONS: Final = (
    Operation(
        name="getFirstContact",
        method="GET",
        path="/first-contact",
        summary="First contact by line and period: what agents said, and what callers did",
        role=Role.SUPERVISOR,
        scope="figures:read",
        params=PeriodParams,
        body=Nothing,
        reply=FirstContactFigures,
        run=first_contact,
        fails=(404,),
    ),
    Operation(
        name="getSatisfaction",
        method="GET",
        path="/satisfaction",
        summary="What callers answered when they were asked how it was, by line and period",
        role=Role.SUPERVISOR,
        scope="figures:read",
        params=PeriodParams,
        body=Nothing,
        reply=SatisfactionFigures,
        run=satisfaction,
        fails=(404,),
    ),
)
