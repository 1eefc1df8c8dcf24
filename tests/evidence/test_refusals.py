"""Every estimator refuses a mechanism for other traders, and arguments in another's place."""

import numpy as np
import pytest

from deviator.economies import private_values, saturating
from deviator.errors import InvalidInputError
from deviator.evidence import (
    judge,
    market,
    type_grid_regret,
    worst_drawn_profile,
    worst_profile,
)
from deviator.mechanisms import (
    DiscreteVCG,
    Mutated,
    NaiveWalrasian,
    SigmaDCDA,
    SigmaVCG,
    SmoothSigmaVCG,
    SpreadVCG,
)
from deviator.policies import BestResponse, NumericSearch, exact_gain, expected_exact_gain
from deviator.studies import audit
from deviator.studies.gather import Search, gather


@pytest.mark.parametrize(
    "mechanism",
    [
        NaiveWalrasian(private_values(4)),
        SigmaVCG(private_values(4), 0.2),
        SmoothSigmaVCG(saturating(4), 0.2),
        SpreadVCG(private_values(4), 0.2),
        DiscreteVCG(private_values(4), 0.5),
        Mutated(NaiveWalrasian(private_values(4)), "transfer", 0.1),
    ],
    ids=lambda mechanism: mechanism.name,
)
@pytest.mark.parametrize("n", [3, 10])
def test_a_mechanism_built_for_other_traders_is_one_clear_sentence(mechanism, n):
    economy = private_values(n)
    for ask in (
        lambda: audit(mechanism, economy),
        lambda: exact_gain(mechanism, economy, np.zeros((1, n))),
        lambda: expected_exact_gain(mechanism, economy, economy.types(), 0),
        lambda: BestResponse(mechanism, economy),
        lambda: NumericSearch(mechanism, economy, 0),
        lambda: worst_profile(mechanism, economy, np.zeros((1, n))),
        lambda: type_grid_regret(mechanism, economy, np.zeros((n, 2))),
    ):
        message = f"is of 4 traders, the economy of {n}; build .* on an economy of {n}"
        with pytest.raises(InvalidInputError, match=message) as caught:
            ask()
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda rule, economy: exact_gain(economy, rule, np.zeros((1, 4))), "swap them"),
        (lambda rule, economy: audit(economy, rule), "swap them"),
        (lambda rule, economy: market(economy, rule), "swap them"),
        (lambda rule, economy: market(economy, economy), "got LinearQuadratic; build one by name"),
        (lambda rule, economy: market(SigmaDCDA, economy), "got the class SigmaDCDA; build one"),
        (lambda rule, economy: market(rule, "box"), "got 'box'; build one with deviator.economies"),
        (lambda rule, economy: market(rule, economy, distribution=3), "got 3; leave it out"),
        (lambda rule, economy: audit(rule, economy, strategy=[1]), "got list; leave it out"),
        (lambda rule, economy: audit(rule, economy, learner=3), "a Learner, got 3; name one"),
        (
            lambda rule, economy: audit(rule, economy, information=np.ones(1)),
            "one of own, statistics, profile, signal",
        ),
        (lambda rule, economy: judge(3), "an? Evidence, got 3; have it from"),
        (lambda rule, economy: gather(rule, Search()), "must be a Market, got SigmaDCDA; build"),
        (lambda rule, economy: gather(market(rule, economy), 4), "must be a Search, got 4; state"),
        (lambda rule, economy: Search(held_out=0), "held_out must be at least 100, got 0"),
        (
            lambda rule, economy: rule.honest_bids(np.zeros((1, 4)), economy),
            r"got ndarray; call honest_bids\(economy, types\)$",
        ),
        (
            lambda rule, economy: worst_drawn_profile(rule, economy, 10, 7),
            r"must be a numpy.random.Generator, got 7; pass np.random.default_rng\(7\)$",
        ),
    ],
)
def test_a_misplaced_argument_is_named_by_its_type(call, message):
    with pytest.raises(InvalidInputError, match=message) as caught:
        call(SigmaDCDA(0.2), private_values(4))
    assert len(str(caught.value)) < 120
