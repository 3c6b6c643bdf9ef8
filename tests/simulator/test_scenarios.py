"""Every bundled scenario, played through the product, gives what it must; and one seed gives one history."""

import filecmp
from pathlib import Path

import pytest

from callcentre_simulator.check import differences
from callcentre_simulator.playing import play
from callcentre_simulator.scenario import ScenarioError, bundled, find, read
from tests.simulator.replaying import replayed

BUSY = "monday_rush"
DEED = "[[deed]]\nat = 1\n%s\n\n[[call]]"


def test_there_are_at_least_twenty() -> None:
    assert len(bundled()) >= 20


@pytest.mark.parametrize("name", bundled())
def test_the_product_makes_of_it_what_happened(name: str, tmp_path: Path) -> None:
    played = play(read(find(name)), tmp_path)
    assert played.pbx.truth.calls
    assert differences(played, replayed(played)) == []


@pytest.mark.parametrize("version", [16, 18, 20])
@pytest.mark.parametrize("name", ["attended_transfers", "pickup", "forward", "local_agents", "voicemail", "restart"])
def test_so_it_does_of_older_versions(name: str, version: int, tmp_path: Path) -> None:
    played = play(read(find(name)), tmp_path, version=version)
    assert differences(played, replayed(played)) == []


@pytest.mark.parametrize("seed", [2, 3, 4])
def test_so_it_does_of_any_rush(seed: int, tmp_path: Path) -> None:
    played = play(read(find(BUSY)), tmp_path, seed=seed)
    assert differences(played, replayed(played)) == []


@pytest.mark.parametrize("name", [BUSY, "attended_transfers"])
def test_one_seed_gives_the_same_bytes(name: str, tmp_path: Path) -> None:
    first, again, other = (play(read(find(name)), tmp_path / which, seed=seed).folder
                           for which, seed in (("first", 5), ("again", 5), ("other", 6)))  # fmt: skip
    files = ["tape.jsonl", "snapshots.jsonl", "truth.json", "queue_log", "callcentre.toml"]
    same, different, unreadable = filecmp.cmpfiles(first, again, files, shallow=False)
    assert (sorted(same), different, unreadable) == (sorted(files), [], [])
    assert not filecmp.cmp(first / "tape.jsonl", other / "tape.jsonl", shallow=False)


def test_a_wrong_expectation_is_told(tmp_path: Path) -> None:
    source = find("sixth_ring").read_text(encoding="utf-8")
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(source.replace("rings = 6", "rings = 5").replace('"PJSIP/101"\nrings', '"PJSIP/102"\nrings'))
    played = play(read(wrong), tmp_path / "played")
    found = differences(played, replayed(played))
    assert "call 1: rings should be 5, is 6" in found
    assert "call 1: answered_by should be PJSIP/102, is PJSIP/101" in found


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("seconds = 60.0", "seconds = 60.0\ncolour = 3"), "colour"),
        (('acts = ["talk 20", "hang up"]', 'acts = ["sing 20"]'), "'sing 20' is no act"),
        (("at = 2.0", 'at = "noon"'), "'noon' is no time"),
        (('person = "Bob Brown"', 'person = "Bob Brown"\nrings = [{ then = "explode", after = 1 }]'), "explode"),
        (("[[call]]", DEED % 'do = "hear"\nmailbox = "600"'), "names the mailbox '600', which .* 600@default"),
        (("[[call]]", DEED % 'do = "log in"\ntelephone = "101"'), "names the queue ''"),
        (("[[call]]", DEED % 'do = "pause"\ntelephone = "999"'), "names the telephone '999'"),
        (("[[call]]", DEED % 'do = "put"'), "no key of the database"),
        (("[[call]]", DEED % 'do = "restart"\ndaily = true'), "such as 09:00"),
    ],
)
def test_a_scenario_that_is_wrong_is_refused(change: tuple[str, str], message: str, tmp_path: Path) -> None:
    source = find("sixth_ring").read_text(encoding="utf-8")
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(source.replace(*change), encoding="utf-8")
    with pytest.raises(ScenarioError, match=message):
        play(read(wrong), tmp_path / "played")


def test_a_name_that_is_no_scenario_is_told() -> None:
    with pytest.raises(ScenarioError, match="there is no scenario 'sunday_rush'"):
        find("sunday_rush")
