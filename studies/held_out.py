"""What deviators gain on given profiles, where they see no more than their rung shows."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from deviator.envs.rounds_core import AsPlan, core_for
from deviator.evidence import LearnedGain, Market, find_witness, of_single_rounds
from deviator.evidence.best_deviation import largest_beyond, pays
from deviator.evidence.fresh_lots import has_chance
from deviator.evidence.results import Comparison
from deviator.learners import Learner, Training
from deviator.mechanisms import Unrolled
from deviator.policies import Deviation, Information, RoundsDeviation
from deviator.validation import Floats, finite_array

from .shown_types import shown_view


class HeldOut(NamedTuple):
    """The profiles on which deviations are measured, and what of them a deviator sees."""

    tested: Market
    types: Floats
    information: Information

    def compared(self, policy: Deviation) -> Comparison:
        """Return what a deviation gains where it sees no more than its rung shows."""
        if isinstance(policy, RoundsDeviation) and policy.rounds > 1:
            planned = self._planned(policy)
            if planned is None:
                return self._over_rounds(policy)
            return self.tested.compared(self.types, planned.bid(self.types, self.tested.trader))
        return self.tested.compared(self.types, self.bid(policy))

    def one_shot(self, policy: Deviation) -> Deviation | None:
        """Return a deviation as one of single bids; None for those that meet several times."""
        if isinstance(policy, RoundsDeviation) and policy.rounds > 1:
            return self._planned(policy)
        return policy

    def bid(self, policy: Deviation) -> Floats:
        """Return what a deviation bids at the profiles, shape (B, K).

        Raises
        ------
        InvalidInputError
            If that is of another shape, or not finite.
        """
        trader = self.tested.trader
        shown = shown_view(self.tested, self.types, self.information)
        shape = len(self.types), self.tested.bid_size
        # Deviations may take the types alone, where these are all that is shown.
        bid = policy.bid(shown.types if shown.seen is None else shown, trader)
        checked: Floats = finite_array(f"bids of {type(policy).__name__}", bid, shape)
        return checked

    def _planned(self, policy: RoundsDeviation) -> Deviation | None:
        """Return the plan that a deviation comes to follow, where the rule is one over rounds.

        The rounds show it no more than its rung and what is public.
        """
        if not isinstance(self.tested.mechanism, Unrolled):
            return None
        market = of_single_rounds(self.tested)
        return AsPlan(core_for(market, policy, self.information), policy)

    def _over_rounds(self, policy: RoundsDeviation) -> Comparison:
        gain = core_for(self.tested, policy, self.information).gains(self.types, policy)
        return Comparison(gain, np.full(len(gain), self.tested.rounding), np.ones(len(gain)))


def learned_gain(seen: HeldOut, learner: Learner, seed: int, training: Training) -> LearnedGain:
    """Return what a training gained on given profiles."""
    return replace(
        saved_gain(seen, training.policy),
        learner=learner.name,
        seed=seed,
        untrained_gain=float(seen.compared(training.untrained).gain.mean()),
        training_gain=training.largest_gain,
        curve=tuple((point.steps, point.gain) for point in training.curve),
        stopped=training.stopped,
    )


def saved_gain(seen: HeldOut, policy: Deviation) -> LearnedGain:
    """Return what a deviation that was learned before gains on given profiles."""
    gain, rounding, _ = seen.compared(policy)
    beyond = 0.0 if has_chance(seen.tested) else largest_beyond(gain, rounding)
    return LearnedGain(
        "saved",
        0,
        float(gain.mean()),
        float(gain.max()),
        beyond_rounding=beyond,
    )


def first_witness(seen: HeldOut, policies: Sequence[Deviation]) -> dict[str, Any] | None:
    """Return the first witness of a learned deviation that pays on average in one round."""
    for policy in policies:
        shown = seen.one_shot(policy)
        if shown is None:
            continue
        if pays(seen.tested, seen.compared(policy).gain, seen.information):
            witness = find_witness(seen.tested, shown, seen.types)
            if witness is not None:
                return witness
    return None
