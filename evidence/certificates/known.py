"""The allow-list: what decides an outcome is known, or there is no certificate.

A certificate speaks of every bid at every profile, and nobody can try them all. So nothing that a
third party writes is believed because it was tried: their class may define what is listed here,
and of that only the payment rule and the slope of a tax run in a market, which must be arithmetic
(`arithmetic`). Everything else (how bids clear, what a bid says, deviations, hooks, settings) is
deviator's own, down to the numbers that an object holds.
"""

from abc import ABC, ABCMeta
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from fractions import Fraction
from functools import cached_property
from types import FunctionType, GetSetDescriptorType
from typing import Any, Generic

import numpy as np

from deviator.arrays import Kept
from deviator.mechanisms import Mechanism
from deviator.mechanisms.conditional_auction import ConditionalAuction
from deviator.trust import is_generated, is_ours, replaced_methods

from .arithmetic import is_plain_number, what_is_not_arithmetic

PLAIN = (bool, int, float, complex, Fraction, str, bytes, type(None), np.float64, np.int64)
"""Kinds of values that do nothing by themselves."""

STANDARD = (object, ABC, Generic)
"""Bases that are Python's own."""

DESCRIBES = frozenset(
    (
        "__module__",
        "__qualname__",
        "__doc__",
        "__dict__",
        "__weakref__",
        "__annotations__",
        "__annotate__",
        "__annotate_func__",
        "__annotations_cache__",
        "__abstractmethods__",
        "_abc_impl",
        "__dataclass_fields__",
        "__dataclass_params__",
        "__match_args__",
        "__static_attributes__",
        "__firstlineno__",
        "__parameters__",
        "__orig_bases__",
        "__type_params__",
        "__final__",
        "__slotnames__",
    )
)
"""Names of a class that describe it."""

STORES = frozenset(["__dict__", "__weakref__"])
"""Those of them that Python writes itself, so that an object tells what it holds."""

BUILDS = frozenset(["__init__", "__post_init__", "__repr__", "__str__"])
"""Methods that build or show an object: what they leave behind is looked at."""

GENERATED = frozenset(["__eq__", "__hash__", "__setattr__", "__delattr__", "__replace__"])
"""Methods that a frozen dataclass is given; nobody's own are allowed."""

DECLARES = frozenset(["claims", "waivers", "rescaled", "relabelled", "example_economies"])
"""What a third party's class says about itself; no market asks for it."""

ARITHMETIC = ("payment", "tax_slope")
"""What of a third party's class runs in a market."""


def foreign_parts(mechanism: Mechanism) -> list[str]:
    """Return what decides outcomes of a mechanism and is not known, in words; empty if all is.

    Parameters
    ----------
    mechanism : Mechanism
        Its class, bases, settings and parts are looked at: clearing, language, wrapped rules,
        statistics, economies.

    Examples
    --------
    >>> from deviator.mechanisms import SigmaDCDA
    >>> foreign_parts(SigmaDCDA(0.2))
    []
    >>> class Rebate(type(SigmaDCDA())):
    ...     def _transfer(self, price, quantity, residual_slope):
    ...         return 0.0 * quantity
    >>> foreign_parts(Rebate(0.2))
    ['_transfer of its own']
    """
    return list(_flaws_of_mechanism(mechanism))


def unknown_parts(thing: object, name: str) -> list[str]:
    """Return what is not known of an economy, a law, a strategy or a part of one, in words.

    Parameters
    ----------
    thing : object
        Known if its class is deviator's, and all that it holds is data or known itself.
    name : str
        What the words call it.
    """
    return list(_flaws_of_value(thing, name))


def is_all_ours(thing: object) -> bool:
    """Return whether a mechanism, economy, law or strategy is deviator's own through and through.

    Parameters
    ----------
    thing : object
        It is looked into: a rule of deviator's that wraps a third party's is not deviator's own,
        be their payment arithmetic or not.

    Examples
    --------
    >>> from deviator.mechanisms import Mutated, SigmaDCDA
    >>> is_all_ours(Mutated(SigmaDCDA(0.2), "transfer", 0.1))
    True
    """
    return not any(_flaws_of_value(thing, "it")) and _is_of_our_classes(thing)


def _is_of_our_classes(thing: object) -> bool:
    """Return whether no third party's class is the kind of a known thing, or of a rule in it."""
    held = vars(thing).values() if hasattr(thing, "__dict__") else ()
    rules = [part for part in held if isinstance(part, Mechanism)]
    return is_ours(type(thing)) and all(_is_of_our_classes(rule) for rule in rules)


def _flaws_of_mechanism(mechanism: Mechanism) -> Iterator[str]:
    kind = type(mechanism)
    if type(kind) not in (type, ABCMeta):
        yield f"a metaclass of its own ({type(kind).__name__})"
        return
    for owner in kind.__mro__:
        if is_ours(owner):
            yield from (f"{name} replaced" for name in replaced_methods(owner))
        elif owner not in STANDARD:
            yield from _flaws_of_class(mechanism, owner)
    yield from _flaws_of_contents(mechanism, "its")


def _flaws_of_class(mechanism: Mechanism, owner: type) -> Iterator[str]:
    """Return what a third party's class defines beyond what it may."""
    for name, value in vars(owner).items():
        if name in DESCRIBES or name in BUILDS or name in DECLARES:
            if name in STORES and not isinstance(value, GetSetDescriptorType):
                yield f"{name} of its own"
            continue
        if name in ARITHMETIC:
            yield from _flaws_of_arithmetic(mechanism, owner, name, value)
        elif name in GENERATED:
            generated = value is None or getattr(value, "__code__", None) is None
            if not (generated or is_generated(name, value)):
                yield f"{name} of its own"
        elif name.startswith("__") or isinstance(value, FunctionType | property | type):
            yield f"{name} of its own"
        else:
            yield from _flaws_of_value(value, f"its {name}")


def _flaws_of_arithmetic(mechanism: Mechanism, owner: type, name: str, value: Any) -> Iterator[str]:
    if name == "tax_slope" and (is_plain_number(value) or value is None):
        return
    function = value.fget if isinstance(value, property) and name == "tax_slope" else value
    step = what_is_not_arithmetic(function, mechanism, owner)
    if step is not None:
        yield f"{name} of its own that is more than arithmetic ({step})"


def _flaws_of_value(value: Any, name: str) -> Iterator[str]:
    if type(value) in PLAIN:
        return
    if type(value) is np.ndarray:
        if value.dtype.kind not in "biuf" and not all(type(x) in PLAIN for x in value.flat):
            yield f"{name}, an array of objects"
    elif type(value) in (tuple, list) or _is_named_tuple(value):
        for each in value:
            yield from _flaws_of_value(each, name)
    elif isinstance(value, Mechanism):
        yield from (f"{name} with {flaw}" for flaw in _flaws_of_mechanism(value))
    elif not is_ours(type(value)):
        yield f"{name} of the kind {type(value).__name__}, which is not deviator's"
    else:
        yield from _flaws_of_part(value, name)


def _is_named_tuple(value: Any) -> bool:
    """Return whether a value is of one of deviator's named tuples, whose methods are Python's."""
    kind = type(value)
    return kind.__mro__[1:] == (tuple, object) and is_ours(kind)


def _flaws_of_part(part: object, name: str) -> Iterator[str]:
    """Return what is not known of an object of one of deviator's classes."""
    for owner in type(part).__mro__:
        if is_ours(owner):
            yield from (f"{name} with {method} replaced" for method in replaced_methods(owner))
        elif owner not in STANDARD and owner.__module__ != "typing":
            yield f"{name} derived from {owner.__name__}"
    yield from _flaws_of_contents(part, name)


def _flaws_of_contents(part: object, name: str) -> Iterator[str]:
    """Return what an object holds that is neither data nor a known part of it."""
    held = vars(part) if hasattr(part, "__dict__") else {}
    allowed = _names_of_data(type(part))
    if isinstance(part, ConditionalAuction):
        allowed |= {"language", "clearing"}
    # A dictionary of another kind may hide what it holds from those who ask for its items.
    for key, value in dict.items(held):
        if key == "_kept" and type(value) is Kept:
            continue  # Read for arrays of other libraries only; what is proved is of NumPy's.
        if key not in allowed:
            yield f"{name} {key} set on the object"
        yield from _flaws_of_value(value, f"{name} {key}")


def _names_of_data(kind: type) -> set[str]:
    """Return names under which objects of a class hold data, so that they hide nothing of it."""
    own = {entry.name for entry in fields(kind)} if is_dataclass(kind) else set()
    defined = {name: value for owner in kind.__mro__[::-1] for name, value in vars(owner).items()}
    kept = {name for name, value in defined.items() if isinstance(value, cached_property)}
    annotated = {name for owner in kind.__mro__ for name in vars(owner).get("__annotations__", ())}
    return own | kept | (annotated - defined.keys())
