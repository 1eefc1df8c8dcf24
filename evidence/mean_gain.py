"""Mean gains over drawn profiles: how far luck moves them, and whether they count."""

import numpy as np

from deviator.policies import Information
from deviator.validation import Floats

from .market import Market


def sampling_error(gains: Floats) -> float:
    """Return three standard errors of the mean gain, from the choice of profiles."""
    return 3 * float(gains.std()) / float(np.sqrt(len(gains)))


def pays(tested: Market, gains: Floats, information: Information) -> bool:
    """Return whether a deviation's gains at drawn profiles are worth a search for a witness.

    A deviator who knows the profile deviates only where it pays: one gain refutes, however rare.
    One who knows only their own type may lose at profiles that were not drawn.
    """
    luck = sampling_error(gains) if information == "own" else 0.0
    return float(gains.mean()) > max(luck, tested.epsilon)
