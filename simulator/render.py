"""The bytes of events and replies, header by header as Asterisk writes them."""

from collections.abc import Iterable
from dataclasses import dataclass

from callcentre_simulator.versions import ACTION_ID_LAST
from callcentre_simulator.wire import AmiEvent, Headers, Reply


@dataclass(frozen=True, slots=True)
class RawEvent(AmiEvent):
    """An event whose bytes are already there: from a tape, a load template, or forged. `data` is sent as it is."""

    data: bytes = b""


def encoded(text: str) -> bytes:
    """Text as it goes out; bytes that came in as lone surrogates go out as they came."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")


def decoded(data: bytes) -> str:
    """The reverse of `encoded`, for what clients send."""
    return data.decode("utf-8", "surrogateescape")


def lines(headers: Headers) -> str:
    """Headers as lines, each with its CR LF."""
    return "".join([f"{name}: {value}\r\n" for name, value in headers])


def event_bytes(at: float, event: AmiEvent) -> bytes:
    """An unsolicited event, with `Timestamp` as timestampevents=yes gives it."""
    if isinstance(event, RawEvent):
        return event.data
    head = f"Event: {event.name}\r\nPrivilege: {event.classes}\r\nTimestamp: {at:.6f}\r\n"
    return encoded(head + lines(event.headers) + "\r\n")


def response_bytes(word: str, action_id: str | None, headers: Headers) -> bytes:
    """A response; `word` is Success, Error or Goodbye."""
    identity = f"ActionID: {action_id}\r\n" if action_id else ""
    return encoded(f"Response: {word}\r\n{identity}{lines(headers)}\r\n")


def _item(event: AmiEvent, action_id: str | None) -> str:
    if not action_id or any(name == "ActionID" for name, _ in event.headers):
        identity, last = "", False
    else:
        identity, last = f"ActionID: {action_id}\r\n", event.name in ACTION_ID_LAST
    body = lines(event.headers)
    return f"Event: {event.name}\r\n" + (body + identity if last else identity + body) + "\r\n"


def reply_bytes(reply: Reply, action_id: str | None) -> bytes:
    """A response with its list: items carry the ActionID, but no Privilege and no Timestamp."""
    head = response_bytes("Success" if reply.success else "Error", action_id, reply.headers)
    if not reply.events:
        return head
    return head + encoded("".join([_item(event, action_id) for event in reply.events]))


def parsed(message: bytes) -> tuple[tuple[str, str], ...]:
    """The header pairs of one message without its closing blank line; lines that are no header are left out."""
    return tuple(_pairs(message.split(b"\r\n")))


def _pairs(found: Iterable[bytes]) -> Iterable[tuple[str, str]]:
    for line in found:
        name, colon, value = line.partition(b":")
        if colon:
            yield decoded(name), decoded(value.removeprefix(b" "))
