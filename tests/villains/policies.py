"""Policies that each break one rule."""

from dataclasses import dataclass, field

import numpy as np

from deviator.economies import private_values
from deviator.mechanisms import Schedules, UniformDoubleAuction
from deviator.policies import Policy, Revelation

ECONOMY = private_values(4, alpha=1.0, slope=1.5)


@dataclass(frozen=True, eq=False)
class SoundPolicy(Policy):
    """Honest schedules, without exact ones."""

    economy: object = ECONOMY
    name = "sound"
    n_traders = 4

    def bids(self, view, rng=None):
        return Revelation(UniformDoubleAuction(), self.economy).bids(view)


class ForTwo(SoundPolicy):
    n_traders = 2


class PlainArray(SoundPolicy):
    def bids(self, view, rng=None):
        return super().bids(view, rng).as_array()


class Undercuts(SoundPolicy):
    def bids(self, view, rng=None):
        bids = super().bids(view, rng)
        return Schedules(bids.level - 0.1 * bids.level.max(axis=1, keepdims=True), bids.steepness)


class Sorts(SoundPolicy):
    def bids(self, view, rng=None):
        bids = super().bids(view, rng)
        view.sort(axis=1)
        return bids


class Forgets(SoundPolicy):
    """Draws noise of its own, in spite of the source that it is given."""

    def bids(self, view, rng=None):
        bids = super().bids(view, rng)
        noise = np.random.default_rng().normal(0, 0.1, bids.level.shape)
        return Schedules(bids.level + noise, bids.steepness)


class LooksAround(SoundPolicy):
    def bids(self, view, rng=None):
        bids = super().bids(view, rng)
        return Schedules(bids.level - 0.1 * np.mean(view, axis=0), bids.steepness)


class MixesAndLooksAround(SoundPolicy):
    """Mixes a little, and hides behind it that it looks at other markets."""

    def bids(self, view, rng=None):
        bids = super().bids(view, rng)
        noise = 1e-9 * (rng or np.random.default_rng(0)).standard_normal(bids.level.shape)
        return Schedules(bids.level - 0.1 * np.mean(view, axis=0) + noise, bids.steepness)


class DrawsInSecret(SoundPolicy):
    """Draws from its generator, and does not say so: others would hand it none."""

    def bids(self, view, rng=None):
        bids = super().bids(view, rng)
        noise = 0 if rng is None else 0.1 * rng.standard_normal(bids.level.shape)
        return Schedules(bids.level + noise, bids.steepness)


class DrawsAlone(SoundPolicy):
    """Draws from a source of its own where it is given none."""

    def bids(self, view, rng=None):
        bids = super().bids(view, rng)
        noise = np.random.default_rng().standard_normal(bids.level.shape) if rng is None else 0
        return Schedules(bids.level + 0.1 * noise, bids.steepness)


class Mixes(SoundPolicy):
    """A sound policy that draws, and says so."""

    mixes = True

    def bids(self, view, rng=None):
        bids = super().bids(view, rng)
        return Schedules(bids.level + 0.1 * rng.standard_normal(bids.level.shape), bids.steepness)


class SaysOtherwise(SoundPolicy):
    def exact_bids(self, types):
        return Revelation(UniformDoubleAuction(), self.economy).exact_bids(2 * types)


@dataclass(frozen=True, eq=False)
class CannotBeSent(SoundPolicy):
    rule: object = field(default_factory=lambda: lambda x: x)


class WaivesNothing(SoundPolicy):
    waivers = {"check_colors": "it has none"}


VILLAINS = [
    ("check_settings", ForTwo(), "n_traders must be a whole number from 3"),
    ("check_bids", PlainArray(), "must return a Bids record"),
    ("check_own_type_only", Undercuts(), "must not depend on the others' types"),
    ("check_inputs_unchanged", Sorts(), "must leave types alone"),
    ("check_seeds_decide", Forgets(), "the same types and seed must give the same bids"),
    ("check_batch_equals_loop", LooksAround(), "must get alone the bids"),
    ("check_mixing", DrawsInSecret(), "a policy that draws must say so"),
    ("check_mixing", DrawsAlone(), "must bid the same without a generator"),
    ("check_mixing", Forgets(), "the generator that it is given alone"),
    ("check_own_market_only", MixesAndLooksAround(), "types in other markets"),
    ("check_exact_bids", SaysOtherwise(), "must be the bids in rational numbers"),
    ("check_pickling", CannotBeSent(), "must pickle"),
    ("check_waivers", WaivesNothing(), "must name a check that applies"),
]
