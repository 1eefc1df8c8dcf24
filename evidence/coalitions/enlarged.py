"""The economy in which one trader appears under several names.

It has N + m - 1 traders. The new ones, at the end, are further names of one trader: copies of their
utility and type. The others' utilities are stated by the economy itself where values are private,
and by the formula of the family where each value is an own effect and a symmetric effect of
everybody's type. Elsewhere nothing says how much the others care about one more trader.
"""

from dataclasses import dataclass, field, replace
from typing import Any, final

import numpy as np
from typing_extensions import override

from deviator.economies import Economy, LinearQuadratic, TypeDistribution, is_linear_quadratic
from deviator.errors import RefusedError
from deviator.mechanisms import DirectMechanism, Mechanism
from deviator.validation import Floats, freeze

from ..plain_data import economy_as_data

MEAN_OF_ALL = ("fundamental value", "heterogeneous")
"""Families in which a value is alpha s_i + beta mean(s): the effect of one type falls with N."""

EACH_ALIKE = ("tight",)
"""Families in which every other type has one effect, however many there are."""


@final
@dataclass(frozen=True, eq=False)
class RepeatedTypes(TypeDistribution):
    """The law of types of which some stand in several places.

    Parameters
    ----------
    law : TypeDistribution
    order : tuple of int
        Whose type stands in each place.
    """

    law: TypeDistribution
    order: tuple[int, ...]
    mean: Floats = field(init=False)
    covariance: Floats = field(init=False)

    def __post_init__(self) -> None:
        places = list(self.order)
        freeze(self, mean=self.law.mean[places])
        freeze(self, covariance=self.law.covariance[np.ix_(places, places)])

    @override
    def sample(self, rng: np.random.Generator, batch: int) -> Floats:
        return self.law.sample(rng, batch)[:, list(self.order)]

    @override
    def matched_sample(self, rng: np.random.Generator, batch: int) -> Floats:
        return self.law.matched_sample(rng, batch)[:, list(self.order)]

    @property
    @override
    def support(self) -> tuple[Floats, Floats]:
        low, high = self.law.support
        return low[list(self.order)], high[list(self.order)]


def enlarged_economy(economy: Economy, trader: int, identities: int) -> LinearQuadratic:
    """Return the economy in which a trader stands under several names, the new ones at the end.

    Parameters
    ----------
    economy : Economy
    trader : int
        Whose names they are.
    identities : int
        How many names the trader has.

    Raises
    ------
    RefusedError
        If the economy does not say what one more trader means to the others.

    Examples
    --------
    >>> from deviator.economies import fundamental_value
    >>> enlarged_economy(fundamental_value(4, alpha=1.0, beta=0.5), 0, 2).weights[0]
    array([1.1, 0.1, 0.1, 0.1, 0.1])
    """
    order = [*range(economy.n_traders), *[trader] * (identities - 1)]
    if not is_linear_quadratic(economy) or economy.has_bounded_types:
        raise _unknown(economy)
    if economy.has_private_values:
        weights = np.diag(economy.own_type_effects[order])
    else:
        weights = _symmetric_weights(economy, len(order))
    roles = tuple(economy.roles[i] for i in order) if economy.roles else ()
    slope, intercept = economy.slope[order], economy.intercept[order]
    return LinearQuadratic(weights, slope, intercept, name=economy.name, roles=roles)


def _symmetric_weights(economy: Any, n_traders: int) -> Floats:
    """Return the family's weights among so many traders."""
    n, own, cross = economy.n_traders, economy.effects_on(0)[0], economy.effects_on(0)[1]
    states = np.allclose(economy.weights, (own - cross) * np.eye(n) + cross, rtol=1e-12, atol=0)
    if not states or economy.name not in (*MEAN_OF_ALL, *EACH_ALIKE):
        raise _unknown(economy)
    effect = cross * n / n_traders if economy.name in MEAN_OF_ALL else cross
    return np.asarray((own - cross) * np.eye(n_traders) + effect)


def _unknown(economy: Economy) -> RefusedError:
    return RefusedError(
        "several names of one trader need to know what one more trader means to the others, which "
        f"the economy {economy.name} does not say; pass enlarged=, the economy with the new names "
        "as its last traders"
    )


def enlarged_rule(mechanism: Mechanism, economy: Economy, enlarged: Economy) -> Mechanism:
    """Return the same rule among the traders of an enlarged economy.

    Parameters
    ----------
    mechanism : Mechanism
    economy, enlarged : Economy
        Before and after.

    Raises
    ------
    RefusedError
        If the rule has settings for each trader, or a designer who knows another economy.
    """
    if isinstance(mechanism, DirectMechanism) and _is_same(mechanism.economy, economy):
        changed: Any = replace(mechanism, economy=enlarged)  # type: ignore[type-var]
        rule: Mechanism = changed
        return rule
    order = [*range(1, economy.n_traders), 0]
    if mechanism.relabelled(order) is not mechanism:
        raise RefusedError(
            "several names of one trader need a rule without settings for each trader, or one "
            f"whose designer knows the audited economy, and {mechanism.name} is neither; call it "
            "by name, or leave such settings out"
        )
    return mechanism


def _is_same(first: Economy, second: Economy) -> bool:
    return first is second or economy_as_data(first) == economy_as_data(second)
