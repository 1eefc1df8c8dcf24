"""A learner small enough for tests: it steps at random, and keeps a step that pays better."""

from dataclasses import dataclass

import numpy as np

from deviator.learners import EvaluatedLearner
from deviator.policies import Network

MARKETS = 100


@dataclass(frozen=True)
class Stepper(EvaluatedLearner):
    """Random steps of a linear policy.

    At the bids named by `diverges`, `interrupted` and `fails` it bids without end, a person presses
    Ctrl-C, and an error is raised.
    """

    stride: float = 0.1
    diverges: int | None = None
    interrupted: int | None = None
    fails: int | None = None
    name = "stepper"

    def _search(self, session):
        problem, rng = session.problem, session.rng
        types = problem.draw(np.random.default_rng(0), MARKETS)
        best = self._start(session)
        session.look(problem.deviation(best))
        gains = problem.gains(types, problem.deviation(best))
        while not session.done:
            self._accident(session)
            step = self.stride * rng.standard_normal(best.weights[0].shape)
            bias = best.biases[0] + self.stride * rng.standard_normal(len(best.biases[0]))
            tried = Network((best.weights[0] + step,), (bias,))
            result = problem.gains(types, problem.deviation(tried))
            session.spend(MARKETS, result / problem.reward_unit)
            if result.mean() > gains.mean():
                best, gains = tried, result
            if session.due:
                session.look(problem.deviation(best))
        session.look(problem.deviation(best))

    def _start(self, session):
        if session.start is not None:
            return session.start
        size = (session.problem.action_size, session.problem.observation_size)
        signs = session.rng.choice([-1.0, 1.0], size[0])
        return Network((np.zeros(size),), (0.3 * signs,))

    def _accident(self, session):
        if self.diverges is not None and session.spent >= self.diverges:
            session.look(Endless())
        if self.interrupted is not None and session.spent >= self.interrupted:
            raise KeyboardInterrupt
        if self.fails is not None and session.spent >= self.fails:
            raise ZeroDivisionError("the learner failed")


class Endless:
    """Bids without end."""

    def bid(self, types, trader):
        return np.full((len(types), 1), np.inf)
