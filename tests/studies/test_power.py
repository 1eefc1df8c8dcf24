"""How small a fault is noticed, with an audit whose eyesight is known."""

import json

import numpy as np
import pytest

from deviator.economies import private_values
from deviator.errors import InvalidInputError, NotConvergedError
from deviator.evidence import market
from deviator.evidence.constraints import CONSTRAINTS, ConstraintVerdict
from deviator.evidence.proportion import proportion_interval
from deviator.mechanisms import SigmaDCDA
from deviator.mechanisms.mutated import faults_for
from deviator.studies.power import power

ECONOMY = private_values(4)
TESTED = market(SigmaDCDA(0.5), ECONOMY)
TYPES = np.random.default_rng(0).standard_normal((50, 4))


def answers_beyond(threshold):
    """An audit that sees what honest markets are short of and lose beyond a threshold."""

    def answers(tested):
        outcome = tested.mechanism.clear(tested.mechanism.honest_bids(ECONOMY, TYPES))
        short = float(np.abs(outcome.quantity.sum(axis=1)).max())
        deficit = float((-outcome.transfer.sum(axis=1)).max())
        seen = {"market_clearing": short, "budget_surplus": deficit, "efficiency": 1.0}
        return {
            name: ConstraintVerdict(
                name,
                "refuted" if seen.get(name, 0.0) > threshold else "undetermined",
                "sampled",
                seen.get(name, 0.0),
                seen.get(name, 0.0),
                None,
                "looked at honest markets",
            )
            for name in CONSTRAINTS
        }

    return answers


def test_the_smallest_size_caught_is_what_the_audit_can_see():
    result = power(TESTED, answers_beyond(1e-3), faults=["short-delivery", "seller-shave"])
    short, shaved = result.faults
    assert result.broken == ("efficiency",)
    largest = np.abs(
        TESTED.mechanism.clear(TESTED.mechanism.honest_bids(ECONOMY, TYPES)).quantity[:, 0]
    ).max()
    assert 0.01 * largest > 0.001
    assert short.caught["market_clearing"].size == min(
        size for size in result.sizes if size * largest > 1e-3
    )
    assert short.caught["market_clearing"].by == "witness"
    assert "efficiency" not in short.caught
    # Sellers who get less leave the market more money: nothing that this audit looks at breaks.
    assert shaved.caught == {}
    assert shaved.tried == result.sizes
    assert shaved.smallest is None
    assert (result.caught_at(1.0), result.caught_at(1e-2), result.caught_at(1e-6)) == (1, 1, 0)


def test_sizes_fall_until_nothing_is_noticed_and_a_blind_audit_notices_nothing():
    seen = power(TESTED, answers_beyond(1e-3), faults=["over-delivery"], sizes=[1e-6, 0.1, 1e-4])
    assert seen.sizes == (0.1, 1e-4, 1e-6)
    assert seen.faults[0].tried == (0.1, 1e-4)
    blind = power(TESTED, answers_beyond(np.inf), sizes=[1e-2])
    assert len(blind.faults) == len(faults_for(TESTED.mechanism))
    assert blind.caught_at(1e-2) == 0


def test_learners_are_told_apart_from_the_audit():
    def gains(tested):
        return {"keen": tested.mechanism.size - 1e-3, "dull": tested.mechanism.size - 0.05}

    result = power(
        TESTED, answers_beyond(np.inf), faults=["transfer"], sizes=[0.1, 0.01, 1e-4], learners=gains
    )
    assert result.faults[0].learned == {"keen": 0.01, "dull": 0.1}
    assert result.faults[0].tried == (0.1, 0.01, 1e-4)


def test_a_market_that_cannot_be_audited_is_told():
    told = []

    def answers(tested):
        if getattr(tested.mechanism, "size", 0.0) == 1.0:
            raise NotConvergedError("prices must be found, and were not")
        return answers_beyond(1e-3)(tested)

    result = power(
        TESTED, answers, faults=["over-delivery"], sizes=[1.0, 0.5], progress=told.append
    )
    (fault,) = result.faults
    assert told == [fault]
    assert fault.tried == (1.0, 0.5)
    assert fault.failures == {1.0: "prices must be found, and were not"}


def test_a_fault_is_planted_only_at_the_sizes_that_it_allows():
    rationed, taxed = power(
        TESTED, answers_beyond(np.inf), faults=["clearing", "tax"], sizes=[2.0, 1.0, 0.5]
    ).faults
    assert rationed.tried == (0.5,)
    assert taxed.tried == (2.0, 1.0, 0.5)
    assert not rationed.failures
    assert not taxed.failures


def test_a_fault_that_hides_at_a_large_size_is_tried_at_smaller_ones():
    def answers(tested):
        size = getattr(tested.mechanism, "size", 0.0)
        return answers_beyond(np.inf if size == 1.0 else 1e-3)(tested)

    (fault,) = power(TESTED, answers, faults=["over-delivery"], sizes=[1.0, 0.1, 1e-5, 1e-6]).faults
    assert fault.caught["market_clearing"].size == 0.1
    assert fault.tried == (1.0, 0.1, 1e-5)


def test_figures_are_plain_data_with_intervals():
    data = power(TESTED, answers_beyond(1e-3), sizes=[0.01]).to_dict()
    assert json.loads(json.dumps(data))["market"] == "sigma-dcda in private values"
    (rate,) = data["rates"]
    assert rate["faults"] == len(data["faults"])
    low, high = rate["interval"]
    assert low < rate["caught"] / rate["faults"] < high


@pytest.mark.parametrize(
    ("bad", "rule"),
    [
        (lambda: power(TESTED, answers_beyond(0), faults=["theft"]), "fault must be one of"),
        (lambda: power(TESTED, answers_beyond(0), sizes=[0.0]), "size must be positive"),
        (lambda: power(TESTED, answers_beyond(0), sizes=[]), "at least one size"),
        (lambda: proportion_interval(3, 2), "hits must be at most the 2 trials, got 3"),
        (lambda: proportion_interval(0, 0), "trials must be"),
    ],
)
def test_bad_input_is_one_clear_sentence(bad, rule):
    with pytest.raises(InvalidInputError, match=rule):
        bad()


def test_intervals_hold_the_rate_as_often_as_they_say():
    assert proportion_interval(5, 10) == pytest.approx((0.187086, 0.812914), abs=1e-6)
    assert proportion_interval(10, 10)[1] == 1.0
    rng = np.random.default_rng(0)
    for rate in (0.02, 0.3, 0.9):
        hits = rng.binomial(40, rate, 400)
        intervals = {count: proportion_interval(int(count), 40) for count in set(hits.tolist())}
        held = [intervals[count][0] <= rate <= intervals[count][1] for count in hits.tolist()]
        assert np.mean(held) >= 0.94
