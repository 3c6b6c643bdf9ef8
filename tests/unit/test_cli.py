"""The commands: what they print, what they exit with, and that a user's mistake is one message and no traceback.

Each command starts by itself once; the rest are forked from a process that has loaded the modules.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from unittest import mock

import pytest

from tests.acceptance.forked import completed

TAPE = Path(__file__).parents[1] / "acceptance/answered.jsonl"
CONFIG = """
fallback_line = "enquiries"
[[pbx]]
name = "lab"
[[line]]
name = "enquiries"
pbx = "lab"
charter = "hct"
nation = "ENG"
dids = ["01632960600"]
queues = ["enquiries"]
[line.hours]
sun = ["00:00-24:00"]
"""


def callcentre(*words: str | Path, folder: Path, alone: bool = False) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of one command; `alone`, of an interpreter that it starts."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("CALLCENTRE_")}
    environment["COLUMNS"] = "200"
    told = [str(word) for word in words]
    if alone:
        command = [sys.executable, "-m", "callcentre", *told]
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=600
        )
    else:
        with pytest.MonkeyPatch.context() as here, mock.patch.dict(os.environ, environment, clear=True):
            here.chdir(folder)
            done = completed(*told)
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def office(tmp_path: Path) -> Path:
    (tmp_path / "callcentre.toml").write_text(CONFIG)
    return tmp_path


@pytest.mark.parametrize(
    ("words", "printed"),
    [
        (("rings", "0"), "1\n"),
        (("rings", "14.999"), "5\n"),
        (("rings", "15"), "6\n"),
        (("rings", "15", "--tone", "us"), "3\n"),
        (("rings", "8", "--tone", "425/1000,0/3000"), "3\n"),
    ],
)
def test_rings_counts_those_that_have_begun(tmp_path: Path, words: tuple[str, ...], printed: str) -> None:
    assert callcentre(*words, folder=tmp_path, alone=words == ("rings", "0"))[:2] == (0, printed)


def test_init_config_writes_a_file_that_check_config_understands_and_never_overwrites(tmp_path: Path) -> None:
    assert callcentre("init-config", "new.toml", folder=tmp_path, alone=True)[0] == 0
    code, printed, _ = callcentre("check-config", "--config", "new.toml", folder=tmp_path, alone=True)
    assert code == 0
    assert 'line "enquiries"' in printed
    code, _, said = callcentre("init-config", "new.toml", folder=tmp_path)
    assert code == 2
    assert "is there already" in said


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("run",), 2, 'pbx "lab" has no account; set username and secret_file'),
        (("run", "--config", "nix.toml"), 2, "nix.toml: cannot be read"),
        (("run", "--log-level", "loud"), 2, "--log-level loud is none"),
        (("rings", "5", "--tone", "xx"), 2, "--tone xx"),
        (("rings", "many"), 2, "valid number"),
        (("replay", "nix.jsonl"), 1, "nix.jsonl: cannot be read"),
        (("replay", "callcentre.toml", "callcentre.toml", "--snapshots", "x"), 2, "--snapshots goes with one tape"),
        (
            ("replay", "callcentre.toml", "--pbx", "other"),
            2,
            "--pbx other is not configured; write --pbx with one of lab",
        ),
        (("record", "out.jsonl"), 2, 'pbx "lab" has no account'),
        (("import", "queue_log", "nix"), 2, "nix: no such file"),
        (("reconcile", "--day", "2026-11-20"), 2, 'pbx "lab" has no queue_log'),
        (("reconcile", "--day", "today", "--queue-log", "callcentre.toml"), 2, "--day today is no day"),
        (("nonsense",), 2, "nonsense"),
    ],
)
def test_a_mistake_is_one_message(office: Path, words: tuple[str, ...], code: int, said: str) -> None:
    alone = words in {("run",), ("record", "out.jsonl"), ("nonsense",)}
    found, printed, told = callcentre(*words, folder=office, alone=alone)
    assert (found, printed) == (code, "")
    assert said in told


def test_replay_prints_json_or_a_table(office: Path) -> None:
    code, printed, _ = callcentre("replay", TAPE, "--json", folder=office, alone=True)
    assert code == 0
    call = json.loads(printed.splitlines()[0])
    assert (call["outcome"], call["answered_by"], call["rings"]) == ("answered", "PJSIP/102", 1)
    code, printed, _ = callcentre("replay", TAPE, folder=office)
    assert code == 0
    assert "PJSIP/102" in printed
    assert "1 call," in printed
    assert "07700" not in printed, "the table is for everybody to see"


def test_a_reader_that_has_enough_ends_a_replay_quietly(office: Path) -> None:
    command = f"{sys.executable} -m callcentre replay {TAPE} {TAPE} {TAPE} --json | head -c 1"
    done = subprocess.run(["sh", "-c", command], cwd=office, capture_output=True, text=True, check=False, timeout=600)
    assert (done.stdout, done.stderr) == ("{", "")


def test_upgrade_db_makes_the_tables_and_may_be_repeated(office: Path) -> None:
    for alone in (True, False):
        code, printed, said = callcentre("upgrade-db", folder=office, alone=alone)
        assert (code, printed.split()[0]) == (0, "schema"), said


def test_import_and_reconcile_agree(office: Path) -> None:
    lines = (
        "1795370619|1795370619.0|enquiries|NONE|ENTERQUEUE||07700900301|1",
        "1795370622|1795370619.0|enquiries|PJSIP/102|CONNECT|3|1795370619.2|2",
        "1795370624|1795370619.0|enquiries|PJSIP/102|COMPLETECALLER|3|2|1",
    )
    book = office / "queue_log"
    book.write_text("".join(f"{line}\n" for line in lines))
    for added, alone in ((1, True), (0, False)):
        code, printed, said = callcentre("import", "queue_log", book, folder=office, alone=alone)
        assert code == 0, said
        assert f"1 call, {added} added" in printed
    code, printed, _ = callcentre("reconcile", "--day", "2026-11-22", "--queue-log", book, folder=office, alone=True)
    assert code == 0
    assert "no difference" in printed
    book.write_text(book.read_text() + lines[0].replace("619.0", "700.0") + "\n" + "nonsense\n")
    code, printed, _ = callcentre("import", "queue_log", book, folder=office)
    assert code == 1
    assert "1 line could not be read" in printed


@pytest.mark.parametrize(
    ("imported", "not_needed"),
    [
        ("callcentre.cli", {"sqlalchemy", "psycopg", "pydantic", "aiohttp", "structlog", "rich", "holidays", "jinja2"}),
        ("callcentre.history.replay", {"sqlalchemy", "psycopg", "aiohttp", "prometheus_client", "numpy"}),
        ("callcentre.config.load", {"sqlalchemy", "aiohttp", "holidays", "phonenumbers"}),
    ],
)
def test_a_small_command_starts_without_what_only_others_need(imported: str, not_needed: set[str]) -> None:
    code = f"import sys, {imported}; print(*(set(sys.modules) & {not_needed!r}))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.split() == []
