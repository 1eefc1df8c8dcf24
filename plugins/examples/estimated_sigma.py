"""The paper's taxes, with a slope that is read off the bids instead of given.

sigma_N = m_bar / (N - 2) under private values (equation 3.13), where m_bar is the steepest marginal
utility. A designer who does not know m_bar may read it off the schedules that are bid: those of
price takers are marginal utilities. But then a bid sets the tax as well as the trade. Whoever bids
a flatter schedule pays less tax, unless somebody else's schedule decides.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal, final

import numpy as np

from deviator.errors import InvalidInputError
from deviator.mechanisms import BidLanguage, Mechanism, Outcome, ScheduleLanguage, Schedules
from deviator.validation import Floats

SLOPES = ("largest", "mean", "others")


@final
@dataclass(frozen=True)
class EstimatedSigma(Mechanism):
    """Schedules in; sigma-VCG for the marginal utilities that they state, sigma from their slopes.

    Parameters
    ----------
    slope : {"largest", "mean", "others"}
        Which of the stated slopes stands for m_bar: the largest, their mean, or the largest that
        the others of each trader state, so that nobody sets their own tax.
    """

    slope: Literal["largest", "mean", "others"] = "largest"
    name: ClassVar[str] = "estimated-sigma"
    language: ClassVar[BidLanguage] = ScheduleLanguage()

    def __post_init__(self) -> None:
        if self.slope not in SLOPES:
            raise InvalidInputError(f"slope must be one of {', '.join(SLOPES)}, got {self.slope!r}")

    def clear(self, bids: Schedules) -> Outcome:
        """Read the tax off the slopes, and clear the market of taxed marginal utilities."""
        stated = 1 / bids.steepness
        sigma = self.tax_of(stated)
        willing = bids.level / bids.steepness
        flatness = 1 / (stated + sigma)
        total = flatness.sum(axis=1, keepdims=True)
        price = (flatness * willing).sum(axis=1, keepdims=True) / total
        quantity = flatness * (willing - price)
        residual_slope = 1 / (total - flatness)
        transfer = price * quantity + (sigma - residual_slope) * quantity**2 / 2
        return Outcome(price[:, 0], quantity, transfer)

    def tax_of(self, stated: Floats) -> Floats:
        """Return the slopes of each trader's tax, (B, N), for stated slopes (B, N)."""
        if self.slope == "mean":
            steepest = stated.mean(axis=1, keepdims=True)
        elif self.slope == "largest":
            steepest = stated.max(axis=1, keepdims=True)
        else:
            first, second = -np.partition(-stated, 1, axis=1)[:, :2].T[..., None]
            steepest = np.where(stated == first, second, first)
        return np.asarray(np.broadcast_to(steepest / (stated.shape[1] - 2), stated.shape))
