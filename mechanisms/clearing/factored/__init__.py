"""Bids that condition on a few public statistics."""
