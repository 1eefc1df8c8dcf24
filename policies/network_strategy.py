"""Strategies that bend affine bids by a small network per trader, as learning finds them."""

from dataclasses import dataclass
from typing import final

import numpy as np
from typing_extensions import override

from deviator.errors import InvalidInputError
from deviator.mechanisms import Bids
from deviator.validation import Floats, check_kind, finite_array, freeze

from .affine_strategy import AffineStrategy
from .base import Policy, View
from .network import Network
from .number_limits import number_limits


@final
@dataclass(frozen=True, eq=False)
class NetworkStrategy(Policy):
    """Trader i of type s_i bids affine numbers, moved by what network i says of the type.

    An ordinary number is the affine one plus unit * said; one that must be positive is the affine
    one times exp(said), and no larger than the language allows.

    Parameters
    ----------
    affine : AffineStrategy
    unit : ndarray of float, shape (N, K)
        In the units of a bid's numbers.
    mean, deviation : ndarray of float, shape (N,)
        Networks see types in standard deviations from their means.
    networks : tuple of Network
        One per trader, from one number to K.

    Raises
    ------
    InvalidInputError
        If shapes do not fit.

    Examples
    --------
    >>> from deviator.mechanisms import ReportLanguage
    >>> honest = AffineStrategy(ReportLanguage(), np.zeros((3, 1)), np.ones((3, 1)))
    >>> silent = Network((np.zeros((1, 1)),), (np.zeros(1),))
    >>> ones = np.ones((3, 1))
    >>> strategy = NetworkStrategy(honest, ones, np.zeros(3), np.ones(3), (silent,) * 3)
    >>> strategy.bids(np.array([[1.0, 2.0, 4.0]])).types
    array([[1., 2., 4.]])
    """

    affine: AffineStrategy
    unit: Floats
    mean: Floats
    deviation: Floats
    networks: tuple[Network, ...]

    def __post_init__(self) -> None:
        check_kind("affine", self.affine, AffineStrategy, "build one of deviator.policies")
        n, size = self.affine.base.shape
        freeze(self, unit=finite_array("unit", self.unit, (n, size)))
        freeze(self, mean=finite_array("mean", self.mean, (n,)))
        freeze(self, deviation=finite_array("deviation", self.deviation, (n,)))
        shapes = [(network.sizes[0], network.sizes[-1]) for network in self.networks]
        if shapes != [(1, size)] * n:
            raise InvalidInputError(
                f"networks must be {n}, each from 1 number to {size}, got {shapes}"
            )
        if (self.deviation <= 0).any():
            raise InvalidInputError(f"deviation must be positive, got {self.deviation.min()}")

    @property
    @override
    def name(self) -> str:
        return "networks"

    @property
    @override
    def n_traders(self) -> int:
        return self.affine.n_traders

    @override
    def bids(self, view: View | Floats, rng: np.random.Generator | None = None) -> Bids:
        types = finite_array("types", View.of(view).types, (None, self.n_traders))
        standard = (types - self.mean) / self.deviation
        said = [network(standard[:, [i]]) for i, network in enumerate(self.networks)]
        moves = np.stack(said, axis=1)
        language = self.affine.language
        positive, most = number_limits(language, self.n_traders)
        numbers = self.affine.base + types[..., None] * self.affine.effect
        grown = numbers * np.exp(np.where(positive, moves, 0.0))
        bids = np.where(positive, np.minimum(grown, most), numbers + self.unit * moves)
        return language.record.from_array(bids)
