"""What each column of a report's tables means, in a sentence."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

VERDICTS: Mapping[str, str] = MappingProxyType(
    {
        "mechanism": "The market rule under test, with its settings.",
        "economy": "Who trades: the family of economies, and the settings that set this one apart.",
        "strategy": "The strategy that all traders but the deviator follow.",
        "who": "The deviator: an index, or a role in the economy.",
        "N": "Number of traders.",
        "sigma": "Slope of the quadratic tax; empty for rules without one.",
        "sees": "What the deviator knows: the whole profile of types, their own type, or less.",
        "asks": "What the row is about: one trader's deviation, an audit, a coalition, everyone.",
        "learner": "The learning algorithm that searched for a profitable deviation.",
        "untrained": "Mean gain before training; learners start away from honesty.",
        "learned": "Mean gain of the trained deviators on profiles that they never saw.",
        "interval": "Half the 95% Student interval of that mean over seeds.",
        "largest": "Largest gain of a trained deviator at any one of these profiles.",
        "exact": "Mean gain of the best possible deviation; >= marks the best that a search found.",
        "share": "Learned gain over exact gain; a dash where there is nothing to gain.",
        "control": "Share of the gain that the same learner captured, with the same budget, in the "
        "matched market where deviating pays; 'itself' where the row is that market.",
        "cap": "Certified bound on the mean gain of any deviation; none without a certificate.",
        "verdict": "What the evidence supports. Profiles are the traders' types: a certificate "
        "speaks of every profile, or of the mean over them (in expectation). Open: neither a "
        "certificate nor a profitable deviation was found. Control: deviating is meant to pay.",
    }
)
"""Columns of the table of verdicts; gains are in units of money per market."""

CONSTRAINTS: Mapping[str, str] = MappingProxyType(
    {
        "market_clearing": "Quantities sum to 0.",
        "budget_surplus": "Transfers never sum to less than 0: the mechanism runs no deficit.",
        "individual_rationality": "Nobody is worse off than without trade.",
        "incentive_compatibility": "No trader gains by any other bid than the strategy's.",
        "efficiency": "No allocation has a larger total utility.",
    }
)
"""The five constraints of Section 2.3."""

OUTCOMES: Mapping[str, str] = MappingProxyType(
    {
        "first_best": "Gains from trade of the efficient allocation, per trader.",
        "gains": "Gains from trade that are realised, per trader.",
        "inefficiency": "Share of the first-best gains that is lost.",
        "distance": "Largest distance of any trader's quantity from the efficient one.",
        "largest_trade": "Largest efficient quantity of any trader.",
        "surplus": "Sum of the transfers, per trader: the mean.",
        "least_surplus": "The same at the profile where it is least.",
        "surplus_share": "Mean surplus as a share of the first-best gains.",
        "deficit": "Mean shortfall where transfers sum to less than 0, per trader.",
        "deficit_share": "Share of profiles with such a deficit.",
        "autarky_share": "Share of profiles at which nobody trades.",
        "volume": "Units that change hands, per trader.",
        "utility": "Mean utility of honest traders.",
        "least_utility": "Lowest utility of any honest trader at any profile.",
        "condition": "Largest condition number of the system that clears the market.",
        "unsolved_share": "Share of profiles that could not be cleared.",
    }
)
"""Measured outcomes where all traders follow the strategy."""

RATES: Mapping[str, str] = MappingProxyType(
    {
        "measure": "The quantity that changes with the number of traders.",
        "rule": "The mechanism, and the settings that set these markets apart.",
        "sizes": "Numbers of traders in the fit.",
        "exponent": "Fitted power of N, by least squares on logarithms.",
        "error": "Standard error of the exponent, from the residuals.",
        "interval": "95% Student interval of the exponent.",
        "paper": "The order that the paper states, and where.",
    }
)
"""Columns of the table of fitted rates."""


def explained(columns: Iterable[str], words: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the columns that have an explanation, each with it.

    Columns that several tables share are explained as in the table of verdicts.

    Parameters
    ----------
    columns : iterable of str
    words : mapping of str to str
        Explanations of the table's own columns.
    """
    known = {**VERDICTS, **words}
    return [(column, known[column]) for column in columns if column in known]
