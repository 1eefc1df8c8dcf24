"""Studies of many cheap cells, run by the command line as a user would."""

import os
import subprocess
import sys
from pathlib import Path

import psutil

TEXT = """name: many
seeds: [0]
steps: 100
held_out: 100
learner: none
economies:
  groups: {{family: two-groups, n_traders: 4, alpha: 1.0, beta: 0.7, slope: 1.0}}
  private: {{family: private-values, n_traders: 4, alpha: 1.0, slope: 2.0}}
{plugins}cells:
  - {{mechanism: sigma-dcda, sigma: [{sigmas}], economy: groups}}
  - {{mechanism: uniform-conditional, economy: groups}}
{more}"""


def write_study(folder, cells=20, plugins=(), more=()):
    """Write a study of so many cells and some more, and return its path."""
    sigmas = ", ".join(f"{0.4 + number / 20_000:.5f}" for number in range(cells - 1))
    files = f"plugins: [{', '.join(plugins)}]\nlimit_s: 60\n" if plugins else ""
    entries = "".join(f"  - {entry}\n" for entry in more)
    path = Path(folder) / "study.yaml"
    path.write_text(TEXT.format(sigmas=sigmas, plugins=files, more=entries))
    return path


def start(study, out, *options, environment=None, **settings):
    """Start a run of a study, in a process group of its own."""
    command = [sys.executable, "-m", "deviator.cli", "study", str(study), "--out", str(out)]
    return subprocess.Popen(
        [*command, *map(str, options)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"OMP_NUM_THREADS": "1"} | (environment or {}),
        start_new_session=True,
        **settings,
    )


def run(study, out, *options, **settings):
    """Run a study to its end, and return its exit code and what it printed."""
    process = start(study, out, *options, **settings)
    printed, said = process.communicate()
    return process.returncode, printed.decode(), said.decode()


def finished(out):
    """Return when each finished cell of a run folder was written."""
    results = Path(out).glob("cells/[!.]*/result.json")
    return {path.parent.name: path.stat().st_mtime_ns for path in results}


def report_files(out):
    """Return what a run folder reports, by the names of its files."""
    folder = Path(out)
    files = [folder / "report.json", *folder.glob("tables/*"), *folder.glob("figures/*")]
    return {str(file.relative_to(folder)): file.read_bytes() for file in files}


def below(process):
    """Return the processes below one, that may end at any moment."""
    try:
        return psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []
