"""Where the next page of a list begins: opaque to whoever sends it back, and held against the list it is sent for."""

import base64
import binascii
import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from aiohttp import web

from callcentre.web.api.shape import Shape

_LONGEST: Final = 1_024

Place = Sequence[str | int | datetime]


def cursor(params: Shape, place: Place) -> str:
    """The cursor that begins after `place` in the list that `params` (without its page) describe."""
    told = [each.isoformat() if isinstance(each, datetime) else each for each in place]
    return base64.urlsafe_b64encode(json.dumps([_list(params), *told]).encode()).decode().rstrip("=")


def place(params: Shape, written: str, kinds: Sequence[type]) -> list[Any]:
    """The place of a cursor, of these kinds. Raises 404 for what is no cursor of this list."""
    try:
        return _read(params, written, kinds)
    except (ValueError, TypeError, RecursionError, binascii.Error):
        raise web.HTTPNotFound(text="there is no such page of this list; begin again without `cursor`") from None


def _read(params: Shape, written: str, kinds: Sequence[type]) -> list[Any]:
    if len(written) > _LONGEST:
        raise ValueError("too long")
    told = json.loads(base64.b64decode(written + "=" * (-len(written) % 4), altchars=b"-_", validate=True))
    of_list, *values = told
    if of_list != _list(params):
        raise ValueError("of another list")
    return [_value(value, kind) for value, kind in zip(values, kinds, strict=True)]


def _value(value: object, kind: type) -> str | int | datetime:
    if kind is datetime and isinstance(value, str):
        at = datetime.fromisoformat(value)
        if at.tzinfo is not None:
            return at
    if kind is str and isinstance(value, str):
        return value
    if kind is int and isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**31:
        return value
    raise ValueError("of another kind")


def _list(params: Shape) -> str:
    """A mark of the list: a cursor is no use for another, or with other filters."""
    told = params.model_dump_json(exclude={"cursor", "limit"})
    return hashlib.sha256(f"{type(params).__name__} {told}".encode()).hexdigest()[:12]
