"""What a third party's function computes, read off its instructions: arithmetic, or anything else.

A payment rule that is run on symbols may do otherwise on arrays: branch on a kind, a size or a
threshold. So its instructions are walked through one by one. Where they are a straight line of
+ - * / and whole powers of its arguments, of constants and of plain settings, what is read off with
symbols is what runs on all numbers, up to rounding. Everything that is not known to be that is not.
"""

import builtins
import dis
import inspect
from collections.abc import Callable, Mapping
from fractions import Fraction
from types import FunctionType, MappingProxyType
from typing import Any, final

import numpy as np

from deviator.mechanisms.residual_line import area_under_residual_demand, uniform_price

NUMBERS = (int, float, Fraction, np.float64)
"""Kinds of plain numbers; their subclasses may overload what + and * mean."""

LARGEST = 2**53
"""Whole numbers beyond this are not floats, and arrays may not take them."""

READABLE = (area_under_residual_demand, uniform_price)
"""Functions that a payment rule may call."""

IDLE = ("CACHE", "COPY_FREE_VARS", "EXTENDED_ARG", "NOP", "PRECALL", "PUSH_NULL", "RESUME")
OPERATORS = ("+", "-", "*", "/", "**")

Item = str
"""What lies on the stack: a "number", "self", the "class", the function "super" or its result, or a
"function" that is known to be arithmetic."""


@final
class _NotArithmeticError(Exception):
    """A step that may do anything."""


def is_plain_number(value: Any) -> bool:
    """Return whether a value is a finite plain number, of which + and * mean what they do."""
    if type(value) not in NUMBERS or (type(value) is int and abs(value) > LARGEST):
        return False
    return bool(abs(value) < np.inf)


def what_is_not_arithmetic(function: Any, thing: object, owner: type) -> str | None:
    """Return the first step of a method that is not arithmetic on plain numbers, None without one.

    Parameters
    ----------
    function : function
        As the class defines it.
    thing : object
        Whose settings it reads.
    owner : type
        The class that defines it.

    Examples
    --------
    >>> class Rule:
    ...     def paid(self, price, quantity):
    ...         return price * quantity if quantity < 5 else price
    >>> what_is_not_arithmetic(Rule.paid, Rule(), Rule)
    'COMPARE_OP <'
    """
    if type(function) is not FunctionType:
        return f"a {type(function).__name__} instead of a function"
    lookup = getattr(function, "__builtins__", None)
    if type(function.__globals__) is not dict or lookup is not vars(builtins):
        return "names that are looked up in another way than Python's own"
    code = function.__code__
    several = code.co_flags & (inspect.CO_VARARGS | inspect.CO_VARKEYWORDS)
    if several or code.co_kwonlyargcount or function.__defaults__:
        return "arguments that a market does not give"
    try:
        _Walk(function, thing, owner).read()
    except _NotArithmeticError as step:
        return str(step)
    return None


@final
class _Walk:
    """One walk through the instructions of a function, with the kinds of what is on the stack."""

    def __init__(self, function: FunctionType, thing: object, owner: type) -> None:
        self.function, self.thing, self.owner = function, thing, owner
        self.own_name = function.__code__.co_varnames[:1]
        self.stack: list[Item] = []

    def read(self) -> None:
        for step in dis.get_instructions(self.function):
            if step.opname in IDLE:
                continue
            method = STEPS.get(step.opname)
            if method is None:
                raise _NotArithmeticError(f"{step.opname} {step.argrepr}".strip())
            method(self, step)

    def pop(self, *wanted: Item) -> Item:
        item = self.stack.pop() if self.stack else "nothing"
        if item not in wanted:
            raise _NotArithmeticError(f"a use of {item} as a {wanted[0]}")
        return item

    def load_local(self, step: dis.Instruction) -> None:
        names = step.argval if isinstance(step.argval, tuple) else (step.argval,)
        self.stack += ["self" if name in self.own_name else "number" for name in names]

    def store_local(self, step: dis.Instruction) -> None:
        if step.argval in self.own_name:
            raise _NotArithmeticError(f"another value for {step.argval}")
        self.pop("number")

    def load_constant(self, step: dis.Instruction) -> None:
        self.push_value("the constant", step.argval)

    def push_value(self, name: str, value: Any) -> None:
        if is_plain_number(value):
            self.stack.append("number")
        elif value is builtins.super:
            self.stack.append("super")
        elif any(value is function for function in READABLE):
            self.stack.append("function")
        else:
            raise _NotArithmeticError(f"{name} {getattr(value, '__name__', repr(value))}")

    def load_global(self, step: dis.Instruction) -> None:
        names = self.function.__globals__
        value = names.get(step.argval, getattr(builtins, step.argval, None))
        self.push_value("the name", value)

    def load_free(self, step: dis.Instruction) -> None:
        value = self.free(step.argval)
        if step.argval == "__class__" and value is self.owner:
            self.stack.append("class")
        else:
            self.push_value("the name", value)

    def free(self, name: str) -> Any:
        """Return the value of a name of an enclosing function, or of the enclosing class."""
        cells = self.function.__closure__ or ()
        known = dict(zip(self.function.__code__.co_freevars, cells, strict=True))
        return known[name].cell_contents if name in known else None

    def load_attribute(self, step: dis.Instruction) -> None:
        if self.pop("self", "super of self") == "super of self":
            self.inherited(step.argval)
        elif step.argval != "tax_slope" and not is_plain_number(
            inspect.getattr_static(self.thing, step.argval, None)
        ):
            raise _NotArithmeticError(f"self.{step.argval}, which is no plain number")
        else:
            self.stack.append("number")

    def load_inherited(self, step: dis.Instruction) -> None:
        for item in ("self", "class", "super"):
            self.pop(item)
        self.inherited(step.argval)

    def inherited(self, name: str) -> None:
        if name != self.function.__name__:
            raise _NotArithmeticError(f"super().{name}")
        line = type(self.thing).__mro__
        later = line[line.index(self.owner) + 1 :]
        owner = next((kind for kind in later if name in vars(kind)), None)
        flaw = owner and what_is_not_arithmetic(vars(owner)[name], self.thing, owner)
        if owner is None or flaw:
            raise _NotArithmeticError(f"super().{name} with {flaw}")
        self.stack.append("function")

    def call(self, step: dis.Instruction) -> None:
        if step.argval == 0 and self.stack[-1:] == ["super"]:
            if self.free("__class__") is not self.owner:
                raise _NotArithmeticError("super() of another class")
            self.stack[-1] = "super of self"
            return
        for _ in range(step.argval):
            self.pop("number")
        self.pop("function")
        self.stack.append("number")

    def combine(self, step: dis.Instruction) -> None:
        if step.argrepr not in OPERATORS:
            raise _NotArithmeticError(f"the operator {step.argrepr}")
        self.pop("number")
        self.pop("number")
        self.stack.append("number")

    def turn_sign(self, step: dis.Instruction) -> None:
        if step.opname == "CALL_INTRINSIC_1" and "UNARY_POSITIVE" not in step.argrepr:
            raise _NotArithmeticError(step.argrepr)
        self.pop("number")
        self.stack.append("number")

    def drop(self, step: dis.Instruction) -> None:
        self.pop("number")


STEPS: Mapping[str, Callable[[_Walk, dis.Instruction], None]] = MappingProxyType(
    {
        "LOAD_FAST": _Walk.load_local,
        "LOAD_FAST_BORROW": _Walk.load_local,
        "LOAD_FAST_LOAD_FAST": _Walk.load_local,
        "LOAD_FAST_BORROW_LOAD_FAST_BORROW": _Walk.load_local,
        "STORE_FAST": _Walk.store_local,
        "LOAD_CONST": _Walk.load_constant,
        "LOAD_SMALL_INT": _Walk.load_constant,
        "LOAD_GLOBAL": _Walk.load_global,
        "LOAD_DEREF": _Walk.load_free,
        "LOAD_ATTR": _Walk.load_attribute,
        "LOAD_METHOD": _Walk.load_attribute,
        "LOAD_SUPER_ATTR": _Walk.load_inherited,
        "CALL": _Walk.call,
        "BINARY_OP": _Walk.combine,
        "UNARY_NEGATIVE": _Walk.turn_sign,
        "UNARY_POSITIVE": _Walk.turn_sign,
        "CALL_INTRINSIC_1": _Walk.turn_sign,
        "POP_TOP": _Walk.drop,
        "RETURN_VALUE": _Walk.drop,
        "RETURN_CONST": _Walk.load_constant,
    }
)
"""What is known of each instruction of Python 3.11 to 3.14; others may do anything."""
