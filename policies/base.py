"""How traders bid: policies for everyone, deviations for one."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, final

import numpy as np

from deviator.arrays import is_foreign
from deviator.economies import Economy
from deviator.errors import InvalidInputError, RefusedError
from deviator.mechanisms import Bids, DirectMechanism, Mechanism, Mutated
from deviator.mechanisms.exact import RationalBids
from deviator.numerics.rational import Rationals
from deviator.validation import Floats, given


@final
@dataclass(frozen=True, eq=False)
class View:
    """What bidders look at.

    Attributes
    ----------
    types : ndarray of float, shape (B, N)
        All types; a policy or deviation uses the part that its information allows.
    seen : ndarray of float, shape (B, O), optional
        What a deviator's rung shows, where the types are not those of which it shows it.
    """

    types: Floats
    seen: Floats | None = None

    @classmethod
    def of(cls, view: "View | Floats") -> "View":
        """Return the view itself, or the view of a plain array of types."""
        if isinstance(view, View):
            return view
        return cls(view if is_foreign(view) else np.asarray(view, dtype=np.float64))


class Policy(ABC):
    """Bids of all traders; each trader's bid uses the own type only.

    Attributes
    ----------
    waivers : mapping of str to str
        Checks of the conformance kit that the policy is known to fail, each with the reason.
    mixes : bool
        Whether it draws: then every call of `bids` gives it a generator.
    """

    waivers: ClassVar[Mapping[str, str]] = {}
    mixes: ClassVar[bool] = False

    @property
    @abstractmethod
    def name(self) -> str:
        """Name that reports show."""

    @property
    @abstractmethod
    def n_traders(self) -> int:
        """For how many traders it bids."""

    @abstractmethod
    def bids(self, view: View | Floats, rng: np.random.Generator | None = None) -> Bids:
        """Return everybody's bids.

        Parameters
        ----------
        view : View or ndarray of float, shape (B, N)
            The types.
        rng : numpy.random.Generator, optional
            Source of randomness; policies that mix are always given one.
        """

    def exact_bids(self, types: Rationals) -> RationalBids:
        """Return the bids in exact numbers for types (M, N), where the policy has them.

        Raises
        ------
        NotImplementedError
            If it has no exact bids, and so no certificate.
        """
        raise NotImplementedError(f"{self.name} has no exact bids")


class Deviation(ABC):
    """Bids of one trader who deviates from a policy that the others follow.

    One that states a file format can be saved (`save_policy`), without its code.

    Attributes
    ----------
    file_format : str
        Name of the format of its files, by which its class is found again; empty if it has none.
    """

    file_format: ClassVar[str] = ""

    @abstractmethod
    def bid(self, view: View | Floats, trader: int) -> Floats:
        """Return the trader's bids, shape (B, K)."""

    def to_files(self) -> tuple[dict[str, Floats], dict[str, Any]]:
        """Return what is saved: arrays by name, and plain data (numbers, texts, lists, dicts).

        Raises
        ------
        RefusedError
            If it cannot be saved, which is the default.
        """
        raise RefusedError(
            f"{type(self).__name__} cannot be saved; give it to_files and from_files"
        )

    @classmethod
    def from_files(
        cls, tensors: Mapping[str, Floats], description: Mapping[str, Any], others: Policy
    ) -> "Deviation":
        """Return the deviation of what `to_files` returned, from a policy that the others follow.

        Raises
        ------
        RefusedError
            If it cannot be loaded, which is the default.
        """
        raise RefusedError(f"{cls.__name__} cannot be loaded; give it to_files and from_files")


def check_market(mechanism: object, economy: object) -> None:
    """Raise InvalidInputError unless mechanism and economy are objects that fit each other.

    Not names, say, or in each other's place, and of the same number of traders.
    """
    if isinstance(mechanism, Economy) and isinstance(economy, Mechanism):
        raise InvalidInputError(
            f"the mechanism comes before the economy, got {given(mechanism)} before "
            f"{given(economy)}; swap them"
        )
    if not isinstance(mechanism, Mechanism):
        raise InvalidInputError(
            f"mechanism must be a Mechanism, got {given(mechanism)}; build one by name with "
            "deviator.make"
        )
    if not isinstance(economy, Economy):
        raise InvalidInputError(
            f"economy must be an Economy, got {given(economy)}; build one with deviator.economies"
        )
    rule = mechanism.mechanism if isinstance(mechanism, Mutated) else mechanism
    if isinstance(rule, DirectMechanism):
        rule.check_traders(economy, mechanism.name)
