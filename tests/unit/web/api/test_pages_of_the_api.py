"""The page of the API and its table say the same; what the how-to tells to type works."""

import asyncio
import json
import re
import shutil
from pathlib import Path

import pytest

from callcentre.core.requests import TaskAction
from callcentre.web.api.events import SHAPES
from callcentre.web.api.openapi import PROBLEMS
from callcentre.web.api.operations import AnyOperation
from callcentre.web.api.routes import OPERATIONS
from callcentre.web.identity import SCOPES
from tests.unit.web.api.working import working

DOCS = Path(__file__).parents[4] / "docs"
PAGE = (DOCS / "reference" / "api.md").read_text("utf-8")
HOW_TO = (DOCS / "how-to" / "use-the-api.md").read_text("utf-8")
STEPS = {action.value.replace("_", "-") for action in TaskAction}
ALL_STEPS = "POST /tasks/{pbx}/{number}/STEP"


def title(operation: AnyOperation) -> str:
    """What the page calls an operation; the steps of tasks are one."""
    path, _, last = operation.path.rpartition("/")
    return f"{operation.method} {path}/STEP" if last in STEPS else f"{operation.method} {operation.path}"


def section(heading: str) -> str:
    """What stands under a heading of the page."""
    _, _, rest = PAGE.partition(f"### `{heading}`\n")
    assert rest, heading
    return re.split(r"^##", rest, maxsplit=1, flags=re.MULTILINE)[0]


def cells(text: str, column: int) -> list[list[str]]:
    """The words in backticks in one column of all tables of `text`, row by row."""
    rows = [line.split("|") for line in text.splitlines() if line.startswith("|")]
    return [re.findall(r"`([^`]+)`", row[column]) for row in rows]


def test_the_page_lists_every_operation_with_its_role_and_scope() -> None:
    rows = [[name.strip("` ") for name in line.split("|")[1:4]] for line in PAGE.splitlines() if line.startswith("| `")]
    told = {(operation, role, scope) for operation, role, scope in rows if operation.startswith(("GET", "POST"))}
    assert told == {(title(each), each.role.value, each.scope) for each in OPERATIONS}
    assert {scope for _, _, scope in told} == set(SCOPES)
    assert set(re.findall(r"^### `([^`]+)`$", PAGE, re.MULTILINE)) == {title(each) for each in OPERATIONS}


@pytest.mark.parametrize("operation", [each for each in OPERATIONS if title(each) != ALL_STEPS], ids=lambda e: e.name)
def test_the_page_names_every_parameter_and_field(operation: AnyOperation) -> None:
    wanted = set(operation.params.model_fields) - operation.in_path | set(operation.body.model_fields)
    told = {name for row in cells(section(title(operation)), 1) for name in row}
    assert told - (set(SHAPES) - wanted) - {"behind"} == wanted


def test_the_page_names_every_step_and_its_fields() -> None:
    table = section(ALL_STEPS)
    told = dict(zip([row[0] for row in cells(table, 1) if row], cells(table, 2)[2:], strict=True))
    steps = {each.path.rpartition("/")[2]: each for each in OPERATIONS if title(each) == ALL_STEPS}
    assert {name: set(fields) for name, fields in told.items()} == {
        name: set(each.body.model_fields) - {"why"} for name, each in steps.items()
    }


def test_the_page_names_every_key_of_every_reply() -> None:
    others = [DOCS / "reference" / f"{name}.md" for name in ("lists-as-json", "replay-output")]
    pages = PAGE + "".join(page.read_text("utf-8") for page in others)
    replies = [each.reply for each in OPERATIONS if each.content == "application/json"] + list(SHAPES.values())
    schemas = [reply.model_json_schema(mode="serialization", by_alias=False) for reply in replies]
    whole = [each for schema in schemas for each in (schema, *schema.get("$defs", {}).values())]
    keys = {key for schema in whole for key in schema.get("properties", {})}
    assert sorted(keys - set(re.findall(r"[a-z_]+", " ".join(re.findall(r"`[^`\n]+`", pages))))) == []


def test_the_page_names_every_status() -> None:
    rows = [line.split("|")[1] for line in PAGE.splitlines() if re.match(r"\| \d", line)]
    assert {int(code) for row in rows for code in re.findall(r"\d{3}", row)} == {*PROBLEMS, 405}


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
async def test_what_the_how_to_says_can_be_typed(tmp_path: Path) -> None:
    blocks = re.findall(r"^```sh\n(.*?)^```", HOW_TO, re.MULTILINE | re.DOTALL)
    # A line's end after each reply, where it is not kept by the commands themselves.
    script = 'set -eu\ncurl() { command curl "$@"; echo >&2; }\n' + "\n".join(blocks)
    async with working(tmp_path) as api:
        process = await asyncio.create_subprocess_exec(
            *("sh", "-c", script),
            cwd=tmp_path,
            env={"PATH": "/usr/local/bin:/usr/bin:/bin", "URL": api.url, "TOKEN": "crm:supervisor:*"},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await process.communicate()
    text = said.decode()
    assert process.returncode == 0, text
    replies = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    assert [len(reply.get("tasks", ())) for reply in replies if "tasks" in reply] == [2]
    notes = [reply for reply in replies if "done" in reply and reply["done"][0]["step"] == "noted"]
    assert len(notes) == 2
    assert notes[0] == notes[1], "sent again, it is not done again"
    assert "\n304\n" in text
    assert replies[-1]["status"] == 409
