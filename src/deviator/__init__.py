"""Can honest bidding in a market mechanism be profitably gamed?"""

__version__ = "0.1.0"
