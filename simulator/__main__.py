"""callcentre-simulator: run a scenario as a PBX that speaks AMI, check the product by one, list them, serve a tape."""

import argparse
import asyncio
import contextlib
import os
import signal
import sys
import tempfile
from pathlib import Path

from callcentre_simulator.accounts import Account
from callcentre_simulator.ami_server import AmiServer
from callcentre_simulator.check import ProductFailed, differences, replayed, report
from callcentre_simulator.clock import AS_FAST_AS_READ, wall_time
from callcentre_simulator.held_clock import HeldClock
from callcentre_simulator.load import LoadPbx, sampled
from callcentre_simulator.office_config import Link, product_config
from callcentre_simulator.office_orders import office_orders
from callcentre_simulator.pbx import Pbx
from callcentre_simulator.playing import play, write_books
from callcentre_simulator.scenario import ScenarioError, beginning_now, build, bundled, find, read
from callcentre_simulator.schema import Scenario
from callcentre_simulator.spool import Spool
from callcentre_simulator.tape import TapePbx, load
from callcentre_simulator.versions import class_mask
from callcentre_simulator.wire import PbxModel

GOOD, WRONG, MISUSED = 0, 1, 2
SPOOL = "spool"
"""The voicemail spool, in the folder that the product's config is written to."""
LOOK_SECONDS = 0.05
"""How often `run` looks whether somebody has logged in."""


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
    run = commands.add_parser("run", help="be the PBX of a scenario, or of a recording, that clients log in to")
    _scenario(run, needed=False)
    run.add_argument("--tape", type=Path, help="serve this recording instead of a scenario")
    run.add_argument("--snapshots", type=Path, help="what the recorded PBX answered when asked")
    run.add_argument("--load", type=int, metavar="N", help="N calls at once, each as the scenario's own")
    run.add_argument("--host", default="127.0.0.1", help="where to listen (default 127.0.0.1)")
    run.add_argument("--port", type=int, default=0, help="the port to listen on (default: a free one)")
    run.add_argument("--speed", default="1", help="PBX seconds a second, or max: as fast as the reader reads")
    run.add_argument("--folder", type=Path, help="where the product's config, truth.json and queue_log are written")
    run.add_argument("--as-written", action="store_true", help="begin at the file's own date, not now")
    run.add_argument("--leave", action="store_true", help="end when the scenario is over")
    run.add_argument("--while-fed", action="store_true", help="end with standard input: when its writer is gone")
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


def _scenario(parser: argparse.ArgumentParser, *, needed: bool = True) -> None:
    many = None if needed else "?"
    parser.add_argument("scenario", metavar="SCENARIO", nargs=many, help="a bundled scenario's name, or a TOML file")
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
    if given.tape is not None:
        recording = TapePbx(load([given.tape]), given.snapshots)
        asyncio.run(_serve(recording, given, speed, f"The recording {given.tape}"))
        return GOOD
    if given.scenario is None:
        raise ScenarioError("name a scenario, or a recording by --tape")
    scenario = read(find(given.scenario))
    if not given.as_written:
        scenario = beginning_now(scenario, wall_time(), speed)
    pbx = build(scenario, version=given.version, seed=given.seed)
    if given.load is not None:
        try:
            many = LoadPbx(sampled(pbx), calls=given.load, start=wall_time())
        except ValueError as error:
            raise ScenarioError(f"{scenario.title}: {error}") from error
        asyncio.run(_serve(many, given, speed, f"{given.load} calls at once", scenario))
        return GOOD
    if given.folder is not None:
        spool = Spool(given.folder / SPOOL)
        for box in pbx.voicemail.boxes.values():
            spool.prepare(box)
        pbx.voicemail.changed = spool.synchronise
    try:
        asyncio.run(_serve(pbx, given, speed, scenario.title, scenario))
    finally:
        if given.folder is not None:
            write_books(pbx, given.folder)
    return GOOD


async def _serve(
    pbx: PbxModel, given: argparse.Namespace, speed: float, title: str, scenario: Scenario | None = None
) -> None:
    account = Account("callcentre", "callcentre", write_timeout=1.0)
    acting = Account(
        "callcentre-act", "callcentre-act", read=0, write=class_mask("originate,agent,system"), write_timeout=1.0
    )  # fmt: skip
    clock = HeldClock(speed)
    server = AmiServer(
        pbx, {one.name: one for one in (account, acting)}, host=given.host, port=given.port, clock=clock,
        seed=given.seed or 0,
    )  # fmt: skip
    if isinstance(pbx, TapePbx):
        for moment in pbx.cuts:
            server.faults.at(moment, "cut")
    elif isinstance(pbx, Pbx):
        office_orders(server.faults, pbx)
    stop = asyncio.Event()
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(signal_number, stop.set)
    if given.while_fed:
        asyncio.get_running_loop().add_reader(sys.stdin.fileno(), _fed, stop)
    async with server:
        print(f"{title}: AMI of Asterisk {pbx.version} on {given.host}:{server.port}", flush=True)
        print(f"account {account.name}, secret {account.secret}", flush=True)
        print(f"account {acting.name}, secret {acting.secret}: acts, and hears nothing", flush=True)
        if scenario is not None:
            for fault in scenario.fault:
                server.faults.at(pbx.now + fault.at, fault.do)
        if scenario is not None and given.folder is not None:
            _write_config(scenario, given, server.port, account, acting)
        print("it begins when somebody logs in, and ends at Ctrl-C", flush=True)
        playing = asyncio.ensure_future(_play(server, clock, stay=not given.leave))
        stopping = asyncio.ensure_future(stop.wait())
        await asyncio.wait({playing, stopping}, return_when=asyncio.FIRST_COMPLETED)
        for task in (playing, stopping):
            task.cancel()
        if playing.done() and not playing.cancelled():
            playing.result()


def _fed(stop: asyncio.Event) -> None:
    """Standard input has something to read, or has ended."""
    if not os.read(sys.stdin.fileno(), 65_536):
        stop.set()


async def _play(server: AmiServer, clock: HeldClock, *, stay: bool) -> None:
    while not server.listeners:  # noqa: ASYNC110 (the server tells nobody who logs in)
        await asyncio.sleep(LOOK_SECONDS)
    clock.release()
    await server.finished()
    print("the scenario is over", flush=True)
    if stay:
        await asyncio.get_running_loop().create_future()


def _write_config(
    scenario: Scenario, given: argparse.Namespace, port: int, account: Account, acting: Account
) -> None:  # fmt: skip
    given.folder.mkdir(parents=True, exist_ok=True)
    link = Link(
        host=given.host, port=port, username=account.name, secret=account.secret, spool=SPOOL,
        act_username=acting.name, act_secret=acting.secret,
    )  # fmt: skip
    config = given.folder / "callcentre.toml"
    config.write_text(product_config(scenario, link), encoding="utf-8")
    print(f"callcentre run --config {config}", flush=True)


if __name__ == "__main__":
    main()
