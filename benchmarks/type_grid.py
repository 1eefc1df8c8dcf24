"""Every misreport of every trader at every profile of a finite grid, against mechaudit.

mechaudit audits direct mechanisms given as tables. A divisible good fits its linear outcomes when
a trader's q_i and q_i^2 are outcomes of their own, worth v_i(s) and -mu_i / 2 a unit. That is the
shortest table that states the mechanism. Its environment and tables are built outside the timing;
deviator's side clears the auction within it.
"""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Callable
from typing import Any

import numpy as np
from mechaudit import DirectMechanism, ExPostIC, FiniteEnvironment, InterdependentValues

from deviator.economies import LinearQuadratic, fundamental_value
from deviator.evidence import TypeGridRegret, type_grid_regret
from deviator.mechanisms import Mechanism, NaiveWalrasian, SigmaDCDA
from deviator.policies import Revelation
from deviator.validation import Floats

from .harness import Row, at_least, busiest, seconds_of, side_by_side, threads

TRADERS = 4
TYPES = np.linspace(-1.0, 1.0, 6)
TOLERANCE = 1e-8
WORK = "deviation checks on a type grid"
SIZE = f"{TRADERS} traders x {len(TYPES)} types"


def rows() -> list[Row]:
    """Measure a rule that misreports beat and one that they do not, on one thread."""
    economy = fundamental_value(TRADERS)
    rules = (NaiveWalrasian(economy), SigmaDCDA(1.0))
    with threads(1):
        return [*(_row(rule, economy) for rule in rules), _large()]


def _row(mechanism: Mechanism, economy: LinearQuadratic) -> Row:
    audit = mechaudit_of(mechanism, economy)

    def sweep() -> TypeGridRegret:
        return type_grid_regret(mechanism, economy, TYPES, tolerance=TOLERANCE)

    regret, report = sweep(), audit()
    if report.ic.passed != regret.holds or abs(report.epsilon_ic - regret.epsilon) > 1e-12:
        raise AssertionError(
            f"verdicts must agree, got {regret.holds} with {regret.epsilon} and "
            f"{report.ic.passed} with {report.epsilon_ic}"
        )
    if len(report.ic) != regret.misreports:
        raise AssertionError(f"got {len(report.ic)} checks beside {regret.misreports}")
    timing = side_by_side(sweep, audit)
    verdict = "holds" if regret.holds else f"epsilon {regret.epsilon:.4g}"
    return Row.times_faster(
        WORK,
        SIZE,
        timing,
        at_least(100),
        figure=f"times the rate of mechaudit, {mechanism.name}",
        note=f"{regret.misreports} checks, both say: {verdict}; Python bounds the baseline",
    )


def _large() -> Row:
    """Measure the rate on a grid where arrays, not calls, are what takes time."""
    economy, grid = fundamental_value(5), np.linspace(-1.0, 1.0, 8)

    def sweep() -> TypeGridRegret:
        return type_grid_regret(SigmaDCDA(1.0), economy, grid)

    checks = sweep().misreports
    value = checks / statistics.median(seconds_of(sweep)) / 1e6
    note = f"clearing included; {busiest(sweep)} of the time"
    return Row(WORK, "5 traders x 8 types", "million checks a second", value, note=note)


def mechaudit_of(mechanism: Mechanism, economy: LinearQuadratic) -> Callable[[], Any]:
    """Return mechaudit's audit of a mechanism on the grid, its tables built already."""
    n = economy.n_traders
    profiles = np.array(list(itertools.product(TYPES, repeat=n)))
    cleared = mechanism.clear(Revelation(mechanism, economy).bids(profiles))
    environment = _environment(economy)
    direct = DirectMechanism(
        allocation=np.concatenate([cleared.quantity, cleared.quantity**2], axis=1),
        payments=cleared.transfer,
        environment=environment,
    )
    return lambda: environment.audit(direct, [ExPostIC()])


def _environment(economy: LinearQuadratic) -> FiniteEnvironment:
    n, weights, intercept = economy.n_traders, economy.weights, economy.intercept

    def worth(agent: Any, profile: Any, outcome: Any) -> Any:
        kind, trader = outcome
        if trader != agent:
            return 0.0
        if kind == "squared":
            return -0.5 * float(economy.slope[agent])
        types: Floats = np.array([profile[other] for other in range(n)])
        return float(weights[agent] @ types + intercept[agent])

    return FiniteEnvironment(
        agents={trader: TYPES.tolist() for trader in range(n)},
        outcomes=[(kind, trader) for kind in ("units", "squared") for trader in range(n)],
        values=InterdependentValues(worth),
    )
