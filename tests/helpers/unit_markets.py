"""Markets for single units: a Hypothesis strategy, and the rules in plain Python, one at a time."""

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays


@st.composite
def unit_markets(draw, batch=3):
    """Buyers in any order, shape (N,), and values with ties among them, shape (batch, N)."""
    n = draw(st.integers(3, 7))
    buyers = np.array([True, False, *draw(st.lists(st.booleans(), min_size=n - 2, max_size=n - 2))])
    order = draw(st.permutations(range(n)))
    fine = st.floats(0, 1, allow_subnormal=False)
    coarse = st.integers(0, 6).map(lambda step: step / 6)
    values = draw(arrays(float, (batch, n), elements=st.one_of(fine, coarse)))
    return buyers[list(order)], values


def ranked(values, buyers):
    """Buyers by falling, sellers by rising value; among equals, the trader who gives up a unit goes last."""
    bids = sorted((-v, i) for i, (v, b) in enumerate(zip(values, buyers, strict=True)) if b)
    asks = sorted((v, -i) for i, (v, b) in enumerate(zip(values, buyers, strict=True)) if not b)
    bids, asks = [(-v, i) for v, i in bids], [(v, -i) for v, i in asks]
    pairs = sum(bid[0] > ask[0] for bid, ask in zip(bids, asks, strict=False))
    return bids, asks, pairs


def clearing_interval(bids, asks, pairs):
    """max(s_(m), b_(m+1)) and min(b_(m), s_(m+1)), of those that exist."""
    lower = [asks[j][0] for j in [pairs - 1] if j >= 0] + [bid for bid, _ in bids[pairs:][:1]]
    upper = [bids[j][0] for j in [pairs - 1] if j >= 0] + [ask for ask, _ in asks[pairs:][:1]]
    return max(lower, default=-np.inf), min(upper, default=np.inf)


def settled(n, bids, asks, pairs, pay, receive):
    """Quantities and transfers where the first pairs trade at given prices."""
    quantity, transfer = np.zeros(n), np.zeros(n)
    for j in range(pairs):
        quantity[bids[j][1]], transfer[bids[j][1]] = 1.0, pay
        quantity[asks[j][1]], transfer[asks[j][1]] = -1.0, -receive
    return quantity, transfer


def k_double_auction(values, buyers, k):
    bids, asks, pairs = ranked(values, buyers)
    lower, upper = clearing_interval(bids, asks, pairs)
    price = k * upper + (1 - k) * lower
    return settled(len(values), bids, asks, pairs, price, price)


def trade_reduction(values, buyers):
    bids, asks, pairs = ranked(values, buyers)
    if pairs == 0:
        return settled(len(values), bids, asks, 0, 0.0, 0.0)
    last_bid, last_ask = bids[pairs - 1][0], asks[pairs - 1][0]
    if pairs < min(len(bids), len(asks)):
        middle = (bids[pairs][0] + asks[pairs][0]) / 2
        if last_ask <= middle <= last_bid:
            return settled(len(values), bids, asks, pairs, middle, middle)
    return settled(len(values), bids, asks, pairs - 1, last_bid, last_ask)


def entry_fee_double_auction(values, buyers, fee):
    net = [v - fee if b else v + fee for v, b in zip(values, buyers, strict=True)]
    bids, asks, pairs = ranked(net, buyers)
    lower, upper = clearing_interval(bids, asks, pairs)
    return settled(len(values), bids, asks, pairs, lower + fee, upper - fee)


def modified_vickrey_double_auction(values, enters, buyers, fee):
    inside = [i for i in range(len(values)) if enters[i]]
    bids, asks, pairs = ranked([values[i] for i in inside], [buyers[i] for i in inside])
    lower, upper = clearing_interval(bids, asks, pairs)
    result = settled(len(inside), bids, asks, pairs, lower, upper)
    quantity, transfer = np.zeros(len(values)), np.zeros(len(values))
    quantity[inside], transfer[inside] = result
    return quantity, transfer + fee * np.array(enters)
