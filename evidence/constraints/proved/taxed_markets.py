"""What sigma-VCG and the sigma-DCDA fulfil at every profile, with bounded types and in any size.

In linear-quadratic economies, under the hypotheses of the incentive theorem (`quadratic_theorem`),
q_i = y_i (v_i - p) with y_i = 1 / (mu_i + sigma) and p the average of v at weights y, and the
transfer is p q_i + (sigma - k_i) q_i^2 / 2.

*Market clearing*: sum_i y_i (v_i - p) = 0 by definition of p. *Efficiency* at sigma = 0: marginal
utilities v_i - mu_i q_i are all p, and utilities are concave. *Budget surplus* where sigma covers
all k_i: see `covered_discounts`.

*Individual rationality*: v_i = p + (mu_i + sigma) q_i, so a trader is left with
(mu_i + sigma + k_i) q_i^2 / 2, and mu_i + sigma + k_i = w_ii / (dq_i/ds_i) > 0. Every truthful rule
is individually rational whose menus hold no trade at no payment.

Where types are bounded, units up to z, |z| <= |q_i| and of the same sign, cost k_i z^2 / 2 more as
(3.10) is printed, or (mu_i + sigma + k_i) z^2 / 2 at pivotal prices. Neither makes up for what is
left to the trader: (mu_i + sigma + k_i) q^2 / 2 - max(k_i, 0) z^2 / 2 >= 0. Nor does it leave a
deficit where sigma >= k_i: if k_i < 0, then (sigma - k_i) q^2 + k_i z^2 >= sigma q^2 >= 0.
"""

from deviator.economies import QuadraticEconomy
from deviator.errors import RefusedError
from deviator.mechanisms import SigmaDCDA, SigmaVCG

from ...certificates.premises import check_rule
from ...certificates.quadratic_theorem import certify_quadratic_by_theorem
from ...market import Market
from .covered_discounts import covers_straight_discounts
from .reason import Reason, Reasons

SUBJECT = "what sigma-VCG fulfils"


def prove_taxed(tested: Market) -> Reasons:
    """Prove what sigma-VCG, or the sigma-DCDA, fulfils in a linear-quadratic economy.

    Raises
    ------
    RefusedError
        If the market is another one, or a hypothesis of the incentive theorem fails.
    """
    mechanism, economy = tested.mechanism, tested.economy
    check_rule(SUBJECT, mechanism, (SigmaVCG, SigmaDCDA))
    certificate = certify_quadratic_by_theorem(tested)
    if certificate.cap is None or not isinstance(economy, QuadraticEconomy):
        raise RefusedError(f"{SUBJECT} is proved where its incentive theorem holds")
    given = certificate.conditions
    sigma = float(mechanism.tax_slope)
    reasons: Reasons = {
        "market_clearing": Reason(
            "Quantities sum to 0 at every profile, up to rounding: the price is the average of "
            "values that makes them.",
            given,
        ),
        "individual_rationality": Reason(
            "No trader loses at any profile: honest utility is (mu_i + sigma + k_i) q_i^2 / 2 at "
            "least, less what units cost that every report gets.",
            given,
        ),
        "budget_surplus": Reason(
            "Transfers never sum to a deficit at any profile: the tax covers every discount.",
            (*given, covers_straight_discounts(economy, sigma)),
        ),
    }
    if sigma == 0:
        sentence = "No welfare is lost at any profile: all marginal utilities are the price."
        reasons["efficiency"] = Reason(sentence, given)
    return reasons
