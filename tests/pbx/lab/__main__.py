"""`python -m tests.pbx.lab OUT [--version 22] [--keep tests/tapes] [CASE …]`: play cases, keep the folders."""

from __future__ import annotations

import argparse
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.pbx.lab.cases import all_cases
from tests.pbx.lab.keep import keep
from tests.pbx.lab.play import play


def call_line(call: dict[str, Any]) -> str:
    """One call of a truth in one line: what was seen, and what was wanted where that differs."""
    seen, wanted = call["observed"], call["wanted"]
    rings = ", ".join(f"{a['interface'][6:]} {a['result']}" for a in call["attempts"])
    text = f"{call['did']} {seen['outcome']} {seen.get('answered_by', '')} wait {seen['wait']} "
    text += f"rings {seen['rings']} ({rings})"
    by_whom = not wanted["by"] or seen.get("answered_by") in wanted["by"]
    if wanted["line"] and (wanted["outcome"] != seen["outcome"] or not by_whom):
        text += f"   WANTED {wanted['outcome']} {wanted['by']}"
    return text


def main() -> int:
    """Play the cases named (all, if none is) and say how each went."""
    parser = argparse.ArgumentParser(prog="tests.pbx.lab", description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("cases", nargs="*")
    parser.add_argument("--version", default="22")
    parser.add_argument("--side-by-side", type=int, default=10)
    parser.add_argument("--keep", type=Path, help="a folder of tapes to copy the trimmed cases to: tests/tapes")
    arguments = parser.parse_args()
    table = all_cases()
    names = arguments.cases or list(table)

    def one(name: str) -> str:
        try:
            out = arguments.out / f"asterisk{arguments.version}" / name
            played = play(table[name], arguments.version, out)
            if arguments.keep:
                keep(out, arguments.keep / out.parent.name / name)
        except Exception:
            return f"FAILED {name}\n{traceback.format_exc()}"
        return "\n  ".join([f"played {name}", *map(call_line, played.truth["calls"]), *played.troubles])

    with ThreadPoolExecutor(max_workers=arguments.side_by_side) as pool:
        results = list(pool.map(one, names))
    print("\n".join(results))
    return int(any(result.startswith("FAILED") for result in results))


if __name__ == "__main__":
    raise SystemExit(main())
