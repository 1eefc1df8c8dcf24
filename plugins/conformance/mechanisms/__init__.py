"""Checks of mechanisms: the rules that every market rule keeps."""
