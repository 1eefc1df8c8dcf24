"""Computations that several statements share: drawn economies, definitions, searches."""
