"""What units cost that no report of a trader leads to, where types are bounded."""

from typing import Literal

from deviator.errors import InvalidInputError

UnreachedUnits = Literal["printed", "pivotal"]
"""Rules for units below the pivotal types, of which (3.11) takes the nearest report.

"printed" is equation (3.10): the price under the nearest report, plus the tax. "pivotal" prices
them as all others, at the marginal utility of the nearest report. No report changes either, so
both are truthful.
"""


def checked_unreached_units(rule: str) -> UnreachedUnits:
    """Return the rule for units that no report leads to.

    Raises
    ------
    InvalidInputError
        If there is no such rule.
    """
    if rule not in ("printed", "pivotal"):
        raise InvalidInputError(f"unreached_units must be 'printed' or 'pivotal', got {rule!r}")
    return rule  # type: ignore[return-value]
