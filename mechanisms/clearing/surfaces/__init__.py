"""Bids that are smooth surfaces in price and quantities."""
