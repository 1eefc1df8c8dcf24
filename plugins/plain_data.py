"""What may come back from a guarded process: plain data, which runs nobody else's code."""

import builtins
import io
import pickle
from dataclasses import dataclass
from typing import Any, final

from deviator.errors import DeviatorError
from deviator.harmless import one_line, shortened
from deviator.trust import OWN, is_ours

from .place_of_error import with_place

LONGEST_ANSWER = 1 << 26
"""Bytes of an answer, at most."""

NUMPY = ("_reconstruct", "_frombuffer", "ndarray", "dtype", "scalar")
"""What arrays and numbers of NumPy are pickled with."""

CONTAINERS = ("set", "frozenset", "complex", "bytearray", "range", "slice")
"""Built-in classes that pickle names."""


class GuardError(DeviatorError, RuntimeError):
    """A guarded call hung, ended its process, or gave no plain data."""


@final
@dataclass(frozen=True)
class Tell:
    """What a running call tells before its answer."""

    content: Any


@final
@dataclass(frozen=True)
class PlainError:
    """An error as data: the class's name, the nearest class that everybody knows, and the text."""

    name: str
    known: type[Exception]
    text: str

    @classmethod
    def of(cls, error: BaseException) -> "PlainError":
        """Return an error as data, whatever its class does."""
        if isinstance(error, SystemExit):
            return cls(
                "GuardError", GuardError, "it must leave its process running, and called exit"
            )
        name = one_line(type(error).__name__, 80)
        if not isinstance(error, Exception):
            return cls("GuardError", GuardError, f"it must raise errors only, and raised {name}")
        known = next(each for each in type(error).__mro__ if _is_known(each))
        return cls(name, known, _text_of(error))

    def to_error(self) -> Exception:
        """Return the error; its class has the name, and descends from the known one."""
        if self.name == self.known.__name__:
            try:
                error = self.known(self.text)
                if str(error) == self.text:
                    return error
            except Exception:
                # Some classes take other arguments than a text.
                pass
        methods = {"__init__": _takes_anything, "__str__": lambda _: self.text}
        made: type[Exception] = type(self.name, (self.known,), methods)
        return made.__new__(made, self.text)


def plain_data(data: bytes) -> Any:
    """Return the data that a guarded process sent.

    Raises
    ------
    GuardError
        If anything but plain data and deviator's own records is among them.
    """
    try:
        return _PlainUnpickler(io.BytesIO(data)).load()
    except Exception as error:
        raise GuardError(
            f"it must return plain data, and did not ({one_line(str(error))})"
        ) from None


class _PlainUnpickler(pickle.Unpickler):
    """Reads data of classes that are deviator's, NumPy's or built in, and of no others."""

    def find_class(self, module: str, name: str) -> Any:
        """Return a class that data name, if it is allowed."""
        top = module.partition(".")[0]
        if top == "builtins" and (name in CONTAINERS or _is_error(getattr(builtins, name, None))):
            return getattr(builtins, name)
        if top == "numpy" and name in NUMPY:
            return super().find_class(module, name)
        if top == OWN:
            found = super().find_class(module, name)
            if isinstance(found, type) and is_ours(found):
                return found
        raise pickle.UnpicklingError(f"{module}.{name} is neither")


def _is_error(thing: Any) -> bool:
    return isinstance(thing, type) and issubclass(thing, Exception)


def _is_known(kind: type) -> bool:
    return _is_error(kind) and (kind.__module__ == "builtins" or is_ours(kind))


def _text_of(error: Exception) -> str:
    """Return an error's text, which its class computes as it likes, and where it arose."""
    try:
        text = shortened(str(error))
    except BaseException:
        text = "an error whose text cannot be shown"
    return text if isinstance(error, DeviatorError) else with_place(text, error)


def _takes_anything(*_: Any) -> None:
    """Take what the class of an error is made with."""
