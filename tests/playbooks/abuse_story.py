"""Calls with an abusive caller: the whole core hears the PBX and is asked by pages; what is kept outlasts a restart."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from callcentre.core.calls import Calls
from callcentre.core.centre import CallCentre, Step
from callcentre.core.charter import Office, Pbx
from callcentre.core.commands import AbuseAct
from callcentre.core.events import ActionAnswered, Event, TimePassed, UserEventRaised
from callcentre.core.facts import Fact, IncidentChanged, OpenRows
from callcentre.core.incidents import AbuseStep, Incident, IncidentState, Review
from callcentre.core.requests import AbuseAsked, ErasureAsked, IncidentNoted, IncidentReviewed, WrapUpAsked
from callcentre.core.tasks import Notice
from callcentre.core.terms import CallKey, Outcome, WrapKind
from tests.playbooks.story import HCT, OFFICE, Story, after

ANN = "07700900001"
WARN, END = AbuseStep.WARN, AbuseStep.END
_LINES = tuple(replace(one, charter=replace(HCT, abuse_role="Chief Executive"), tell=("desk",)) for one in OFFICE.lines)


def office(*, acts: bool = True, **more: Any) -> Office:
    """The office of the stories, where a role is told; `acts`: there is an account that may act."""
    known = {"roles": {"Chief Executive": ("chief",)}, "pbxs": (Pbx(name="lab", acts=acts),), "lines": _LINES}
    return replace(OFFICE, **(known | more))


class Whole(Calls):
    """The whole core in the place of its calls; its commands are kept."""

    def __init__(self, here: Office) -> None:
        self.centre = CallCentre(here)
        self.commands: list[AbuseAct] = []

    def took(self, step: Step) -> list[Fact]:
        """Keep the commands of a step; return its facts."""
        self.commands += [one for one in step.commands if isinstance(one, AbuseAct)]
        return list(step.facts)

    def handle(self, event: Event) -> list[Fact]:
        """Take one event."""
        return self.took(self.centre.handle(event))

    def next_timer(self) -> datetime | None:
        """When to be woken."""
        return self.centre.next_timer()


class Abused(Story):
    """A story of the whole core; `incident` is the row of a call's, `notices` are what people were told."""

    def __init__(self, here: Office | None = None) -> None:
        self.here = here or office()
        super().__init__(self.here)
        self.asked = 0
        self._begin(OpenRows(), 0)

    def _begin(self, rows: OpenRows, t: float) -> None:
        self.core = self.whole = Whole(self.here)
        self.facts += self.whole.took(self.whole.centre.restore(rows, after(t)))
        self.up(t)

    @property
    def sent(self) -> list[AbuseAct]:
        """What the PBX was asked for since the last start."""
        return self.whole.commands

    @property
    def incidents(self) -> dict[str, Incident]:
        """The row of each incident, by the uniqueid of its call."""
        return {fact.incident.uniqueid: fact.incident for fact in self.facts if isinstance(fact, IncidentChanged)}

    @property
    def incident(self) -> Incident:
        """The one of call 1."""
        return self.incidents["1"]

    def stands(self) -> IncidentState:
        """How far that one has come."""
        return self.incident.state

    def review_of(self) -> Review | None:
        """What was made of its mark."""
        return self.incident.review

    @property
    def notices(self) -> list[Notice]:
        """What people were told, in order."""
        return [one for fact in self.facts if isinstance(fact, IncidentChanged) for one in fact.notices]

    def restart(self, t: float) -> None:
        """The daemon ends, and starts again with what the store has."""
        uniqueids = self.offered()
        running = tuple(call for one in uniqueids if (call := self.call(one)).outcome is Outcome.IN_PROGRESS)
        lasting = tuple(one for one in self.incidents.values() if one.expires_at > after(t))
        self._begin(OpenRows(calls=running, incidents=lasting, last_seen={"lab": after(t - 1)}), t)

    # --- people ------------------------------------------------------------------------------------------------------

    def press(self, t: float, step: AbuseStep, **more: Any) -> None:
        """The button: of Alice, whose telephone answered."""
        self.asked += 1
        told: dict[str, Any] = {"call": CallKey("lab", "1"), "telephone": "PJSIP/101", "who": "alice"}
        self.tell(AbuseAsked(pbx="lab", at=after(t), step=step, **(told | {"request": f"p{self.asked}"} | more)))

    def wrap(self, t: float, kind: WrapKind, why: str = "", who: str = "alice") -> None:
        """One tap after the call."""
        self.asked += 1
        key = CallKey("lab", "1")
        said = {"line": "sales", "caller": ANN, "kind": kind, "why": why, "who": who, "request": f"w{self.asked}"}
        self.tell(WrapUpAsked(pbx="lab", at=after(t), call=key, **said))  # type: ignore[arg-type]

    def note(self, t: float, note: str, who: str = "sue") -> None:
        """A note."""
        self.asked += 1
        self.tell(
            IncidentNoted(pbx="lab", at=after(t), row=self.incident, note=note, who=who, request=f"n{self.asked}")
        )

    def review(self, at: datetime, review: Review, note: str = "", who: str = "Chief", *, admin: bool = False) -> None:
        """The named role decides."""
        self.asked += 1
        asked = {"review": review, "note": note, "who": who, "request": f"r{self.asked}", "admin": admin}
        self.tell(IncidentReviewed(pbx="lab", at=at, row=self.incident, **asked))  # type: ignore[arg-type]

    # --- the PBX -----------------------------------------------------------------------------------------------------

    def dialplan(self, t: float, step: str, *, channel: str | None = "77", **more: str) -> None:
        """What the dialplan tells of a press, on a channel of its own."""
        fields = {"Call": "1", "Step": step, "How": "code", "Interface": "PJSIP/101", **more}
        self.tell(UserEventRaised(pbx="lab", at=after(t), name="CallcentreAbuse", uniqueid=channel, fields=fields))

    def refused(self, t: float, *, lost: bool = False) -> None:
        """The PBX would not do what was asked for last; or the link was lost before it said so."""
        key = self.sent[-1].key
        self.tell(ActionAnswered(pbx="lab", at=after(t), key=key, done=False, words="no", lost=lost))

    def erase(self, t: float) -> None:
        """Ann asks to be forgotten."""
        self.tell(ErasureAsked(pbx="", at=after(t), who="sue", request="erase", why="asked", caller=ANN))

    def days(self, number: float) -> datetime:
        """So many days after T0, the core awake until then.

        It is woken once an hour, as on a machine that is short of time: heartbeats, one a minute for half a year, would
        tell nothing of incidents.
        """
        at = after(0) + timedelta(days=number)
        while (due := self.core.next_timer()) is not None and due <= at:
            self.facts += self.core.handle(TimePassed(pbx="", at=min(due + timedelta(hours=1), at)))
        return at
