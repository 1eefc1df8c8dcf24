"""What auctions fulfil in which honest traders submit their own marginal utility.

In linear-quadratic economies the market clears where v_i - mu_i q_i = p for all: at the first best.

*Market clearing*: p is the average of v at weights 1 / mu that makes quantities sum to 0.
*Efficiency*: marginal utilities are all p, and utilities are concave.

*At one price*, t_i = p q_i: transfers sum to p times 0, and a trader is left with mu_i q_i^2 / 2.

*Pay as bid*, t_i = p q_i + mu_i q_i^2 / 2, what the units are worth: everybody is left with 0, and
transfers sum to the sum of mu_i q_i^2 / 2.

Honest schedules exist under private values only. Conditional bids tell the own type from the
allocation, which takes type effects that have an inverse, quantities that rise in the own type, and
statistics, where bids read these alone, that span what they condition on (Lemma 2).
"""

from deviator.economies import QuadraticEconomy, is_linear_quadratic
from deviator.errors import RefusedError
from deviator.mechanisms import (
    Mechanism,
    NaiveWalrasian,
    PayAsBid,
    UniformConditional,
    UniformDoubleAuction,
)

from ...certificates.certificate import Condition
from ...certificates.premises import all_honest, all_known, check_rule
from ...certificates.quadratic_theorem import conditional_bids_are_honest
from ...market import Market
from .reason import BY_CONSTRUCTION, Reason, Reasons

SUBJECT = "what submitted marginal utilities lead to"

RULES = (PayAsBid, UniformDoubleAuction, UniformConditional, NaiveWalrasian)


def prove_submitted(tested: Market) -> Reasons:
    """Prove what an auction of marginal utilities fulfils in a linear-quadratic economy.

    Raises
    ------
    RefusedError
        If the market is another one, or not everything in it is deviator's own and honest.
    """
    mechanism, economy = tested.mechanism, tested.economy
    check_rule(SUBJECT, mechanism, RULES)
    if not (isinstance(economy, QuadraticEconomy) and is_linear_quadratic(economy)):
        raise RefusedError(
            f"{SUBJECT} is known in linear-quadratic economies, got {type(economy).__name__}"
        )
    premises = all_known(SUBJECT, tested), all_honest(SUBJECT, tested)
    given = (*premises, *_own_marginal_utility(mechanism, economy))
    clears = "Quantities sum to 0 at every profile, up to rounding: the price makes them."
    first_best = "No welfare is lost at any profile: all marginal utilities are the price."
    budget, left = _payments(mechanism)
    return {
        "market_clearing": Reason(clears, given, BY_CONSTRUCTION),
        "budget_surplus": Reason(budget, given, BY_CONSTRUCTION),
        "individual_rationality": Reason(left, given, BY_CONSTRUCTION),
        "efficiency": Reason(first_best, given, BY_CONSTRUCTION),
    }


def _payments(mechanism: Mechanism) -> tuple[str, str]:
    """Return what transfers sum to, and what is left to a trader."""
    if isinstance(mechanism, PayAsBid):
        return (
            "Transfers sum to the sum of mu_i q_i^2 / 2 at every profile, which is no deficit.",
            "No trader loses at any profile: everybody pays what their units are worth.",
        )
    return (
        "Transfers sum to 0 at every profile, up to rounding: all units have one price.",
        "No trader loses at any profile: honest utility is mu_i q_i^2 / 2.",
    )


def _own_marginal_utility(mechanism: Mechanism, economy: QuadraticEconomy) -> list[Condition]:
    """Return why honest bids are the own marginal utility."""
    if isinstance(mechanism, UniformConditional):
        return conditional_bids_are_honest(mechanism, economy)
    detail = "the designer knows it"
    if not isinstance(mechanism, NaiveWalrasian):
        detail = "values are private, or there would be no honest schedule"
    return [Condition("honest bids are the own marginal utility", True, detail)]
