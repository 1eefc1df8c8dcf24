"""A sound learner, small and slow, and learners that each break one rule."""

import os
import threading
from dataclasses import asdict, dataclass, field, replace

import numpy as np

from deviator.learners import CurvePoint, Learner, Training
from deviator.policies import LearnedDeviation, Network

BATCH = 200


@dataclass(frozen=True)
class Climber(Learner):
    """Climbs at random from an offset: keeps a change of its linear policy where it pays better."""

    offset: float = 0.3
    stride: float = 0.1
    name = "climber"

    def settings(self):
        return asdict(self)

    def train(self, core, steps, seed, *, progress=None, log_folder=None):
        rng = np.random.default_rng(seed)
        types = core.draw(rng, BATCH)
        inputs, outputs = core.observation.size, core.box.size
        signs = rng.choice([-1.0, 1.0], outputs)
        best = np.concatenate([np.zeros((outputs, inputs)), self.offset * signs[:, None]], axis=1)
        best[:, :-1] += 1e-3 * rng.standard_normal((outputs, inputs))
        untrained = policy(core, best)
        gains, done = measured(core, untrained, types), 0
        curve, largest = [CurvePoint(0, gains.mean())], gains.max()
        while done < steps:
            tried = best + self.stride * rng.standard_normal(best.shape)
            result = measured(core, policy(core, tried), types)
            done += BATCH
            largest = max(largest, result.max())
            if result.mean() > gains.mean():
                best, gains = tried, result
        curve.append(CurvePoint(done, gains.mean()))
        for point in curve if progress else ():
            progress(point)
        return Training(untrained, policy(core, best), tuple(curve), float(largest))


def policy(core, numbers):
    network = Network((numbers[:, :-1],), (numbers[:, -1],))
    return LearnedDeviation(network, core.observation, core.box, core.market.strategy)


def measured(core, deviation, types):
    return core.market.gains(types, deviation.bid(types, core.market.trader))


@dataclass(frozen=True)
class SecretSetting(Climber):
    def settings(self):
        return {"offset": self.offset}


class ReturnsThePolicy(Climber):
    def train(self, core, steps, seed, **more):
        return super().train(core, steps, seed, **more).policy


class StopsEarly(Climber):
    def train(self, core, steps, seed, **more):
        return super().train(core, steps // 2, seed, **more)


@dataclass(frozen=True, eq=False)
class Unclipped:
    """Stands in for a network whose actions are not clipped."""

    network: Network


class LeavesTheBox(Climber):
    def train(self, core, steps, seed, **more):
        training = super().train(core, steps, seed, **more)
        wide = replace(core.box, half_width=3 * core.box.half_width)
        return replace(training, policy=replace(training.policy, box=wide))


class IgnoresTheSeed(Climber):
    def train(self, core, steps, seed, **more):
        return super().train(core, steps, 0, **more)


class Unseeded(Climber):
    def train(self, core, steps, seed, **more):
        return super().train(core, steps, int(np.random.default_rng().integers(10**6)), **more)


class TakesSmallSeeds(Climber):
    def train(self, core, steps, seed, **more):
        np.random.RandomState(seed)
        return super().train(core, steps, seed, **more)


class SharesItsSeed(Climber):
    """Keeps its seed in its class, where another training overwrites it before it is used."""

    shared = {}
    both = threading.Barrier(2)

    def train(self, core, steps, seed, **more):
        self.shared["seed"] = seed
        if threading.current_thread() is not threading.main_thread():
            self.both.wait(timeout=60)
        return super().train(core, steps, self.shared["seed"], **more)


class SeedsEverybody(Climber):
    def train(self, core, steps, seed, **more):
        np.random.seed(seed)  # noqa: NPY002
        return super().train(core, steps, seed, **more)


@dataclass(frozen=True)
class StartsHonest(Climber):
    offset: float = 0.0

    def train(self, core, steps, seed, **more):
        training = super().train(core, steps, seed, **more)
        zeros = np.zeros((core.box.size, core.observation.size + 1))
        return replace(training, untrained=policy(core, zeros))


class NeverLearns(Climber):
    def train(self, core, steps, seed, **more):
        training = super().train(core, steps, seed, **more)
        return replace(training, policy=training.untrained)


class Boasts(Climber):
    def train(self, core, steps, seed, **more):
        training = super().train(core, steps, seed, **more)
        return replace(training, largest_gain=abs(training.largest_gain) + 1e-3)


class InventsItsCurve(Climber):
    def train(self, core, steps, seed, **more):
        training = super().train(core, steps, seed, **more)
        return replace(training, curve=(CurvePoint(0, -7.0), CurvePoint(steps, 7.0)))


class UnderstatesItsGains(Climber):
    def train(self, core, steps, seed, **more):
        return replace(super().train(core, steps, seed, **more), largest_gain=-5.0)


class KeepsQuiet(Climber):
    def train(self, core, steps, seed, *, progress=None, log_folder=None):
        return super().train(core, steps, seed)


class LeavesTraces(Climber):
    def train(self, core, steps, seed, **more):
        os.environ["CLIMBER"] = os.environ.get("CLIMBER", "") + "x"
        return super().train(core, steps, seed, **more)


@dataclass(frozen=True)
class CannotBeSent(Climber):
    rule: object = field(default_factory=lambda: lambda x: x)

    def settings(self):
        return {"offset": self.offset}


class WaivesNothing(Climber):
    waivers = {"check_colors": "it has none"}


VILLAINS = [
    ("check_settings", SecretSetting(stride=0.2), "must be equal to it"),
    ("check_training", ReturnsThePolicy(), "train must return a Training"),
    ("check_training", StopsEarly(), "the curve must go from 0"),
    ("check_stays_in_the_box", LeavesTheBox(), "actions must stay within"),
    ("check_seeds_decide", IgnoresTheSeed(), "another seed must give another policy"),
    ("check_seeds_decide", Unseeded(), "the same seed must give the same policy"),
    ("check_seeds_of_any_size", TakesSmallSeeds(), "must be used or refused"),
    ("check_threads_do_not_disturb_each_other", SharesItsSeed(), "that it gives alone"),
    ("check_starts_away_from_honesty", StartsHonest(), "must lose where honesty is best"),
    ("check_learns", NeverLearns(), "learning must find a profit"),
    ("check_reports_no_gain_where_there_is_none", Boasts(), "must report no gain"),
    ("check_reports_what_it_did", InventsItsCurve(), "the curve must state the gains"),
    ("check_reports_what_it_did", UnderstatesItsGains(), "largest_gain must be at least"),
    ("check_reports_progress", KeepsQuiet(), "progress must be called"),
    ("check_leaves_the_process_alone", LeavesTraces(), "must leave the environment alone"),
    (
        "check_leaves_the_process_alone",
        SeedsEverybody(),
        "must leave numpy's global random state alone",
    ),
    ("check_pickling", CannotBeSent(), "must pickle"),
    ("check_waivers", WaivesNothing(), "must name a check that applies"),
]
