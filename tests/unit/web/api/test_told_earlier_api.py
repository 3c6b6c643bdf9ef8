"""An acknowledgement through the API says when the caller was told, with an offset, or means just now."""

from pathlib import Path

from tests.unit.web.api.working import working
from tests.unit.web.served import NOW

LINES = [
    {"name": name, "pbx": "lab", "nation": "ENG", "charter": "wme", "dids": [did], "mailboxes": [box]}
    for name, did, box in (("enquiries", "01632960600", "600"), ("nurse", "01632960601", "601"))
]
ASKED = "/tasks/lab/1/acknowledge"


async def test_a_time_with_an_offset_counts_and_what_cannot_be_is_refused(tmp_path: Path) -> None:
    async with working(tmp_path, line=LINES) as api:
        before = (await api.get("/tasks/lab/1"))[1]["messages"][0]
        assert before["acknowledged_at"] is None
        assert before["ack_due"] is not None
        for when in ("2026-11-24T09:00", "soon"):
            assert (await api.post(ASKED, {"how": "text", "when": when}))[0] == 422
        for when, words in (
            ("2026-11-24T10:00:01Z", "that time has not come yet"),
            ("2020-01-01T00:00:00Z", "that was before the message was left"),
        ):
            status, problem = await api.post(ASKED, {"how": "text", "when": when})
            assert (status, words in problem["detail"]) == (409, True)
        status, _ = await api.post(ASKED, {"how": "text", "when": NOW.isoformat()})
        assert status == 200
        told = (await api.get("/tasks/lab/1"))[1]["messages"][0]["acknowledged_at"]
        assert told == NOW.isoformat(timespec="microseconds")
