"""callcentre-simulator: run a scenario as a PBX that speaks AMI, check the product by one, list them, serve a tape."""

import argparse
import asyncio
import contextlib
import sys
import tempfile
from pathlib import Path

from callcentre_simulator.accounts import Account
from callcentre_simulator.ami_server import AmiServer
from callcentre_simulator.check import ProductFailed, differences, replayed, report
from callcentre_simulator.clock import AS_FAST_AS_READ, Clock
from callcentre_simulator.office_config import Link, product_config
from callcentre_simulator.playing import play, write_books
from callcentre_simulator.scenario import ScenarioError, build, bundled, find, read
from callcentre_simulator.schema import Scenario

GOOD, WRONG, MISUSED = 0, 1, 2


def main(arguments: list[str] | None = None) -> None:
    """The command; exits 0 where all is well, 1 where the product's answer is wrong, 2 where the call is."""
    given = _parser().parse_args(arguments)
    try:
        with contextlib.suppress(KeyboardInterrupt):
            sys.exit(given.do(given))
    except ScenarioError as error:
        print(error, file=sys.stderr)
        sys.exit(MISUSED)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="callcentre-simulator", description="A simulated PBX that speaks AMI.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    listed = commands.add_parser("list", help="name the scenarios that come with it")
    listed.set_defaults(do=_list)
    run = commands.add_parser("run", help="play a scenario as a PBX that clients log in to")
    _scenario(run)
    run.add_argument("--host", default="127.0.0.1", help="where to listen (default 127.0.0.1)")
    run.add_argument("--port", type=int, default=0, help="the port to listen on (default: a free one)")
    run.add_argument("--speed", default="1", help="PBX seconds a second, or max: as fast as the reader reads")
    run.add_argument("--folder", type=Path, help="where the product's config, truth.json and queue_log are written")
    run.set_defaults(do=_run)
    check = commands.add_parser("check", help="hold the product's replay against scenarios; says what differs")
    check.add_argument("scenarios", nargs="*", metavar="SCENARIO", help="names or files; none: all bundled ones")
    check.add_argument("--version", type=int, choices=(16, 18, 20, 22), help="another Asterisk than the file's")
    check.add_argument("--seed", type=int, help="another seed than the file's")
    check.add_argument("--folder", type=Path, help="keep what was played here")
    check.set_defaults(do=_check)
    tape = commands.add_parser("tape", help="play a scenario into a folder: tape, snapshots, truth, queue_log, config")
    _scenario(tape)
    tape.add_argument("folder", type=Path, help="where to write them")
    tape.set_defaults(do=_tape)
    return parser


def _scenario(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("scenario", metavar="SCENARIO", help="a bundled scenario's name, or a TOML file")
    parser.add_argument("--version", type=int, choices=(16, 18, 20, 22), help="another Asterisk than the file's")
    parser.add_argument("--seed", type=int, help="another seed than the file's")


def _list(_given: argparse.Namespace) -> int:
    for name in bundled():
        print(f"{name:24} {read(find(name)).title}")
    return GOOD


def _tape(given: argparse.Namespace) -> int:
    played = play(read(find(given.scenario)), given.folder, version=given.version, seed=given.seed)
    print(f"{played.events} events of {len(played.pbx.truth.calls)} calls are in {played.tape}")
    return GOOD


def _check(given: argparse.Namespace) -> int:
    answer = GOOD
    for name in given.scenarios or bundled():
        with contextlib.ExitStack() as kept:
            folder = given.folder and given.folder / Path(name).stem
            folder = folder or Path(kept.enter_context(tempfile.TemporaryDirectory(prefix="callcentre-simulator-")))
            played = play(read(find(name)), folder, version=given.version, seed=given.seed)
            try:
                found = differences(played, replayed(played))
            except ProductFailed as error:
                found = [str(error)]
            print(report(name, found, folder))
            answer = WRONG if found else answer
    return answer


def _run(given: argparse.Namespace) -> int:
    speed = AS_FAST_AS_READ if given.speed == "max" else float(given.speed)
    scenario = read(find(given.scenario))
    asyncio.run(_serve(scenario, given, speed))
    return GOOD


async def _serve(scenario: Scenario, given: argparse.Namespace, speed: float) -> None:
    pbx = build(scenario, version=given.version, seed=given.seed)
    account = Account("callcentre", "callcentre")
    server = AmiServer(
        pbx, {account.name: account}, host=given.host, port=given.port, clock=Clock(speed), seed=scenario.seed
    )
    async with server:
        for fault in scenario.fault:
            server.faults.at(pbx.now + fault.at, fault.do)
        print(f"{scenario.title}: AMI of Asterisk {pbx.version} on {given.host}:{server.port}", flush=True)
        print(f"account {account.name}, secret {account.secret}", flush=True)
        if given.folder is not None:
            given.folder.mkdir(parents=True, exist_ok=True)
            link = Link(host=given.host, port=server.port, username=account.name, secret=account.secret)
            config = given.folder / "callcentre.toml"
            config.write_text(product_config(scenario, link), encoding="utf-8")
            print(f"callcentre run --config {config}", flush=True)
        try:
            await server.finished()
        finally:
            if given.folder is not None:
                write_books(pbx, given.folder)


if __name__ == "__main__":
    main()
