"""Incidents, first contact and satisfaction for programs."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from callcentre.core.facts import CallerAsked, ClickChanged, Fact, IncidentChanged
from callcentre.core.incidents import Incident, IncidentState, Review
from callcentre.core.terms import CallKey, Origin
from callcentre.reports.contacts import added_up
from tests.conformance import sample
from tests.conformance.promises import click
from tests.unit.metrics.test_abuse_metrics import INCIDENT
from tests.unit.web.api.working import Working, working
from tests.unit.web.served import NOW

DAY = timedelta(days=1)
CHIEF, ADA, SUE = "chief:supervisor:*", "ada:admin:*", "sue:supervisor:*"


def one(number: int, **changes: object) -> Incident:
    """An incident of so many days ago; two of each day."""
    at = NOW - (number // 2) * DAY
    known = {"at": at, "warned_at": at, "expires_at": at + 365 * DAY, "review_due": at + 183 * DAY}
    return replace(INCIDENT, **(known | {"uniqueid": f"1.{number}"} | changes))  # type: ignore[arg-type]


async def keep(api: Working, *incidents: Incident, more: tuple[Fact, ...] = ()) -> None:
    told = [IncidentChanged(pbx=each.pbx, at=each.at, incident=each) for each in incidents]
    await api.database.writer.commit([*told, *more])


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Working]:
    async with working(tmp_path) as made:
        yield made


@pytest.fixture
async def held(tmp_path: Path) -> AsyncIterator[Working]:
    """The office whose charter names a role, that a contact holds; its account is the chief's."""
    async with working(
        tmp_path,
        line=[{"name": "enquiries", "pbx": "lab", "nation": "ENG", "charter": "wme"}],
        contact=[{"name": "boss", "email": ["boss@example.org"], "accounts": ["chief"]}],
        mail={"host": "localhost", "sender": "callcentre@example.org"},
        roles={"Chief Executive": ["boss"]},
    ) as made:
        yield made


async def test_incidents_are_listed_page_by_page_and_filtered(api: Working) -> None:
    await keep(
        api,
        *(one(number) for number in range(5)),
        one(5, line="nurse", state=IncidentState.ENDED, pbx="other"),
        one(6, review_due=NOW),
        one(7, review_due=NOW, review=Review.KEPT, reviewed_at=NOW, reviewed_by="chief"),
    )

    async def found(query: str) -> list[str]:
        seen, path = [], f"/incidents?limit=2{query}"
        while path:
            status, page = await api.get(path)
            assert status == 200, page
            seen += [each["uniqueid"] for each in page["incidents"]]
            path = f"/incidents?limit=2{query}&cursor={page['next']}" if page["next"] else ""
        return seen

    assert await found("") == [*(f"1.{number}" for number in range(8)), "1795363959.1"]
    assert await found("&line=nurse") == await found("&state=ended") == await found("&pbx=other") == ["1.5"]
    assert await found("&due=true") == ["1.6"]
    since = (NOW - DAY).isoformat().replace("+", "%2B")
    assert await found(f"&since={since}") == [f"1.{number}" for number in range(4)]
    assert (await api.get("/incidents?caller=07700900123"))[0] == 422


async def test_an_incident_says_what_it_was_and_of_what_callback(api: Working) -> None:
    made = click(1, key="k" * 32)
    await keep(api, one(0), one(2, uniqueid=made.key), more=(ClickChanged(pbx="lab", at=NOW, click=made),))
    status, found = await api.get("/incidents/lab/1.0")
    assert status == 200
    assert (found["state"], found["task"], found["marked"], found["caller"]) == (
        *(INCIDENT.state.value, None, True),
        INCIDENT.caller,
    )
    assert "notified" not in found
    assert (await api.get(f"/incidents/lab/{made.key}"))[1]["task"] == 1
    assert (await api.get("/incidents/lab/1.9"))[0] == 404


async def test_where_nobody_holds_the_role_administrators_review(api: Working) -> None:
    await keep(api, one(0))
    status, refused = await api.post("/incidents/lab/1.0/review", {"review": "kept"}, SUE)
    assert (status, refused["title"]) == (403, "Not allowed")
    assert "an administrator decides" in refused["detail"]
    status, kept = await api.post("/incidents/lab/1.0/review", {"review": "kept"}, ADA)
    assert (status, kept["review"], kept["reviewed_by"], kept["marked"]) == (200, "kept", "ada", True)


async def test_the_named_role_alone_reviews_and_once(held: Working) -> None:
    await keep(held, one(0))
    path, sent = "/incidents/lab/1.0/review", {"review": "withdrawn", "note": "the wrong caller"}
    for token in (SUE, ADA):
        for _ in range(2):
            status, refused = await held.post(path, sent, token, Idempotency_Key="refused")
            assert (status, "only the Chief Executive decides that" in refused["detail"]) == (403, True)
    status, refused = await held.post(path, {"review": "withdrawn"}, CHIEF)
    assert (status, "say in the note why" in refused["detail"]) == (409, True)
    done = await held.post(path, sent, CHIEF, Idempotency_Key="once")
    assert (done[0], done[1]["review"], done[1]["marked"]) == (200, "withdrawn", False)
    assert await held.post(path, sent, CHIEF, Idempotency_Key="once") == done
    row = await held.database.queries.incident(CallKey("lab", "1.0"))
    assert row is not None
    assert (row.entries, row.note) == (INCIDENT.entries + 1, "chief: the wrong caller")
    told = await held.database.audit.entries(limit=10)
    assert [each.what for each in told if each.action == "incident review"] == ["lab 1.0: withdrawn"]
    assert (await held.post(path, {"review": "maybe"}, CHIEF))[0] == 422
    assert (await held.post("/incidents/lab/1.9/review", sent, CHIEF))[0] == 404


async def test_first_contact_is_the_figure_of_the_page(api: Working) -> None:
    outside = replace(sample.answered(sample.offered(50)), origin=Origin.EXTERNAL)
    await api.database.writer.commit([sample.on_end(outside)])
    status, found = await api.get("/first-contact?first=2026-11-23&last=2026-11-24&by=all")
    assert (status, found["window_days"]) == (200, 7)
    (row,) = found["rows"]
    assert (row["line"], row["since"], row["promise"]) == ("enquiries", "2026-11-23T00:00:00.000000+00:00", 0.6)
    edges = [NOW - 2 * DAY, NOW + DAY]
    queries, lines = api.database.queries, ["enquiries"]
    said, did = await queries.first_contact_said(edges, lines), await queries.inferred(edges, NOW, lines)
    (counted,) = added_up([*said, *did])
    assert {name: row[name] for name in ("said", "callbacks_said", "counted", "open", "unnumbered", "alone")} == {
        name: getattr(counted, name) for name in ("said", "callbacks_said", "counted", "open", "unnumbered", "alone")
    }
    assert (row["open"], row["callbacks_said"], row["said_share"], row["inferred_share"]) == (1, 1, 0.0, None)
    assert (await api.get("/first-contact?line=nurse"))[1]["rows"] == []


async def test_satisfaction_by_week(api: Working) -> None:
    asked = [
        CallerAsked(
            pbx="lab",
            at=NOW,
            uniqueid=f"1.{number}",
            line="enquiries",
            telephone=None,
            asked_at=NOW - number * 7 * DAY,
            answered_at=None if answer is None else NOW,
            answer=answer,
        )
        for number, answer in enumerate((5, 2, None))
    ]
    await api.database.writer.commit(asked)
    status, found = await api.get("/satisfaction")
    assert status == 200
    assert [(row["asked"], row["answered"], row["mean"], row["good_share"]) for row in found["rows"]] == [
        (1, 0, None, None),
        (1, 1, 2.0, 0.0),
        (1, 1, 5.0, 1.0),
    ]
    (row,) = (await api.get("/satisfaction?by=all"))[1]["rows"]
    assert (row["asked"], row["answers"]) == (3, [0, 1, 0, 0, 1])


@pytest.mark.parametrize(
    "query", ["line=sales", "first=1999-01-01", "first=2026-11-25&last=2026-11-24", "first=2020-01-01"]
)
async def test_days_and_lines_that_are_none(api: Working, query: str) -> None:
    for path in ("/first-contact", "/satisfaction"):
        assert (await api.get(f"{path}?{query}"))[0] == 404
