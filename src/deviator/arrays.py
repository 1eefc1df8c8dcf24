"""Arrays of other libraries than NumPy, which bids and outcomes may hold: torch tensors, say.

Whatever follows the array API standard will do. Such arrays keep their library, device and dtype
through a market, and gradients pass through where the library has them.
"""

import contextlib
import sys
from collections.abc import Callable
from typing import Any, TypeVar, final

import array_api_compat
import array_api_compat.numpy
import numpy as np

from deviator.autocast import full_precision
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


def is_on_cpu(array: Array) -> bool:
    """Return whether an array is in the memory of the processor, not of another device."""
    return not is_foreign(array) or str(array_api_compat.device(array)).lower().startswith("cpu")


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


def beside(reference: Array, owner: object, name: str) -> Array:
    """Return an array that an object holds, in the library and on the device of another array.

    The copy stays with the object, which must never change: large ones travel to a device once.

    Parameters
    ----------
    reference : array
    owner : object
        A frozen dataclass.
    name : str
        Attribute of the owner, a NumPy array.

    Examples
    --------
    >>> import torch
    >>> from deviator.economies import private_values
    >>> economy, types = private_values(3, slope=2.0), torch.zeros(1, 3)
    >>> beside(types, economy, "slope")
    tensor([2., 2., 2.])
    >>> beside(types, economy, "slope") is beside(types, economy, "slope")
    True
    """
    if not is_foreign(reference):
        return getattr(owner, name)
    return kept_beside(reference, owner, name, lambda: getattr(owner, name))


def kept_beside(reference: Array, owner: object, name: str, made: Callable[[], Array]) -> Array:
    """Do what `beside` does with what a function makes of the owner, called once."""
    kept, key = kept_by(owner), (name, *_kind(reference))
    if key not in kept:
        with _outlasting():
            kept[key] = like(reference, made())
    return kept[key]


@final
class Kept(dict[Any, Any]):
    """What an object has worked out; neither copied nor pickled with it."""

    def __reduce__(self) -> tuple[type["Kept"], tuple[()]]:
        return Kept, ()


def kept_by(owner: object) -> Kept:
    """Return what a frozen dataclass has worked out so far; nothing for what may change.

    Nothing kept is read where arrays are NumPy's: what is proved of an object rests on its fields.
    """
    settings = getattr(owner, "__dataclass_params__", None)
    if settings is None or not settings.frozen:
        return Kept()
    kept: Kept = vars(owner).setdefault("_kept", Kept())
    return kept


def _outlasting() -> contextlib.AbstractContextManager[object]:
    """Return a context in which torch makes tensors that gradients may pass later."""
    torch: Any = sys.modules.get("torch")
    return torch.inference_mode(mode=False) if torch else contextlib.nullcontext()


def product(left: Array, right: Array) -> Array:
    """Return the product of matrices, inside `torch.autocast` too in their own dtype."""
    if isinstance(left, np.ndarray):
        return left @ right
    return _product(left, right)


@full_precision
def _product(left: Array, right: Array) -> Array:
    return namespace(left).matmul(left, right)


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
    if array_api_compat.is_torch_array(array):
        return np.asarray(array.detach().cpu())
    return np.asarray(array) if is_on_cpu(array) else np.from_dlpack(array, device="cpu")


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
    check_shape(name, tuple(array.shape), shape)
    check_finite(**{name: array})
    return array


def check_finite(**arrays: Array) -> None:
    """Refuse arrays with a number that is not finite.

    The sum of all shows whether there may be one: a pass without copies, for which a device is
    waited for once.
    """
    xp = namespace(next(iter(arrays.values())))
    if bool(xp.isfinite(sum(xp.sum(array) for array in arrays.values()))):
        return
    for name, array in arrays.items():
        for index in np.argwhere(~np.isfinite(to_numpy(array)))[:1]:
            where = tuple(int(place) for place in index)
            raise InvalidInputError(
                f"{name} must be finite, got {float(array[where])} at index {where}"
            )


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
