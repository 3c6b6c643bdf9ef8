"""Somebody who types telephone numbers, names and secrets into every form and operation that the daemon serves.

What there is to fill in is read from the pages themselves, from the router and from the API's table of operations, so
that what is added later is tried as well.
"""

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from aiohttp import ClientSession, web

from callcentre.web import case_actions, task_actions
from callcentre.web.api.operations import PREFIX
from callcentre.web.api.routes import OPERATIONS
from tests.contracts.spellings import spelling

NUMBERS = ("7918364257", "1628394751")
"""UK numbers without their 0: a mobile and a house."""
FIRST, LAST, MAIL = "Zebediah", "Quillfeather", "zeb.quill@nowhere.example"
SAID = "thegoatateit"
_SPELLINGS = tuple(
    (head, groups, between)
    for head, groups, between in (
        ("0", (10,), ""),
        ("+44", (10,), ""),
        ("0044", (10,), ""),
        ("0", (4, 6), " "),
        ("+44 ", (4, 3, 3), " "),
        ("+44 (0)", (4, 6), " "),
        ("0", (4, 3, 3), "-"),
        ("0", (4, 6), "\u00a0"),
        ("tel:+44-", (4, 6), "-"),
        ("44", (10,), ""),
    )
)
_TIME = re.compile(r"_at$|^at$|when|since|until|from|^day$|_on$|month")
_MOST_PAGES = 45
_ENDS_IT = ("/logout", "/account/session", "/users/root")
_NO_PAGE = re.compile(r"[{.]|^/(?:api|static|metrics|-|events|recordings|login)|/events$")
_SEEN_ALREADY = re.compile(r"\d+|[0-9a-f]{8,}")


class Wordsmith:
    """Makes hostile values, each in another spelling than the one before."""

    def __init__(self) -> None:
        self._turns = itertools.cycle(itertools.product(NUMBERS, _SPELLINGS))

    def number(self, *, typed: bool = False) -> str:
        """A number in some spelling; `typed`: in one that a field for numbers takes."""
        while True:
            national, (head, groups, between) = next(self._turns)
            if not (typed and "tel" in head):
                return spelling(national, head, groups, between)

    def words(self) -> str:
        """What somebody might write."""
        return f"{FIRST} {LAST} {SAID} {self.number()} <{MAIL}>"

    def value(self, name: str, shown: str = "") -> str:
        """What to type into a field of this name, which shows `shown`."""
        if re.search(r"caller|number|dial|phone|search|^q$|^key$|message", name):
            return self.number(typed=True)
        if "mail" in name:
            return MAIL
        if name == "name" or "full_name" in name:
            return f"{FIRST} {LAST}"
        return shown if shown and _TIME.search(name) else self.words()


@dataclass
class Field:
    """One control of a form."""

    name: str
    kind: str
    value: str = ""
    choices: list[str] = field(default_factory=list)


@dataclass
class Form:
    """One form of a page."""

    method: str
    action: str
    fields: list[Field] = field(default_factory=list)


class Forms(HTMLParser):
    """The forms and links of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        at = {name: value or "" for name, value in attrs}
        if tag == "a":
            self.links.append(at.get("href", ""))
        elif tag == "form":
            self.forms.append(Form(at.get("method", "get").lower(), at.get("action", "")))
        elif self.forms and tag in {"input", "textarea", "select", "button"} and at.get("name"):
            kind = at.get("type", tag)
            self.forms[-1].fields.append(Field(at["name"], kind, at.get("value", "")))
        elif self.forms and tag == "option" and self.forms[-1].fields:
            self.forms[-1].fields[-1].choices.append(at.get("value", ""))


@dataclass(frozen=True)
class Answer:
    """What came back."""

    asked: str
    status: int
    kind: str
    text: str
    location: str


class Hostile:
    """Tries everything as an administrator; `answers` are all that came back."""

    def __init__(self, address: str, session: ClientSession, app: web.Application, csrf: str) -> None:
        self.address, self._session, self.csrf = address, session, csrf
        self._routes = [
            (route.method, route.resource.canonical)
            for route in app.router.routes()
            if route.resource is not None and route.method in {"GET", "POST"}
        ]
        self._smith = Wordsmith()
        self.answers: list[Answer] = []
        self.fields: set[str] = set()
        self.tried: set[tuple[str, str]] = set()

    async def ask(self, method: str, path: str, **more: Any) -> Answer:
        """Ask, and keep the answer; a stream is not waited for."""
        url = self.address + path
        more["headers"] = {"X-CSRF": self.csrf} | more.get("headers", {})
        async with self._session.request(method, url, allow_redirects=False, **more) as reply:
            stream = "event-stream" in reply.content_type
            text = "" if stream else (await reply.read()).decode("utf-8", "replace")
            got = Answer(f"{method} {path}", reply.status, reply.content_type, text, reply.headers.get("Location", ""))
            if stream:
                reply.close()
        self.answers.append(got)
        return got

    # --- pages -------------------------------------------------------------------------------------------------------

    async def everything(self) -> None:
        """Read pages, fill in what they ask, then ask every route for what it does not expect."""
        for form in await self._pages():
            for typed in self._filled(form):
                await self._send(form, typed)
        for method, path in self._routes:
            await self._route(method, path)
        await self._operations()

    async def _pages(self) -> list[Form]:
        ahead = [path for method, path in self._routes if method == "GET" and not _NO_PAGE.search(path)]
        seen, forms = set(ahead), dict[tuple[str, str, str], Form]()
        for path in itertools.islice(_taken(ahead), _MOST_PAGES):
            got = await self.ask("GET", path, headers={"Accept": "text/html"})
            found = Forms()
            found.feed(got.text if got.kind == "text/html" else "")
            for form in found.forms:
                action = form.action or path.partition("?")[0]
                form.action = action
                self.fields |= {one.name for one in form.fields}
                names = ",".join(sorted({one.name for one in form.fields}))
                forms.setdefault((form.method, _SEEN_ALREADY.sub("1", action), names), form)
            for link in [got.location, *found.links]:
                page, like = link.partition("#")[0], _SEEN_ALREADY.sub("1", link.partition("?")[0])
                if page.startswith("/") and not page.startswith(("/static", "/recordings")) and like not in seen:
                    seen.add(like)
                    ahead.append(page)
        return [form for form in forms.values() if not form.action.startswith(_ENDS_IT)]

    def _filled(self, form: Form) -> Iterator[dict[str, str]]:
        """As it is meant, but with words of ours; and all of it wrong."""
        meant, wrong = dict[str, str](), dict[str, str]()
        for one in form.fields:
            if one.kind in {"hidden", "submit"}:
                meant[one.name] = wrong[one.name] = one.value
                continue
            wrong[one.name] = self._smith.number()
            chosen = next((each for each in one.choices if each), "")
            if one.kind in {"checkbox", "radio"} or one.choices:
                meant.setdefault(one.name, chosen or one.value or "on")
            else:
                meant[one.name] = _OF_KIND.get(one.kind) or self._smith.value(one.name, one.value)
        return iter((meant, wrong))

    async def _send(self, form: Form, typed: dict[str, str]) -> None:
        how: dict[str, Any] = {"headers": {"Accept": "text/html"}}
        if form.method == "post":
            self.tried.add(("POST", form.action))
            how |= {"data": typed}
        else:
            how |= {"params": typed}
        await self.ask(form.method.upper(), form.action, **how)

    async def _route(self, method: str, path: str) -> None:
        """A route with things of the wrong kind in its address and its fields, as a browser and as a program."""
        if path.startswith(("/static", *_ENDS_IT)):
            return
        typed = {name: self._smith.value(name) for name in sorted(self.fields)}
        actions = _actions(path) if "{action}" in path else ("",)
        tries = [(True, known(path.replace("{action}", each))) for each in actions]
        tries.append((False, re.sub(r"{\w+}", lambda _found: self._smith.number(), path)))
        for is_page, at in tries:
            accept = "text/html" if is_page else "application/json"
            how: dict[str, Any] = {"headers": {"Accept": accept}}
            how |= {"data": typed} if method == "POST" else {"params": typed if is_page else {}}
            await self.ask(method, at, **how)

    # --- the API -----------------------------------------------------------------------------------------------------

    async def _operations(self) -> None:
        for each in OPERATIONS:
            at = PREFIX + known(each.path)
            if each.method == "GET":
                for name in sorted(set(each.params.model_fields) - each.in_path):
                    await self.ask("GET", at, params={name: self._smith.number()})
                continue
            schema = each.body.model_json_schema()
            for action in _values(schema, schema["properties"].get("action", {})) or [None]:
                body = {name: self._meant(schema, name) for name in schema["properties"]}
                await self.ask("POST", at, json=body if action is None else body | {"action": action})
            for name in schema["properties"]:
                told = {one: self._meant(schema, one) for one in schema.get("required", ())}
                await self.ask("POST", at, json=told | {name: self._smith.number()})
            await self.ask("POST", at, json={self._smith.number(): self._smith.words()})
            await self.ask("POST", at, data=self._smith.words(), headers=_JSON)
            await self.ask("POST", at, data="{}", headers=_JSON | {"Idempotency-Key": self._smith.number()})

    def _meant(self, schema: dict[str, Any], name: str) -> Any:
        """A value as the model of an operation's body wants it."""
        if name in _GIVEN:
            return _GIVEN[name]
        of = schema["properties"][name]
        if values := _values(schema, of):
            return values[0]
        kinds = {one.get("type"): one for one in (of, *of.get("anyOf", ()))}
        if "integer" in kinds:
            return 1
        if "boolean" in kinds:
            return True
        if "array" in kinds:
            return _values(schema, kinds["array"]["items"])[:1] or [self._smith.words()]
        if any(one.get("format") == "date-time" for one in kinds.values()):
            return "2026-11-24T14:00:00Z"
        return self._smith.value(name)


def known(path: str) -> str:
    """A path with what is there in it."""
    number = "4" if "/cases" in path else "9"
    return re.sub(r"{(\w+)}", lambda found: _KNOWN.get(found[1], number), path)


def _values(schema: dict[str, Any], of: dict[str, Any]) -> list[Any]:
    """What may be chosen for a property; nothing where it is free."""
    for one in (of, *of.get("anyOf", ())):
        named = schema.get("$defs", {}).get(one.get("$ref", "").rpartition("/")[2], one)
        if "enum" in named:
            return list(named["enum"])
    return []


def _taken(ahead: list[str]) -> Iterator[str]:
    """The pages of a list that grows meanwhile."""
    while ahead:
        yield ahead.pop(0)


def _actions(path: str) -> Sequence[str]:
    return tuple(task_actions.ACTIONS if path.startswith("/tasks") else case_actions.ACTIONS)


_OF_KIND = {"datetime-local": "2026-11-24T09:30", "date": "2026-11-24", "number": "1", "email": MAIL}
_JSON = {"Content-Type": "application/json"}
_GIVEN = {
    "line": "enquiries",
    "kind": "complaint",
    "channel": "letter",
    "stage": 2,
    "received_at": "2026-11-24T09:30:00Z",
    "direct_dial": "101",
    "category": "",
    "owner": "chief",
    "task": None,
    "call": None,
    "email": MAIL,
    "language": "cy",
    "call_at": "2026-11-25T10:00:00Z",
}
"""What a body needs to be taken, whatever else it says."""
_KNOWN = {
    "pbx": "lab",
    "line": "enquiries",
    "charter": "hct",
    "month": "2026-11",
    "form": "csv",
    "uniqueid": "1795370619.0",
    "action": "note",
}
