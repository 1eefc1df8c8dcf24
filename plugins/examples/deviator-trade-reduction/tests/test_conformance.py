"""The rule passes the conformance checks of mechanisms, and those of its claims."""

from deviator_trade_reduction import TradeReduction

from deviator.plugins.conformance import parametrize_with_checks


@parametrize_with_checks([TradeReduction()])
def test_conforms(check, mechanism):
    """Every check of the kit passes."""
    check(mechanism)
