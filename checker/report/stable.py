"""Text without what differs from one run to the next, so that a stored output can be compared."""

from __future__ import annotations

import re
import tempfile

# A path begins where a word does: elsewhere a long text would be searched once for each of its characters.
_UNSTABLE = (
    # What pytest says of the machine at its head, and pytest-cov above its report.
    (re.compile(r"^ *(?:platform |cachedir: |rootdir: |inifile: |configfile: |testpaths: |plugins: ).*\n", re.M), ""),
    (re.compile(r"^(?:asyncio: mode=|_+ coverage: platform ).*\n", re.M), ""),
    # The width of pytest's last line changes with the time that it names.
    (re.compile(r"^=+ (.+) in [\d.]+s(?: \([\d:]+\))? =+$", re.M), r"\1"),
    # Before other folders: the libraries may be installed below the temporary one.
    (re.compile(r"([/\\](?:site-packages|lib[/\\]python3\.\d+)[/\\][^\s'\":]+\.py):\d+(?=:)"), r"\1"),
    (re.compile(r"(?<![^\s'\"(])[^\s'\"(]*[/\\](?:site-packages|lib[/\\]python3\.\d+)[/\\]"), ""),
    (re.compile(r"(?<![^\s'\"(])[^\s'\"(]*[/\\]pytest-of-[^/\\]+[/\\]pytest-\d+[/\\][^/\\\s'\"]+[/\\]?"), "…/"),
    (re.compile(re.escape(tempfile.gettempdir()) + r"[/\\](?:[^\s'\"/\\]+[/\\])*"), "…/"),
    (re.compile(r" at 0x[0-9A-Fa-f]+"), ""),
    (re.compile(r"\b0x[0-9A-Fa-f]{6,}"), "0x…"),
    (re.compile(r"\bTask-\d+"), "Task-N"),
    (re.compile(r"\b\d+\.\d+s(?=\s|$)"), "…s"),
    (re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), "…"),
)


def stable(text: str) -> str:
    """`text` without what differs: addresses, task numbers, durations, temporary and installed paths, the machine."""
    for pattern, replacement in _UNSTABLE:
        text = pattern.sub(replacement, text)
    return text
