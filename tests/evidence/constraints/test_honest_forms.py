"""Exact forms of honest outcomes: they are what the mechanism does."""

import pytest
from helpers.market_strategies import economies, floats, profiles
from hypothesis import given, settings
from hypothesis import strategies as st

from deviator.evidence import market
from deviator.evidence.constraints.honest_forms import honest_forms
from deviator.mechanisms import (
    Mutated,
    NaiveWalrasian,
    SigmaDCDA,
    SigmaVCG,
    UniformConditional,
)
from deviator.numerics.rational import as_float, rational


@settings(max_examples=30)
@given(st.data())
def test_forms_are_what_the_mechanism_does(data):
    economy = data.draw(economies())
    sigma = data.draw(floats(0.0, 2.0))
    sound = data.draw(st.sampled_from([SigmaDCDA(sigma), SigmaVCG(economy, sigma)]))
    mechanism = data.draw(
        st.sampled_from(
            [sound, Mutated(sound, "clearing", 0.25), NaiveWalrasian(economy), UniformConditional()]
        )
    )
    tested = market(mechanism, economy)
    forms = honest_forms(tested)
    types = data.draw(profiles(economy, batch=3))
    outcome = mechanism.clear(tested.strategy.bids(types))
    best = economy.utility(economy.efficient_allocation(types), types).sum(axis=1)
    utility = economy.utility(outcome.quantity, types) - outcome.transfer
    for row, profile in enumerate(types):
        at = forms.at(rational(profile))
        n = economy.n_traders
        close = {"rel": 1e-8, "abs": 1e-8}
        assert [as_float(value) for value in at[:n]] == pytest.approx(
            outcome.quantity[row].tolist(), **close
        )
        assert as_float(at[forms.price_place]) == pytest.approx(outcome.price[row], **close)
        assert as_float(forms.budget.value(at)) == pytest.approx(
            outcome.transfer[row].sum(), **close
        )
        assert as_float(forms.gains_from_trade.value(at)) == pytest.approx(best[row], **close)
        for i in range(n):
            assert as_float(forms.utility(i).value(at)) == pytest.approx(utility[row, i], **close)
