"""What can be chosen: names of plugins, and the settings that each takes."""

from collections.abc import Iterator, Mapping, Sequence
from inspect import Parameter, signature
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from deviator.errors import InvalidInputError
from deviator.plain_yaml import read_yaml
from deviator.plugins import Kind, find_plugin, list_plugins, plugins_of_file, qualified
from deviator.trust import OWN

GIVEN = ("economy", "n_traders", "name")
"""Settings that the page states itself, or that change no market."""

Form = Literal["number", "switch", "text"]


EXAMPLES: Mapping[str, str] = MappingProxyType(
    {
        "weights": "[[1, 0.2, 0], [0, 1, 0.2], [0.2, 0, 1]]",
        "slope": "1.0",
        "own": "[1, 1, 1, 1]",
        "loadings": "[[0.5], [0.5], [0.5], [0.5]]",
        "statistics": "[[0.25, 0.25, 0.25, 0.25]]",
    }
)
"""What a setting without a default starts with, by its name: economies of three or four traders."""

WHOLE = 3
"""What a whole number without a default starts with."""


class Setting(NamedTuple):
    """One setting of a mechanism or an economy.

    Attributes
    ----------
    name : str
    form : {"number", "switch", "text"}
        How it is asked for; a text is read as YAML.
    start : object
        What the page shows first; an empty text where the setting is left out.
    needed : bool
        Whether the market cannot be built without it.
    """

    name: str
    form: Form
    start: Any
    needed: bool = False


def names_of(kind: Kind, files: Sequence[str] = ()) -> list[str]:
    """Return the names of a kind's plugins, those of the files first; nothing is imported.

    Parameters
    ----------
    kind : str
    files : sequence of str
        Plugin files.

    Examples
    --------
    >>> names_of("mechanism")[:2]
    ['sigma-dcda', 'discrete-vcg']
    """
    of_files = [spec for file in files for spec in plugins_of_file(file) if spec.kind == kind]
    in_files = [qualified(kind, spec.name, tuple(files)) for spec in of_files]
    installed = list_plugins(kind)
    own = [spec.name for spec in installed if spec.provider == OWN]
    others = [spec.qualified for spec in installed if spec.provider != OWN]
    first = [name for name in ("sigma-dcda", "two-groups") if name in own]
    return list(dict.fromkeys([*in_files, *first, *own, *others]))


def settings_of_mechanism(name: str, files: Sequence[str] = ()) -> list[Setting]:
    """Return the settings of a mechanism; errors as in `find_plugin` and `PluginSpec.load`.

    Examples
    --------
    >>> settings_of_mechanism("entry-fee-vcg")
    [Setting(name='fee', form='number', start=0.0, needed=False)]
    """
    return list(_settings("mechanism", name, tuple(files)))


def settings_of_economy(name: str, files: Sequence[str] = ()) -> list[Setting]:
    """Return the settings of an economy but its number of traders; errors as before.

    Examples
    --------
    >>> [setting.name for setting in settings_of_economy("private-values")]
    ['alpha', 'slope']
    """
    return list(_settings("economy", name, tuple(files)))


def takes_traders(name: str, files: Sequence[str] = ()) -> bool:
    """Return whether an economy is asked for a number of traders.

    Examples
    --------
    >>> takes_traders("two-groups"), takes_traders("unit-demands")
    (True, False)
    """
    loaded = find_plugin("economy", qualified("economy", name, tuple(files))).load()
    return "n_traders" in signature(loaded).parameters


def stated(settings: Sequence[Setting], values: Sequence[Any]) -> dict[str, Any]:
    """Return what a person stated, without what stands at its default; texts are read as YAML.

    Raises
    ------
    InvalidInputError
        If a text is no YAML value.

    Examples
    --------
    >>> stated([Setting("beta", "text", "0.7")], ["[0.7, 0.2]"])
    {'beta': [0.7, 0.2]}
    >>> stated([Setting("slope", "number", 1.0)], [1.0])
    {}
    """
    pairs = zip(settings, values, strict=True)
    return {
        setting.name: _read(setting, value)
        for setting, value in pairs
        if setting.needed or value != setting.start
    }


def _read(setting: Setting, value: Any) -> Any:
    if setting.form == "number":
        return int(value) if isinstance(setting.start, int) else value
    if setting.form == "switch":
        return value
    try:
        return read_yaml(value).values
    except InvalidInputError:
        raise InvalidInputError(f"{setting.name} must be a YAML value, got {value!r}") from None


def _settings(kind: Kind, name: str, files: tuple[str, ...]) -> Iterator[Setting]:
    plugin = find_plugin(kind, qualified(kind, name, files)).load()
    for parameter in signature(plugin).parameters.values():
        variable = parameter.kind in (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)
        if parameter.name not in GIVEN and not variable:
            yield _setting(parameter)


def _setting(parameter: Parameter) -> Setting:
    name, default = parameter.name, parameter.default
    if default is parameter.empty:
        if parameter.annotation in (int, "int"):
            return Setting(name, "number", WHOLE, needed=True)
        return Setting(name, "text", EXAMPLES.get(name, ""), needed=True)
    if isinstance(default, bool):
        return Setting(name, "switch", default)
    if isinstance(default, int | float) and not _may_be_several(parameter):
        return Setting(name, "number", default)
    return Setting(name, "text", _as_text(default))


def _as_text(default: Any) -> str:
    """Return a default as YAML; one that is no plain data is left out."""
    if isinstance(default, tuple | list):
        return str(list(default))
    return str(default) if isinstance(default, str | int | float) else ""


def _may_be_several(parameter: Parameter) -> bool:
    """Return whether a setting may be a list of numbers too, by its annotation."""
    return "ArrayLike" in str(parameter.annotation) or "Sequence" in str(parameter.annotation)
