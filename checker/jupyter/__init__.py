"""The project's JupyterLab defaults and its kernel, as folders that Jupyter searches first.

`jupyter_lab_config.json` configures the server, `labconfig/` sets the defaults of JupyterLab's settings
(a learner's own settings still win), `kernels/python3` is the Python that runs the checker.
"""

import os
from pathlib import Path

FOLDER = Path(__file__).parent


def jupyter_environment() -> dict[str, str]:
    """This process's environment, in which Jupyter finds the project's defaults and kernel first.

    A learner may have a kernel named python3 in the home folder, from another environment: `JUPYTER_PATH`
    is what Jupyter searches before it.
    """
    return os.environ | {name: _first(name) for name in ("JUPYTER_PATH", "JUPYTER_CONFIG_PATH")}


def _first(variable: str) -> str:
    return os.pathsep.join(filter(None, [str(FOLDER), os.environ.get(variable)]))
