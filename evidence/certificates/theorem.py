"""The certificate of smooth markets: a theorem whose hypotheses are checked.

Proposition 3: in economies of N > 2 traders that satisfy INF, INJ, A2 and A4^N, the sigma-VCG
conditional inverse demands are an ex post equilibrium of the sigma-DCDA with the outcomes of
sigma-VCG. Reporting another type to sigma-VCG is submitting that type's bid, one of the deviations.
The hypotheses are decided by the economy's own bounds. At sampled profiles the code's outcome is
compared with the theorem's: the auction's clearing, which sees no utilities, and sigma-VCG, which
sees no bids, have the same outcomes.
"""

import numpy as np

from deviator.economies import SmoothEconomy, check_assumptions
from deviator.errors import DeviatorError, RefusedError
from deviator.mechanisms import Reports, SigmaDCDA, SmoothSigmaVCG
from deviator.mechanisms.outcome import Outcome
from deviator.policies import Revelation
from deviator.trust import is_ours
from deviator.validation import Floats

from ..market import Market
from .certificate import Certificate, Condition

KIND = "theorem with checked hypotheses"

HYPOTHESES = ("INF", "INJ", "A2", "A3", "A4N")
"""By the names of `check_assumptions`; A3 is part of what A4^N says."""

SEED = 3_000_017
SAMPLED = 32
"""Profiles, from that seed, at which the code's outcome is compared with the theorem's."""

AGREEMENT = 1e-8
"""How far both clearings may be apart, of the largest value."""


def certify_by_theorem(tested: Market) -> Certificate:
    """Certify by Proposition 3 that no deviation from honesty gains at any profile.

    Parameters
    ----------
    tested : Market
        A built-in smooth economy, and `SigmaDCDA` or `SmoothSigmaVCG`.

    Raises
    ------
    RefusedError
        If the theorem does not speak of the market, or honest markets cannot be cleared.

    Examples
    --------
    >>> from deviator.economies import saturating
    >>> from deviator.evidence import market
    >>> from deviator.mechanisms import SigmaDCDA
    >>> certify_by_theorem(market(SigmaDCDA(0.2), saturating(4))).cap
    0.0
    """
    economy, mechanism = tested.economy, tested.mechanism
    if not isinstance(economy, SmoothEconomy):
        raise RefusedError(
            f"this certificate is for smooth economies, got {type(economy).__name__}; "
            "use certify for linear-quadratic ones"
        )
    if type(mechanism) not in (SigmaDCDA, SmoothSigmaVCG):
        raise RefusedError(f"Proposition 3 is about the sigma-DCDA, and not about {mechanism.name}")
    trade, same_outcomes = _outcomes_agree(tested, economy)
    conditions = (
        trade,
        same_outcomes,
        _honest(tested),
        _own_bounds(economy),
        *_hypotheses(economy),
    )
    proved = all(condition.holds for condition in conditions)
    return Certificate(KIND, conditions, 0.0 if proved else None, proved, trades=trade.holds)


def _honest(tested: Market) -> Condition:
    strategy, mechanism, name = tested.strategy, tested.mechanism, "everybody else is honest"
    if type(strategy) is not Revelation or strategy.mechanism is not mechanism:
        return Condition(name, False, f"they follow {strategy.name}")
    held = mechanism.economy if isinstance(mechanism, SmoothSigmaVCG) else tested.economy
    if not strategy.economy is tested.economy is held:
        return Condition(name, False, "strategy or mechanism is of another economy than the market")
    return Condition(name, True, "in the economy under test")


def _own_bounds(economy: SmoothEconomy) -> Condition:
    proved = is_ours(type(economy))
    detail = "they are proved" if proved else "those of a plugin are what it says, and not proved"
    return Condition("the economy's bounds hold", proved, detail)


def _hypotheses(economy: SmoothEconomy) -> list[Condition]:
    results = check_assumptions(economy)
    return [
        Condition(f"assumption {name}", results[name].holds is True, results[name].witness)
        for name in HYPOTHESES
    ]


def _outcomes_agree(tested: Market, economy: SmoothEconomy) -> tuple[Condition, Condition]:
    """Clear honest markets by the auction and by sigma-VCG, and compare what traders get and pay.

    Raises
    ------
    RefusedError
        If one of the two cannot.
    """
    types = tested.distribution.sample(np.random.default_rng(SEED), SAMPLED)
    sigma = tested.mechanism.tax_slope
    auction = SigmaDCDA(sigma)
    try:
        outcome = auction.clear(auction.honest_bids(economy, types))
        wanted = SmoothSigmaVCG(economy, sigma).clear(Reports(types))
    except DeviatorError as error:
        raise RefusedError(
            f"the theorem needs honest markets that can be cleared: {error}"
        ) from None
    trades, regular = bool(wanted.quantity.any()), bool(outcome.traded.all())
    apart = max(_apart(outcome, wanted, field) for field in ("quantity", "transfer"))
    detail = f"to {apart:.1g} of the largest value" if regular else "some are in autarky"
    return (
        Condition("honest markets trade", trades, f"at {SAMPLED} profiles"),
        Condition(
            "the auction's outcomes are those of sigma-VCG",
            regular and apart <= AGREEMENT,
            f"{detail} at {SAMPLED} profiles",
        ),
    )


def _apart(outcome: Outcome, wanted: Outcome, field: str) -> float:
    """Return how far two outcomes are apart, of the largest value."""
    values: tuple[Floats, Floats] = getattr(outcome, field), getattr(wanted, field)
    return float(np.abs(values[0] - values[1]).max() / (np.abs(values[1]).max() or 1.0))
