"""A study small enough for tests, as text and as a specification."""

from deviator.plain_yaml import read_yaml
from deviator.studies.spec.study import StudySpec

TINY = """
name: tiny
seeds: [0, 1]
steps: 6000
held_out: 1000
quick: {steps_share: 0.5, held_out: 500}
learner: {name: ppo, settings: {markets: 256, batch_size: 256, points: 4}}
economies:
  groups: {family: two-groups, n_traders: 4, alpha: 1.0, beta: 0.7, slope: 1.0}
  private: {family: private-values, n_traders: 4, alpha: 1.0, slope: 2.0}
  beliefs: {beliefs: two-groups, n_traders: 4, rho: 0.4, noise: 0.5, slope: 1.0}
cells:
  - {mechanism: sigma-dcda, sigma: sigma-n, economy: groups}
  - {mechanism: uniform-conditional, economy: groups}
  - {mechanism: uniform-double-auction, economy: private, information: own}
  - mechanism: uniform-double-auction
    strategy: linear-bayes
    economy: beliefs
    information: own
    control: {mechanism: uniform-double-auction, economy: private}
"""


def tiny(**changes):
    return StudySpec.model_validate(read_yaml(TINY).values | changes)
