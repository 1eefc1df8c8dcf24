"""What the assumptions A1 to A4^N bound an economy by, and the tax slope sigma_N that they imply.

The sum that most of the paper's constants share is

    X = m_o / (N - 1) + phi_N,

by how much a type moves the others' marginal utilities and, through the market, its own price.
"""

from dataclasses import dataclass
from typing import Literal, final, get_args

import numpy as np

from deviator.errors import InvalidInputError, RefusedError
from deviator.validation import non_negative, positive, trader_count

from .bounds import check_effects, limit_of_a4n, pairwise_interdependence
from .quadratic import QuadraticEconomy, checked_quadratic
from .smooth import SmoothEconomy

Interdependence = Literal["average", "maximum"]
"""What phi_N bounds: a type's average effect on the others (A4^N), or its largest (Section 7)."""


@final
@dataclass(frozen=True)
class AssumptionBounds:
    """What Assumptions A1 to A4^N bound an economy by.

    Attributes
    ----------
    n_traders : int
        N > 2.
    own_effect : float
        m_o > 0, the least effect of a type on the own marginal utility (A3).
    interdependence : float
        phi_N >= 0, see `kind`.
    flattest, steepest : float
        m_low and m_bar, 0 < m_low <= m_bar: the range of the slopes of marginal utilities (A2).
    largest_trade : float
        qbar > 0, the largest efficient trade (A1). By default quantities are in units of it.
    kind : {"average", "maximum"}
        Whether phi_N bounds the average effect of a type on the others, as in A4^N, or the largest
        one, as in variant (iii) of Section 7.

    Raises
    ------
    InvalidInputError
        If a number is out of its range.

    Examples
    --------
    >>> bounds = AssumptionBounds(4, own_effect=1.0, interdependence=0.2, flattest=1, steepest=2)
    >>> round(sigma_n_from(bounds), 9)
    4.0
    """

    n_traders: int
    own_effect: float
    interdependence: float
    flattest: float
    steepest: float
    largest_trade: float = 1.0
    kind: Interdependence = "average"

    def __post_init__(self) -> None:
        object.__setattr__(self, "n_traders", trader_count(self.n_traders))
        for name in ("own_effect", "flattest", "steepest", "largest_trade"):
            object.__setattr__(self, name, positive(name, getattr(self, name)))
        phi = non_negative("interdependence", self.interdependence)
        object.__setattr__(self, "interdependence", phi)
        if self.flattest > self.steepest:
            raise InvalidInputError(
                f"flattest must not exceed steepest, got {self.flattest} and {self.steepest}"
            )
        _check_kind(self.kind)

    @property
    def interdependence_limit(self) -> float:
        """What phi_N must stay below: A4^N, or variant (iii) of Section 7 for the maximum."""
        flatness = self.flattest / self.steepest if self.kind == "average" else 1.0
        return limit_of_a4n(self.n_traders, self.own_effect, flatness)

    @property
    def reach(self) -> float:
        """X = m_o / (N - 1) + phi_N.

        Raises
        ------
        RefusedError
            If phi_N is not below `interdependence_limit`.
        """
        self._check_interdependence()
        return self.own_effect / (self.n_traders - 1) + self.interdependence

    @property
    def room(self) -> float:
        """m_o - phi_N, by how much an own type moves its owner more than others.

        Raises
        ------
        RefusedError
            If phi_N is not below `interdependence_limit`.
        """
        self._check_interdependence()
        return self.own_effect - self.interdependence

    def _check_interdependence(self) -> None:
        if self.interdependence >= self.interdependence_limit:
            raise RefusedError(
                f"the paper's bounds need phi_N < {self.interdependence_limit:.6g} (assumption "
                f"A4^N), got phi_N = {self.interdependence:.6g}; weaken the interdependence of "
                "values"
            )


def check_bounds(bounds: object) -> None:
    """Refuse anything else than bounds, such as the economy that they bound."""
    if not isinstance(bounds, AssumptionBounds):
        raise InvalidInputError(
            f"bounds must be AssumptionBounds, got {type(bounds).__name__}; have them from "
            "deviator.economies.assumption_bounds(economy)"
        )


def assumption_bounds(
    economy: QuadraticEconomy | SmoothEconomy,
    largest_trade: float = 1.0,
    kind: Interdependence = "average",
) -> AssumptionBounds:
    """Return the tightest bounds of A2, A3 and A4^N of an economy.

    Parameters
    ----------
    economy : QuadraticEconomy or SmoothEconomy
    largest_trade : float
        qbar, the largest efficient trade over the profiles of interest (A1).
    kind : {"average", "maximum"}
        What phi_N is.

    Raises
    ------
    InvalidInputError
        If a setting is out of its range, or the economy neither linear-quadratic nor smooth.
    RefusedError
        If slopes or own type effects are not positive (A2, A3), or an effect is negative (A4).

    Examples
    --------
    >>> from deviator.economies import two_groups
    >>> economy = two_groups(4, alpha=1.0, beta=0.6, slope=1.0)
    >>> round(assumption_bounds(economy).interdependence, 12)
    0.1
    >>> assumption_bounds(economy, kind="maximum").interdependence
    0.3
    """
    _check_kind(kind)
    average = kind == "average"
    if isinstance(economy, SmoothEconomy):
        bounds = economy.bounds
        bounds.check()
        phi = bounds.interdependence if average else bounds.cross_effect
        slopes = bounds.flattest, bounds.steepest
        return AssumptionBounds(
            economy.n_traders, bounds.own_effect, phi, *slopes, largest_trade, kind
        )
    check_effects(checked_quadratic(economy))
    return AssumptionBounds(
        economy.n_traders,
        float(economy.own_type_effects.min()),
        pairwise_interdependence(economy) if average else largest_interdependence(economy),
        float(economy.slope.min()),
        float(economy.slope.max()),
        largest_trade,
        kind,
    )


def largest_interdependence(economy: QuadraticEconomy) -> float:
    """Return the largest effect of a type on another trader, max over i != j of mu_{i,j}.

    As phi_N it repairs the budget claim of Proposition 2 (Section 7, "Weaker assumptions" (iii)).
    """
    blocks = checked_quadratic(economy).blocks_of_effects(diagonal=-np.inf)
    return max(float(effects.max()) for _, effects in blocks)


def sigma_n_from(bounds: AssumptionBounds) -> float:
    """Return the tax slope sigma_N, equation (3.13): m_bar X / (m_o - phi_N - X).

    It solves sigma = price_sensitivity(sigma). With the maximum as phi_N it never leaves a deficit;
    with the average it may where slopes differ.

    Raises
    ------
    RefusedError
        If phi_N is too large.
    """
    check_bounds(bounds)
    reach = bounds.reach
    return bounds.steepest * reach / (bounds.room - reach)


def _check_kind(kind: object) -> None:
    if kind not in get_args(Interdependence):
        raise InvalidInputError(f"kind must be 'average' or 'maximum', got {kind!r}")
