"""The tree of pages: which page follows which.

Toctrees are added while pages are read, so that the Markdown has none and reads well elsewhere.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

Branch = tuple[str, Sequence[str]]
"""A caption, and pages; a pattern with * stands for all pages that match it, sorted."""

PAGES: Mapping[str, Sequence[Branch]] = MappingProxyType(
    {
        "index": (
            ("Start", ("for-economists", "for-rl", "explorer")),
            (
                "Tutorials",
                (
                    "tutorials/first-audit",
                    "tutorials/your-own-mechanism",
                    "tutorials/stable-baselines3",
                    "tutorials/pettingzoo",
                    "tutorials/everyone-learns",
                    "tutorials/robustness-study",
                    "tutorials/reading-a-verdict",
                ),
            ),
            ("How to", ("how-to/*", "cluster", "large-markets")),
            (
                "Reference",
                (
                    "reference/index",
                    "commands",
                    "study",
                    "tables",
                    "runs",
                    "schemas/*",
                ),
            ),
            (
                "Theory and evidence",
                ("theory/index", "glossary", "report", "audit", "proofs", "witnesses"),
            ),
            (
                "Subjects",
                (
                    "environments",
                    "training",
                    "default-learners",
                    "equilibria",
                    "coalitions",
                    "general-bids",
                    "backends",
                ),
            ),
            ("Plugins", ("plugins/README",)),
            (
                "Results",
                ("results", "studies/README", "limits", "league", "matrix", "benchmarks"),
            ),
            ("About", ("comparison", "*")),
        ),
        "theory/index": (
            (
                "",
                (
                    "theory/setup",
                    "theory/sigma-vcg",
                    "proposition-2",
                    "theory/examples",
                    "theory/auction",
                    "theory/other-taxes",
                    "theory/proofs-1-2",
                    "theory/proofs-examples-auction",
                    "theory/proofs-4-5",
                    "theory/discrete-units",
                    "theory/*",
                ),
            ),
        ),
        "reference/index": (
            (
                "",
                (
                    "reference/mechanisms",
                    "reference/economies",
                    "reference/environments",
                    "reference/learners",
                    "reference/policies",
                    "reference/api",
                ),
            ),
        ),
        "plugins/README": (("", ("plugins/*",)),),
        "studies/README": (("", ("studies/*",)),),
    }
)


def setup(app: Any) -> dict[str, bool]:
    """Add the toctrees when a page is read."""
    app.connect("source-read", _with_contents)
    app.connect("env-get-outdated", _read_again)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _read_again(app: Any, env: Any, added: set[str], changed: set[str], removed: set[str]) -> Any:
    """Return the pages with contents where pages came or went since the last build."""
    del app, changed
    return [page for page in PAGES if page in env.found_docs] if added or removed else []


def _with_contents(app: Any, page: str, source: list[str]) -> None:
    branches = PAGES.get(page, ())
    listed = _named(PAGES)
    found = sorted(app.env.found_docs)
    for caption, entries in branches:
        pages = [each for entry in entries for each in _matching(entry, found, page, listed)]
        if pages:
            source[0] += _toctree(caption, pages)


def _named(pages: Mapping[str, Sequence[Branch]]) -> set[str]:
    """Return the pages that are named one by one."""
    return {entry for each in pages.values() for _, entries in each for entry in entries}


def _matching(entry: str, found: Sequence[str], page: str, listed: set[str]) -> list[str]:
    """Return the pages that an entry stands for; none where a page is not there (yet)."""
    folder, _, last = entry.rpartition("/")
    if last != "*":
        return [entry] if entry in found else []
    beside = [each for each in found if each.rpartition("/")[0] == folder]
    return [each for each in beside if each not in listed and each != page and each != "index"]


def _toctree(caption: str, pages: Sequence[str]) -> str:
    named = f":caption: {caption}\n" if caption else ""
    lines = "\n".join(f"/{page}" for page in pages)
    return f"\n\n```{{toctree}}\n:hidden:\n{named}\n{lines}\n```\n"
