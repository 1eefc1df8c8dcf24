"""What every mechanism inherits: deviations are cleared and checked."""

import numpy as np
import pytest

from deviator.economies import fundamental_value
from deviator.mechanisms import Mechanism, NaiveWalrasian, Reports


def test_markets_where_nobody_trades_pass_the_check_of_clearing():
    """Equal types: quantities are rounding errors, and so is their sum."""
    rule = NaiveWalrasian(fundamental_value(3, beta=0.7))
    types = np.array([[0.8, 0.8, 0.8], [1.0, 0.1, -0.4]])
    candidates = np.array([[[0.8]], [[0.7]]])
    outcome = Mechanism.clear_deviations(rule, Reports(types), 0, candidates)
    assert outcome.quantity[0, 0] == pytest.approx(0, abs=1e-14)
