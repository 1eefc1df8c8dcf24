"""Write the list of all checks: python docs/checks.py writes docs/plugins/checks.md."""

from pathlib import Path

from deviator.plugins.conformance import all_checks

PAGE = Path(__file__).parent / "plugins" / "checks.md"

ABOUT = """# The checks of the kit

`deviator check NAME` or `deviator check FILE.py` runs those of the plugin's kind, and of a
mechanism those of its claims. A check that a plugin is known to fail can be waived in its class,
with the reason; a waived check that passes is an error, and a crash is never excused. Python has
them as `run_checks` and, for pytest, `parametrize_with_checks`, in
`deviator.plugins.conformance`. This page is written by `python docs/checks.py`.
"""


def page() -> str:
    """Return the page."""
    kinds: dict[str, list[str]] = {}
    for check in all_checks():
        claim = f" (claim `{check.claim}`)" if check.claim else ""
        kinds.setdefault(check.kind, []).append(f"| `{check.name}` | {check.promise}{claim} |")
    tables = (
        "\n".join([f"\n## Of every {kind}\n", "| check | promise |", "|---|---|", *rows])
        for kind, rows in kinds.items()
    )
    return ABOUT + "\n".join(tables) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
