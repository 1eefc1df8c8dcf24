"""What traders pay on a straight residual demand curve, in units of money.

The rules use + - * and division by whole numbers only, so that they also run on rational numbers
and on `Polynomial`, which is how menus and certificates are read off them.
"""

from typing import Any


def uniform_price(price: Any, quantity: Any) -> Any:
    """Return p q: one price for all units."""
    return price * quantity


def area_under_residual_demand(
    price: Any, quantity: Any, residual_slope: Any, tax_slope: Any
) -> Any:
    """Return the integral of the residual price from 0 to q, and the quadratic tax.

    p q - k q^2 / 2 + sigma q^2 / 2, equation (3.10) and Definition 3.
    """
    return price * quantity + (tax_slope - residual_slope) * quantity * quantity / 2
