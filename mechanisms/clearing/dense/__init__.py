"""Bids that condition on the whole allocation."""
