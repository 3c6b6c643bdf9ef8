"""E-mail, handed to a real mail server on loopback."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from callcentre.config.settings import Contact, MailSettings, MailTls
from callcentre.notify.answers import NotSent
from callcentre.notify.mail import Mail
from tests.unit.notify.far_ends import CA, closed_port, deaf_server, post_office, unknown_host
from tests.unit.notify.samples import AT, a_notice

HEADERS = {
    *("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "X-Auto-Response-Suppress"),
    *("MIME-Version", "Content-Type", "Content-Transfer-Encoding"),
}
DESK = Contact(name="desk", email=("desk@office.example",))
BOTH = Contact(name="desk", email=("desk@office.example", "deputy@office.example"))


def settings(port: int, **changes: object) -> MailSettings:
    plain = MailSettings(host="127.0.0.1", port=port, sender="callcentre@office.example", tls=MailTls.NONE)
    return replace(plain, **changes)  # type: ignore[arg-type]


def mail(port: int, *, within: float = 60.0, **changes: object) -> Mail:
    return Mail(settings(port, **changes), within=within)


async def test_a_letter_as_it_arrives() -> None:
    async with post_office() as office:
        taken = await mail(office.port).send(BOTH, a_notice(title="Größe: überfällig ☎", text="Zoë\nrang …123 <b>"))
    (to, letter), raw = office.letters[0], office.raw[0]
    assert taken.words == "queued as 1"
    assert to == BOTH.email
    assert letter["Subject"] == "Größe: überfällig ☎"
    assert letter["From"] == "callcentre <callcentre@office.example>"
    assert letter["To"] == "desk@office.example, deputy@office.example"
    assert letter["Date"].datetime == AT
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter.get_content_type() == "text/plain"
    assert letter.get_content().replace("\r\n", "\n") == (
        "Zoë\nrang …123 <b>\n\n-- \ncallcentre: line enquiries on PBX main, 2026-11-27T16:00:00.000000+00:00\n"
    )
    assert raw.isascii()
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998


async def test_a_repeat_bears_the_same_message_id_and_nothing_else_does() -> None:
    async with post_office() as office:
        road = mail(office.port)
        await road.send(DESK, a_notice())
        await mail(office.port).send(DESK, a_notice())
        await road.send(DESK, a_notice(pbx="other"))
        await road.send(DESK, a_notice(key="task/8/overdue"))
        await road.send(replace(DESK, name="duty"), a_notice())
    first, again, *others = (letter["Message-ID"] for _, letter in office.letters)
    assert first == again
    assert office.raw[0] == office.raw[1]
    assert len({first, *others}) == 4
    assert first.endswith("@office.example>")


@pytest.mark.parametrize(
    "hostile",
    [
        "overdue\r\nBcc: thief@elsewhere.example",
        "overdue\nBcc: thief@elsewhere.example",
        "overdue\r\n\r\nthe body begins",
        "overdue\x0bBcc: thief@elsewhere.example",
        "overdue\u2028Bcc: thief@elsewhere.example",
        "overdue\x85Bcc: thief@elsewhere.example",
        "overdue\0\x1b[2J\ud800",
    ],
)
async def test_no_title_or_line_breaks_a_header(hostile: str) -> None:
    async with post_office() as office:
        await mail(office.port).send(DESK, a_notice(title=hostile, text=hostile, line=hostile, key=hostile))
    to, letter = office.letters[0]
    assert to == DESK.email
    assert {name for name, _ in letter.items()} == HEADERS
    assert letter["Bcc"] is None
    assert letter["Subject"].startswith("overdue ") or letter["Subject"] == "overdue"


async def test_a_line_that_is_a_dot_does_not_end_the_letter() -> None:
    async with post_office() as office:
        await mail(office.port).send(DESK, a_notice(text="before\n.\nRCPT TO:<thief@elsewhere.example>\nafter"))
    assert [to for to, _ in office.letters] == [DESK.email]
    assert "\nafter" in office.letters[0][1].get_content()


@pytest.mark.parametrize("how", [MailTls.STARTTLS, MailTls.TLS])
async def test_an_account_and_tls(how: MailTls) -> None:
    starts = how is MailTls.STARTTLS
    async with post_office(starttls=starts, tls=not starts, account=starts) as office:
        account: dict[str, Any] = {"username": "us", "password": SecretStr("hush-hush")} if starts else {}
        await mail(office.port, tls=how, ca_file=CA, **account).send(DESK, a_notice())
    assert office.letters
    assert office.encrypted == [starts]  # the other way round, TLS lies below what the server sees
    assert office.logins == (["us"] if starts else [])


async def test_what_is_wrong_with_tls_is_said_and_nothing_is_sent_in_the_clear() -> None:
    async with post_office(starttls=True) as encrypted, post_office() as plain:
        for road, words in [
            (mail(encrypted.port, tls=MailTls.STARTTLS), "is not trusted (unable to get local issuer certificate)"),
            (mail(encrypted.port, tls=MailTls.STARTTLS, ca_file=CA, host="localhost"), "is not trusted (Hostname"),
            (mail(plain.port, tls=MailTls.STARTTLS), "STARTTLS extension not supported"),
            (mail(plain.port, tls=MailTls.TLS), "does not speak TLS as asked for; check tls and port"),
            (mail(plain.port, tls=MailTls.TLS, ca_file=Path("/none.pem")), "ca_file of [mail] cannot be used (No such"),
            (mail(plain.port, tls=MailTls.TLS, ca_file=Path(__file__)), "ca_file of [mail] cannot be used"),
        ]:
            with pytest.raises(NotSent) as refusal:
                await road.send(DESK, a_notice())
            assert words in str(refusal.value)
            assert not refusal.value.is_final
    assert not encrypted.letters
    assert not plain.letters


async def test_a_wrong_password_is_said_without_the_password() -> None:
    async with post_office(starttls=True, account=True) as office:
        road = mail(office.port, tls=MailTls.STARTTLS, ca_file=CA, username="us", password=SecretStr("hush-wrong"))
        with pytest.raises(NotSent, match=r"did not accept the account \(535 .*check username and password") as refusal:
            await road.send(DESK, a_notice())
    assert "hush" not in str(refusal.value)
    assert not refusal.value.is_final


async def test_a_refusal_is_final_and_later_is_not() -> None:
    async with post_office() as office:
        office.answers["desk@office.example"] = ["550 no such user", "451 greylisted, come back"]
        road = mail(office.port)
        with pytest.raises(
            NotSent, match=r"refused it for everyone: desk@office.example \(550 no such user\)"
        ) as never:
            await road.send(DESK, a_notice())
        with pytest.raises(NotSent, match=r"for all yet: desk@office.example \(451 greylisted") as later:
            await road.send(DESK, a_notice())
        assert (never.value.is_final, later.value.is_final) == (True, False)
        await road.send(DESK, a_notice())
    assert len(office.letters) == 1


@pytest.mark.parametrize(("answer", "final"), [("552 too large", True), ("452 disk full", False)])
async def test_the_letter_itself_is_refused(answer: str, final: bool) -> None:
    async with post_office() as office:
        office.answers[""] = [answer]
        with pytest.raises(NotSent, match=f"refused the message: {answer}") as refusal:
            await mail(office.port).send(DESK, a_notice())
    assert refusal.value.is_final is final


async def test_each_address_gets_it_once_though_another_wants_to_be_asked_again() -> None:
    async with post_office() as office:
        office.answers["deputy@office.example"] = ["451 greylisted"]
        road = mail(office.port)
        with pytest.raises(NotSent, match=r"deputy@office\.example"):
            await road.send(BOTH, a_notice())
        taken = await road.send(BOTH, a_notice())
    assert [to for to, _ in office.letters] == [("desk@office.example",), ("deputy@office.example",)]
    assert taken.refused == ""


async def test_an_address_that_is_refused_for_good_is_told_beside_the_success() -> None:
    async with post_office() as office:
        office.answers["deputy@office.example"] = ["550 gone"]
        taken = await mail(office.port).send(BOTH, a_notice())
        assert taken.refused == "deputy@office.example"
        office.answers |= {"desk@office.example": ["451 later", "550 gone"], "deputy@office.example": ["550 gone"]}
        road = mail(office.port)
        with pytest.raises(NotSent, match=r"yet: desk@office\.example"):
            await road.send(BOTH, a_notice())
        with pytest.raises(NotSent, match="refused it for everyone") as never:
            await road.send(BOTH, a_notice())
    assert never.value.is_final


async def test_a_server_that_hangs_or_is_not_there() -> None:
    async with deaf_server() as port:
        with pytest.raises(NotSent, match=rf"127.0.0.1:{port} did not answer within 0.1 s"):
            await mail(port, within=0.1).send(DESK, a_notice())
    with closed_port() as port:
        told = rf"127.0.0.1:{port} cannot be reached \(Connection refused\); check host and port"
        with pytest.raises(NotSent, match=told):
            await mail(port).send(DESK, a_notice())


async def test_a_host_that_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.getaddrinfo", unknown_host)
    with pytest.raises(NotSent, match=r"nowhere\.invalid:25 cannot be reached \(no such host\); check host and port"):
        await mail(25, host="nowhere.invalid").send(DESK, a_notice())


async def test_a_server_that_speaks_something_else() -> None:
    async with post_office() as office:
        office.answers[""] = ["this is no answer at all\r\n"]
        with pytest.raises(NotSent) as refusal:
            await mail(office.port).send(DESK, a_notice())
    assert "\n" not in str(refusal.value)
    assert not refusal.value.is_final


async def test_what_a_server_says_is_masked_and_in_one_line() -> None:
    async with post_office() as office:
        office.answers["desk@office.example"] = ["550-call 01632 960123\r\n550 hush-hush\x1b[2J"]
        with pytest.raises(NotSent) as refusal:
            await mail(office.port, password=SecretStr("hush-hush")).send(DESK, a_notice())
    told = str(refusal.value)
    assert "960123" not in told
    assert "hush" not in told
    assert told.isprintable()
