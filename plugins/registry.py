"""From names to plugins: entry points of installed packages, or single files, imported on use.

Built-in plugins are registered through the same groups as third-party ones, and keep their names:
a third-party plugin of the same name is called by its qualified name, ``provider:name``. A plugin
in a single file is called ``path/to/file.py:name``.
"""

from collections.abc import Iterable
from importlib.metadata import Distribution, EntryPoint
from inspect import signature
from pathlib import Path
from typing import Any, get_args

from packaging.requirements import InvalidRequirement, Requirement

from deviator.errors import InvalidInputError, PluginLoadError, UnknownNameError, one_of
from deviator.trust import OWN, is_third_party
from deviator.validation import given

from .distributions import registered, version_of
from .looked_up_once import once
from .provenance import provenance
from .single_file import plugins_of_file
from .spec import BASES, Kind, PluginSpec

USUAL_TRADERS = 10
"""How many traders an economy has that is named without saying so."""


def list_plugins(kind: str | None = None) -> list[PluginSpec]:
    """Return all registered plugins of a kind, or of every kind, by name.

    Reads the metadata of installed packages and imports nothing; a plugin that cannot be used says
    why in `PluginSpec.problem`, as far as metadata show.

    Examples
    --------
    >>> [plugin.name for plugin in list_plugins("learner") if plugin.provider == "deviator"]
    ['cma-es', 'ensemble', 'evolution', 'gradient', 'ppo', 'recurrent-ppo', 'sac', 'td3']
    """
    kinds = list(get_args(Kind)) if kind is None else [checked_kind(kind)]
    return [spec for one in kinds for spec in _registered(one)]


def find_plugin(kind: Kind, name: str) -> PluginSpec:
    """Return the plugin of that name.

    Parameters
    ----------
    kind : {"mechanism", "economy", "policy", "learner", "rung"}
    name : str
        A name; ``provider:name`` where several plugins share it, or it is in a single file.

    Raises
    ------
    UnknownNameError
        If no plugin has that name; the nearest names are suggested.
    PluginLoadError
        If several packages claim the name, or the file is unusable.
    InvalidInputError
        If the name is that of a file alone.
    """
    provider, _, plain = name.rpartition(":")
    in_file = provider.endswith(".py")
    # Building specs of all registered plugins is slow, and most of them have other names.
    named = plugins_of_file(provider) if in_file else _registered(kind, plain)
    matches = [
        spec
        for spec in named
        if (spec.kind, spec.name) == (kind, plain) and _provides(spec, provider)
    ]
    if not matches:
        _check_no_file(kind, plain)
        known = named if in_file else list_plugins(kind)
        names = {spec.name for spec in known if spec.kind == kind}
        raise UnknownNameError(kind, plain, names, "" if in_file else elsewhere(plain))
    own = [spec for spec in matches if spec.provider == OWN]
    if len(matches) > 1 and not own:
        owners = " and ".join(spec.provider for spec in matches)
        raise PluginLoadError(
            f"{kind} {name!r} is claimed by {owners}; say {matches[0].qualified!r} to mean one"
        )
    return (own or matches)[0]


def build(kind: Kind, name: str, parameters: dict[str, Any]) -> Any:
    """Return the plugin of that name, called with its parameters.

    Raises
    ------
    UnknownNameError, PluginLoadError
        As in `find_plugin`, or if the plugin is broken.
    InvalidInputError
        If the parameters do not fit.
    """
    return find_plugin(kind, name).build(parameters)


def elsewhere(name: str) -> str:
    """Return where a plugin comes from that no installed package registers."""
    return f"one in a file is FILE.py:{name}, and one in a package has to be installed"


def make(name: str, *unnamed: Any, **parameters: Any) -> Any:
    """Return a mechanism by name; direct ones take ``economy=``.

    Parameters
    ----------
    name : str
        As `deviator list` shows it, or ``my_auction.py:my-auction``.
    *unnamed
        Refused: settings are passed by name.
    **parameters
        The mechanism's settings.

    Raises
    ------
    UnknownNameError, PluginLoadError, InvalidInputError
        As in `build`.

    Examples
    --------
    >>> make("sigma-dcda", sigma=0.4).sigma
    0.4
    """
    if not isinstance(name, str):
        raise InvalidInputError(
            f"name must be a mechanism's name, got {given(name)}; write make('sigma-dcda'), say, "
            "and use classes and mechanisms themselves without make"
        )
    if unnamed:
        settings = list(signature(find_plugin("mechanism", name).load()).parameters)
        way_out = f"name what you set, of {', '.join(settings)}" if settings else "leave it out"
        raise InvalidInputError(
            f"settings of {name} must go by name, got {given(unnamed[0])} without one; {way_out}"
        )
    return build("mechanism", name, parameters)


def qualified(kind: Kind, name: str, files: tuple[str, ...]) -> str:
    """Return a plugin's name, with the file that defines it where one of the given files does.

    Built-ins keep their names: a file's plugin of a built-in's name is called ``file.py:name``.

    Raises
    ------
    PluginLoadError
        If a file is unusable, or the name has several owners.
    """
    provider, _, plain = name.rpartition(":")
    if provider.endswith(".py"):
        return f"{meant_file(provider, files) or provider}:{plain}"
    if provider:
        return plain if provider == OWN else name
    matches = [
        spec
        for file in files
        for spec in plugins_of_file(file)
        if (spec.kind, spec.name) == (kind, name)
    ]
    if not matches or is_built_in(kind, name):
        return name
    if len(matches) > 1:
        owners = " and ".join(spec.provider for spec in matches)
        raise PluginLoadError(
            f"{kind} {name!r} is defined twice, in {owners}; rename one, or say file.py:{name}"
        )
    rivals = [spec.provider for spec in _registered(kind, name)]
    if rivals:
        raise PluginLoadError(
            f"{kind} {name!r} is claimed by {' and '.join([*rivals, matches[0].provider])}; say "
            f"{rivals[0]}:{name} or {Path(matches[0].provider).name}:{name} to mean one"
        )
    return matches[0].qualified


def is_built_in(kind: Kind, name: str) -> bool:
    """Return whether a name without a provider is that of one of deviator's own plugins."""
    return any(spec.provider == OWN for spec in _registered(kind, name))


def meant_file(path: str, files: Iterable[str]) -> str | None:
    """Return which of the files that a user names is meant by a path; None if none is.

    The path may be another way to the file, or the end of its path.

    Examples
    --------
    >>> meant_file("rules.py", ("studies/rules.py", "studies/more.py"))
    'studies/rules.py'
    """
    known = {Path(file).resolve(): file for file in files}
    parts = Path(path).parts
    ends = [file for whole, file in known.items() if whole.parts[-len(parts) :] == parts]
    if len(ends) > 1 and Path(path).resolve() not in known:
        raise PluginLoadError(
            f"{path} may be {' or '.join(ends)}; write more of the path of the one that is meant"
        )
    return known.get(Path(path).resolve(), ends[0] if ends else None)


def shown_name(kind: Kind, name: str) -> str:
    """Return a plugin's name as reports show it: without the folder of the file it is in.

    Of a file's plugin only the name is left, unless a built-in has it.

    Examples
    --------
    >>> shown_name("mechanism", "folder/rules.py:my-auction")
    'my-auction'
    >>> shown_name("mechanism", "folder/rules.py:sigma-dcda")
    'rules.py:sigma-dcda'
    """
    provider, _, plain = name.rpartition(":")
    if provider in ("", OWN) or (provider.endswith(".py") and not is_built_in(kind, plain)):
        return plain
    return f"{Path(provider).name}:{plain}"


def owned_name(kind: Kind, thing: Any) -> str:
    """Return the name of a plugin's object, with its provider where a built-in has that name.

    Examples
    --------
    >>> from deviator.mechanisms import SigmaDCDA
    >>> owned_name("mechanism", SigmaDCDA(0.5))
    'sigma-dcda'
    """
    origin = provenance(thing)
    confusable = is_third_party(origin) and is_built_in(kind, thing.name)
    return f"{origin['provider']}:{thing.name}" if confusable else str(thing.name)


def takes_economy(mechanism: Any) -> bool:
    """Return whether a mechanism class is direct: its constructor asks for an economy."""
    return "economy" in signature(mechanism).parameters


def rival_providers(spec: PluginSpec, plugins: list[PluginSpec]) -> str:
    """Return the other providers of a plugin's name; empty for built-ins, which keep theirs."""
    rivals = [
        other.provider
        for other in plugins
        if (other.kind, other.name) == (spec.kind, spec.name) and other != spec
    ]
    return "" if spec.provider == OWN else " and ".join(rivals)


def checked_kind(kind: str) -> Kind:
    """Return a text as a kind of plugins; refuse any other."""
    if kind not in get_args(Kind):
        raise InvalidInputError(one_of("kind", kind, get_args(Kind)))
    known: Kind = kind  # type: ignore[assignment]
    return known


def _check_no_file(kind: Kind, name: str) -> None:
    """Refuse a file where one of its plugins is meant."""
    if name.endswith(".py"):
        defined = [spec.name for spec in plugins_of_file(name) if spec.kind == kind]
        way_out = f"say {name}:{defined[0]}" if defined else "it defines none"
        raise InvalidInputError(f"{kind} must be one of a file's, got {name} alone; {way_out}")


def _provides(spec: PluginSpec, provider: str) -> bool:
    if provider.endswith(".py"):
        return spec.provider == str(Path(provider).resolve())
    return provider in ("", spec.provider)


def _registered(kind: Kind, name: str | None = None) -> list[PluginSpec]:
    """Return the plugins of a kind, or those of one name, that installed packages register."""
    return once(("registered", kind, name), lambda: _read_registered(kind, name))


def _read_registered(kind: Kind, name: str | None) -> list[PluginSpec]:
    group = BASES[kind][0]
    found = once(("points", group), lambda: list(registered(group)))
    specs = {_spec(kind, *each) for each in found if name in (None, each[0].name)}
    return sorted(specs, key=lambda spec: (spec.name, spec.provider, spec.target))


def _spec(kind: str, point: EntryPoint, distribution: Distribution) -> PluginSpec:
    return PluginSpec(
        kind,
        point.name,
        point.value,
        distribution.name,
        distribution.version,
        _incompatibility(distribution),
    )


def _incompatibility(distribution: Distribution) -> str:
    """Return why a distribution does not fit this version of deviator, by its metadata."""
    for text in distribution.requires or []:
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            continue
        if requirement.name != OWN or requirement.marker is not None:
            continue
        own = version_of(OWN)
        if not requirement.specifier.contains(own, prereleases=True):
            return (
                f"it requires {text}, and this is deviator {own}; "
                "install versions that fit each other"
            )
    return ""
