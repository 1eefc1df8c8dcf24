"""Wheel and source distribution, built, installed and tried in clean environments.

`make matrix` runs every session below; `make matrix ARGS="-s newest-3.13"` runs one, and
`make matrix ARGS=--list` names them. Pythons that are not installed are skipped, and said to be.
uv installs, where it is there: its own variables (`UV_CONSTRAINT`, `UV_FIND_LINKS`) choose versions
and places, and pip's do not.
"""

import re
import shutil
import tomllib
from pathlib import Path

import nox

PYTHONS = ("3.11", "3.12", "3.13", "3.14")
OPTIONAL = ("plot", "recurrent", "large", "explore")
"""Extras of users; the others are for those who develop deviator."""

EXTRAS = {
    "plot": "matplotlib",
    "recurrent": "sb3_contrib",
    "large": "distributed",
    "explore": "marimo",
    "docs": "sphinx, myst_parser, furo, jupytext, latex2mathml",
    "bench": "pytest_benchmark",
    "matrix": "nox",
    "dev": "pytest, hypothesis, mypy",
}
"""Every extra, and what can be imported with it."""

LIBRARIES = {
    "torchrl": ("torchrl",),
    "tianshou": ("tianshou",),
    "optuna": ("optuna",),
    "sb3_contrib": ("sb3-contrib",),
    "cleanrl_style": (),
    "pandas_and_r": (),
}
"""Tests of interoperability, and what each needs beside deviator."""

ROOT = Path(__file__).parent
DISTRIBUTIONS = ROOT / "dist"
INSTALLED = ROOT / "tests" / "installed"

nox.options.default_venv_backend = "uv|virtualenv"
nox.options.stop_on_first_error = False
nox.options.download_python = "never"  # --download-python=auto fetches Pythons that are missing


@nox.session
def build(session: nox.Session) -> None:
    """Build the source distribution, and the wheel from it; check what an index would show."""
    shutil.rmtree(DISTRIBUTIONS, ignore_errors=True)
    session.install("build", "twine")
    session.run("python", "-m", "build", "--outdir", str(DISTRIBUTIONS))
    session.run("twine", "check", "--strict", *map(str, DISTRIBUTIONS.iterdir()))


@nox.session(python=PYTHONS[0], requires=["build"])
def oldest(session: nox.Session) -> None:
    """Try the wheel with the oldest libraries that pyproject.toml allows."""
    floors = Path(session.create_tmp()) / "floors.txt"
    floors.write_text("\n".join(_floors()) + "\n", encoding="utf-8")
    session.install("-r", str(floors), f"{_wheel()}[{','.join(OPTIONAL)}]")
    _try(session)


@nox.session(python=PYTHONS, requires=["build"])
def newest(session: nox.Session) -> None:
    """Try the wheel with the newest libraries that there are."""
    session.install("--upgrade", f"{_wheel()}[{','.join(OPTIONAL)}]")
    _try(session)


@nox.session(requires=["build"])
def sdist(session: nox.Session) -> None:
    """Try the source distribution."""
    session.install(str(next(DISTRIBUTIONS.glob("*.tar.gz"))))
    _try(session)


@nox.session(requires=["build"])
@nox.parametrize("extra", list(EXTRAS), ids=list(EXTRAS))
def extras(session: nox.Session, extra: str) -> None:
    """Install the wheel with one extra alone, and import what it brings."""
    session.install(f"{_wheel()}[{extra}]")
    session.run("python", "-c", f"import deviator, {EXTRAS[extra]}")


@nox.session(requires=["build"])
def typed(session: nox.Session) -> None:
    """Check the types of a program that uses the wheel, strictly."""
    session.install(_wheel(), "mypy", "pytest", "hypothesis")
    session.run("pytest", "-m", "slow", str(INSTALLED / "test_typed.py"))


@nox.session(requires=["build"])
@nox.parametrize("library", list(LIBRARIES), ids=list(LIBRARIES))
def interoperability(session: nox.Session, library: str) -> None:
    """Use the wheel together with another library."""
    session.install(_wheel(), "pytest", "hypothesis", *LIBRARIES[library])
    session.run("pytest", "-m", "slow", "-rs", f"tests/interoperability/test_{library}.py")


def _floors() -> list[str]:
    """Return every lower bound of pyproject.toml as an exact version."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    chosen = [project["optional-dependencies"][extra] for extra in OPTIONAL]
    needed = sum(chosen, start=project["dependencies"])
    return sorted({re.sub(r"^([\w.-]+)>=([\w.]+)$", r"\1==\2", each) for each in needed})


def _wheel() -> str:
    return str(next(DISTRIBUTIONS.glob("*.whl")))


def _try(session: nox.Session) -> None:
    session.run("python", str(INSTALLED / "smoke.py"), env={"OMP_NUM_THREADS": "1"})
