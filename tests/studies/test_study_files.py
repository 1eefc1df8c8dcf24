"""Study files: what they may say, and one sentence with its line for each mistake."""

import pytest
from helpers.tiny_study import TINY, tiny

from deviator.errors import InvalidInputError, UnknownNameError
from deviator.plain_yaml import read_yaml
from deviator.studies import confirm, default_study, read_study
from deviator.studies.spec.study import StudySpec


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


def test_each_learner_of_a_list_makes_a_cell_with_a_control_of_its_own():
    short = {"name": "ppo", "settings": {"points": 3}}
    cells = tiny(learner=["ppo", short]).expand()
    assert len(cells) == 2 * len(tiny().expand())
    assert [cell.learner.settings for cell in cells[:2]] == [{}, {"points": 3}]
    assert cells[0].market == cells[1].market
    assert cells[0].key != cells[1].key
    for cell in cells:
        assert [other.learner for other in cells if other.controls(cell)] == [cell.learner]


def test_an_entry_may_name_learners_of_its_own():
    stated = read_yaml(TINY).values["cells"]
    own = [stated[0] | {"learner": "ppo"}, stated[1] | {"learner": ["ppo"]}, *stated[2:]]
    learners = [cell.learner.settings for cell in tiny(cells=own).expand()]
    assert learners[:2] == [{}, {}]
    assert all(settings["points"] == 4 for settings in learners[2:])
    quick = {"learner": {"name": "ppo", "settings": {"points": 2}}}
    learners = [cell.learner.settings for cell in tiny(cells=own, quick=quick).expand(quick=True)]
    assert learners == [{}, {}, {"points": 2}, {"points": 2}]


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
        (
            TINY.replace("{name: ppo,", "[] #"),
            "learner must be a list that is not empty",
        ),
        (
            TINY.replace("learner: {name", "learner: [{names").replace(
                "points: 4}}", "points: 4}}]"
            ),
            r"line 7: learner\[0\].names is no key .* Known: name, settings",
        ),
        (TINY.replace("sigma: sigma-n", "sigma: true"), "must be a number or 'sigma-n' or"),
        (
            TINY.replace("sigma: sigma-n", "sigma: sigma-n, parameters: {sigma: 0.3}", 1),
            r"line 13: cells\[0\].parameters: sigma is stated beside them; leave one of the two out",
        ),
        (
            TINY.replace("information: own}", "information: all}"),
            r"line 15: cells\[2\].information: name own, statistics, profile, .*, got 'all'$",
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
    text = TINY.replace("steps: 6000", "steps: many").replace("sigma: sigma-n", "sigma: [flat]")
    path.write_text(text.replace("{name: ppo,", "{names: ppo,"))
    with pytest.raises(InvalidInputError) as caught:
        read_study(path)
    assert str(caught.value).split("\n") == [
        f"study file {path} has 3 mistakes:",
        "  line 4: steps must be a whole number, got 'many'",
        "  line 7: learner.names is no key that is known here; did you mean name? Known: name, settings",
        "  line 13: cells[0].sigma[0] must be a number or 'sigma-n' or 'sigma-budget', got 'flat'",
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
        ("  - {mechanism: sigma-dcda", "  - {trader: 4, mechanism: sigma-dcda", "below n_traders = 4, got 4"),
        ("markets: 256,", "markets: 100,", "multiple of batch_size"),
        ("points: 4", "hidden: abc", "hidden must be a list of widths"),
        ("points: 4", "log_exploration: .nan", "log_exploration must be finite"),
        ("batch_size: 256", "batch_size: 1", "batch_size must be at least 2"),
        ("rho: 0.4", "rho: 0.4, mean: abc", "mean must be a number"),
        ("noise: 0.5, slope: 1.0", "noise: 0.5, slope: [1, 2]", "slope must have shape"),
        ("beliefs: two-groups", "beliefs: two-grops", "did you mean 'two-groups'"),
        ("economy: groups}", "economy: groups, control: {mechanism: sigma-dcda}}", "profitable"),
        ("economy: groups}", "economy: groups, control: {mechanism: naive-walrasian}}", "same bid language"),
        ("strategy: linear-bayes\n    economy: beliefs", "strategy: linear-bayes\n    economy: private", "states beliefs"),
        ("information: own}", "strategy: linear-bayes, information: own}", "states beliefs"),
        ("economy: groups}\n  - {mechanism: uniform-double", "economy: groups}\n  - {mechanism: uniform-conditional, economy: groups}\n  - {mechanism: uniform-double", "appears twice"),
        ("economy: private, information: own}", "economy: groups, information: own}", "private values"),
    ],
)  # fmt: skip
def test_impossible_studies(tmp_path, old, new, message):
    assert old in TINY
    path = tmp_path / "study.yaml"
    path.write_text(TINY.replace(old, new))
    with pytest.raises((InvalidInputError, UnknownNameError), match=message) as caught:
        confirm(path, out=tmp_path / "run")
    lines = str(caught.value).split("\n")
    assert len(lines) == 1 or f"has {len(lines) - 1} mistakes:" in lines[0]
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("stated", "slope"),
    [("", 0.0), ("sigma: 0, ", 0.0), ("sigma: 0.2, ", 0.2), ("parameters: {sigma: 0.3}, ", 0.3)],
)
def test_the_reported_tax_slope_is_the_mechanism_s_own(stated, slope):
    text = TINY.replace("sigma: sigma-n, ", stated)
    cells = StudySpec.model_validate(read_yaml(text).values).expand()
    assert [cell.market.tax_slope() for cell in cells] == [slope, None, None, None]
    assert cells[0].market.rule.tax_slope == slope


def test_a_tax_slope_left_out_is_the_same_cell_as_the_default():
    texts = [TINY.replace("sigma: sigma-n, ", stated) for stated in ("", "sigma: 0, ")]
    left_out, stated = (StudySpec.model_validate(read_yaml(text).values) for text in texts)
    assert [c.key for c in left_out.expand()] == [c.key for c in stated.expand()]


def test_all_mistakes_of_a_study_are_said_at_once(tmp_path):
    text = TINY.replace("economy: private}", "economy: privat}").replace(
        "  - {mechanism: sigma-dcda", "  - {mechanism: sigma-dca"
    )
    text = text.replace(
        "two-groups, n_traders: 4, alpha: 1.0", "two-groups, n_traders: 4, alpha: x"
    )
    (tmp_path / "study.yaml").write_text(text)
    with pytest.raises(InvalidInputError) as caught:
        confirm(tmp_path / "study.yaml", out=tmp_path / "run")
    lines = str(caught.value).split("\n  ")
    assert lines[0] == f"study tiny has {len(lines) - 1} mistakes:"
    for place in ("economies.groups", "cells[0]", "economy 'privat' is not named"):
        assert any(place in line for line in lines), place
    assert not (tmp_path / "run").exists()


def test_economies_with_the_same_mistake_are_both_named():
    study = StudySpec.model_validate(read_yaml(TINY.replace("n_traders: 4", "n_traders: 2")).values)
    with pytest.raises(InvalidInputError) as caught:
        study.expand()
    assert "economies.groups" in str(caught.value)
    assert "economies.private" in str(caught.value)


def test_a_market_is_searched_where_nobody_learns(tmp_path):
    cells = [
        {"mechanism": "naive-walrasian", "economy": "private"},
        {"mechanism": "sigma-vcg", "sigma": 0.2, "economy": "private"},
    ]
    report = confirm(tiny(learner="none", cells=cells), out=tmp_path / "run", workers=1)
    assert [row["state"] for row in report.rows] == ["refuted", "confirmed"]
    assert [row["learner"] for row in report.rows] == ["none", "none"]
    assert report.rows[1]["power"] is None


@pytest.mark.parametrize(
    ("stated", "reason"),
    [
        ({"constraint": "efficiency"}, "constraint belongs to question: audit"),
        ({"members": 2}, "coalition takes members or identities above 1"),
        ({"question": "coalition"}, "coalition takes members or identities above 1"),
        ({"question": "coalition", "members": 2, "identities": 3}, "members 2 and identities 3"),
    ],
)
def test_fields_of_another_question_are_refused(stated, reason):
    cells = [{"mechanism": "naive-walrasian", "economy": "private"} | stated]
    with pytest.raises(ValueError, match=reason):
        tiny(cells=cells).expand()


ALL_WRONG = """
name: wrong
stepz: 5
learner: none
economies:
  private: {family: private-value, n_traders: 4}
  groups: {family: two-groups, n_traders: 5}
  unused: {family: two-groups, n_traders: 6, bata: 1.0}
  good: {family: two-groups, n_traders: 6}
cells:
  - {mechanism: sigma-dcd, economy: good}
  - {mechanism: uniform-conditional, economy: good, informtion: own}
  - mechanism: sigma-dcda
    sigma: 0.1
    economy: goood
    strategy: honnest
    parameters: {colour: red}
  - {mechanism: sigma-dcda, sigma: -1, economy: good}
  - {mechanism: uniform-conditional, economy: groups}
  - mechanism: sigma-dcda
    economy: good
    control: {mechanism: unform-conditional, economy: god}
"""


def test_mistakes_of_both_stages_come_at_once_with_their_lines(tmp_path):
    file = tmp_path / "wrong.yaml"
    file.write_text(ALL_WRONG)
    with pytest.raises(InvalidInputError) as wrong:
        read_study(file)
    heading, *told = str(wrong.value).splitlines()
    assert heading.endswith("wrong.yaml has 12 mistakes:")
    for line, words in (
        (3, "stepz is no key that is known here; did you mean steps?"),
        (12, "cells[1].informtion is no key that is known here; did you mean information?"),
        (6, "did you mean 'private-values'?"),
        (7, "economies.groups (line 7): n_traders must be even"),
        (8, "got 'bata'; did you mean 'beta'?"),
        (11, "cells[0].mechanism (sigma-dcd in good, line 11): no mechanism is named 'sigma-dcd'"),
        (15, "cells[2].economy (sigma-dcda in goood, line 15): economy 'goood'"),
        (16, "cells[2].strategy (sigma-dcda in goood, line 16): no policy is named 'honnest'"),
        (17, "cells[2].parameters (sigma-dcda in goood, line 17): mechanism 'sigma-dcda' takes"),
        (18, "cells[3] (sigma-dcda in good, line 18): sigma must be non-negative, got -1.0"),
        (22, "cells[5].control.mechanism (sigma-dcda in good, line 22): no mechanism is named"),
        (22, "economy 'god' is not named in the study"),
    ):
        (found,) = [one for one in told if words in one]
        assert f"line {line}" in found


def test_what_is_wrong_in_one_place_is_not_blamed_on_others(tmp_path):
    file = tmp_path / "wrong.yaml"
    file.write_text(TINY.replace("family: two-groups", "familly: two-groups"))
    with pytest.raises(InvalidInputError, match="familly") as wrong:
        read_study(file)
    assert "cells[" not in str(wrong.value)
