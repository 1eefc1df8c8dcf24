"""Units declared at fields: what is restated, and what cannot be."""

from dataclasses import dataclass, field

import numpy as np
import pytest

from deviator.economies import fundamental_value, private_values
from deviator.errors import InvalidInputError, RefusedError
from deviator.mechanisms import Mechanism, Mutated, NaiveWalrasian, ReportLanguage, SigmaDCDA
from deviator.policies import exact_gain
from deviator.units import MONEY, PRICE, QUANTITY, SLOPE


class Rule(Mechanism):
    language = ReportLanguage()
    name = "rule"

    def clear(self, bids):
        raise NotImplementedError


@dataclass(frozen=True)
class Declares(Rule):
    economy: object = field(default_factory=lambda: private_values(3, slope=2.0))
    share: float = 0.5
    price: float = field(default=1.0, metadata=PRICE)
    quantity: float | None = field(default=None, metadata=QUANTITY)
    fee: float = field(default=1.0, metadata=MONEY)
    sigma: float = field(default=1.0, metadata=SLOPE)


def test_settings_are_restated_as_their_fields_declare():
    restated = Declares().rescaled(3.0, 7.0)
    settings = (restated.share, restated.price, restated.quantity, restated.fee, restated.sigma)
    assert settings == (0.5, 3.0, None, 21.0, 3.0 / 7.0)
    np.testing.assert_array_equal(restated.economy.slope, 2.0 * 3.0 / 7.0 * np.ones(3))


def test_what_a_rule_holds_is_renumbered_and_is_where_it_is_tried():
    economy = private_values(3, slope=2.0)
    rule = Declares(economy)
    assert rule.example_economies() == (economy,)
    assert rule.relabelled([2, 0, 1]).economy is not economy
    assert SigmaDCDA(0.3).relabelled([2, 0, 1]) == SigmaDCDA(0.3)


def test_a_planted_fault_is_restated_with_the_rule_that_it_distorts():
    assert Mutated(SigmaDCDA(0.3), "transfer", 0.1).rescaled(3.0, 1.0).mechanism.sigma == 0.3 * 3.0


def test_a_rule_that_holds_an_economy_and_is_not_a_dataclass_is_refused():
    class Plain(Rule):
        def __init__(self):
            self.economy = private_values(3)

    with pytest.raises(RefusedError, match="must be a dataclass to be restated, Plain is not"):
        Plain().rescaled(2.0, 1.0)


@pytest.mark.parametrize("planted", [False, True])
def test_a_direct_mechanism_of_other_traders_is_refused(planted):
    rule = NaiveWalrasian(private_values(3))
    rule = Mutated(rule, "transfer", 0.1) if planted else rule
    with pytest.raises(InvalidInputError, match="is of 3 traders, the economy of 4; build"):
        exact_gain(rule, fundamental_value(4), np.zeros((1, 4)))
