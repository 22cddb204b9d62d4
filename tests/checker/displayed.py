"""Hears what a magic displays."""

from types import ModuleType


def displayed(monkeypatch, module: ModuleType) -> list[str]:
    """Takes the place of the module's `display`: a list that each output joins, as plain text."""
    shown: list[str] = []
    monkeypatch.setattr(module, "display", lambda output: shown.append(output._repr_mimebundle_()["text/plain"]))
    return shown
