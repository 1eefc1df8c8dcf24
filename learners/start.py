"""Where learning begins: away from honesty, so that a null result is something learned."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from deviator.envs import DecisionProblem
from deviator.errors import InvalidInputError
from deviator.policies import Network
from deviator.validation import Floats, positive, whole_number


def offset_network(
    problem: DecisionProblem, seed: int, offset: float, hidden: Sequence[int] = ()
) -> Network:
    """Return a network that chooses one action everywhere, away from honesty in every number.

    The signs of the offset are drawn from the seed; its length is shared out over the K numbers of
    an action, so that it moves a bid as far in every bid language.

    Parameters
    ----------
    problem : DecisionProblem
    seed : int
    offset : float
        Length of the action, in (0, 1).
    hidden : sequence of int
        Widths of the hidden layers; none make the network linear.

    Examples
    --------
    >>> from deviator.economies import private_values
    >>> from deviator.envs import deviation_core
    >>> from deviator.evidence import market
    >>> from deviator.mechanisms import UniformDoubleAuction
    >>> core = deviation_core(market(UniformDoubleAuction(), private_values(4)))
    >>> network = offset_network(core, 0, 0.3)
    >>> round(float(np.linalg.norm(network(np.zeros((1, 4))))), 12)
    0.3
    """
    rng = np.random.default_rng(seed)
    final = offset_action(problem.action_size, offset, rng)
    sizes = (problem.observation_size, *hidden)
    weights = [
        rng.standard_normal((after, before)) / np.sqrt(before) for before, after in pairwise(sizes)
    ]
    biases = [np.zeros(width) for width in hidden]
    return Network((*weights, np.zeros((len(final), sizes[-1]))), (*biases, final))


def offset_action(size: int, offset: float, rng: np.random.Generator) -> Floats:
    """Return an action of that length with seeded signs, the same in size in every number, (K,)."""
    action: Floats = offset * rng.choice([-1.0, 1.0], size) / np.sqrt(size)
    return action


def checked_offset(value: object) -> float:
    """Return a length of the offset from honesty, in (0, 1); InvalidInputError elsewhere."""
    offset = positive("offset", value)
    if offset >= 1:
        raise InvalidInputError(f"offset must be below 1, the whole range, got {offset}")
    return offset


def checked_widths(field: str, widths: Any) -> tuple[int, ...]:
    """Return widths of layers as a tuple; InvalidInputError if they are no list of them."""
    if isinstance(widths, str) or not isinstance(widths, Sequence):
        raise InvalidInputError(f"{field} must be a list of widths, got {widths!r}")
    return tuple(whole_number(f"a width of {field}", width, 1) for width in widths)
