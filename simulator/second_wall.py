"""The context that callcentre leads its agents' telephones to (dialplan/extensions.conf), in the simulator's own words.

It dials over the first trunk what may be dialled, and nothing else: whatever a client asks for.
"""

from collections.abc import Sequence

from callcentre_simulator.dialplan import Dialplan, parse_step

CONTEXT = "callcentre-callback"
DIALLED = (
    *("_0[123]XXXXXXXX", "_0[123]XXXXXXXXX", "_07[1-57-9]XXXXXXXX", "_07624XXXXXX"),
    *("_0800XXXX", "_0800XXXXXX", "_0800XXXXXXX", "_0808XXXXXXX", "_116XXX"),
)


def build(dialplan: Dialplan, trunks: Sequence[str]) -> None:
    """Give the dialplan the context; without a trunk it dials nobody."""
    trunk = trunks[0].partition("/")[2] if trunks else ""
    dials = tuple(parse_step(step) for step in (f"Dial(PJSIP/${{EXTEN}}@{trunk},45)", "Hangup(16)"))
    refuses = tuple(parse_step(step) for step in ("Playback(beeperr)", "Hangup(21)"))
    for pattern in DIALLED if trunk else ():
        dialplan.add(CONTEXT, pattern, dials)
    dialplan.add(CONTEXT, "_X.", refuses)
