"""What the paper says of how fast measures fall with N, beside which fitted rates are shown."""

from dataclasses import dataclass
from typing import final

SMALL_EFFECTS = ("private values", "fundamental value", "two groups", "heterogeneous")
"""Economies of Examples 1 to 3, in which the interdependence phi_N is of order 1/N."""

BELIEFS = tuple(f"{name} (beliefs)" for name in SMALL_EFFECTS)

QUADRATIC_TAX = ("sigma-dcda", "sigma-vcg")


@final
@dataclass(frozen=True)
class PaperRate:
    """A statement of the paper on how a measure changes with N.

    Attributes
    ----------
    mechanisms, economies : tuple of str
        Titles that reports show.
    measure : str
        ``gain`` (over honest utility), or a measured outcome; amounts are per trader.
    exponent : float
        The measure is of the order of N to this power.
    order : str
        As the paper's letters write it.
    source : str
    tax : str or None
        The tax slope that is meant: ``sigma-n``, ``none`` (0), or any where it is None.
    strategy : str
    """

    mechanisms: tuple[str, ...]
    economies: tuple[str, ...]
    measure: str
    exponent: float
    order: str
    source: str
    tax: str | None = None
    strategy: str = "honest"

    def speaks_of(self, mechanism: str, economy: str, strategy: str, tax: object) -> bool:
        """Return whether the statement is about a market; the tax is a rule's name or a number."""
        meant = self.tax is None or tax == self.tax or (self.tax == "none" and tax in (0, 0.0))
        named = mechanism in self.mechanisms and economy in self.economies
        return meant and named and strategy == self.strategy


PAPER_RATES = (
    PaperRate(
        QUADRATIC_TAX,
        (*SMALL_EFFECTS, *BELIEFS),
        "inefficiency",
        -2.0,
        "O(1/N^2)",
        "Section 3 below (3.13): a deadweight loss of O(1/N + phi_N + N phi_N^2), of gains of "
        "order N",
        tax="sigma-n",
    ),
    PaperRate(
        QUADRATIC_TAX,
        (*SMALL_EFFECTS, *BELIEFS),
        "distance",
        -1.0,
        "O(1/N)",
        "Proposition 2: epsilon = D_3 sigma_N, of order 1/N + phi_N",
        tax="sigma-n",
    ),
    PaperRate(
        QUADRATIC_TAX,
        (*SMALL_EFFECTS, *BELIEFS),
        "deficit",
        -1.0,
        "O(1/N)",
        "Section 3: deficits of the efficient mechanism are bounded in all, for every N",
        tax="none",
    ),
    PaperRate(
        ("naive-walrasian",),
        ("private values",),
        "gain",
        -2.0,
        "1/(N^2 - 1)",
        "Section 7, footnote 28: the best report gains this share of honest utility",
    ),
    PaperRate(
        ("uniform-double-auction",),
        ("fundamental value (beliefs)",),
        "inefficiency",
        -2.0,
        "O(1/N^2)",
        "Example 4: the equilibrium allocates as sigma_N-VCG does",
        strategy="linear-bayes",
    ),
    PaperRate(
        ("uniform-double-auction",),
        ("two groups (beliefs)",),
        "inefficiency",
        0.0,
        "O(1)",
        "Example 5, (4.20): gains from trade between the groups are lost at every N",
        strategy="linear-bayes",
    ),
)
"""Every rate that the paper states, or that follows from one of its lines, with its source."""


def paper_rate(
    mechanism: str, economy: str, strategy: str, tax: object, measure: str
) -> PaperRate | None:
    """Return what the paper says of a measure in a market, or None where it says nothing.

    Parameters
    ----------
    mechanism, economy, strategy : str
        Titles that reports show.
    tax : float, str or None
        The tax slope, or the rule that gives it.
    measure : str

    Examples
    --------
    >>> paper_rate("sigma-vcg", "two groups", "honest", "sigma-n", "inefficiency").order
    'O(1/N^2)'
    >>> paper_rate("sigma-vcg", "two groups", "honest", 0.3, "inefficiency") is None
    True
    """
    for rate in PAPER_RATES:
        if rate.measure == measure and rate.speaks_of(mechanism, economy, strategy, tax):
            return rate
    return None
