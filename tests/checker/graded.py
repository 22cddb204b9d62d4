"""Reads verdicts in tests of the grader."""


def results(verdict) -> dict[str, str]:
    """The result of each version, by name."""
    return {version.name: version.result for version in verdict.versions}


def findings(verdict) -> set[tuple[str, str, int]]:
    return {(finding.kind, finding.test, finding.line) for finding in verdict.findings}
