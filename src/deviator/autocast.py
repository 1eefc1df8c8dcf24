"""Markets inside `torch.autocast`: dtypes and digits stay as they are, and those of gradients.

Autocast lets networks multiply matrices in half precision. A market cleared so would miss clearing
in the third digit.
"""

import functools
import sys
from collections.abc import Callable, Iterator
from dataclasses import is_dataclass
from typing import Any, ParamSpec, TypeVar

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


def full_precision(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Let a function of arrays compute in their dtypes, whatever `torch.autocast` says.

    The arrays are its arguments, or fields of these. Its part of a backward pass inside autocast
    keeps their dtypes too.

    Examples
    --------
    >>> import torch
    >>> more = torch.full((1, 1), 1.001)
    >>> with torch.autocast("cpu"):
    ...     torch.matmul(more, more), full_precision(torch.matmul)(more, more)
    (tensor([[1.]], dtype=torch.bfloat16), tensor([[1.0020]]))
    """

    @functools.wraps(function)
    def computed(*arguments: Parameters.args, **settings: Parameters.kwargs) -> Result:
        torch: Any = sys.modules.get("torch")
        given = list(_tensors(torch, (*arguments, *settings.values()))) if torch else []
        kind = given[0].device.type if given else ""
        if not (given and torch.is_autocast_enabled(kind)):
            return function(*arguments, **settings)
        with torch.autocast(kind, enabled=False):
            result = function(*arguments, **settings)
        for node in _nodes_between(given, list(_tensors(torch, result))):
            _keep_precise(torch, node, kind)
        return result

    return computed


def _tensors(torch: Any, value: object) -> Iterator[Any]:
    """Return the tensors among values and the fields of records."""
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, (tuple, list)):
        for each in value:
            yield from _tensors(torch, each)
    elif is_dataclass(value):
        yield from (each for each in vars(value).values() if isinstance(each, torch.Tensor))


def _nodes_between(given: list[Any], results: list[Any]) -> set[Any]:
    """Return the nodes of the graph that lead from given tensors to results."""
    before = {tensor.grad_fn for tensor in given} | {None}
    nodes, waiting = set[Any](), [tensor.grad_fn for tensor in results]
    while waiting:
        node = waiting.pop()
        # A node that nothing leads to is a leaf, which outlives the graph.
        if node not in before and node not in nodes and node.next_functions:
            nodes.add(node)
            waiting += [earlier for earlier, _ in node.next_functions]
    return nodes


def _keep_precise(torch: Any, node: Any, kind: str) -> None:
    """Suspend autocast on a kind of device while a node passes gradients on."""
    before: list[bool] = []

    def suspend(_: object) -> None:
        before.append(torch.is_autocast_enabled(kind))
        torch.set_autocast_enabled(kind, False)

    def resume(*_: object) -> None:
        torch.set_autocast_enabled(kind, before.pop())

    node.register_prehook(suspend)
    node.register_hook(resume)
