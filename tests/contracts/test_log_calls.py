"""Every log line of the product: a fixed event in words, and fields that are nothing of a person's."""

import ast
from functools import cache
from pathlib import Path

import callcentre

SOURCE = Path(callcentre.__file__).parent
PROGRAMS = frozenset({"__main__.py", "traces.py"})
METHODS = frozenset({"debug", "info", "warning", "error", "exception", "critical", "msg", "log"})
PERSONAL = frozenset(
    {
        *("caller", "callers", "number", "numbers", "telephone", "phone", "dial", "dialled", "direct_dial", "typed"),
        *(
            "did",
            "cid",
            "caller_id",
            "callerid",
            "name",
            "names",
            "full_name",
            "person",
            "who",
            "whom",
            "owner",
            "holder",
        ),
        *("email", "mail", "address", "addresses", "note", "notes", "why", "text", "summary", "about", "words", "said"),
        *("draft", "transcript", "wording", "subject", "body", "form", "query", "path", "url", "path_qs", "match_info"),
        *("headers", "cookies", "row", "rows", "task", "case", "call", "message", "incident", "request", "answer"),
        *("caller_name", "flags", "language", "needs", "password", "secret", "token", "code", "key", "config"),
    }
)
"""Names of values that hold, or may hold, a number, a name, somebody's words or a secret."""
ALLOWED = {
    ("app/__init__.py", "address"): "where the pages are served",
    ("ami/client.py", "address"): "where a PBX is, from the configuration",
    ("ami/actor.py", "address"): "where a PBX is, from the configuration",
    ("ami/link.py", "name"): "the name of an AMI action or event, bounded",
    ("notify/notifier.py", "about"): "a contact of the configuration, the kind of a notice, its PBX and line",
    ("notify/notifier.py", "words"): "what a far end said, through notify.answers.shown",
    ("notify/notifier.py", "answer"): "what a far end said, through notify.answers.shown",
    ("retaining.py", "rows"): "a count",
    ("staffing.py", "name"): "the name of a line of the configuration",
    ("sweeper.py", "words"): "what the system says of a folder",
    ("transcripts/drafting.py", "why"): "words of our own for what went wrong with a model",
    ("web/callers.py", "address"): "the machine that sends a header which only a proxy may send",
    ("web/server.py", "said"): "aiohttp's own words, cut before whom they are about",
}
"""What may be given to a log line all the same, by file and name, and why."""


def is_log(function: ast.expr) -> bool:
    """Whether a call is one of a log's methods."""
    if not isinstance(function, ast.Attribute) or function.attr not in METHODS:
        return False
    of = function.value
    name = of.attr if isinstance(of, ast.Attribute) else of.id if isinstance(of, ast.Name) else ""
    return name.strip("_") in {"log", "logger", "logging"}


@cache
def calls() -> tuple[tuple[str, ast.Call], ...]:
    """Each log line of the product, by its file."""
    return tuple(
        (file.relative_to(SOURCE).as_posix(), node)
        for file in sorted(SOURCE.rglob("*.py"))
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Call) and is_log(node.func)
    )


def names_in(value: ast.expr) -> set[str]:
    """The names that the value of a field ends in: of `len(rows)` none, of `task.caller` caller alone."""
    match value:
        case ast.Call(func=ast.Name(id="len" | "sum" | "type" | "mask" | "masked" | "any" | "all")):
            return set()
        case ast.Attribute(attr=name):
            return {name}
        case ast.Name(id=name):
            return {name}
        case ast.Compare() | ast.Constant():
            return set()
    return set().union(*(names_in(each) for each in ast.iter_child_nodes(value) if isinstance(each, ast.expr)))


def test_the_product_does_write_a_log() -> None:
    assert len(calls()) > 50
    assert {"loop.py", "notifier.py", "server.py"} <= {Path(file).name for file, _ in calls()}


def test_a_log_line_is_given_nothing_of_a_persons() -> None:
    wrong = []
    for file, call in calls():
        named = {name for each in call.keywords for name in {each.arg or "**"} | names_in(each.value)}
        wrong += [(file, call.lineno, name) for name in named & PERSONAL if (file, name) not in ALLOWED]
    assert wrong == [], "see ALLOWED"


def test_what_happened_is_told_in_fixed_words() -> None:
    """What varies is a field: an event that is put together could hold anything."""
    wrong = []
    for file, call in calls():
        assert len(call.args) == 1, "one event, all else by name"
        if not isinstance(call.args[0], ast.Constant | ast.Name):
            wrong.append((file, call.lineno, ast.unparse(call.args[0])))
    assert wrong == []


def test_nothing_is_allowed_that_is_not_there() -> None:
    used = {
        (file, name)
        for file, call in calls()
        for each in call.keywords
        for name in {each.arg or "**"} | names_in(each.value)
    }
    assert set(ALLOWED) <= used


def test_nothing_is_said_beside_the_log_but_by_commands() -> None:
    """A line that goes round the log is not masked."""
    beside = [
        (file.relative_to(SOURCE).as_posix(), node.lineno)
        for file in SOURCE.rglob("*.py")
        if "cli" not in file.relative_to(SOURCE).parts and file.name not in PROGRAMS
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if (isinstance(node, ast.Name) and node.id in {"print", "print_exc"})
        or (
            isinstance(node, ast.Attribute)
            and ast.unparse(node) in {"sys.stdout", "warnings.warn", "traceback.print_exc"}
        )
    ]
    assert beside == []
