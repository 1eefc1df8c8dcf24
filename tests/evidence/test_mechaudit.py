"""Finite mechanisms, audited by mechaudit and here: the same verdict and the same epsilon.

mechaudit takes mechanisms as tables over finitely many outcomes, worth something to each agent. A
divisible good fits that when a trader's q_i and q_i^2 are outcomes of their own.
"""

import numpy as np
import pytest
from helpers.tables import Table, profiles_of

from deviator.economies import linear_quadratic
from deviator.evidence import type_grid_regret
from deviator.mechanisms import EntryFeeVCG, NaiveWalrasian, Reports, SigmaVCG, SpreadVCG

mechaudit = pytest.importorskip("mechaudit", reason="install the extra dev")

TOLERANCE = 1e-8
"""What mechaudit's default lets pass."""

RULES = (
    lambda economy: NaiveWalrasian(economy),
    lambda economy: SigmaVCG(economy, 0.3),
    lambda economy: SpreadVCG(economy, 0.2),
    lambda economy: EntryFeeVCG(economy, 0.1),
)


def random_economy(rng, n, private):
    """Values are private, or each type moves all others alike, and less than its owner."""
    weights = np.zeros((n, n)) if private else np.tile(rng.uniform(-0.1, 0.4, n), (n, 1))
    np.fill_diagonal(weights, rng.uniform(0.8, 1.5, n))
    return linear_quadratic(weights, rng.uniform(0.5, 2.0, n), rng.normal(size=n))


def random_axes(rng, n):
    return tuple(np.sort(rng.normal(size=rng.integers(2, 4)).round(3)) for _ in range(n))


def random_table(rng, axes):
    shape = (*(len(axis) for axis in axes), len(axes))
    quantity = rng.normal(size=shape)
    quantity -= quantity.mean(axis=-1, keepdims=True)
    return Table(axes, quantity, rng.normal(size=shape))


def table_of(mechanism, axes):
    """The outcomes of a rule on a grid."""
    outcome = mechanism.clear(Reports(profiles_of(axes)))
    shape = (*(len(axis) for axis in axes), len(axes))
    return Table(axes, outcome.quantity.reshape(shape), outcome.transfer.reshape(shape))


def environment_of(economy, axes):
    n = economy.n_traders

    def worth(agent, profile, outcome):
        kind, trader = outcome
        if trader != agent:
            return 0.0
        if kind == "squared":
            return -0.5 * float(economy.slope[agent])
        types = np.array([profile[other] for other in range(n)])
        return float(economy.weights[agent] @ types + economy.intercept[agent])

    return mechaudit.FiniteEnvironment(
        agents={trader: axes[trader].tolist() for trader in range(n)},
        outcomes=[(kind, trader) for kind in ("units", "squared") for trader in range(n)],
        values=mechaudit.InterdependentValues(worth),
    )


def report_of(table, economy):
    n = economy.n_traders
    quantity, transfer = table.quantity.reshape(-1, n), table.transfer.reshape(-1, n)
    environment = environment_of(economy, table.axes)
    direct = mechaudit.DirectMechanism(
        allocation=np.concatenate([quantity, quantity**2], axis=1),
        payments=transfer,
        environment=environment,
    )
    return environment.audit(direct, [mechaudit.ExPostIC()])


def check_same(table, economy):
    regret = type_grid_regret(table, economy, table.axes, tolerance=TOLERANCE)
    report = report_of(table, economy)
    assert report.ic.passed == regret.holds
    assert report.epsilon_ic == pytest.approx(regret.epsilon, rel=1e-12, abs=1e-12)
    assert len(report.ic) == regret.misreports
    return regret


@pytest.mark.parametrize("private", [True, False])
@pytest.mark.parametrize("seed", range(20))
def test_random_tables(seed, private):
    """Hardly any is truthful: what counts is epsilon."""
    rng = np.random.default_rng([seed, private])
    n = int(rng.integers(3, 5))
    check_same(random_table(rng, random_axes(rng, n)), random_economy(rng, n, private))


@pytest.mark.parametrize("private", [True, False])
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("rule", RULES)
def test_tables_of_rules_and_of_rules_with_a_fault(rule, seed, private):
    """Truthful rules, one that is not, and payments that are a thousandth off at one profile."""
    rng = np.random.default_rng([seed, private])
    economy, axes = random_economy(rng, 3, private), random_axes(rng, 3)
    table = table_of(rule(economy), axes)
    holds = check_same(table, economy).holds
    assert holds or rule is RULES[0]
    transfer = table.transfer.copy()
    transfer[(0, 0, 0)] -= 1e-3
    check_same(Table(axes, table.quantity, transfer), economy)
