"""Profiles of types."""

import numpy as np


def sampled_types(economy, batch, seed=0):
    """Draw profiles from the economy's own law, shape (batch, N)."""
    return economy.types().sample(np.random.default_rng(seed), batch)


def normal_types(batch, n, seed=0):
    """Draw independent standard normal types, shape (batch, n)."""
    return np.random.default_rng(seed).standard_normal((batch, n))
