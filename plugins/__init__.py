"""Plugins by name, and the checks that every plugin passes."""

from deviator.trust import OWN, is_ours

from .looked_up_once import looked_up_once
from .provenance import provenance
from .registry import (
    build,
    find_plugin,
    list_plugins,
    make,
    meant_file,
    owned_name,
    qualified,
    shown_name,
    takes_economy,
)
from .single_file import plugins_of_file
from .spec import Kind, PluginSpec

__all__ = [
    "OWN",
    "Kind",
    "PluginSpec",
    "build",
    "find_plugin",
    "is_ours",
    "list_plugins",
    "looked_up_once",
    "make",
    "meant_file",
    "owned_name",
    "plugins_of_file",
    "provenance",
    "qualified",
    "shown_name",
    "takes_economy",
]
