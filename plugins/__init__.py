"""Plugins by name."""

from .registry import PluginSpec, build, find_plugin, list_plugins, make, takes_economy

__all__ = ["PluginSpec", "build", "find_plugin", "list_plugins", "make", "takes_economy"]
