"""The market that a saved policy says it was trained in: read, and checked before anything runs."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from deviator.errors import DeviatorError, ResultsError
from deviator.plugins import find_plugin, plugins_of_file
from deviator.policies.policy_files import check_untouched, policy_stem, read_description
from deviator.trust import is_third_party

from .spec.market import MarketSpec
from .spec.messages import mistakes_of

Plugins = Sequence[Mapping[str, str]]
"""What took part in a training: kind, name, provider, version, and a digest of a package's code."""


class SavedMarket(NamedTuple):
    """A saved policy's market, and what has changed since its training, a sentence each."""

    spec: MarketSpec
    changes: list[str]


def saved_market(path: Path | str, files: Sequence[str] = ()) -> SavedMarket:
    """Return the market of a saved policy, whose plugins may lie in these files.

    Nothing is imported, and a file that only the policy names is refused: to use it is to run it.

    Raises
    ------
    ResultsError
        If the policy is damaged, or names a file that is not among these.
    """
    stem = policy_stem(path)
    description = read_description(stem)
    market = description.get("market")
    try:
        stated = MarketSpec.model_validate(market)
    except ValidationError as error:
        raise ResultsError(
            f"{stem}.json must describe the market of the policy, and does not "
            f"({mistakes_of(error, market, MarketSpec)[0].sentence}); train one anew"
        ) from None
    trained_with = plugins_stated(description.get("plugins"))
    spec = stated.with_plugins(tuple(files))
    _check_named(stem, spec, files, trained_with)
    now = [*spec.plugins(), *_in_files(files, trained_with, spec)]
    check_untouched(stem)
    changes = changes_since(trained_with, now)
    return SavedMarket(spec, [f"since the training {each}" for each in changes])


def changes_since(before: Plugins, now: Plugins) -> list[str]:
    """Return what differs between the plugins of two times, of each kind, a sentence each.

    Examples
    --------
    >>> then = {"kind": "mechanism", "name": "mine", "provider": "mine.py", "version": "a1"}
    >>> changes_since([then], [then | {"version": "b2"}])
    ["mechanism 'mine' has changed: it was mine.py a1, and is mine.py b2"]
    """
    known = {(each["kind"], each["name"]): each for each in before}
    changes = []
    for each in now:
        was = known.get((each["kind"], each["name"]))
        title = f"{each['kind']} {each['name']!r}"
        if was is None and is_third_party(each):
            changes.append(f"{title} of {_state(each)} may have changed: no digest of it was kept")
        elif was is not None and dict(was) != dict(each):
            changes.append(f"{title} has changed: it was {_state(was)}, and is {_state(each)}")
    return changes


def _in_files(
    files: Sequence[str], trained_with: Plugins, spec: MarketSpec
) -> Iterator[dict[str, str]]:
    """Yield what took part in the training beside the market, as it is in these files."""
    of_market = {kind for kind, _ in spec.named()}
    known = {(each["kind"], each["name"]) for each in trained_with}
    for each in (plugin for file in files for plugin in plugins_of_file(file)):
        if (each.kind, each.name) in known and each.kind not in of_market:
            yield each.describe()


def _state(plugin: Mapping[str, str]) -> str:
    """Return provider, version and the digest of its code, as far as they are known."""
    parts = [plugin.get("provider"), plugin.get("version"), plugin.get("code")]
    return " ".join(part for part in parts if part)


def plugins_stated(stated: Any) -> list[dict[str, str]]:
    """Return what a file says took part in a training, as far as it can be read."""
    return [
        each
        for each in (stated if isinstance(stated, list) else [])
        if isinstance(each, dict)
        and {"kind", "name", "provider", "version"} <= each.keys()
        and all(isinstance(value, str) for value in each.values())
    ]


def _check_named(stem: Path, spec: MarketSpec, files: Sequence[str], trained_with: Plugins) -> None:
    """Refuse a policy that names a plugin file which its user does not: the file would be run."""
    known = {Path(file).resolve() for file in files}
    for file in spec.plugin_files():
        if Path(file).resolve() not in known:
            raise ResultsError(
                f"{stem}.json must name no plugin file that you do not, and names {file}; run "
                f"`deviator evaluate {stem} --plugin {file}` if you trust it"
                f"{_known_of(file, spec, trained_with)}"
            )


def _known_of(file: str, spec: MarketSpec, trained_with: Plugins) -> str:
    """Return what is known of a file that is not run, from its bytes."""
    if not Path(file).is_file():
        return "; there is no such file here, it was moved, or comes from elsewhere"
    try:
        changes = changes_since(trained_with, list(_of_file(file, spec)))
    except DeviatorError as error:
        return f"; it cannot be read as it is now: {error}"
    if changes:
        return f"; since the training {' and '.join(changes)}"
    return "; its digest is the one that the policy states, so it was not edited since"


def _of_file(file: str, spec: MarketSpec) -> Iterator[dict[str, str]]:
    """Yield what the market names in a file, described without importing it."""
    for kind, name in spec.named():
        if name.startswith(f"{file}:"):
            yield find_plugin(kind, name).describe()
