"""The scenarios' pages say what the schema says, and the how-to's own scenario does what the page promises."""

import textwrap
from pathlib import Path

from callcentre_simulator.check import differences
from callcentre_simulator.playing import play
from callcentre_simulator.reference import page
from callcentre_simulator.scenario import read
from callcentre_simulator.schema import Scenario
from tests.simulator.replaying import replayed

DOCS = Path(__file__).parents[2] / "docs"
HOW_TO = DOCS / "how-to" / "write-a-scenario.md"


def test_the_reference_is_the_schema() -> None:
    assert (DOCS / "reference" / "scenarios.md").read_text(encoding="utf-8") == page(), (
        "write it anew: python -m callcentre_simulator.reference > docs/reference/scenarios.md"
    )


def test_the_example_of_the_how_to_is_as_it_must_be(tmp_path: Path) -> None:
    text = HOW_TO.read_text(encoding="utf-8")
    example = text.split("Save this as `two_callers.toml`:")[1].split("Everything else")[0]
    scenario = tmp_path / "two_callers.toml"
    scenario.write_text(textwrap.dedent(example.strip("\n")), encoding="utf-8")
    told = read(scenario)
    assert isinstance(told, Scenario)
    played = play(told, tmp_path / "played")
    assert len(played.pbx.truth.calls) == 2
    assert differences(played, replayed(played)) == []
