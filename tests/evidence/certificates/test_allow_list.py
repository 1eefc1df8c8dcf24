"""Nothing is certified of which anything that decides an outcome is not known."""

import builtins
import sys
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path
from types import FunctionType, ModuleType
from typing import ClassVar

import cloudpickle
import numpy as np
import pytest
from villains.certificates import (
    FOREIGN,
    Bunched,
    Discriminating,
    ReadsOthersTypes,
    deaf_economy,
    drifting,
    taxed,
    worth_more,
)

import deviator
from deviator import audit
from deviator.economies import NormalTypes, private_values
from deviator.errors import RefusedError
from deviator.evidence import certify, find_certificates, foreign_parts, market
from deviator.evidence.certificates.honest_markets import own_type_only
from deviator.mechanisms import Mutated, SigmaDCDA, UniformDoubleAuction
from deviator.mechanisms.exact import RationalBids
from deviator.mechanisms.residual_line import area_under_residual_demand, uniform_price
from deviator.numerics.rational import rational
from deviator.trust import replaced_methods

ECONOMY = private_values(4, slope=2.0)


@pytest.mark.parametrize(("rule", "flaw"), FOREIGN, ids=lambda each: type(each).__name__)
def test_what_is_not_known_is_not_certified(rule, flaw):
    assert any(flaw in part for part in foreign_parts(rule))
    with pytest.raises(RefusedError, match="needs all that decides an outcome to be known"):
        certify(market(rule, ECONOMY))
    found = find_certificates(market(rule, ECONOMY), "profile", range(4))
    assert not found.certificates
    assert any("may define payment" in refusal for refusal in found.refusals)


@pytest.mark.parametrize("rule", [FOREIGN[0][0], FOREIGN[2][0], FOREIGN[19][0]])
def test_wrapped_rules_are_looked_into(rule):
    flaws = foreign_parts(Mutated(rule, "transfer", 0.0))
    assert flaws
    assert all(flaw.startswith("its mechanism with ") for flaw in flaws)


def test_a_rule_that_hides_a_rebate_is_not_confirmed():
    assert audit(FOREIGN[0][0], ECONOMY, held_out=200).state != "confirmed"
    assert audit(Discriminating(), ECONOMY, held_out=200).state == "confirmed"


@dataclass(frozen=True)
class Straight(Discriminating):
    """A payment in as many words as are known, with settings of all kinds of numbers."""

    fee: float = 0.25
    share: Fraction = Fraction(1, 2)
    half: ClassVar[float] = 0.5

    @property
    def tax_slope(self):
        return 2 * self.fee / 4

    @property
    def claims(self):
        return frozenset({"truthful"}) if self.fee > 1 else frozenset()

    def rescaled(self, price, quantity):
        return Straight(self.fee * price / quantity)

    def payment(self, price, quantity, residual_slope, tax_slope):
        area = area_under_residual_demand(price, quantity, residual_slope, 0)
        plain = super().payment(price, quantity, residual_slope, tax_slope)
        paid = self.half * area - -self.half * plain
        return paid + self.share * (uniform_price(tax_slope, quantity**2))


@dataclass(frozen=True)
class Crooked(Straight):
    def payment(self, price, quantity, residual_slope, tax_slope):
        paid = super().payment(price, quantity, residual_slope, tax_slope)
        return paid if self.fee < 1 else 2 * paid


@dataclass(frozen=True)
class SkipsABase(Straight):
    def payment(self, price, quantity, residual_slope, tax_slope):
        return super(Straight, self).payment(price, quantity, residual_slope, tax_slope)


def test_arithmetic_is_certified_however_it_is_written():
    assert foreign_parts(Straight()) == []
    certificate = certify(market(Straight(), ECONOMY))
    assert (certificate.cap, certificate.every_profile) == (0.0, True)
    dearer = certify(market(Straight(0.5), ECONOMY))
    assert dearer.cap == 0.0


def test_a_rule_that_was_sent_to_another_process_is_still_known():
    """Pickling writes a name of Python's own into the class."""
    cloudpickle.dumps(Straight(0.5))
    assert "__slotnames__" in vars(Straight)
    assert foreign_parts(Straight(0.5)) == []


@pytest.mark.parametrize(("rule", "step"), [(Crooked, "COMPARE_OP"), (SkipsABase, "Straight")])
def test_what_only_looks_like_a_straight_line_is_not(rule, step):
    (flaw,) = foreign_parts(rule())
    assert "more than arithmetic" in flaw
    assert step in flaw


def test_settings_that_are_no_plain_numbers():
    @dataclass(frozen=True)
    class PerTrader(Discriminating):
        rates: np.ndarray

        @property
        def tax_slope(self):
            return self.rates

    (flaw,) = foreign_parts(PerTrader(np.full(4, 0.1)))
    assert "self.rates, which is no plain number" in flaw
    with pytest.raises(RefusedError):
        certify(market(PerTrader(np.full(4, 0.1)), ECONOMY))
    assert foreign_parts(taxed()) == ["its sigma of the kind Sly, which is not deviator's"]


def test_numbers_that_rounding_swallows_are_tried():
    class Swallows(Discriminating):
        def payment(self, price, quantity, residual_slope, tax_slope):
            paid = super().payment(price, quantity, residual_slope, tax_slope)
            return paid + price * (quantity + 1e9 - 1e9) - price * quantity

    certificate = certify(market(Swallows(), ECONOMY))
    assert certificate.cap is None
    assert [each.detail for each in certificate.failures] == [
        "the payment rule pays another amount than was read off it"
    ]


def test_methods_put_into_deviators_own_classes_are_seen(monkeypatch):
    def cheaper(rule, price, quantity, residual_slope, tax_slope):
        return 0.5 * price * quantity

    for method in (cheaper, partial(cheaper, None)):
        monkeypatch.setattr(UniformDoubleAuction, "payment", method)
        assert foreign_parts(UniformDoubleAuction()) == ["payment replaced"]


def test_a_module_that_says_it_is_deviators_is_not(monkeypatch):
    module = ModuleType("deviator.rebates")
    disguised = type("Rebate", (type(FOREIGN[0][0]),), dict(vars(type(FOREIGN[0][0]))))
    disguised.__module__, disguised.__qualname__ = module.__name__, "Rebate"
    module.Rebate = disguised
    monkeypatch.setitem(sys.modules, module.__name__, module)
    assert "_transfer replaced" in foreign_parts(disguised())


def test_bids_that_read_the_others_types_are_not_certified():
    auction = UniformDoubleAuction()
    strategy = ReadsOthersTypes(auction, ECONOMY)
    with pytest.raises(RefusedError, match="a strategy of the kind ReadsOthersTypes"):
        certify(market(auction, ECONOMY, strategy=strategy))
    types = rational(np.concatenate([np.zeros((1, 4), int), np.eye(4, dtype=int)]).tolist())
    bids = strategy.exact_bids(types)
    read = own_type_only(bids)
    assert not read.holds
    assert read.detail == "the bid of trader 1 moves with the type of trader 0"
    honest = RationalBids(bids.coefficients, bids.levels - types.sum(axis=1)[:, None] / 10)
    assert own_type_only(honest).holds


def test_economies_and_laws_are_known_too():
    with pytest.raises(RefusedError, match="needs a linear-quadratic economy, got WorthMore"):
        certify(market(UniformDoubleAuction(), worth_more(4)))
    with pytest.raises(RefusedError, match="an economy value set on the object"):
        certify(market(SigmaDCDA(0.2), deaf_economy(4)))
    law = Bunched(np.zeros(4), np.eye(4))
    with pytest.raises(RefusedError, match="a law of types of the kind Bunched"):
        certify(market(UniformDoubleAuction(), ECONOMY, distribution=law))
    with pytest.raises(RefusedError, match="whose moments were changed"):
        certify(market(UniformDoubleAuction(), ECONOMY, distribution=drifting()))
    # A cap of 0 at every profile needs no law.
    assert certify(market(SigmaDCDA(0.2), ECONOMY, distribution=law)).cap == 0.0
    known = NormalTypes(np.zeros(4), np.eye(4))
    assert certify(market(UniformDoubleAuction(), ECONOMY, distribution=known)).cap > 0


class _Watching(dict):
    """Names that mean something else to those who look them up as Python does."""

    def __getitem__(self, name):
        return 1e6 if name == "REBATE" else super().__getitem__(name)


def _of_other_names(**names):
    """Return a rule whose payment looks names up in a mapping of its own."""

    def payment(self, price, quantity, residual_slope, tax_slope):
        return price * quantity - residual_slope * quantity * quantity / 2 - REBATE  # noqa: F821

    function = FunctionType(payment.__code__, names["globals"], "payment")
    return type("OfOtherNames", (Discriminating,), {"payment": function})()


@pytest.mark.parametrize(
    "names",
    [
        _Watching(REBATE=0.0, __builtins__=builtins),
        {"REBATE": 0.0, "__builtins__": dict(vars(builtins))},
    ],
    ids=["a dictionary of its own", "built-in names of its own"],
)
def test_payments_that_look_names_up_in_their_own_way_are_not_known(names):
    flaws = foreign_parts(_of_other_names(globals=names))
    assert any("looked up in another way" in flaw for flaw in flaws)


class Overflowing(Discriminating):
    """What cancels on paper overflows on the way where trades are large."""

    name = "overflowing"

    def payment(self, price, quantity, residual_slope, tax_slope):
        sound = super().payment(price, quantity, residual_slope, tax_slope)
        detour = (quantity * 2.0**600) * (quantity * 2.0**343) * 2.0**-943
        return sound - (detour - quantity * quantity)


def test_what_cancels_on_paper_must_cancel_in_floating_point():
    certificate = certify(market(Overflowing(), ECONOMY))
    assert certificate.cap is None
    assert any("pays" in failed.detail for failed in certificate.failures)


def test_a_folder_that_only_begins_like_ours_is_not_ours():
    beside = f"{Path(deviator.__file__).parent}_extras/rule.py"
    names: dict = {}
    exec(compile("def payment(self): return 0", beside, "exec"), names)
    kind = type("Replaced", (), {"payment": names["payment"]})
    assert replaced_methods(kind) == ["payment"]
