"""What the demo's people said of its calls: something of each sort, and never more than once of a call."""

from datetime import timedelta
from pathlib import Path

from callcentre.core.facts import CallEnded
from callcentre.core.incidents import IncidentState
from callcentre.demo.sayings import put_sayings
from tests.unit.runtime.samples import NOON, answered
from tests.unit.web.served import NOW, office, sqlite

CALLS = 130


async def test_there_is_something_of_every_sort(tmp_path: Path) -> None:
    config = office(tmp_path).office
    async with sqlite(tmp_path) as database:
        calls = [answered(f"1.{n}", offered_at=NOON + timedelta(minutes=n)) for n in range(CALLS)]
        await database.writer.commit([CallEnded(pbx="lab", at=one.offered_at, call=one) for one in calls])
        await put_sayings(f"sqlite:///{tmp_path}/calls.sqlite", config, NOW)
        (said,) = await database.queries.first_contact_said((NOON, NOW))
        (asked,) = await database.queries.satisfaction((NOON, NOW))
        (incident,) = await database.queries.incidents(["enquiries"])
    assert 90 <= said.said <= 100
    assert said.resolved / said.said > 0.6
    assert asked.asked == 22
    assert asked.answers[4] > asked.answers[0] > 0
    assert asked.answered < asked.asked
    assert (incident.state, incident.agent) == (IncidentState.SAID, "PJSIP/104")
