"""Searched verdicts: what is violated in a corner is found, and nothing is claimed without proof."""

import numpy as np
import pytest
from villains.constraints import (
    Auction,
    FailsAtHighPrices,
    LeavesUnitsOver,
    NeverTrades,
    PaysInACorner,
    PaysInOneCornerOfMany,
    RobsRarely,
    only_draws,
)

from deviator.economies import (
    linear_quadratic,
    private_values,
    saturating,
    unit_demands,
)
from deviator.errors import InvalidInputError
from deviator.evidence import market
from deviator.evidence.adversary import region_of, worst_gain
from deviator.evidence.constraints.searched import searched_constraints
from deviator.evidence.constraints.violations import (
    HONEST_CONSTRAINTS,
    solved_markets,
    violations,
)
from deviator.mechanisms import (
    DiscreteVCG,
    EntryFeeDoubleAuction,
    ModifiedVickreyDoubleAuction,
    SigmaVCG,
    TaxVCG,
    UniformDoubleAuction,
    sigma_vcg,
)

BOUNDED = linear_quadratic(np.eye(5), 1.0, type_low=-1, type_high=1)


def states(found):
    return {constraint: verdict.state for constraint, verdict in found.items()}


def test_a_deficit_in_a_corner_is_found_and_not_by_drawing() -> None:
    tested = market(PaysInACorner(), BOUNDED)
    found = searched_constraints(tested)["budget_surplus"]
    assert (found.state, found.scope) == ("refuted", "every profile")
    assert found.worst == pytest.approx(0.05)
    assert found.witness is not None
    assert min(found.witness["types"]) > 0.95
    drawn = only_draws(
        lambda types: violations(tested, "budget_surplus", types),
        region_of(tested),
        budget=20_000,
        seed=0,
    )
    assert drawn.value == 0


def test_a_deficit_in_one_of_a_thousand_corners_is_found() -> None:
    many = linear_quadratic(np.eye(10), 1.0, type_low=-1, type_high=1)
    tested = market(PaysInOneCornerOfMany(), many)
    found = searched_constraints(tested, effort=2)["budget_surplus"]
    assert found.worst == pytest.approx(0.1)


def test_a_loss_at_rare_profiles_is_found() -> None:
    found = searched_constraints(market(RobsRarely(), private_values(4)))
    verdict = found["individual_rationality"]
    assert verdict.state == "refuted"
    assert verdict.worst > 10
    assert verdict.witness is not None
    assert states(found)["budget_surplus"] == "undetermined"


def test_units_that_are_left_over_are_found() -> None:
    found = searched_constraints(market(LeavesUnitsOver(), private_values(4)), effort=0.1)
    assert found["market_clearing"].state == "refuted"


def test_what_is_not_violated_stays_undetermined_and_says_what_was_searched() -> None:
    found = searched_constraints(market(UniformDoubleAuction(), private_values(4)), effort=0.1)
    assert set(found) == set(HONEST_CONSTRAINTS)
    for verdict in found.values():
        assert (verdict.state, verdict.scope) == ("undetermined", "sampled")
        assert (verdict.worst, verdict.worst_share, verdict.cap) == (0, 0, None)
        assert "profiles within 4 standard deviations around the mean" in verdict.reason
        assert verdict.witness is None


def test_where_nobody_is_seen_to_trade_nothing_is_known_but_efficiency() -> None:
    """Elsewhere somebody might."""
    found = searched_constraints(market(NeverTrades(), private_values(4)), effort=0.05)
    assert found.pop("efficiency").state == "refuted"
    for verdict in found.values():
        assert verdict.state == "undetermined"
        assert verdict.reason.startswith("nobody trades at any of")


def test_bounded_types_are_searched_inside_their_sets() -> None:
    found = searched_constraints(market(SigmaVCG(BOUNDED, 0.1), BOUNDED), effort=0.2)
    budget, efficiency = found["budget_surplus"], found["efficiency"]
    assert budget.state == efficiency.state == "refuted"
    assert np.abs(budget.witness["types"]).max() <= 1
    assert "inside the sets of types" in found["individual_rationality"].reason
    # Equal slopes: a tax costs the square of sigma / (mu + sigma) of the gains from trade.
    assert efficiency.worst_share == pytest.approx((0.1 / 1.1) ** 2, rel=1e-6)


def test_single_units_have_closed_forms() -> None:
    fee = 0.05
    found = searched_constraints(market(EntryFeeDoubleAuction(fee), unit_demands(3, 3)))
    assert found["budget_surplus"].worst == pytest.approx(3 * (1 - 4 * fee))
    assert found["efficiency"].worst == pytest.approx(3 * 2 * fee, rel=0.02)
    assert found["efficiency"].worst_share == pytest.approx(1.0)
    entry = searched_constraints(
        market(ModifiedVickreyDoubleAuction(), unit_demands(2, 2)), effort=0.2
    )
    assert entry["individual_rationality"].state == "refuted"
    assert np.isfinite(entry["individual_rationality"].worst_share)


@pytest.mark.parametrize(
    "tested",
    [
        market(DiscreteVCG(private_values(3), 0.5), private_values(3)),
        market(TaxVCG(private_values(3), [[0.2, 2], [0.1, 3]]), private_values(3)),
        market(sigma_vcg(saturating(3), 0.3), saturating(3)),
    ],
    ids=lambda tested: tested.mechanism.name,
)
def test_rules_that_are_solved_market_by_market_are_searched_with_few_profiles(tested) -> None:
    found = searched_constraints(tested, effort=0.1)
    assert states(found)["efficiency"] == "refuted"
    for constraint in ("market_clearing", "individual_rationality"):
        assert found[constraint].state == "undetermined"


def test_what_cannot_be_solved_is_counted_and_costs_no_other_profile() -> None:
    tested = market(FailsAtHighPrices(), private_values(4))
    found = searched_constraints(tested, effort=0.05)
    assert "could not be solved" in found["budget_surplus"].reason
    assert found["budget_surplus"].state == "undetermined"
    types = np.array([[1.0, 1, 1, 1], [1, 0, 0, 0], [2, 2, 2, 2], [0, 1, 0, 1], [3, 3, 3, 3]])
    solved = [row for part, _ in solved_markets(tested, types) for row in range(5)[part]]
    assert solved == [1, 3]
    seldom = market(FailsAtHighPrices(3.0), private_values(4))
    assert worst_gain(seldom, range(4)).gain > 0
    hopeless = market(FailsAtHighPrices(-np.inf), private_values(4))
    assert set(states(searched_constraints(hopeless, effort=0.05)).values()) == {"undetermined"}


def test_the_same_seed_gives_the_same_verdicts() -> None:
    tested = market(EntryFeeDoubleAuction(0.1), unit_demands(2, 2))
    first, again = (searched_constraints(tested, effort=0.05, seed=3) for _ in range(2))
    assert {name: verdict.to_dict() for name, verdict in first.items()} == {
        name: verdict.to_dict() for name, verdict in again.items()
    }


def test_bad_input_is_one_sentence() -> None:
    tested = market(Auction(), private_values(3))
    with pytest.raises(InvalidInputError, match="effort must be positive"):
        searched_constraints(tested, effort=-1)
    with pytest.raises(InvalidInputError, match="seed must be"):
        searched_constraints(tested, seed=-1)
