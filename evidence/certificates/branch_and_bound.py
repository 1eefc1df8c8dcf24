"""Bounds on one trader's gain over boxes of markets and deviations, from intervals.

A trader who deviates on a residual line a + k x from the honest quantity q by d gains

    d (a + (k + sigma) q - mu d / 2) - (T(q + d) - T(q))  =  d G(q) + d^2 H(z) / 2

with T the payment on the line, G = a + (k + sigma) q - T', H = -mu - T'' and some z between q and
q + d. The payment rule is run on intervals that carry derivatives (`Jet`), which bounds T, T' and
T'' over a whole box of (a, q, d). Both sides then bound the gain, what they depend on expanded
around the middle of the box.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple, final

import numpy as np

from deviator.errors import RefusedError
from deviator.mechanisms import ResidualLineMechanism
from deviator.numerics.interval import Interval
from deviator.numerics.jet import Jet
from deviator.validation import Floats

AT_ONCE = 1024
"""Boxes that are halved together, those with the largest bounds first."""

ROUND = 64
"""A round costs as much as so many boxes, however few it halves."""

MATTERS = 1e-9
"""A side of a box is cut if this share of what its bound owes to widths is due to it."""

NEAR = 0.01
"""Search ends where the bound is this near to a known gain, as a share of it."""


class Boxes(NamedTuple):
    """Boxes of intercepts, honest quantities and deviations from these, each (M,)."""

    a: Interval
    q: Interval
    d: Interval

    def at(self, places: Any) -> "Boxes":
        """Return some of the boxes."""
        return Boxes(*(Interval(each.low[places], each.high[places]) for each in self))

    def beside(self, other: "Boxes") -> "Boxes":
        """Return these boxes and others."""
        return Boxes(
            *(
                Interval(
                    np.concatenate([left.low, right.low]), np.concatenate([left.high, right.high])
                )
                for left, right in zip(self, other, strict=True)
            )
        )

    @property
    def widths(self) -> Floats:
        """Shape (M, 3)."""
        return np.stack([each.high - each.low for each in self], axis=1)

    def longest(self, usual: Floats, due: Floats) -> Any:
        """Return the longest side of each box that its bound owes something to, (M,)."""
        with np.errstate(invalid="ignore"):
            matters = ~(due < MATTERS * np.nanmax(due, axis=1, keepdims=True, initial=0.0))
        matters |= ~np.isfinite(due).all(axis=1, keepdims=True)
        lengths = np.where(matters, self.widths / usual, 0.0)
        return np.where(np.isinf(self.d.high - self.d.low), 2, lengths.argmax(axis=1))

    def halved(self, axis: Any) -> "Boxes":
        """Return both halves of each box, cut along an axis, (M,)."""
        lower, upper = [], []
        for place, each in enumerate(self):
            cut, middle = axis == place, each.middle.low
            lower.append(Interval(each.low, np.where(cut, middle, each.high)))
            upper.append(Interval(np.where(cut, middle, each.low), each.high))
        return Boxes(*lower).beside(Boxes(*upper))


class Bounds(NamedTuple):
    """What is known of the gain over boxes, each (M,)."""

    upper: Floats
    """No gain in the box is larger."""
    known: Floats
    """A gain in its middle."""
    due: Floats
    """How much of the upper bound is due to the width of each side, (M, 3)."""


class Found(NamedTuple):
    """What a search ended with."""

    bound: float
    known: float
    boxes: int


@final
@dataclass(frozen=True, eq=False)
class Gain:
    """The gain as a function of boxes, from the mechanism's own payment rule."""

    mechanism: ResidualLineMechanism
    slope: Interval  # k
    climb: Interval  # k + sigma
    bend: Interval  # mu

    def payment(self, a: Interval, x: Interval) -> Jet:
        """Return T and its derivatives on the lines a + k x.

        Raises
        ------
        RefusedError
            If the rule is no arithmetic.
        """
        quantity, slope = Jet.variable(x, "x"), Jet.of(self.slope)
        price = Jet.variable(a, "a") + slope * quantity
        try:
            return Jet.of(self.mechanism.payment(price, quantity, slope, self.mechanism.tax_slope))
        except (TypeError, ValueError, ArithmeticError) as error:
            raise RefusedError(
                f"a bounded search needs a payment rule of + - * / and whole powers, and that of "
                f"{self.mechanism.name} is another ({error})"
            ) from None

    def bounds(self, boxes: Boxes) -> Bounds:
        """Bound the gain over boxes, by curvature and by slopes."""
        a, q, d = boxes
        middle = Boxes(a.middle, q.middle, d.middle)
        across = self.payment(a, q.hull(q + d))
        here, centre = self.payment(a, q), self.payment(middle.a, middle.q)
        by_curvature, due_to_curvature = self._by_curvature(boxes, middle, here, centre, across)
        moved = self.payment(middle.a, middle.q + middle.d)
        known = self._exactly(middle, centre, moved)
        slopes = self._slopes(boxes, middle, here, moved, across)
        by_slopes, due = known, []
        for slope, side, point in zip(slopes, boxes, middle, strict=True):
            by_slopes = by_slopes + slope * (side - point)
            due.append(slope.magnitude.high * (side.high - side.low))
        upper = np.minimum(by_slopes.high, by_curvature)
        chosen = np.where(by_curvature <= by_slopes.high, due_to_curvature, np.stack(due))
        best = self._best_point(middle, centre, d)
        gained = self._exactly(best, centre, self.payment(best.a, best.q + best.d))
        return Bounds(upper, np.maximum(known.low, gained.low), chosen.T)

    def _exactly(self, points: Boxes, here: Jet, there: Jet) -> Interval:
        """Return the gain at points, where `here` is the payment for q, `there` that for q + d."""
        a, q, d = points
        return d * (a + self.climb * q - self.bend * d / 2) - (there.value - here.value)

    def _slopes(
        self, boxes: Boxes, middle: Boxes, here: Jet, moved: Jet, across: Jet
    ) -> tuple[Interval, Interval, Interval]:
        """Return the gain's derivatives in a, q and d, each the tighter of two ways."""
        a, q, d = boxes
        there = self.payment(a, q + d)
        at_middle = middle.a + self.climb * middle.q - self.bend * middle.d - moved.x
        in_d = (
            at_middle
            + (1 - there.xa) * (a - middle.a)
            + (self.climb - there.xx) * (q - middle.q)
            - (self.bend + there.xx) * (d - middle.d)
        )
        return (
            (d * (1 - across.xa)).common(d - (there.a - here.a)),
            (d * (self.climb - across.xx)).common(self.climb * d - (there.x - here.x)),
            in_d.common(a + self.climb * q - self.bend * d - there.x),
        )

    def _best_point(self, middle: Boxes, centre: Jet, d: Interval) -> Boxes:
        """Return the middles with the deviation that is best where the payment is quadratic."""
        first = (middle.a + self.climb * middle.q - centre.x).middle.low
        bend = (self.bend + centre.xx).middle.low
        with np.errstate(divide="ignore", invalid="ignore"):
            best = np.where(bend > 0, first / bend, middle.d.low)
        return middle._replace(d=Interval.of(np.clip(best, d.low, d.high)))

    def _by_curvature(
        self, boxes: Boxes, middle: Boxes, here: Jet, centre: Jet, across: Jet
    ) -> tuple[Floats, Floats]:
        """Return the largest d G + d^2 H / 2, and how much of it is due to each side, (3, M)."""
        a, q, d = boxes
        over_a, over_q = 1 - here.xa, self.climb - here.xx
        at_middle = middle.a + self.climb * middle.q - centre.x
        first = at_middle + over_a * (a - middle.a) + over_q * (q - middle.q)
        first = first.common(a + self.climb * q - here.x)
        bend = -self.bend - across.xx
        rising = _largest(first.high, bend.high, np.maximum(d.low, 0), np.maximum(d.high, 0))
        falling = _largest(-first.low, bend.high, np.maximum(-d.high, 0), np.maximum(-d.low, 0))
        far, widths = d.magnitude.high, boxes.widths
        with np.errstate(over="ignore"):
            curves = 0.5 * (bend.high - bend.low) * far**2
        scores = (
            over_a.magnitude.high * widths[:, 0] * far,
            over_q.magnitude.high * widths[:, 1] * far + np.where(widths[:, 1] > far, curves, 0.0),
            np.where(widths[:, 1] > far, 0.0, curves),
        )
        return np.maximum(rising, falling), np.stack(scores)


def _largest(first: Floats, bend: Floats, start: Floats, end: Floats) -> Floats:
    """Return an upper bound of first e + bend e^2 / 2 over e from start >= 0 to end."""
    slope, curve = Interval.of(first), Interval.of(bend)
    ends = [Interval.of(e) * (slope + Interval.of(e) * curve / 2) for e in (start, end)]
    most = np.maximum(ends[0].high, ends[1].high)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        top = -first / bend
        inside = (bend < 0) & (top >= start * (1 - 1e-9)) & (top <= end * (1 + 1e-9))
    peak = (slope**2 / (-2 * Interval.of(np.where(inside, bend, -1.0)))).high
    return np.where(inside, peak, most)


def search(gain: Gain, boxes: Boxes, negligible: float, most: int, known: float = 0.0) -> Found:
    """Halve the boxes with the largest bounds until all are near a gain that is known."""
    bounds, settled, spent = gain.bounds(boxes), 0.0, len(boxes.a.low)
    widths = boxes.widths[0]
    usual = np.where((widths > 0) & np.isfinite(widths), widths, 1.0)
    upper, axis = bounds.upper, boxes.longest(usual, bounds.due)
    known = max(known, float(bounds.known.max()))
    while True:
        near = upper <= known * (1 + NEAR) + negligible
        settled = max(settled, float(upper[near].max(initial=0.0)))
        boxes, upper, axis = boxes.at(~near), upper[~near], axis[~near]
        if not len(upper) or spent >= most:
            return Found(max(settled, float(upper.max(initial=0.0))), known, spent)
        order = np.argsort(-upper)
        first, rest = order[:AT_ONCE], order[AT_ONCE:]
        halves = boxes.at(first).halved(axis[first])
        bounds = gain.bounds(halves)
        known, spent = max(known, float(bounds.known.max())), spent + max(len(halves.a.low), ROUND)
        boxes = halves.beside(boxes.at(rest))
        upper = np.concatenate([bounds.upper, upper[rest]])
        axis = np.concatenate([halves.longest(usual, bounds.due), axis[rest]])
