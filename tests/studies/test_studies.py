"""Study files, results on disk, resuming, reports, and the learner behind them."""

import errno
import json
import pickle
import re

import numpy as np
import pytest
from helpers.tiny_study import TINY

from deviator.economies import private_values, sigma_n, two_groups
from deviator.envs import deviation_core
from deviator.errors import InvalidInputError, ResultsError, UnknownNameError
from deviator.evidence import market
from deviator.learners.ppo import PPOLearner
from deviator.mechanisms import NaiveWalrasian, SigmaDCDA
from deviator.plain_yaml import read_yaml
from deviator.policies import load_policy
from deviator.studies import confirm, default_study, read_study
from deviator.studies.report.economy_labels import economy_labels
from deviator.studies.report.page import write_html
from deviator.studies.report.row import report_rows
from deviator.studies.report.table import COLUMNS, explanations, table_cells, verdict_table
from deviator.studies.run.executor import run_tasks
from deviator.studies.run.store import RunStore
from deviator.studies.spec.study import MarketSpec, StudySpec
from deviator.studies.training import evaluate, train


def tiny(**changes):
    return StudySpec.model_validate(read_yaml(TINY).values | changes)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "tiny"
    return confirm(tiny(), out=folder, workers=2)


def test_the_default_study_has_the_promised_cells():
    cells = read_study(default_study()).expand()
    assert len(cells) <= 48
    names = [
        (c.market.mechanism, c.market.sigma, c.market.economy.economy.n_traders, c.information)
        for c in cells
    ]
    assert names.count(("sigma-dcda", "sigma-n", 10, "profile")) == 6
    assert names.count(("sigma-dcda", 0.0, 10, "profile")) == 2
    assert names.count(("sigma-dcda", "sigma-n", 4, "profile")) == 2
    assert names.count(("sigma-dcda", "sigma-n", 30, "profile")) == 2
    assert names.count(("sigma-dcda", "sigma-n", 10, "own")) == 2
    assert sum(name[0] == "uniform-double-auction" for name in names) == 8
    quick = read_study(default_study()).expand(quick=True)
    assert [c.market for c in quick] == [c.market for c in cells]
    assert all(c.steps < d.steps for c, d in zip(quick, cells, strict=True))


def test_every_cell_has_a_control_with_the_same_budget():
    for cells in (read_study(default_study()).expand(), tiny().expand()):
        for cell in cells:
            control = next(other for other in cells if other.controls(cell))
            assert control.is_control
            assert (control.steps, control.seeds) == (cell.steps, cell.seeds)
            assert control.market.economy.economy.n_traders == (
                cell.market.economy.economy.n_traders
            )


def test_report_of_a_small_study(finished):
    content = json.loads((finished.folder / "report.json").read_text())
    assert content["rows"] == finished.rows
    assert content["failures"] == {}
    states = [row["state"] for row in finished.rows]
    assert states == ["confirmed", "refuted", "refuted", "confirmed"]
    null, control, price_taking, equilibrium = finished.rows
    assert null["exact_gain"] == 0.0
    assert null["share"] is None
    assert null["cap"] == 0.0
    assert null["untrained_gain"] < null["learned_gain"] < 1e-12
    assert null["training_gain_max"] < 1e-12
    assert null["control"]["share"] == control["share"] == null["power"]
    assert control["control"] is None
    assert control["cap"] == pytest.approx(control["exact_gain"], rel=1e-9)
    assert control["witness"]["gain"] > 0
    assert equilibrium["control"]["key"] == price_taking["key"]
    assert null["sigma"] == pytest.approx(sigma_n(two_groups(4)))
    low, high = null["learned_gain_interval"]
    assert low < null["learned_gain"] < high
    expected = {
        "mechanism", "economy", "strategy", "trader", "n_traders", "sigma", "information",
        "learner", "honest_utility", "untrained_gain", "learned_gain", "learned_gain_interval",
        "learned_gain_max", "exact_gain", "share", "cap", "epsilon", "state", "control", "seeds",
    }  # fmt: skip
    assert all(expected <= set(row) for row in finished.rows)


def test_files_of_a_small_study(finished):
    page = (finished.folder / "report.html").read_text()
    assert "sigma-dcda" in page
    assert "confirmed" in page
    assert not re.search(r"<(script|link|img|iframe)[^>]*(src|href)=", page)
    for cell in tiny().expand():
        folder = RunStore(finished.folder).cell_folder(cell)
        assert {"spec.json", "result.json", "seed0.json", "seed1.safetensors", "tensorboard"} <= {
            path.name for path in folder.iterdir()
        }
        assert any((folder / "tensorboard" / "seed0").iterdir())
        policy = load_policy(folder / "seed0", cell.market.build().strategy)
        assert policy.market["mechanism"] == cell.market.mechanism
    again = evaluate(folder / "seed0")
    assert again.exact_gain == 0.0
    assert again.share is None


def test_a_study_gives_the_same_bytes_however_often_it_is_cut_off(finished, tmp_path):
    """Other order, one process, resumed after losing two cells and half a third."""
    folder = tmp_path / "again"
    confirm(tiny(), out=folder, workers=1)
    store, cells = RunStore(folder), tiny().expand()
    for cell in cells[:2]:
        (store.cell_folder(cell) / "result.json").unlink()
    kept = store.cell_folder(cells[3]) / "result.json"
    before = kept.stat().st_mtime_ns
    (store.cell_folder(cells[2]) / "result.json").write_text('{"key": ')
    (folder / "report.json").unlink()
    confirm(tiny(), out=folder, workers=2)
    assert kept.stat().st_mtime_ns == before
    left = (folder / "report.json").read_bytes()
    assert left == (finished.folder / "report.json").read_bytes()
    left = (folder / "report.html").read_bytes()
    assert left == (finished.folder / "report.html").read_bytes()


def test_widening_a_study_leaves_earlier_numbers_as_they_were():
    cells, data = tiny().expand(), read_yaml(TINY).values
    data["cells"].append({"mechanism": "naive-walrasian", "economy": "private"})
    wider = StudySpec.model_validate(data).expand()
    assert [cell.key for cell in wider[:4]] == [cell.key for cell in cells]
    assert len({cell.key for cell in wider}) == 5
    assert tiny(steps=6001).expand()[0].key != cells[0].key


def test_a_folder_of_another_study_is_left_alone(finished, tmp_path):
    other = tiny(name="other")
    with pytest.raises(ResultsError, match="was written by 'tiny'; choose another"):
        confirm(other, out=finished.folder)
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(ResultsError, match="holds other files"):
        confirm(other, out=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
    marker = tmp_path / "damaged" / "study.json"
    marker.parent.mkdir()
    marker.write_text("{")
    with pytest.raises(ResultsError, match="is damaged"):
        confirm(other, out=marker.parent)


def test_a_full_disk_ends_the_run_and_keeps_what_is_there(finished, monkeypatch):
    report = (finished.folder / "report.json").read_bytes()

    def full(path, text):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("deviator.studies.run.store.write_atomically", full)
    with pytest.raises(ResultsError, match="No space left on device; free some space"):
        confirm(tiny(), out=finished.folder)
    assert (finished.folder / "report.json").read_bytes() == report


def test_a_failing_cell_does_not_stop_the_others(tmp_path, monkeypatch):
    import deviator.studies.run.confirm as module

    sound = module.run_cell

    def sometimes(cell, folder):
        if cell.market.mechanism == "sigma-dcda":
            raise RuntimeError("planted")
        return sound(cell, folder)

    monkeypatch.setattr(module, "run_cell", sometimes)
    report = confirm(tiny(steps=512), out=tmp_path / "run", workers=1)
    assert len(report.rows) == 3
    assert list(report.failures.values()) == ["RuntimeError: planted"]


def test_a_null_row_whose_control_failed_says_so(finished):
    cells = tiny().expand()
    results = [RunStore(finished.folder).result(cell) for cell in cells]
    row = report_rows(cells[:1], results[:1])[0]
    assert row["control"]["share"] is None
    assert row["power"] is None
    assert table_cells(row)[COLUMNS.index("control")] == "-"


@pytest.mark.parametrize("width", [60, 100, 210])
def test_rows_are_told_apart_at_every_width(finished, width):
    row = next(row for row in finished.rows if row["mechanism"] == "sigma-dcda")
    unusual = ({"information": "own"}, {"strategy": "bold"}, {"trader": "big"}, {"sigma": 0.77})
    rows = [row, row, row, *(row | change for change in unusual)]
    table = verdict_table(rows, width)
    texts = list(zip(*(column.cells for column in table.columns), strict=True))
    assert len(set(texts)) == 5
    for text, word in zip(texts[3:], ("own", "bold", "big", "0.77"), strict=True):
        assert word in " ".join(text)
    assert (table.caption is None) == (width == 210)


def test_a_share_below_0_is_explained_where_it_stands_and_nowhere_else(finished):
    rows = finished.rows
    assert explanations(rows) == []
    for column in ("share", "power"):
        told = explanations([*rows[:-1], rows[-1] | {column: -0.3}])
        assert len(told) == 1
        assert told[0].startswith("A share or control below 0%: the learner ended worse off")
    content = json.loads((finished.folder / "report.json").read_text())
    store = RunStore(finished.folder)
    page = finished.folder / "report.html"
    assert "below 0%" not in page.read_text()
    write_html(store, content | {"rows": [row | {"power": -0.3} for row in content["rows"]]})
    assert "below 0%" in page.read_text()
    write_html(store, content)


def test_economies_of_one_family_are_told_apart_by_what_differs():
    study = tiny(
        economies={
            "steep": {"family": "private-values", "n_traders": 4, "slope": 2.0},
            "flat": {"family": "private-values", "n_traders": 4, "slope": 1.0},
            "box": {
                "family": "private-values",
                "n_traders": 4,
                "slope": 1.0,
                "types": {"law": "uniform", "low": -1.0},
            },
            "large": {"family": "private-values", "n_traders": 5, "slope": 3.0},
        },
        cells=[
            {
                "mechanism": "uniform-double-auction",
                "economy": ["steep", "flat", "box", "large"],
            }
        ],
    )
    assert economy_labels(study.expand()) == [
        "private values slope=2.0, types=default",
        "private values slope=1.0, types=default",
        "private values slope=1.0, types=uniform low -1",
        "private values",
    ]


def die_once(place, folder):
    import os
    import signal

    marker = folder / str(place)
    if place == 1 and not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    marker.touch()


def test_a_killed_worker_costs_a_retry(tmp_path):
    done = dict(run_tasks(die_once, [(place, tmp_path) for place in range(4)], workers=2))
    assert done == dict.fromkeys(range(4))
    assert len(list(tmp_path.iterdir())) == 4


def test_rows_are_a_pure_function_of_the_results(finished):
    cells = tiny().expand()
    results = [RunStore(finished.folder).result(cell) for cell in cells]
    assert report_rows(cells, results) == finished.rows


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: [", "must be YAML"),
        ("name: !!bool maybe", "must be YAML"),
        ("just text", "line 1: the file must be keys with values, got 'just text'"),
        (
            TINY.replace("seeds:", "sedes:"),
            r"line 3: sedes is no key that is known here; did you mean seeds\? Known: name, plugins",
        ),
        (TINY.replace("steps: 6000", "steps: 0"), "line 4: steps must be above 0, got 0"),
        (
            TINY.replace("name: tiny", "name: ../etc"),
            "line 2: name: it names a folder.*, got '../etc'",
        ),
        (TINY.replace("seeds: [0, 1]", "seeds: []"), "seeds must be a list that is not empty"),
        (TINY.replace("seeds: [0, 1]", "seeds: [0, 0]"), "seeds: they must differ"),
        (TINY.replace("seeds: [0, 1]", "seeds: [0, -1]"), r"seeds\[1\] must be at least 0, got -1"),
        (TINY.replace("sigma: sigma-n", "sigma: sigma-m"), "must be a number or 'sigma-n' or"),
        (TINY.replace("sigma: sigma-n", "sigma: true"), "must be a number or 'sigma-n' or"),
        (
            TINY.replace("sigma: sigma-n", "sigma: sigma-n, parameters: {sigma: 0.3}", 1),
            r"line 13: cells\[0\].parameters: sigma is stated beside them; leave one of the two out",
        ),
        (
            TINY.replace("information: own}", "information: all}"),
            r"line 15: cells\[2\].information must be 'own' or 'profile' or a list, got 'all'$",
        ),
        (
            TINY.replace("economy: private, inf", "economy: [private, 3], inf"),
            r"cells\[2\].economy\[1\] must be a text, got 3$",
        ),
        (
            TINY.replace("n_traders: 4, rho", "types: {law: flat}, n_traders: 4, rho"),
            "'truncated-normal', got 'flat'",
        ),
        (TINY.replace("steps: 6000", "plugins: mine.py"), "plugins must be a list, got 'mine.py'"),
        (TINY.partition("cells:")[0], "line 2: cells is missing; add it"),
        (TINY + "steps: 5\n", "must be YAML: found the key 'steps' twice in line"),
        (TINY.replace("steps: 6000", "steps: .inf"), "steps must be a whole number, got inf"),
        (
            TINY.replace("mechanism: uniform-double-auction, economy: private}", "mechansm: x}"),
            "has 2 mistakes",
        ),
        (
            TINY.replace("beliefs: two-groups", "beliefs: two-grops"),
            "line 11: .*did you mean 'two-groups'",
        ),
    ],
)
def test_study_files_that_break_a_rule(tmp_path, text, message):
    path = tmp_path / "study.yaml"
    path.write_text(text)
    with pytest.raises(InvalidInputError, match=message) as caught:
        read_study(path)
    lines = str(caught.value).split("\n")
    assert len(lines) == 1 or f"has {len(lines) - 1} mistakes:" in lines[0]
    for jargon in ("Input", "pydantic", "type=", "literal", "unicode string"):
        assert jargon not in str(caught.value)


def test_every_mistake_of_a_study_file_has_its_line(tmp_path):
    path = tmp_path / "study.yaml"
    text = TINY.replace("steps: 6000", "steps: many").replace("sigma: sigma-n", "sigma: [1]")
    path.write_text(text.replace("{name: ppo,", "{names: ppo,"))
    with pytest.raises(InvalidInputError) as caught:
        read_study(path)
    assert str(caught.value).split("\n") == [
        f"study file {path} has 3 mistakes:",
        "  line 4: steps must be a whole number, got 'many'",
        "  line 7: learner.names is no key that is known here; did you mean name? Known: name, settings",
        "  line 13: cells[0].sigma must be a number or 'sigma-n' or 'sigma-budget', got [1]",
    ]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("economy: groups}", "economy: grups}", "economy 'grups' is not named in the study"),
        ("mechanism: sigma-dcda", "mechanism: sigma-dcdb", "did you mean 'sigma-dcda'"),
        ("family: two-groups", "family: two-grops", "did you mean 'two-groups'"),
        ("name: ppo", "name: ppoo", "did you mean 'ppo'"),
        ("n_traders: 4, alpha: 1.0, beta", "n_traders: 5, alpha: 1.0, beta", "must be even"),
        ("n_traders: 4, alpha: 1.0, beta", "n_traders: 2, alpha: 1.0, beta", "at least 3, got 2"),
        ("alpha: 1.0, beta: 0.7", "alfa: 1.0, beta: 0.7", "takes the parameters n_traders, alpha, beta, slope"),
        ("sigma: sigma-n", "sigma: -0.5", "sigma must be non-negative, got -0.5"),
        ("sigma: sigma-n", "sigma: .nan", "sigma must be finite, got nan"),
        ("two-groups, n_traders: 4, alpha: 1.0, beta: 0.7", "tight, n_traders: 4, cross_effect: 0.9", "A4"),
        ("beliefs: two-groups", "family: two-groups", "rho"),
        ("mechanism: uniform-conditional", "mechanism: naive-walrasian", "lacks"),
        ("  - {mechanism: sigma-dcda", "  - {trader: 4, mechanism: sigma-dcda", "lacks|below"),
        ("markets: 256,", "markets: 100,", "multiple of batch_size"),
        ("points: 4", "hidden: abc", "hidden must be a list of widths"),
        ("points: 4", "log_exploration: .nan", "log_exploration must be finite"),
        ("batch_size: 256", "batch_size: 1", "batch_size must be at least 2"),
        ("rho: 0.4", "rho: 0.4, mean: abc", "mean must be a number"),
        ("noise: 0.5, slope: 1.0", "noise: 0.5, slope: [1, 2]", "slope must have shape"),
        ("beliefs: two-groups", "beliefs: two-grops", "did you mean 'two-groups'"),
        ("economy: groups}", "economy: groups, control: {mechanism: sigma-dcda}}", "lacks|profitable"),
        ("economy: groups}", "economy: groups, control: {mechanism: naive-walrasian}}", "same bid language"),
        ("strategy: linear-bayes\n    economy: beliefs", "strategy: linear-bayes\n    economy: private", "states beliefs"),
        ("information: own}", "strategy: linear-bayes, information: own}", "states beliefs|lacks"),
        ("economy: groups}\n  - {mechanism: uniform-double", "economy: groups}\n  - {mechanism: uniform-conditional, economy: groups}\n  - {mechanism: uniform-double", "appears twice"),
        ("economy: private, information: own}", "economy: groups, information: own}", "private values|lacks"),
    ],
)  # fmt: skip
def test_impossible_studies(tmp_path, old, new, message):
    assert old in TINY
    path = tmp_path / "study.yaml"
    path.write_text(TINY.replace(old, new))
    with pytest.raises((InvalidInputError, UnknownNameError), match=message) as caught:
        confirm(path, out=tmp_path / "run")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("  - {mechanism: sigma-dcda", "  - {trader: 7, mechanism: sigma-dcda", "below n_traders = 4, got 7$"),
        ("economy: private, information: own}", "economy: groups, information: own}", "private values"),
        ("mechanism: uniform-conditional", "mechanism: naive-walrasian", r"control: \{mechanism: "),
        ("mechanism: uniform-conditional", "mechanism: naive-walrasian", "lacks uniform-conditional in two-groups"),
    ],
)  # fmt: skip
def test_a_missing_control_is_told_after_what_is_impossible(old, new, message):
    study = StudySpec.model_validate(read_yaml(TINY.replace(old, new)).values)
    with pytest.raises(InvalidInputError, match=message):
        study.expand()


@pytest.mark.parametrize(
    ("stated", "slope"),
    [("", 0.0), ("sigma: 0, ", 0.0), ("sigma: 0.2, ", 0.2), ("parameters: {sigma: 0.3}, ", 0.3)],
)
def test_the_tax_slope_told_is_the_mechanism_s_own(stated, slope):
    text = TINY.replace("sigma: sigma-n, ", stated)
    cells = StudySpec.model_validate(read_yaml(text).values).expand()
    assert [cell.market.tax_slope() for cell in cells] == [slope, None, None, None]
    assert cells[0].market.rule.tax_slope == slope


def test_a_tax_slope_left_out_is_the_same_cell_as_the_default():
    texts = [TINY.replace("sigma: sigma-n, ", stated) for stated in ("", "sigma: 0, ")]
    left_out, stated = (StudySpec.model_validate(read_yaml(text).values) for text in texts)
    assert [c.key for c in left_out.expand()] == [c.key for c in stated.expand()]


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


@pytest.mark.parametrize("hidden", [(), (8,)])
def test_ppo_gives_the_same_policy_for_a_seed(hidden):
    economy = private_values(4)
    core = deviation_core(market(NaiveWalrasian(economy), economy), information="own")
    learner = PPOLearner(markets=256, batch_size=256, hidden=hidden)
    first, again, other = (learner.train(core, 2000, seed).policy for seed in (1, 1, 2))
    types = core.draw(np.random.default_rng(0), 50)
    np.testing.assert_array_equal(first.bid(types, 0), again.bid(types, 0))
    assert not np.array_equal(first.bid(types, 0), other.bid(types, 0))


def test_ppo_finds_nothing_in_the_sigma_dcda_and_starts_away_from_honesty():
    economy = two_groups(4)
    core = deviation_core(market(SigmaDCDA(sigma_n(economy)), economy))
    training = PPOLearner(markets=512, batch_size=512).train(core, 30_000, 0)
    assert training.largest_gain < 1e-12
    first, last = training.curve[0].gain, training.curve[-1].gain
    assert first < -0.1 * core.reward_unit
    assert first < last < 0
    types = core.draw(np.random.default_rng(0), 10)
    offset = core.box.to_action(
        core.market.strategy.bids(types).of_trader(0), training.untrained.bid(types, 0)
    )
    np.testing.assert_allclose(np.linalg.norm(offset, axis=1), 0.3, rtol=1e-6)


def test_errors_cross_process_boundaries():
    for error in (
        UnknownNameError("learner", "pp", ["ppo"]),
        ResultsError("full"),
        InvalidInputError("x"),
    ):
        copy = pickle.loads(pickle.dumps(error))
        assert (type(copy), str(copy)) == (type(error), str(error))
