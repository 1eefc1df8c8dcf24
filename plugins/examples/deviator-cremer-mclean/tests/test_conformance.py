"""The rule passes the conformance checks of mechanisms, and those of its claims."""

from deviator_cremer_mclean import CremerMcLean

from deviator.economies import two_groups
from deviator.plugins.conformance import parametrize_with_checks


@parametrize_with_checks([CremerMcLean(two_groups(4), mean=0.3, correlation=0.4)])
def test_conforms(check, mechanism):
    """Every check of the kit passes."""
    check(mechanism)
