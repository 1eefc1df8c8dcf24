"""What users import from the families' front doors, and that it stays light."""

import subprocess
import sys

import pytest

import deviator.envs
import deviator.learners
from deviator.plugins import list_plugins


@pytest.mark.parametrize("family", [deviator.envs, deviator.learners])
def test_every_public_name_is_there(family):
    assert set(family.__all__) == set(dir(family))
    assert len(set(family.__all__)) == len(family.__all__)
    for name in family.__all__:
        assert getattr(family, name) is not None
    with pytest.raises(AttributeError, match="has no attribute 'PPOLerner'"):
        family.PPOLerner  # noqa: B018


def test_every_learner_is_at_the_front_door():
    own = [spec for spec in list_plugins("learner") if spec.provider == "deviator"]
    doors = {getattr(deviator.learners, name) for name in deviator.learners.__all__}
    assert len(own) >= 8
    assert {spec.load() for spec in own} <= doors


def test_the_front_doors_import_no_torch():
    code = (
        "import sys, deviator.envs, deviator.learners;"
        "dir(deviator.envs), dir(deviator.learners);"
        "assert not {'torch', 'stable_baselines3'} & set(sys.modules);"
        "deviator.learners.EvolutionLearner;"
        "assert 'stable_baselines3' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
