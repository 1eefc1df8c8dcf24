"""YAML 1.2 that people write, read as plain Python values whose lines are known."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain, islice
from types import MappingProxyType
from typing import Any, final

from ruamel.yaml import YAML
from ruamel.yaml.constructor import SafeConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, SequenceNode

from deviator.errors import InvalidInputError

MOST_VALUES, MOST_LEVELS = 100_000, 32
"""Most values and keys on one level of a document, aliases written out, and most levels."""

TAG = "tag:yaml.org,2002:"


CONSTRUCTORS: MappingProxyType[str | None, Any] = MappingProxyType(
    {
        None: SafeConstructor.construct_undefined,
        **{
            TAG + name: SafeConstructor.yaml_constructors[TAG + name]
            for name in ("null", "bool", "int", "float", "str", "seq", "map")
        },
        **dict.fromkeys(
            (TAG + "timestamp", TAG + "value", TAG + "merge"), SafeConstructor.construct_yaml_str
        ),
    }
)
"""How values come about by their tags: those of YAML 1.2's core schema, other scalars are texts."""


class _PlainValues(SafeConstructor):
    yaml_constructors = CONSTRUCTORS.copy()


@final
@dataclass(frozen=True)
class Document:
    """A YAML document.

    Attributes
    ----------
    values : object
        None, booleans, numbers, texts, and lists and dicts of these.
    root : Node or None
        The same with its lines; None where the text is empty.
    """

    values: Any
    root: Any

    def line_of(self, place: tuple[str | int, ...]) -> int:
        r"""Return the line on which a place begins, from 1, given the keys that lead to it.

        Where the place is not there, it is the line of what it is missing in.

        Examples
        --------
        >>> read_yaml("name: tiny\nsteps:\n  - 3\n  - 4").line_of(("steps", 1))
        4
        """
        node, line = self.root, self.root.start_mark.line if self.root else 0
        for step in place:
            entry = _entry(node, step)
            if entry is None:
                break
            node, line = entry
        return int(line) + 1


def read_yaml(text: str) -> Document:
    """Read a YAML document.

    Raises
    ------
    InvalidInputError
        If it is not YAML, a key stands twice in it, or it is too large, as a value inside itself
        is; the message is the reason only, with its line where one is known.

    Examples
    --------
    >>> read_yaml("{learning_rate: 1e-3, start: 2026-01-01}").values
    {'learning_rate': 0.001, 'start': '2026-01-01'}
    """
    yaml = YAML(typ="safe", pure=True)
    yaml.Constructor = _PlainValues
    try:
        root = yaml.compose(text)
        _check_size(root)
        values = None if root is None else yaml.constructor.construct_document(root)
    except RecursionError:
        raise InvalidInputError("its values are nested too deeply") from None
    except YAMLError as error:
        raise InvalidInputError(_reason(error)) from None
    except (ValueError, LookupError, TypeError) as error:
        # A tag that does not fit its value, or a list as a key, is an error of Python to ruamel.
        raise InvalidInputError(f"a value cannot be read: {error}") from None
    return Document(values, root)


def _check_size(root: Any) -> None:
    """Refuse aliases that a few lines multiply beyond memory, or that never end."""
    nodes = [root]
    for _ in range(MOST_LEVELS):
        parts = chain.from_iterable(_parts(node) for node in nodes)
        nodes = list(islice(parts, MOST_VALUES + 1))
        if len(nodes) > MOST_VALUES:
            break
        if not nodes:
            return
    raise YAMLError(
        f"it may hold at most {MOST_VALUES} values side by side and {MOST_LEVELS} within each "
        "other, aliases written out"
    )


def _parts(node: Any) -> Iterable[Any]:
    if isinstance(node, MappingNode):
        return chain.from_iterable(node.value)
    return node.value if isinstance(node, SequenceNode) else ()


def _reason(error: YAMLError) -> str:
    if isinstance(error, MarkedYAMLError) and error.problem_mark is not None:
        # The values behind a key that stands twice may be long.
        twice = r'duplicate key "(.*?)" with value .*', r"the key '\1' twice"
        problem = re.sub(*twice, error.problem, flags=re.DOTALL)
        return f"{problem} in line {error.problem_mark.line + 1}"
    return str(error).partition("\n")[0]


def _entry(node: Any, step: str | int) -> tuple[Any, int] | None:
    """Return the node behind one step, and the line on which it begins."""
    if isinstance(node, MappingNode):
        for key, value in node.value:
            if key.value == str(step):
                return value, key.start_mark.line
    if isinstance(node, SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step], node.value[step].start_mark.line
    return None
