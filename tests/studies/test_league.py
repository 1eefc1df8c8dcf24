"""The league: every run is kept at once and done once, and the page says what the runs found."""

import json
from dataclasses import replace

import pytest
from helpers.tiny_learner import Stepper

from deviator.errors import InvalidInputError, RefusedError, ResultsError
from deviator.learners import Learner
from deviator.studies.league import ENTRIES, League, Problem, Run, measure, play, read_runs
from deviator.studies.league_page import league_page, share_at

SMALL = League(("naive-walrasian",), (4,), ("own",), seeds=2, seconds=0.05, held_out=200)


class Slower(Stepper):
    name = "slower"


class Broken(Stepper):
    name = "broken"

    def check_problem(self, problem):
        raise RefusedError("broken plays nothing; name another learner")


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    file = tmp_path_factory.mktemp("league") / "deep" / "league.jsonl"
    seen = []
    runs = play(SMALL, [Stepper(), Slower(stride=0.001), Broken()], file, seen.append)
    return file, runs, seen


def test_every_learner_runs_with_every_seed(played):
    file, runs, seen = played
    assert runs == seen == read_runs(file)
    assert [(run.seed, run.learner) for run in runs] == [
        (seed, name) for seed in (0, 1) for name in ("stepper", "slower", "broken")
    ]
    good, bad, broken = runs[:3]
    assert good.kind == "exact"
    assert 1 >= good.share > bad.share
    assert broken.share is None
    assert broken.problem == "RefusedError: broken plays nothing; name another learner"
    shares = [share for _, _, share in good.points]
    assert shares == sorted(shares)
    assert good.points[-1][0] >= 0.05


def test_what_is_done_is_not_done_again_and_what_is_missing_is(played, tmp_path):
    file = tmp_path / "league.jsonl"
    lines = played[0].read_text().splitlines(keepends=True)
    file.write_text("".join(lines[:4]))
    seen = []
    runs = play(SMALL, [Stepper(), Slower(stride=0.001), Broken()], file, seen.append)
    trained = [(run.seed, run.learner) for run in seen if run.share is not None]
    assert trained == [(1, "slower")]
    assert len(runs) == len(file.read_text().splitlines()) == 6
    assert file.read_text().startswith("".join(lines[:4]))
    play(SMALL, [Stepper(stride=0.3)], file, seen.append)
    assert [run.settings["stride"] for run in seen[-2:]] == [0.3, 0.3]


def test_ctrl_c_ends_a_league_and_keeps_what_is_done(tmp_path):
    file = tmp_path / "league.jsonl"
    with pytest.raises(KeyboardInterrupt):
        play(SMALL, [Stepper(), Slower(interrupted=200)], file)
    assert [run.learner for run in read_runs(file)] == ["stepper"]


@pytest.mark.parametrize(
    ("name", "rung"), [*((name, "profile") for name in ENTRIES), ("three-rounds", "own")]
)
def test_there_is_something_to_gain_in_every_market(name, rung):
    measured = measure(Problem(name, 4, rung), 200)
    assert measured.best.share(measured.best.gain) == 1.0
    assert measured.best.gain > 10 * measured.best.epsilon
    assert measured.core.market.economy.n_traders == 4


def run(learner, seed, share, **changes):
    there = Run(
        "naive-walrasian",
        4,
        "own",
        learner,
        {},
        seed,
        5.0,
        "exact",
        share,
        ((0.0, 0, -1.0), (1.5, 100, share)),
    )
    return replace(there, **changes)  # fmt: skip


def test_the_page_has_means_intervals_and_marks():
    runs = [
        run("a", 0, 0.5), run("a", 1, 0.7), run("b", 0, None, points=(), problem="it cannot"),
        run("c", 0, 0.9999), run("c", 1, 0.9999, problem="diverged"),
        run("a", 0, 0.8, market="pay-as-bid", kind="searched"), run("a", 0, 0.1, seconds=1.0),
    ]  # fmt: skip
    page = league_page(runs)
    assert "## After 5 CPU seconds, seeds: 2" in page
    assert "| naive-walrasian | 4 | own | 60.0% ± 127 | - | 99.990% ± 0 ! |" in page
    assert "| >= pay-as-bid | 4 | own | 80.0% |  |  |" in page
    assert "| 4 | own | a | -100% | 60.0% | 60.0% |" in page


def test_an_empty_league_has_a_page():
    assert league_page([]).startswith("# League of learners")


def test_shares_at_a_time_are_those_of_the_last_measurement_before():
    assert [share_at(run("a", 0, 0.5), time) for time in (0.0, 1.0, 1.5, 9.0)] == [-1, -1, 0.5, 0.5]
    assert share_at(run("a", 0, 0.5, points=()), 1.0) is None


class Plain(Learner):
    name = "plain"

    def settings(self):
        return {}

    def train(self, core, steps, seed, *, progress=None, log_folder=None):
        raise AssertionError("it must not be trained")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"markets": ("cakes",)}, "a market of the league must be one of naive-walrasian, .* 'cakes'"),
        ({"traders": (5,)}, "traders must be even in the league, got 5"),
        ({"traders": (2,)}, "traders must be at least 4, got 2"),
        ({"seeds": 0}, "seeds must be at least 1, got 0"),
        ({"seconds": 0.0}, "seconds must be positive"),
        ({"rungs": ("all",)}, "information must be one of"),
    ],
)  # fmt: skip
def test_leagues_that_cannot_be_are_refused(settings, message):
    with pytest.raises(InvalidInputError, match=message):
        League(**settings)


def test_learners_without_a_budget_in_seconds_are_refused(tmp_path):
    with pytest.raises(RefusedError, match="plain is no EvaluatedLearner"):
        play(SMALL, [Stepper(), Plain()], tmp_path / "league.jsonl")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("line", ["{", "[]", "{}", json.dumps({"market": "naive-walrasian"})])
def test_damaged_files_are_refused_with_the_line(tmp_path, line):
    file = tmp_path / "league.jsonl"
    file.write_text(f"\n{line}\n")
    with pytest.raises(ResultsError, match="must have a run in every line, line 2 is damaged"):
        read_runs(file)


def test_the_command_plays_and_writes_the_page(run_command, capsys, tmp_path):
    from helpers import tiny_learner

    words = ("--traders", 4, "--information", "own", "--seconds", 0.05, "--seeds", 1)
    plugin = ("--learner", "stepper", "--plugin", tiny_learner.__file__)
    out = ("--out", tmp_path / "league.jsonl", "--held-out", 200)
    assert run_command("league", "naive-walrasian", *words, *plugin, *out) == 0
    printed = capsys.readouterr()
    assert "naive-walrasian N=4 own stepper seed 0: " in printed.err
    assert f"wrote {tmp_path / 'league.md'}" in printed.out
    assert "| stepper |" in (tmp_path / "league.md").read_text()
    (tmp_path / "league.md").unlink()
    assert run_command("league", "--only-page", *out) == 0
    assert (tmp_path / "league.md").exists()
    assert run_command("league", "cakes", *words, *plugin, *out) == 2
    assert "'cakes'" in capsys.readouterr().err
