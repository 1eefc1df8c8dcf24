"""Examples of every command, as its help page and docs/commands.md show them."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class Example(NamedTuple):
    """What somebody may type.

    Attributes
    ----------
    command : str
        A line for a shell.
    note : str
        What it is for.
    """

    command: str
    note: str


EXAMPLES: Mapping[str, tuple[Example, ...]] = MappingProxyType(
    {
        "deviator": (
            Example("deviator list mechanism", "Mechanisms to audit"),
            Example(
                "deviator audit sigma-dcda --economy two-groups --sigma sigma-n", "Audit a market"
            ),
            Example("deviator train -h", "Options of a command"),
        ),
        "audit": (
            Example(
                "deviator audit uniform-conditional --economy private-values -s n_traders=4",
                "Try every trader as the deviator, in a market of four",
            ),
            Example(
                "deviator audit my_auction.py:discount-auction --economy private-values "
                "-m share=0.5 --learner gradient --steps 10000",
                "Audit a rule of your own, with a learner beside the exact answers",
            ),
        ),
        "power": (
            Example(
                "deviator power sigma-dcda --economy private-values --sigma 0.5 --size 0.01",
                "See which faults of size 0.01 an audit catches",
            ),
        ),
        "study": (
            Example(
                "deviator study my-study.yaml --dry-run", "List its cells, and estimate the time"
            ),
            Example(
                "deviator study my-study.yaml --set steps=1000 --set cells.0.sigma=[0.1,0.2]",
                "Replace values of the file",
            ),
        ),
        "confirm": (
            Example(
                "deviator confirm --quick", "Run it with small budgets, which have little power"
            ),
        ),
        "report": (Example("deviator report runs/proposition3", "Make the page of a run again"),),
        "export": (
            Example(
                "deviator export runs/my-study --format latex --table rows",
                "Write the table of cells for a paper, runs/my-study/export/rows.tex",
            ),
            Example(
                "deviator export runs/my-study --format stata --out data",
                "Write all tables for Stata",
            ),
        ),
        "schema": (
            Example("deviator schema", "List the kinds of files"),
            Example(
                "deviator schema study > study.schema.json",
                "Save the schema of study files, for an editor",
            ),
        ),
        "query": (
            Example(
                "deviator query runs/proposition3 "
                '"SELECT mechanism, n_traders, share FROM rows ORDER BY share"',
                "Print some columns of the table of cells",
            ),
            Example(
                'deviator query runs/proposition3 "DESCRIBE rows" --json',
                "Print its columns as JSON",
            ),
        ),
        "compare": (
            Example("deviator compare runs/mine runs/mine-again", "See where two runs differ"),
        ),
        "replicate": (
            Example('deviator replicate "Proposition 5"', "Check one result of the paper"),
            Example(
                "deviator replicate --report paper.html", "Check all of them, and write a page"
            ),
        ),
        "train": (
            Example(
                "deviator train naive-walrasian --economy private-values -s n_traders=4 "
                "--steps 20000",
                "Train a deviator in a market where deviating pays",
            ),
            Example(
                "deviator train sigma-dcda --economy two-groups --sigma sigma-n "
                "--learner gradient --learner-set hidden=[32] --seconds 5 --out mine",
                "Use another learner, for 5 CPU seconds",
            ),
        ),
        "evaluate": (
            Example(
                "deviator evaluate runs/policies/naive-walrasian-ppo-0001",
                "Evaluate a saved policy",
            ),
        ),
        "league": (
            Example(
                "deviator league naive-walrasian --learner gradient --traders 4 --seconds 5 "
                "--seeds 1 --out runs/league.jsonl",
                "Train one learner in one market",
            ),
        ),
        "equilibrium": (
            Example(
                "deviator equilibrium uniform-double-auction --economy private-values "
                "-s n_traders=4",
                "Let four traders learn to shade",
            ),
        ),
        "recheck": (
            Example(
                "deviator recheck runs/audit/certificate-budget_surplus.json",
                "Recheck a certificate that an audit wrote",
            ),
        ),
        "check": (
            Example("deviator check sigma-dcda", "Check a built-in rule"),
            Example(
                "deviator check my_auction.py -m share=1.0 --economy private-values -s n_traders=4",
                "Check a rule in a file, with a setting of its own, in a chosen economy",
            ),
        ),
        "new": (Example("deviator new mechanism my-auction", "Start a package"),),
        "assumptions": (
            Example(
                "deviator assumptions two-groups -s beta=0.9",
                "See which of the paper's assumptions hold",
            ),
        ),
        "list": (
            Example("deviator list", "List everything"),
            Example("deviator list learner --json", "Print the learners as JSON"),
        ),
        "explore": (
            Example("deviator explore", "Open the page"),
            Example(
                "deviator explore --plugin my_auction.py --replay runs/first",
                "Add a rule of your own, and a training run to replay",
            ),
        ),
        "doctor": (Example("deviator doctor", "Print what to send with a question"),),
    }
)
