"""docs/reference/dashboards.md: every panel and what it answers, from the dashboards themselves."""

import textwrap
from collections.abc import Iterable, Mapping
from typing import Any, Final

_WIDTH: Final = 120
_PREFACE: Final = """\
# Dashboards

What each panel of the five dashboards in `grafana/dashboards/` answers. `python -m grafana.build` writes them and this
page from `grafana/panels/`; a test fails if they are stale. How to load them: [Grafana](../how-to/grafana.md). What
they ask is on the pages [Metrics](metrics.md) and [Rules and alerts](rules.md).

**On all of them**

- Choose the data source, PBXs and lines at the top. `callcentre` is the address of callcentre's own pages, for links.
- A click on a figure leads to another dashboard or to the calls and tasks behind it, on callcentre's own pages.
- Words stand beside every colour. "NOT KNOWN" means that nothing is known: it is never to be read as well.
- What is promised is read from the charters: as the dashed curve, or as the word beside the name ("BELOW 90 %"). Each
  line has a promise of its own, and a threshold of Grafana's belongs to a whole panel: so no threshold is fixed in a
  panel, and Prometheus compares line by line.
- Marks on every curve: unattended lines in core hours (red), a PBX out of sight (purple), a gap (orange).
- A bar or a heat map's column ends at its time: that of 10:00 counts from 9:30, if bars are of half an hour.
- Percentages in tiles are cut off, not rounded: 89.97 % is shown as 89.9 %.
"""


def page(dashboards: Iterable[Mapping[str, Any]]) -> str:
    """The whole page."""
    return "\n".join([_PREFACE, *("\n".join(_chapter(each)) for each in dashboards)])


def _chapter(dashboard: Mapping[str, Any]) -> Iterable[str]:
    yield f"## {dashboard['title'].removeprefix('callcentre: ').capitalize()}\n"
    yield _filled(f"`{dashboard['uid']}`. {dashboard['description']}") + "\n"
    for panel in dashboard["panels"]:
        if panel["type"] == "row":
            yield f"### {panel['title']}\n"
            continue
        links = panel["fieldConfig"]["defaults"]["links"]
        leads = f" *Leads to:* {', '.join(link['title'] for link in links)}." if links else ""
        title = panel["title"] if panel["title"].endswith("?") else f"{panel['title']}."
        yield _filled(f"**{title}** {panel['description']}{leads}") + "\n"


def _filled(text: str) -> str:
    return textwrap.fill(text, _WIDTH, break_long_words=False, break_on_hyphens=False)
