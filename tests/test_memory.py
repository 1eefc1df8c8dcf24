"""How much memory there is, and what needs more."""

from types import SimpleNamespace

import psutil
import pytest

from deviator import economies, memory
from deviator.errors import RefusedError


def test_what_is_available_is_part_of_what_the_machine_has():
    assert 0 < memory.available_memory() <= psutil.virtual_memory().total


@pytest.mark.parametrize(
    ("machine", "container", "least"),
    [(2**30, None, 2**30), (2**30, 2**28, 2**28), (None, 2**28, 2**28), (None, None, None)],
)
def test_the_tighter_of_two_limits_counts(monkeypatch, tmp_path, machine, container, least):
    def asked():
        if machine is None:
            raise OSError("too many open files")
        return SimpleNamespace(available=machine)

    monkeypatch.setattr(psutil, "virtual_memory", asked)
    if container is not None:
        (tmp_path / "memory.max").write_text(str(container + 2**20))
        (tmp_path / "memory.current").write_text(str(3 * 2**20))
        (tmp_path / "memory.stat").write_text(f"anon 7\ninactive_file {2 * 2**20}\n")
    assert memory.available_memory(tmp_path) == least
    monkeypatch.setattr(memory, "available_memory", lambda: least)
    memory.require_memory(2**27, "a little")
    if least is None:
        memory.require_memory(1e18, "where nobody knows, nothing is refused,")
        return
    with pytest.raises(
        RefusedError, match=r"it needs 2 GiB .* and (1|0\.25) GiB are available; go"
    ):
        memory.require_memory(2**31, "it", "go home")


@pytest.mark.parametrize(
    "build",
    [
        economies.private_values,
        economies.fundamental_value,
        economies.two_groups,
        economies.heterogeneous,
        economies.tight,
        economies.saturating,
        economies.varying_effects,
        economies.NormalTypes.independent,
        economies.NormalTypes.exchangeable,
        economies.UniformBox.common,
    ],
)
def test_economies_and_laws_that_there_is_no_memory_for_are_not_begun(build):
    with pytest.raises(RefusedError, match=r"10000000 traders .* GiB are available; build a fact"):
        build(10**7)
