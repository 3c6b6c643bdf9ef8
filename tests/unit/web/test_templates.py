"""What holds for every template: forms that change something bear a token, and nothing runs or is styled inline."""

import re
from pathlib import Path

import pytest

import callcentre.web

TEMPLATES = sorted((Path(callcentre.web.__file__).parent / "templates").glob("*.html"))
_FORM = re.compile(r"<form\b[^>]*\bmethod=\"post\"[^>]*>.*?</form>", re.DOTALL | re.IGNORECASE)
_TOKEN = re.compile(r'name="csrf"|{{ hidden\(')
_MACRO = re.compile(r"{% macro hidden\(.*?{%-? endmacro", re.DOTALL)


@pytest.mark.parametrize("file", TEMPLATES, ids=lambda file: file.name)
def test_every_form_that_changes_something_bears_a_token(file: Path) -> None:
    for form in _FORM.findall(file.read_text("utf-8")):
        assert _TOKEN.search(form), form[:200]


@pytest.mark.parametrize("file", TEMPLATES, ids=lambda file: file.name)
def test_nothing_is_inline_that_the_policy_forbids(file: Path) -> None:
    text = file.read_text("utf-8")
    assert re.search(r"\bstyle=", text) is None
    assert re.search(r"<[^>]+\son[a-z]+=", text) is None
    assert re.search(r"<script(?![^>]*\bsrc=)", text) is None
    assert "https://" not in re.sub(r"{#.*?#}", "", text, flags=re.DOTALL)


def test_what_stands_in_forms_of_callbacks_has_the_token() -> None:
    found = [macro for file in TEMPLATES for macro in _MACRO.findall(file.read_text("utf-8"))]
    assert found
    assert all('name="csrf"' in macro for macro in found)
