"""Auctions of several units in plain loops over exact numbers, and markets of them to draw."""

from fractions import Fraction
from itertools import combinations_with_replacement

import numpy as np
from hypothesis import strategies as st

from deviator.economies import MultiUnitDemands


def holders(bids, total):
    """Return how many units each trader holds: one after the other to the highest bid left."""
    left = [list(row) for row in bids]
    held = [0] * len(bids)
    for _ in range(total):
        best = max(row[0] for row in left if row)
        winner = next(i for i, row in enumerate(left) if row and row[0] == best)
        left[winner].pop(0)
        held[winner] += 1
    return held


def most_for_others(bids, trader, units):
    """Return the most that the others bid for so many units."""
    others = sorted((bid for i, row in enumerate(bids) if i != trader for bid in row), reverse=True)
    return sum(others[:units], Fraction(0))


def vickrey(bids, total, owned):
    """Return holdings and payments: what the others bid for more without the trader's trade."""
    held = holders(bids, total)
    return held, [
        most_for_others(bids, i, total - owned[i]) - most_for_others(bids, i, total - held[i])
        for i in range(len(bids))
    ]


def uniform(bids, total, owned, k):
    """Return holdings and payments at one price between the highest losing and lowest winning."""
    held = holders(bids, total)
    order = sorted((bid for row in bids for bid in row), reverse=True)
    price = order[total] + k * (order[total - 1] - order[total])
    return held, [(mine - had) * price for mine, had in zip(held, owned, strict=True)]


def exact(bids):
    """Return one market's bids as exact numbers, highest first."""
    return [sorted((Fraction(float(bid)) for bid in row), reverse=True) for row in bids]


def all_bids(prices, numbers):
    """Return every bid of so many of the given prices, highest first, shape (M, numbers)."""
    ordered = sorted(prices, reverse=True)
    return np.array(list(combinations_with_replacement(ordered, numbers)))


@st.composite
def unit_economies(draw):
    """Draw small markets of several units: factors, units owned and offered."""
    n, numbers = draw(st.integers(3, 4)), draw(st.integers(1, 3))
    factor = st.integers(0, 4).map(lambda quarter: quarter / 4)
    rows = [sorted(draw(st.lists(factor, min_size=numbers, max_size=numbers)), reverse=True)
            for _ in range(n)]  # fmt: skip
    rows[0][0] = 1.0
    owned = draw(st.lists(st.integers(0, numbers), min_size=n, max_size=n))
    most = (n - 1) * numbers
    while sum(owned) > most:
        owned[int(np.argmax(owned))] -= 1
    offered = draw(st.integers(0 if sum(owned) else 1, max(most - sum(owned), 0)))
    return MultiUnitDemands(tuple(map(tuple, rows)), offered, tuple(owned))


def drawn_types(economy, seed, batch=5):
    """Return types on a coarse grid, so that ties are common, shape (batch, N)."""
    steps = np.random.default_rng(seed).integers(0, 9, (batch, economy.n_traders))
    return steps / 8
