"""Webhooks, posted to a real web server on loopback."""

import json
from datetime import timedelta

import pytest
from aiohttp import web

from callcentre.notify.answers import NotSent
from callcentre.notify.webhook import Webhook
from callcentre.runtime.clock import ManualClock
from tests.unit.notify.far_ends import closed_port, deaf_server, post_office, unknown_host, website
from tests.unit.notify.samples import AT, a_notice


def webhook(within: float = 60.0) -> Webhook:
    return Webhook(within=within, clock=ManualClock(AT))


async def test_a_notice_as_it_arrives() -> None:
    async with website() as site:
        taken = await webhook().send(site.url, a_notice(title="Größe\r\n☎", task=None))
        await webhook().send(site.url, a_notice())
    asked = site.asked[0]
    assert taken.words == "HTTP 204 No Content"
    assert asked.path == "/hush-hush?token=hush-too"
    assert asked.body == {
        "key": "task/7/overdue",
        "kind": "overdue",
        "pbx": "main",
        "line": "enquiries",
        "at": "2026-11-27T16:00:00.000000+00:00",
        "title": "Größe ☎",
        "text": "The caller …123 has waited since 10:00.\nDue was 16:00.",
        "task": None,
    }
    assert asked.headers["Content-Type"] == "application/json; charset=utf-8"
    assert asked.headers["Idempotency-Key"] == "main/task/7/overdue"
    assert site.asked[1].headers["Idempotency-Key"] == "main/task/7/overdue"
    assert site.asked[1].body["task"] == 7


async def test_no_key_breaks_the_header() -> None:
    async with website() as site:
        await webhook().send(site.url, a_notice(key="a\r\nX-Injected: 1\r\n\r\n{} \ud800ü"))
    assert "X-Injected" not in site.asked[0].headers
    assert site.asked[0].headers["Idempotency-Key"].startswith("main/a%0D%0AX-Injected:%201")
    assert json.dumps(site.asked[0].body)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
async def test_any_2xx_is_yes(status: int) -> None:
    async with website() as site:
        site.answers = [web.Response(status=status, reason="Fine")]
        assert (await webhook().send(site.url, a_notice())).words == f"HTTP {status} Fine"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 410, 422, 301, 302, 307, 308])
async def test_a_refusal_is_final_and_redirects_are_not_followed(status: int) -> None:
    async with website() as site:
        site.answers = [web.Response(status=status, headers={"Location": "/elsewhere", "Retry-After": "60"})]
        with pytest.raises(NotSent, match=f"HTTP {status}") as refusal:
            await webhook().send(site.url, a_notice())
    assert refusal.value.is_final
    assert len(site.asked) == 1


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 599])
async def test_later_is_not_final(status: int) -> None:
    async with website() as site:
        site.answers = [web.Response(status=status)]
        with pytest.raises(NotSent, match=f"answered HTTP {status}") as refusal:
            await webhook().send(site.url, a_notice())
        await webhook().send(site.url, a_notice())
    assert not refusal.value.is_final
    assert refusal.value.after is None


@pytest.mark.parametrize(
    ("told", "after"),
    [
        ("120", timedelta(minutes=2)),
        ("0", timedelta(0)),
        ("86400", timedelta(hours=1)),
        ("9" * 400, timedelta(hours=1)),
        ("Fri, 27 Nov 2026 16:05:00 GMT", timedelta(minutes=5)),
        ("Fri, 27 Nov 2026 16:05:00", timedelta(minutes=5)),
        ("Thu, 26 Nov 2026 16:05:00 GMT", timedelta(0)),
        ("Fri, 27 Nov 9999 16:05:00 GMT", timedelta(hours=1)),
        ("-5", None),
        ("soon", None),
        ("٣", None),
        ("Fri, 99 Nov 2026 16:05:00 GMT", None),
    ],
)
async def test_retry_after_is_honoured_within_an_hour(told: str, after: timedelta | None) -> None:
    async with website() as site:
        site.answers = [web.Response(status=503, headers={"Retry-After": told})]
        with pytest.raises(NotSent) as refusal:
            await webhook().send(site.url, a_notice())
    assert refusal.value.after == after


async def test_an_answer_that_does_not_come() -> None:
    async with website() as site:
        site.answers = [None]
        with pytest.raises(NotSent, match=r"did not answer within 0\.1 s") as refusal:
            await webhook(0.1).send(site.url, a_notice())
    assert not refusal.value.is_final
    async with deaf_server() as port:
        with pytest.raises(NotSent, match="did not answer"):
            await webhook(0.1).send(f"http://127.0.0.1:{port}/hush", a_notice())


async def test_why_there_was_no_answer_and_never_where() -> None:
    async with post_office(tls=True) as tls, post_office() as plain:
        for url, words in [
            (f"https://127.0.0.1:{tls.port}/hush", "has a certificate that is not trusted"),
            (f"https://127.0.0.1:{plain.port}/hush", "does not speak TLS; check http or https, and the port"),
            (f"http://127.0.0.1:{plain.port}/hush", "gave no answer"),
        ]:
            with pytest.raises(NotSent) as refusal:
                await webhook().send(url, a_notice())
            assert words in str(refusal.value)
            assert "hush" not in str(refusal.value)
            assert not refusal.value.is_final
    with closed_port() as port, pytest.raises(NotSent, match=r"cannot be reached \(Connection refused\); check host"):
        await webhook().send(f"http://127.0.0.1:{port}/hush", a_notice())


async def test_a_host_that_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.getaddrinfo", unknown_host)
    with pytest.raises(NotSent, match=r"^the webhook cannot be reached \(no such host\); check host and port$"):
        await webhook().send("http://hush.invalid/hush", a_notice())


async def test_an_answer_that_repeats_the_address_is_cleaned() -> None:
    async with website() as site:
        site.answers = [web.Response(status=500, reason="no hush-hush for token=hush-too, ring 01632 960123")]
        with pytest.raises(NotSent) as refusal:
            await webhook().send(site.url, a_notice())
    assert "hush" not in str(refusal.value)
    assert "960123" not in str(refusal.value)
