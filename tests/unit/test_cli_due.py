"""`callcentre due`: the deadline first, then why; and a mistake is one message that says what to write."""

from pathlib import Path

import pytest

from callcentre.config.template import TEMPLATE
from callcentre.core.charter import DeadlineRule, WeekHours
from callcentre.core.terms import Nation
from tests.unit.commands import Commands
from tests.unit.core.test_calendar import NINE_TO_FIVE, TABLE

CONFIG = """
fallback_line = "enquiries"
charter_files = ["ours.toml"]
[[pbx]]
name = "lab"
[[line]]
name = "enquiries"
pbx = "lab"
nation = "SCT"
dids = ["01632960600"]
removed_days = [2026-12-24]
[[line]]
name = "new york"
pbx = "lab"
nation = "ENG"
zone = "America/New_York"
charter = "ours"
dids = ["01632960601"]
hours = { mon = ["09:00-12:30", "13:30-17:00"], sat = ["09:00-12:30"] }
"""
OURS = """
name = "ours"
version = 3
hours = { mon = ["10:00-16:00"], tue = ["10:00-16:00"] }
message_rule = { name = "working_days", n = 2 }
"""


@pytest.fixture
def callcentre(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Commands:
    (tmp_path / "callcentre.toml").write_text(CONFIG)
    (tmp_path / "ours.toml").write_text(OURS)
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    return Commands(capsys, monkeypatch)


def rule_words(rule: DeadlineRule) -> str:
    return rule.name.value if rule.n is None else f"{rule.name.value}:{rule.n}"


@pytest.mark.parametrize(("left", "rule", "nation", "hours", "due"), TABLE)
@pytest.mark.parametrize("separator", ["T", " "])
def test_the_charters_table(
    callcentre: Commands,
    monkeypatch: pytest.MonkeyPatch,
    left: str,
    rule: DeadlineRule,
    nation: Nation,
    hours: WeekHours,
    due: str,
    separator: str,
) -> None:
    monkeypatch.chdir("empty")  # a charter needs no configuration
    span = "09:00-17:00" if hours == NINE_TO_FIVE else "07:00-18:00"
    asked = ["--charter", "cmi", "--nation", nation, "--rule", rule_words(rule), "--hours", span]
    first, *why = callcentre.prints("due", *asked, "--left", left.replace(" ", separator))
    offset = "+01:00" if due.startswith(("2027-03-3", "2027-03-29")) else "+00:00"
    assert first == f"{due.replace(' ', 'T')}:00{offset}"
    assert why[1].startswith("Left on ")


def test_a_line_of_the_configuration_has_its_own_charter_hours_days_and_zone(callcentre: Commands) -> None:
    # Scotland has no Easter Monday; this office closes on Christmas Eve.
    assert (
        callcentre.prints("due", "--line", "enquiries", "--left", "2027-03-25T20:00")[0] == "2027-03-29T18:00:00+01:00"
    )
    told = callcentre.prints("due", "--line", "enquiries", "--left", "2026-12-23T19:00")
    assert told[0] == "2026-12-29T18:00:00+00:00"
    assert "Thursday 24 December 2026 is passed over (closed by the office)." in told
    told = callcentre.prints("due", "--line", "new york", "--left", "2026-11-26T09:00")
    assert told[0] == "2026-12-05T12:30:00-05:00"
    assert told[1].startswith('Line "new york", charter ours version 3; open mon 09:00-12:30 and 13:30-17:00, sat')
    assert (
        callcentre.prints(
            "due", "--charter", "ours", "--nation", "ENG", "-c", "callcentre.toml", "--left", "2026-11-23T11:00"
        )[0]
        == "2026-11-30T16:00:00+00:00"
    )


def test_a_charter_that_promises_to_acknowledge_messages_says_by_when(callcentre: Commands) -> None:
    asked = ["due", "--charter", "wme", "--nation", "ENG", "--left", "2026-12-22T10:00"]
    told = callcentre.prints(*asked)
    assert (told[0], told[-1]) == ("2027-01-15T17:00:00+00:00", "acknowledge by 2026-12-31T17:00:00+00:00")
    assert not any("acknowledge" in line for line in callcentre.prints(*asked, "--rule", "working_days:15"))


def test_the_whole_answer(callcentre: Commands) -> None:
    assert callcentre.prints("due", "--charter", "hct", "--nation", "eng", "--left", "2026-11-26T23:59") == [
        "2026-11-27T23:59:00+00:00",
        "Charter hct version 1; open mon-fri 07:00-18:00 (Europe/London), closed on bank holidays (ENG).",
        "Left on Thursday 26 November 2026 at 23:59.",
        "Rule: within 24 hours, or by the close of the next working day if either day is none.",
        "Due on Friday 27 November 2026 at 23:59.",
        "To be done by Friday 27 November 2026 at 18:00: the line is closed from then until it is due.",
        "act by 2026-11-27T18:00:00+00:00",
    ]


@pytest.mark.parametrize(
    ("left", "due"),
    [
        ("2026-07-14T10:00:30", "2026-07-15T10:00:30+01:00"),
        ("2026-07-14 10:00:30.25", "2026-07-15T10:00:30.250000+01:00"),
        ("2026-07-14T10:00Z", "2026-07-15T11:00:00+01:00"),
        ("2026-07-14T10:00:00+02:00", "2026-07-15T09:00:00+01:00"),
        ("2026-07-14t10:00-0500", "2026-07-15T16:00:00+01:00"),
    ],
)
def test_times_are_the_lines_unless_they_say_otherwise(callcentre: Commands, left: str, due: str) -> None:
    assert callcentre.prints("due", "--charter", "hct", "--nation", "ENG", "--left", left)[0] == due


def test_of_a_time_that_comes_twice_the_earlier_is_meant_and_that_is_said(callcentre: Commands) -> None:
    asked = ("due", "--charter", "hct", "--nation", "ENG", "--hours", "00:00-24:00", "--rule", "same_working_day")
    told = callcentre.prints(*asked, "--left", "2026-10-25T01:30")
    assert told[2] == (
        "The clocks go back on that day and show 01:30 twice; the earlier is meant, 2026-10-25T01:30:00+01:00. "
        "For the later write 2026-10-25T01:30:00+00:00."
    )
    assert not any("twice" in line for line in callcentre.prints(*asked, "--left", "2026-10-25T01:30+00:00"))
    assert not any("twice" in line for line in callcentre.prints(*asked, "--left", "2026-10-25T02:00"))


def test_hours_replace_those_of_the_days_that_are_worked(callcentre: Commands) -> None:
    asked = ("due", "--line", "new york", "--rule", "same_working_day", "--left")
    assert (
        callcentre.prints(*asked, "2026-11-21T08:00", "--hours", "08:00-09:00, 10:00-11:15")[0]
        == "2026-11-21T11:15:00-05:00"
    )
    assert callcentre.prints(*asked, "2026-11-22T08:00", "--hours", "00:00-24:00")[0] == "2026-11-24T00:00:00-05:00"


CHARTER = ("--charter", "hct", "--nation", "ENG")
LEFT = ("--left", "2026-12-24T19:00")


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (
            (*CHARTER, "--left", "2027-03-28T01:30"),
            1,
            (
                "--left 2027-03-28T01:30:00 does not exist in Europe/London: the clocks go forward from 01:00 to 02:00 "
                "on that day; write a time before 01:00 or from 02:00 on, or one with an offset, such as "
                "2027-03-28T01:30:00+00:00"
            ),
        ),
        (
            ("--line", "new york", "--left", "2027-03-14T02:59:59"),
            1,
            (
                "--left 2027-03-14T02:59:59 does not exist in America/New_York: the clocks go forward from 02:00 "
                "to 03:00 on that day; write a time before 02:00 or from 03:00 on, or one with an offset, such as "
                "2027-03-14T02:59:59-05:00"
            ),
        ),
        (
            (*CHARTER, "--left", "2046-01-01T10:00"),
            1,
            "--left 2046-01-01T10:00 lies in 2046, but bank holidays are known from 2010 to 2045 only",
        ),
        (
            (*CHARTER, "--left", "2045-12-30T10:00"),
            1,
            "the deadline lies in 2046, but bank holidays are known from 2010 to 2045 only",
        ),
        (
            (*CHARTER, "--left", "0001-01-01T00:00+14:00"),
            1,
            "--left 0001-01-01T00:00+14:00 lies in 1, but bank holidays are known from 2010 to 2045 only",
        ),
        ((*CHARTER, "--left", "today"), 2, "--left today is no time; write one such as 2026-12-24T19:00"),
        ((*CHARTER, "--left", "2026-12-24"), 2, "--left 2026-12-24 is no time; write one such as 2026-12-24T19:00"),
        (
            (*CHARTER, "--left", "2026-02-30T10:00"),
            2,
            "--left 2026-02-30T10:00 is no time (day is out of range for month); write one such as 2026-12-24T19:00",
        ),
        (
            LEFT,
            2,
            "whose promise? Write --line with a line of the configuration, or --charter and --nation",
        ),
        (
            (*LEFT, *CHARTER, "--line", "enquiries"),
            2,
            "whose promise? Write --line with a line of the configuration, or --charter and --nation",
        ),
        (
            (*LEFT, "--line", "enquiries", "--nation", "ENG"),
            2,
            "--nation goes with --charter; a line has its own in the configuration",
        ),
        (
            (*LEFT, "--line", "enquries"),
            2,
            '--line: there is no line "enquries" in callcentre.toml; did you mean "enquiries"?',
        ),
        (
            (*LEFT, "--line", "enquiries", "-c", "nix.toml"),
            2,
            "nix.toml: cannot be read (No such file or directory); callcentre init-config writes one to start from",
        ),
        (
            (*LEFT, "--charter", "hct"),
            2,
            "--charter needs --nation: bank holidays differ; write one of ENG, WLS, SCT, NIR",
        ),
        ((*LEFT, "--charter", "hct", "--nation", "UK"), 2, "--nation UK is none; write one of ENG, WLS, SCT, NIR"),
        (
            (*LEFT, "--charter", "ours", "--nation", "ENG"),
            2,
            (
                '--charter: there is no charter "ours"; write one of cmi, hct, wme, or name the configuration that has '
                "yours with --config"
            ),
        ),
        (
            (*LEFT, "--charter", "hcd", "--nation", "ENG", "-c", "callcentre.toml"),
            2,
            '--charter: there is no charter "hcd"; did you mean "hct"?',
        ),
        (
            (*LEFT, *CHARTER, "--rule", "working_day:5"),
            2,
            '--rule: there is no rule "working_day"; did you mean "working_days"?',
        ),
        ((*LEFT, *CHARTER, "--rule", "working_days"), 2, "--rule working_days needs a number; write working_days:5"),
        (
            (*LEFT, *CHARTER, "--rule", "working_days:0"),
            2,
            "--rule working_days: 0 must be a whole number from 1 to 366; write working_days:5",
        ),
        (
            (*LEFT, *CHARTER, "--rule", "elapsed_or_next_working_day:1.5"),
            2,
            (
                "--rule elapsed_or_next_working_day: 1.5 must be a whole number from 1 to 366; "
                "write elapsed_or_next_working_day:24"
            ),
        ),
        (
            (*LEFT, *CHARTER, "--rule", "same_working_day:1"),
            2,
            "--rule same_working_day takes no number; write same_working_day",
        ),
        (
            (*LEFT, *CHARTER, "--hours", "9-5"),
            2,
            '--hours: "9-5" is no open time; write HH:MM-HH:MM, such as 09:00-17:00',
        ),
        ((*LEFT, *CHARTER, "--hours", ""), 2, '--hours: "" is no open time; write HH:MM-HH:MM, such as 09:00-17:00'),
        (
            (*LEFT, *CHARTER, "--hours", "09:00-17:00,12:00-18:00"),
            2,
            "--hours: two of its hours overlap; write each open time once",
        ),
    ],
)
def test_a_mistake_is_one_message(callcentre: Commands, words: tuple[str, ...], status: int, said: str) -> None:
    assert callcentre("due", *words) == (status, "", f"callcentre: {said}\n")


def test_the_sample_of_the_page_is_what_is_printed(callcentre: Commands, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (Path(__file__).parents[2] / "docs/how-to/deadlines.md").read_text("utf-8")
    blocks = [line[4:] for line in page.splitlines() if line.startswith("    ")]
    monkeypatch.chdir("empty")
    Path("callcentre.toml").write_text(TEMPLATE)
    sample = blocks[1 : blocks.index('callcentre due --charter hct --nation SCT --left "2026-11-27 16:00"')]
    assert callcentre.prints(*blocks[0].split()[1:]) == sample
