"""Training one deviator."""

import pytest

from deviator.errors import ResultsError, UnknownNameError
from deviator.learners.ppo import PPOLearner
from deviator.studies.spec.study import MarketSpec
from deviator.studies.training import evaluate, train


def market_spec(**changes):
    data = {
        "mechanism": "naive-walrasian",
        "economy": {"family": "private-values", "n_traders": 4, "alpha": 1.0, "slope": 2.0},
    }
    return MarketSpec.model_validate(data | changes)


def test_training_one_deviator(tmp_path):
    points = []
    learner = PPOLearner(markets=256, batch_size=256, points=5)
    report = train(
        market_spec(),
        learner,
        20_000,
        0,
        out=tmp_path / "deep" / "policy",
        live=lambda point, exact: points.append((point, exact)),
    )
    assert report.share > 0.95
    assert report.untrained_gain < 0 < report.learned_gain <= report.exact_gain
    assert len(points) >= 5
    assert points[-1][0].steps >= 20_000
    again = evaluate(tmp_path / "deep" / "policy")
    assert again.learned_gain == pytest.approx(report.learned_gain, rel=1e-9)
    path = tmp_path / "deep" / "policy.json"
    path.write_text(path.read_text().replace("naive-walrasian", "naive"))
    with pytest.raises(UnknownNameError):
        evaluate(tmp_path / "deep" / "policy")
    path.write_text(path.read_text().replace('"mechanism"', '"mecanism"'))
    with pytest.raises(ResultsError, match="describe the market"):
        evaluate(tmp_path / "deep" / "policy")
