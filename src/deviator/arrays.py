"""Arrays of other libraries than NumPy, which bids and outcomes may hold: torch tensors, say.

Whatever follows the array API standard will do. Such arrays keep their library, device and dtype
through a market, and gradients pass through where the library has them.
"""

from typing import Any, TypeVar

import array_api_compat
import array_api_compat.numpy
import numpy as np

from deviator.errors import InvalidInputError

Array = Any
"""An array of any library behind the array API standard, NumPy's among them."""


Numbers = TypeVar("Numbers")


def is_foreign(value: object) -> bool:
    """Return whether a value is an array of another library than NumPy."""
    if isinstance(value, (np.ndarray, np.generic, list, tuple, int, float)):
        return False
    return bool(array_api_compat.is_array_api_obj(value))


def namespace(array: Array) -> Any:
    """Return the functions of the array's library, under the names of the array API standard."""
    if isinstance(array, np.ndarray):  # asked by every kernel; the general answer takes 5 us
        return array_api_compat.numpy
    return array_api_compat.array_namespace(array)


def like(reference: Array, constant: Numbers) -> Numbers:
    """Return a constant in the library and dtype and on the device of another array.

    Gradients of the constant are lost. Beside NumPy numbers a NumPy array is returned as it is.

    Examples
    --------
    >>> import torch
    >>> like(torch.zeros(2), np.array([0.5, 1.5]))
    tensor([0.5000, 1.5000])
    """
    if not is_foreign(reference):
        plain: Numbers = to_numpy(constant)
        return plain
    converted: Numbers = namespace(reference).asarray(
        np.array(to_numpy(constant)),  # a copy: some libraries cannot share read-only memory
        dtype=reference.dtype,
        device=array_api_compat.device(reference),
    )
    return converted


def common(values: Array) -> Array:
    """Return one number where all of a NumPy vector are equal, else the vector.

    NumPy multiplies short rows by one number several times as fast as by a vector.

    Examples
    --------
    >>> common(np.array([2.0, 2.0])), common(np.array([1.0, 2.0]))
    (np.float64(2.0), array([1., 2.]))
    """
    return values[0] if bool((values == values[0]).all()) else values


def row_sums(array: Array) -> Array:
    """Return the sums over the last axis of (B, N); NumPy adds up short rows faster this way."""
    if isinstance(array, np.ndarray):
        return np.einsum("bi->b", array)
    return namespace(array).sum(array, axis=-1)


def to_numpy(array: Array) -> Array:
    """Return an array of any library and device as a NumPy array, without its gradients."""
    is_torch = array_api_compat.is_torch_array(array)
    return np.asarray(array.detach().cpu() if is_torch else array)


def check_one_kind(**arrays: Array) -> None:
    """Refuse arrays that differ in library, dtype or device, if one of them is not NumPy's.

    Their dtype must be float64 or float32. NumPy numbers are all converted to double precision, so
    that their dtypes may differ.
    """
    if not any(is_foreign(array) for array in arrays.values()):
        return
    (first, reference), *others = arrays.items()
    for name, array in others:
        for what, one, other in zip(
            ("library", "dtype", "device"), _kind(reference), _kind(array), strict=True
        ):
            if one != other:
                raise InvalidInputError(
                    f"{first} and {name} must share one {what}, got {one} and {other}; convert "
                    "one of them first"
                )
    xp = namespace(reference)
    if reference.dtype not in (xp.float64, xp.float32):
        raise InvalidInputError(
            f"{first} must have dtype float64 or float32, got {reference.dtype}; convert it first"
        )


def finite_foreign(name: str, array: Array, shape: tuple[int | None, ...]) -> Array:
    """Return an array of another library than NumPy, checked as `finite_array` checks NumPy's."""
    xp = namespace(array)
    check_shape(name, tuple(array.shape), shape)
    finite = xp.isfinite(array)
    if not bool(xp.all(finite)):
        where = tuple(int(index) for index in np.argwhere(~to_numpy(finite))[0])
        raise InvalidInputError(
            f"{name} must be finite, got {float(array[where])} at index {where}"
        )
    return array


def check_shape(name: str, actual: tuple[int, ...], shape: tuple[int | None, ...]) -> None:
    """Refuse an array whose axes have other lengths; None admits any."""
    fits = len(actual) == len(shape) and all(
        want is None or want == got for want, got in zip(shape, actual, strict=True)
    )
    if not fits:
        wanted = ", ".join("any" if want is None else str(want) for want in shape)
        raise InvalidInputError(f"{name} must have shape ({wanted}), got {actual}")


def library(value: object) -> str:
    """Return the name of the library that an array comes from."""
    return type(value).__module__.partition(".")[0] if is_foreign(value) else "numpy"


def _kind(value: Array) -> tuple[str, str, str]:
    if not is_foreign(value):
        return "numpy", str(np.asarray(value).dtype), "cpu"
    return library(value), str(value.dtype), str(array_api_compat.device(value))
