"""Networks that were trained with another library, as deviations whose gain is exact."""

import numpy as np

import deviator
from deviator.envs import deviation_core, market
from deviator.policies import Network

MARKET = {
    "mechanism": "uniform-conditional",
    "economy": "private-values",
    "economy_settings": {"n_traders": 4},
    "information": "profile",
}
"""A market in which deviating pays, as environments take it by name."""


def core_of_market():
    """Return the decision problem of `MARKET`."""
    economy = deviator.economies.private_values(4)
    return deviation_core(
        market(deviator.make(MARKET["mechanism"]), economy), information=MARKET["information"]
    )


def share_of_best(core, layers, activation="tanh"):
    """Return what a torch network gains on new profiles, as a share of the best gain."""
    weights = tuple(layer.weight.detach().double().numpy() for layer in layers)
    biases = tuple(layer.bias.detach().double().numpy() for layer in layers)
    deviation = core.deviation(Network(weights, biases, activation=activation))
    types = core.draw(np.random.default_rng(1), 4000)
    return core.gains(types, deviation).mean() / core.best_gains(types).mean()
