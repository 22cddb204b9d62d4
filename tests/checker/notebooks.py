"""Small notebooks for tests: cells by kind, and files that hold them."""

from pathlib import Path

from checker.notebook.reader import Cell, Notebook
from checker.notebook.writer import render


def code(source, *tags, cell_id=None, **fields):
    return Cell(
        0, cell_id, "code", source, tags=tags, metadata={"tags": list(tags)} if tags else {}, **fields
    )


def markdown(source, *tags, cell_id=None):
    return Cell(0, cell_id, "markdown", source, tags=tags, metadata={"tags": list(tags)} if tags else {})


def notebook(*cells, path="03_isolate_the_database.ipynb", metadata=None):
    numbered = (
        Cell(number, cell.id or f"cell-{number}", cell.kind, cell.source, cell.outputs, cell.tags,
             cell.execution_count, cell.metadata)
        for number, cell in enumerate(cells, 1)
    )  # fmt: skip
    return Notebook(Path(path), tuple(numbered), metadata or {})


def save(folder, *cells, name="03_isolate_the_database.ipynb"):
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(render(notebook(*cells)))
    return path
