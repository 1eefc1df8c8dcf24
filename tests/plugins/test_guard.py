"""The guard: what sleeps for ever meets its limit, and what it takes to start does not."""

import time

import pytest

from deviator.plugins.guard import Guard, GuardError


def test_imports_do_not_count(tmp_path, monkeypatch):
    (tmp_path / "slow_to_import.py").write_text("import time\ntime.sleep(2.5)\n")
    monkeypatch.syspath_prepend(tmp_path)
    with Guard(2.0, preload=("slow_to_import",)) as guard:
        assert guard.run(len, "abc") == 3


def test_a_process_that_sleeps_is_replaced():
    with Guard(2.0) as guard:
        with pytest.raises(GuardError, match="it must end within 2 s, and did not"):
            guard.run(time.sleep, 3600)
        assert guard.run(len, "abc") == 3
