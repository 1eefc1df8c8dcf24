"""Evidence about smooth markets: best points of residual curves, and Proposition 3's certificate."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from helpers.samples import normal_types

from deviator import audit
from deviator.economies import (
    NormalTypes,
    Saturating,
    check_assumptions,
    fundamental_value,
    saturating,
    two_groups,
    unit_demands,
    varying_effects,
)
from deviator.errors import InvalidInputError, RefusedError
from deviator.evidence import (
    Certificate,
    certify_by_theorem,
    market,
    surface_best_response,
    surface_gains,
)
from deviator.mechanisms import (
    Hyperplane,
    KDoubleAuction,
    Mutated,
    NaiveWalrasian,
    Shifted,
    SigmaDCDA,
    SmoothSigmaVCG,
    UniformConditional,
)
from deviator.policies import Policy, Revelation, exact_gain

SIGMA = 0.3
MEMBERS = [saturating(4), varying_effects(4), varying_effects(3, bend=-0.2)]
BROKEN = {
    "A2": saturating(4, flat=0.0),
    "A4N": saturating(4, beta=2.5),
}


def as_smooth(economy):
    """A quadratic economy, written as a smooth one."""
    common = economy.weights, economy.slope, economy.slope
    return Saturating(*common, 0.7, economy.intercept)


@pytest.mark.parametrize("economy", [fundamental_value(4), two_groups(4, 1.0, 0.7, 1.3)])
def test_the_best_response_is_the_exact_one_where_utilities_are_quadratic(economy):
    smooth, types, rule = as_smooth(economy), normal_types(12, 4), UniformConditional()
    exact = exact_gain(rule, economy, types, trader=1)
    result = surface_best_response(rule, smooth, types, 1)
    np.testing.assert_allclose(result.gain, exact, rtol=1e-8, atol=1e-10)
    coarse = surface_best_response(rule, smooth, types, 1, rounds=0)
    assert (exact - coarse.gain).max() > 1e-4
    assert (coarse.gain <= exact + 1e-10).all()


@pytest.mark.parametrize("economy", [saturating(3), MEMBERS[2]])
def test_no_other_surface_is_better_and_in_the_sigma_dcda_none_gains(economy):
    types = normal_types(2, economy.n_traders, 1)
    control = UniformConditional()
    best = surface_best_response(control, economy, types, 0).gain
    others = np.max(list(surface_gains(control, economy, types, 0).values()), axis=0)
    assert (best >= others).all()
    assert best.max() > 1e-3
    assert surface_best_response(SigmaDCDA(SIGMA), economy, types, 0).gain.max() < 1e-12


def test_a_batch_of_best_responses_is_the_loop():
    economy, types = saturating(3), normal_types(3, 3)
    whole = surface_best_response(UniformConditional(), economy, types, 2)
    for place in range(3):
        alone = surface_best_response(UniformConditional(), economy, types[[place]], 2)
        np.testing.assert_allclose(whole.gain[place], alone.gain[0], rtol=1e-9)
        np.testing.assert_allclose(whole.quantity[place], alone.quantity[0], rtol=1e-4)


class GivesUp(UniformConditional):
    """Does not solve markets in which trader 0 buys much."""

    def clear(self, bids, *, unsolved="raise"):
        outcome = super().clear(bids, unsolved=unsolved)
        much = outcome.quantity[:, 0] > 1.5
        quantity = np.where(much[:, None], np.nan, outcome.quantity)
        return replace(outcome, quantity=quantity, converged=outcome.converged & ~much)


def test_points_that_are_not_solved_are_passed_over():
    economy, types = saturating(4), normal_types(6, 4)
    expected = surface_best_response(UniformConditional(), economy, types, 0)
    result = surface_best_response(GivesUp(), economy, types, 0)
    np.testing.assert_array_equal(result.gain, expected.gain)
    assert expected.gain.min() > 0


@dataclass(frozen=True, eq=False)
class Timid(Policy):
    """Honesty, but for trader 0, who asks for less."""

    honest: Revelation

    @property
    def name(self):
        return "timid"

    @property
    def n_traders(self):
        return self.honest.n_traders

    def bids(self, view, rng=None):
        bids = self.honest.bids(view)
        return bids.with_surface(0, Shifted(bids.surfaces[0], 0.2))


def test_where_nobody_trades_the_search_is_as_wide_as_alone():
    economy, types, rule = saturating(3), normal_types(3, 3), SigmaDCDA(SIGMA)

    class Twice(Timid):
        """Trader 0 bids what trader 1 bids: no market has a unique clearing pair."""

        def bids(self, view, rng=None):
            bids = self.honest.bids(view)
            return bids.with_surface(0, bids.surfaces[1])

    twice = Twice(Revelation(rule, economy))
    whole = surface_best_response(rule, economy, types, 0, others=twice)
    assert whole.gain.max() > 1e-3
    for place in range(3):
        alone = surface_best_response(rule, economy, types[[place]], 0, others=twice)
        np.testing.assert_allclose(whole.gain[place], alone.gain[0], rtol=1e-9)


def test_the_best_response_is_to_the_strategy_under_test():
    economy, types, rule = saturating(3), normal_types(4, 3), SigmaDCDA(SIGMA)
    timid = Timid(Revelation(rule, economy))
    result = surface_best_response(rule, economy, types, 0, others=timid)
    honest = rule.clear(rule.honest_bids(economy, types))
    np.testing.assert_allclose(result.quantity, honest.quantity[:, 0], atol=1e-6)
    assert result.gain.max() > 1e-3
    verdict = audit(rule, economy, strategy=timid, trader=0)
    assert verdict.state == "refuted"
    assert verdict.certificate is None


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (
            lambda: surface_best_response(
                NaiveWalrasian(fundamental_value(4)), saturating(4), normal_types(1, 4), 0
            ),
            "auctions of conditional bids, got NaiveWalrasian",
        ),
        (
            lambda: surface_best_response(
                SigmaDCDA(SIGMA), fundamental_value(4), normal_types(1, 4), 0
            ),
            "use exact_gain",
        ),
        (
            lambda: surface_best_response(SigmaDCDA(SIGMA), saturating(4), normal_types(1, 5), 0),
            "types must have shape",
        ),
        (
            lambda: surface_best_response(SigmaDCDA(SIGMA), saturating(4), normal_types(1, 4), 4),
            "trader must be",
        ),
        (
            lambda: surface_best_response(
                SigmaDCDA(SIGMA), saturating(4), normal_types(1, 4), 0, reach=0.0
            ),
            "reach must be positive",
        ),
    ],
)
def test_malformed_questions(ask, message):
    with pytest.raises(InvalidInputError, match=message):
        ask()


@pytest.mark.parametrize("economy", MEMBERS)
def test_proposition_3_confirms_honesty_in_smooth_markets(economy):
    for rule in (SigmaDCDA(SIGMA), SmoothSigmaVCG(economy, SIGMA)):
        certificate = certify_by_theorem(market(rule, economy))
        assert certificate.cap == 0.0
        assert certificate.every_profile
        assert all(condition.holds is True for condition in certificate.conditions)


@pytest.mark.parametrize("assumption", BROKEN)
def test_where_an_assumption_fails_nothing_is_certified(assumption):
    economy = BROKEN[assumption]
    rule = SmoothSigmaVCG(economy, SIGMA)
    certificate = certify_by_theorem(
        market(rule, economy, distribution=NormalTypes.independent(economy.n_traders))
    )
    assert certificate.cap is None
    assert f"assumption {assumption}" in {each.name for each in certificate.failures}


class SaysHonest(Revelation):
    """Bids anything, under honesty's name."""

    def bids(self, view, rng=None):
        bids = super().bids(view)
        return bids.with_surface(0, Shifted(bids.surfaces[0], 0.2))


class Unowned(Saturating):
    """An economy from elsewhere, whose bounds nobody has proved."""


class Claims(Saturating):
    """The same, which claims to be defined in this package."""

    __module__ = Saturating.__module__


class DrawsLots(SigmaDCDA):
    """Transfers with noise, of which a search keeps the luckiest."""

    rng = np.random.default_rng(0)

    def clear(self, bids, *, unsolved="raise"):
        outcome = super().clear(bids, unsolved=unsolved)
        noise = self.rng.standard_normal(outcome.transfer.shape)
        return replace(outcome, transfer=outcome.transfer + noise)


class TellsNothing(SigmaDCDA):
    """A rule that cannot report markets without solution."""

    def clear(self, bids):
        return super().clear(bids)


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (DrawsLots(SIGMA), "clear the same bids alike each time"),
        (TellsNothing(SIGMA), "must take unsolved"),
    ],
)
def test_rules_that_cannot_be_searched_are_refused(rule, message):
    with pytest.raises(InvalidInputError, match=message):
        audit(rule, saturating(4))


def test_markets_outside_the_theorem_are_not_certified():
    economy, rule = saturating(4), SigmaDCDA(SIGMA)
    for kind in (Unowned, Claims):
        unowned = kind(
            *(
                getattr(economy, name)
                for name in ("weights", "flat", "steep", "quantity_scale", "intercept")
            )
        )
        with pytest.raises(RefusedError, match="utilities that are known"):
            certify_by_theorem(market(rule, unowned))
    elsewhere = Revelation(rule, saturating(4, beta=0.1))
    with pytest.raises(RefusedError, match="is about one economy"):
        certify_by_theorem(market(rule, economy, strategy=elsewhere))
    with pytest.raises(RefusedError, match="a strategy of the kind SaysHonest"):
        certify_by_theorem(market(rule, economy, strategy=SaysHonest(rule, economy)))
    other = SmoothSigmaVCG(saturating(4, beta=0.1), SIGMA)
    with pytest.raises(RefusedError, match="is about one economy"):
        certify_by_theorem(market(other, economy))
    for mechanism in (UniformConditional(), Mutated(rule, "transfer", 0.01)):
        with pytest.raises(RefusedError, match="Proposition 3 is about"):
            certify_by_theorem(market(mechanism, economy))
    with pytest.raises(RefusedError, match="INF"):
        certify_by_theorem(market(rule, saturating(4, type_low=-9.0, type_high=9.0)))
    with pytest.raises(RefusedError, match="smooth economies"):
        certify_by_theorem(market(KDoubleAuction(), unit_demands(2, 2)))


def test_other_outcomes_than_those_of_sigma_vcg_are_not_certified(monkeypatch):
    economy, clear = saturating(4), SmoothSigmaVCG.clear

    def dearer(rule, bids):
        outcome = clear(rule, bids)
        return replace(outcome, transfer=outcome.transfer + 1e-6)

    monkeypatch.setattr(SmoothSigmaVCG, "clear", dearer)
    assert certify_by_theorem(market(SigmaDCDA(SIGMA), economy)).cap is None


@pytest.mark.slow
def test_verdicts_on_smooth_markets():
    economy = saturating(3)
    assert audit(SigmaDCDA(SIGMA), economy, trader=0).state == "confirmed"
    refuted = audit(UniformConditional(), economy, trader=0)
    assert refuted.state == "refuted"
    assert refuted.upper is None
    _recheck(refuted.witness)
    # A surface reads the others' types off the market, so that the cap 0 answers this rung too.
    own = audit(SigmaDCDA(SIGMA), economy, information="own", trader=0)
    assert (own.state, own.scope) == ("confirmed", "every profile")


def _recheck(witness):
    """Clear a witness again, from its numbers alone."""
    fields = ("weights", "flat", "steep", "quantity_scale", "intercept")
    economy = Saturating(*(witness["economy"][name] for name in fields))
    rule, types, trader = UniformConditional(), np.array([witness["types"]]), witness["trader"]
    honest = rule.honest_bids(economy, types)
    *weights, price_weight, level = witness["bid"]
    bids = honest, honest.with_surface(trader, Hyperplane(weights, price_weight, level))
    utility = []
    for each in bids:
        outcome = rule.clear(each)
        utility.append(
            economy.utility(outcome.quantity, types)[0, trader] - outcome.transfer[0, trader]
        )
    np.testing.assert_allclose(utility[1] - utility[0], witness["gain"], rtol=1e-9)
    assert witness["gain"] > 0


@pytest.mark.parametrize("economy", MEMBERS)
def test_determinants_are_not_below_the_bound_that_decides_inj(economy):
    result = check_assumptions(economy)["INJ"]
    assert result.holds is True
    bound = float(result.witness.split()[4].rstrip(":"))
    types, quantity = (4 * normal_types(500, economy.n_traders, seed) for seed in (0, 1))
    determinants = np.linalg.det(economy.type_effects(quantity, types))
    assert determinants.min() >= bound * (1 - 1e-9)


def test_inj_is_not_decided_by_the_last_digit():
    """Pairs of traders to whom both types matter the same: no determinant is smaller than 0."""
    weights = np.kron(np.eye(4), np.full((2, 2), 0.9694171045544856))
    pairs = Saturating(weights, 1.0, 1.0, 1.0, np.zeros(8))
    own, others = pairs.bounds.own_effect, 7 * pairs.bounds.interdependence
    assert own > others
    assert check_assumptions(pairs)["INJ"].holds is not True


def test_constant_effects_decide_inj_by_their_determinant():
    """With beta = 2 the others matter more than the own type, and W has an inverse all the same."""
    economy = saturating(6, beta=2.0)
    assert economy.bounds.own_effect < 5 * economy.bounds.interdependence
    assert check_assumptions(economy)["INJ"].holds is True
    assert certify_by_theorem(market(SigmaDCDA(SIGMA), economy)).cap == 0.0


def test_effects_in_intervals_decide_inj_where_no_matrix_between_is_singular():
    gentle, wild = (varying_effects(6, beta=2.0, bend=bend) for bend in (0.02, 3.0))
    assert check_assumptions(gentle)["INJ"].holds is True
    types, quantity = (4 * normal_types(500, 6, seed) for seed in (0, 1))
    assert np.linalg.det(gentle.type_effects(quantity, types)).min() > 0
    assert check_assumptions(wild)["INJ"].holds is None


def test_sigma_vcg_needs_no_invertible_type_effects():
    """Pairs of traders to whom both types matter the same: no allocation tells these apart."""
    economy = Saturating(np.kron(np.eye(4), np.ones((2, 2))), 1.0, 1.2, 1.0, np.zeros(8))
    assert check_assumptions(economy)["INJ"].holds is not True
    certificate = certify_by_theorem(market(SmoothSigmaVCG(economy, SIGMA), economy))
    assert certificate.cap == 0.0
    assert "assumption INJ" not in {condition.name for condition in certificate.conditions}
    with pytest.raises(RefusedError, match="INJ"):
        certify_by_theorem(market(SigmaDCDA(SIGMA), economy))


def test_sigma_vcg_is_certified_on_bounded_types():
    economy = saturating(4, type_low=-2.0, type_high=1.0)
    for rule in ("printed", "pivotal"):
        tested = market(SmoothSigmaVCG(economy, SIGMA, rule), economy)
        certificate = certify_by_theorem(tested)
        assert certificate.cap == 0.0
        assert certificate.region == "every profile of the type sets"
        assert Certificate.from_dict(certificate.to_dict(), trades=True) == certificate
