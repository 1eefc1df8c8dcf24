"""When truth is the only equilibrium (Section 7, after Bergemann and Morris, 2009)."""

import numpy as np

from deviator.errors import InvalidInputError

from .known_quadratic import checked_quadratic
from .quadratic import QuadraticEconomy


def interdependence_radius(economy: QuadraticEconomy) -> float:
    """Return the spectral radius of [|w_ij| / |w_ii|, zero diagonal].

    Below 1, truth is the only equilibrium of sigma-VCG in every information structure. The reports'
    errors that survive k rounds of best responses are at most the k-th power of that matrix times
    the errors at first.

    Parameters
    ----------
    economy : QuadraticEconomy
        Of a few hundred traders at most, whose own type effects are not 0.

    Raises
    ------
    InvalidInputError
        If the economy is not linear-quadratic, or an own type effect is 0.

    Examples
    --------
    >>> from deviator.economies import fundamental_value
    >>> round(interdependence_radius(fundamental_value(4, alpha=1.0, beta=2.0)), 12)
    1.0
    """
    own = np.abs(checked_quadratic(economy).own_type_effects)
    if (own == 0).any():
        raise InvalidInputError(
            "own type effects must not be 0 (assumption A3) for the uniqueness of Section 7, got 0 "
            f"for trader {int(own.argmin())}; give him a type that matters to him"
        )
    ratios = np.abs(economy.weights) / own[:, None]
    np.fill_diagonal(ratios, 0.0)
    return float(np.abs(np.linalg.eigvals(ratios)).max())


def unique_in_example_1(n_traders: int, alpha: float, beta: float) -> bool:
    """Return whether truth is the only equilibrium in Example 1: (N - 2) beta < N alpha.

    Examples
    --------
    >>> unique_in_example_1(4, alpha=1.0, beta=1.9)
    True
    """
    return (n_traders - 2) * beta < n_traders * alpha
