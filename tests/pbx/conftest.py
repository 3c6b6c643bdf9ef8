"""Plays every case that the selected tests ask for, side by side, once a session; prints the table at the end."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from callcentre.config.load import load
from callcentre.history.replay import replay
from tests.pbx.lab.asterisk import Asterisk, missing
from tests.pbx.lab.hold import hold_replay
from tests.pbx.lab.office import replay_config
from tests.pbx.lab.session import SIDE_BY_SIDE, Result, play_all
from tests.pbx.lab.slots import claimed_slot
from tests.pbx.lab.table import REPLAY, table

Results = dict[tuple[str, str], Result]
TABLE = pytest.StashKey[str]()


def _reasons(items: list[pytest.Item]) -> dict[str, str]:
    """Why an Asterisk that the selected tests need is not here, by its version."""
    versions = {version for version, _ in map(_case_of, items)}
    return {version: reason for version in versions if (reason := missing(version))}


def _is_case(item: pytest.Item) -> bool:
    return "case" in _parameters(item)


def _case_of(item: pytest.Item) -> tuple[str, str]:
    parameters = _parameters(item)
    return str(parameters["version"]), str(parameters["case"])


def _parameters(item: pytest.Item) -> dict[str, object]:
    callspec = getattr(item, "callspec", None)
    return callspec.params if callspec else {}


@pytest.fixture(scope="session")
def results(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Results:
    """What every case that a selected test asks for has left."""
    items = [item for item in request.session.items if _is_case(item)]
    reasons = _reasons(items)
    if reasons and os.environ.get("CALLCENTRE_TEST_PBX_REQUIRED") == "1":
        pytest.fail("; ".join(reasons.values()), pytrace=False)
    playable = [one for one in map(_case_of, items) if one[0] not in reasons]
    kept = os.environ.get("CALLCENTRE_PBX_KEEP")
    folder = Path(kept) if kept else tmp_path_factory.mktemp("pbx")
    folder.mkdir(parents=True, exist_ok=True)
    side_by_side = int(os.environ.get("CALLCENTRE_PBX_SIDE_BY_SIDE", SIDE_BY_SIDE))
    played = play_all(playable, folder, side_by_side)
    _replay(played.values(), folder)
    request.config.stash[TABLE] = table(played[key] for key in sorted(played))
    return played


def _replay(played: Iterable[Result], folder: Path) -> None:
    """Hold each case's recording against its truth too."""
    (folder / "config.toml").write_text(replay_config(), encoding="utf-8")
    office = load(folder / "config.toml", {}).office
    for result in played:
        if not result.error:
            rows = list(replay(result.out / "ami.jsonl", office, "lab", result.out / "snapshots.jsonl"))
            result.held[REPLAY] = hold_replay(rows, result.truth)


@pytest.fixture
def result(results: Results, version: str, case: str) -> Result:
    """What this test's case has left; skips where that Asterisk has not been fetched."""
    if (version, case) not in results:
        pytest.skip(missing(version) or "not played")
    played = results[version, case]
    if played.error:
        pytest.fail(played.error, pytrace=False)
    return played


@pytest.fixture(scope="module")
def fetched(version: str) -> str:
    """The version that a test asks for. Where that Asterisk cannot be started, the test is skipped; in CI it fails."""
    reason = missing(version)
    if reason and os.environ.get("CALLCENTRE_TEST_PBX_REQUIRED") == "1":
        pytest.fail(reason, pytrace=False)
    if reason:
        pytest.skip(reason)
    return version


@pytest.fixture
def asterisk(request: pytest.FixtureRequest, fetched: str) -> Iterator[Asterisk]:
    """A PBX of the test's own, with nothing on it but the lab's configuration."""
    with claimed_slot() as slot, Asterisk(fetched, slot, request.path.stem.removeprefix("test_")) as running:
        yield running


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the table of the run."""
    if TABLE in config.stash:
        terminalreporter.section("calls through a real PBX")
        terminalreporter.write_line(config.stash[TABLE])
