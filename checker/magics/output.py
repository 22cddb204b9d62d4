"""One output of a magic, as HTML or Markdown for a notebook and as text for everything else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape

from IPython.display import DisplayHandle, display

from checker.report.html import framed, prose_block


@dataclass(frozen=True)
class Output:
    """What `display` shows; a front end takes the richest form that it knows."""

    text: str
    forms: Mapping[str, str] = field(default_factory=dict)

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict[str, str]:
        return {"text/plain": self.text, **self.forms}


def html_output(text: str, html: str) -> Output:
    """An output for front ends that show HTML."""
    return Output(text, {"text/html": html})


def markdown_output(text: str, markdown: str) -> Output:
    """An output for front ends that show Markdown: they colour code in their own theme."""
    return Output(text, {"text/markdown": markdown})


def sentence(text: str) -> Output:
    """A plain message."""
    return html_output(text, framed(prose_block(text)))


def preformatted(text: str) -> Output:
    """A message whose lines must stay as they are."""
    return html_output(text, framed(f"<pre>{escape(text)}</pre>"))


class Live:
    """An output that changes while somebody watches, and is then saved once, as it is at the end.

    Somebody watches where the client can be asked for input, as a notebook's can. A run from top to bottom
    (nbval, nbconvert) and a terminal get the end alone: the first would compare what was first shown, the
    other would print it all.
    """

    def __init__(self, shell) -> None:
        self._watched = _is_watched(shell)
        self._handle: DisplayHandle | None = None
        self._last: Output | None = None

    def show(self, output: Output) -> None:
        """Show how far it is."""
        if self._watched and output != self._last:
            self._put(output)

    def end(self, output: Output) -> None:
        """Show what is kept."""
        if self._watched:
            self._put(output)
        else:
            display(output)

    def _put(self, output: Output) -> None:
        self._last = output
        if self._handle is None:
            self._handle = display(output, display_id=True)
        else:
            self._handle.update(output)


def _is_watched(shell) -> bool:
    kernel = getattr(shell, "kernel", None)
    request = kernel.get_parent("shell") if kernel is not None else {}
    return bool(request.get("content", {}).get("allow_stdin"))
