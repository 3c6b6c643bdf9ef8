"""Recorded messages by the API: as the page has them, and what cannot be looked at."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from callcentre.core.greetings import SignOff
from tests.unit.spool.voices import put, voice, wav
from tests.unit.web.api.working import Working, working
from tests.unit.web.served import NOW


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Working]:
    async with working(tmp_path) as made:
        yield made


def with_spool(api: Working, spool: Path) -> None:
    (pbx,) = api.site.config.pbxs
    api.site.config = replace(api.site.config, pbxs=(replace(pbx, voicemail_spool=spool),))


async def test_each_recorded_message_with_what_was_found_and_who_signed_it_off(api: Working, tmp_path: Path) -> None:
    with_spool(api, tmp_path / "spool")
    put(tmp_path / "spool", "default/600/unavail.wav", wav(voice(7)))
    status, found = await api.get("/greetings?line=enquiries")
    assert status == 200
    assert found["unread"] == []
    (one,) = found["greetings"]
    assert (one["place"], one["stem"], one["standing"], one["findings"]) == ("600@default", "unavail", ["unsigned"], [])
    assert (one["seconds"], one["loudness"]) == (pytest.approx(7), pytest.approx(-22, abs=0.5))
    assert one["wording"] is None
    signed = SignOff(
        pbx="lab",
        place="600@default",
        stem="unavail",
        digest=one["digest"],
        wording="Good morning.",
        review_on=date(2027, 6, 1),
        who="sue",
        at=NOW,
    )
    await api.database.greetings.sign(signed, address="")
    _, found = await api.get("/greetings")
    first, second = found["greetings"]
    assert (first["standing"], first["signed_by"], first["review_on"]) == ([], "sue", "2027-06-01")
    assert (second["line"], second["standing"]) == ("nurse", ["missing"])
    assert second["findings"][0]["kind"] == "not_recorded"


async def test_what_cannot_be_looked_at_and_a_line_that_is_none(api: Working) -> None:
    status, found = await api.get("/greetings")
    assert status == 200
    assert found["greetings"] == []
    assert [(one["line"], one["place"]) for one in found["unread"]] == [
        ("enquiries", "600@default"),
        ("nurse", "601@default"),
    ]
    assert "voicemail_spool" in found["unread"][0]["problem"]
    assert (await api.get("/greetings?line=sales"))[0] == 404
    assert (await api.get("/greetings", "alice:agent:*"))[0] == 403
