"""The package list of pyproject.toml names every folder of code, and the two packages know nothing of each other."""

import tomllib
from importlib.metadata import entry_points
from pathlib import Path

ROOT = Path(__file__).parents[2]


def folders(root: Path, name: str) -> set[str]:
    with_code = {path.parent for path in root.rglob("*.py") if "__pycache__" not in path.parts}
    named = {folder for folder in root.rglob("*") if folder.name == "charters" and any(folder.glob("*.toml"))}
    return {".".join([name, *folder.relative_to(root).parts]) for folder in with_code | named}


def test_every_folder_of_code_is_installed() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    listed = set(project["tool"]["setuptools"]["packages"])
    assert (
        folders(ROOT / "src" / "callcentre", "callcentre") | folders(ROOT / "simulator", "callcentre_simulator")
        == listed
    )


def test_the_command_is_installed() -> None:
    (script,) = entry_points(group="console_scripts", name="callcentre-simulator")
    assert script.value == "callcentre_simulator.__main__:main"
