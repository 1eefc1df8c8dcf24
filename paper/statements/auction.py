"""Definition 3 and Proposition 3: the sigma-DCDA, as it clears.

Outcomes of bids are compared with the market-clearing equations of the submitted hyperplanes,
outcomes of honest bids with Definitions 1 and 2, and utilities from deviations with those from
honesty.
"""

from collections.abc import Iterator

import numpy as np

from deviator.economies import LinearQuadratic
from deviator.evidence import market
from deviator.evidence.certificates.exact import certify
from deviator.mechanisms import LinearBids, Mechanism, SigmaDCDA
from deviator.validation import Floats

from ..checks.definitions import clearing_pairs, pivotal_transfers, taxed_equilibrium
from ..checks.drawn import (
    DrawnMarket,
    fundamental_value_markets,
    general_markets,
    heterogeneous_markets,
    two_groups_markets,
)
from ..statement import Finding, Formula, compared, gap, statement, worst

SIGMA = 0.3

NODES = 4
"""Nodes of the quadrature of residual demand curves, which are straight."""

SHIFTS = np.array([0.01, 0.03, 0.1, 0.3, 1.0, 3.0])
"""Changes of a bid's level, in units of the largest level in the market."""

RANDOM = 16
"""Candidates of each random kind."""


def _drawn_bids(seed: int) -> Iterator[LinearBids]:
    """Draw batches of hyperplanes, some of them correspondences."""
    rng = np.random.default_rng(seed)
    for draw in range(24):
        n = int(rng.integers(3, 8))
        weights = 2 * np.eye(n) + 0.4 * rng.standard_normal((16, n, n))
        price = 1 + 0.3 * rng.standard_normal((16, n))
        if draw % 3 == 0:
            price[:, 0] = 0.0
        yield LinearBids(weights, price, rng.standard_normal((16, n)))


def _clearing_pairs(bids: LinearBids) -> Floats:
    return clearing_pairs(bids.quantity_weights, bids.price_weights, bids.level)


@statement(
    "Definition 3: allocation",
    "Section 5, Definition 3, equation (5.23)",
    "The mechanism finds the pair (p, q) that clears the market: p in d_i(q_-i) for all i.",
)
def _check_definition_3_clearing(auction: Formula = SigmaDCDA) -> Finding:
    gaps = []
    for bids in _drawn_bids(1):
        outcome, pairs = auction(SIGMA).clear(bids), _clearing_pairs(bids)
        gaps += [gap(outcome.quantity, pairs[:, :-1]), gap(outcome.price, pairs[:, -1])]
        gaps.append(float(not outcome.traded.all()))
    return compared(gaps, "the auction clears where all bids are met and quantities sum to 0")


@statement(
    "Definition 3: transfers",
    "Section 5, Definition 3",
    "t_i is the integral of the residual demand curve from 0 to q_i, and sigma q_i^2 / 2.",
)
def _check_definition_3_transfers(auction: Formula = SigmaDCDA) -> Finding:
    gaps = []
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    for bids in _drawn_bids(2):
        outcome = auction(SIGMA).clear(bids)
        for trader in range(bids.shape[1]):
            quantity = _clearing_pairs(bids)[:, trader]
            wanted = SIGMA / 2 * quantity**2
            for node, weight in zip((nodes + 1) / 2, weights / 2, strict=True):
                wanted += weight * quantity * _residual_price(bids, trader, node * quantity)
            gaps.append(gap(outcome.transfer[:, trader], wanted))
    return compared(gaps, "transfers are the area under residual demand and the tax")


def _residual_price(bids: LinearBids, trader: int, units: Floats) -> Floats:
    """Return the price at which the others' bids and `units` of the trader clear, shape (B,)."""
    weights, price = bids.quantity_weights.copy(), bids.price_weights.copy()
    level = bids.level.copy()
    weights[:, trader], price[:, trader], level[:, trader] = np.eye(bids.shape[1])[trader], 0, units
    return _clearing_pairs(LinearBids(weights, price, level))[:, -1]


@statement(
    "Definition 3: autarky",
    "Section 5, Definition 3",
    "Where there are no unique residual demand curves, and so no unique market clearing pair, "
    "allocation and transfers are zero.",
)
def _check_definition_3_autarky(auction: Formula = SigmaDCDA) -> Finding:
    rng = np.random.default_rng(3)
    wrong, moved = [], 0.0
    for spoil in (_same_bid, _same_surface, _no_bid, _pinned):
        for n in range(3, 8):
            array = next(_drawn_bids(n)).as_array()
            size = array.shape[1]
            spoiled = LinearBids.from_array(spoil(array.copy()))
            outcome = auction(SIGMA).clear(spoiled)
            wrong += outcome.traded.tolist()
            moved = max(moved, np.abs([outcome.quantity, outcome.transfer]).max())
            noise = 1e-2 * rng.standard_normal((len(array), size, size + 2))
            nearby = auction(SIGMA).clear(LinearBids.from_array(spoiled.as_array() + noise))
            wrong += (~nearby.traded).tolist()
    text = (
        f"{sum(wrong)} of {len(wrong)} markets misjudged: equal bids, parallel bids, empty bids, "
        "bids that pin another's quantity, and each of them changed by 1%"
    )
    return Finding(worst([float(np.mean(wrong)), moved]), text)


def _same_bid(array: Floats) -> Floats:
    array[:, 1] = 2 * array[:, 0]
    return array


def _same_surface(array: Floats) -> Floats:
    """Let two traders bid parallel hyperplanes: nothing clears."""
    array[:, 1] = array[:, 0]
    array[:, 1, -1] += 1.0
    return array


def _no_bid(array: Floats) -> Floats:
    array[:, 0] = 0.0
    return array


def _pinned(array: Floats) -> Floats:
    """Let trader 1 fix the quantity of trader 0, whose residual demand is then not a function."""
    array[:, 1] = 0.0
    array[:, 1, 0] = array[:, 1, -1] = 1.0
    return array


def _all_markets(seed: int) -> Iterator[DrawnMarket]:
    """Draw markets of all examples and general ones, within INF, INJ, A2 and A4^N."""
    for family in (
        fundamental_value_markets,
        two_groups_markets,
        heterogeneous_markets,
        general_markets,
    ):
        yield from list(family(seed))[:16]


@statement(
    "Proposition 3: outcome",
    "Section 5, Proposition 3",
    "sigma-VCG conditional inverse demands result in transfers and allocation as in the sigma-VCG "
    "mechanism.",
)
def _check_proposition_3_outcome(auction: Formula = SigmaDCDA) -> Finding:
    gaps = []
    for m in _all_markets(4):
        rule = auction(m.sigma)
        outcome = rule.clear(rule.honest_bids(m.economy, m.types))
        price, quantity = taxed_equilibrium(m.economy, m.sigma, m.types)
        transfers = pivotal_transfers(m.economy, m.sigma, m.types)
        gaps += [gap(outcome.price, price), gap(outcome.quantity, quantity)]
        gaps.append(gap(outcome.transfer, transfers))
    return compared(gaps, "honest conditional bids lead to the sigma-VCG outcome")


@statement(
    "Proposition 3: equilibrium",
    "Section 5, Proposition 3",
    "sigma-VCG conditional inverse demands are an ex post equilibrium of the sigma-DCDA: no bid "
    "gains at any profile.",
)
def _check_proposition_3_deviations(auction: Formula = SigmaDCDA) -> Finding:
    rng = np.random.default_rng(5)
    gains, count = [], 0
    for m in _all_markets(5):
        rule = auction(m.sigma)
        for trader in range(m.n_traders):
            candidates = _candidates(rule, m, trader, rng)
            utility = _utilities(rule, m, trader, candidates)
            scale = utility[:, 0].max()
            gains.append(float((utility[:, 1:] - utility[:, :1]).max()) / scale)
            count += utility.size
    best = max(gains)
    text = f"{count} deviations, cleared: the best changes utility by {best:.2g} of the honest one"
    return Finding(worst([*gains, 0.0]), text)


def _candidates(
    rule: Mechanism, drawn: DrawnMarket, trader: int, rng: np.random.Generator
) -> Floats:
    """Return bids of one trader, shape (B, M, N + 2), the honest one first.

    The others have other levels, other coefficients or other hyperplanes, or are correspondences,
    which have no weight on the price.
    """
    honest = rule.honest_bids(drawn.economy, drawn.types).of_trader(trader)[:, None]
    batch, _, size = honest.shape
    unit = np.abs(honest[..., -1]).max()
    levels = np.repeat(honest, 2 * len(SHIFTS), axis=1)
    levels[..., -1] += unit * np.concatenate([SHIFTS, -SHIFTS])
    coefficients = honest * (1 + 0.5 * rng.standard_normal((batch, RANDOM, size)))
    hyperplanes = np.abs(honest).max() * rng.standard_normal((batch, RANDOM, size))
    correspondences = hyperplanes * np.where(np.arange(size) == size - 2, 0.0, 1.0)
    kinds = [honest, levels, coefficients, hyperplanes, correspondences]
    return np.concatenate(kinds, axis=1)


def _utilities(rule: Mechanism, drawn: DrawnMarket, trader: int, candidates: Floats) -> Floats:
    """Return the trader's utilities from candidates against honest others, shape (B, M)."""
    bids = rule.honest_bids(drawn.economy, drawn.types)
    outcome = rule.clear(bids.with_candidates(trader, candidates))
    profiles = np.repeat(drawn.types, candidates.shape[1], axis=0)
    utility = drawn.economy.utility(outcome.quantity, profiles) - outcome.transfer
    return np.asarray(utility[:, trader].reshape(candidates.shape[:2]))


@statement(
    "Proposition 3: certificate",
    "Section 5, Proposition 3",
    "The same, for all types and all deviations, in rational arithmetic, in given economies.",
    tolerance=0.0,
)
def _check_proposition_3_certificate(auction: Formula = SigmaDCDA) -> Finding:
    caps, failed = [], set[str]()
    for economy, sigma in _small_economies():
        for trader in range(economy.n_traders):
            certificate = certify(market(auction(sigma), economy, trader=trader))
            failed |= {c.name for c in certificate.conditions if not c.holds}
            proved = certificate.cap is not None and certificate.every_profile
            caps.append(certificate.cap if proved and certificate.cap is not None else np.inf)
    text = f"cap {max(caps):g} on every deviation at every profile, {len(caps)} certificates"
    reason = f"; what fails: {', '.join(sorted(failed))}" if failed else ""
    return Finding(worst(caps), text + reason)


def _small_economies() -> Iterator[tuple[LinearQuadratic, float]]:
    for family in (fundamental_value_markets, heterogeneous_markets, general_markets):
        small = [m for m in family(6) if m.n_traders <= 5]
        yield from ((m.economy, m.sigma) for m in small[:3])
