"""Single calls, timed by pytest-benchmark: ``make bench-micro``.

They tell which step became slower after a change; what is promised stands in the table of
``make bench``. ``ARGS="--benchmark-compare"`` and its kin work as that tool documents.
"""

from typing import Any

import numpy as np
import pytest

import deviator
from deviator.economies import QuadraticEconomy, standard_types
from deviator.envs import DeviationVectorEnv
from deviator.mechanisms import Mechanism, SigmaDCDA, UniformDoubleAuction, sigma_vcg
from deviator.validation import Floats

SIZES = [(1, 8), (4096, 8), (256, 32)]
RULES = ["sigma-dcda", "uniform-double-auction", "sigma-vcg"]


def economy_of(rule: str, n_traders: int) -> QuadraticEconomy:
    """Return an economy in which the rule has honest bids."""
    if rule == "uniform-double-auction":
        return deviator.economies.private_values(n_traders, 1.0, 1.3)
    return deviator.economies.two_groups(n_traders, 1.0, 0.3, 1.3)


def rule_of(name: str, economy: QuadraticEconomy) -> Mechanism:
    """Return a mechanism with the settings that it needs."""
    if name == "sigma-vcg":
        return sigma_vcg(economy=economy, sigma=0.4)
    return SigmaDCDA(sigma=0.4) if name == "sigma-dcda" else UniformDoubleAuction()


def types_of(markets: int, n_traders: int) -> Floats:
    """Return types of a batch of markets."""
    return np.random.default_rng(0).standard_normal((markets, n_traders))


@pytest.mark.parametrize(("markets", "n_traders"), SIZES)
@pytest.mark.parametrize("rule", RULES)
def test_clear(benchmark: Any, rule: str, markets: int, n_traders: int) -> None:
    economy = economy_of(rule, n_traders)
    mechanism = rule_of(rule, economy)
    bids = mechanism.honest_bids(economy, types_of(markets, n_traders))
    assert benchmark(mechanism.clear, bids).traded.all()


@pytest.mark.parametrize(("markets", "n_traders"), SIZES)
def test_honest_bids(benchmark: Any, markets: int, n_traders: int) -> None:
    economy = economy_of("sigma-dcda", n_traders)
    mechanism = rule_of("sigma-dcda", economy)
    types = types_of(markets, n_traders)
    assert benchmark(mechanism.honest_bids, economy, types).shape[0] == markets


@pytest.mark.parametrize(("markets", "n_traders"), SIZES)
def test_one_deviation_each(benchmark: Any, markets: int, n_traders: int) -> None:
    economy = economy_of("sigma-dcda", n_traders)
    mechanism = rule_of("sigma-dcda", economy)
    bids = mechanism.honest_bids(economy, types_of(markets, n_traders))
    candidates = bids.of_trader(0)[:, None] * 1.01
    assert benchmark(mechanism.clear_deviations, bids, 0, candidates).traded.all()


@pytest.mark.parametrize(("markets", "n_traders"), SIZES)
def test_exact_gain(benchmark: Any, markets: int, n_traders: int) -> None:
    economy = economy_of("sigma-dcda", n_traders)
    mechanism = rule_of("sigma-dcda", economy)
    types = types_of(markets, n_traders)
    gains = benchmark(deviator.policies.exact_gain, mechanism, economy, types)
    assert gains.max() < 1e-12


def test_environment_step(benchmark: Any) -> None:
    economy = economy_of("sigma-dcda", 10)
    environment = DeviationVectorEnv(4096, rule_of("sigma-dcda", economy), economy)
    environment.reset(seed=0)
    actions = np.zeros(environment.action_space.shape or (), dtype=np.float32)
    assert benchmark(environment.step, actions)[2].all()


def test_draw_types(benchmark: Any) -> None:
    distribution = standard_types(10)
    rng = np.random.default_rng(0)
    assert benchmark(distribution.sample, rng, 4096).shape == (4096, 10)
