"""The certificate by theorem: the hypotheses of the paper's propositions, checked.

In linear-quadratic economies of any size see `quadratic_theorem`. In smooth ones:

*sigma-VCG* needs A2, A3 and A4^N only. The report of type x leads trader i to the quantity q(x) at
which mu_i(q(x), x, s_-i) = p(x) + sigma q(x), and by (3.10) the last of these units costs just
that, p(x) + sigma q(x), besides what no report changes. So a report of x earns at the margin
mu_i(q(x), s) - mu_i(q(x), x, s_-i), which by A3 has the sign of s_i - x, and as quantities rise in
the own type (A2 and A4^N, Appendix B) the own utility rises in x up to s_i and falls beyond:
truth is the best report at every profile, also where types are bounded.

*sigma-DCDA*: Proposition 3. In economies of N > 2 traders that satisfy INF, INJ, A2 and A4^N, the
sigma-VCG conditional inverse demands are an ex post equilibrium with the outcomes of sigma-VCG.
INJ takes part as global injectivity: `check_assumptions` decides it by bounds under which the
inverse is bounded too.

The hypotheses are decided by the economy's own bounds. At sampled profiles the code's outcome is
compared with the theorem's.
"""

from collections.abc import Sequence

import numpy as np

from deviator.economies import SmoothEconomy, check_assumptions, is_linear_quadratic
from deviator.errors import DeviatorError, RefusedError
from deviator.mechanisms import Reports, SigmaDCDA, SmoothSigmaVCG
from deviator.mechanisms.outcome import Outcome
from deviator.policies import Information

from ..market import Market
from .certificate import EVERY_PROFILE, TYPE_SETS, Certificate, Condition
from .premises import all_honest, all_known
from .quadratic_theorem import AGREEMENT, KIND, SEED, certify_quadratic_by_theorem, far_apart

AUCTION = ("INF", "INJ", "A2", "A3", "A4N")
DIRECT = ("A2", "A3", "A4N")
"""Hypotheses by the names of `check_assumptions`; A3 is part of what A4^N says."""

SAMPLED = 32
"""Profiles, from the theorems' seed, at which outcomes are compared with theirs."""


def certify_by_theorem(tested: Market) -> Certificate:
    """Certify by a theorem that no deviation from honesty gains at any profile.

    Parameters
    ----------
    tested : Market
        A built-in economy, linear-quadratic or smooth, and sigma-dcda or sigma-vcg.

    Raises
    ------
    RefusedError
        If no theorem speaks of the market, or honest markets cannot be cleared.

    Examples
    --------
    >>> from deviator.economies import saturating
    >>> from deviator.evidence import market
    >>> from deviator.mechanisms import SigmaDCDA
    >>> certify_by_theorem(market(SigmaDCDA(0.2), saturating(4))).cap
    0.0
    """
    economy, mechanism = tested.economy, tested.mechanism
    if is_linear_quadratic(economy):
        return certify_quadratic_by_theorem(tested)
    if not isinstance(economy, SmoothEconomy):
        raise RefusedError(
            "the theorems are about linear-quadratic and smooth economies, got "
            f"{type(economy).__name__}"
        )
    if type(mechanism) not in (SigmaDCDA, SmoothSigmaVCG):
        raise RefusedError(
            f"Proposition 3 is about the sigma-DCDA and sigma-VCG, and not about {mechanism.name}"
        )
    premises = all_known("the theorem", tested), all_honest("the theorem", tested)
    direct = isinstance(mechanism, SmoothSigmaVCG)
    trade, as_proved = (
        _rule_runs_as_proved(tested, economy, mechanism)
        if isinstance(mechanism, SmoothSigmaVCG)
        else _outcomes_agree(tested, economy)
    )
    conditions = (
        trade,
        as_proved,
        *premises,
        *_hypotheses(economy, DIRECT if direct else AUCTION),
    )
    proved = all(condition.holds for condition in conditions)
    region = TYPE_SETS if economy.has_bounded_types else EVERY_PROFILE
    cap = 0.0 if proved else None
    return Certificate(KIND, conditions, cap, proved, trades=trade.holds, region=region)


def certify_traders_by_theorem(
    tested: Market, information: Information, traders: Sequence[int]
) -> dict[int, Certificate]:
    """Certify several traders: the hypotheses are about all, and a cap of 0 holds on every rung."""
    return dict.fromkeys(traders, certify_by_theorem(tested))


def _hypotheses(economy: SmoothEconomy, names: Sequence[str]) -> list[Condition]:
    results = check_assumptions(economy)
    return [
        Condition(f"assumption {name}", results[name].holds is True, results[name].witness)
        for name in names
    ]


def _rule_runs_as_proved(
    tested: Market, economy: SmoothEconomy, rule: SmoothSigmaVCG
) -> tuple[Condition, Condition]:
    """Clear truthful reports, and look at the equations of Definition 1.

    Raises
    ------
    RefusedError
        If they cannot be cleared.
    """
    types = tested.distribution.sample(np.random.default_rng(SEED), SAMPLED)
    try:
        outcome = rule.clear(Reports(types))
    except DeviatorError as error:
        raise _not_cleared(error) from None
    asked = outcome.price[:, None] + rule.sigma * outcome.quantity
    marginal = economy.marginal_utility(outcome.quantity, types)
    apart = np.abs(marginal - asked).max() / (np.abs(asked).max() or 1.0)
    left = np.abs(outcome.quantity.sum(axis=1)).max() / (np.abs(outcome.quantity).max() or 1.0)
    worst = float(max(apart, left))
    return _trade(outcome), Condition(
        "truthful markets clear where marginal utilities are p + sigma q",
        worst <= AGREEMENT,
        f"to {worst:.1g} of the largest value at {SAMPLED} profiles",
    )


def _trade(outcome: Outcome) -> Condition:
    trades = bool(outcome.quantity.any())
    return Condition("honest markets trade", trades, f"at {SAMPLED} profiles")


def _not_cleared(error: DeviatorError) -> RefusedError:
    return RefusedError(f"the theorem needs honest markets that can be cleared: {error}")


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
        raise _not_cleared(error) from None
    regular = bool(outcome.traded.all())
    apart = max(
        far_apart(outcome.quantity, wanted.quantity), far_apart(outcome.transfer, wanted.transfer)
    )
    detail = f"to {apart:.1g} of the largest value" if regular else "some are in autarky"
    return (
        _trade(wanted),
        Condition(
            "the auction's outcomes are those of sigma-VCG",
            regular and apart <= AGREEMENT,
            f"{detail} at {SAMPLED} profiles",
        ),
    )
