"""Grafana's own types, which it publishes as @grafana/schema, and TypeScript, which holds dashboards against them.

`python -m tests.grafana.schema` fetches both into a cache, each in one version that is known by its hash; the tests
only read them there.
"""

import base64
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

HOW: Final = "fetch Grafana's types with `python -m tests.grafana.schema` (needs npm and node)"
WANTED: Final[Mapping[str, Mapping[str, str]]] = json.loads(Path(__file__).with_name("schema.json").read_text("utf-8"))
PANELS: Final = {
    "bargauge": "bargauge/panelcfg/x/BarGaugePanelCfg",
    "heatmap": "heatmap/panelcfg/x/HeatmapPanelCfg",
    "stat": "stat/panelcfg/x/StatPanelCfg",
    "state-timeline": "statetimeline/panelcfg/x/StateTimelinePanelCfg",
    "table": "table/panelcfg/x/TablePanelCfg",
    "timeseries": "timeseries/panelcfg/x/TimeSeriesPanelCfg",
}
"""Where the types of each kind of panel are."""
_CUSTOM: Final = frozenset({"heatmap", "state-timeline", "table", "timeseries"})
"""Kinds that have settings of their own for each field."""

_OF_PROMETHEUS: Final = frozenset({"tagKeys", "textFormat", "titleFormat"})
"""What its data source reads of an annotation. Grafana leaves these out of the type, for data sources to add."""

_PREFACE: Final = """
import type * as grafana from '@grafana/schema';
// What a value of a type is once it is JSON: an enumeration is one of its values.
type Json<T> = T extends string ? `${T}`
  : T extends number ? (number extends T ? T : `${T}` extends `${infer N extends number}` ? N : never)
  : T extends boolean | null | undefined ? T
  : T extends readonly (infer E)[] ? Json<E>[]
  : T extends object ? { [K in keyof T]: Json<T[K]> }
  : T;
// What Grafana's data source for Prometheus reads of a query: its type is not among those published.
interface Query extends grafana.DataQuery {
  expr: string;
  instant?: boolean;
  range?: boolean;
  format?: 'time_series' | 'table' | 'heatmap';
  legendFormat?: string;
  interval?: string;
}
"""

_COMPILER: Final[Mapping[str, Any]] = {
    "noEmit": True,
    "strict": True,
    "skipLibCheck": True,
    "types": [],
    "module": "esnext",
    "moduleResolution": "bundler",
    "target": "es2022",
    "lib": ["es2022"],
}


class WrongFile(Exception):
    """What npm brought is not what schema.json names."""


def cached() -> Path:
    """Where both lie once they are fetched."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    versions = "-".join(WANTED[name]["version"] for name in sorted(WANTED))
    return Path(home) / "callcentre-grafana" / versions


def fetch() -> Path:
    """Fetch both if they are not there; raises WrongFile where a hash is another."""
    place = cached()
    if place.exists():
        return place
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        sys.exit("npm and node are needed; Debian's package is npm")
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="types-", dir=place.parent) as folder:
        for name, wanted in WANTED.items():
            _unpack(_packed(npm, name, wanted), Path(folder) / "node_modules" / name)
        (Path(folder) / "node_modules").rename(Path(folder) / "whole")
        place.mkdir(exist_ok=True)
        (Path(folder) / "whole").rename(place / "node_modules")
    return place


def _packed(npm: str, name: str, wanted: Mapping[str, str]) -> bytes:
    with tempfile.TemporaryDirectory(prefix="callcentre-npm-") as folder:
        command = [npm, "pack", "--silent", "--pack-destination", folder, f"{name}@{wanted['version']}"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=folder)
        packed = next(Path(folder).glob("*.tgz")).read_bytes()
    found = "sha512-" + base64.b64encode(hashlib.sha512(packed).digest()).decode()
    if found != wanted["integrity"]:
        raise WrongFile(f"npm's {name} {wanted['version']} has the hash {found}, not that of schema.json")
    return packed


def _unpack(packed: bytes, place: Path) -> None:
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        for member in archive:
            data = archive.extractfile(member) if member.isfile() else None
            inside = member.name.removeprefix("package/")
            if data is None or not inside.endswith((".d.ts", "package.json", "_tsc.js", "tsc.js")):
                continue
            target = place / inside
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data.read())


def complaints(dashboards: Mapping[str, Mapping[str, Any]], folder: Path) -> list[str]:
    """What TypeScript says of dashboards as Grafana's type, a line for each fault; `folder` is written to."""
    (folder / "node_modules").symlink_to(cached() / "node_modules")
    for name, dashboard in dashboards.items():
        (folder / f"{name}.ts").write_text(typed(dashboard), "utf-8")
    (folder / "tsconfig.json").write_text(json.dumps({"compilerOptions": _COMPILER, "include": ["*.ts"]}), "utf-8")
    compiler = cached() / "node_modules" / "typescript" / "lib" / "tsc.js"
    ran = subprocess.run(["node", str(compiler), "--pretty", "false"], capture_output=True, text=True, cwd=folder)
    said = ran.stdout.splitlines()
    if ran.returncode and not said:
        said = [ran.stderr or f"tsc ended with {ran.returncode}"]
    return said


def typed(dashboard: Mapping[str, Any]) -> str:
    """A dashboard as a program that is right only if each part of it is of Grafana's type."""
    lines = [_PREFACE]
    for kind, where in PANELS.items():
        named = kind.replace("-", "")
        path = f"@grafana/schema/dist/esm/raw/composable/{where}_types.gen"
        lines.append(f"import type * as {named} from '{path}';")
    frame = {key: value for key, value in dashboard.items() if key != "panels"}
    marks = [
        {key: value for key, value in each.items() if key not in _OF_PROMETHEUS and key != "target"}
        for each in frame["annotations"]["list"]
    ]
    frame["annotations"] = {**frame["annotations"], "list": marks}
    queries = [each["target"] for each in dashboard["annotations"]["list"]]
    queries += [query for panel in dashboard["panels"] for query in panel.get("targets", [])]
    lines.append(_is("queries", "Query[]", queries))
    lines.append(_is("frame", "grafana.Dashboard", frame))
    for place, panel in enumerate(dashboard["panels"]):
        if panel["type"] == "row":
            lines.append(_is(f"row{place}", "grafana.RowPanel", panel))
            continue
        lines.append(_is(f"panel{place}", "grafana.Panel", panel))
        kind = panel["type"].replace("-", "")
        lines.append(_is(f"options{place}", f"{kind}.Options", panel["options"]))
        if panel["type"] in _CUSTOM:
            lines.append(_is(f"custom{place}", f"{kind}.FieldConfig", panel["fieldConfig"]["defaults"]["custom"]))
    return "\n".join(lines)


def _is(name: str, kind: str, value: object) -> str:
    return f"export const {name}: Json<{kind}> =\n{json.dumps(value, indent=1)};"


if __name__ == "__main__":
    print(fetch())
