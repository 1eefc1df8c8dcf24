"""A joint deviation as one decision: all bids of a coalition, or of one trader's names, at once."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import final

import numpy as np
from typing_extensions import override

from deviator.arrays import Array, is_foreign, namespace
from deviator.errors import RefusedError
from deviator.evidence import Market
from deviator.evidence.coalitions import Party
from deviator.policies import (
    ActionBox,
    Deviation,
    Information,
    Network,
    Observation,
    OwnType,
    View,
    WholeProfile,
    knows_profile,
    rung_of,
)
from deviator.validation import Floats, check_kind, positive

from .action_ranges import REFERENCE_PROFILES
from .core import checked_action, deviation_core
from .decision_problem import DecisionProblem

TYPICAL = 2.0
"""The typical largest bid, in root mean squares of its level."""


@final
@dataclass(frozen=True, eq=False)
class CoalitionCore(DecisionProblem):
    """A market in batches, for a party who bid together; build it with `coalition_core`.

    An action holds the numbers of all M bids of the party, one bid after another. The reward is
    the joint gain, or the least one where members cannot pay each other.

    Parameters
    ----------
    party : Party
    information : {"profile", "own"}
        Whether the party sees all types or its own people's.
    box : ActionBox
        What actions mean, of M K numbers.
    reward_unit : float
        The constant that gains are divided by, in units of money.
    """

    party: Party
    information: Information
    box: ActionBox
    reward_unit: float

    def __post_init__(self) -> None:
        check_kind("party", self.party, Party, "build one with coalition_of(market, (0, 1))")
        _check_rung(self.information)
        positive("reward_unit", self.reward_unit)

    @property
    def market(self) -> Market:  # type: ignore[override]
        """The market in which everybody is honest."""
        return self.party.tested

    @property
    @override
    def action_size(self) -> int:
        return self.box.size

    @property
    @override
    def observation_size(self) -> int:
        return sum(each.size for each in self._observations)

    @property
    def _observations(self) -> list[Observation]:
        """What is seen: all types, or those of the party's people, one after another."""
        law, people = self.market.distribution, self.party.people
        seen = people[:1] if knows_profile(self.information) else people
        return [Observation.of(law, self.information, person) for person in seen]

    @override
    def observe(self, types: Array) -> Array:
        return namespace(types).concat([seen(types) for seen in self._observations], axis=1)

    def bids(self, types: Array, action: Array) -> Array:
        """Return the party's bids (B, M, K) that actions (B, M K) stand for.

        Raises
        ------
        InvalidInputError
            If an action has the wrong shape, is not finite, or leaves [-1, 1].
        """
        base = self.party.base_bids(types)
        xp, places = namespace(base), self.party.places
        own = xp.concat([base[:, place] for place in places], axis=1)
        shape = len(own), len(places), base.shape[2]
        if is_foreign(types):
            moved = self.box.to_bid(own, xp.clip(action, -1.0, 1.0))
            return xp.reshape(moved, shape)
        checked = checked_action(action, (len(own), self.box.size))
        moved = self.box.to_bid(own, checked).reshape(shape)
        return _allowed(self.party, base, moved)

    @override
    def reward(self, types: Array, action: Array) -> Array:
        gains = self.party.gains(types, self.bids(types, action))
        return self.party.value(gains) / self.reward_unit

    @override
    def deviation(self, network: Network) -> "JointDeviation":
        return JointDeviation(self, network)

    @override
    def gains(self, types: Floats, deviation: Deviation) -> Floats:
        """Return what counts of a joint deviation's gains: their sum, or the least; (B,)."""
        bids = [deviation.bid(types, place) for place in self.party.places]
        gains: Floats = self.party.value(self.party.gains(types, np.stack(bids, axis=1)))
        return gains


@final
@dataclass(frozen=True, eq=False)
class JointDeviation(Deviation):
    """Bids of a party that a network chooses together.

    Parameters
    ----------
    core : CoalitionCore
    network : Network
        From observations to actions, which are clipped to [-1, 1].
    """

    core: CoalitionCore
    network: Network

    def bids(self, types: Floats) -> Floats:
        """Return all bids of the party, shape (B, M, K)."""
        action = np.clip(self.network(self.core.observe(types)), -1.0, 1.0)
        bids: Floats = self.core.bids(types, action)
        return bids

    @override
    def bid(self, view: View | Floats, trader: int) -> Floats:
        """Return the bids of one place of the arena, shape (B, K)."""
        slot = self.core.party.places.index(trader)
        return self.bids(View.of(view).types)[:, slot]


def coalition_core(
    party: Party, *, information: Information = "profile", ranges: Sequence[Floats] | None = None
) -> CoalitionCore:
    """Return a joint deviation as a decision problem with a finite action box.

    Each bid moves as far as its trader's alone does in `deviation_core`, and levels of names so
    much farther that a name can stay out; the unit of reward is the sum of theirs.

    Parameters
    ----------
    party : Party
    information : {"profile", "own"}
    ranges : sequence of array-like of float, each of shape (K,), optional
        Ranges of one's own for each bid of the party.
    """
    check_kind("party", party, Party, "build one with coalition_of(market, (0, 1))")
    given: Sequence[Floats | None] = ranges or [None] * len(party.places)
    alone = [
        deviation_core(replace(party.arena, trader=place), ranges=wide)
        for place, wide in zip(party.places, given, strict=True)
    ]
    limits = [(core.box.low, core.box.high) for core in alone]
    low, high = (
        None if ends[0] is None else np.concatenate(ends) for ends in zip(*limits, strict=True)
    )
    widths = np.stack([core.box.half_width for core in alone])
    if party.kind == "identities" and ranges is None:
        widths[:, party.arena.mechanism.language.level] += _usual_size(party)
    half_width = widths.ravel()
    box = ActionBox("relative", np.zeros(len(half_width)), half_width, low, high)
    unit = float(sum(core.reward_unit for core in alone))
    return CoalitionCore(party, information, box, unit)


def _check_rung(information: Information) -> None:
    """Refuse rungs on which it is not said what people who deviate together see."""
    rung = rung_of(information)
    if not isinstance(rung, OwnType | WholeProfile):
        raise RefusedError(
            f"people who deviate together must know own or profile, got {rung.name}; name one of "
            "these, or a single deviator"
        )


def _allowed(party: Party, base: Floats, bids: Floats) -> Floats:
    """Return the nearest bids of the party (B, M, K) that language and limits allow."""
    rule = party.arena.mechanism
    allowed = [
        rule.allowed_bids(place, bids[:, slot, None], base[:, place])[:, 0]
        for slot, place in enumerate(party.places)
    ]
    return np.stack(allowed, axis=1)


def _usual_size(party: Party) -> float:
    """Return how large the levels of a trader's bids usually are, in the level's units."""
    types = party.tested.distribution.sample(np.random.default_rng(0), REFERENCE_PROFILES)
    level = party.arena.mechanism.language.level
    usual = party.base_bids(types)[:, party.places[0], level]
    return TYPICAL * float(np.sqrt((usual**2).mean()))
