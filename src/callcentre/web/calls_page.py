"""GET /calls: the calls behind a figure, looked for and page by page; the same as CSV; and one call with all of it."""

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from callcentre.core.facts import Call
from callcentre.core.numbers import without_numbers
from callcentre.core.terms import CallKey, Hours, Origin, Outcome, Quality
from callcentre.store.results import CallCount, Role
from callcentre.web import sheets, task_words, words
from callcentre.web.access import account_of, address_of, allows
from callcentre.web.call_filters import GROUPS, CallFilter, asked, place_after, read_place
from callcentre.web.call_words import ATTEMPTS, VERDICTS, VISITS, spans, verdict
from callcentre.web.charts import timeline
from callcentre.web.finds import FINDS, for_address
from callcentre.web.pages import render
from callcentre.web.site import Site, site_of

ON_A_PAGE: Final = 50
COUNTED_DAYS: Final = 93
"""A quarter is counted at once; longer ranges when asked: of a year of a million calls that takes seconds."""

_LONGEST_FIND: Final = 80

HEADING: Final = (
    *("pbx", "uniqueid", "line", "did", "caller", "origin", "offered_at", "first_ring_at", "answered_at", "ended_at"),
    *("outcome", "wait_seconds", "ring_seconds", "rings", "talk_seconds", "answered_by"),
    *("within_seconds", "within_rings", "hours", "quality", "charter", "charter_version"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """What the calls that were found come to."""

    calls: int
    answered: int
    gave_up: int
    judged: int
    within: int

    @property
    def share(self) -> float | None:
        """Answered within the target, of those that have one."""
        return self.within / self.judged if self.judged else None


def routes() -> list[web.RouteDef]:
    """The routes of this module."""
    return [
        web.get("/calls", calls),
        web.post("/calls", look_for),
        web.get("/calls.csv", as_csv, allow_head=False),
        web.get("/calls/{pbx}/{uniqueid}", call),
    ]


@allows(Role.SUPERVISOR)
async def calls(request: web.Request) -> web.Response:
    """A page of calls, with what all of them come to."""
    site = site_of(request)
    chosen = _asked(request)
    wanted = chosen.wanted(site)
    found = await site.queries.search_calls(
        wanted, after=read_place(request.query.get("after", "")), limit=ON_A_PAGE + 1
    )
    shown, last = found[:ON_A_PAGE], found[ON_A_PAGE - 1] if len(found) > ON_A_PAGE else None
    onwards = None if last is None else chosen.address(after=place_after(last.offered_at, last.line, last.key))
    counted = (chosen.last - chosen.first).days < COUNTED_DAYS or "count" in request.query
    return render(
        request,
        "calls.html",
        chosen=chosen,
        calls=shown,
        sums=sums(await site.queries.call_totals(wanted)) if counted else None,
        count=chosen.address(count="yes"),
        onwards=onwards,
        first_page=chosen.address() if "after" in request.query else None,
        csv=chosen.address("/calls.csv"),
        lines=site.office.lines,
        choices={
            "outcome": [(each.value, words.OUTCOMES[each]) for each in Outcome]
            + [(name, group[0]) for name, group in GROUPS.items()],
            "origin": [(Origin.EXTERNAL.value, "from outside"), (Origin.INTERNAL.value, "from a colleague")],
            "hours": [(Hours.CORE.value, "in core hours"), (Hours.CLOSED.value, "outside core hours")],
            "within": [("yes", "within the target"), ("no", "not within the target")],
            "quality": [(each.value, each.value) for each in Quality],
        },
    )


@allows(Role.SUPERVISOR)
async def look_for(request: web.Request) -> web.Response:
    """Take the form of /calls, and lead to what it asks for under an address without a number."""
    form = await request.post()
    fields = ("line", "from", "until", "outcome", "origin", "hours", "within", "quality", "by")
    typed = {name: str(form.get(name, "")) for name in fields}
    said, text = for_address(typed, str(form.get("text", "")).strip())
    if text := text[:_LONGEST_FIND]:
        said["find"] = request.config_dict[FINDS].keep(account_of(request).name, text)
    said = {name: value for name, value in said.items() if value}
    raise web.HTTPSeeOther(str(request.rel_url.with_path("/calls").with_query(said)))


@allows(Role.SUPERVISOR)
async def as_csv(request: web.Request) -> web.StreamResponse:
    """All calls that were asked for, as a file; who took it is written down."""
    site, chosen = site_of(request), _asked(request)
    what = f"calls {chosen.first} to {chosen.last}" + (f", line {chosen.line}" if chosen.line else "")
    await site.audit(account_of(request).name, "exported", what, address=address_of(request))

    async def pages() -> AsyncIterator[Iterable[Sequence[sheets.Cell]]]:
        async for page in site.queries.found_calls(chosen.wanted(site)):
            yield [row(each) for each in page]

    name = f"calls-{chosen.first}-{chosen.last}.csv"
    return await sheets.send(request, name, HEADING, pages(), site.zone(chosen.line))


@allows(Role.SUPERVISOR)
async def call(request: web.Request) -> web.Response:
    """One call: when what happened, why it was within the promise or not, and what came of it."""
    site = site_of(request)
    key = CallKey(request.match_info["pbx"], request.match_info["uniqueid"])
    found = await site.queries.call(key)
    if found is None:
        raise web.HTTPNotFound(text="there is no such call; perhaps it was erased or is older than what is kept")
    use = await site.queries.voicemail_use(key)
    zone = site.zone(found.line)
    return render(
        request,
        "one_call.html",
        call=found,
        zone=zone,
        said=verdict(found, site.line(found.line)),
        timeline=timeline(
            spans(found, site.now()), zone=zone, uid="call", title="What happened when", pivot=found.answered_at
        ),
        voicemail=None if use is None else (VERDICTS[use.verdict], without_numbers(use.reason)),
        tasks=await site.queries.tasks_of_call(found),
        wraps=await site.queries.wraps_of(key),
        ATTEMPTS=ATTEMPTS,
        VISITS=VISITS,
        WRAPS=task_words.WRAPS,
    )


def row(each: Call) -> list[sheets.Cell]:
    """A call as the CSV has it, in the order of HEADING."""
    return [each.key.pbx, each.key.uniqueid, *(getattr(each, name) for name in HEADING[2:])]


def sums(counts: Sequence[CallCount]) -> Sums:
    """What counted calls come to."""
    gave_up = GROUPS["gave_up"][1]
    return Sums(
        calls=sum(each.calls for each in counts),
        answered=sum(each.calls for each in counts if each.outcome is Outcome.ANSWERED),
        gave_up=sum(each.calls for each in counts if each.outcome in gave_up),
        judged=sum(each.calls for each in counts if each.within_seconds is not None),
        within=sum(each.calls for each in counts if each.within_seconds),
    )


def _asked(request: web.Request) -> CallFilter:
    site: Site = site_of(request)
    return asked(request, site, request.config_dict[FINDS], account_of(request).name)
