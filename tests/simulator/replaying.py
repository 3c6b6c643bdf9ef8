"""A scenario held against the product, as `callcentre-simulator check` does it, the product forked once loaded."""

from callcentre_simulator.check import Output, ProductFailed, output
from callcentre_simulator.playing import Played
from tests.acceptance.forked import completed


def replayed(played: Played) -> Output:
    """Run the product on the tape."""
    files = ("--config", str(played.config), "--snapshots", str(played.snapshots))
    told = completed("replay", str(played.tape), *files, "--json")
    if told.returncode:
        raise ProductFailed(told.stderr)
    return output(told.stdout.splitlines())
