"""What deviators are shown on their rung, so that nobody gains by types that they do not know."""

from collections.abc import Sequence

import numpy as np

from deviator.policies import Information
from deviator.validation import Floats


def shown_types(types: Floats, people: Sequence[int], information: Information) -> Floats:
    """Return types (B, N) in which, on the own-type rung, others' are those of another profile.

    A bid of own types stays the same there.

    Parameters
    ----------
    types : ndarray of float, shape (B, N)
    people : sequence of int
        The traders who deviate.
    information : {"profile", "own"}

    Examples
    --------
    >>> shown_types(np.array([[1.0, 2.0], [3.0, 4.0]]), [0], "own")
    array([[1., 4.],
           [3., 2.]])
    """
    if information == "profile":
        return types
    shown, mine = np.roll(types, 1, axis=0), list(people)
    shown[:, mine] = types[:, mine]
    return shown
