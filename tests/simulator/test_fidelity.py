"""What the simulator says, held against a real Asterisk: every header in its order, every event in its turn."""

import os
from functools import cache
from pathlib import Path

import pytest

from callcentre_simulator.playing import play
from callcentre_simulator.scenario import bundled, find, read
from tests.simulator.layout import Layout, learned, loaded, snapshots
from tests.simulator.mutations import MUTATIONS
from tests.simulator.order import Event, check, learn, of_tape, stories
from tests.simulator.order import loaded as rules_of

RECORDED = Path(__file__).parent / "recorded"
FOLDERS = [Path(folder) for folder in os.environ.get("CALLCENTRE_TAPES", "").split(os.pathsep) if folder]
FOLDERS.append(Path(__file__).parents[1] / "tapes")
TAPES = sorted(path for folder in FOLDERS for path in folder.rglob("ami.jsonl*"))
ORDER = rules_of((RECORDED / "order.json").read_text(encoding="utf-8"))
OF_THE_RECORDER = {"FullyBooted"}
LONG = {"busy_day", "monday_rush"}
"""Scenarios that say nothing that the others do not, and take seconds to say it."""


@cache
def layouts(version: int) -> dict[str, set[Layout]]:
    """The recorded layouts of 16 or 22; 18 and 20 were not recorded, and stand between them."""
    return loaded((RECORDED / f"layouts{version}.json").read_text(encoding="utf-8"))


def version_of(tape: Path) -> int:
    return 16 if "asterisk16" in str(tape) else 22


def named(tape: Path) -> str:
    return "/".join(tape.parts[-3:-1])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("played")


@pytest.mark.parametrize("version", [16, 22])
@pytest.mark.parametrize("scenario", bundled())
def test_every_header_and_every_event_of_a_scenario_stands_where_asterisk_has_it(
    scenario: str, version: int, folder: Path
) -> None:
    played = play(read(find(scenario)), folder / f"{scenario}-{version}", version=version)
    said = learned([played.tape], snapshots(played.snapshots))
    strange = {
        f"{name}: {' '.join(layout)}"
        for name, found in said.items()
        if name not in OF_THE_RECORDER
        for layout in found - layouts(version).get(name, set())
    }
    assert not strange
    assert not check(of_tape(played.tape, said), ORDER)


def between(layout: Layout, recorded: set[Layout]) -> bool:
    """Whether a layout is a recorded one but for headers that came with a version: none is strange, none misplaced."""
    return any(layout == tuple(name for name in one if name in layout) for one in recorded)


@pytest.mark.parametrize("version", [18, 20])
@pytest.mark.parametrize("scenario", [name for name in bundled() if name not in LONG])
def test_eighteen_and_twenty_say_nothing_that_neither_sixteen_nor_twenty_two_says(
    scenario: str, version: int, folder: Path
) -> None:
    played = play(read(find(scenario)), folder / f"{scenario}-{version}", version=version)
    said = learned([played.tape], snapshots(played.snapshots))
    for name in said.keys() - OF_THE_RECORDER:
        recorded = layouts(16).get(name, set()) | layouts(22).get(name, set())
        assert all(between(layout, recorded) for layout in said[name]), (name, said[name])
    assert not check(of_tape(played.tape, said), ORDER)


@pytest.mark.parametrize("tape", TAPES, ids=named)
def test_every_tape_keeps_the_rules(tape: Path) -> None:
    assert not check(of_tape(tape, layouts(version_of(tape))), ORDER)


def test_the_rules_are_many_and_learnt_not_written() -> None:
    assert ORDER.rules() > 300
    assert ORDER.first == {"channel": "Newchannel", "bridge": "BridgeCreate", "visit": "QueueCallerJoin"}


def test_a_rule_is_learnt_only_from_enough_stories_and_lost_to_one_that_breaks_it() -> None:
    def channel(key: str, *names: str) -> list[Event]:
        return [(name, {"Uniqueid": key}) for name in names]

    usual = [event for n in range(20) for event in channel(f"1.{n}", "Newchannel", "Answered", "Hangup")]
    odd = channel("2.1", "Newchannel", "Hangup", "Answered")
    learnt = learn(stories(usual))
    assert ("Hangup", "Answered") in learnt.never["channel"]
    assert check(odd, learnt)
    assert ("Hangup", "Answered") not in learn(stories(usual), stories(odd)).never["channel"]
    assert not learn(stories(usual[:30])).never["channel"]


def bases(folder: Path) -> list[list[Event]]:
    """True sequences to put wrong: the first scenarios of the simulator, and a few tapes."""
    found = []
    for scenario in [name for name in bundled() if name in {"sixth_ring", "pickup", "overflow"}]:
        played = play(read(find(scenario)), folder / scenario)
        found.append(of_tape(played.tape, layouts(22)))
    whole = [tape for tape in TAPES if tape.parent.name in {"answered", "ringall", "rna_next"}]
    return found + [of_tape(tape, layouts(version_of(tape))) for tape in whole]


@pytest.fixture(scope="module")
def true_sequences(folder: Path) -> list[list[Event]]:
    return bases(folder)


@pytest.mark.parametrize("name", MUTATIONS)
def test_no_sequence_that_was_put_wrong_is_accepted(name: str, true_sequences: list[list[Event]]) -> None:
    wrong = [changed for events in true_sequences if (changed := MUTATIONS[name](events)) is not None]
    assert wrong, "nothing to work on"
    assert [index for index, events in enumerate(wrong) if not check(events, ORDER)] == []
