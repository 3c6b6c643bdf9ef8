"""The dialplan: extensions as extensions.conf has them, and the threads that run them."""

import re
from collections.abc import Callable, Generator
from dataclasses import dataclass

from callcentre_simulator.channels import BUSY, UP, Channel, Channels
from callcentre_simulator.engine import Body, Engine, Thread, Told
from callcentre_simulator.talking import End

STEP = re.compile(r"([A-Za-z]+)\((.*)\)$", re.DOTALL)
VARIABLE = re.compile(r"\$\{(EXTEN(?::(-?\d+))?|CALLERID\((num|name)\))\}")
AFTER_ANSWER = 0.5
"""Seconds that Answer() waits for the caller's sound."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of an extension: Queue(enquiries,tT,,,60)."""

    application: str
    data: str


def parse_step(text: str) -> Step:
    """Read a step as extensions.conf writes it; ValueError says what is wrong with it."""
    found = STEP.match(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is no step of a dialplan; write it as Application(arguments)")
    return Step(found[1], found[2])


def pattern(exten: str) -> re.Pattern[str]:
    """An extension, or a pattern such as _0163296010[1-6] or _10X, as a regular expression."""
    if not exten.startswith("_"):
        return re.compile(re.escape(exten) + r"\Z")
    kinds = {"X": "[0-9]", "Z": "[1-9]", "N": "[2-9]", ".": ".+", "!": ".*"}
    parts = re.findall(r"\[[^\]]*\]|.", exten[1:])
    return re.compile("".join(kinds.get(one, one if one[0] == "[" else re.escape(one)) for one in parts) + r"\Z")


Run = Generator[float | None, Told | None, End | None]
Application = Callable[[Channel, Thread, list[str]], Run]


class Dialplan:
    """The extensions of all contexts, and the applications that they may call."""

    def __init__(self, engine: Engine, channels: Channels) -> None:
        self._engine = engine
        self._channels = channels
        self._contexts: dict[str, list[tuple[re.Pattern[str], tuple[Step, ...]]]] = {}
        self.applications: dict[str, Application] = {}
        self.ended: Callable[[Channel, int], None] = channels.hangup
        """Hangs up a channel whose dialplan has ended, with a cause."""
        self.sent_on: Callable[[Channel], None] = lambda _: None
        """Hears of a caller who was transferred, and who now waits anew."""

    def add(self, context: str, exten: str, steps: tuple[Step, ...]) -> None:
        """Give a context an extension; one without a pattern outranks those with one."""
        extensions = self._contexts.setdefault(context, [])
        entry = (pattern(exten), steps)
        if exten.startswith("_"):
            extensions.append(entry)
        else:
            extensions.insert(0, entry)

    def find(self, context: str, exten: str) -> tuple[Step, ...] | None:
        """The steps of an extension, or None."""
        found = (steps for wanted, steps in self._contexts.get(context, ()) if wanted.match(exten))
        return next(found, None)

    def start(self, channel: Channel) -> None:
        """Run the dialplan for a channel, in a thread of its own, from where it stands."""
        thread = channel.thread = Thread(self._engine)
        thread.start(self._run(channel, thread))

    def _run(self, channel: Channel, thread: Thread) -> Body:
        silent = False
        while True:
            end = yield from self._extension(channel, thread, silent=silent)
            if end is None or end.how not in {"goto", "transfer"}:
                break
            # After a transfer, Asterisk raises no second Newexten for the first step.
            silent = end.how == "transfer"
            if silent and channel.caller is not None:
                self.sent_on(channel)
        self._end(channel, end)

    def _extension(self, channel: Channel, thread: Thread, *, silent: bool) -> Run:
        steps = self.find(channel.context, channel.exten)
        if steps is None:
            return End("hangup 1")
        for number, step in enumerate(steps, 1):
            data = self._expand(step.data, channel)
            channel.priority = number
            if not (silent and number == 1):
                self._channels.newexten(channel, step.application, data)
            else:
                channel.application, channel.data = step.application, data
            end = yield from self._apply(step.application, data, channel, thread)
            if end is not None:
                return end
        return None

    def step(self, channel: Channel, thread: Thread, application: str, data: str) -> Run:
        """Run one application for a channel, as a step of its dialplan."""
        self._channels.newexten(channel, application, data)
        end = yield from self._apply(application, data, channel, thread)
        return end

    def _apply(self, name: str, data: str, channel: Channel, thread: Thread) -> Run:
        application = self.applications.get(name)
        if application is None:
            raise KeyError(f"the dialplan knows no application {name}")
        end = yield from application(channel, thread, data.split(","))
        return end

    @staticmethod
    def _expand(data: str, channel: Channel) -> str:
        def value(found: re.Match[str]) -> str:
            if found[3] is not None:
                return channel.number if found[3] == "num" else channel.caller_name
            return channel.exten[int(found[2]) :] if found[2] else channel.exten

        return VARIABLE.sub(value, data)

    def _end(self, channel: Channel, end: End | None) -> None:
        """The dialplan is through with a channel: hang it up, with the cause that Asterisk would give."""
        how = "" if end is None else end.how
        if how.startswith("hangup ") and how != "hangup 1":
            cause = int(how.removeprefix("hangup "))
            channel.tech_cause = channel.tech_cause or {17: "486", 34: "503"}.get(cause, "")
        elif channel.tech_cause == "487":
            cause = 127
        elif how == "caller" and channel.mate is not None:
            cause = channel.cause or 16
        elif how == "caller" and "BRIDGEPEER" not in channel.variables:
            cause = 0
        else:
            cause = 16
        self._channels.soft_hangup(channel)
        self._engine.after(self._engine.chance.uniform(0.0001, 0.001), lambda: self.ended(channel, cause))

    def wait(self, channel: Channel, seconds: float) -> Generator[float | None, Told | None, str]:
        """Wait so long in an application: "hangup", "key K", or nothing when the time is up."""
        until = self._engine.now + seconds
        while True:
            told = yield max(0.0, until - self._engine.now)
            if told is None or not channel.alive:
                return ""
            if told.word == "hangup":
                return "hangup"
            if told.word == "pressed":
                return f"key {told.more}"

    def answer(self, channel: Channel, *, was: int) -> Run:
        """What follows an Answer(): a moment for the sound, if the channel was not up before."""
        if was == UP:
            return None
        why = yield from self.wait(channel, AFTER_ANSWER)
        return End("caller") if why == "hangup" else None

    def busy(self, channel: Channel) -> End:
        """What Busy() does to a caller who was not answered."""
        if channel.state != UP:
            self._channels.state(channel, BUSY)
            channel.tech_cause = "486"
            self._channels.hangup_request(channel, 17)
        return End("hangup 17")
