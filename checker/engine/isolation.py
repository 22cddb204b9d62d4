"""The three tiers of isolation, and what each of them promises in a report.

*Own machine*: limits, an end for every process, a private folder. No promise against cheating. *Class*: a sandbox
around each trial, tried out by `checker.engine.probe` before anything is graded. *CI*: the same as class, on a runner.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields

OWN_MACHINE, CLASS, CI = "own machine", "class", "CI"
_OWN = "time, memory and file sizes are bounded; nothing here stops a cheat"
_PROVEN = (
    "files, network and other processes are out of reach; time, memory, processes, descriptors and space are bounded; "
    "nothing outlives its trial"
)


@dataclass(frozen=True)
class Facts:
    """What was tried from inside a sandbox and did not succeed; True is good. A field's text says what went wrong."""

    files_closed: bool
    network_closed: bool
    others_unseen: bool
    unprivileged: bool
    memory_bounded: bool
    processes_bounded: bool
    descriptors_bounded: bool
    space_bounded: bool
    daemons_end: bool

    @property
    def failed(self) -> tuple[str, ...]:
        """What was not contained, in words; empty when all was."""
        return tuple(WENT_WRONG[one.name] for one in fields(self) if not getattr(self, one.name))


WENT_WRONG: Mapping[str, str] = {
    "files_closed": "it read a file outside",
    "network_closed": "it reached a server outside",
    "others_unseen": "it saw a process outside",
    "unprivileged": "it has a privilege, or can get one",
    "memory_bounded": "it took more memory than the limit",
    "processes_bounded": "it made more processes than the limit",
    "descriptors_bounded": "it opened more files than the limit",
    "space_bounded": "it wrote more than its folder may hold",
    "daemons_end": "a process that it left behind lives on",
}


@dataclass(frozen=True)
class Isolation:
    """What an engine achieves. `facts` is None where nothing was tried.

    `unsafe`: isolation was wanted and is absent.
    """

    tier: str = OWN_MACHINE
    facts: Facts | None = None
    unsafe: bool = False

    @property
    def contained(self) -> bool:
        """Whether a stranger's code may run: everything tried was contained."""
        return self.facts is not None and not self.facts.failed

    @property
    def strangers(self) -> bool:
        """Whether what runs is a stranger's, who may wish to tell a bug from the program as it is."""
        return self.contained or self.unsafe

    @property
    def sentence(self) -> str:
        """One line for a report."""
        if self.contained:
            return f"{self.tier}, tried out: {_PROVEN}"
        return f"{self.tier}{', by --unsafe' if self.unsafe else ''}: {_OWN}"


def class_tier() -> str:
    """What a class run is called here."""
    return CI if os.environ.get("CI", "").lower() in ("1", "true") else CLASS
