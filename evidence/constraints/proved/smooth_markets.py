"""What sigma-VCG and the sigma-DCDA fulfil at every profile of smooth economies.

*Market clearing*: the allocation (3.8) is found by steps that sum to 0, from no trade.

*Individual rationality*, under the hypotheses of the incentive theorem (`theorem`). By (3.10) and
(3.11) unit x costs mu_i(x, s_i(x), s_-i) and is worth mu_i(x, s). So a trader is left with the
integral from 0 to q_i of mu_i(x, s) - mu_i(x, s_i(x), s_-i), which by A3 has the sign of
s_i - s_i(x), and that is the sign of q_i - x as quantities rise in the own type. Where types are
bounded, a buyer has units up to z at every report, whose cost is, with r the lowest type and p the
price under it, p z + sigma z^2 / 2 as (3.10) is printed, and u_i(z, r, s_-i) at pivotal prices. As
mu_i(z, r, s_-i) = p + sigma z and utilities are concave (A2), the former is at most the latter,
which by A3 is at most u_i(z, s). Sellers mirror it.

*Efficiency* at sigma = 0: marginal utilities are all p, and utilities are concave (A2).

*Budget surplus*: a unit x costs p + sigma x less the integral of the residual slope from x to q_i,
so the trader pays p q_i + integral of (sigma - k_i(x)) x, see `covered_discounts`. With bounded
types (3.10), as printed, prices units up to z at p - integral of k_i from z to q_i, so that k_i
counts as 0 up to z; pivotal prices charge no less.

The sigma-DCDA has the outcomes of sigma-VCG under the hypotheses of Proposition 3, and with them,
at sigma = 0, the auction of the same bids at one price has its quantities. There t_i = p q_i, so
transfers sum to 0, and as utilities are concave, p q_i is at most what the units are worth.
"""

from deviator.economies import SmoothEconomy
from deviator.errors import RefusedError
from deviator.mechanisms import SigmaDCDA, SmoothSigmaVCG, UniformConditional

from ...certificates.certificate import Certificate, Condition
from ...certificates.premises import all_honest, all_known, check_rule
from ...certificates.theorem import certify_by_theorem
from ...market import Market, market
from .covered_discounts import covers_curved_discounts
from .reason import Reason, Reasons

SUBJECT = "what sigma-VCG fulfils in smooth economies"

FIRST_BEST = "No welfare is lost at any profile: all marginal utilities are the price."


def prove_smooth(tested: Market) -> Reasons:
    """Prove what sigma-VCG, or the sigma-DCDA, fulfils in a smooth economy.

    Raises
    ------
    RefusedError
        If the market is another one, or honest markets cannot be cleared.
    """
    mechanism, economy = tested.mechanism, tested.economy
    check_rule(SUBJECT, mechanism, (SmoothSigmaVCG, SigmaDCDA))
    if not isinstance(economy, SmoothEconomy):
        raise RefusedError(f"{SUBJECT} needs a smooth economy, got {type(economy).__name__}")
    certificate = certify_by_theorem(tested)
    every, sigma = certificate.conditions, float(mechanism.tax_slope)
    # The auction's outcomes are known by the whole theorem, those of sigma-VCG by what it is.
    stated = every if isinstance(mechanism, SigmaDCDA) else _without_hypotheses(certificate)
    concave = tuple(each for each in every if each.name == "assumption A2")
    reasons: Reasons = {
        "market_clearing": Reason(
            "Quantities sum to 0 at every profile, up to rounding: the steps to them do.", stated
        ),
        "individual_rationality": Reason(
            "No trader loses at any profile: what is left to them is the area between their own "
            "marginal utility and that of pivotal types, which is never negative.",
            every,
        ),
        "budget_surplus": Reason(
            "Transfers never sum to a deficit at any profile: the tax covers every discount.",
            (*every, covers_curved_discounts(economy, sigma)),
        ),
    }
    if sigma == 0:
        reasons["efficiency"] = Reason(FIRST_BEST, tuple(dict.fromkeys((*stated, *concave))))
    return reasons


def prove_smooth_at_one_price(tested: Market) -> Reasons:
    """Prove what the conditional auction at one price fulfils in a smooth economy.

    Raises
    ------
    RefusedError
        If the market is another one, not everything in it is deviator's own and honest, or honest
        markets cannot be cleared.
    """
    mechanism, economy = tested.mechanism, tested.economy
    check_rule(SUBJECT, mechanism, (UniformConditional,))
    if not isinstance(economy, SmoothEconomy):
        raise RefusedError(f"{SUBJECT} needs a smooth economy, got {type(economy).__name__}")
    premises = all_known(SUBJECT, tested), all_honest(SUBJECT, tested)
    same_bids = market(SigmaDCDA(0.0), economy, distribution=tested.distribution)
    given = (*premises, *certify_by_theorem(same_bids).conditions)
    clears = "Quantities sum to 0 at every profile, up to rounding: the steps to them do."
    balanced = "Transfers sum to 0 at every profile, up to rounding: all units have one price."
    worth = "No trader loses at any profile: no unit costs more than the last one is worth."
    return {
        "market_clearing": Reason(clears, given),
        "budget_surplus": Reason(balanced, given),
        "individual_rationality": Reason(worth, given),
        "efficiency": Reason(FIRST_BEST, given),
    }


def _without_hypotheses(certificate: Certificate) -> tuple[Condition, ...]:
    """Return the conditions on what runs and who is honest."""
    return tuple(each for each in certificate.conditions if not each.name.startswith("assumption "))
