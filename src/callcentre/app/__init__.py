"""The composition root: one straight build, start, and stop in reverse. No decision about a call is made here."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack

from callcentre.ami.client import AmiClient
from callcentre.app.daemon import Daemon
from callcentre.app.links import endpoint, record
from callcentre.app.opening import close, open_store, restored
from callcentre.app.parts import Parts
from callcentre.app.waiting import at_hangup, stop_at_signal, until
from callcentre.config.settings import Config
from callcentre.metrics.first_contact import FirstContactGauges
from callcentre.metrics.greetings import GreetingGauge
from callcentre.metrics.need import NeedGauge
from callcentre.runtime import collector
from callcentre.runtime.clock import SystemClock, Tasks
from callcentre.runtime.log import Log
from callcentre.runtime.loop import Observer
from callcentre.runtime.watchdog import Watchdog
from callcentre.web.certificates import Certificate
from callcentre.web.door import Door
from callcentre.web.server import Server, application
from callcentre.web.streaming import Teller

__all__ = ["endpoint", "record", "run", "serve"]

# A stop takes as long as what is still to be handled and written, and in all less than the 10 s that a service manager
# is told to wait.
_DRAIN_SECONDS = 5.0


async def run(
    config: Config,
    *,
    log: Log,
    stop: asyncio.Event,
    started: Callable[[str], None] = lambda _address: None,
    notice: str = "",
    welcome: str = "",
) -> bool:
    """Measure until `stop` is set; return whether everything measured was written.

    `started` is told the address of the pages once they are served. Raises ConfigError for what only the machine can
    tell is wrong (a port that is taken), and whatever fault ended the loop.
    """
    clock = SystemClock()
    endpoints = [endpoint(pbx) for pbx in config.pbxs]
    daemon = Daemon(config, clock, log, notice, welcome)
    watchdog = Watchdog(clock)
    async with AsyncExitStack() as opened:
        tasks = await opened.enter_async_context(Tasks())
        certificate = served_with(config, log)
        server = Server(
            application(
                site=daemon.site,
                registry=daemon.metrics.registry,
                health=daemon,
                status=daemon.status,
                door=Door(daemon.site),
            ),
            host=config.web.host,
            port=config.web.port,
            certificate=certificate,
        )
        if certificate is not None:
            tasks.spawn(certificate.watch(), name="certificate")
            at_hangup(certificate.asked)
        address = await server.start()
        opened.push_async_callback(server.stop)
        started(address)
        log.info("pages and metrics are served", address=address)
        database = await open_store(daemon, stop)
        if database is None:
            return True
        opened.push_async_callback(close, database, log)
        earlier = await restored(daemon, database, stop)
        if earlier is None:
            return True
        parts = Parts(daemon, database, watchdog)
        daemon.sweeper = sweeper = parts.sweeper(tasks)
        scheduler = parts.scheduler()
        reports = parts.reports(scheduler, lambda facts: loop.add(facts))
        notifier, healer = parts.notifier(reports), parts.healer(lambda facts: loop.add(facts))
        need, listening = parts.need(), parts.listening(lambda facts: loop.add(facts))
        first_contact = parts.first_contact()
        drafting = parts.drafting()
        pages: list[Observer] = [daemon.site.live, daemon.site.feed, Teller(daemon.site.hub)]
        loop = parts.loop(scheduler, [daemon.metrics, daemon.attendances, healer, notifier, *pages, *drafting])
        loop.add(earlier.facts)
        daemon.metrics.watch(
            now=daemon.pbx_now,
            snapshot=daemon.centre.snapshot,
            service=loop,
            looked_at=lambda: sweeper.looked_at,
        )
        daemon.metrics.registry.register(NeedGauge(need.required))
        daemon.metrics.registry.register(GreetingGauge(listening.standings))
        daemon.metrics.registry.register(FirstContactGauges(first_contact.known))
        daemon.site.first_contact = first_contact.known
        daemon.database, daemon.loop, daemon.site.database = database, loop, database
        scheduler.start()
        opened.callback(scheduler.stop)
        running = tasks.spawn(loop.run(), name="loop")
        retaining, settling = parts.retaining(scheduler, loop.add), parts.settling(scheduler)
        orders = (parts.orders(), parts.orders(erasures=True))
        # They end before the database does: what they read just then is no fault of it.
        workers = await opened.enter_async_context(Tasks())
        for worker in (healer, notifier, *orders, need, listening, first_contact, retaining, reports, settling):
            workers.spawn(worker.run(), name=type(worker).__name__.lower())
        for maker in drafting:
            workers.spawn(maker.run(), name="drafting")
        links = await opened.enter_async_context(Tasks())
        for each in endpoints:
            client = AmiClient(each, clock=clock, sink=daemon.inbox.put, observer=daemon.metrics, log=log)
            daemon.clients[each.pbx] = client
            links.spawn(client.run(), name=f"ami {each.pbx}")
        daemon.acting = parts.acting(links)
        for command in earlier.commands:
            daemon.perform(command)
        collector.settle()
        watchdog.ready()
        await until(stop, tasks, workers, links)
        watchdog.stopping()
        await links.cancel()
        daemon.inbox.close()
        return await _drained(running, log) and not loop.lost


def served_with(config: Config, log: Log) -> Certificate | None:
    """The certificate of the pages, if they have one; ConfigError if it cannot be used."""
    cert, key = config.web.tls_cert, config.web.tls_key
    return None if cert is None or key is None else Certificate(cert, key, log)


async def _drained(running: asyncio.Task[None], log: Log) -> bool:
    """Let the loop handle and write what has come; False if that took longer than a stop may."""
    finished, _ = await asyncio.wait([running], timeout=_DRAIN_SECONDS)
    if not finished:
        log.error("stopped before everything was written; calls that were not decided yet will be found again")
        return False
    await running
    return True


async def serve(
    config: Config, *, log: Log, started: Callable[[str], None], notice: str = "", welcome: str = ""
) -> bool:
    """`run`, until the process is told to stop (SIGTERM, or Ctrl-C)."""
    stop = asyncio.Event()
    stop_at_signal(stop)
    written = await run(config, log=log, stop=stop, started=started, notice=notice, welcome=welcome)
    log.info("stopped")
    return written
