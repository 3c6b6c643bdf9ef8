"""The words that stand for numbers, and their colours: one for each state, so that no colour is the only sign."""

from typing import Final

from grafana.panels.drawing import BAD, CALM, GOOD, NEUTRAL, WARN, worded

STANDINGS: Final = worded(
    {
        "0": ("closed", NEUTRAL),
        "1": ("attended", GOOD),
        "2": ("nobody there", WARN),
        "3": ("NOT KNOWN", WARN),
        "4": ("UNATTENDED", BAD),
        "5": ("attended again", CALM),
    }
)
"""How a line stands. 2 is within its grace, 4 past it; 5 is attended again, not yet for as long as `recovery` asks."""

UP: Final = worded({"0": ("DOWN", BAD), "1": ("up", GOOD)})
WRITES: Final = worded({"0": ("NOT WRITING", BAD), "1": ("writing", GOOD)})
BREACHES: Final = worded({"0": ("no breach", GOOD), "1": ("BREACH", BAD)})
OPENING: Final = worded({"0": ("closed", NEUTRAL), "1": ("core hours", CALM)})
NONE_IS_GOOD: Final = worded({"0": ("none", GOOD)})
DASH: Final = worded({"-1": ("–", NEUTRAL)})
