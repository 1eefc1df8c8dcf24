"""Branch and bound: bounds hold wherever it was sampled, spikes are found, branches refused."""

import re
from dataclasses import dataclass, replace

import numpy as np
import pytest

from deviator.economies import (
    UniformBox,
    factored,
    fundamental_value,
    private_values,
    saturating,
    two_groups,
)
from deviator.errors import RefusedError
from deviator.evidence import certify, market
from deviator.evidence.certificates import certify_bounded_search
from deviator.mechanisms import (
    ConditionalLanguage,
    Mutated,
    NaiveWalrasian,
    PayAsBid,
    ResidualLineMechanism,
    SigmaDCDA,
    SigmaVCG,
    UniformConditional,
    UniformDoubleAuction,
)
from deviator.mechanisms.clearing import ConditionalClearing
from deviator.policies import exact_gain


@dataclass(frozen=True)
class Plugin(ResidualLineMechanism):
    """What a third party writes: a payment, and nothing else of its own."""

    tax_slope: float = 0.2
    charge: float = 0.3
    name = "plugin"
    language = ConditionalLanguage()
    clearing = ConditionalClearing()


class Truthful(Plugin):
    """Definition 3, in another form."""

    def payment(self, price, quantity, residual_slope, tax_slope):
        return quantity * (price + (tax_slope - residual_slope) * quantity / 2)


class Saturates(Plugin):
    """A charge that levels off: no polynomial, so that no menu can be read off."""

    def payment(self, price, quantity, residual_slope, tax_slope):
        charge = self.charge * quantity**2 / (1 + quantity**2)
        return price * quantity + (tax_slope - residual_slope) * quantity**2 / 2 + charge


class Steep(Plugin):
    def payment(self, price, quantity, residual_slope, tax_slope):
        charge = self.charge * quantity**4
        return price * quantity + (tax_slope - residual_slope) * quantity**2 / 2 + charge


class Spike(Plugin):
    """Money back for quantities within a hundredth of 2.1234, which hardly any profile trades."""

    def payment(self, price, quantity, residual_slope, tax_slope):
        back = self.charge * quantity / (1 + (100 * (quantity - 2.1234)) ** 2)
        return price * quantity + (tax_slope - residual_slope) * quantity**2 / 2 - back


class Pole(Plugin):
    def payment(self, price, quantity, residual_slope, tax_slope):
        return price * quantity + self.charge * quantity**2 / (1 - quantity)


class Fee(Plugin):
    def payment(self, price, quantity, residual_slope, tax_slope):
        return price * quantity + self.charge


class Kink(Plugin):
    """Money back far out, where nobody samples."""

    def payment(self, price, quantity, residual_slope, tax_slope):
        return price * quantity - 1e6 * np.maximum(quantity - 20, 0)


class Branch(Plugin):
    def payment(self, price, quantity, residual_slope, tax_slope):
        return price * quantity - 1e6 * (quantity > 20)


class Hook(Truthful):
    def _pay_deviations(self, solution):
        paid = super()._pay_deviations(solution)
        return replace(paid, transfer=paid.transfer - 1e6 * (paid.quantity > 20))


def gains_on_a_grid(rule, economy, trader=0):
    """The largest gain from any of many quantities, at profiles in the box, from the menu's line."""
    types = np.clip(np.random.default_rng(0).standard_normal((200, economy.n_traders)) * 3, -4, 4)
    outcome = rule.clear(rule.honest_bids(economy, types))
    quantity, slope = outcome.quantity[:, [trader]], outcome.residual_slope[:, [trader]]
    intercept = outcome.price[:, None] - slope * quantity
    x = quantity + np.linspace(-8, 8, 8001)

    def utility(units):
        paid = rule.payment(intercept + slope * units, units, slope, rule.tax_slope)
        return economy.utility_of(trader, units, types) - paid

    return (utility(x) - utility(quantity)).max()


BOX = UniformBox.common(4, -4.0, 4.0)
WHOLE = "the box holds all types of the law and all quantities"


def bound_of(certificate):
    """The bound over the box, whether or not that is all there is."""
    told = next(one for one in certificate.conditions if "is bounded over" in one.name)
    return float(re.search("at most ([^,]*),", told.detail)[1])


@pytest.mark.parametrize("rule", [Saturates(), Steep(charge=0.05), Spike()])
@pytest.mark.parametrize("economy", [private_values(4), two_groups(4)], ids=lambda e: e.name)
def test_no_gain_on_a_grid_is_above_the_bound(rule, economy):
    certificate = certify_bounded_search(market(rule, economy, distribution=BOX))
    assert all(condition.holds for condition in certificate.conditions if condition.name != WHOLE)
    assert not certificate.every_profile
    assert certificate.kind == "bounded search"
    assert 0 < gains_on_a_grid(rule, economy) <= bound_of(certificate)


def test_a_bound_is_a_cap_where_the_box_holds_everything():
    economy = private_values(4)
    steep = market(Steep(charge=0.05), economy, distribution=BOX)
    certificate = certify_bounded_search(steep)
    assert certificate.region == "types where the law has them, every quantity"
    assert certificate.cap == pytest.approx(bound_of(certificate), rel=1e-5)
    wide, far = market(steep.mechanism, economy), market(Saturates(), economy, distribution=BOX)
    for partial in (wide, far):
        certificate = certify_bounded_search(partial)
        assert certificate.cap is None
        assert [failure.name for failure in certificate.failures] == [WHOLE]
        assert bound_of(certificate) > 0


def test_the_bound_is_near_the_largest_gain():
    economy = private_values(4)
    certificate = certify_bounded_search(market(Saturates(), economy))
    assert bound_of(certificate) <= 1.2 * gains_on_a_grid(Saturates(), economy)


@pytest.mark.parametrize("economy", [fundamental_value(4), two_groups(4)], ids=lambda e: e.name)
def test_truthful_rules_are_bounded_by_rounding_at_every_quantity(economy):
    for rule in (Truthful(), SigmaDCDA(0.3), SigmaVCG(economy, 0.3)):
        certificate = certify_bounded_search(market(rule, economy, distribution=BOX, trader=2))
        assert certificate.cap < 1e-25
        assert certificate.region.endswith("every quantity")


@pytest.mark.parametrize("trader", [0, 3])
def test_bounds_are_those_of_closed_forms(trader):
    """In a box of types the largest exact gain is at a corner; the bound is that or a few times it.

    Intercepts and quantities range over a rectangle, which types do not fill.
    """
    law = UniformBox.common(4, -1.0, 1.0)
    corners = np.array(np.meshgrid(*[[-1.0, 1.0]] * 4)).reshape(4, -1).T
    for rule, economy in (
        (UniformConditional(), two_groups(4)),
        (Mutated(SigmaDCDA(0.3), "transfer", 0.01), fundamental_value(4)),
        (UniformDoubleAuction(), private_values(4)),
        (NaiveWalrasian(private_values(4)), None),
    ):
        economy = economy or rule.economy
        certificate = certify_bounded_search(market(rule, economy, distribution=law, trader=trader))
        gain = exact_gain(rule, economy, corners, trader=trader).max()
        assert certificate.region == "types where the law has them, every quantity"
        assert gain * (1 - 1e-9) <= certificate.cap <= 4 * gain


def test_what_the_exact_certificate_cannot_read_is_bounded_here():
    tested = market(Saturates(), private_values(4))
    with pytest.raises(RefusedError):
        certify(tested)
    assert bound_of(certify_bounded_search(tested)) < 0.02


@pytest.mark.parametrize("rule", [Kink(), Branch()])
def test_payments_that_branch_are_refused(rule):
    """Nothing that was sampled tells: the kink lies beyond all quantities that are tried."""
    with pytest.raises(RefusedError, match="payment of its own that is more than arithmetic"):
        certify_bounded_search(market(rule, fundamental_value(4)))


def test_hooks_behind_the_payment_are_refused():
    with pytest.raises(RefusedError, match="_pay_deviations of its own"):
        certify_bounded_search(market(Hook(), fundamental_value(4)))


def test_payments_without_a_bound_are_refused():
    with pytest.raises(RefusedError, match="may divide by 0"):
        certify_bounded_search(market(Pole(), fundamental_value(4)))
    with pytest.raises(RefusedError, match="payment of 0 where nothing is traded"):
        certify_bounded_search(market(Fee(), fundamental_value(4)))


def test_other_markets_are_refused():
    economy = private_values(4)
    with pytest.raises(RefusedError, match="straight residual curves, which pay-as-bid is not"):
        certify_bounded_search(market(PayAsBid(), economy))
    with pytest.raises(RefusedError, match="linear-quadratic economy, got"):
        certify_bounded_search(market(SigmaDCDA(0.1), saturating(4)))
    with pytest.raises(RefusedError, match="marginal utility is the price"):
        certify_bounded_search(market(Mutated(SigmaDCDA(0.3), "clearing", 0.01), economy))
    large = factored(np.ones(61), np.full((61, 1), 0.01), np.ones((1, 61)), slope=1.0)
    with pytest.raises(RefusedError, match="at most 60 traders, got 61"):
        certify_bounded_search(market(SigmaDCDA(0.1), large))
