"""What chance, a hurried hand or an enemy makes of plain data and of files."""

import copy
import math

ODD_VALUES = (
    None,
    True,
    0,
    -1,
    2,
    0.5,
    1e308,
    -1e-320,
    math.nan,
    math.inf,
    10**30,
    -(10**400),
    10**4000,
    "",
    "x" * 10_000,
    "nan",
    "../../../etc/passwd",
    "/dev/zero",
    "\x1b[31m\u202ered",
    "__import__('os').system('touch executed')",
    "{{7*7}}<script>alert(1)</script>",
    "plugin.py:Rule",
    [],
    [[]],
    {},
    {"": None},
    {"a": [1, {"b": 2}]},
    [1, 2, 3],
    list(range(5000)),
    ["x"] * 200,
)
"""Values of other types, sizes and intentions than a place expects."""

TOKENS = (
    b"!!python/object/apply:os.system ['touch executed']",
    b"!!python/name:os.system",
    b"!!binary aGk=",
    b"!!set {a, b}",
    b"!mine ",
    b"&a ",
    b"*a",
    b"<<: *a\n",
    b"<<: [{a: 1}, 2]\n",
    b"\xff\xfe",
    b"\xc3",
    b"\x00",
    b"\xef\xbb\xbf",
    b"\r",
    b"\t",
    b"[" * 50,
    b"{" * 2000,
    b"- " * 100,
    b"? ",
    b"---\n",
    b"...\n",
    b"%YAML 1.1\n",
    b"|\n",
    b"&b [*b]",
    b"9" * 5000,
    b"0x" + b"f" * 9000,
    b"1e999",
    b"'",
    b'"\\x',
    b"#",
    b": ",
)
"""Bytes that mean something to those who read YAML or JSON."""


def nested(depth):
    """Return lists within each other."""
    value = []
    for _ in range(depth):
        value = [value]
    return value


def mutated(data, rng, times=None):
    """Return plain data of which one or a few values are replaced, dropped, renamed or moved."""
    data = copy.deepcopy(data)
    for _ in range(times or 1 + rng.geometric(0.6)):
        places = list(_places(data))
        if places:
            _mutate(*places[rng.integers(len(places))], rng)
    return data


def _places(data):
    """Yield each container with a key of it."""
    keys = data.keys() if isinstance(data, dict) else range(len(data))
    for key in list(keys):
        yield data, key
        if isinstance(data[key], (dict, list)):
            yield from _places(data[key])


def _mutate(container, key, rng):
    kind = rng.integers(8)
    if kind < 4:
        odd = rng.integers(len(ODD_VALUES) + 1)
        container[key] = copy.deepcopy(ODD_VALUES[odd]) if odd < len(ODD_VALUES) else nested(40)
    elif kind == 4:
        del container[key]
    elif kind == 5:
        container[key] = [container[key]] if rng.integers(2) else {"value": container[key]}
    elif kind == 6 and isinstance(container, dict):
        container[f"{key}_" if rng.integers(2) else str(key)[:-1]] = container.pop(key)
    elif isinstance(container[key], (int, float)) and not isinstance(container[key], bool):
        container[key] = str(container[key]) if rng.integers(2) else -container[key]
    else:
        container[key] = str(container[key])


def mutated_bytes(content, rng):
    """Return bytes of which bits flip, parts are gone or twice there, or tokens are put in."""
    changed, kind = bytearray(content), rng.integers(6)
    start = int(rng.integers(max(len(changed), 1)))
    end = start + int(rng.geometric(0.05))
    if kind == 0:
        for _ in range(rng.geometric(0.3)):
            changed[rng.integers(len(changed))] ^= 1 << rng.integers(8)
    elif kind == 1:
        del changed[start:end]
    elif kind == 2:
        del changed[start:]
    elif kind == 3:
        changed[start:start] = changed[start:end]
    else:
        changed[start:start] = TOKENS[rng.integers(len(TOKENS))]
    return bytes(changed)
