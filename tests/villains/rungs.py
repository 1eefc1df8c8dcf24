"""Rungs of information that each break one rule."""

from dataclasses import dataclass, field

import numpy as np

from deviator.policies import NoisySignal, Rung


@dataclass(frozen=True)
class SoundRung(Rung):
    """The own type and the largest of all."""

    name = "sound"

    def size(self, n_traders):
        return 2

    def seen(self, types, trader):
        return np.stack([types[:, trader], types.max(axis=1)], axis=1)


class Profile(SoundRung):
    """Would be believed to show everything."""

    name = "profile"


class LeakingSignal(NoisySignal):
    """Would be judged as a noisy signal, and shows all types as they are."""

    name = "leaking-signal"

    def seen(self, types, trader):
        return types


class ShowsMore(SoundRung):
    """Shows all types, and says that it shows two numbers."""

    def seen(self, types, trader):
        return types


class ShowsOtherMarkets(SoundRung):
    def seen(self, types, trader):
        return super().seen(types, trader) + types.mean(axis=0).max()


class CountsMarkets(SoundRung):
    """Shows noise that depends on where in a batch a market stands, whatever the types are."""

    def seen(self, types, trader):
        noise = np.random.default_rng(0).normal(size=(len(types), 2))
        return super().seen(types, trader) + noise[::-1]


class Draws(SoundRung):
    """A new draw at each look, so that looking again tells more."""

    def seen(self, types, trader):
        return super().seen(types, trader) + np.random.default_rng().normal(size=(len(types), 2))


class Sorts(SoundRung):
    def seen(self, types, trader):
        seen = super().seen(types, trader)
        types.sort(axis=1)
        return seen


@dataclass(frozen=True)
class CannotBeSent(SoundRung):
    rule: object = field(default_factory=lambda: lambda x: x)


class WaivesNothing(SoundRung):
    waivers = {"check_colors": "it has none"}


VILLAINS = [
    ("check_settings", Profile(), "must not be called own, statistics, profile or signal"),
    ("check_settings", LeakingSignal(5.0), "must derive from Rung itself"),
    ("check_numbers_seen", ShowsMore(), "must see 2 numbers in each of 7 markets"),
    ("check_own_market_only", ShowsOtherMarkets(), "types in other markets"),
    ("check_batch_equals_loop", CountsMarkets(), "must be seen what is seen in its batch"),
    ("check_repeatable", Draws(), "the same types must show the same again"),
    ("check_inputs_unchanged", Sorts(), "must leave types alone"),
    ("check_pickling", CannotBeSent(), "must pickle"),
    ("check_waivers", WaivesNothing(), "must name a check that applies"),
]
