"""A market as its learners meet it, and what each of them can be told."""

from typing import Any

from deviator.envs import DecisionProblem
from deviator.errors import RefusedError
from deviator.evidence import Market
from deviator.learners import EvaluatedLearner, Learner, check_playable, plays_rounds
from deviator.mechanisms import Unrolled

from .search import Search, Watch


def problems_for(
    tested: Market, control: Market | None, search: Search, watch: Watch
) -> list[DecisionProblem]:
    """Return the market as each learner meets it, once all have said that they can play it."""
    known: dict[bool, DecisionProblem] = {}
    cores = []
    for learner in search.learners:
        in_turns = isinstance(tested.mechanism, Unrolled) and plays_rounds(learner)
        if in_turns not in known:
            known[in_turns] = search.problem(tested, control, in_turns=in_turns)
        cores.append(known[in_turns])
        check_playable(learner, cores[-1])
        options_of(learner, search, watch)
    return cores


def options_of(learner: Learner, search: Search, watch: Watch) -> dict[str, Any]:
    """Return what only learners that report to a session take."""
    options = {"seconds": search.seconds, "keep": watch.checkpoint, "resumed": watch.resumed}
    stated = {name: value for name, value in options.items() if value is not None}
    if stated and not isinstance(learner, EvaluatedLearner):
        words = {"seconds": "budget in seconds", "keep": "checkpoint", "resumed": "checkpoint"}
        raise RefusedError(
            f"{learner.name} takes no {words[next(iter(stated))]}, as it is no EvaluatedLearner; "
            "leave that out, or name another learner"
        )
    return stated
