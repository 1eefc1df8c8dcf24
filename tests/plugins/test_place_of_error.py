"""What a plugin breaks by is told with the line of its file, not that of a library it calls."""

import json

import pytest

from deviator.plugins.place_of_error import place_of, with_place

RULE = """from dataclasses import dataclass

import numpy as np

from deviator.mechanisms import Mechanism, ScheduleLanguage


@dataclass(frozen=True)
class Broken(Mechanism):
    name = "broken"
    language = ScheduleLanguage()

    def clear(self, bids):
        return self._price(bids.level)

    def _price(self, level):
        return np.broadcast_to(level, (1, 2, 3))
"""
LINE = 1 + RULE.splitlines().index("        return np.broadcast_to(level, (1, 2, 3))")


@pytest.mark.parametrize(
    "command",
    [
        "check {file} --only check_market_clears",
        "audit {file}:broken --economy private-values -s n_traders=3 --held-out 100 --out {out}",
    ],
)
def test_commands_name_the_line(tmp_path, run_command, capsys, command):
    (tmp_path / "broken.py").write_text(RULE)
    run_command(*command.format(file=tmp_path / "broken.py", out=tmp_path / "out").split())
    told = capsys.readouterr()
    said = " ".join((told.out + told.err).split())
    assert "ValueError" in said
    assert f"(broken.py, line {LINE})" in said


def test_errors_that_no_plugin_raised_have_no_place():
    with pytest.raises(json.JSONDecodeError) as caught:
        json.loads("{")
    error = caught.value
    error.__traceback__ = error.__traceback__.tb_next
    assert place_of(error) == ""
    assert with_place("text", error) == "text"
