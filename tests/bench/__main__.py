"""All benches: `python -m tests.bench [NAME…]`. Each is a module here with `run() -> dict`, in a process on one core.

Prints a table for reading and, last, one JSON object a program can take; with `--out FILE` the JSON goes there too.
With `--trial` each only runs to its end, with what its module's TRIAL makes less: such figures are no measurement, and
are not printed.
"""

import argparse
import importlib
import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

BENCHES = ("deadlines", "erasing", "intake", "pages", "pipeline", "report", "scrape", "simulator", "store")


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    cpus = [line.split(":", 1)[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")]
    return {
        "cpu": cpus[0] if cpus else platform.machine(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
    }


def _lines(path: str) -> list[str]:
    file = Path(path)
    return file.read_text().splitlines() if file.exists() else []


def one(name: str, *, trial: bool) -> dict[str, Any]:
    """Run one bench in a process of its own, pinned to one core."""
    command = [sys.executable, "-m", "tests.bench", "--here", name, *["--trial"] * trial]
    answer = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    told: dict[str, Any] = json.loads(answer.stdout.splitlines()[-1])
    return told


def here(name: str, *, trial: bool) -> None:
    """Run one bench in this process."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {0})
    bench = importlib.import_module(f"tests.bench.{name}")
    if trial:
        vars(bench).update(getattr(bench, "TRIAL", {}))
    print(json.dumps(bench.run()))


def rows(told: dict[str, Any], before: str = "") -> list[tuple[str, str]]:
    """The figures of a bench, nested ones with their path."""
    found: list[tuple[str, str]] = []
    for key, value in told.items():
        name = f"{before}{key}"
        found += rows(value, f"{name}: ") if isinstance(value, dict) else [(name, _figure(value))]
    return found


def _figure(value: object) -> str:
    return f"{value:,}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)


def main() -> None:
    """Run what was asked for, or all."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measurements against named peers.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHES)}; all without one")
    parser.add_argument("--out", type=Path, help="write the JSON to this file as well")
    parser.add_argument("--trial", action="store_true", help="see that each runs to its end; measures nothing")
    parser.add_argument("--here", metavar="NAME", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.here:
        here(asked.here, trial=asked.trial)
        return
    if unknown := set(asked.names) - set(BENCHES):
        parser.error(f"no bench {', '.join(sorted(unknown))}; there are {', '.join(BENCHES)}")
    console = Console(stderr=True)
    told: dict[str, Any] = {"machine": machine()}
    for name in asked.names or BENCHES:
        with console.status(f"measuring: {name}"):
            told[name] = one(name, trial=asked.trial)
        if asked.trial:
            print(f"{name}: ran to its end", flush=True)
            continue
        table = Table("figure", "value", title=name, title_justify="left")
        table.columns[1].justify = "right"
        for row in rows(told[name]):
            table.add_row(*row)
        console.print(table)
    if asked.trial:
        return
    text = json.dumps(told, indent=2)
    print(text)
    if asked.out:
        asked.out.write_text(text + "\n")


if __name__ == "__main__":
    main()
