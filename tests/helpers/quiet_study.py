"""A study in which nothing is learned, so that its cells take no time; and results made up."""

from deviator.plain_yaml import read_yaml
from deviator.studies.spec.study import StudySpec

QUIET = """
name: quiet
seeds: [0]
held_out: 100
learner: none
economies:
  groups: {family: two-groups, n_traders: 4, alpha: 1.0, beta: 0.7, slope: 1.0}
  private: {family: private-values, n_traders: 4, alpha: 1.0, slope: 2.0}
cells:
  - {mechanism: sigma-dcda, sigma: 1.0, economy: groups}
  - {mechanism: uniform-conditional, economy: groups}
  - {mechanism: naive-walrasian, economy: private}
"""


def quiet(**changes):
    return StudySpec.model_validate(read_yaml(QUIET).values | changes)


def made_up(cell, gain=0.5):
    """Return what a store keeps for a cell, with nothing computed."""
    return {"key": cell.key, "best_gain": gain}
