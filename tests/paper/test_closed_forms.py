"""Closed forms of the examples: golden values, and refusals."""

import numpy as np
import pytest
from helpers.known_answers import KNOWN_ANSWERS

from deviator.errors import InvalidInputError, RefusedError
from deviator.paper.closed_forms.fundamental_value import FundamentalValue
from deviator.paper.closed_forms.heterogeneous import Heterogeneous
from deviator.paper.closed_forms.heterogeneous_beliefs import HeterogeneousBeliefs
from deviator.paper.closed_forms.normal_beliefs import NormalBeliefs
from deviator.paper.closed_forms.two_groups import TwoGroups
from deviator.paper.statements import heterogeneous_traders


def test_golden_values():
    for stored in KNOWN_ANSWERS["linear_bayesian_equilibrium"]:
        if stored["model"] != "heterogeneous (4.21)":
            continue
        keys = ("n_traders", "alpha", "beta", "var_noise_own", "var_noise_group")
        solved = heterogeneous_traders.linear_equilibrium(
            HeterogeneousBeliefs(*(stored[key] for key in keys)),
            slope_small=stored["slope_small"],
            slope_big=stored["slope_big"],
        )
        np.testing.assert_allclose(
            solved.intercept, [stored["a_small"], stored["a_big"]], rtol=1e-10
        )
        np.testing.assert_allclose(solved.slope, [stored["b_small"], stored["b_big"]], rtol=1e-10)
    by_name = {stored["name"]: stored for stored in KNOWN_ANSWERS["sigma_vcg"]}
    stored = by_name["two groups, unequal weights"]
    groups = TwoGroups(alpha=[1.0, 0.8], beta=[0.7, 0.2], slope=1.0)
    types = np.array([stored["types"]])
    np.testing.assert_allclose(groups.price(types), stored["price"])
    paid = groups.transfer(types, stored["sigma"])
    np.testing.assert_allclose(paid[0], stored["transfer"])
    stored = by_name["heterogeneous"]
    unequal = Heterogeneous(alpha=1.0, beta=0.6, slope_small=2.0, slope_big=0.6)
    paid = unequal.transfer(np.array([stored["types"]]), sigma=0.35)
    np.testing.assert_allclose(paid[0], stored["transfer"])


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: FundamentalValue(alpha=1.0, beta=1.0, slope=1.0).sigma_n(3), RefusedError, r"A4\^N"),
        (lambda: FundamentalValue(alpha=1.0, beta=1.0, slope=0.0), InvalidInputError, "slope must be positive"),
        (lambda: FundamentalValue(alpha=1.0, beta=1.0, slope=1.0).price([1.0, 2.0]), InvalidInputError, "shape"),
        (lambda: NormalBeliefs(4, rho=1.0, noise=1.0), InvalidInputError, r"rho must be in \[0, 1\)"),
        (lambda: TwoGroups(alpha=1.0, beta=1.0, slope=1.0).quantity([[1.0, 2.0, 3.0]]), InvalidInputError, "even"),
        (lambda: TwoGroups(alpha=0.0, beta=1.0, slope=1.0).sigma_n(4), RefusedError, "alpha > 0"),
        (lambda: NormalBeliefs(4, rho=0.5, noise=0.0), InvalidInputError, "noise must be positive"),
        (lambda: Heterogeneous(1.0, 1.0, slope_small=1.0, slope_big=1.0).group_weights(sigma=-1.0), InvalidInputError, "sigma must be non-negative, got -1"),
        (lambda: HeterogeneousBeliefs(8, 0.7, 0.3, 1.0, 0.0), InvalidInputError, "alpha [+] beta must be below 1"),
    ],
)  # fmt: skip
def test_bad_input_is_one_sentence(call, error, message):
    with pytest.raises(error, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)
