"""The certificate of an erasure: what was done, when, by whom; what could not be reached. It names nobody."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from callcentre.core.errors import ConfigError

if TYPE_CHECKING:
    from callcentre.config.settings import Config
    from callcentre.store.certificates import Erasure

OUT_OF_REACH: Final = (
    "Asterisk's queue_log, with its rotated files",
    "Asterisk's CDR and CEL, wherever they are written",
    "Asterisk's own logs, and those of the system (journal, syslog)",
    "tapes that callcentre record --raw wrote",
    "backups of the database and of the PBX, and blocks of the disk that the file system has freed",
    "mail, chat and webhook messages that were sent: callcentre puts no whole number in them",
    "what people wrote down or exported themselves",
)
"""Where a number may still stand, outside of callcentre."""

HOLDS_NONE: Final = ("Prometheus and Grafana: no metric has a number",)
_NOT_CLEANED: Final = (
    "That the database's file was written anew is not noted yet; callcentre erase, once more, does it and says so."
)


def certificate(config: "Config", found: "Sequence[Erasure]", version: str) -> dict[str, Any]:
    """The certificate of `found`, the erasures that one command asked for, fit for JSON."""
    of_pbxs = {pbx.name: pbx for pbx in config.pbxs}
    reach = [*OUT_OF_REACH]
    for name in dict.fromkeys(one.pbx for one in found):
        pbx = of_pbxs.get(name)
        if pbx is not None and pbx.queue_log is not None:
            reach.append(f"of {name}: {pbx.queue_log}")
    return {
        "certificate": "erasure of a person's data",
        "made_by": f"callcentre {version}",
        "erasures": [
            {
                "pbx": one.pbx,
                "at": one.at.isoformat(timespec="seconds"),
                "by": one.who,
                "why": one.why,
                "hashes": one.hash.split(),
                "rows": dict(one.counts),
                "notes": [*one.notes, *(() if one.is_complete else (_NOT_CLEANED,))],
                "request": one.request,
            }
            for one in found
        ],
        "hash": "HMAC-SHA256 of the PBX and the number, with a key that only this database has",
        "returns": "The hash is asked before a row is written: no import, no mailbox and no restart brings it back.",
        "out_of_reach": reach,
        "holds_no_number": list(HOLDS_NONE),
    }


def in_words(told: dict[str, Any]) -> list[str]:
    """The certificate in lines for people."""
    lines = [f"Certificate: {told['certificate']}", f"made by {told['made_by']}", ""]
    for one in told["erasures"]:
        lines += [f"On {one['pbx']}, at {one['at']}, by {one['by']}: {one['why']}"]
        lines += [f"  number, as a keyed hash: {each}" for each in one["hashes"]]
        lines += [f"  {number:6}  {name}" for name, number in one["rows"].items()] or ["  nothing was found"]
        lines += [f"  {each}" for each in one["notes"]]
        lines += [f"  request {one['request']}", ""]
    lines += [told["returns"], f"The hash is the {told['hash']}.", "", "Not in callcentre's reach:"]
    lines += [f"- {each}" for each in told["out_of_reach"]]
    return [*lines, "", *(f"{each}." for each in told["holds_no_number"])]


def write(told: dict[str, Any], file: Path, *, as_json: bool) -> None:
    """Write the certificate to `file`, which must not be there yet; ConfigError if it cannot be written."""
    text = json.dumps(told, indent=2, ensure_ascii=False) if as_json else "\n".join(in_words(told))
    try:
        with file.open("x", encoding="utf-8") as out:
            out.write(f"{text}\n")
    except OSError as error:
        raise ConfigError(f"--certificate {file}: cannot be written ({error.strerror})") from None
