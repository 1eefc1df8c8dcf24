"""Learned strategies: affine bids and networks, exact numbers, and files without code."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from deviator.economies import (
    fundamental_value,
    fundamental_value_information,
    private_values,
    two_groups,
)
from deviator.errors import InvalidInputError, RefusedError, ResultsError
from deviator.evidence import interchangeable_traders, market
from deviator.mechanisms import PayAsBid, ReportLanguage, SigmaDCDA, UniformDoubleAuction
from deviator.mechanisms.languages import ScheduleLanguage
from deviator.numerics.rational import rational
from deviator.policies import (
    AffineStrategy,
    LinearBayes,
    Network,
    NetworkStrategy,
    Revelation,
    exact_gain,
    load_strategy,
    save_strategy,
)

TYPES = np.random.default_rng(0).standard_normal((5, 4))


def linear_bayes():
    return LinearBayes(fundamental_value_information(4, 0.4, 0.5), 1.0)


def honest():
    return Revelation(SigmaDCDA(1.0), fundamental_value(4))


def networks(affine):
    rng = np.random.default_rng(1)
    size = affine.base.shape[1]
    each = Network(
        (rng.standard_normal((3, 1)), 0.1 * rng.standard_normal((size, 3))),
        (rng.standard_normal(3), np.zeros(size)),
    )
    n = affine.n_traders
    return NetworkStrategy(affine, np.ones((n, size)), np.zeros(n), np.ones(n), (each,) * n)


@pytest.mark.parametrize("policy", [linear_bayes(), honest()], ids=["schedules", "hyperplanes"])
def test_an_affine_policy_is_read_as_it_is(policy):
    language = (
        UniformDoubleAuction() if policy.name == "linear-bayes" else SigmaDCDA(1.0)
    ).language
    affine = AffineStrategy.of(policy, language)
    wanted = policy.bids(TYPES).as_array()
    np.testing.assert_allclose(affine.bids(TYPES).as_array(), wanted, atol=1e-12)
    alone = np.concatenate([affine.bids(TYPES[[i]]).as_array() for i in range(len(TYPES))])
    np.testing.assert_array_equal(affine.bids(TYPES).as_array(), alone)
    tensors = affine.bids(torch.tensor(TYPES)).as_array()
    np.testing.assert_allclose(np.asarray(tensors), wanted, atol=1e-12)


def test_exact_bids_are_the_numbers_that_are_bid():
    affine = AffineStrategy.of(honest(), SigmaDCDA(1.0).language)
    exact = affine.exact_bids(rational(TYPES))
    bids = affine.bids(TYPES)
    np.testing.assert_allclose(exact.levels.astype(float), bids.level, atol=1e-15)
    weights = exact.coefficients.astype(float)[:, :-1]
    np.testing.assert_array_equal(weights, bids.quantity_weights[0])


def test_others_who_can_be_read_leave_an_interim_best_reply():
    economy, auction = fundamental_value(4), SigmaDCDA(1.0)
    affine = AffineStrategy.of(honest(), auction.language)
    law = economy.types()
    own = {"information": "own", "distribution": law}
    assert exact_gain(auction, economy, TYPES, others=affine, **own).max() < 1e-20
    shifted = affine.base.copy()
    shifted[0, 1] += 0.05
    off = replace(affine, base=shifted)
    assert exact_gain(auction, economy, TYPES, others=off, **own)[:, 0].min() > 0
    scaled = AffineStrategy(affine.language, 2 * affine.base, 2 * affine.effect)
    with pytest.raises(RefusedError, match="whose levels are their types"):
        exact_gain(auction, economy, TYPES, others=scaled, **own)


def test_closed_forms_refuse_bids_whose_slopes_depend_on_types():
    economy = private_values(4)
    auction = UniformDoubleAuction()
    base, effect = np.ones((4, 2)), np.full((4, 2), 0.1)
    steep = AffineStrategy(auction.language, base, effect)
    own = {"information": "own", "distribution": economy.types()}
    for others in (steep, networks(AffineStrategy(auction.language, base, 0 * effect))):
        with pytest.raises(RefusedError, match="types move levels alone"):
            exact_gain(auction, economy, TYPES, others=others, **own)
    with pytest.raises(NotImplementedError):
        steep.exact_bids(rational(TYPES))


def test_who_bids_alike_is_interchangeable():
    economy, auction = two_groups(4), SigmaDCDA(1.0)
    affine = AffineStrategy.of(Revelation(auction, economy), auction.language)
    assert interchangeable_traders(market(auction, economy, strategy=affine)) == ((0, 1), (2, 3))
    base = affine.base.copy()
    base[1, -1] += 0.1
    odd = market(auction, economy, strategy=replace(affine, base=base))
    assert interchangeable_traders(odd) == ((0,), (1,), (2, 3))


def test_a_policy_that_is_not_affine_is_not_read_as_one():
    bent = networks(AffineStrategy(ReportLanguage(), np.zeros((4, 1)), np.ones((4, 1))))
    with pytest.raises(RefusedError, match="affine in the own type"):
        AffineStrategy.of(bent, ReportLanguage())


def test_networks_keep_schedules_decreasing_and_within_the_floor():
    auction = PayAsBid(floor=0.5)
    affine = AffineStrategy(auction.language, np.full((4, 2), 1.9), np.zeros((4, 2)))
    wild = replace(networks(affine), unit=np.full((4, 2), 100.0))
    bids = wild.bids(50 * TYPES)
    assert (bids.steepness > 0).all()
    assert bids.steepness.max() <= 2.0
    auction.clear(bids)


@pytest.mark.parametrize("bent", [False, True])
@pytest.mark.parametrize("rule", [UniformDoubleAuction(), PayAsBid(floor=0.5)])
def test_files_give_back_the_same_bids(tmp_path, rule, bent):
    affine = AffineStrategy(rule.language, np.full((4, 2), 0.7), np.tile([0.3, 0.0], (4, 1)))
    strategy = networks(affine) if bent else affine
    file = save_strategy(strategy, tmp_path / "bids")
    again = load_strategy(file)
    assert type(again) is type(strategy)
    np.testing.assert_array_equal(again.bids(TYPES).as_array(), strategy.bids(TYPES).as_array())
    assert b"pickle" not in file.read_bytes()


def test_damaged_files_are_refused_in_a_sentence(tmp_path):
    affine = AffineStrategy(ScheduleLanguage(), np.ones((3, 2)), np.zeros((3, 2)))
    file = save_strategy(affine, tmp_path / "bids")
    file.write_bytes(file.read_bytes()[:-5])
    with pytest.raises(ResultsError, match="damaged"):
        load_strategy(file)
    with pytest.raises(ResultsError, match="there is none"):
        load_strategy(tmp_path / "other")
    with pytest.raises(InvalidInputError, match="AffineStrategy or a NetworkStrategy"):
        save_strategy(linear_bayes(), tmp_path / "bids")


def test_malformed_strategies_are_refused():
    with pytest.raises(InvalidInputError, match="base"):
        AffineStrategy(ScheduleLanguage(), np.ones((3, 3)), np.zeros((3, 3)))
    with pytest.raises(InvalidInputError, match="language must be"):
        AffineStrategy("schedules", np.ones((3, 2)), np.zeros((3, 2)))
    affine = AffineStrategy(ScheduleLanguage(), np.ones((3, 2)), np.zeros((3, 2)))
    with pytest.raises(InvalidInputError, match="networks must be 3"):
        replace(networks(affine), networks=())
