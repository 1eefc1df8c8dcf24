"""YAML 1.2 that people write, read as plain Python values whose lines are known."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from types import MappingProxyType
from typing import Any, final

from ruamel.yaml import YAML
from ruamel.yaml.composer import Composer
from ruamel.yaml.constructor import SafeConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, SequenceNode

from deviator.errors import InvalidInputError
from deviator.harmless import one_line

MOST_VALUES, MOST_LEVELS = 200_000, 32
"""Most values and keys of a document, and most levels of values within each other."""

FEW_VALUES, MOST_COPIES = 1000, 20
"""Values and keys that any document may have with its aliases written out; beyond, so many times
what stands in it."""

LONGEST = 150
"""Characters of a reason beyond which it is cut."""

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


class _FewNodes(Composer):
    """Stops at documents that hold more values than anyone writes."""

    def __init__(self, loader: Any = None) -> None:
        super().__init__(loader)
        self.warn_double_anchors = False  # YAML 1.2 allows them
        self.composed = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        self.composed += 1
        if self.composed > MOST_VALUES:
            raise YAMLError(TOO_LARGE)
        return super().compose_node(parent, index)


TOO_LARGE = (
    f"it may hold at most {MOST_VALUES} values and keys and {MOST_LEVELS} levels within each "
    f"other, and aliases may make it {MOST_COPIES} times as large"
)


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
    yaml.Constructor, yaml.Composer = _PlainValues, _FewNodes
    try:
        root = yaml.compose(text)
        _check_written_out(root)
        values = None if root is None else yaml.constructor.construct_document(root)
    except RecursionError:
        raise InvalidInputError("its values are nested too deeply") from None
    except YAMLError as error:
        raise InvalidInputError(_reason(error)) from None
    except (ValueError, LookupError, TypeError) as error:
        # A tag that does not fit its value, or a list as a key, is an error of Python to ruamel.
        reason = one_line(str(error), LONGEST)
        raise InvalidInputError(f"a value cannot be read: {reason}") from None
    return Document(values, root)


def _check_written_out(root: Any) -> None:
    """Refuse aliases that a few lines multiply beyond memory, or that never end."""
    sizes = _Sizes()
    size, _ = sizes.of(root, 1)
    if size > max(FEW_VALUES, MOST_COPIES * sizes.stated):
        raise YAMLError(TOO_LARGE)


class _Sizes:
    """How many values nodes hold, with aliases written out, and how many levels of them."""

    def __init__(self) -> None:
        self.stated = 0  # values and aliases that stand in the document
        self._known = dict[int, tuple[int, int]]()

    def of(self, node: Any, level: int) -> tuple[int, int]:
        """Return both for a node that stands on a level; one within itself has no last level."""
        self.stated += 1
        size, levels = self._known.get(id(node), (1, 0))
        if level + levels > MOST_LEVELS:
            raise YAMLError(TOO_LARGE)
        if not levels:
            parts = [self.of(part, level + 1) for part in _parts(node)]
            size = 1 + sum(each for each, _ in parts)
            levels = 1 + max((each for _, each in parts), default=0)
            self._known[id(node)] = size, levels
        return size, levels


def _parts(node: Any) -> Iterator[Any]:
    if isinstance(node, MappingNode):
        return chain.from_iterable(node.value)
    return iter(node.value if isinstance(node, SequenceNode) else ())


def _reason(error: YAMLError) -> str:
    if isinstance(error, MarkedYAMLError) and error.problem_mark is not None:
        # The values behind a key that stands twice may be long.
        twice = r'duplicate key "(.*?)" with value .*', r"the key '\1' twice"
        problem = re.sub(*twice, error.problem, flags=re.DOTALL)
        return f"{one_line(problem, LONGEST)} in line {error.problem_mark.line + 1}"
    return one_line(str(error).partition("\n")[0], LONGEST)


def _entry(node: Any, step: str | int) -> tuple[Any, int] | None:
    """Return the node behind one step, and the line on which it begins."""
    if isinstance(node, MappingNode):
        for key, value in node.value:
            if key.value == str(step):
                return value, key.start_mark.line
    if isinstance(node, SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step], node.value[step].start_mark.line
    return None
