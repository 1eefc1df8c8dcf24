"""The tables of a study, column by column; ``docs/tables.md`` is written from here."""

from collections.abc import Mapping
from types import MappingProxyType

import pyarrow as pa

from .column import Column

CELL = Column("cell", "text", "the cell's name in words, the same whatever the budget")

ROWS = (
    CELL,
    Column("key", "text", "digest of the full specification: the same key, the same result"),
    Column("question", "text", "`deviation`, `audit`, `coalition` or `everyone`"),
    Column("constraint", "text", "of an audit, the constraint that the row is about"),
    Column("mechanism", "text", "the rule under test"),
    Column("economy", "text", "family of the economy, or of the beliefs"),
    Column("economy_label", "text", "the same with what tells it from others of the study"),
    Column("strategy", "text", "what all but the deviator follow"),
    Column("trader", "text", "who deviates: an index or a role"),
    Column("n_traders", "whole number", "market size N"),
    Column("sigma", "number", "slope of the quadratic tax"),
    Column("sigma_rule", "text", "`sigma-n` or `sigma-budget`, where a rule gives the slope"),
    Column("information", "text", "what the deviator sees"),
    Column("members", "whole number", "of a coalition, traders who deviate together"),
    Column("identities", "whole number", "of a coalition, names of one trader"),
    Column("transfers", "truth", "of a coalition, whether its members may pay each other"),
    Column("learner", "text", "who searched; `none` where nothing was trained"),
    Column("steps", "whole number", "bids of a training, at most"),
    Column("held_out", "whole number", "profiles on which gains are measured"),
    Column("n_seeds", "whole number", "trainings"),
    Column("state", "text", "`confirmed`, `refuted`, `undetermined` or `vacuous`"),
    Column("scope", "text", "of what the state speaks"),
    Column("reason", "text", "why, in a sentence"),
    Column("unit", "text", "what gains are measured in: `money` or `payoff`"),
    Column(
        "lower",
        "number",
        "largest mean gain whose witness was computed again; of an audit of another constraint "
        "than incentives its largest violation, as `worst` and `best_gain`",
    ),
    Column("cap", "number", "certified: no deviation gains more in expectation"),
    Column("worst", "number", "largest gain at one profile beyond rounding"),
    Column("epsilon", "number", "gains up to here count as 0"),
    Column("stakes", "number", "what trading is worth to the deviator"),
    Column("scale", "number", "first-best surplus per trader"),
    Column("honest_utility", "number", "mean utility of following the strategy"),
    Column("best_gain", "number", "mean gain of the best deviation known without learning"),
    Column("best_gain_kind", "text", "`exact`, or `searched`: a lower bound"),
    Column("exact_gain", "number", "mean gain of the best deviation where it is exact"),
    Column("untrained_gain", "number", "mean gain before learning"),
    Column("learned_gain", "number", "mean gain over held-out profiles and seeds"),
    Column("learned_gain_low", "number", "lower end of its 95% Student interval over seeds"),
    Column("learned_gain_high", "number", "upper end"),
    Column("learned_gain_max", "number", "largest gain at one held-out profile, any seed"),
    Column("training_gain_max", "number", "largest gain of a single bid in training"),
    Column("share", "number", "learned over best gain"),
    Column("share_low", "number", "lower end of its 95% Student interval over seeds"),
    Column("share_high", "number", "upper end"),
    Column("power", "number", "share that the same learner captured on the matched control"),
    Column("power_low", "number", "lower end of its 95% Student interval over seeds"),
    Column("power_high", "number", "upper end"),
    Column("control", "text", "cell of the matched control, where it was run"),
    Column("certificate", "text", "kind of the certificate behind the cap"),
    Column("plugins", "JSON", "kind, name, provider and version of everything that took part"),
)

SEEDS = (
    CELL,
    Column("seed", "whole number", "of the training"),
    Column("untrained_gain", "number", "mean gain before learning"),
    Column("learned_gain", "number", "mean gain over held-out profiles"),
    Column("learned_gain_max", "number", "largest gain at one held-out profile"),
    Column("training_gain_max", "number", "largest gain of a single bid in training"),
    Column("stopped", "text", "why training ended before its budget was spent"),
)

CURVES = (
    CELL,
    Column("seed", "whole number", "of the training"),
    Column("steps", "whole number", "bids so far"),
    Column("gain", "number", "mean gain on validation profiles"),
)

CONSTRAINTS = (
    CELL,
    Column("constraint", "text", "one of the five"),
    Column("state", "text", "`confirmed`, `refuted`, `undetermined` or `vacuous`"),
    Column("scope", "text", "of what the state speaks"),
    Column("worst", "number", "largest violation that was computed again"),
    Column("share", "number", "the same, relative to the gains from trade there"),
    Column("cap", "number", "certified: no violation is larger"),
    Column("reason", "text", "why, in a sentence"),
)

OUTCOMES = (
    CELL,
    Column("measure", "text", "what of honest play was measured"),
    Column("value", "number", "its mean over held-out profiles"),
    Column("error", "number", "standard error"),
)

RATES = (
    Column("measure", "text", "`gain` over stakes, `share`, or a measured outcome"),
    Column("economy", "text", "family of the economy, or of the beliefs"),
    Column("rule", "text", "the rule, and what tells this family of markets from others"),
    Column("sizes", "whole number", "market sizes that were fitted"),
    Column("smallest", "whole number", "the smallest of them"),
    Column("largest", "whole number", "the largest of them"),
    Column("exponent", "number", "power of N that the measure follows, by least squares"),
    Column("standard_error", "number", "of the exponent, from the residuals"),
    Column("exponent_low", "number", "lower end of its 95% Student interval"),
    Column("exponent_high", "number", "upper end"),
    Column("paper", "number", "the paper's exponent, where it states one"),
    Column("source", "text", "where the paper does"),
)

EQUILIBRIA = (
    CELL,
    Column("state", "text", "`equilibrium`, `starts disagree`, `not settled` or `no trade`"),
    Column("epsilon", "number", "largest gain from leaving, of the first-best gains per trader"),
    Column("ex_post_epsilon", "number", "the same for who knows the profile"),
    Column("from_strategy", "number", "distance of the bids to the market's own strategy"),
    Column("surplus", "number", "share of the first-best gains that is realised"),
    Column("budget", "number", "what the rule keeps on average, of the first-best gains"),
    Column("worst_budget", "number", "the least that it keeps at any profile"),
    Column("apart", "number", "distance between the ends of different starts"),
    Column("starts", "whole number", "random starts"),
    Column("learner", "text", "who learned"),
    Column("steps", "whole number", "of each start"),
)

COALITIONS = (
    CELL,
    Column("kind", "text", "`coalition` or `identities`"),
    Column("reach", "text", "how the gain is known: `exact`, `capped`, `unbounded`, `searched`"),
    Column("gain", "number", "mean gain together"),
    Column("cap", "number", "certified cap on it"),
    Column("lower", "number", "largest mean gain that was found, by whatever means"),
    Column("share", "number", "the same, of what is at stake"),
    Column("same_shape", "number", "of the best bids of the strategy's shapes"),
    Column("stakes", "number", "what trading is worth to them together"),
    Column("pays", "truth", "whether they gain more than counts as zero"),
    Column("profiles", "whole number", "over how many the means are"),
    Column("reason", "text", "why, in a sentence"),
)

WITNESSES = (
    CELL,
    Column("trader", "text", "who gains"),
    Column("gain", "number", "what the bid gains in the market of the witness"),
    Column("witness", "JSON", "market, bid and both outcomes: `deviator recheck` checks it again"),
)

FAILURES = (
    Column("label", "text", "folder of a cell that has no result, or the entry of the study"),
    Column("reason", "text", "why, in a sentence"),
)

SCHEMAS: Mapping[str, tuple[Column, ...]] = MappingProxyType(
    {
        "rows": ROWS,
        "seeds": SEEDS,
        "curves": CURVES,
        "constraints": CONSTRAINTS,
        "outcomes": OUTCOMES,
        "rates": RATES,
        "equilibria": EQUILIBRIA,
        "coalitions": COALITIONS,
        "witnesses": WITNESSES,
        "failures": FAILURES,
    }
)
"""Tables and their columns; `rows` has those of the swept parameters besides."""

PRINTED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "rows": (
            "mechanism",
            "economy_label",
            "n_traders",
            "information",
            "best_gain",
            "learned_gain",
            "share",
            "power",
            "cap",
            "state",
        ),
        "seeds": ("cell", "seed", "untrained_gain", "learned_gain", "learned_gain_max"),
        "curves": ("cell", "seed", "steps", "gain"),
        "constraints": ("cell", "constraint", "state", "scope", "worst", "cap"),
        "outcomes": ("cell", "measure", "value", "error"),
        "rates": ("measure", "economy", "rule", "exponent", "standard_error", "paper"),
        "equilibria": ("cell", "state", "epsilon", "ex_post_epsilon", "surplus", "budget"),
        "coalitions": ("cell", "kind", "reach", "lower", "cap", "share"),
        "witnesses": ("cell", "trader", "gain"),
        "failures": ("label", "reason"),
    }
)
"""Columns that fit onto a page: those of the tables in LaTeX."""

TELLING = (
    "question",
    "constraint",
    "strategy",
    "trader",
    "sigma",
    "members",
    "identities",
    "learner",
)
"""Columns of `rows` that stand in LaTeX, too, where rows differ in them."""

SWEPT = ("mechanism.", "strategy.")
"""What the names of swept parameters begin with that no other column of LaTeX tells."""


def printed_columns(name: str, table: pa.Table) -> list[str]:
    """Return the columns of a table in LaTeX: those that fit onto a page, and what rows differ in.

    Parameters
    ----------
    name : str
    table : pyarrow.Table
    """
    telling = [
        column
        for column in table.column_names
        if name == "rows" and (column in TELLING or column.startswith(SWEPT))
    ]
    differing = [column for column in telling if len(table[column].unique()) > 1]
    place = PRINTED[name].index("n_traders") if differing else 0
    return [*PRINTED[name][:place], *differing, *PRINTED[name][place:]]
