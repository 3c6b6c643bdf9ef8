"""A report as PDF, by WeasyPrint: the extra `pdf`. Without it, or without the system's Pango, it is said what to do."""

import importlib
import logging

from callcentre.core.errors import CallcentreError


class NoPdf(CallcentreError):
    """A PDF cannot be made here. The message says what to install."""


def pdf_of(html: str) -> bytes:
    """Print one file of HTML. Blocking, for seconds. Raises NoPdf; nothing is loaded from anywhere."""
    try:
        weasyprint = importlib.import_module("weasyprint")
    except ImportError:
        raise NoPdf('a PDF needs WeasyPrint: pip install "callcentre[pdf]" (HTML, CSV and JSON need nothing)') from None
    except OSError as error:
        raise NoPdf(
            f"WeasyPrint is there, but the system's Pango is not: install it (Debian: apt install libpango-1.0-0 "
            f"libpangoft2-1.0-0 libharfbuzz-subset0). It said: {str(error).splitlines()[0][:120]}"
        ) from None

    def nothing(url: str, *_given: object, **_more: object) -> dict[str, object]:
        raise ValueError(f"a report loads nothing ({url[:80]})")

    # It warns of each rule that is for screens alone.
    logging.getLogger("weasyprint").setLevel(logging.ERROR)
    made: bytes = weasyprint.HTML(string=html, url_fetcher=nothing).write_pdf()
    return made
