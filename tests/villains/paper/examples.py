"""Wrong formulas for the statements on Examples 1 to 7, Lemma 5 and the figures."""

from dataclasses import replace

import numpy as np

from deviator.paper.closed_forms.fundamental_value import FundamentalValue
from deviator.paper.closed_forms.heterogeneous_beliefs import (
    linear_equilibrium,
    price_moments,
    price_projection,
    projection_sensitivity,
    sigma_vcg_reaction,
)
from deviator.paper.closed_forms.normal_beliefs import NormalBeliefs
from deviator.paper.closed_forms.two_groups import group_means
from deviator.paper.figures import INTERDEPENDENT, LOWER_TYPES, PRIVATE, figure_3, transfers_figure
from deviator.paper.justifying_information import justifying_information
from deviator.paper.statements.conditional_demands import conditional_price


def scaled(formula, factor=1.01):
    """A formula off by 1%."""
    return lambda *arguments, **settings: factor * formula(*arguments, **settings)


def printed_2_3(model, types):
    own, group = (np.repeat(weight, types.shape[1] // 2) for weight in (model.alpha, model.beta))
    mean = types.mean(axis=1, keepdims=True)
    return (own * types + group * group_means(types) - (own + group) * mean) / model.slope


def printed_2_4(model, types):
    return model.quantity(types, sigma=0.4)


def without_common_value(model, types, sigma):
    return model.alpha * types.mean(axis=1)


def untaxed(model, types, sigma):
    return model.quantity(types)


def sigma_n_for_more_traders(model, n_traders):
    return model.sigma_n(n_traders + 2)


def own_slope_in_gamma(model, types, sigma):
    """The printed explicit line: gamma_G with the own slope."""
    swapped = replace(model, slope_small=model.slope_big, slope_big=model.slope_small)
    return swapped.price(types, sigma)


def undiscounted_transfer(model, types, sigma):
    """p q and the tax: no area under residual demand."""
    quantity = model.quantity(types, sigma)
    return model.price(types, sigma)[:, None] * quantity + sigma * quantity**2 / 2


def printed_4_17(beliefs, size=None):
    rho, noise, size = beliefs.rho, beliefs.noise, size or beliefs.n_traders
    idiosyncratic = 1 - rho + noise
    return (1 - rho) / idiosyncratic, size * rho * noise / (idiosyncratic * (1 + (size - 1) * rho))


def printed_4_18(beliefs):
    return printed_4_17(beliefs, beliefs.n_traders / 2)


def price_taking_inverse_demand(model, own_type, to_clear, n_traders):
    return model.inverse_demand(own_type, to_clear)


def no_price_impact(beliefs, types):
    """(4.19) with 1 in place of (N - 2) / (N - 1)."""
    on_signal, _ = beliefs.equilibrium_constants()
    return on_signal / beliefs.slope * (types - types.mean(axis=1, keepdims=True))


def constants_of_the_fundamental_value(beliefs):
    return printed_4_17(beliefs)


def limit_without_trade_across_groups(beliefs):
    rho = beliefs.rho
    return (1 - rho) ** 2 / (2 * (1 - rho + beliefs.noise)) / beliefs.slope


def variances_without_group_values(beliefs):
    return beliefs.variances()._replace(group=0.0)


def printed_moments(beliefs, own, other):
    right, total = price_moments(beliefs, own, other), own + other
    common = beliefs.variances().common
    missing = common * np.array([[0.0, total - 1], [total - 1, total**2 - 1]])
    return right._replace(covariance=right.covariance - missing)


def printed_projection(beliefs, own, other, total):
    on_signal, minus_on_price = price_projection(beliefs, own, other, total)
    return on_signal, -minus_on_price


def swapped_sensitivity(beliefs, own, other):
    return projection_sensitivity(beliefs, own, other)[::-1]


def slopes_swapped(beliefs, *, slope_small, slope_big):
    return linear_equilibrium(beliefs, slope_small=slope_big, slope_big=slope_small)


def equilibrium_of_uncorrelated_noise(beliefs, **slopes):
    """As if all of Example 6's beliefs led to one equilibrium, that of Example 4's beliefs."""
    return linear_equilibrium(replace(beliefs, var_noise_group=0.0), **slopes)


def efficient_equilibrium(beliefs, **slopes):
    """An auction that always converges to efficiency."""

    class Efficient:
        def reaction(self, group):
            return sigma_vcg_reaction(beliefs, group, **slopes)

    return Efficient()


def first_line_without_own_quantity(economy, trader, own_type, quantity, *, sigma):
    """(5.24) as if others' quantities could be moved without the own one."""
    moved = quantity.copy()
    moved[:, trader] = 0.0
    inverse = economy.inverse_weights()[trader]
    level = own_type + inverse @ economy.intercept
    return (level - moved @ (inverse * (economy.slope + sigma))) / inverse.sum()


def average_of_others(model, own_type, others, group_others, n_traders, sigma):
    """The printed q^own: the average over the own group's other members."""
    half = n_traders / 2
    average = group_others * half / (half - 1)
    return model.inverse_demand(own_type, others, average, n_traders, sigma)


def own_group_for_the_other(model, group, own_type, others, other_group, sigma):
    return model.inverse_demand(group, own_type, others, -other_group, sigma)


def transposed_beliefs(economy, law, residual_variance):
    flipped = replace(economy, weights=economy.weights.T)
    return justifying_information(flipped, law, residual_variance)


def without_limits():
    figure = figure_3()
    curves = (
        replace(curve, y=np.ones_like(curve.y)) if curve.name.startswith("limit") else curve
        for curve in figure.curves
    )
    return replace(figure, curves=tuple(curves))


VILLAINS = {
    "Example 1": {"quantity": scaled(FundamentalValue.quantity)},
    "Example 1: assumption A4^N": {"bound": lambda n_traders, beta: beta / (n_traders - 1)},
    "Example 2": {"quantity": printed_2_3},
    "Example 3": {"quantity": printed_2_4},
    "Example 4: allocation": {"price": without_common_value},
    "Example 4: sigma_N": {"sigma_n": sigma_n_for_more_traders},
    "Example 4: transfers": {"transfer": undiscounted_transfer},
    "Example 5: allocation": {"quantity": untaxed},
    "Example 5: sigma_N": {"sigma_n": sigma_n_for_more_traders},
    "Example 5: transfers": {"transfer": undiscounted_transfer},
    "Example 6: allocation": {"price": own_slope_in_gamma},
    "Example 6: sigma_N": {"sigma_n": sigma_n_for_more_traders},
    "Example 6: transfers": {"transfer": undiscounted_transfer},
    "Example 7": {"conditional_price": first_line_without_own_quantity},
    "Example 7: weights": {"weights": lambda economy: economy.weights * 1.001},
    "Example 7: fundamental value": {
        "inverse_demand": lambda model, own, others, sigma: model.inverse_demand(own, others)
    },
    "Example 7: two groups": {"inverse_demand": average_of_others},
    "Example 7: heterogeneous traders": {"inverse_demand": own_group_for_the_other},
    "Example 4: beliefs": {"weights": printed_4_17},
    "Example 4: double auction": {"inverse_demand": price_taking_inverse_demand},
    "Example 5: beliefs": {"weights": printed_4_18},
    "Example 5: double auction": {"quantity": no_price_impact},
    "Example 5: constants": {"constants": constants_of_the_fundamental_value},
    "Example 5: expected utilities": {"expected": scaled(NormalBeliefs.expected_utility)},
    "Example 5: limits": {"limit": limit_without_trade_across_groups},
    "Lemma 5": {"justify": transposed_beliefs},
    "Example 6: beliefs": {"variances": variances_without_group_values},
    "Example 6: price moments": {"moments": printed_moments},
    "Example 6: projection": {"projection": printed_projection},
    "Example 6: sensitivity": {"sensitivity": swapped_sensitivity},
    "Example 6: double auction": {"equilibrium": slopes_swapped},
    "Example 6: continuum of equilibria": {"equilibrium": equilibrium_of_uncorrelated_noise},
    "Example 6: large economies": {"equilibrium": efficient_equilibrium},
    "Figure 1": {"figure": lambda: transfers_figure(replace(PRIVATE, sigma=0.0), ())},
    "Figure 2": {
        "figure": lambda: transfers_figure(
            replace(INTERDEPENDENT, interdependence=0.0), LOWER_TYPES
        )
    },
    "Figure 3": {"figure": without_limits},
}


def altered_beliefs(**changes):
    """Lemma 5's law with some of its moments replaced."""

    def justify(economy, law, residual_variance):
        beliefs = justifying_information(economy, law, residual_variance)
        return replace(beliefs, **{name: of(beliefs) for name, of in changes.items()})

    return justify


def alpha_and_beta(weights, alpha=1.0, beta=1.0):
    """Justified weights of which one is scaled."""
    return lambda beliefs: tuple(np.multiply(weights(beliefs), (alpha, beta)))


def transposed_price(economy, trader, own_type, quantity, *, sigma):
    flipped = replace(economy, weights=economy.weights.T)
    return conditional_price(flipped, trader, own_type, quantity, sigma=sigma)


def equilibrium_demand_of_fewer(model, own_type, to_clear, n_traders):
    return model.equilibrium_inverse_demand(own_type, to_clear, n_traders - 1)


def without_the_other_group(model, group, own_type, others, other_group, sigma):
    return model.inverse_demand(group, own_type, others, 0 * other_group, sigma)


def slopes_of_the_other_group(model, group, own_type, others, other_group, sigma):
    return model.inverse_demand(1 - group, own_type, others, other_group, sigma)


def without_total(model, own_type, others, group_others, n_traders, sigma):
    return model.inverse_demand(own_type, 0 * others, group_others, n_traders, sigma)


MORE_VILLAINS = [
    ("Example 4: beliefs", {"weights": alpha_and_beta(NormalBeliefs.fundamental_value_weights, alpha=1.001)}),
    ("Example 4: beliefs", {"weights": alpha_and_beta(NormalBeliefs.fundamental_value_weights, beta=1.001)}),
    ("Example 4: beliefs", {"weights": lambda beliefs: replace(beliefs, noise=2 * beliefs.noise).fundamental_value_weights()}),
    ("Example 4: double auction", {"inverse_demand": equilibrium_demand_of_fewer}),
    ("Example 5: beliefs", {"weights": NormalBeliefs.fundamental_value_weights}),
    ("Example 5: beliefs", {"weights": alpha_and_beta(NormalBeliefs.two_groups_weights, alpha=1.001)}),
    ("Example 5: beliefs", {"weights": alpha_and_beta(NormalBeliefs.two_groups_weights, beta=0.0)}),
    ("Example 5: double auction", {"price": lambda beliefs, types: types.mean(axis=1)}),
    ("Example 5: constants", {"limits": lambda b: ((1 - b.rho) / (1 - b.rho + b.noise), b.noise / (1 - b.rho + b.noise))}),
    ("Example 5: constants", {"limits": lambda b: ((2 - b.rho) / (2 - b.rho + b.noise), b.noise / (2 - b.rho + b.noise))}),
    ("Example 5: limits", {"limit": NormalBeliefs.limit_equilibrium_utility}),
    ("Lemma 5", {"justify": altered_beliefs(value_signal_covariance=lambda law: 0.99 * law.value_signal_covariance)}),
    ("Lemma 5", {"justify": altered_beliefs(value_mean=lambda law: 0 * law.value_mean)}),
    ("Lemma 5", {"justify": altered_beliefs(signal_covariance=lambda law: 1.01 * law.signal_covariance)}),
    ("Example 7", {"conditional_price": transposed_price}),
    ("Example 7: weights", {"weights": lambda economy: economy.weights.T}),
    ("Example 7: weights", {"weights": lambda economy: economy.weights / np.diag(economy.weights)}),
    ("Example 7: fundamental value", {"inverse_demand": lambda model, *seen: replace(model, beta=0.0).inverse_demand(*seen)}),
    ("Example 7: fundamental value", {"inverse_demand": lambda model, own, others, sigma: (
        model.inverse_demand(own, -others, sigma))}),
    ("Example 7: two groups", {"inverse_demand": without_total}),
    ("Example 7: two groups", {"inverse_demand": lambda model, own, others, group, *rest: (
        model.inverse_demand(own, others, -group, *rest))}),
    ("Example 7: heterogeneous traders", {"inverse_demand": without_the_other_group}),
    ("Example 7: heterogeneous traders", {"inverse_demand": slopes_of_the_other_group}),
    ("Example 4: allocation", {"quantity": untaxed}),
    ("Example 4: double auction", {"quantity": scaled(FundamentalValue.quantity)}),
    ("Example 5: allocation", {"price": without_common_value}),
    ("Example 5: double auction", {"price": scaled(NormalBeliefs.equilibrium_price)}),
    ("Example 5: expected utilities", {"in_auction": scaled(NormalBeliefs.equilibrium_expected_utility)}),
    ("Example 5: limits", {"auction_limit": NormalBeliefs.limit_expected_utility}),
    ("Example 6: allocation", {"quantity": untaxed}),
    ("Example 7", {"conditional_price": scaled(conditional_price)}),
    ("Example 6: large economies", {"reaction": lambda beliefs, group, *, sigma=0.0, **slopes: (
        1 - 0.01 * (sigma > 0)) * sigma_vcg_reaction(beliefs, group, **slopes)}),
]  # fmt: skip
