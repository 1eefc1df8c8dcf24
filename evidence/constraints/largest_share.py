"""The largest ratio of a sum of money to the gains from trade, over all profiles of types.

Found as a generalized eigenvalue in floating point; rounded up, and proved in exact numbers: c is a
bound iff c times the gains minus the money is a form that is never negative. A profile in short
numbers attains it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import final

import numpy as np

from deviator.numerics.quadratic_form import (
    Linear,
    QuadraticForm,
    is_never_negative,
    is_semidefinite,
)
from deviator.numerics.rational import as_float, exact_number, rational
from deviator.validation import Floats

from ..market import Market
from .box_search import BoxSearch
from .outcome_forms import HonestForms

MARGINS = (1e-9, 1e-6, 1e-3)
"""By how much the eigenvalue is raised, of itself, until it is proved to be a bound."""

ROUNDING = 2.0**-40
"""Money up to this part of what it is a difference of is rounding: of v_i^2 / mu_i over traders."""

LEAST_CAPS = tuple(2.0**-power for power in range(60, 36, -4))
"""Bounds that are tried where the eigenvalue is rounding."""

RANK = 1e-11
"""Eigenvalues of the gains from trade below this part of the largest count as 0."""

MOST_WORK = 2e9
"""Digits of the functions times N^4 up to which forms in the types are decided."""

FROM_NO_TRADE = (1.0, 0.1, 0.01)
"""How far types are moved, in their size, where money is there without gains from trade."""

FEW_DIGITS, FAR = 5, 1e4
"""Where few digits do not do, profiles are also moved away, towards shares that far ones have."""

DAMPING = 1e-6
"""Part of the largest gains that is added where money has no largest share."""

ATTAINED = 1e-6
"""A profile in short numbers must attain all but this part of the largest ratio."""

MOST_DIGITS = 17


@final
@dataclass(frozen=True, eq=False)
class LargestShare:
    """The largest share of the gains from trade that a sum of money reaches.

    Attributes
    ----------
    share : float
        At the profile that was found; 0 where the sum is positive nowhere.
    money : float
        The sum at that profile.
    cap : float or None
        No profile has a larger share; None where there is no bound.
    exact : bool
        Whether the cap holds to the last digit, and not only beyond rounding.
    types : ndarray of float, shape (N,), or None
        The profile; None where the sum is positive nowhere.
    """

    share: float
    money: float
    cap: float | None
    exact: bool
    types: Floats | None


@final
@dataclass(frozen=True, eq=False)
class Shares:
    """Ratios of sums of money to the gains from trade in one market.

    Parameters
    ----------
    forms : HonestForms
    low, high : ndarray of float, shape (N,)
        Ends of the sets of types.
    size : float
        How large types usually are: a power of ten.
    """

    forms: HonestForms
    low: Floats
    high: Floats
    size: float = 1.0

    @property
    def reach(self) -> float:
        """How far types of a profile are moved from no trade."""
        return 10 * self.size

    def never_negative(self, form: QuadraticForm) -> bool:
        """Return whether a form is proved to be at least 0 at every profile of unbounded types."""
        relations = self.forms.relations or self._relations_without_values(form)
        if relations is not None:
            return is_never_negative(form, relations)
        if not self._few_digits:
            return False
        return is_semidefinite(form.of_functions(self.forms.functions))

    def _relations_without_values(self, form: QuadraticForm) -> tuple[Linear, ...] | None:
        """Return what the variables of a form of quantities, price and 1 have to do together."""
        forms = self.forms
        others = set(range(forms.value_place, forms.price_place)) | {forms.efficient_price_place}
        free = all(others.isdisjoint(pair) for pair in form.terms)
        return forms.trade_relations if free else None

    @cached_property
    def _few_digits(self) -> bool:
        """Whether forms in the types themselves are decided in seconds."""
        digits = max(
            max(int(value.p).bit_length(), int(value.q).bit_length())
            for value in self.forms.functions.ravel()
        )
        return digits * self.forms.n_traders**4 <= MOST_WORK

    def never_negative_locally(self, form: QuadraticForm, trader: int) -> bool:
        """Return the same for a form in one trader's quantity and value, price and constant."""
        return is_never_negative(form, self.forms.local_relations[trader])

    def within_rounding(self, money: QuadraticForm) -> bool:
        """Return whether a sum of money is rounding wherever it is positive."""
        return self.never_negative(self._rounding - money)

    @cached_property
    def _rounding(self) -> QuadraticForm:
        """What counts as rounding, as a form."""
        forms = self.forms
        return QuadraticForm.of(
            (forms.value_place + i, forms.value_place + i, exact_number(ROUNDING) / slope)
            for i, slope in enumerate(forms.slope)
        )

    def largest(self, money: QuadraticForm) -> LargestShare:
        """Return the largest share that a sum of money has, which is positive somewhere."""
        ratio, profile = self._candidate(money, self._whitening)
        exact = True
        cap = self._proved(money, ratio)
        if cap is None:
            exact, cap = False, self._proved(money - self._rounding, ratio)
        if cap is None:
            # Money that is there without gains from trade, or almost without, has no largest share.
            ratio, profile = self._candidate(money, self._damped_whitening)
        bounded = bool(np.isfinite([self.low, self.high]).any())
        starts = self._inside(money, profile) if bounded else self._at_one(profile)
        if cap is None:
            moves = self.size * np.outer(FROM_NO_TRADE, np.eye(len(self.low))[0])
            starts = [*starts, *(start + move for start in starts for move in moves)]
        return self._attained(money, starts, LargestShare(ratio, 0.0, cap, exact, None))

    def _attained(
        self, money: QuadraticForm, starts: list[Floats], wanted: LargestShare
    ) -> LargestShare:
        """Return the first profile in few digits that has almost the share, else the best."""
        best = replace(wanted, share=0.0)
        for types in self._rounded(starts):
            variables = self.forms.at(rational(types))
            amount = money.value(variables)
            gains = self.forms.gains_from_trade.value(variables)
            if amount <= 0 or gains <= 0:
                continue
            share = as_float(amount / gains)
            if share > best.share:
                best = replace(best, share=share, money=as_float(amount), types=types)
            if best.share >= wanted.share * (1 - ATTAINED):
                break
        return best

    def _rounded(self, starts: list[Floats]) -> Iterator[Floats]:
        """Yield profiles to ever more digits, in the sets of types; far ones where few do not."""
        for digits in range(MOST_DIGITS):
            for types in starts:
                near = np.round(types / self.size, digits)
                far = np.round(FAR * types / self.size)
                for short in (near, far) if digits == FEW_DIGITS else (near,):
                    yield np.clip(short * self.size + 0.0, self.low, self.high)

    def _inside(self, money: QuadraticForm, profile: Floats) -> list[Floats]:
        """Return bad profiles in the sets of types: on the way to a worst one, and searched."""
        weights = np.outer(self._scale, self._scale)
        scaled = self._functions / self._scale[:, None]
        amount, gains = (
            scaled.T @ (form.matrix(len(weights)) * weights) @ scaled
            for form in (money, self.forms.gains_from_trade)
        )
        search = BoxSearch(amount, gains, self.low, self.high, self.reach)
        towards = self._towards(profile)
        return [*towards, *search.worst(np.array(towards).reshape(-1, len(self.low)))]

    def _towards(self, profile: Floats) -> list[Floats]:
        """Return profiles in a direction from such of no trade, as far as the sets allow."""
        values = self._functions[self.forms.n_traders : 2 * self.forms.n_traders]
        solve, found = np.linalg.pinv(values[:, :-1]), []
        direction = profile[:-1] + profile[-1] * (solve @ values[:, -1])
        middle = np.clip(0.0, self.low, self.high)
        # Nobody trades where all values agree, on whatever they are.
        level = (values[:, :-1] @ middle + values[:, -1]).mean()
        no_trade = solve @ (level - values[:, -1])
        for way in (direction, -direction):
            with np.errstate(divide="ignore", invalid="ignore"):
                room = np.where(way > 0, self.high - no_trade, self.low - no_trade) / way
            steps = float(np.min(room[way != 0], initial=np.inf))
            if np.isfinite(steps) and steps > 0:
                found.append(no_trade + steps * way)
        return found

    @cached_property
    def _functions(self) -> Floats:
        """The variables as functions of z in floating point, (2 N + 3, N + 1)."""
        return np.array([[as_float(value) for value in row] for row in self.forms.functions])

    @cached_property
    def _scale(self) -> Floats:
        """How large each variable is, per unit of z, (2 N + 3,): quantities, and money per unit."""
        n = self.forms.n_traders
        sizes = np.abs(self._functions).max(axis=1)
        units, money = sizes[:n].max(initial=0.0) or 1.0, sizes[n:-1].max() or 1.0
        return np.concatenate([np.full(n, units), np.full(n + 2, money), [1.0]])

    @cached_property
    def _basis(self) -> Floats:
        """An orthonormal basis of what the scaled variables can be, (2 N + 3, dimension)."""
        relations = self.forms.relations
        if relations is None:
            left, sizes, _ = np.linalg.svd(self._functions / self._scale[:, None])
            return np.asarray(left[:, : int((sizes > RANK * sizes[0]).sum())])
        table = _table(relations, len(self._scale)) * self._scale
        table /= np.abs(table).max(axis=1, keepdims=True)
        return np.asarray(np.linalg.svd(table)[2][len(relations) :].T)

    def _restricted(self, form: QuadraticForm) -> Floats:
        matrix = form.matrix(len(self._scale)) * np.outer(self._scale, self._scale)
        restricted: Floats = self._basis.T @ matrix @ self._basis
        return restricted

    @cached_property
    def _gains(self) -> tuple[Floats, Floats]:
        """Eigenvalues and eigenvectors of the gains from trade."""
        values, vectors = np.linalg.eigh(self._restricted(self.forms.gains_from_trade))
        return values, vectors

    @cached_property
    def _whitening(self) -> Floats:
        """Directions in which the gains from trade are 1, orthogonal by them."""
        values, vectors = self._gains
        gaining = values > RANK * values[-1]
        whitening: Floats = vectors[:, gaining] / np.sqrt(values[gaining])
        return whitening

    @cached_property
    def _damped_whitening(self) -> Floats:
        """The same with a little gained in all directions."""
        values, vectors = self._gains
        damped: Floats = vectors / np.sqrt(np.maximum(values, 0) + DAMPING * values[-1])
        return damped

    def _candidate(self, money: QuadraticForm, whitening: Floats) -> tuple[float, Floats]:
        """Return the largest eigenvalue, and its z."""
        values, vectors = np.linalg.eigh(whitening.T @ self._restricted(money) @ whitening)
        variables = self._basis @ (whitening @ vectors[:, -1])
        scaled = self._functions / self._scale[:, None]
        # Types may be of very different sizes.
        sizes = np.abs(scaled).max(axis=0)
        sizes = np.where(sizes > 0, sizes, 1.0)
        profile = np.linalg.lstsq(scaled / sizes, variables, rcond=None)[0] / sizes
        return float(values[-1]), profile

    def _proved(self, money: QuadraticForm, ratio: float) -> float | None:
        """Return the least bound tried that holds, in exact numbers."""
        raised = [ratio * (1 + margin) for margin in MARGINS if ratio > LEAST_CAPS[0]]
        caps = sorted([*raised, *(least for least in LEAST_CAPS if least > ratio)])

        def holds(cap: float) -> bool:
            return self.never_negative(self.forms.gains_from_trade.times(cap) - money)

        # Where there is no bound at all, the loosest one tells.
        return next(filter(holds, caps)) if holds(caps[-1]) else None

    def _at_one(self, profile: Floats) -> list[Floats]:
        """Return profiles whose [s; 1] stands for a direction z.

        One is where types are such that nobody gains from trade, plus the direction: as far as
        money depends on trade only, its size is free. The other is the direction itself.
        """
        n = self.forms.n_traders
        direction = profile * np.sign(profile[np.abs(profile).argmax()])
        types, constant = direction[:-1], direction[-1]
        values = self._functions[n : 2 * n]
        no_trade = np.linalg.lstsq(values[:, :-1], -values[:, -1], rcond=None)[0]
        moved = types - constant * no_trade
        moved = moved * (self.reach / max(np.abs(moved).max(), 1e-300))
        profiles = [no_trade + moved]
        if abs(constant) > 1e-9 * np.abs(types).max() / self.reach:
            profiles.append(types / constant)
        return profiles


def shares_of(tested: Market, forms: HonestForms) -> Shares:
    """Return the shares in a market, for types of about the size that its law draws."""
    spread = float(np.sqrt(np.diagonal(tested.distribution.covariance)).max())
    size = 10.0 ** np.floor(np.log10(spread)) if spread > 0 else 1.0
    return Shares(forms, *tested.economy.type_set, float(size))


def _table(relations: Sequence[Linear], size: int) -> Floats:
    table = np.zeros((len(relations), size))
    for row, relation in zip(table, relations, strict=True):
        for place, coefficient in relation.items():
            row[place] = as_float(coefficient)
    return table
