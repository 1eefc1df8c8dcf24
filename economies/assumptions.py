"""The paper's assumptions, checked on an economy, each with its witness (Sections 2 to 5 and 7)."""

from dataclasses import dataclass
from typing import final

from .assumption_result import STATEMENTS, AssumptionResult
from .base import Economy
from .quadratic import QuadraticEconomy
from .quadratic_assumptions import quadratic_assumptions
from .sampled_assumptions import SAMPLED, sampled_assumptions
from .smooth import SmoothEconomy
from .smooth_assumptions import smooth_assumptions


@final
@dataclass(frozen=True)
class AssumptionRow:
    """One assumption, ready to print.

    Attributes
    ----------
    name : str
        As the paper calls it.
    statement : str
        What it says.
    holds : bool or None
        None where it was not decided.
    witness : str
        The numbers that decide.
    verdict : str
        In words: holds, fails, no violation found (at sampled profiles), or not checked.
    """

    name: str
    statement: str
    holds: bool | None
    witness: str
    verdict: str


def check_assumptions(economy: Economy) -> dict[str, AssumptionResult]:
    """Check the assumptions of the paper's results.

    Parameters
    ----------
    economy : Economy
        In a `QuadraticEconomy` everything is decided exactly, in a `SmoothEconomy` A2 to A4^N are
        decided by its bounds, and INJ where these suffice. Elsewhere violations are looked for at
        sampled profiles: where there is none, `holds` is None. `verdict` tells that apart from what
        cannot be checked.

    Returns
    -------
    dict of str to AssumptionResult
        By the paper's names: ``A1``, ``A2``, ``A3``, ``A4N``, ``INF``, ``INJ``, ``FUN``,
        ``Lemma 4 (i)``, ``Lemma 4 (ii)``, ``monotone`` (dq_i/ds_i > 0 at sigma = 0), ``sigma_N``,
        and ``unique`` (Section 7's condition for a unique equilibrium).

    Examples
    --------
    >>> from deviator.economies import fundamental_value
    >>> checks = check_assumptions(fundamental_value(5, 1.0, 0.5, 1.0))
    >>> [name for name, result in checks.items() if not result.holds]
    ['A1']
    """
    if isinstance(economy, QuadraticEconomy):
        return quadratic_assumptions(economy)
    if isinstance(economy, SmoothEconomy):
        return smooth_assumptions(economy)
    return sampled_assumptions(economy)


def assumption_table(economy: Economy) -> list[AssumptionRow]:
    """Return the assumptions of the paper's results as rows to print, in the paper's order.

    Examples
    --------
    >>> from deviator.economies import private_values
    >>> row = assumption_table(private_values(4))[3]
    >>> row.name, row.holds, row.witness
    ('A4^N', True, 'phi_N is 0, the bound is 0.333333')
    """
    rows = []
    for key, result in check_assumptions(economy).items():
        name, decided = "A4^N" if key == "A4N" else key, (result.holds, result.witness)
        rows.append(AssumptionRow(name, STATEMENTS[key], *decided, result.verdict))
    return rows


def how_checked(economy: Economy) -> str:
    """Return how the assumptions of an economy are decided, in one line.

    Examples
    --------
    >>> from deviator.economies import private_values
    >>> how_checked(private_values(4))
    'sigma = 0 where a tax matters; decided exactly from weights and slopes'
    """
    if isinstance(economy, QuadraticEconomy):
        how = "decided exactly from weights and slopes"
    elif isinstance(economy, SmoothEconomy):
        how = f"A2 to A4^N, and INJ where it can be, decided by bounds, for the others {SAMPLED}"
    else:
        how = SAMPLED
    return f"sigma = 0 where a tax matters; {how}"
