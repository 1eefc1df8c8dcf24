"""What deviators are shown on their rung, so that nobody gains from types that they do not know."""

from collections.abc import Sequence

import numpy as np

from deviator.evidence import Market
from deviator.policies import (
    Information,
    OwnType,
    View,
    WholeProfile,
    rung_of,
    rung_within,
    seen_by,
)
from deviator.validation import Floats


def shown_types(types: Floats, people: Sequence[int], information: Information) -> Floats:
    """Return types (B, N) in which, below the whole profile, others' are those of another profile.

    A bid of own types stays the same there.

    Parameters
    ----------
    types : ndarray of float, shape (B, N)
    people : sequence of int
        The traders who deviate.
    information : str or Rung

    Examples
    --------
    >>> shown_types(np.array([[1.0, 2.0], [3.0, 4.0]]), [0], "own")
    array([[1., 4.],
           [3., 2.]])
    """
    if isinstance(rung_of(information), WholeProfile):
        return types
    shown, mine = np.roll(types, 1, axis=0), list(people)
    shown[:, mine] = types[:, mine]
    return shown


def shown_view(tested: Market, types: Floats, information: Information) -> View:
    """Return all that a market's deviator is shown: types as above, and what the rung shows.

    Parameters
    ----------
    tested : Market
    types : ndarray of float, shape (B, N)
    information : str or Rung
    """
    rung = rung_within(information, tested.mechanism, tested.economy)
    # Whoever changes what they are shown deceives nobody else.
    shown = shown_types(types, [tested.trader], rung).copy()
    if isinstance(rung, WholeProfile | OwnType):
        return View(shown)
    return View(shown, np.array(seen_by(rung, types, tested.trader)))
