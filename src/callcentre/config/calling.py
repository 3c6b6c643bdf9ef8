"""Who may be dialled with a click: from the configuration to the core's rules, and in words for check-config."""

from typing import Final

from callcentre.config.durations import duration_of
from callcentre.config.numbering import kind_of
from callcentre.config.schema import CallingSection
from callcentre.core.charter import Calling, Office
from callcentre.core.terms import NumberKind

_WORDS: Final = {
    NumberKind.GEOGRAPHIC: "geographic (01, 02)",
    NumberKind.UK_WIDE: "UK-wide (03)",
    NumberKind.MOBILE: "mobile (07)",
    NumberKind.FREEPHONE: "freephone (0800, 0808, 116)",
    NumberKind.SHARED_COST: "shared cost (084, 087)",
    NumberKind.PREMIUM: "premium rate (09, 118)",
    NumberKind.PERSONAL: "personal (070)",
    NumberKind.PAGER: "pagers (076)",
    NumberKind.VOIP: "VoIP (056)",
    NumberKind.CORPORATE: "corporate (055)",
    NumberKind.INTERNATIONAL: "international",
    NumberKind.INTERNAL: "extensions",
}
_DEAR: Final = (
    *(NumberKind.SHARED_COST, NumberKind.PREMIUM, NumberKind.PERSONAL, NumberKind.PAGER),
    NumberKind.INTERNATIONAL,
)


def calling_of(section: CallingSection) -> Calling:
    """Make the rules of clicks ready for the core, with the numbering plans that it may not know itself."""
    return Calling(
        kinds=frozenset(NumberKind(kind) for kind in section.kinds),
        also=tuple(section.also),
        per_agent=section.per_agent_hour,
        overall=section.overall_hour,
        context=section.context,
        ring_agent=round(duration_of(section.ring_agent).total_seconds()),
        kind_of=kind_of,
    )


def told(office: Office) -> str:
    """Say who may be dialled with a click, from where, and how often; with a warning where that can cost much."""
    calling = office.calling
    acting = [pbx.name for pbx in office.pbxs if pbx.acts]
    if not acting:
        return "calling back with a click: nobody can, no PBX has an acting account"
    kinds = [words for kind, words in _WORDS.items() if kind in calling.kinds]
    begins = [f"numbers that begin with {', '.join(calling.also)}"] if calling.also else []
    whom = ", ".join([*kinds, *begins]) or "nobody"
    dear = [_WORDS[kind] for kind in _DEAR if kind in calling.kinds]
    warning = f"; WARNING: {', '.join(dear)} can cost a lot, the limits are all that holds them" if dear else ""
    return (
        f"calling back with a click: {whom}; at most {calling.per_agent} in an hour each and {calling.overall} in all, "
        f"through {calling.context} on {', '.join(acting)}{warning}"
    )
