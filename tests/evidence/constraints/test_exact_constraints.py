"""Four constraints at every profile: golden counterexamples, closed forms, caps, villains."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from helpers.market_strategies import economies
from hypothesis import given, settings
from hypothesis import strategies as st
from villains.certificates import lying_far_out

from deviator.economies import (
    factored,
    fundamental_value,
    fundamental_value_information,
    linear_quadratic,
    private_values,
    public_statistics,
    sigma_budget,
    sigma_n,
)
from deviator.errors import RefusedError
from deviator.evidence import market
from deviator.evidence.constraints import exact_constraints
from deviator.evidence.constraints.honest_forms import honest_forms
from deviator.mechanisms import (
    Mutated,
    NaiveWalrasian,
    PayAsBid,
    SigmaDCDA,
    SigmaVCG,
    UniformConditional,
    UniformDoubleAuction,
)
from deviator.mechanisms.mutated import RationedClearing
from deviator.numerics.rational import as_float, rational
from deviator.policies import LinearBayes, Revelation

CONSTRAINTS = ["market_clearing", "budget_surplus", "individual_rationality", "efficiency"]


def flat_traders(n, flat, effect):
    """Only some traders are flat, and the others' types matter to them alone; slopes 4 and 1."""
    weights = np.eye(n)
    weights[n - flat :, : n - flat] = effect
    return linear_quadratic(weights, [4.0] * (n - flat) + [1.0] * flat)


def states(verdicts):
    return [verdicts[name].state for name in CONSTRAINTS]


def violations(tested, types):
    """Return violations in money, from what the mechanism does, and the gains from trade."""
    outcome, economy = tested.mechanism.clear(tested.strategy.bids(types)), tested.economy
    worth = economy.utility(outcome.quantity, types)
    best = economy.utility(economy.efficient_allocation(types), types).sum(axis=1)
    return {
        "budget_surplus": -outcome.transfer.sum(axis=1),
        "individual_rationality": -(worth - outcome.transfer).min(axis=1),
        "efficiency": best - worth.sum(axis=1),
    }, best


def check_against_profiles(tested, types):
    """No profile is worse than the cap, and what was found is what the cap allows."""
    verdicts = exact_constraints(tested)
    violated, best = violations(tested, types)
    for name, violation in violated.items():
        verdict = verdicts[name]
        if verdict.cap is None:
            assert verdict.worst_share > 10  # there is money without gains from trade
            continue
        assert (violation <= verdict.cap * best + 1e-9 * (1 + best)).all()
        if verdict.state == "refuted":
            assert verdict.worst_share == pytest.approx(verdict.cap, rel=2e-6)
        else:
            assert verdict.state == "confirmed"
            assert (verdict.worst, verdict.worst_share, verdict.cap) == (0.0, 0.0, 0.0)
    return verdicts


@settings(max_examples=20)
@given(st.data())
def test_caps_bound_every_profile_and_are_attained(data):
    economy = data.draw(economies())
    sigma = data.draw(st.sampled_from([0.0, 0.1, 0.7]))
    sound = SigmaDCDA(sigma)
    mechanism = data.draw(
        st.sampled_from(
            [
                sound,
                SigmaVCG(economy, sigma),
                UniformConditional(),
                Mutated(sound, "clearing", 0.1),
                Mutated(sound, "transfer", 0.3),
                Mutated(sound, "residual-slope", -0.5),
            ]
        )
    )
    rng = np.random.default_rng(0)
    types = rng.standard_normal((2000, economy.n_traders)) * rng.choice([1, 100], (2000, 1))
    check_against_profiles(market(mechanism, economy), types)


@pytest.mark.parametrize("size", [1e-9, 1e9])
def test_units_do_not_matter(size):
    """Money per unit in one unit, quantities in another: the same shares."""
    plain = linear_quadratic(np.eye(4) + 0.1, [1.0, 2.0, 3.0, 1.5], [0.3, -1.0, 0.0, 0.2])
    money = linear_quadratic(plain.weights * size, plain.slope * size**2, plain.intercept * size)
    one = exact_constraints(market(SigmaDCDA(0.125), plain))
    other = exact_constraints(market(SigmaDCDA(0.125 * size**2), money))
    assert states(one) == states(other) == ["confirmed", "refuted", "confirmed", "refuted"]
    for name in CONSTRAINTS:
        assert other[name].cap == pytest.approx(one[name].cap, rel=1e-6)
        assert other[name].worst_share == pytest.approx(one[name].worst_share, rel=1e-6)


def test_the_smallest_counterexample_to_proposition_2():
    """N = 4, slopes 4, 4, 4, 1: transfers at sigma_N = 6 sum to -6/19, in exact numbers."""
    economy = flat_traders(4, 1, 0.5)
    assert sigma_n(economy) == 6.0
    tested = market(SigmaDCDA(6.0), economy)
    forms = honest_forms(tested)
    total = forms.budget.value(forms.at(rational([10, -10, 0, 0])))
    assert Fraction(int(total.p), int(total.q)) == Fraction(-6, 19)
    verdict = exact_constraints(tested)["budget_surplus"]
    assert verdict.state == "refuted"
    assert verdict.cap == pytest.approx(0.24 / 19, rel=1e-8)
    assert verdict.witness["violation"] == verdict.worst > 0


def test_the_counterexample_of_eight_traders():
    economy = flat_traders(8, 4, 0.35)
    tested = market(SigmaDCDA(3.0), economy)
    forms = honest_forms(tested)
    total = forms.budget.value(forms.at(rational([7, -7, 7, -7, 0, 0, 0, 0])))
    assert as_float(total) == pytest.approx(-60 / 151, rel=1e-12)
    assert exact_constraints(tested)["budget_surplus"].state == "refuted"


@pytest.mark.parametrize(
    ("n", "flat", "effect"), [(4, 1, 0.5), (8, 4, 0.35), (12, 3, 0.9), (30, 1, 7.0), (60, 1, 14.0)]
)
def test_deficits_at_sigma_n_are_found_unaided_and_end_at_sigma_budget(n, flat, effect):
    economy = flat_traders(n, flat, effect)
    refuted = exact_constraints(market(SigmaDCDA(sigma_n(economy)), economy))
    assert states(refuted) == ["confirmed", "refuted", "confirmed", "refuted"]
    worst = refuted["budget_surplus"]
    assert 0 < worst.worst_share <= worst.cap < 1
    assert worst.worst_share == pytest.approx(worst.cap, rel=1e-6)
    assert max(len(f"{abs(number):g}") for number in worst.witness["types"]) <= 6
    held = exact_constraints(market(SigmaDCDA(sigma_budget(economy)), economy))
    assert states(held) == ["confirmed", "confirmed", "confirmed", "refuted"]
    assert held["budget_surplus"].cap == 0.0


@settings(max_examples=25)
@given(economies(equal_slopes=True))
def test_with_equal_slopes_sigma_n_leaves_no_deficit(economy):
    verdicts = exact_constraints(market(SigmaDCDA(sigma_n(economy)), economy))
    assert states(verdicts) == ["confirmed", "confirmed", "confirmed", "refuted"]
    assert "rounding" not in verdicts["budget_surplus"].reason


@settings(max_examples=25)
@given(economies())
def test_sigma_budget_leaves_no_deficit_and_no_tax_leaves_one(economy):
    budget = exact_constraints(market(SigmaDCDA(sigma_budget(economy)), economy))
    assert budget["budget_surplus"].state == "confirmed"
    assert "rounding" not in budget["budget_surplus"].reason
    vcg = exact_constraints(market(SigmaVCG(economy), economy))
    assert states(vcg) == ["confirmed", "refuted", "confirmed", "confirmed"]


def test_closed_forms_of_equal_traders():
    """Quantities shrink by mu / (mu + sigma), and VCG loses k / mu of the gains from trade."""
    economy = private_values(5, slope=2.0)
    taxed = exact_constraints(market(SigmaDCDA(0.5), economy))["efficiency"]
    assert taxed.cap == pytest.approx(0.2**2, rel=1e-8)
    assert "0.2 of the largest efficient trade" in taxed.reason
    assert "(3.12) allows 0.25" in taxed.reason
    vcg = exact_constraints(market(SigmaDCDA(0.0), economy))["budget_surplus"]
    assert vcg.cap == pytest.approx(1 / 4, rel=1e-8)


def test_a_last_digit_below_the_threshold_is_rounding():
    economy = private_values(4, slope=3.0)
    sigma = sigma_n(economy)
    below = [sigma]
    for _ in range(4):
        below.append(float(np.nextafter(below[-1], 0)))
    verdict = exact_constraints(market(SigmaDCDA(below[-1]), economy))["budget_surplus"]
    assert verdict.state == "confirmed"
    assert 0 < verdict.cap < 2**-40
    assert "beyond rounding" in verdict.reason
    lower = exact_constraints(market(SigmaDCDA(0.999 * sigma), economy))["budget_surplus"]
    assert lower.state == "refuted"


def test_an_equilibrium_in_floats_is_judged_beyond_rounding():
    information = fundamental_value_information(6, 0.2, 0.3)
    slope = np.linspace(1.0, 1.5, 6)
    economy = information.economy(slope)
    tested = market(UniformDoubleAuction(), economy, strategy=LinearBayes(information, slope))
    verdicts = exact_constraints(tested)
    assert states(verdicts)[:2] == ["confirmed", "confirmed"]
    assert verdicts["efficiency"].state == "refuted"
    assert verdicts["efficiency"].worst_share > 0.01


def test_statistics_in_floats_and_in_fractions_give_the_same_answers():
    rng = np.random.default_rng(0)
    n = 6
    economy = factored(
        rng.uniform(1, 2, n),
        rng.uniform(0, 0.1, (n, 2)),
        rng.uniform(0, 1, (2, n)),
        np.arange(1, 7),
    )
    sigma = sigma_budget(economy)
    answers = [
        exact_constraints(market(SigmaDCDA(sigma, statistics=statistics), economy))
        for statistics in (
            public_statistics(economy, sigma),
            public_statistics(economy, sigma, exact=True),
            None,
        )
    ]
    for verdicts in answers:
        assert states(verdicts) == ["confirmed", "confirmed", "confirmed", "refuted"]
        assert verdicts["efficiency"].cap == pytest.approx(answers[0]["efficiency"].cap, rel=1e-6)
    rounded = [
        verdicts["individual_rationality"]
        for verdicts in answers
        if "of the sum of v_i^2 / mu_i" in verdicts["individual_rationality"].reason
    ]
    assert rounded
    for verdict in rounded:
        # Rounding is bounded there, and not the share of the gains from trade.
        assert verdict.cap is None
        assert not verdict.certificate["every_profile"]
        assert verdict.certificate["conditions"][-1]["name"].endswith("up to rounding")


def test_a_market_in_autarky_loses_all_gains():
    """A type that moves the own value as much as the price leaves no residual curve."""
    weights = np.eye(4)
    weights[:, 0] = 0.5
    verdicts = exact_constraints(market(SigmaDCDA(0.5), linear_quadratic(weights, 1.0)))
    assert states(verdicts) == ["vacuous", "vacuous", "vacuous", "refuted"]
    assert verdicts["efficiency"].worst_share == 1.0
    assert verdicts["efficiency"].witness["quantities"] == [0.0] * 4


class Charging(type(SigmaDCDA())):
    """A payment rule of anybody's: the auction's, and a fee for everybody at every profile."""

    fee = 1.0

    def payment(self, price, quantity, residual_slope, tax_slope):
        return super().payment(price, quantity, residual_slope, tax_slope) + self.fee


class Rebating(Charging):
    fee = -1.0


def test_villain_that_leaks_money_without_trade():
    verdicts = exact_constraints(market(Rebating(2.0), private_values(4)))
    assert states(verdicts) == ["confirmed", "refuted", "confirmed", "refuted"]
    budget = verdicts["budget_surplus"]
    assert budget.cap is None
    assert "no bound" in budget.reason
    assert budget.worst == pytest.approx(4.0, rel=0.5)


def test_villain_that_charges_those_who_do_not_trade():
    verdicts = exact_constraints(market(Charging(2.0), private_values(4)))
    assert states(verdicts) == ["confirmed", "confirmed", "refuted", "refuted"]
    rationality = verdicts["individual_rationality"]
    assert rationality.cap is None
    assert rationality.witness["trader"] in range(4)


class Generous(RationedClearing):
    """A clearing that hands out a tenth more to the first trader alone."""

    def _rationed(self, full, share=None):
        quantity = full.quantity.copy()
        quantity[..., 0] = quantity[..., 0] * (self.share if share is None else share)
        return replace(full, quantity=quantity)


class NotClearing(type(SigmaDCDA())):
    @property
    def clearing(self):
        return Generous(super().clearing, 1.25)


def test_villain_that_does_not_clear(monkeypatch):
    """A clearing of somebody else's is not believed; as one of ours it is refuted."""
    tested = market(NotClearing(0.5), private_values(4))
    with pytest.raises(RefusedError, match="clearing of its own"):
        exact_constraints(tested)
    for asked in ("foreign_parts", "unknown_parts"):
        monkeypatch.setattr(f"deviator.evidence.certificates.premises.{asked}", lambda *_: [])
    verdict = exact_constraints(tested)["market_clearing"]
    assert verdict.state == "refuted"
    assert verdict.worst > 0
    assert sum(verdict.witness["quantities"]) != 0


def test_villain_whose_bids_lie_far_out():
    """Bids put on an honest strategy lie where the comparison with exact forms does not look."""
    economy = private_values(4)
    tested = market(UniformDoubleAuction(), economy)
    lying_far_out(tested.strategy, limit=1e7)
    lost, _ = violations(tested, np.array([[2e7, 0.0, -1e7, -2e7]]))
    assert lost["individual_rationality"][0] > 1
    with pytest.raises(RefusedError, match="a strategy bids set on the object"):
        exact_constraints(tested)


def test_villain_whose_allocation_is_not_efficient():
    economy = fundamental_value(6)
    rationed = exact_constraints(
        market(Mutated(NaiveWalrasian(economy), "clearing", 0.25), economy)
    )
    assert states(rationed) == ["confirmed", "confirmed", "confirmed", "refuted"]
    assert rationed["efficiency"].cap == pytest.approx(0.25**2, rel=1e-8)


def test_boxes_of_types():
    """What fails far away only is neither confirmed nor refuted in a box."""
    weights, near, far = np.eye(4), 0.1, 10.0
    boxes = {
        size: linear_quadratic(weights, 1.0, type_low=-size, type_high=size) for size in (near, far)
    }
    for size, state in ((near, "undetermined"), (far, "refuted")):
        verdict = exact_constraints(market(Charging(0.0), boxes[size]))["budget_surplus"]
        assert verdict.state == state
        if state == "refuted":
            assert np.abs(verdict.witness["types"]).max() <= size
    surplus = exact_constraints(market(SigmaDCDA(0.5), boxes[near]))
    assert states(surplus) == ["confirmed", "confirmed", "confirmed", "refuted"]
    rng = np.random.default_rng(0)
    shifted = linear_quadratic(weights, 1.0, [3, 0, -1, 0.5], type_low=-1.0, type_high=[1, 2, 3, 1])
    tested = market(SigmaDCDA(0.1), shifted)
    types = rng.uniform(*shifted.type_set, (5000, 4))
    violated, best = violations(tested, types)
    for name in ("budget_surplus", "efficiency"):
        verdict = exact_constraints(tested)[name]
        drawn = (violated[name] / best).max()
        assert drawn <= verdict.worst_share * (1 + 1e-9)
        assert verdict.worst_share <= verdict.cap


class Cubic(type(UniformConditional())):
    def payment(self, price, quantity, residual_slope, tax_slope):
        return price * quantity + quantity * quantity * quantity


class Foreign(Revelation.__base__):
    """A strategy of somebody else's that bids honestly where it is tried."""

    name, n_traders = "foreign", 4
    honest = Revelation(SigmaDCDA(0.2), private_values(4))

    def bids(self, view, rng=None):
        return self.honest.bids(view, rng)

    def exact_bids(self, types):
        return self.honest.exact_bids(types)


def test_refusals_say_what_is_missing():
    bounded = linear_quadratic(np.eye(4), 1.0, type_low=-1.0, type_high=1.0)
    cases = [
        (market(PayAsBid(0.5), private_values(4)), "straight residual lines"),
        (market(Cubic(), private_values(4)), "degree 3"),
        (market(SigmaDCDA(0.2), private_values(61)), "at most 60 traders, got 61"),
        (market(SigmaVCG(bounded, 0.2), bounded), "without bounds"),
        (market(SigmaDCDA(0.2), private_values(4), strategy=Foreign()), "of the kind Foreign"),
    ]
    for tested, message in cases:
        with pytest.raises(RefusedError, match=message):
            exact_constraints(tested)


def test_certificates_state_their_conditions():
    verdicts = exact_constraints(market(SigmaDCDA(0.1), private_values(4)))
    for verdict in verdicts.values():
        certificate = verdict.certificate
        assert certificate["cap"] == verdict.cap
        assert certificate["every_profile"]
        assert all(condition["holds"] for condition in certificate["conditions"][:-1])
        decisive = certificate["conditions"][-1]
        assert decisive["holds"] == (verdict.state == "confirmed")
