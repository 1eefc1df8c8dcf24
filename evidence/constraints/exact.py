"""Market clearing, budget, participation and efficiency, decided exactly at every profile.

In linear-quadratic economies with affine strategies all sums of money are quadratic forms in the
types, and whether one is ever negative is a matter of rational arithmetic.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, final

import numpy as np

from deviator.economies import largest_inefficiency
from deviator.errors import RefusedError
from deviator.numerics.quadratic_form import QuadraticForm
from deviator.numerics.rational import as_float, exact_number
from deviator.validation import Floats

from ..certificates.certificate import Certificate, Condition
from ..market import Market
from ..profile_witness import OF_A_PROFILE, profile_witness
from .constraint import Constraint, ConstraintVerdict
from .honest_forms import AGREEMENT, honest_forms
from .largest_share import ROUNDING, LargestShare, Shares, shares_of
from .outcome_forms import HonestForms

KIND = "exact forms in the types"

TRIED = 200
"""Profiles at which markets that do not clear are tried."""


def exact_constraints(tested: Market) -> dict[Constraint, ConstraintVerdict]:
    """Decide the constraints on honest outcomes at every profile of types, in exact numbers.

    Parameters
    ----------
    tested : Market
        A linear-quadratic economy, and a mechanism and strategy with exact forms.

    Returns
    -------
    dict of str to ConstraintVerdict
        Market clearing, budget surplus, individual rationality and efficiency.

    Raises
    ------
    RefusedError
        If the market has no exact forms, with what would help.

    Examples
    --------
    >>> from deviator.economies import fundamental_value, sigma_n
    >>> from deviator.evidence import market
    >>> from deviator.mechanisms import SigmaDCDA
    >>> economy = fundamental_value(4)
    >>> verdicts = exact_constraints(market(SigmaDCDA(sigma_n(economy)), economy))
    >>> [verdict.state for verdict in verdicts.values()]
    ['confirmed', 'confirmed', 'confirmed', 'refuted']
    >>> verdicts = exact_constraints(market(SigmaDCDA(0.0), economy))
    >>> [verdict.state for verdict in verdicts.values()]
    ['confirmed', 'refuted', 'confirmed', 'confirmed']
    """
    forms = honest_forms(tested)
    if forms is None or not (forms.trades or forms.has_gains):
        return _autarky(tested)
    if not forms.has_gains:
        raise RefusedError(
            "exact forms are relative to the gains from trade, and this economy has none at any "
            "profile; search profiles instead"
        )
    decision = _Decision(tested, forms)
    return {
        "market_clearing": decision.market_clearing(),
        "budget_surplus": decision.budget_surplus(),
        "individual_rationality": decision.individual_rationality(),
        "efficiency": decision.efficiency(),
    }


@final
@dataclass(frozen=True, eq=False)
class _Decision:
    """Answers about one market that trades."""

    tested: Market
    forms: HonestForms

    @cached_property
    def shares(self) -> Shares:
        return shares_of(self.tested, self.forms)

    def market_clearing(self) -> ConstraintVerdict:
        name = "quantities sum to 0"
        if self.forms.clears:
            reason = "Quantities sum to 0 at every profile: all coefficients on the types vanish."
            return self._confirmed("market_clearing", name, "an identity of coefficients", reason)
        types = self._uncleared()
        witness = profile_witness(self.tested, "market_clearing", types)
        if witness is None:
            return self._unshown("market_clearing", name, None)
        share = witness["share"] or 0.0
        reason = f"Quantities sum to {sum(witness['quantities']):.6g} at the witness profile."
        condition = Condition(name, False, "some coefficient on the types is not 0")
        return ConstraintVerdict(
            "market_clearing",
            "refuted",
            "every profile",
            witness["violation"],
            share,
            None,
            reason,
            witness,
            self._certificate(None, condition),
        )

    def _uncleared(self) -> Floats:
        """Return the one of some profiles at which quantities sum to most, of the gains."""
        low, high = self.tested.economy.type_set
        n, size = self.forms.n_traders, self.shares.size
        rng = np.random.default_rng(0)
        types = np.clip(size * rng.integers(-9, 10, (TRIED, n)).astype(float), low, high)
        total = np.array([as_float(value) for value in self.forms.quantity_sum])
        sums = np.abs(types @ total[:-1] + total[-1])
        economy = self.tested.economy
        gains = economy.utility(economy.efficient_allocation(types), types).sum(axis=1)
        return np.asarray(types[int((sums / np.sqrt(np.maximum(gains, 1e-300))).argmax())])

    def budget_surplus(self) -> ConstraintVerdict:
        return self._decided(
            "budget_surplus",
            "the sum of transfers is never negative",
            -self.forms.budget,
            "Transfers never sum to a deficit at any profile",
            "Transfers sum to a deficit",
        )

    def individual_rationality(self) -> ConstraintVerdict:
        name = "no trader's honest utility is ever negative"
        utilities = [self.forms.utility(i) for i in range(self.forms.n_traders)]
        losing = [
            i for i, form in enumerate(utilities) if not self.shares.never_negative_locally(form, i)
        ]
        none = "No trader's honest utility is negative at any profile"
        if not losing:
            detail = f"{len(utilities)} forms without negative squares"
            return self._confirmed("individual_rationality", name, detail, f"{none}.")
        found = {
            i: self.shares.largest(-utilities[i])
            for i in losing
            if not self.shares.within_rounding(-utilities[i])
        }
        if not found:
            return self._rounded("individual_rationality", name, none)
        worst = max(found, key=lambda i: found[i].share)
        caps = [each.cap for each in found.values()]
        share = replace(
            found[worst],
            cap=None if None in caps else max(each for each in caps if each is not None),
            exact=all(each.exact for each in found.values()),
        )
        some = f"Honest trader {worst} loses"
        return self._measured("individual_rationality", name, share, none, some)

    def efficiency(self) -> ConstraintVerdict:
        name = "quantities are those of the first best"
        if self.forms.is_efficient:
            reason = "Quantities are those of the first best at every profile."
            return self._confirmed("efficiency", name, "an identity of coefficients", reason)
        if self.shares.never_negative(-self.forms.loss):
            reason = "Nothing is lost only because quantities do not sum to 0."
            return self._open("efficiency", name, reason, None)
        verdict = self._decided(
            "efficiency",
            name,
            self.forms.loss,
            "No welfare is lost at any profile",
            "Welfare is lost",
        )
        distance = taxed_distance(self.forms, self.tested.mechanism.tax_slope)
        if distance is None or verdict.state != "refuted":
            return verdict
        return replace(verdict, reason=f"{verdict.reason[:-1]}; {distance}.")

    def _decided(
        self, constraint: Constraint, name: str, violation: QuadraticForm, none: str, some: str
    ) -> ConstraintVerdict:
        if self.shares.never_negative(-violation):
            return self._confirmed(constraint, name, "a form without negative squares", f"{none}.")
        found = self.shares.largest(violation)
        if (found.cap is None or not found.exact) and self.shares.within_rounding(violation):
            return self._rounded(constraint, name, none)
        return self._measured(constraint, name, found, none, some)

    def _rounded(self, constraint: Constraint, name: str, none: str) -> ConstraintVerdict:
        """Return the verdict where all that is violated is rounding of the numbers given.

        What is bounded is no share of the gains from trade, so that there is no cap.
        """
        bound = f"at most {ROUNDING:.1g} of the sum of v_i^2 / mu_i"
        reason = f"{none} beyond rounding: {bound}."
        return self._confirmed(constraint, f"{name}, up to rounding", bound, reason, None)

    def _measured(
        self, constraint: Constraint, name: str, found: LargestShare, none: str, some: str
    ) -> ConstraintVerdict:
        """Return the verdict on a violation that a form has, or may have, somewhere."""
        if found.cap is not None and found.cap <= ROUNDING:
            bound = f"at most {found.cap:.2g} of the gains from trade"
            reason = f"{none} beyond rounding: {bound}."
            up_to = f"{name}, up to rounding"
            cap = found.cap if found.exact else None
            return self._confirmed(constraint, up_to, bound, reason, cap)
        if found.types is None:
            return self._unshown(constraint, name, found.cap)
        witness = profile_witness(self.tested, constraint, found.types)
        if witness is None:
            return self._unshown(constraint, name, found.cap)
        most = (
            "and no bound on that share is proved"
            if found.cap is None
            else f"at no profile more than {_percent(found.cap)}"
            + ("" if found.exact else " beyond rounding")
        )
        share = f"{_percent(found.share)} of the gains from trade"
        reason = f"{some}: {share} at the worst profile found, {most}."
        condition = Condition(name, False, f"{found.share:.6g} of the gains from trade is attained")
        return ConstraintVerdict(
            constraint,
            "refuted",
            "every profile",
            witness["violation"],
            found.share,
            found.cap,
            reason,
            witness,
            self._certificate(found.cap, condition),
        )

    def _confirmed(
        self,
        constraint: Constraint,
        name: str,
        detail: str,
        reason: str,
        cap: float | None = 0.0,
    ) -> ConstraintVerdict:
        certificate = self._certificate(cap, Condition(name, True, detail))
        return ConstraintVerdict(
            constraint, "confirmed", "every profile", 0.0, 0.0, cap, reason, None, certificate
        )

    def _unshown(self, constraint: Constraint, name: str, cap: float | None) -> ConstraintVerdict:
        """Return the verdict where a form has negative values, and no profile shows one."""
        bounded = self.tested.economy.has_bounded_types
        where = "in the sets of types" if bounded else "beyond rounding"
        reason = (
            f"It is not proved, and no profile that was tried shows a violation {where}; search "
            "more profiles."
        )
        return self._open(constraint, name, reason, cap)

    def _open(
        self, constraint: Constraint, name: str, reason: str, cap: float | None
    ) -> ConstraintVerdict:
        certificate = self._certificate(cap, Condition(name, False, "not as a form in the types"))
        return ConstraintVerdict(
            constraint, "undetermined", "every profile", 0.0, 0.0, cap, reason, None, certificate
        )

    def _certificate(self, cap: float | None, decisive: Condition) -> dict[str, Any]:
        n = self.forms.n_traders
        cleared = Condition(
            "outcomes are exact forms in the types",
            True,
            f"{n + 1} honest markets cleared in rational arithmetic, and others as these say",
        )
        runs = Condition(
            "the mechanism that runs agrees with the exact one",
            True,
            f"to {AGREEMENT:g} of the largest value, at small and large profiles",
        )
        return Certificate(KIND, (cleared, runs, decisive), cap, cap is not None).to_dict()


def _percent(share: float) -> str:
    return f"{100 * share:.3g}%"


def taxed_distance(forms: HonestForms, sigma: float) -> str | None:
    """Return in words how far quantities are from the first best, compared with (3.12).

    None where quantities are not those of the first best under the tax, v_i = p + (mu_i + sigma)
    q_i, of which (3.12) speaks. There deviations from the first best are linear in its quantities,
    and the largest one, quantities at most 1 in size and summing to 0, has a closed form: the sum
    of distances from the median coefficient.
    """
    n = forms.n_traders
    values, price = forms.functions[n : 2 * n], forms.functions[forms.price_place]
    bend = forms.slope + exact_number(sigma)
    if not bool((values == price + bend[:, None] * forms.functions[:n]).all()):
        return None
    slope = np.array([as_float(value) for value in forms.slope])
    steepness = 1 / (slope + sigma)
    share = steepness / steepness.sum()
    moved = steepness[:, None] * (np.eye(n) - share) * slope - np.eye(n)
    median = np.median(moved, axis=1, keepdims=True)
    distance = float(np.abs(moved - median).sum(axis=1).max())
    bound = largest_inefficiency(float(slope.min()), float(slope.max()), sigma)
    return (
        f"quantities are up to {distance:.3g} of the largest efficient trade away from the first "
        f"best, where (3.12) allows {bound:.3g}"
    )


def _autarky(tested: Market) -> dict[Constraint, ConstraintVerdict]:
    """Return the verdicts where honest bids clear nowhere: nobody trades at any profile."""
    reason = "Nobody trades at any profile."
    verdicts = {
        constraint: ConstraintVerdict(constraint, "vacuous", "every profile", 0.0, 0.0, 0.0, reason)
        for constraint in OF_A_PROFILE
    }
    economy = tested.economy
    types = np.clip(np.eye(economy.n_traders), *economy.type_set)
    gains = economy.utility(economy.efficient_allocation(types), types).sum(axis=1)
    witness = profile_witness(tested, "efficiency", types[int(gains.argmax())])
    if witness is not None:
        lost = "Nobody trades at any profile, so that all gains from trade are lost."
        verdicts["efficiency"] = ConstraintVerdict(
            "efficiency", "refuted", "every profile", witness["violation"], 1.0, 1.0, lost, witness
        )
    return verdicts
