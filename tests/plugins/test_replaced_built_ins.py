"""Deviator as it stands is nobody else's work, whatever of it is imported."""

import pkgutil
from importlib import import_module

import pytest

import deviator
from deviator.errors import PluginLoadError
from deviator.mechanisms import SigmaDCDA
from deviator.plugins.replaced_built_ins import check_built_ins


def _import_everything():
    for module in pkgutil.walk_packages(deviator.__path__, "deviator."):
        if ".plugins.examples" not in module.name and not module.name.endswith("__main__"):
            import_module(module.name)


def test_nothing_of_deviator_counts_as_replaced():
    _import_everything()
    check_built_ins()


def test_a_replaced_method_is_named(monkeypatch):
    monkeypatch.setattr(SigmaDCDA, "clear", lambda self, bids: None)
    with pytest.raises(PluginLoadError, match=r"SigmaDCDA\.clear was replaced; derive a class"):
        check_built_ins()
