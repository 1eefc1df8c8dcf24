"""Values and texts of strangers in messages: cut, printable, and never written out in full."""

import tracemalloc

import pytest

from deviator.errors import InvalidInputError
from deviator.harmless import shown
from deviator.validation import whole_number


@pytest.mark.parametrize(
    "value",
    [3, -2.5, "it's", "two\nlines", [], (), {}, [1, "x"], (1,), (1, 2), {"a": [None, True]}],
)
def test_short_values_are_shown_as_python_writes_them(value):
    assert shown(value) == repr(value)


def test_values_that_are_huge_when_written_out_cost_nothing():
    """The villain is `repr`, which would write 10^12 numbers."""
    value = 0
    for _ in range(12):
        value = [value] * 10
    text = "x" * 10**7
    tracemalloc.start()
    texts = [shown(value), shown(text), shown({text: value}), shown({1: {text: value}})]
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 100_000
    assert all(len(text) <= 60 and text.endswith("...") for text in texts)


def test_whole_numbers_that_python_does_not_write_out_are_shown():
    assert shown(10**5000) == "a whole number of 16610 bits"
    with pytest.raises(InvalidInputError, match="at least 1, got a whole number of 16610 bits"):
        whole_number("steps", -(10**5000), 1)
