"""One operation of the API as data, and the handler made of it: what a request says is read by its models first.

Nothing that was sent is said again in an error: it may hold a telephone number.
"""

import enum
import hashlib
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, Generic, TypeVar, get_origin

from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import BaseModel, ValidationError

from callcentre.store.results import Role
from callcentre.web.access import IDENTITY, Identity, allows
from callcentre.web.api.replies import KEY, KEY_PATTERN, MOST_LETTERS, REPLIES
from callcentre.web.api.shape import Shape
from callcentre.web.site import Site, site_of

PREFIX: Final = "/api/v1"
LARGEST_BODY: Final = 16_384

P = TypeVar("P", bound=Shape)
B = TypeVar("B", bound=Shape)


class KeyUse(enum.Enum):
    """Whether an operation takes an Idempotency-Key."""

    NONE = enum.auto()
    MAY = enum.auto()
    MUST = enum.auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked(Generic[P, B]):
    """A request that was read: who asks, its parameters (path and query) and its body."""

    request: web.Request
    params: P
    body: B
    key: str

    @property
    def site(self) -> Site:
        """What the pages stand on."""
        return site_of(self.request)

    @property
    def identity(self) -> Identity:
        """Who asks."""
        return self.request[IDENTITY]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation(Generic[P, B]):
    """A row of the API's table. `params` has a field for each part of `path` in braces, the others are of the query.

    `fails` are statuses it may answer beside those that follow from the rest. `rows` names the list whose rows say what
    stands in its path. A GET is answered with an ETag.
    """

    name: str
    method: str
    path: str
    summary: str
    role: Role
    scope: str
    params: type[P]
    body: type[B]
    reply: type[BaseModel]
    run: Callable[[Asked[P, B]], Awaitable[BaseModel | web.StreamResponse]]
    key: KeyUse = KeyUse.NONE
    content: str = "application/json"
    fails: tuple[int, ...] = ()
    rows: str = ""

    @property
    def in_path(self) -> frozenset[str]:
        """The names of its parameters that stand in the path."""
        return frozenset(name for name in self.params.model_fields if f"{{{name}}}" in self.path)

    @property
    def takes_body(self) -> bool:
        """Whether it reads a body."""
        return self.method == "POST"

    @property
    def needs_body(self) -> bool:
        """Whether something must be said in the body."""
        return any(field.is_required() for field in self.body.model_fields.values())

    @property
    def is_tagged(self) -> bool:
        """Whether its replies have an ETag."""
        return self.method == "GET" and self.content == "application/json"


AnyOperation = Operation[Any, Any]


def route(operation: AnyOperation) -> web.RouteDef:
    """The route of an operation."""
    # A stream has no head alone: what follows it would be read as the next answer on the connection.
    more = {"allow_head": False} if operation.content == "text/event-stream" else {}
    return web.route(operation.method, PREFIX + operation.path, _handler(operation), **more)


def _handler(operation: AnyOperation) -> Handler:
    @allows(operation.role, scope=operation.scope)
    async def handle(request: web.Request) -> web.StreamResponse:
        sent = await _body(request) if operation.takes_body else b""
        asked: Asked[Any, Any] = Asked(
            request=request,
            params=_params(operation, request),
            body=_read(operation, sent),
            key=_key(operation, request),
        )

        async def carried_out() -> web.StreamResponse:
            reply = await operation.run(asked)
            return reply if isinstance(reply, web.StreamResponse) else _answer(operation, request, reply)

        if not asked.key:
            return await carried_out()
        same = hashlib.sha256(f"{request.method} {request.path}\n".encode() + sent).digest()
        return await request.config_dict[REPLIES].first(asked.identity.account.name, asked.key, same, carried_out)

    return handle


def _answer(operation: AnyOperation, request: web.Request, reply: BaseModel) -> web.Response:
    body = reply.model_dump_json().encode()
    response = web.Response(body=body, content_type="application/json")
    if operation.is_tagged:
        tag = hashlib.sha256(body).hexdigest()[:32]
        known = request.if_none_match or ()
        if any(each.value in (tag, "*") for each in known):
            response = web.Response(status=HTTPStatus.NOT_MODIFIED)
        response.etag = tag
        response.headers["Cache-Control"] = "private, no-cache"
        response.headers["Vary"] = "Authorization, Cookie"
    return response


# --- reading ---------------------------------------------------------------------------------------------------------


def _params(operation: AnyOperation, request: web.Request) -> Shape:
    said: dict[str, object] = dict(request.match_info)
    for name in request.query:
        values = request.query.getall(name)
        field = operation.params.model_fields.get(name)
        if field is None or name in operation.in_path:
            raise web.HTTPUnprocessableEntity(text=_unknown(set(operation.params.model_fields) - operation.in_path))
        if get_origin(field.annotation) is list:
            said[name] = values
        elif len(values) == 1:
            said[name] = values[0]
        else:
            raise web.HTTPUnprocessableEntity(text=f"{name}: say it once")
    try:
        read: Shape = operation.params.model_validate(said)
    except ValidationError as error:
        if any(each["loc"][0] in operation.in_path for each in error.errors(include_input=False, include_url=False)):
            raise web.HTTPNotFound(text="there is nothing of that name") from None
        raise web.HTTPUnprocessableEntity(text=_wrong(error, operation.params)) from None
    return read


async def _body(request: web.Request) -> bytes:
    """What was sent; the door has read it already (web.forms), so that the stream itself is at its end."""
    size = request.content_length or 0
    sent = await request.read() if size <= LARGEST_BODY else b""
    if max(size, len(sent)) > LARGEST_BODY:
        raise web.HTTPRequestEntityTooLarge(
            LARGEST_BODY, max(size, len(sent)), text=f"a body has at most {LARGEST_BODY} bytes"
        )
    if sent and request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType(text="send JSON, with Content-Type: application/json")
    return sent


def _read(operation: AnyOperation, sent: bytes) -> Shape:
    try:
        read: Shape = operation.body.model_validate_json(sent or b"{}", strict=True)
    except ValidationError as error:
        if any(each["type"] == "json_invalid" for each in error.errors(include_input=False, include_url=False)):
            raise web.HTTPBadRequest(text="the body is no JSON") from None
        raise web.HTTPUnprocessableEntity(text=_wrong(error, operation.body)) from None
    return read


def _key(operation: AnyOperation, request: web.Request) -> str:
    key = request.headers.get(KEY)
    if operation.key is KeyUse.NONE or (key is None and operation.key is KeyUse.MAY):
        return ""
    if key is None:
        raise web.HTTPBadRequest(text=f"send a header {KEY}, a new one for each dial: sent again, nothing is dialled")
    if not re.fullmatch(KEY_PATTERN, key):
        raise web.HTTPBadRequest(text=f"{KEY}: 1 to {MOST_LETTERS} letters, digits and signs, no blanks")
    return key


def _wrong(error: ValidationError, model: type[BaseModel]) -> str:
    told = []
    for each in error.errors(include_input=False, include_url=False, include_context=False):
        if each["type"] == "extra_forbidden":
            told.append(_unknown(set(model.model_fields)))
            continue
        where = ".".join(str(part) for part in each["loc"]) or "body"
        told.append(f"{where}: {each['msg'].removeprefix('Value error, ')}")
    return "; ".join(dict.fromkeys(told))


def _unknown(names: set[str]) -> str:
    return f"unknown field; there are: {', '.join(sorted(names)) or 'none'}"
