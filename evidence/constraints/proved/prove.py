"""Constraints that hold at every profile, each with its proof, beside what runs."""

from dataclasses import dataclass
from typing import final

import numpy as np

from deviator.economies import TypeDistribution
from deviator.errors import NotConvergedError, RefusedError
from deviator.mechanisms import DiscreteVCG, TaxVCG
from deviator.validation import Floats

from ...certificates.certificate import EVERY_PROFILE, TYPE_SETS, Certificate, Condition
from ...market import Market
from ..constraint import Constraint, ConstraintVerdict
from ..violations import honest_markets
from .pivotal import prove_pivotal
from .reason import Prover, Reason, Reasons
from .several_units import prove_several_units
from .single_units import prove_single_units
from .smooth_markets import prove_smooth, prove_smooth_at_one_price
from .submitted_demand import prove_submitted
from .taxed_markets import prove_taxed

PROVERS: tuple[Prover, ...] = (
    prove_pivotal,
    prove_taxed,
    prove_smooth,
    prove_smooth_at_one_price,
    prove_single_units,
    prove_several_units,
    prove_submitted,
)
"""Each is about other rules, or other economies."""

SEED = 3_000_029
SAMPLED = 32
"""Profiles, from that seed, at which what runs is compared with what was proved."""

SAMPLED_SLOWLY = 4
"""The same where prices are solved for."""

NUMBERS = 2**20
"""Quantities that are computed at most for it."""


@final
@dataclass(frozen=True)
class Proofs:
    """What is proved of a market, and what a proof of the rest fails at.

    Attributes
    ----------
    confirmed : dict of str to ConstraintVerdict
    failures : dict of str to str
        In one sentence each; only where a proof was tried.
    """

    confirmed: dict[Constraint, ConstraintVerdict]
    failures: dict[Constraint, str]


def find_proofs(tested: Market) -> Proofs:
    """Return the constraints on honest outcomes that are proved to hold at every profile.

    Parameters
    ----------
    tested : Market
        Proofs are about rules, economies and strategies of deviator's own, and honest traders.

    Returns
    -------
    Proofs
        What is not proved is missing, with what a proof of it fails at where one was tried.

    Examples
    --------
    >>> from deviator.economies import fundamental_value
    >>> from deviator.evidence import market
    >>> from deviator.mechanisms import SpreadVCG
    >>> economy = fundamental_value(4)
    >>> list(find_proofs(market(SpreadVCG(economy, 0.3), economy)).confirmed)
    ['market_clearing', 'individual_rationality']
    """
    reasons = _reasons(tested)
    failures = {
        constraint: f"a proof needs that {failed.name}, and that fails: {failed.detail}"
        for constraint, reason in reasons.items()
        for failed in reason.failures[:1]
    }
    holding = {name: reason for name, reason in reasons.items() if not reason.failures}
    if not holding:
        return Proofs({}, failures)
    try:
        markets = honest_markets(tested, _profiles(tested))
    except (NotConvergedError, RefusedError):
        unsolved = "a proof speaks of markets that clear, and some sampled ones do not"
        return Proofs({}, dict.fromkeys(holding, unsolved) | failures)
    confirmed = {
        constraint: _confirmed(constraint, reason, tested, len(markets.types))
        for constraint, reason in holding.items()
        if not markets.violation(constraint).any()
    }
    return Proofs(confirmed, failures)


def _reasons(tested: Market) -> Reasons:
    """Return what the prover whose market this is proves."""
    for prover in PROVERS:
        try:
            return prover(tested)
        except RefusedError:
            continue
    return {}


def _profiles(tested: Market) -> Floats:
    """Return profiles of the market's law and of the economy's own, (B, N)."""
    slow = isinstance(tested.mechanism, TaxVCG | DiscreteVCG) or tested.bids_are_surfaces
    room = NUMBERS // tested.economy.n_traders
    count = max(1, min(SAMPLED_SLOWLY if slow else SAMPLED, room) // 2)
    rng = np.random.default_rng(SEED)
    laws: tuple[TypeDistribution, ...] = (tested.distribution, tested.economy.types())
    return np.concatenate([law.sample(rng, count) for law in laws])


def _confirmed(
    constraint: Constraint, reason: Reason, tested: Market, sampled: int
) -> ConstraintVerdict:
    runs = Condition(
        "what runs agrees", True, f"no violation beyond rounding at {sampled} profiles"
    )
    bounded = tested.economy.has_bounded_types
    region = TYPE_SETS if bounded else EVERY_PROFILE
    certificate = Certificate(reason.kind, (*reason.conditions, runs), 0.0, True, region=region)
    return ConstraintVerdict(
        constraint,
        "confirmed",
        "every profile",
        0.0,
        0.0,
        0.0,
        reason.sentence,
        None,
        certificate.to_dict(),
    )
