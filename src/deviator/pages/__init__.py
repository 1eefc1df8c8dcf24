"""What every page of deviator has in common: its style, its script, and what it may load."""

from .parts import PageParts, page_environment, page_parts

__all__ = ["PageParts", "page_environment", "page_parts"]
