"""The OpenAPI 3.1 document: made of the same table and models as the handlers, so that it cannot say otherwise."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from callcentre.web.api.events import SHAPES
from callcentre.web.api.operations import PREFIX, AnyOperation, KeyUse
from callcentre.web.api.replies import KEY, KEY_PATTERN
from callcentre.web.api.shape import Problem
from callcentre.web.identity import SCOPES

Json = dict[str, Any]

PROBLEMS: Final[Mapping[int, str]] = {
    400: "the body is no JSON, or a header is missing",
    401: "nobody is logged in: send a token, or a session's cookie",
    403: "this account or token may not do that",
    404: "there is no such thing, or no such page of the list",
    409: "that cannot be done now; `detail` says why, and what to do instead",
    413: "the body is too large",
    415: "the body is not application/json",
    422: "a field is wrong or unknown; `detail` names it",
    429: "too many streams are open with this account",
    503: "callcentre is starting or stopping, or its database is away; try again",
}
_REF: Final = "#/components/schemas/{model}"


def document(operations: Sequence[AnyOperation], version: str) -> Json:
    """The document of `operations`."""
    schemas, parameters = _schemas(operations)
    paths: Json = {}
    for operation in operations:
        described = _described(operation, parameters)
        if links := _links(operation, operations):
            described["responses"]["200"]["links"] = links
        paths.setdefault(PREFIX + operation.path, {})[operation.method.lower()] = described
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "callcentre",
            "version": version,
            "summary": "Calls, callback tasks, attendance and figures of an office's telephones",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": {_problem(status): _response(words) for status, words in PROBLEMS.items()},
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": _scopes()},
            },
        },
    }


def _scopes() -> str:
    return "A token of an account. Scopes: " + "; ".join(f"`{name}`: {words}" for name, words in SCOPES.items())


def _schemas(operations: Sequence[AnyOperation]) -> tuple[Json, Mapping[type[BaseModel], Json]]:
    """The schemas of bodies and replies by name, and those of parameters by model."""
    params = {operation.params: None for operation in operations}
    wanted: dict[tuple[type[BaseModel], JsonSchemaMode], None] = {}
    for operation in operations:
        wanted[operation.params, "validation"] = None
        if operation.takes_body:
            wanted[operation.body, "validation"] = None
        if operation.content == "application/json":
            wanted[operation.reply, "serialization"] = None
    told_of: tuple[type[BaseModel], ...] = (*SHAPES.values(), Problem)
    wanted |= {(shape, "serialization"): None for shape in told_of}
    _, told = models_json_schema(list(wanted), ref_template=_REF)
    defined: Json = {name: _plain(_without_code(schema)) for name, schema in told["$defs"].items()}
    return (
        {name: schema for name, schema in defined.items() if name not in {model.__name__ for model in params}},
        {model: defined[model.__name__] for model in params},
    )


def _without_code(schema: Json) -> Json:
    """Without the words of an enumeration, which are for who reads the code."""
    return {key: value for key, value in schema.items() if key != "description" or "enum" not in schema}


def _plain(schema: Any) -> Any:
    """Without the titles that pydantic adds and that say nothing."""
    if isinstance(schema, list):
        return [_plain(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    left = {"title"} if isinstance(schema.get("title"), str) else set()
    return {key: _plain(value) for key, value in schema.items() if key not in left}


def _described(operation: AnyOperation, parameters: Mapping[type[BaseModel], Json]) -> Json:
    told: Json = {
        "operationId": operation.name,
        "summary": operation.summary,
        "tags": [operation.path.split("/")[1]],
        "security": [{"token": [operation.scope]}],
        "parameters": [
            *(_parameter(operation, name, schema) for name, schema in _fields(parameters[operation.params])),
            *_header(operation),
        ],
        "responses": {"200": _reply(operation), **_fails(operation)},
    }
    if operation.takes_body:
        content = {"application/json": {"schema": {"$ref": _REF.format(model=operation.body.__name__)}}}
        told["requestBody"] = {"required": operation.needs_body, "content": content}
    return told


def _fields(schema: Json) -> list[tuple[str, Json]]:
    return list(schema.get("properties", {}).items())


def _parameter(operation: AnyOperation, name: str, schema: Json) -> Json:
    """A parameter of the path or the query. What is not said has no null there: it is left out."""
    plain = {key: value for key, value in schema.items() if key != "description"}
    if "anyOf" in plain:
        (one,) = (each for each in plain.pop("anyOf") if each != {"type": "null"})
        plain = {**one, **plain}
    if plain.get("default", "") in (None, []):
        del plain["default"]
    where = "path" if name in operation.in_path else "query"
    return {
        "name": name,
        "in": where,
        "required": where == "path",
        "description": schema["description"],
        "schema": plain,
    }


def _header(operation: AnyOperation) -> list[Json]:
    headers = []
    if operation.key is not KeyUse.NONE:
        headers.append(
            {
                "name": KEY,
                "in": "header",
                "required": operation.key is KeyUse.MUST,
                "description": "names this request: sent again, it is not done again, and the first reply is given",
                "schema": {"type": "string", "pattern": KEY_PATTERN},
            }
        )
    if operation.is_tagged:
        headers.append(
            {
                "name": "If-None-Match",
                "in": "header",
                "required": False,
                "description": "an ETag of an earlier reply: 304 if nothing changed",
                "schema": {"type": "string"},
            }
        )
    return headers


def _reply(operation: AnyOperation) -> Json:
    if operation.content != "application/json":
        words = f"events named {', '.join(SHAPES)}, each with the schema of its data; `behind` ends a stream"
        return {"description": words, "content": {operation.content: {"schema": {"type": "string"}}}}
    content = {operation.content: {"schema": {"$ref": _REF.format(model=operation.reply.__name__)}}}
    told: Json = {"description": operation.reply.__doc__ or operation.summary, "content": content}
    if operation.is_tagged:
        told["headers"] = {"ETag": {"required": True, "schema": {"type": "string"}}}
    return told


def _links(operation: AnyOperation, operations: Sequence[AnyOperation]) -> Json:
    """What can be done with a row of a list's reply."""
    if not operation.name.startswith("list"):
        return {}
    return {
        other.name: {
            "operationId": other.name,
            "parameters": {f"path.{name}": f"$response.body#/{other.rows}/0/{name}" for name in sorted(other.in_path)},
        }
        for other in operations
        if other.rows and other.rows in operation.reply.model_fields
    }


def _fails(operation: AnyOperation) -> Json:
    statuses = {401, 403, 422, 503, *operation.fails}
    if operation.takes_body:
        statuses |= {400, 413, 415}
    told: Json = {str(status): {"$ref": f"#/components/responses/{_problem(status)}"} for status in sorted(statuses)}
    if operation.is_tagged:
        told["304"] = {"description": "nothing changed"}
    return dict(sorted(told.items()))


def _problem(status: int) -> str:
    return f"Problem{status}"


def _response(words: str) -> Json:
    schema = {"$ref": _REF.format(model=Problem.__name__)}
    return {"description": words, "content": {"application/problem+json": {"schema": schema}}}
