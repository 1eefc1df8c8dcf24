"""Nothing is certified of which anything that decides an outcome is not known."""

import builtins
import dataclasses
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
    ChargesByTurns,
    Discriminating,
    EndsEarly,
    PaysBackInAHook,
    ReadsOthersTypes,
    deaf_economy,
    drifting,
    lying_far_out,
    taxed,
    worth_more,
)

import deviator
from deviator import audit
from deviator.economies import (
    NormalTypes,
    UniformBox,
    private_values,
    saturating,
    unit_demands,
)
from deviator.errors import InvalidInputError, RefusedError
from deviator.evidence import (
    best_deviation,
    certify,
    find_certificates,
    foreign_parts,
    interchangeable_traders,
    market,
)
from deviator.evidence.certificates import is_all_ours
from deviator.evidence.certificates.bounded_search import certify_bounded_search
from deviator.evidence.certificates.finite_menu import certify_finite_menu
from deviator.evidence.certificates.honest_markets import own_type_only
from deviator.evidence.certificates.single_crossing import certify_single_crossing
from deviator.evidence.certificates.theorem import certify_by_theorem
from deviator.evidence.constraints.proved import find_proofs
from deviator.mechanisms import (
    EntryFeeDoubleAuction,
    KDoubleAuction,
    Mutated,
    SigmaDCDA,
    SpreadVCG,
    UniformConditional,
    UniformDoubleAuction,
)
from deviator.mechanisms.exact import RationalBids
from deviator.mechanisms.residual_line import area_under_residual_demand, uniform_price
from deviator.numerics.rational import rational
from deviator.policies import Revelation
from deviator.studies.gather import Search, gather
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


def test_what_wraps_a_third_party_s_rule_is_not_deviators_own():
    hidden = Mutated(PaysBackInAHook(), "transfer", 0.0)
    assert is_all_ours(Mutated(UniformDoubleAuction(), "transfer", 0.0))
    for rule in (hidden, Mutated(Discriminating(), "transfer", 0.0)):
        assert not is_all_ours(rule)
        assert not is_all_ours(Revelation(rule, ECONOMY))
    assert interchangeable_traders(market(hidden, ECONOMY)) == ((0,), (1,), (2,), (3,))
    # Where rare losses cannot be read off, a sampled mean gain refutes nothing.
    found = gather(market(hidden, ECONOMY), Search(held_out=100))
    assert not found.rare_losses_known


def test_a_wrapped_rule_is_asked_whether_it_clears_alike_twice():
    tested = market(Mutated(ChargesByTurns(), "seller-shave", 0.01), ECONOMY)
    types = tested.distribution.sample(np.random.default_rng(0), 20)
    with pytest.raises(InvalidInputError, match="must clear the same bids alike each time"):
        best_deviation(tested, types, "profile")


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


def lying_market(mechanism, economy, law=None):
    tested = market(mechanism, economy, distribution=law)
    lying_far_out(tested.strategy)
    return tested


def test_bids_that_lie_where_no_sample_looks_are_not_certified():
    """Honest bids by their class, and by every bid that is tried; others on this object."""
    spread = lying_market(SpreadVCG(ECONOMY, 0.3), ECONOMY)
    types = np.array([[5.0, 0.0, -1.0, -2.0]])
    bids, truth = spread.strategy.bids(types), Revelation(spread.mechanism, ECONOMY).bids(types)
    own = np.stack([bids.of_trader(0), truth.of_trader(0)], axis=1)
    alone = spread.mechanism.clear_deviations(bids, 0, own)
    utility = ECONOMY.utility_of(0, alone.quantity, types) - alone.transfer
    assert utility[0, 1] > utility[0, 0] + 1
    units = unit_demands(3, 3)
    smooth = saturating(3)
    markets = {
        certify_single_crossing: spread,
        certify_finite_menu: lying_market(EntryFeeDoubleAuction(0.1), units),
        certify_bounded_search: lying_market(SigmaDCDA(0.2), ECONOMY, UniformBox.common(4)),
        certify_by_theorem: lying_market(SigmaDCDA(0.2), smooth),
        certify: lying_market(SigmaDCDA(0.2), ECONOMY),
    }
    for certifier, tested in markets.items():
        with pytest.raises(RefusedError, match="a strategy bids set on the object"):
            certifier(tested)
    for tested in (*markets.values(), lying_market(UniformConditional(), smooth)):
        assert find_proofs(tested).confirmed == {}
    assert not find_certificates(spread, "profile", range(4)).certificates


def test_ends_of_a_law_that_is_not_known_are_not_believed():
    law = EndsEarly(np.zeros(4), np.eye(4))
    with pytest.raises(RefusedError, match="a law of types of the kind EndsEarly"):
        certify_bounded_search(market(SigmaDCDA(0.2), ECONOMY, distribution=law))
    units = unit_demands(2, 2)
    with pytest.raises(RefusedError, match="a law of types of the kind EndsEarly"):
        certify_finite_menu(market(KDoubleAuction(0.5), units, distribution=law))


def test_the_replace_of_dataclasses_is_pythons_own_and_no_other_is(monkeypatch):
    """Python 3.13 gives every dataclass one function of its library, which has a file."""

    def given(self, **changes):
        return self

    def theirs(self, **changes):
        return self

    monkeypatch.setattr(dataclasses, "_replace", given, raising=False)
    monkeypatch.setattr(SigmaDCDA, "__replace__", given, raising=False)
    assert replaced_methods(SigmaDCDA) == []
    monkeypatch.setattr(SigmaDCDA, "__replace__", theirs)
    assert replaced_methods(SigmaDCDA) == ["__replace__"]
