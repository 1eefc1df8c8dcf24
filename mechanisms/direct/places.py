"""What errors call the markets of a batch: their index, and the types in them."""

from dataclasses import dataclass
from typing import Any, final

from deviator.economies.assumption_result import shown
from deviator.validation import Floats


@final
@dataclass(frozen=True, eq=False)
class Places:
    """Rows of a computation, and the markets that they belong to.

    Parameters
    ----------
    types : ndarray of float, shape (L, N)
        The types in each row.
    markets : ndarray of int, shape (L,), optional
        The market of each row; by default rows are markets.
    """

    types: Floats
    markets: Any = None

    def of(self, row: int) -> str:
        """Return a row in words.

        Examples
        --------
        >>> import numpy as np
        >>> Places(np.array([[1.0, 0.5, -1.5]]), [7]).of(0)
        'in market 7 at s = (1, 0.5, -1.5)'
        """
        market = row if self.markets is None else int(self.markets[row])
        return f"in market {market} at s = {shown(self.types[row])}"
