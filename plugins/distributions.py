"""Installed distributions that register plugins; what pip left behind of others does not count.

Where an update of a package is interrupted, pip leaves a folder ``~ame-1.0.dist-info``, or metadata
without a name. A folder that was copied onto the path brings a second set of a package's metadata.
"""

from collections.abc import Iterator
from importlib.metadata import Distribution, EntryPoint, distributions

from packaging.version import InvalidVersion, Version

POINTS = "entry_points.txt"
METADATA = ("METADATA", "PKG-INFO")
"""Files of metadata: of wheels, and of packages that setuptools installed by itself."""


def registered(group: str) -> Iterator[tuple[EntryPoint, Distribution]]:
    """Yield the entry points of a group with their distributions, each name's first on the path."""
    found = (each for each in distributions() if f"[{group}]" in (each.read_text(POINTS) or ""))
    for name in sorted({each.name for each in found if is_sound(each)}):
        distribution = first_of(name)
        if distribution is not None:
            points = distribution.entry_points.select(group=group)
            yield from ((point, distribution) for point in points)


def version_of(name: str) -> str:
    """Return the version of the distribution that Python finds first; empty if there is none."""
    distribution = first_of(name)
    return "" if distribution is None else distribution.version


def provider_of(module: str) -> str:
    """Return the distribution that installed a top-level module; the module's name if none did.

    Where several did, as with a namespace package, it is the first by name.
    """
    return min((each.name for each in distributions() if module in _modules(each)), default=module)


def first_of(name: str) -> Distribution | None:
    """Return the distribution of a name that Python finds first, the newest of one folder."""
    sound = [each for each in distributions(name=name) if is_sound(each)]
    place = str(sound[0].locate_file("")) if sound else ""
    beside = [each for each in sound if str(each.locate_file("")) == place]
    return max(beside, key=_age, default=None)


def is_sound(distribution: Distribution) -> bool:
    """Return whether a distribution's metadata state a name and a version."""
    # Where there are none, some versions of Python return None and others raise.
    if not any(distribution.read_text(file) for file in METADATA):
        return False
    stated = distribution.metadata
    # Some finders raise where there is no such line, others return None.
    return all(name in stated and stated[name] for name in ("Name", "Version"))


def _modules(distribution: Distribution) -> set[str]:
    """Return the top-level modules that a distribution says it installed; none of a leftover."""
    if not is_sound(distribution):
        return set()
    stated = (distribution.read_text("top_level.txt") or "").split()
    files = [file for file in distribution.files or [] if file.suffix == ".py"]
    return set(stated or (file.parts[0].removesuffix(".py") for file in files))


def _age(distribution: Distribution) -> tuple[Version, str]:
    try:
        return Version(distribution.version), distribution.version
    except InvalidVersion:
        return Version("0"), distribution.version
