"""The report card of one market: five constraints, every trader."""
