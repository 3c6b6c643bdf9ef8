"""What people do: a telephone that is rung, and a caller who waits. Plans only; the rooms of the PBX carry them out."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from callcentre_simulator.channels import Channel
    from callcentre_simulator.engine import Ticket

Shows = Literal["180", "180sdp", "183", "nothing"]
"""What a telephone says when rung: ringing, ringing with media, media only, or nothing."""

REFUSALS = {"busy": (17, "486"), "decline": (21, "603"), "unavailable": (19, "480"), "error": (34, "503")}
"""A refusal's Q.850 cause and SIP status."""


@dataclass(frozen=True, slots=True)
class Act:
    """One thing done in a conversation; ACTS says which there are."""

    verb: str
    to: str = ""
    seconds: float = 0.0


ACTS = {
    "talk S": "speak for S seconds",
    "hold S": "put the other party on hold for S seconds",
    "transfer X": "send the caller to X by the feature code, without asking",
    "refer X": "the same by the telephone's own key",
    "consult X S": "ring X beside the call, talk to them for S seconds, then hang up and leave the caller with them",
    "blonde X S": "ring X beside the call and hang up S seconds later, while X still rings",
    "warn": "warn an abusive caller: the shipped code, pressed for the first time",
    "end": "end the call with one who was warned: the code, pressed again",
    "hang up": "hang up",
}
"""What can be done in a conversation, as scenarios write it, and what it means."""


def parse_act(text: str) -> Act:
    """Read an act as scenarios write it; ValueError says what is wrong with it."""
    if text in {"hang up", "warn", "end"}:
        return Act(text)
    verb, *rest = text.split()
    if verb in {"talk", "hold"} and len(rest) == 1:
        return Act(verb, seconds=float(rest[0]))
    if verb in {"transfer", "refer"} and len(rest) == 1:
        return Act(verb, to=rest[0])
    if verb in {"consult", "blonde"} and len(rest) == 2:
        return Act(verb, to=rest[0], seconds=float(rest[1]))
    raise ValueError(f"{text!r} is no act; acts are: {', '.join(ACTS)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ring:
    """What a telephone does with one call: `after` seconds of ringing it does `then`; `after` None: never.

    `then` is "answer", a refusal (busy, decline, unavailable, error) or "forward X"; `acts` follow an answer, and then
    it waits for the other side to hang up. Where somebody asked to be rung, to be led to another telephone, `patience`
    is how long they let that one ring, and `talk` how long they speak; None: until the other side hangs up.
    """

    shows: Shows = "180"
    after: float | None = None
    then: str = "answer"
    acts: tuple[Act, ...] = ()
    patience: float | None = None
    talk: float | None = None


@dataclass(slots=True, kw_only=True)
class Caller:
    """One call that somebody makes: whom to, from what number, how long they wait and what they do when answered.

    `patience`: seconds from the first sound of the call until they give up, unless a person or a mailbox has them.
    `talk`: seconds of conversation after which they hang up (None: they wait for the other side). `speak`: seconds
    they speak after a mailbox's tone (None: they hang up in its greeting). `press`: keys, and the seconds after the
    PBX answered at which they press them. `answer`: the key they press when asked how the call was, or `hang up`;
    empty: they press none.
    """

    to: str
    number: str
    name: str = "Caller"
    patience: float = 3600.0
    talk: float | None = None
    speak: float | None = None
    withheld: bool = False
    press: tuple[tuple[float, str], ...] = ()
    answer: str = ""
    device: str = "PJSIP/trunk"
    context: str = "from-trunk"
    ring: Ring = Ring()
    """What they do once connected, where they took the call from another telephone."""
    channel: "Channel | None" = None
    waiting: "Ticket | None" = None
    """When they will hang up of their own accord, as things stand."""
