"""YAML that people write: plain values by the rules of YAML 1.2, one sentence where there are none."""

import pytest

from deviator import plain_yaml
from deviator.errors import InvalidInputError
from deviator.plain_yaml import read_yaml

LAUGHS = "a: &a [x, x]\n" + "\n".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 20)}]"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)

BOMB = f"a: &a [{'x,' * 9}]\nb: &b [{'*a,' * 9}]\nc: &c [{'*b,' * 9}]\nd: [{'*c,' * 9}]\n"
"""Small on each level, and many times what stands in it."""

MERGES = "\n".join(
    f"{name}: &{name} {{<<: [{', '.join([f'*{before}'] * 9)}]}}"
    for before, name in zip("abcdef", "bcdefg", strict=True)
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 1e-3),
        ("2e0", 2.0),
        ("-.5E+1", -5.0),
        ("-.inf", float("-inf")),
        ("017", 17),
        ("0o17", 15),
        ("1:30", "1:30"),
        ("yes", "yes"),
        ("true", True),
        ("2024-99-99", "2024-99-99"),
        ("=", "="),
        ("'1e-3'", "1e-3"),
        ("!!str 1", "1"),
        ("~", None),
        ("", None),
        ("[1, {a: b}]", [1, {"a": "b"}]),
        ("[&a 1, &a 2, *a]", [1, 2, 2]),
        ("a: &a {x: 1}\nb: [*a, *a]", {"a": {"x": 1}, "b": [{"x": 1}, {"x": 1}]}),
        ("a: &shared {x: 1}\nb: {<<: *shared, y: 2}", {"a": {"x": 1}, "b": {"x": 1, "y": 2}}),
    ],
)
def test_values_are_those_of_yaml_1_2(text, value):
    read = read_yaml(text).values
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a: 1\nb: [2", r"expected ',' or '\]', but got '<stream end>' in line 2"),
        ("a: 1\nb: 2\na: 3", "found the key 'a' twice in line 3"),
        (f"a: {{}}\na: [{'x, ' * 999}x]", "found the key 'a' twice in line 2"),
        ("--- 1\n--- 2", "but found another document in line 2"),
        ("a: *b", "found undefined alias 'b' in line 1"),
        ("a\x01b", "unacceptable character #x0001: special characters are not allowed"),
        ("!!python/name:os.system", "could not determine a constructor for the tag"),
        ("a: !!set {b, c}", "could not determine a constructor for the tag .* in line 1"),
        ("!!int x", "a value cannot be read: invalid literal"),
        ("!!bool maybe", "a value cannot be read: 'maybe'"),
        ("{[[1]]: 2}", "a value cannot be read: unhashable type"),
        ("9" * 5000, "a value cannot be read: Exceeds the limit"),
        (LAUGHS, "aliases may make it 20 times as large"),
        (BOMB, "aliases may make it 20 times as large"),
        ("a: &a {x: 1}\n" + MERGES, "aliases may make it 20 times as large"),
        ("&a [*a]", "at most .* 32 levels within each"),
        ("[" * 40 + "]" * 40, "at most .* 32 levels within each"),
        ("[" * 900 + "]" * 900, "nested too deeply"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(text, reason):
    with pytest.raises(InvalidInputError, match=reason) as caught:
        read_yaml(text)
    assert len(str(caught.value)) < 200
    assert "\n" not in str(caught.value)


def test_lines_are_those_of_keys_and_items():
    document = read_yaml("# first\na:\n  - b\n  - c: 1\n    d: 2\n3: x")
    assert [document.line_of(place) for place in [(), ("a",), ("a", 1), ("a", 1, "d"), (3,)]] == [
        2, 2, 4, 5, 6,
    ]  # fmt: skip
    assert document.line_of(("a", 1, "missing")) == 4
    assert read_yaml("").line_of(("a",)) == 1


def test_more_values_than_anyone_writes_are_not_read(monkeypatch):
    monkeypatch.setattr(plain_yaml, "MOST_VALUES", 1000)
    assert len(read_yaml(f"[{'x,' * 999}]").values) == 999
    with pytest.raises(InvalidInputError, match="it may hold at most"):
        read_yaml(f"[{'x,' * 1000}]")
