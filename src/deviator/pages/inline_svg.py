"""A drawing of matplotlib as a part of a page: no more bytes than what it shows needs.

Names that nothing refers to, metadata, white grounds and points on straight lines go; what a page
may hold twice is called by a prefix, so that drawings do not meet.
"""

import re
from collections.abc import Iterator, Mapping
from html import escape
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

LEFT_OUT = ("metadata", "style", "title", "desc")
"""Elements that say nothing in a page; rules of style would hold for all of it."""

GROUND = "fill: #ffffff"
"""The style of what only hides the page."""

KEPT = frozenset(
    [
        "d",
        "x",
        "y",
        "x1",
        "x2",
        "y1",
        "y2",
        "r",
        "cx",
        "cy",
        "width",
        "height",
        "transform",
        "points",
        "style",
        "clip-path",
        "href",
        "opacity",
        "preserveAspectRatio",
    ]
)
"""Attributes that draw something; no other is passed on."""

NUMBER = re.compile(r"-?\d+\.\d+(?:e-?\d+)?")

POINT = re.compile(r"([ML]) (\S+) (\S+)\s*")

REFERENCE = re.compile(r"#([\w.-]+)")

SHIFT = re.compile(r"translate\((\S+) (\S+)\)")

Step = tuple[str, str, str]
"""A command of a path with its point: M or L, x, y."""

MOST_WAITING = 64
"""Points that one line may replace."""

TOLERANCE = 0.03
"""How far a point that is left out may lie from the line through its neighbours, in points."""


def inline_svg(svg: bytes, prefix: str) -> str:
    """Return a drawing as an element ``svg`` of a page; what it shows is told beside it.

    Parameters
    ----------
    svg : bytes
        A file that `deviator.studies.figures` drew.
    prefix : str
        What names inside begin with.
    """
    root = ElementTree.fromstring(svg)
    used = dict.fromkeys(name for each in root.iter() for name in _references(each))
    names = {name: f"{prefix}{place}" for place, name in enumerate(used)}
    box = root.get("viewBox", "")
    inner = "".join(_written(child, names) for child in root)
    return f'<svg viewBox="{escape(box)}" aria-hidden="true">{inner}</svg>'


def _references(element: Element) -> Iterator[str]:
    for name, value in element.attrib.items():
        if _local(name) in ("href", "clip-path") and not value.startswith("data:"):
            yield from REFERENCE.findall(value)


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def _written(element: Element, names: Mapping[str, str]) -> str:
    tag = _local(element.tag)
    if tag in LEFT_OUT or (element.get("style") == GROUND and not len(element)):
        return ""
    inner = "".join(_written(child, names) for child in element)
    if tag in ("g", "defs") and not inner:
        return ""
    known = names.get(element.get("id", ""))
    attributes = dict(_attributes(element, names))
    if tag == "g" and known is None and not attributes:
        return inner
    identity = f' id="{known}"' if known else ""
    stated = "".join(f' {name}="{escape(value)}"' for name, value in attributes.items())
    return f"<{tag}{identity}{stated}>{inner}</{tag}>" if inner else f"<{tag}{identity}{stated}/>"


def _attributes(element: Element, names: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for full, value in element.attrib.items():
        name = _local(full)
        if name not in KEPT:
            continue
        if name == "d":
            yield name, _path(value, digits=0 if "scale" in element.get("transform", "") else 1)
        elif name in ("href", "clip-path"):
            yield name, _renamed(value, names)
        elif name == "style":
            yield name, value.replace(": ", ":").replace("; ", ";")
        elif name == "transform" and (shift := SHIFT.fullmatch(value)) and _is_use(element):
            moved = zip("xy", shift.groups(), strict=True)
            yield from ((axis, _rounded(float(by), 1)) for axis, by in moved if float(by))
        elif name == "transform":
            yield name, NUMBER.sub(lambda found: f"{float(found[0]):.4g}", value)
        else:
            yield name, NUMBER.sub(lambda found: _rounded(float(found[0]), 1), value)


def _is_use(element: Element) -> bool:
    """Return whether an element repeats another where it is not placed already."""
    return _local(element.tag) == "use" and "x" not in element.attrib


def _renamed(value: str, names: Mapping[str, str]) -> str:
    if value.startswith("data:"):
        return "".join(value.split())
    return REFERENCE.sub(lambda found: f"#{names[found[1]]}", value)


def _path(path: str, digits: int) -> str:
    """Return a path in fewer digits, and without points on straight lines where it is straight."""
    steps = POINT.findall(path)
    if steps and len(steps) > 2 and not POINT.sub("", path).strip(" \nz"):
        path = " ".join(_straightened(steps)) + (
            "z" if "z" in path and path.count("M") == 1 else ""
        )
    short = NUMBER.sub(lambda found: _rounded(float(found[0]), digits), path)
    return re.sub(r"\s*([A-Za-z])\s*", r"\1", short).replace("\n", " ").strip()


def _straightened(steps: list[Step]) -> Iterator[str]:
    """Yield the steps of a path but for those on a line between the ones that stay."""
    waiting: list[Step] = []
    kept = steps[0]
    yield " ".join(kept)
    for step in steps[1:]:
        fits = step[0] == "L" and len(waiting) < MOST_WAITING
        if waiting and not (fits and all(_between(kept, each, step) for each in waiting)):
            kept, waiting = waiting[-1], []
            yield " ".join(kept)
        if step[0] == "M":
            kept = step
            yield " ".join(kept)
        else:
            waiting.append(step)
    yield from (" ".join(step) for step in waiting[-1:])


def _between(*steps: Step) -> bool:
    """Return whether the second of three points lies on the line from the first to the third."""
    (ax, ay), (bx, by), (cx, cy) = ((float(x), float(y)) for _, x, y in steps)
    apart = ((cx - ax) ** 2 + (cy - ay) ** 2) ** 0.5
    off = abs((bx - ax) * (cy - ay) - (by - ay) * (cx - ax))
    forward = (bx - ax) * (cx - bx) + (by - ay) * (cy - by) >= 0
    return apart > 0 and forward and off <= TOLERANCE * apart


def _rounded(value: float, digits: int) -> str:
    text = f"{value:.{digits}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text
