"""Best reports of types in direct mechanisms, in rational arithmetic."""

from fractions import Fraction
from typing import NamedTuple

import numpy as np

from deviator.economies import QuadraticEconomy
from deviator.mechanisms import ResidualLineMechanism
from deviator.mechanisms.exact import RationalBids, RationalEconomy
from deviator.numerics.rational import Rationals, rational


class BestReports(NamedTuple):
    """How best reports move: with types of all traders, and with the reports of the others.

    r_i = sum_j types_ij s_j + sum_{j != i} reports_ij r_j, in an economy without intercepts.
    """

    types: Rationals  # (N, N)
    reports: Rationals  # (N, N), 0 on the diagonal

    @property
    def left_over(self) -> Rationals:
        """What an ex post equilibrium must leave at 0, types_ij + reports_ij types_jj, (N, N).

        If trader j's type rises by 1 and the others' stay, r_j rises by types_jj, and the best
        report of trader i by this number. But r_i may depend on s_i alone. The diagonal is 0.
        """
        moved: Rationals = self.types + self.reports * np.diagonal(self.types)
        np.fill_diagonal(moved, Fraction(0))
        return moved


def best_reports(mechanism: ResidualLineMechanism, economy: QuadraticEconomy) -> BestReports:
    """Return the best reports against any types and reports, exactly.

    The mechanism's utilities are parabolas in the own report, of which three outcomes are computed
    for each report of the others.

    Examples
    --------
    >>> from deviator.economies import private_values
    >>> from deviator.mechanisms import NaiveWalrasian
    >>> economy = private_values(3)
    >>> best = best_reports(NaiveWalrasian(economy), economy)
    >>> best.types[0, 0], best.reports[0, 1]
    (Fraction(3, 4), Fraction(1, 8))
    """
    n, exact = economy.n_traders, RationalEconomy.of(economy)
    types, reports = (np.full((n, n), Fraction(0), dtype=object) for _ in range(2))
    for trader in range(n):
        others = rational(np.vstack([np.zeros(n), np.delete(np.eye(n), trader, axis=0)]))
        quantity, paid = _three_outcomes(mechanism, others, trader)
        cost = exact.slope[trader] * quantity**2 / 2 + paid
        # The types change what the units are worth; without reports of the others the units are
        # those of the first row.
        worth = exact.weights[trader][:, None] * quantity[0]
        types[trader] = _best(worth - cost[0])
        reports[trader, np.arange(n) != trader] = _best(-cost[1:])
    return BestReports(types, reports)


def _three_outcomes(
    mechanism: ResidualLineMechanism, others: Rationals, trader: int
) -> tuple[Rationals, Rationals]:
    """Return units and payments (M, 3) at own reports of -1, 0 and 1, given the others' (M, N)."""
    profiles = np.repeat(others, 3, axis=0)
    profiles[:, trader] = np.tile(rational([-1, 0, 1]), len(others))
    no_coefficients = np.empty((profiles.shape[1], 0), dtype=object)
    cleared = mechanism.clear_exact(RationalBids(no_coefficients, profiles))
    assert cleared is not None, "reports always trade"
    units, paid = cleared[0].quantity[:, trader], cleared[1][:, trader]
    return units.reshape(-1, 3), paid.reshape(-1, 3)


def _best(utility: Rationals) -> Rationals:
    """Return where parabolas through utilities (M, 3) at -1, 0 and 1 are highest."""
    left, middle, right = utility.T
    best: Rationals = (right - left) / (2 * (2 * middle - left - right))
    return best
