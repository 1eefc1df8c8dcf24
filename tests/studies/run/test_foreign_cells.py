"""Cells of third-party plugins run only with the code that they are kept under."""

import pytest
from helpers.tiny_study import tiny

from deviator.errors import PluginLoadError
from deviator.studies.run.foreign_cells import run_foreign_cell

CELL = {"mechanism": "uniform-conditional", "economy": "groups"}


def test_a_plugin_that_was_edited_since_the_study_began_is_not_run(tmp_path):
    cell = tiny(learner="none", cells=[CELL], held_out=100).expand()[0]
    begun = cell.model_copy()
    begun.__dict__["plugins"] = [
        {"kind": "mechanism", "name": "mine", "provider": "mine.py", "version": "0123456789ab"}
    ]
    with pytest.raises(PluginLoadError, match="mine must stay as it was"):
        run_foreign_cell(begun, tmp_path)
