"""The course of a dial that an agent asked for with a click, in one table, and what its end is called.

    wanted ─► ringing_agent ─► dialling ─► ringing_caller ─► talking ─► ended

The agent's leg is the channel whose uniqueid is the click's key; its Hangup ends the click. What is told out of order,
or twice, changes nothing; a step that a gap hid is left out. The diagram in docs/explanation is made by `diagram()`.
"""

from enum import StrEnum
from types import MappingProxyType
from typing import Final

from callcentre.core.tasks import Callout, Click
from callcentre.core.terms import CalloutResult, ClickResult, ClickState, HangupCause

_S = ClickState


class Sign(StrEnum):
    """What is told of a click."""

    AGENT_RINGS = "agent_rings"
    AGENT_UP = "agent_up"
    CALLER_RINGS = "caller_rings"
    CALLER_UP = "caller_up"
    OVER = "over"


_WITH_AGENT: Final = (_S.WANTED, _S.RINGING_AGENT)
_WITH_CALLER: Final = (*_WITH_AGENT, _S.DIALLING, _S.RINGING_CALLER)

TABLE: Final = MappingProxyType(
    {
        (_S.WANTED, Sign.AGENT_RINGS): _S.RINGING_AGENT,
        **{(state, Sign.AGENT_UP): _S.DIALLING for state in _WITH_AGENT},
        **{(state, Sign.CALLER_RINGS): _S.RINGING_CALLER for state in _WITH_CALLER[:-1]},
        **{(state, Sign.CALLER_UP): _S.TALKING for state in _WITH_CALLER},
        **{(state, Sign.OVER): _S.ENDED for state in ClickState if state is not _S.ENDED},
    }
)
"""(state, what is told) -> the state it leads to. What is not here changes nothing."""

_ORDINARY: Final = frozenset({0, HangupCause.NORMAL, HangupCause.NO_ANSWER, 127})
"""Causes with which an agent's leg ends that nobody refused: hung up, or (127) its dialplan was left."""

_REFUSED: Final = frozenset({HangupCause.BUSY, HangupCause.REJECTED})
_OF_CALLOUT: Final = {
    CalloutResult.CONNECTED: ClickResult.CONNECTED,
    CalloutResult.BUSY: ClickResult.BUSY,
    CalloutResult.FAILED: ClickResult.FAILED,
    CalloutResult.UNCERTAIN: ClickResult.UNCERTAIN,
}
_OF_STATUS: Final = {
    "ANSWER": ClickResult.CONNECTED,
    "BUSY": ClickResult.BUSY,
    "CHANUNAVAIL": ClickResult.FAILED,
    "CONGESTION": ClickResult.FAILED,
    "NOANSWER": ClickResult.NO_ANSWER,
}
_NOT_TAKEN: Final = frozenset({"BUSY", "CHANUNAVAIL", "CONGESTION"})
"""What says how a dial ended also if the telephone had rung before."""

_WORDS: Final = {
    ClickResult.CONNECTED: "the caller answered",
    ClickResult.NO_ANSWER: "the caller did not answer",
    ClickResult.BUSY: "the caller's telephone was busy",
    ClickResult.FAILED: "the call could not be put through to the caller",
    ClickResult.AGENT_GONE: "the agent hung up before the caller's telephone rang",
}

Ending = tuple[ClickResult, str]
"""How a click ended, and in words fit for a page what became of it."""


def after(state: ClickState, sign: Sign) -> ClickState | None:
    """The state that `sign` leads to; None if it changes nothing."""
    return TABLE.get((state, sign))


def agent_gone(click: Click, *, refused: bool) -> Ending:
    """The agent's telephone was rung in vain."""
    why = f"{click.telephone} was busy or refused the call" if refused else f"nobody picked up {click.telephone}"
    return ClickResult.AGENT_GONE, why


def uncertain(click: Click, because: str) -> Ending:
    """Nobody can say what became of it, unless somebody was seen to talk."""
    if click.state is _S.TALKING:
        return ClickResult.CONNECTED, f"{_WORDS[ClickResult.CONNECTED]}; its end was not seen: {because}"
    return (
        ClickResult.UNCERTAIN,
        f"{because}: whether the caller was called is not known; it is not done again by itself",
    )


def hung_up(click: Click, callout: Callout | None, status: str, cause: int) -> Ending:
    """The agent's leg is gone, with its Q.850 cause; `callout` is the caller's leg, `status` the last DIALSTATUS."""
    if click.state is _S.TALKING:
        return ClickResult.CONNECTED, _WORDS[ClickResult.CONNECTED]
    if click.state in _WITH_AGENT:
        return agent_gone(click, refused=cause in _REFUSED)
    result = _result(callout, status, cause, rang=click.rang_at is not None)
    words = _WORDS.get(result)
    return (result, words) if words else uncertain(click, "the end of the call to the caller was not seen")


def _result(callout: Callout | None, status: str, cause: int, *, rang: bool) -> ClickResult:
    ended = callout.result if callout is not None else None
    if ended in _OF_CALLOUT:
        return _OF_CALLOUT[ended]
    if ended is None and status in _NOT_TAKEN:
        return _OF_STATUS[status]  # the end of its leg may be told after that of the agent's
    if rang or (callout is not None and callout.ring_start is not None):
        return ClickResult.NO_ANSWER
    if status in _OF_STATUS:
        return _OF_STATUS[status]
    return ClickResult.AGENT_GONE if cause in _ORDINARY else ClickResult.FAILED


def diagram() -> str:
    """The table as a mermaid state diagram."""
    lines = ["stateDiagram-v2", f"    [*] --> {_S.WANTED.value}"]
    for state in ClickState:
        for later in ClickState:
            signs = [sign.value for sign in Sign if TABLE.get((state, sign)) is later]
            if signs:
                lines.append(f"    {state.value} --> {later.value}: {', '.join(signs)}")
    return "\n".join(lines)
