"""Measured outcomes of honest play: a batch is the loop, and known numbers come out."""

import numpy as np
import pytest
from helpers.lotteries import RandomDiscount

from deviator.economies import (
    UniformBox,
    private_values,
    saturating,
    sigma_n,
    two_groups,
    unit_demands,
)
from deviator.errors import InvalidInputError
from deviator.evidence import held_out_profiles, market
from deviator.mechanisms import (
    EntryFeeDoubleAuction,
    Mutated,
    NaiveWalrasian,
    SigmaDCDA,
    UniformDoubleAuction,
)
from deviator.mechanisms.clearing.autarky import tolerance
from deviator.studies.outcomes import measured_outcomes, plain_outcomes

GROUPS = two_groups(4)
PRIVATE = private_values(4, slope=2.0)
UNITS = unit_demands(2, 2)
MARKETS = {
    "conditional bids": market(SigmaDCDA(0.3), GROUPS),
    "no tax": market(SigmaDCDA(0.0), GROUPS),
    "reports": market(
        NaiveWalrasian(PRIVATE), PRIVATE, distribution=UniformBox(np.zeros(4), np.ones(4))
    ),
    "schedules": market(UniformDoubleAuction(), PRIVATE),
    "units": market(EntryFeeDoubleAuction(0.2), UNITS),
    "surfaces": market(SigmaDCDA(0.5), saturating(3, beta=0.3)),
}
PROFILES = 40


def loop(tested, types):
    """Return what happens at each profile, one market at a time."""
    rows = []
    for row in types:
        profile, economy = row[None], tested.economy
        outcome = tested.mechanism.clear(tested.strategy.bids(profile))
        idle = economy.utility(np.zeros_like(profile), profile).sum()
        best = economy.utility(economy.efficient_allocation(profile), profile).sum() - idle
        worth = economy.utility(outcome.quantity, profile)
        kept = worth - outcome.transfer
        traded = np.abs(outcome.quantity).sum() / 2
        paid = outcome.transfer.sum()
        rows.append([best, worth.sum() - idle, paid, traded, kept.mean(), kept.min()])
    return np.array(rows).T


@pytest.mark.parametrize("name", MARKETS)
def test_a_batch_is_the_loop(name):
    tested = MARKETS[name]
    types, n = held_out_profiles(tested, PROFILES), tested.economy.n_traders
    best, gains, paid, traded, kept, least = loop(tested, types)
    found = measured_outcomes(tested, PROFILES)
    means = {"first_best": best, "gains": gains, "surplus": paid, "volume": traded}
    for measure, values in {
        **{key: each / n for key, each in means.items()},
        "utility": kept,
    }.items():
        assert found[measure].value == pytest.approx(values.mean(), rel=1e-8, abs=1e-12)
        error = values.std(ddof=1) / np.sqrt(PROFILES)
        assert found[measure].error == pytest.approx(error, rel=1e-6, abs=1e-12)
    assert found["least_utility"].value == pytest.approx(least.min(), rel=1e-8, abs=1e-12)
    assert found["least_surplus"].value == pytest.approx(paid.min() / n, rel=1e-8, abs=1e-12)
    lost = 1 - gains.sum() / best.sum()
    assert found["inefficiency"].value == pytest.approx(lost, rel=1e-6, abs=1e-10)
    share = paid.sum() / best.sum()
    assert found["surplus_share"].value == pytest.approx(share, rel=1e-6, abs=1e-10)
    assert found["autarky_share"].value == (traded == 0).mean()
    assert found["deficit_share"].value == (paid < -1e-9 * best).mean()
    assert found["unsolved_share"].value == 0


def test_the_tax_loses_the_share_that_theory_says():
    economy = two_groups(6)
    found = measured_outcomes(market(SigmaDCDA(0.5), economy))
    # With equal slopes all quantities shrink by slope / (slope + sigma).
    assert found["inefficiency"].value == pytest.approx((0.5 / 1.5) ** 2)
    assert found["inefficiency"].error == pytest.approx(0.0, abs=1e-12)


def test_who_pays_more_than_the_rule_says_leaves_a_surplus():
    economy = two_groups(6)
    rule = SigmaDCDA(sigma_n(economy))
    honest, faulty = (
        measured_outcomes(market(each, economy), 200)
        for each in (rule, Mutated(rule, "transfer", 0.5))
    )
    assert honest["deficit_share"].value == 0
    assert honest["surplus"].value != faulty["surplus"].value
    assert honest["gains"] == faulty["gains"]


def test_the_condition_grows_as_bids_come_to_say_the_same():
    def condition(alpha):
        economy = two_groups(4, alpha=alpha, beta=1.0)
        return measured_outcomes(market(SigmaDCDA(0.2), economy), 100)["condition"]

    near, nearer = condition(0.1), condition(1e-4)
    assert 100 * near.value < nearer.value < 1 / tolerance(4)
    assert near.error is None


def test_a_lottery_is_measured_over_its_lots():
    found = measured_outcomes(market(RandomDiscount(), PRIVATE), 256)
    assert found["inefficiency"].value == pytest.approx(0.0, abs=1e-9)
    assert found["surplus"].value < 0


def test_plain_data_has_value_and_error():
    found = plain_outcomes(measured_outcomes(MARKETS["units"], 50))
    assert set(found["surplus"]) == {"value", "error"}
    assert found["least_surplus"]["error"] is None


def test_bad_arguments_are_refused():
    with pytest.raises(InvalidInputError, match="tested must be"):
        measured_outcomes("sigma-dcda")
    with pytest.raises(InvalidInputError, match="held_out"):
        measured_outcomes(MARKETS["schedules"], 0)
