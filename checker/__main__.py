"""`python3 -m checker`, on a bare machine too: the standard library alone.

Until the version is checked, every line must be readable by Pythons that are too old, Python 2 among them.
"""

import os
import signal
import sys

OLDEST = (3, 11)


def too_old():
    """What to do with a Python that is too old: names a newer one on PATH if there is one."""
    newer = [
        "python3.%d" % minor
        for minor in range(19, OLDEST[1] - 1, -1)
        for folder in os.environ.get("PATH", "").split(os.pathsep)
        if os.access(os.path.join(folder, "python3.%d" % minor), os.X_OK)
    ]
    return "checker: Python %d.%d or newer is needed; this is %d.%d (%s).\n%s\n" % (
        OLDEST
        + sys.version_info[:2]
        + (
            sys.executable,
            "Run it as: %s -m checker %s" % (newer[0], " ".join(sys.argv[1:]))
            if newer
            else "Install one from https://www.python.org/downloads/ and run the same command with it.",
        )
    )


def main():
    """Set up what is missing, then run the command. Returns the exit code."""
    if sys.version_info < OLDEST:
        sys.stderr.write(too_old())
        return 2
    from checker.bootstrap import ensure_environment

    code = ensure_environment(sys.argv[1:])
    if code is not None:
        return code
    from checker.cli import main as run

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # who asks for an end gets a clean one, as by Ctrl+C
    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
