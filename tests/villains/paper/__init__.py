"""Wrong formulas and rules for the statements of the paper: each makes its statement fail."""

from . import auction, bounds, discussion, examples, rates, smooth, smooth_auction, taxes

PARTS = (examples, auction, bounds, rates, taxes, discussion, smooth, smooth_auction)

VILLAINS = [case for part in PARTS for case in (*part.VILLAINS.items(), *part.MORE_VILLAINS)]
"""Pairs of a statement's name and what takes the place of its formulas."""
