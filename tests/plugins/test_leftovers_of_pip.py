"""What an interrupted update leaves behind counts for nothing, and harms no command."""

import importlib.metadata
import sys

import pytest
from helpers import distributions

from deviator.plugins import find_plugin, list_plugins
from deviator.plugins.distributions import version_of
from deviator.plugins.provenance import provenance

POINTS = "[deviator.mechanisms]\nsigma-dcda = acme_left:Auction\nleft-over = acme_left:Auction\n"
NAMED = "Metadata-Version: 2.1\nName: {}\nVersion: {}\n"


def leave(folder, name, metadata):
    """Write a folder of metadata as pip leaves it behind."""
    info = folder / name
    info.mkdir(parents=True)
    (info / "entry_points.txt").write_text(POINTS)
    if metadata is not None:
        (info / "METADATA").write_text(metadata)


@pytest.mark.parametrize(
    ("name", "metadata"),
    [
        ("~eviator-0.0.9.dist-info", None),
        ("~eviator-0.0.9.dist-info", NAMED.format("deviator", "0.0.9")),
        ("deviator-0.0.9.dist-info", "Metadata-Version: 2.1\n"),
        ("acme-1.dist-info", "Metadata-Version: 2.1\nName: acme\n"),
        ("broken.egg-info", "Metadata-Version: 2.1\n"),
        ("~cme-1.dist-info", NAMED.format("acme", "1")),
    ],
)
def test_leftovers_register_nothing(tmp_path, monkeypatch, name, metadata):
    before = list_plugins()
    leave(tmp_path, name, metadata)
    monkeypatch.syspath_prepend(tmp_path)
    assert list_plugins() == before
    assert find_plugin("mechanism", "sigma-dcda").version == version_of("deviator")


def test_finders_that_raise_for_missing_lines_end_nothing(tmp_path, monkeypatch):
    # The backport adds its own finder, whose metadata raise where others return None.
    pytest.importorskip("importlib_metadata")
    before = list_plugins()
    leave(tmp_path, "acme-1.dist-info", "Metadata-Version: 2.1\nVersion: 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert list_plugins() == before


def test_of_two_copies_the_first_on_the_path_counts(tmp_path, monkeypatch):
    versions = ("1.2", "1.10", "0.3")
    for folder, version in zip(("a", "a", "b"), versions, strict=True):
        points = f"[deviator.mechanisms]\nof-{version} = acme_left:Auction\n"
        modules = {"acme_left": distributions.AUCTION}
        distributions.install(tmp_path / folder, "acme", version, points, modules)
    for folder in ("b", "a"):
        monkeypatch.syspath_prepend(tmp_path / folder)
    acme = [spec for spec in list_plugins("mechanism") if spec.provider == "acme"]
    assert [(spec.name, spec.version) for spec in acme] == [("of-1.10", "1.10")]


def test_an_owner_of_a_shared_module_is_the_same_each_time(tmp_path, monkeypatch):
    for name in ("zeta", "acme", "mid"):
        distributions.install(tmp_path, name, "1", "", {})
        (tmp_path / f"{name}-1.dist-info" / "top_level.txt").write_text("shared_space\n")
    leave(tmp_path, "~aaa-1.dist-info", None)
    monkeypatch.syspath_prepend(tmp_path)
    thing = type("Thing", (), {"__module__": "shared_space.rules"})()
    assert provenance(thing) == {"name": "Thing", "provider": "acme", "version": "1"}
    assert "shared_space" not in sys.modules
    assert importlib.metadata.version("acme") == "1"
