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
            Example("deviator list mechanism", "What there is to audit"),
            Example("deviator audit sigma-dcda --economy two-groups --sigma sigma-n", "An audit"),
            Example("deviator train -h", "What a command takes"),
        ),
        "audit": (
            Example(
                "deviator audit uniform-conditional --economy private-values -s n_traders=4",
                "Everybody in turn, in a market of four traders",
            ),
            Example(
                "deviator audit my_auction.py:discount-auction --economy private-values "
                "-m share=0.5 --learner gradient --steps 10000",
                "A rule of your own, with a learner beside the exact answers",
            ),
        ),
        "power": (
            Example(
                "deviator power sigma-dcda --economy private-values --sigma 0.5 --size 0.01",
                "Which faults of size 0.01 an audit catches",
            ),
        ),
        "study": (
            Example("deviator study my-study.yaml --dry-run", "Its cells, and how long they take"),
            Example(
                "deviator study my-study.yaml --set steps=1000 --set cells.0.sigma=[0.1,0.2]",
                "With other values than those of the file",
            ),
        ),
        "confirm": (Example("deviator confirm --quick", "Small budgets, little power"),),
        "report": (Example("deviator report runs/proposition3", "The page of a run, made again"),),
        "export": (
            Example(
                "deviator export runs/my-study --format latex --table rows",
                "The table of cells for a paper, in runs/my-study/export/rows.tex",
            ),
            Example(
                "deviator export runs/my-study --format stata --out data", "All tables for Stata"
            ),
        ),
        "schema": (
            Example("deviator schema", "What has a schema"),
            Example("deviator schema study > study.schema.json", "For an editor of study files"),
        ),
        "query": (
            Example(
                "deviator query runs/proposition3 "
                '"SELECT mechanism, n_traders, share FROM rows ORDER BY share"',
                "Some columns of the table of cells",
            ),
            Example(
                'deviator query runs/proposition3 "DESCRIBE rows" --json', "Its columns, as JSON"
            ),
        ),
        "compare": (
            Example("deviator compare runs/mine runs/mine-again", "Where two runs differ"),
        ),
        "replicate": (
            Example('deviator replicate "Proposition 5"', "One result of the paper"),
            Example("deviator replicate --report paper.html", "All of them, with a page"),
        ),
        "train": (
            Example(
                "deviator train naive-walrasian --economy private-values -s n_traders=4 "
                "--steps 20000",
                "One deviator in a market where deviating pays",
            ),
            Example(
                "deviator train sigma-dcda --economy two-groups --sigma sigma-n "
                "--learner gradient --learner-set hidden=[32] --seconds 5 --out mine",
                "With another learner, for 5 CPU seconds",
            ),
        ),
        "evaluate": (
            Example("deviator evaluate runs/policies/naive-walrasian-ppo-0001", "A saved policy"),
        ),
        "league": (
            Example(
                "deviator league naive-walrasian --learner gradient --traders 4 --seconds 5 "
                "--seeds 1 --out runs/league.jsonl",
                "One learner in one market",
            ),
        ),
        "equilibrium": (
            Example(
                "deviator equilibrium uniform-double-auction --economy private-values "
                "-s n_traders=4",
                "Four traders who all shade",
            ),
        ),
        "recheck": (
            Example(
                "deviator recheck runs/audit/certificate-budget_surplus.json",
                "A certificate that an audit wrote",
            ),
        ),
        "check": (
            Example("deviator check sigma-dcda", "A built-in rule"),
            Example(
                "deviator check my_auction.py -m share=1.0 --economy private-values -s n_traders=4",
                "A rule in a file with a setting of its own, in an economy",
            ),
        ),
        "new": (Example("deviator new mechanism my-auction", "A package to begin with"),),
        "assumptions": (
            Example("deviator assumptions two-groups -s beta=0.9", "Which of the paper's hold"),
        ),
        "list": (
            Example("deviator list", "Everything"),
            Example("deviator list learner --json", "The learners, as JSON"),
        ),
        "explore": (
            Example("deviator explore", "A page on this machine to look at markets"),
            Example(
                "deviator explore --plugin my_auction.py --replay runs/first",
                "With a rule of your own, and a training to replay",
            ),
        ),
        "doctor": (Example("deviator doctor", "What to send with a question"),),
    }
)
