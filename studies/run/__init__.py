"""Cells become results on disk."""
