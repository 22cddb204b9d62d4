"""What requirements.txt pins, and whether an environment has it. Standard library only."""

import importlib.metadata
import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

PROJECT = "assert-await"


def pins(root: Path, names: list[str]) -> Iterator[tuple[str, str]]:
    """(name, version) of each `name[extra]==version` line of the files `names`."""
    for file in names:
        for line in (root / file).read_text(encoding="utf-8").splitlines():
            if match := re.match(r"([\w.-]+)(?:\[[^]]*\])?==([\w.!+]+)", line):
                yield match[1], match[2]


def lacking(root: Path, names: list[str], path: list[str]) -> Iterator[str]:
    """Each pinned package that is absent from `path` or has another version: `pytest 9.2.0 (has 8.3.5)`."""
    for name, version in pins(root, names):
        found = next(_distributions(name, path), None)
        if found is None:
            yield f"{name} {version}"
        elif found.version != version:
            yield f"{name} {version} (has {found.version})"
    # All of them: the build leaves an egg-info in the folder itself, which is found first.
    if not any(_is_editable_at(project, root) for project in _distributions(PROJECT, path)):
        yield "this folder itself (pip install -e .)"


def _distributions(name: str, path: list[str]) -> Iterator[importlib.metadata.Distribution]:
    return iter(importlib.metadata.distributions(name=name, path=path))


def _is_editable_at(project: importlib.metadata.Distribution, root: Path) -> bool:
    """An editable install of this very folder: that of another clone would run the other one's code."""
    origin = json.loads(project.read_text("direct_url.json") or "{}")
    here = unquote(root.as_uri())
    return bool(origin.get("dir_info", {}).get("editable")) and unquote(origin["url"]).rstrip("/") == here
