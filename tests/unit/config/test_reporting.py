"""[[report]]: who gets the monthly report of which charter, and what is refused."""

from datetime import time
from pathlib import Path

import pytest

from callcentre.config.load import load
from callcentre.config.reporting import ReportSettings
from callcentre.core.errors import ConfigError

OFFICE = """
fallback_line = "bookings"
[store]
url = "sqlite:///calls.db"
[[pbx]]
name = "main"
host = "127.0.0.1"
[[line]]
name = "bookings"
pbx = "main"
nation = "ENG"
dids = ["02079460001"]
[[contact]]
name = "board"
webhook = "https://example.org/hook"
"""


def loaded(tmp_path: Path, more: str) -> tuple[ReportSettings, ...]:
    file = tmp_path / "callcentre.toml"
    file.write_text(OFFICE + more)
    return load(file, {}).reports


def test_without_it_no_report_is_sent(tmp_path: Path) -> None:
    assert loaded(tmp_path, "") == ()


def test_what_is_left_out_is_the_first_morning_of_the_month(tmp_path: Path) -> None:
    (report,) = loaded(tmp_path, '[[report]]\ncharter = "hct"\nto = ["board"]\n')
    assert report == ReportSettings(charter="hct", to=("board",), day=1, at=time(7), zone="Europe/London")


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ('charter = "hct"\nto = []', "to"),
        ('charter = "hct"\nto = ["nobody"]', 'there is no contact "nobody"'),
        ('charter = "wme"\nto = ["board"]', 'no line has the charter "wme"'),
        ('charter = "hct"\nto = ["board"]\nday = 31', "day"),
        ('charter = "hct"\nto = ["board"]\nat = "25:00"', "no time of day"),
        ('charter = "hct"\nto = ["board"]\nzone = "Mars"', "no time zone"),
        ('charter = "hct"\nto = ["board"]\n[[report]]\ncharter = "hct"\nto = ["board"]', "there is another report"),
    ],
)
def test_what_cannot_be_is_said(tmp_path: Path, written: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        loaded(tmp_path, f"[[report]]\n{written}\n")
