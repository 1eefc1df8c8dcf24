"""Old names warn at the caller's line, work, and end when they were said to."""

import types
import warnings

import pytest
from packaging.version import Version

import deviator
from deviator.deprecation import MOVED, Moved, moved_name, renamed_setting
from deviator.errors import InvalidInputError
from deviator.first_use import imported_when_used

GRID = Moved("deviator.evidence.type_grid_regret", since="0.2.0", removed="0.4.0")


def ended(moved, version):
    """Return the old names that a version must no longer have."""
    return [old for old, now in moved.items() if Version(now.removed) <= Version(version)]


def test_a_moved_name_warns_and_works():
    package = types.ModuleType("deviator.policies")
    package.__getattr__ = imported_when_used(
        "deviator.policies", {}, {"deviator.policies.type_grid_regret": GRID}
    )
    with pytest.warns(DeprecationWarning, match=r"is deviator\.evidence\.type_grid") as told:
        found = package.type_grid_regret
    assert found is deviator.evidence.type_grid_regret
    assert told[0].filename == __file__
    assert "ends with deviator 0.4.0" in str(told[0].message)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = package.nothing


def test_the_package_itself_finds_moved_names(monkeypatch):
    monkeypatch.setattr(deviator, "MOVED", {"deviator.type_grid_regret": GRID})
    with pytest.warns(DeprecationWarning, match="since deviator 0.2.0") as told:
        assert deviator.type_grid_regret is deviator.evidence.type_grid_regret
    assert told[0].filename == __file__


def test_a_renamed_setting_warns_and_works():
    @renamed_setting("n", "n_traders", since="0.2.0", removed="0.4.0")
    def size(*, n_traders):
        return n_traders

    with pytest.warns(DeprecationWarning, match=r"n= is n_traders= since deviator 0\.2") as told:
        assert size(n=3) == 3
    assert told[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert size(n_traders=3) == 3
    with pytest.raises(InvalidInputError, match="give n_traders alone"):
        size(n=3, n_traders=3)


def test_old_names_still_work_and_none_outlives_its_end():
    assert not ended(MOVED, deviator.__version__)
    for old, moved in MOVED.items():
        with pytest.warns(DeprecationWarning, match=old):
            assert moved_name(old, moved) is not None
        assert Version(moved.since) <= Version(deviator.__version__)


def test_a_name_past_its_end_is_caught():
    assert ended({"deviator.old": GRID}, "0.4.0") == ["deviator.old"]
    assert not ended({"deviator.old": GRID}, "0.3.9")
