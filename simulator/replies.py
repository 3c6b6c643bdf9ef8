"""The shapes of AMI's replies: a refusal, a success, a list."""

from collections.abc import Iterable

from callcentre_simulator.wire import AmiEvent, Reply


def error(message: str) -> Reply:
    """A refusal in so many words."""
    return Reply(False, (("Message", message),))


def done(message: str) -> Reply:
    """A success in so many words."""
    return Reply(True, (("Message", message),))


def listing(message: str, items: Iterable[AmiEvent], last: str) -> Reply:
    """A list: its announcement, its items and their count."""
    events = tuple(items)
    complete = AmiEvent(last, "", (("EventList", "Complete"), ("ListItems", str(len(events)))))
    return Reply(True, (("EventList", "start"), ("Message", message)), (*events, complete))
