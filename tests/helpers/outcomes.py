"""Comparing outcomes, and arrays whose entries are of one size."""

import numpy as np

FIELDS = ("price", "quantity", "transfer", "residual_slope")


def assert_outcomes_agree(got, want, rtol=0.0, atol=0.0, *, fields=FIELDS, rows=(..., ...)):
    """Compare outcomes field by field, or some rows of each; to the last bit by default."""
    for name in fields:
        left, right = getattr(got, name)[rows[0]], getattr(want, name)[rows[1]]
        np.testing.assert_allclose(left, right, rtol=rtol, atol=atol, err_msg=name)


def assert_close(got, want, tolerance=1e-12):
    """Compare arrays by their largest entry, if that is above 1."""
    size = max(np.abs(want).max(initial=0.0), 1.0)
    np.testing.assert_allclose(got, want, rtol=tolerance, atol=tolerance * size)
