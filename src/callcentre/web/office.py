"""The pages of the office as a whole, most of them for supervisors: their routes in one place."""

from aiohttp import web

from callcentre.web import (
    attendance_page,
    calls_page,
    first_contact_page,
    greetings_page,
    incidents_page,
    line_page,
    missed_page,
    own_data_page,
    reports_page,
    today,
    wallboard,
    wrap_ups_page,
)


def routes(app: web.Application) -> list[web.RouteDef]:
    """The routes of all these pages; `app` keeps what some of them remember."""
    return [
        *today.routes(),
        *line_page.routes(),
        *wallboard.routes(app),
        *calls_page.routes(),
        *attendance_page.routes(),
        *missed_page.routes(),
        *own_data_page.routes(),
        *first_contact_page.routes(),
        *wrap_ups_page.routes(),
        *greetings_page.routes(app),
        *incidents_page.routes(),
        *reports_page.routes(app),
    ]
