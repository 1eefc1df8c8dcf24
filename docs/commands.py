"""Write the page of all commands from their help: python docs/commands.py writes commands.md."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from typer.main import get_command

from deviator.cli import app
from deviator.cli.help import help_page

PAGE = Path(__file__).parent / "commands.md"

WIDTH = 96
"""Characters of a line of the help pages."""

ABOUT = """# Commands

`deviator COMMAND -h` shows these pages, at the width of the terminal. `python -m deviator` is the
same command, for when the script is not on the path.

- **Results** go to standard output, and with `--json` as one JSON document and nothing else.
  Progress, with an estimate of the time left where there is one, goes to standard error.
- **Exit codes**: 0 for an answer, whatever it says; 1 where a check failed; 2 for bad input, with
  one sentence that explains it; 130 after Ctrl-C.
- **Short options** mean the same in every command: `-s` a parameter of the economy, `-m` a setting
  of the mechanism, `-h` help. Values are YAML: `-s n_traders=10`, `-s "slope=[1, 2, 3]"`. Other
  parts have long ones: `--strategy-set`, `--learner-set`, and `--set` for a study file's values.
- **Plugins** in a file: `--plugin my_auction.py`, or `my_auction.py:my-auction` as a name.
- **Width**: tables that do not fit are printed row by row. `COLUMNS` states a width for pipes,
  `NO_COLOR` turns colors off.
- **Completion**: `deviator --install-completion` adds it to your shell, names of mechanisms,
  economies, policies and learners included; `--show-completion` prints the script instead.

What the JSON documents hold:

| command | JSON |
|---|---|
"""

JSON: Mapping[str, str] = MappingProxyType(
    {
        "`audit`": ("the content of `report.json` ([audit.md](audit.md)), and `files`"),
        "`study`, `confirm`": (
            "`study`, `folder`, `rows` ([report.md](report.md)), `failures`, "
            "`failed_cells`, `notes`; with `--dry-run` `cells`, `failures`, `failed_cells`, "
            "`seconds_left`"
        ),
        "`train`, `evaluate`": (
            "`learned_gain`, `untrained_gain`, `exact_gain`, `best_gain`, `best_gain_kind`, "
            "`share`, `stopped`, `policy`, `unsaved`, `interrupted`, `changes`"
        ),
        "`list`": (
            "of each plugin `kind`, `name`, `provider`, `version`, `is_ready`, `state`, `about`, "
            "`parameters`"
        ),
        "`check`": (
            "of each plugin `plugin`, `passed`, `checks` (`check`, `status`, `ok`, `promise`, "
            "`detail`), `notes`, `problem`"
        ),
        "`assumptions`": (
            "`economy`, `checked`, `assumptions` (`name`, `statement`, `holds`, `verdict`, "
            "`witness`)"
        ),
        "`replicate`": (
            "of each statement `name`, `source`, `printed`, `corrected`, `state`, `discrepancy`, "
            "`printed_discrepancy`, `tolerance`, `computed`"
        ),
        "`power`": ("`market`, `sizes`, `broken`, `faults`, `rates`"),
        "`equilibrium`": (
            "`state`, `reason`, `epsilon`, `ex_post_epsilon`, `regret`, `curve`, and how it was "
            "learned"
        ),
        "`league`": ("all runs of the file, as its lines have them"),
        "`recheck`": ("of each file `file`, `state` (holds, wrong, unknown), `told`"),
        "`report`": ("`study`, `cells`, `failures`, `failed_cells`, `notes`, `written`"),
        "`export`": ("`written`"),
        "`query`, `compare`": ("a record for each row"),
        "`doctor`": ("of each subject `about`, `state` (fine, missing, broken), `told`"),
    }
)
"""What each command prints with --json."""


def page() -> str:
    """Return the page as it is published."""
    sections = [f"## {name}\n\n```text\n{text}\n```\n" for name, text in help_pages()]
    rows = "".join(f"| {commands} | {content} |\n" for commands, content in JSON.items())
    return "\n".join([f"{ABOUT}{rows}", *sections])


def help_pages(width: int = WIDTH) -> Iterator[tuple[str, str]]:
    """Yield the name and the help page of deviator and of each of its commands."""
    group = get_command(app)
    root = group.make_context("deviator", [], resilient_parsing=True)
    yield "deviator", help_page(group, root, width)
    for name, command in group.commands.items():
        context = command.make_context(name, [], parent=root, resilient_parsing=True)
        yield f"deviator {name}", help_page(command, context, width)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
