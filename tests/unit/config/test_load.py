"""What a good configuration becomes."""

import re
import tomllib
from dataclasses import replace
from datetime import date, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcentre.config import TEMPLATE, Config, MailTls, describe, load
from callcentre.config.charter_sections import CharterSection, RuleSection
from callcentre.config.load import load_data
from callcentre.config.numbering import kind_of
from callcentre.config.schema import ContactSection, LineSection, PbxSection
from callcentre.core.charter import (
    Attention,
    Besides,
    Calling,
    DeadlineRule,
    EscalationStep,
    Interval,
    JudgedBy,
    Line,
    Office,
    RuleName,
    Shift,
    WeekHours,
    holders,
    not_theirs,
    told_in,
)
from callcentre.core.errors import ConfigError
from callcentre.core.terms import Mode, Nation, NumberKind

LEAST = """
fallback_line = "enquiries"

[[pbx]]
name = "lab"

[[line]]
name = "enquiries"
pbx = "lab"
nation = "ENG"
"""


def loaded(folder: Path, text: str, env: dict[str, str] | None = None) -> Config:
    path = folder / "callcentre.toml"
    path.write_text(text, "utf-8")
    return load(path, env or {})


def line_of(folder: Path, extra: str) -> Line:
    return loaded(folder, LEAST + extra).office.lines[0]


def test_the_least_config_is_enough(tmp_path: Path) -> None:
    config = loaded(tmp_path, LEAST)
    line = config.office.lines[0]
    assert (line.name, line.pbx, line.nation, line.charter.name) == ("enquiries", "lab", Nation.ENGLAND, "hct")
    assert line.hours.days == ((Interval(7 * 60, 18 * 60),),) * 5 + ((), ())
    assert line.ring_cycle_seconds == 3.0
    assert config.pbxs[0].can_connect is False
    assert config.store.url == f"sqlite:///{tmp_path}/callcentre.sqlite"


def test_the_template_loads_and_so_does_every_key_that_it_offers(tmp_path: Path) -> None:
    assert loaded(tmp_path, TEMPLATE).office.fallback_line == "enquiries"
    (tmp_path / "our-charter.toml").write_text(ours(name="ours"), "utf-8")
    for name in ("secret", "act-secret"):
        (tmp_path / name).write_text("hush\n", "utf-8")
    (tmp_path / "database-url").write_text("postgresql://callcentre@db/callcentre", "utf-8")
    for name in ("webhook-url", "chat-url", "mail-password"):
        (tmp_path / name).write_text("json://localhost\n" if "chat" in name else "http://localhost\n", "utf-8")
    offered = re.sub(r"(?m)^# (\[|\w+ = )", r"\1", TEMPLATE).replace("/etc/callcentre/", "")
    chosen = [line for line in offered.split("\n") if not line.startswith(("secret_env", 'url = "'))]
    config = loaded(tmp_path, "\n".join(chosen))
    assert [line.name for line in config.office.lines] == ["enquiries", "reception"]
    assert [contact.name for contact in config.contacts] == ["supervisors", "duty", "our program"]
    assert config.pbxs[0].tls
    assert config.pbxs[0].can_act
    assert config.office.lines[0].attention.shifts[0].tell == ("duty",)
    assert config.pbxs[0].secret is not None
    assert config.pbxs[0].secret.get_secret_value() == "hush"


def test_hours_may_have_gaps_and_end_at_24(tmp_path: Path) -> None:
    line = line_of(tmp_path, 'hours = { mon = ["13:30-17:00", "09:00-12:30"], sun = ["00:00-12:00", "12:00-24:00"] }')
    assert line.hours.days[0] == (Interval(540, 750), Interval(810, 1020))
    assert line.hours.days[1] == ()
    assert line.hours.days[6] == (Interval(0, 1440),)


@pytest.mark.parametrize(
    ("extra", "seconds"),
    [
        ("", 3.0),
        ('tone = "us"', 6.0),
        ('tone = "425/1000,0/4000"', 5.0),
        ("ring_cycle_seconds = 4", 4.0),
    ],
)
def test_the_ring_cycle_comes_from_the_tone_zone(tmp_path: Path, extra: str, seconds: float) -> None:
    assert line_of(tmp_path, extra).ring_cycle_seconds == seconds


def test_bank_holidays_are_the_nations(tmp_path: Path) -> None:
    english = loaded(tmp_path, LEAST).office.lines[0].holidays
    scottish = loaded(tmp_path, LEAST.replace("ENG", "SCT")).office.lines[0].holidays
    assert english[date(2027, 3, 29)] == "Easter Monday"
    assert date(2027, 3, 29) not in scottish
    assert "Andrew" in scottish[date(2026, 11, 30)]
    assert date(2026, 11, 30) not in english
    assert date(2022, 9, 19) in english


def test_a_mailbox_without_context_is_in_default(tmp_path: Path) -> None:
    assert line_of(tmp_path, 'mailboxes = ["600", "601@office"]').mailboxes == {"600@default", "601@office"}


def test_the_same_queue_on_two_pbxs_is_no_clash(tmp_path: Path) -> None:
    text = (
        LEAST + 'queues = ["q"]\n[[line]]\nname = "b"\npbx = "b"\nnation = "ENG"\nqueues = ["q"]\n[[pbx]]\nname = "b"'
    )
    assert [line.queues for line in loaded(tmp_path, text).office.lines] == [{"q"}, {"q"}]


# --- secrets and the environment -----------------------------------------------------------------------------------

ACCOUNT = LEAST.replace('name = "lab"', 'name = "lab"\nusername = "callcentre"\nhost = "pbx.example"\nSECRET', 1)


@pytest.mark.parametrize("how", ['secret = "hush"', 'secret_file = "secret"', 'secret_env = "CALLCENTRE_LAB"'])
def test_a_secret_by_any_road_and_never_shown(tmp_path: Path, how: str) -> None:
    (tmp_path / "secret").write_text("hush\n", "utf-8")
    config = loaded(tmp_path, ACCOUNT.replace("SECRET", how), {"CALLCENTRE_LAB": "hush"} if "env" in how else {})
    secret = config.pbxs[0].secret
    assert secret is not None
    assert secret.get_secret_value() == "hush"
    assert "hush" not in repr(config)
    assert "hush" not in "\n".join(describe(config))
    assert any("in the clear" in line for line in describe(config))


def test_the_environment_overrides_single_values(tmp_path: Path) -> None:
    env = {
        "CALLCENTRE_WEB__PORT": "9000",
        "CALLCENTRE_PBX__LAB__TLS": "true",
        "CALLCENTRE_PBX__LAB__SECRET": "from the environment",
        "CALLCENTRE_STORE__URL": "postgresql://us:hush@db:5433/calls?sslmode=require",
        "PATH": "/bin",
        "CALLCENTRE_TAPES": "of the tests",
    }
    config = loaded(tmp_path, ACCOUNT.replace("SECRET", 'secret_file = "not there"'), env)
    assert config.web.port == 9000
    assert config.pbxs[0].tls is True
    assert config.pbxs[0].secret is not None
    assert config.pbxs[0].secret.get_secret_value() == "from the environment"
    assert "hush" not in repr(config)
    assert "store: postgresql://db:5433/calls, at most 64 MB kept while it is away" in describe(config)


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("CALLCENTRE_WEB_PORT", "9000", 'sets no key; did you mean "CALLCENTRE_WEB__PORT"?'),
        ("CALLCENTRE_WEB__PORT", "9000!", "must be a whole number"),
        ("CALLCENTRE_WEB__PORT", "0", "must be at least 1"),
        ("CALLCENTRE_PBX__OTHER__SECRET", "hush", 'sets no key; did you mean "CALLCENTRE_PBX__LAB__SECRET"?'),
    ],
)
def test_a_mistyped_variable_is_refused(tmp_path: Path, name: str, value: str, told: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        loaded(tmp_path, LEAST, {name: value})
    assert str(refusal.value) == f"environment: {name}: {told}"


@pytest.mark.parametrize("content", ["", "two\nlines"])
def test_a_secret_file_holds_one_line(tmp_path: Path, content: str) -> None:
    (tmp_path / "secret").write_text(content, "utf-8")
    with pytest.raises(ConfigError, match="one line and nothing else") as refusal:
        loaded(tmp_path, ACCOUNT.replace("SECRET", 'secret_file = "secret"'))
    assert "lines" not in str(refusal.value)


def test_a_file_that_cannot_be_read_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="callcentre init-config"):
        load(tmp_path / "none.toml", {})
    (tmp_path / "latin.toml").write_bytes(b"# caf\xe9")
    with pytest.raises(ConfigError, match="not UTF-8"):
        load(tmp_path / "latin.toml", {})


KEYS = [
    "contact",
    "mail",
    "callbacks",
    "tell",
    "after",
    "escalation",
    "attendance_escalation",
    "shift",
    "standby",
    "mode",
    "special_hours",
    "enforcement",
    "email",
    "chat",
    "fallback_line",
    "charter_files",
    "pbx",
    "line",
    "store",
    "web",
    "ami",
    "name",
    "hours",
    "charter",
    "nation",
]
VALUES = st.recursive(
    st.one_of(st.text("a1/@_\0", max_size=4), st.integers(), st.booleans(), st.dates(), st.just("lab")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=12,
)
SECTIONS = [*LineSection.model_fields, *PbxSection.model_fields, *ContactSection.model_fields]


@given(
    st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=8),
    st.lists(st.dictionaries(st.sampled_from(SECTIONS), VALUES, max_size=5), max_size=3),
)
def test_whatever_the_values_are_only_a_config_error_comes(data: dict[str, Any], tables: list[dict[str, Any]]) -> None:
    data |= {"line": tables, "pbx": tables[:1], "contact": tables} if tables else {}
    with pytest.raises(ConfigError):
        load_data(Path("x.toml"), data, {"CALLCENTRE_WEB__PORT": "0"})


# --- callbacks, and who is told --------------------------------------------------------------------------------------

TOLD = (
    LEAST
    + """
warn_before = "1h30m"
tell = ["desk", "duty"]
escalation = [{ after = "1d", tell = ["desk"] }, { after = "0m", tell = ["duty"] }]
merge = false
callback_abandoned = true

[callbacks]
lease = "20m"
attempts = 4
nearly_full = 0.9

[mail]
host = "localhost"
sender = "us@office.example"
username = "us"
password_file = "password"
ca_file = "ca.pem"

[[contact]]
name = "desk"
email = ["desk@office.example", "o'neill+x@office-2.example"]

[[contact]]
name = "duty"
HOW
"""
)


def told(folder: Path, how: str, env: dict[str, str] | None = None) -> Config:
    (folder / "password").write_text("hush\n", "utf-8")
    (folder / "url").write_text("https://hooks.example/hush\n", "utf-8")
    return loaded(folder, TOLD.replace("HOW", how), env)


def test_who_is_told_and_when(tmp_path: Path) -> None:
    config = told(tmp_path, 'webhook_file = "url"')
    line, office, mail = config.office.lines[0], config.office, config.mail
    assert (line.warn_before, line.tell) == (timedelta(minutes=90), ("desk", "duty"))
    assert line.escalation == (
        EscalationStep(after=timedelta(0), tell=("duty",)),
        EscalationStep(after=timedelta(days=1), tell=("desk",)),
    )
    assert (line.merge, line.callback_abandoned) == (False, True)
    assert (office.lease, office.attempts, office.nearly_full) == (timedelta(minutes=20), 4, 0.9)
    assert mail is not None
    assert mail.password is not None
    assert (mail.host, mail.port, mail.tls) == ("localhost", 587, MailTls.STARTTLS)
    assert (mail.password.get_secret_value(), mail.ca_file) == ("hush", tmp_path / "ca.pem")
    assert config.contacts[0].email == ("desk@office.example", "o'neill+x@office-2.example")


def test_without_a_word_on_callbacks_the_defaults_are_the_cores_own(tmp_path: Path) -> None:
    config = loaded(tmp_path, LEAST)
    line, office = config.office.lines[0], config.office
    bare_line = Line(name="x", pbx="x", charter=line.charter, nation=line.nation, hours=line.hours)
    bare = Office(pbxs=(), lines=(), fallback_line="x")
    assert (office.lease, office.attempts, office.nearly_full) == (bare.lease, bare.attempts, bare.nearly_full)
    for key in ("warn_before", "tell", "escalation", "merge", "callback_abandoned"):
        assert getattr(line, key) == getattr(bare_line, key)
    assert (config.contacts, config.mail, config.pbxs[0].voicemail_spool) == ((), None, None)


@pytest.mark.parametrize(
    ("how", "env"),
    [
        ('webhook = "https://hooks.example/hush"', {}),
        ('webhook_file = "url"', {}),
        ('webhook_env = "CALLCENTRE_HOOK"', {"CALLCENTRE_HOOK": "https://hooks.example/hush"}),
        ('webhook_file = "not there"', {"CALLCENTRE_CONTACT__DUTY__WEBHOOK": "https://hooks.example/hush"}),
    ],
)
def test_an_address_by_any_road_and_never_shown(tmp_path: Path, how: str, env: dict[str, str]) -> None:
    config = told(tmp_path, how, env)
    webhook = config.contacts[1].webhook
    assert webhook is not None
    assert webhook.get_secret_value() == "https://hooks.example/hush"
    assert "hush" not in repr(config)
    assert "hush" not in "\n".join(describe(config))


def test_the_mail_server_can_come_from_the_environment_alone(tmp_path: Path) -> None:
    env = {"CALLCENTRE_MAIL__HOST": "smtp.example", "CALLCENTRE_MAIL__SENDER": "us@office.example"}
    mail = loaded(tmp_path, LEAST, env).mail
    assert mail is not None
    assert (mail.host, mail.sender) == ("smtp.example", "us@office.example")
    with pytest.raises(ConfigError, match=r"mail\.sender: is missing"):
        loaded(tmp_path, LEAST, {"CALLCENTRE_MAIL__HOST": "smtp.example"})


def test_chat_without_its_library_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert told(tmp_path, 'chat = "json://localhost/hush"').contacts[1].chat is not None
    monkeypatch.setattr("callcentre.config.contacts.find_spec", lambda _name: None)
    with pytest.raises(ConfigError) as refusal:
        told(tmp_path, 'chat = "json://localhost/hush"')
    assert str(refusal.value).endswith(
        """contact "duty".chat: needs a library that is not installed; run pip install 'callcentre[chat]'"""
    )


def test_a_spool_is_found_relative_to_the_file(tmp_path: Path) -> None:
    config = loaded(tmp_path, LEAST.replace('name = "lab"', 'name = "lab"\nvoicemail_spool = "spool"', 1))
    assert config.pbxs[0].voicemail_spool == tmp_path / "spool"


# --- attendance ------------------------------------------------------------------------------------------------------

ACTING = ACCOUNT.replace("SECRET", 'secret = "hush"\nact_username = "callcentre-act"\nHOW')


@pytest.mark.parametrize(
    ("how", "env"),
    [
        ('act_secret = "mum"', {}),
        ('act_secret_file = "acting"', {}),
        ('act_secret_env = "CALLCENTRE_ACT"', {"CALLCENTRE_ACT": "mum"}),
        ('act_secret_file = "not there"', {"CALLCENTRE_PBX__LAB__ACT_SECRET": "mum"}),
    ],
)
def test_the_acting_account_by_any_road_and_never_shown(tmp_path: Path, how: str, env: dict[str, str]) -> None:
    (tmp_path / "acting").write_text("mum\n", "utf-8")
    config = loaded(tmp_path, ACTING.replace("HOW", how), env)
    pbx = config.pbxs[0]
    assert pbx.secret is not None
    assert pbx.act_secret is not None
    assert (pbx.secret.get_secret_value(), pbx.act_secret.get_secret_value()) == ("hush", "mum")
    assert (pbx.act_username, pbx.can_act, config.office.pbxs[0].acts) == ("callcentre-act", True, True)
    assert "mum" not in repr(config)
    assert "mum" not in "\n".join(describe(config))


def test_what_is_done_about_an_unattended_line(tmp_path: Path) -> None:
    text = (
        ACTING.replace("HOW", 'act_secret = "mum"')
        + """
queues = ["enquiries"]
mode = "enforce"
grace = "90s"
recovery = "1m"
standby = ["PJSIP/109", "Local/108@agents/n"]
may_unpause = ["PJSIP/101"]
divert = true
supervisors = ["PJSIP/111", "PJSIP/110"]
attendance_escalation = [{ after = "1h", tell = ["duty"] }, { after = "10m", tell = ["desk", "duty"] }]

[[line.shift]]
hours = { mon = ["07:00-13:00"] }
tell = ["desk"]

[[contact]]
name = "desk"
webhook = "http://127.0.0.1/"

[[contact]]
name = "duty"
webhook = "http://127.0.0.1/"

[enforcement]
actions_per_hour = 5

[web]
url = "https://pbx.office.example/callcentre/"
"""
    )
    office = loaded(tmp_path, text).office
    assert office.lines[0].attention == Attention(
        mode=Mode.ENFORCE,
        grace=timedelta(seconds=90),
        recovery=timedelta(minutes=1),
        standby=("PJSIP/109", "Local/108@agents/n"),
        may_unpause=frozenset({"PJSIP/101"}),
        divert=True,
        supervisors=("PJSIP/111", "PJSIP/110"),
        shifts=(Shift(hours=WeekHours(days=((Interval(420, 780),), *((),) * 6)), tell=("desk",)),),
        escalation=(
            EscalationStep(after=timedelta(minutes=10), tell=("desk", "duty")),
            EscalationStep(after=timedelta(hours=1), tell=("duty",)),
        ),
    )
    assert (office.actions_per_hour, office.url) == (5, "https://pbx.office.example/callcentre")


def test_who_may_be_dialled_is_told_by_the_kind_of_the_number(tmp_path: Path) -> None:
    text = LEAST.replace(
        'nation = "ENG"',
        'nation = "ENG"\ntitle = "Patient enquiries"\ngreeting = "{time}, {line}, {name} speaking."\n'
        'calling_hours = { mon = ["10:00-12:00"] }',
    )
    text += """
[calling]
kinds = ["mobile", "international"]
also = ["01632960", "+353"]
per_agent_hour = 5
overall_hour = 20
context = "our-callback"
ring_agent = "40s"
"""
    office = loaded(tmp_path, text).office
    calling, line = office.calling, office.lines[0]
    assert calling.kinds == {NumberKind.MOBILE, NumberKind.INTERNATIONAL}
    assert (calling.also, calling.per_agent, calling.overall) == (("01632960", "+353"), 5, 20)
    assert (calling.context, calling.ring_agent) == ("our-callback", 40)
    assert (line.title, line.greeting) == ("Patient enquiries", "{time}, {line}, {name} speaking.")
    assert line.calling_hours is not None
    assert line.calling_hours.days[0] == (Interval(600, 720),)
    assert not any(line.calling_hours.days[1:])
    assert calling.kind_of("07400123456") is NumberKind.MOBILE


def test_without_a_word_on_calling_the_rules_are_the_cores_own_with_the_numbering_plan(tmp_path: Path) -> None:
    config = loaded(tmp_path, LEAST)
    calling, line = config.office.calling, config.office.lines[0]
    assert calling == replace(Calling(), kind_of=kind_of)
    assert calling.kind_of("09098790123") is NumberKind.PREMIUM
    assert (line.calling_hours, line.greeting, line.title) == (None, "", "")


def test_without_a_word_on_attendance_the_defaults_are_the_cores_own(tmp_path: Path) -> None:
    config = loaded(tmp_path, LEAST)
    office, bare = config.office, Office(pbxs=(), lines=(), fallback_line="x")
    assert office.lines[0].attention == Attention()
    assert (office.actions_per_hour, office.url) == (bare.actions_per_hour, bare.url)
    assert (config.pbxs[0].can_act, office.pbxs[0].acts, office.lines[0].special_hours) == (False, False, {})


def test_a_day_with_hours_of_its_own(tmp_path: Path) -> None:
    extra = 'special_hours = { 2026-12-24 = ["13:00-14:00", "07:00-12:00"], 2026-12-31 = [] }'
    assert line_of(tmp_path, extra).special_hours == {
        date(2026, 12, 24): (Interval(420, 720), Interval(780, 840)),
        date(2026, 12, 31): (),
    }


@pytest.mark.parametrize(
    "url",
    [
        "",
        "callcentre.office.example",
        "ftp://office.example",
        "https://",
        "https://@office.example",
        "https://us@office.example/",
        "https://office.example:0/",
        "https://office.example:port/",
        "https://office.example/a b",
        "https://office.example/\\n",
        "https://[::1",
        "https://office.example/?page=1",
        "https://office.example/?",
        "https://office.example/#top",
    ],
)
def test_an_address_that_nobody_can_follow_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(ConfigError, match=r"web\.url: is no web address"):
        loaded(tmp_path, f'{LEAST}\n[web]\nurl = "{url}"')


@pytest.mark.parametrize(
    "telephone", ["PJSIP/1 09", "PJSIP/109,PJSIP/110", "PJSIP/109\\r\\nAction: Originate", "1/2", "PJSIP/1;2"]
)
@pytest.mark.parametrize("key", ["standby", "supervisors", "may_unpause"])
def test_a_telephone_that_no_action_can_name_is_refused(tmp_path: Path, key: str, telephone: str) -> None:
    with pytest.raises(ConfigError, match=rf"{key} \(item 1\): .* is no telephone") as refusal:
        line_of(tmp_path, f'queues = ["enquiries"]\n{key} = ["{telephone}"]')
    assert len(str(refusal.value).splitlines()) == 1


# --- charters ------------------------------------------------------------------------------------------------------


def ours(name: str) -> str:
    text = (files("callcentre.config") / "charters" / "cmi.toml").read_text("utf-8")
    return text.replace('name = "cmi"', f'name = "{name}"').replace("version = 1", "version = 3\nanswer_seconds = 20")


def test_an_office_writes_its_own_charter_by_copying_one(tmp_path: Path) -> None:
    (tmp_path / "ours.toml").write_text(ours("our-charter"), "utf-8")
    text = 'charter_files = ["ours.toml"]' + LEAST + 'charter = "our-charter"'
    charter = loaded(tmp_path, text).office.lines[0].charter
    assert (charter.name, charter.version, charter.answer_seconds) == ("our-charter", 3, 20)


def charter(folder: Path, name: str) -> Line:
    return line_of(folder, f'charter = "{name}"')


def test_hct_promises_seconds_and_rings(tmp_path: Path) -> None:
    hct = charter(tmp_path, "hct").charter
    assert (hct.answer_seconds, hct.answer_rings, hct.answer_fraction) == (15, 5, 0.9)
    assert hct.first_contact_fraction == 0.6
    assert hct.besides == frozenset(Besides)
    assert hct.judged_by is JudgedBy.STRICT
    assert hct.short_abandon_seconds == 5
    assert hct.message_rule == DeadlineRule(RuleName.ELAPSED_OR_NEXT_WORKING_DAY, 24)
    assert hct.acknowledge_rule is None


def test_roles_are_given_to_contacts_and_else_the_line_tells(tmp_path: Path) -> None:
    people = "".join(
        f'\n[[contact]]\nname = "{name}"\nwebhook = "https://hooks.example/x"' for name in ("boss", "desk")
    )
    text = LEAST + f'charter = "wme"\ntell = ["desk"]\n[roles]\n"Chief Executive" = ["boss"]{people}'
    office = loaded(tmp_path, text).office
    (line,) = office.lines
    assert line.charter.stages == ("Informal resolution", "Chief Executive", "Chair")
    assert told_in(office, line, line.charter.abuse_role) == ("boss",)
    assert told_in(office, line, line.charter.stages[2]) == ("desk",)
    assert holders(office, "Chief Executive") == ("boss",)
    named = loaded(tmp_path, text + '\naccounts = ["m.jones", "deputy@office"]').office
    assert holders(named, "Chief Executive") == ("boss",), "the desk's accounts hold no role"
    both = loaded(
        tmp_path, text.replace('name = "boss"', 'name = "boss"\naccounts = ["m.jones", "deputy@office"]')
    ).office
    assert holders(both, "Chief Executive") == ("m.jones", "deputy@office")
    told = "\n".join(describe(loaded(tmp_path, text)))
    assert "marks are reviewed by the Chief Executive: account boss" in told


@pytest.mark.parametrize(
    ("role", "who", "admin", "why"),
    [
        ("Chief", "Boss", False, ""),
        ("Chief", "other", False, "only the Chief decides that"),
        ("Chief", "other", True, "only the Chief decides that"),
        ("Chair", "boss", True, ""),
        ("Chair", "boss", False, "nobody holds the role Chair"),
        ("", "boss", False, "the charter names no role"),
        ("", "boss", True, ""),
    ],
)
def test_who_decides_what_a_role_decides(tmp_path: Path, role: str, who: str, admin: bool, why: str) -> None:
    office = replace(loaded(tmp_path, LEAST).office, roles={"Chief": ("boss",)})
    refused = not_theirs(office, role, who, admin=admin)
    assert refused.startswith(why)
    assert bool(refused) is bool(why)


@pytest.mark.parametrize(
    ("name", "rule"),
    [("cmi", DeadlineRule(RuleName.WITHIN_A_WORKING_DAY)), ("wme", DeadlineRule(RuleName.WORKING_DAYS, 15))],
)
def test_cmi_and_wme_promise_no_seconds_and_no_rings(tmp_path: Path, name: str, rule: DeadlineRule) -> None:
    line = charter(tmp_path, name)
    assert (line.charter.answer_seconds, line.charter.answer_rings, line.charter.answer_fraction) == (None, None, None)
    assert line.charter.first_contact_fraction is None
    assert line.charter.message_rule == rule
    assert line.charter.acknowledge_rule == (DeadlineRule(RuleName.WORKING_DAYS, 5) if name == "wme" else None)
    assert line.hours.days == ((Interval(9 * 60, 17 * 60),),) * 5 + ((), ())


@pytest.mark.parametrize("name", ["hct", "cmi", "wme"])
def test_check_config_says_what_about_the_hours_is_our_assumption(tmp_path: Path, name: str) -> None:
    lines = describe(loaded(tmp_path, LEAST + f'charter = "{name}"'))
    assert sum("is our assumption" in line for line in lines) == 1


def test_the_words_of_the_files_are_the_cores_own() -> None:
    assert {*get_args(RuleSection.model_fields["name"].annotation)} == {*RuleName}
    assert {*get_args(CharterSection.model_fields["judged_by"].annotation)} == {*JudgedBy}
    assert {*get_args(LineSection.model_fields["nation"].annotation)} == {*Nation}


def test_the_template_names_no_key_twice() -> None:
    assert tomllib.loads(TEMPLATE)["line"][0]["nation"] == "ENG"


def test_recorded_messages_are_in_english_and_greetings_alone_unless_a_line_says_more(tmp_path: Path) -> None:
    line = loaded(tmp_path, LEAST).office.lines[0]
    assert (line.languages, line.announcements) == (("en",), ())
    text = LEAST.replace('name = "lab"', 'name = "lab"\nsounds = "sounds"', 1).replace(
        'nation = "ENG"',
        'nation = "ENG"\nlanguages = ["cy", "en_GB", "cy"]\nannouncements = ["custom/closed", "welcome.new"]',
    )
    config = loaded(tmp_path, text)
    line = config.office.lines[0]
    assert (line.languages, line.announcements) == (("cy", "en_GB"), ("custom/closed", "welcome.new"))
    assert config.pbxs[0].sounds == tmp_path / "sounds"
