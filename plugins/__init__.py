"""Plugins by name, and the checks that every plugin passes."""

from .registry import build, find_plugin, list_plugins, make, qualified, takes_economy
from .single_file import plugins_of_file
from .spec import Kind, PluginSpec

__all__ = [
    "Kind",
    "PluginSpec",
    "build",
    "find_plugin",
    "list_plugins",
    "make",
    "plugins_of_file",
    "qualified",
    "takes_economy",
]
