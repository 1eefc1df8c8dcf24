"""How many bytes operations on tensors read and write, which is what they take on a device."""

from __future__ import annotations

from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


class Traffic(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts bytes that operations read and write; views read and write none.

    Attributes
    ----------
    moved : int
        Bytes so far.
    largest : int
        Bytes of the largest tensor that was made.
    by_operation : dict of str to int
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.moved = self.largest = 0
        self.by_operation: dict[str, int] = {}

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        result = func(*args, **(kwargs or {}))
        if func.is_view or func is torch.ops.aten._unsafe_view.default:
            return result
        read, made = _tensors((args, kwargs)), _tensors(result)
        moved = sum(map(_bytes, (*read, *made)))
        self.moved += moved
        self.largest = max([self.largest, *map(_bytes, made)])
        name = str(func)
        self.by_operation[name] = self.by_operation.get(name, 0) + moved
        return result


def _tensors(tree: Any) -> list[torch.Tensor]:
    return [leaf for leaf in tree_leaves(tree) if isinstance(leaf, torch.Tensor)]


def _bytes(tensor: torch.Tensor) -> int:
    """Return the bytes that a tensor holds; what is broadcast is read once."""
    numbers = 1
    for length, stride in zip(tensor.shape, tensor.stride(), strict=True):
        numbers *= length if stride else 1
    return numbers * tensor.element_size()
