"""A virtual environment on top of this one, in which packages are installed as users do it."""

import os
import subprocess
import sys
import venv
from pathlib import Path

COMMANDS = {"pip": "pip", "pytest": "pytest", "deviator": "deviator.cli"}


def create(folder):
    """Make the environment; what is installed in it leaves this one alone.

    Returns
    -------
    dict
        Environment variables under which its commands come first.
    """
    venv.create(folder, with_pip=False, symlinks=True)
    site = next((folder / "lib").glob("python*")) / "site-packages"
    paths = [path for path in sys.path if path and Path(path).is_dir()]
    (site / "parent.pth").write_text("\n".join(paths) + "\n")
    for name, module in COMMANDS.items():
        script = folder / "bin" / name
        script.write_text(f'#!/bin/sh\nexec "{folder}/bin/python" -m {module} "$@"\n')
        script.chmod(0o755)
    changed = {
        "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "PIP_NO_BUILD_ISOLATION": "false",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_QUIET": "1",
    }
    left_out = ("PYTHONPATH", "COLUMNS")
    return {key: value for key, value in os.environ.items() if key not in left_out} | changed


def run(command, environment, folder, *, code=0):
    """Run a shell command and return what it printed."""
    result = subprocess.run(
        ["sh", "-c", command],
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert result.returncode == code, f"{command}\n{result.stdout[-3000:]}\n{result.stderr[-3000:]}"
    return result.stdout + result.stderr
