"""/greetings: what callers hear, judged, to listen to, signed off by hash; only what a line names is served."""

import re
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest

from callcentre.web.waveform import waveform
from tests.unit.spool.voices import put, silence, voice, wav
from tests.unit.web.calls import Pages, pages
from tests.unit.web.desk import config
from tests.unit.web.served import NOW, office

GOOD = wav(voice(7))
BOX = "spool/default/600"


@pytest.fixture
async def there(tmp_path: Path) -> AsyncIterator[Pages]:
    (tmp_path / "spool").mkdir()
    async with pages(tmp_path, config=config(tmp_path)) as there:
        yield there


def part(text: str, mailbox: str) -> str:
    """What the page says of a mailbox."""
    return text[text.index(f"mailbox {mailbox}") :].split("</section>")[0]


async def form(there: Pages, **changes: str) -> dict[str, str]:
    """The page's own form of the one message that can be signed off, filled in."""
    text = await there.get("/greetings")
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', text))
    return hidden | {"wording": "Good morning,\r\nthis is the office.", "review_on": "2027-06-01"} | changes


async def sign(there: Pages, **changes: str) -> tuple[int, str]:
    """Send it; status, and the text of the page."""
    reply = await there.post("/greetings/sign-off", **await form(there, **changes))
    return reply.status, " ".join((await reply.text()).split())


async def test_each_message_is_shown_with_length_loudness_and_picture(there: Pages, tmp_path: Path) -> None:
    put(tmp_path, f"{BOX}/unavail.wav", GOOD)
    text = await there.get("/greetings")
    mine, other = part(text, "600@default"), part(text, "601@default")
    assert "0:07, -22.0 LUFS, wav, for en, changed" in mine
    assert 'src="/greetings/lab/600%40default/unavail"' in mine
    assert '<svg class="waveform"' in mine
    assert "not signed off" in mine
    assert "not recorded" not in mine
    assert "not recorded" in other
    assert "callers hear the PBX&#39;s own words" in other
    assert "<form" not in other


async def test_findings_say_what_to_do(there: Pages, tmp_path: Path) -> None:
    put(tmp_path, f"{BOX}/unavail.wav", wav(silence(5)))
    mine = part(await there.get("/greetings"), "600@default")
    assert "cannot be heard as it should" in mine
    assert "nothing can be heard in it; record it again" in mine


async def test_a_greeting_for_a_time_is_one_too(there: Pages, tmp_path: Path) -> None:
    put(tmp_path, f"{BOX}/temp.wav", GOOD)
    assert "not recorded" not in part(await there.get("/greetings"), "600@default")


async def test_a_person_signs_off_what_they_heard(there: Pages, tmp_path: Path) -> None:
    path = put(tmp_path, f"{BOX}/unavail.wav", GOOD)
    reply = await there.post("/greetings/sign-off", **await form(there))
    assert (reply.status, reply.headers["Location"]) == (303, "/greetings?done=1")
    signed = (await there.database.greetings.signed())["lab", "600@default", "unavail"]
    assert (signed.wording, signed.review_on, signed.who) == (
        "Good morning,\nthis is the office.",
        date(2027, 6, 1),
        "sue",
    )
    assert signed.at == NOW
    (entry,) = await there.database.audit.entries()
    assert (entry.who, entry.action) == ("sue", "greeting signed off")
    mine = part(await there.get("/greetings"), "600@default")
    assert '<span class="mark good">signed off</span>' in mine
    assert "Good morning, this is the office." in mine
    assert "to be listened to again on 2027-06-01" in mine
    path.write_bytes(wav(voice(7, seed=3)))
    assert "changed since it was signed off" in part(await there.get("/greetings"), "600@default")


async def test_what_is_past_its_day_is_due(there: Pages, tmp_path: Path) -> None:
    put(tmp_path, f"{BOX}/unavail.wav", GOOD)
    await sign(there, review_on="2026-11-25")
    assert "due to be looked at" not in await there.get("/greetings")
    there.site.now = lambda: NOW.replace(day=25)
    assert "due to be looked at again" in await there.get("/greetings")


async def test_what_changed_while_somebody_listened_is_not_signed_off(there: Pages, tmp_path: Path) -> None:
    path = put(tmp_path, f"{BOX}/unavail.wav", GOOD)
    filled = await form(there)
    path.write_bytes(wav(voice(7, seed=3)))
    reply = await there.post("/greetings/sign-off", **filled)
    text = await reply.text()
    assert (reply.status, "changed while you listened" in text, "this is the office." in text) == (409, True, True)
    assert await there.database.greetings.signed() == {}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"wording": " \r\n "}, "Type what it says"),
        ({"review_on": "2026-11-24"}, "Choose a day after today, until 2029-11-28"),
        ({"review_on": "2030-01-01"}, "Choose a day after today"),
        ({"review_on": "soon"}, "Choose a day after today"),
    ],
)
async def test_a_sign_off_that_says_nothing_is_refused(
    changes: dict[str, str], words: str, there: Pages, tmp_path: Path
) -> None:
    put(tmp_path, f"{BOX}/unavail.wav", GOOD)
    status, text = await sign(there, **changes)
    assert (status, words in text) == (400, True)
    assert await there.database.greetings.signed() == {}


@pytest.mark.parametrize("changes", [{"stem": "busy"}, {"place": "601@default"}, {"pbx": "other"}, {"stem": "../x"}])
async def test_only_what_is_there_is_signed_off(changes: dict[str, str], there: Pages, tmp_path: Path) -> None:
    put(tmp_path, f"{BOX}/unavail.wav", GOOD)
    assert (await sign(there, **changes))[0] == 404
    assert await there.database.greetings.signed() == {}


async def test_agents_neither_see_nor_sign(there: Pages, tmp_path: Path) -> None:
    put(tmp_path, f"{BOX}/unavail.wav", GOOD)
    assert (await there.ask("/greetings", **{"X-As": "al:agent"})).status == 403
    filled = await form(there)
    assert (await there.post("/greetings/sign-off", who="al:agent", **filled)).status == 403
    assert await there.database.greetings.signed() == {}


async def test_hostile_words_are_only_words(there: Pages, tmp_path: Path) -> None:
    put(tmp_path, f"{BOX}/unavail.wav", GOOD)
    await sign(there, wording="<script>alert(1)</script>")
    text = await there.get("/greetings")
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)" in text
    assert "<b>" not in waveform([(-1, 1)], title="<b>")


async def test_what_was_signed_off_and_is_gone_is_shown(there: Pages, tmp_path: Path) -> None:
    put(tmp_path, f"{BOX}/unavail.wav", GOOD)
    busy = put(tmp_path, f"{BOX}/busy.wav", wav(voice(4)))
    reply = await there.post("/greetings/sign-off", **await form(there))
    assert reply.status == 303, "the form of the last of them: busy"
    busy.unlink()
    assert "it was signed off, and is there no more" in part(await there.get("/greetings"), "600@default")


async def test_a_recording_is_played_in_parts(there: Pages, tmp_path: Path) -> None:
    put(tmp_path, f"{BOX}/unavail.wav", GOOD)
    address = "/greetings/lab/600@default/unavail"
    reply = await there.ask(address)
    assert (reply.status, reply.content_type, await reply.read()) == (200, "audio/wav", GOOD)
    some = await there.ask(address, Range="bytes=44-99")
    assert (some.status, await some.read()) == (206, GOOD[44:100])


async def test_announcements_are_judged_and_played_too(tmp_path: Path) -> None:
    lines = [
        {"name": "enquiries", "pbx": "lab", "nation": "WLS", "announcements": ["custom/closed"], "languages": ["cy"]}
    ]
    given = office(tmp_path, pbx=[{"name": "lab", "sounds": str(tmp_path / "sounds")}], line=lines)
    put(tmp_path, "sounds/cy/custom/closed.wav", GOOD)
    async with pages(tmp_path, config=given) as there:
        text = await there.get("/greetings")
        assert "announcements" in text
        assert 'src="/greetings/lab/sounds/cy/custom/closed"' in text
        assert (await there.ask("/greetings/lab/sounds/cy/custom/closed")).status == 200
        assert (await there.ask("/greetings/lab/sounds/custom/closed")).status == 404
        assert (await there.ask("/greetings/lab/sounds/en/custom/other")).status == 404


async def test_only_what_a_line_names_is_served(there: Pages, tmp_path: Path) -> None:
    put(tmp_path, "spool/default/999/unavail.wav", GOOD)
    put(tmp_path, f"{BOX}/unavail.wav", GOOD)
    put(tmp_path, f"{BOX}/INBOX/msg0000.wav", GOOD)
    for address in (
        "/greetings/lab/999@default/unavail",
        "/greetings/lab/600@default/busy",
        "/greetings/lab/600@default/INBOX/msg0000",
        "/greetings/lab/600@default/..%2f..%2fsecret",
        "/greetings/other/600@default/unavail",
        "/greetings/lab/sounds/unavail",
    ):
        assert (await there.ask(address)).status == 404
    assert (await there.ask("/greetings/lab/600@default/unavail", **{"X-As": "al:agent"})).status == 403


async def test_a_file_that_is_no_sound_is_said_to_be_none(there: Pages, tmp_path: Path) -> None:
    put(tmp_path, f"{BOX}/unavail.wav", b"no wav")
    assert "it is called .wav and is no wav file" in await there.get("/greetings")
    assert (await there.ask("/greetings/lab/600@default/unavail")).status == 415


async def test_a_spool_out_of_reach_is_not_known(there: Pages, tmp_path: Path) -> None:
    (tmp_path / "spool").rmdir()
    assert "Not known: the voicemail spool cannot be read" in await there.get("/greetings")


async def test_a_pbx_without_a_spool_here_is_not_known(tmp_path: Path) -> None:
    async with pages(tmp_path) as there:
        assert "Not known: the voicemail of lab cannot be read from here" in await there.get("/greetings")


async def test_a_machines_draft_of_the_wording_is_offered_and_labelled_until_it_is_signed_off(
    there: Pages, tmp_path: Path
) -> None:
    put(tmp_path, f"{BOX}/unavail.wav", GOOD)
    there.site.wording = lambda looked: f"Good <b>evening</b> from {looked.name}"
    label = "Draft made by a machine; listen before you act."
    offered = part(await there.get("/greetings"), "600@default")
    assert label in offered
    assert "required aria-describedby" in offered
    assert ">Good &lt;b&gt;evening&lt;/b&gt; from unavail</textarea>" in offered
    assert (await sign(there))[0] == 303
    signed = part(await there.get("/greetings"), "600@default")
    assert label not in signed
    put(tmp_path, f"{BOX}/unavail.wav", wav(voice(8)))
    changed = part(await there.get("/greetings"), "600@default")
    assert f"{label}</b> It says: Good &lt;b&gt;evening" in changed
    assert ">Good morning, this is the office.</textarea>" in changed
