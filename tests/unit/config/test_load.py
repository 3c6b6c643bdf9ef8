"""What a good configuration becomes."""

import tomllib
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcentre.config import TEMPLATE, Config, describe, load
from callcentre.config.load import load_data
from callcentre.config.schema import CharterSection, LineSection, PbxSection, RuleSection
from callcentre.core.charter import DeadlineRule, Interval, JudgedBy, Line, RuleName
from callcentre.core.errors import ConfigError
from callcentre.core.terms import Nation

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
    (tmp_path / "secret").write_text("hush\n", "utf-8")
    (tmp_path / "database-url").write_text("postgresql://callcentre@db/callcentre", "utf-8")
    offered = "\n".join(
        line.removeprefix("# ") if " = " in line or "[[" in line else line for line in TEMPLATE.split("\n")
    )
    chosen = [line for line in offered.split("\n") if not line.startswith(("secret_env", 'url = "', "# "))]
    text = "\n".join(chosen).replace("/etc/callcentre/", "").replace("[ami]", "").replace("inbox_mb", "# inbox_mb")
    config = loaded(tmp_path, text)
    assert [line.name for line in config.office.lines] == ["enquiries", "reception"]
    assert config.pbxs[0].tls
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


KEYS = ["fallback_line", "charter_files", "pbx", "line", "store", "web", "ami", "name", "hours", "charter", "nation"]
VALUES = st.recursive(
    st.one_of(st.text("a1/@_\0", max_size=4), st.integers(), st.booleans(), st.dates(), st.just("lab")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=12,
)
SECTIONS = [*LineSection.model_fields, *PbxSection.model_fields]


@given(
    st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=8),
    st.lists(st.dictionaries(st.sampled_from(SECTIONS), VALUES, max_size=5), max_size=3),
)
def test_whatever_the_values_are_only_a_config_error_comes(data: dict[str, Any], tables: list[dict[str, Any]]) -> None:
    data |= {"line": tables, "pbx": tables[:1]} if tables else {}
    with pytest.raises(ConfigError):
        load_data(Path("x.toml"), data, {"CALLCENTRE_WEB__PORT": "0"})


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
    assert hct.judged_by is JudgedBy.STRICT
    assert hct.short_abandon_seconds == 5
    assert hct.message_rule == DeadlineRule(RuleName.ELAPSED_OR_NEXT_WORKING_DAY, 24)


@pytest.mark.parametrize(
    ("name", "rule"),
    [("cmi", DeadlineRule(RuleName.WITHIN_A_WORKING_DAY)), ("wme", DeadlineRule(RuleName.WORKING_DAYS, 15))],
)
def test_cmi_and_wme_promise_no_seconds_and_no_rings(tmp_path: Path, name: str, rule: DeadlineRule) -> None:
    line = charter(tmp_path, name)
    assert (line.charter.answer_seconds, line.charter.answer_rings, line.charter.answer_fraction) == (None, None, None)
    assert line.charter.message_rule == rule
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
