"""McAfee's trade reduction, a double auction in which honesty is a dominant strategy."""

from .trade_reduction import TradeReduction

__all__ = ["TradeReduction"]
