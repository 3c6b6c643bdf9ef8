"""Every route of the real application: closed unless listed here, and open to the roles that it is for alone."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import structlog
from aiohttp import web
from prometheus_client import CollectorRegistry

from callcentre.store.results import Role
from callcentre.web.access import RANK, access_of
from callcentre.web.pages import MENU
from callcentre.web.server import application
from callcentre.web.status import Status
from tests.unit.web import served
from tests.unit.web.entered import Browser, House, house

OPEN = {
    "/",  # leads to the first page, or to /login
    "/login",
    "/login/code",
    "/login/set-up",
    "/login/link/{link}",
    "/logout",
    "/metrics",
    "/-/healthy",
    "/-/ready",
    "/api/v1/openapi.json",
    "/static",
}
ADMINS = re.compile(r"^/(users|audit)\b")
SUPERVISORS = re.compile(
    r"^/(today|wallboard|calls|attendance|wrap-ups|first-contact|reports"
    r"|greetings|incidents|cases/causes|cases\.csv|config)\b"
)


@dataclass(frozen=True)
class Known:
    """One route of the server."""

    method: str
    path: str
    role: Role | None

    @property
    def example(self) -> str:
        """A path that it takes."""
        return re.sub(r"{(\w+)}", lambda found: "lab" if found.group(1) == "pbx" else "1", self.path)

    @property
    def is_open(self) -> bool:
        return self.path in OPEN


def routes_of(home: House) -> list[Known]:
    """Each route of the application that the daemon serves."""

    async def status() -> Status:
        raise NotImplementedError

    app = application(
        site=home.site, registry=CollectorRegistry(), health=served.Health(), status=status, door=home.door
    )
    found = []
    for route in app.router.routes():
        assert route.resource is not None
        if route.method == "HEAD":  # the handler of GET
            continue
        access = None if isinstance(route.resource, web.StaticResource) else access_of(route.handler)
        found.append(Known(route.method, route.resource.canonical, None if access is None else access.role))
    return found


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path, "alice", "bob", "root") as made:
        with structlog.testing.capture_logs():  # what fails without a daemon behind it is told at length
            yield made


async def ask(browser: Browser, route: Known, csrf: str = "") -> tuple[int, str]:
    """The status of an answer and where it leads; a stream is not read."""
    headers = {"X-CSRF": csrf, "Accept": "text/html"}
    target = browser.house.address + route.example
    async with browser.session.request(
        route.method, target, headers=headers, data=b"", allow_redirects=False
    ) as answer:
        return answer.status, answer.headers.get("Location", "")


async def test_without_a_log_in_every_route_is_closed_but_those_listed(home: House) -> None:
    stranger = home.client()
    wrong = []
    for route in routes_of(home):
        if route.is_open:
            assert route.role is None
            continue
        status, location = await ask(stranger, route)
        to_login = status == 303 and location.startswith("/login?next=")
        if not to_login and status not in {401, 403}:
            wrong.append((route, status))
    assert wrong == []


async def test_what_is_open_is_all_there(home: House) -> None:
    """The list above names nothing that is not served."""
    assert {route.path for route in routes_of(home)} >= OPEN


@pytest.mark.parametrize(("name", "role"), [("alice", Role.AGENT), ("bob", Role.SUPERVISOR), ("root", Role.ADMIN)])
async def test_each_role_gets_what_it_is_for_and_no_more(home: House, name: str, role: Role) -> None:
    wrong = []
    for route in routes_of(home):
        if route.is_open:
            continue
        browser = await home.logged_in(name)
        csrf = (await browser.get("/account")).field("csrf")
        status, location = await ask(browser, route, csrf)
        assert route.role is not None, f"{route.path} is open to nobody: its handler is not marked"
        denied = status in {401, 403} or location.startswith("/login")
        if denied != (RANK[role] < RANK[route.role]):
            wrong.append((route, status, location))
    assert wrong == []


def test_pages_are_for_the_roles_that_the_design_says() -> None:
    """What the menu shows to whom is what the routes allow."""
    for entry in MENU:
        if ADMINS.match(entry.path):
            assert entry.role is Role.ADMIN
        elif SUPERVISORS.match(entry.path):
            assert entry.role is Role.SUPERVISOR
        else:
            assert entry.role is Role.AGENT


async def test_the_routes_of_a_page_are_for_its_role(home: House) -> None:
    for route in routes_of(home):
        if ADMINS.match(route.path):
            assert route.role is Role.ADMIN, route
        elif SUPERVISORS.match(route.path):
            assert route.role is Role.SUPERVISOR, route


async def test_what_is_not_there_tells_nothing_of_what_is(home: House) -> None:
    stranger = home.client()
    assert (await stranger.get("/userss", Accept="text/html")).status == 404
    async with stranger.session.delete(f"{home.address}/users") as answer:
        assert answer.status == 405
