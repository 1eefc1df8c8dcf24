"""What pivotal mechanisms fulfil at every profile: a stated allocation at pivotal prices.

*Market clearing.* Each rule makes up quantities that sum to 0. With a spread, or an entry fee,
those who trade get y_i (v_i - p), less or more by the spread, and p is the average that makes their
sum 0. With a convex tax p is the root of excess demand. Units are handed from one trader to another
until nobody gains, and the search ends only where as many are received as given.

*Individual rationality.* The transfer is u_i(q_i, s) less w_ii A, where A is the integral of the
own quantity from the pivotal type of the first unit, at which it is 0, to the own type (3.11).
Where quantities never fall in the own type (`single_crossing`), they are not negative above the
pivotal type and not positive below it, so A >= 0, and w_ii > 0. With bounded types the integral
starts at an end of the set where no report gets nothing, and the quantity keeps its sign beyond.

*Efficiency* without tax, spread or fee: everybody trades at mu_i(q_i) = p, and utilities are
concave, so no other allocation has a larger total.

*Budget surplus* with a quadratic tax: pivotal prices are those on the residual line, which the tax
may cover (`covered_discounts`). With bounded types, units up to z that every report gets cost
(mu_i + sigma + k_i) z^2 / 2 more than that, which is positive as quantities rise in the own type.
"""

from fractions import Fraction

from deviator.economies import QuadraticEconomy
from deviator.errors import RefusedError
from deviator.mechanisms import PivotalMechanism

from ...certificates.certificate import Condition
from ...certificates.premises import all_honest, all_known
from ...certificates.single_crossing import pivotal_parts, rising_quantities, straight_slopes
from ...market import Market
from .covered_discounts import covers_straight_discounts
from .reason import BY_CONSTRUCTION, Reason, Reasons

SUBJECT = "what pivotal prices fulfil"


def prove_pivotal(tested: Market) -> Reasons:
    """Prove what a pivotal mechanism fulfils in a linear-quadratic economy.

    Raises
    ------
    RefusedError
        If the market is another one, or not everything in it is deviator's own and honest.
    """
    mechanism, economy = pivotal_parts(tested)
    premises = all_known(SUBJECT, tested), all_honest(SUBJECT, tested)
    sentence = (
        "Quantities sum to 0 at every profile, up to rounding: the rule makes them up that way."
    )
    reasons: Reasons = {"market_clearing": Reason(sentence, premises, BY_CONSTRUCTION)}
    sigma = straight_tax(mechanism, economy)
    if sigma == 0:
        sentence = "No welfare is lost at any profile: all marginal utilities are the price."
        free = Condition("there is neither tax nor spread nor fee", True, "all are 0")
        reasons["efficiency"] = Reason(sentence, (*premises, free))
    rises = (*premises, *_rising(mechanism, economy))
    sentence = (
        "No trader loses at any profile: what is left to them is the integral of their quantity "
        "from the pivotal type to their own, which is never negative."
    )
    reasons["individual_rationality"] = Reason(sentence, rises)
    if sigma is not None:
        covered = covers_straight_discounts(economy, float(sigma))
        sentence = "Transfers never sum to a deficit at any profile: the tax covers every discount."
        reasons["budget_surplus"] = Reason(sentence, (*rises, covered))
    return reasons


def _rising(mechanism: PivotalMechanism, economy: QuadraticEconomy) -> tuple[Condition, ...]:
    try:
        return rising_quantities(mechanism, economy)
    except RefusedError as error:
        return (Condition("no quantity falls in the own type", False, str(error)),)


def straight_tax(mechanism: PivotalMechanism, economy: QuadraticEconomy) -> Fraction | None:
    """Return the slope of a tax that is quadratic and nothing else, 0 without one, else None."""
    slopes = straight_slopes(mechanism, economy)
    return None if slopes is None else Fraction(slopes[0]) - Fraction(float(economy.slope[0]))
