"""PDF is an extra: without it, or without the system's Pango, it is said what to install; nothing is ever loaded."""

import sys
from types import ModuleType
from typing import Any

import pytest

from callcentre.reports.pdf import NoPdf, pdf_of


class Printer(ModuleType):
    """What WeasyPrint is to the report."""

    def __init__(self) -> None:
        super().__init__("weasyprint")
        self.asked: dict[str, Any] = {}

    def HTML(self, **asked: Any) -> "Printer":  # noqa: N802  its name
        self.asked = asked
        return self

    def write_pdf(self) -> bytes:
        return b"%PDF-1.7"


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    with pytest.raises(NoPdf, match=r'pip install "callcentre\[pdf\]"'):
        pdf_of("<p>")


def test_without_pango_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_name: str) -> ModuleType:
        raise OSError("cannot load library 'libpango-1.0-0'\nand more")

    monkeypatch.setattr("callcentre.reports.pdf.importlib.import_module", broken)
    with pytest.raises(NoPdf, match=r"apt install libpango-1.0-0 .*It said: cannot load library 'libpango-1.0-0'$"):
        pdf_of("<p>")


def test_the_file_is_printed_and_nothing_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    printer = Printer()
    monkeypatch.setitem(sys.modules, "weasyprint", printer)
    assert pdf_of("<p>hello") == b"%PDF-1.7"
    assert printer.asked["string"] == "<p>hello"
    for url in ("https://example.org/x.png", "file:///etc/passwd"):
        with pytest.raises(ValueError, match="loads nothing"):
            printer.asked["url_fetcher"](url)
