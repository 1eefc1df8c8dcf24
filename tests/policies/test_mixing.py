"""Strategies that mix: who draws in secret is found out, and luck with draws counts for nothing."""

import numpy as np
import pytest
from villains.policies import ECONOMY, DrawsAlone, DrawsInSecret, Forgets, Mixes, SoundPolicy

from deviator import audit
from deviator.errors import InvalidInputError, RefusedError
from deviator.evidence import market
from deviator.mechanisms import UniformDoubleAuction
from deviator.policies import BestResponse, NumericSearch
from deviator.policies.mixing import check_draws, drawn_bids, seed_of, unmixed_bids

TYPES = ECONOMY.types().sample(np.random.default_rng(0), 20)


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        (DrawsInSecret(), "must declare that it draws; write mixes = True"),
        (DrawsAlone(), "must declare that it draws; write mixes = True"),
        (Forgets(), "must draw from the generator that it is given"),
    ],
)
def test_audits_refuse_policies_that_draw_in_secret(policy, message):
    with pytest.raises(InvalidInputError, match=message):
        check_draws(policy, TYPES)
    with pytest.raises(InvalidInputError, match=message):
        audit("uniform-double-auction", ECONOMY, strategy=policy, trader=0, held_out=100)


@pytest.mark.parametrize("policy", [SoundPolicy(), Mixes()])
def test_sound_policies_pass(policy):
    check_draws(policy, TYPES)


def test_draws_come_from_seeds():
    first, again, other = (
        drawn_bids(Mixes(), TYPES, seed).as_array() for seed in (3, 3, seed_of(TYPES))
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    assert seed_of(TYPES) == seed_of(TYPES.copy()) != seed_of(TYPES + 1)
    assert drawn_bids(SoundPolicy(), TYPES, 3).as_array() == pytest.approx(
        unmixed_bids(SoundPolicy(), TYPES).as_array()
    )


def test_exact_answers_refuse_strategies_that_mix():
    with pytest.raises(RefusedError, match="does not draw, and sound mixes"):
        BestResponse(UniformDoubleAuction(), ECONOMY, others=Mixes()).bid(TYPES, 0)


def test_bids_are_judged_on_draws_that_the_search_never_saw():
    """What a search gains on its own draws is luck in part; on others it is what there is."""
    search = NumericSearch(UniformDoubleAuction(), ECONOMY, 0, others=Mixes(), rounds=4)
    found = search.find(TYPES)
    tested = market(UniformDoubleAuction(), ECONOMY, strategy=Mixes())
    judged = tested.gains(TYPES, found.bid)
    assert (judged != found.gain).all()
    assert judged.mean() == pytest.approx(found.gain.mean(), rel=0.2)
