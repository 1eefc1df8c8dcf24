"""``deviator study``: overrides, dry runs, and code that comes with a study file."""

import json

import pytest

import deviator.cli.agreement as agreement
from deviator.errors import RefusedError
from deviator.studies import confirm, read_study

STUDY = """
name: small
plugins: [theirs.py]
seeds: [0]
held_out: 100
learner: none
economies:
  private: {family: private-values, n_traders: [4, 6]}
cells:
  - {mechanism: uniform-double-auction, economy: private}
"""

THEIRS = """
import pathlib
from deviator.mechanisms import UniformDoubleAuction
pathlib.Path(__file__).with_name("it_ran").write_text("code ran")
class Mine(UniformDoubleAuction):
    name = "mine"
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with a study of somebody else's, where nothing is trusted yet."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    (tmp_path / "study.yaml").write_text(STUDY)
    (tmp_path / "theirs.py").write_text(THEIRS)
    return tmp_path


@pytest.fixture
def plain(folder):
    """The same without code."""
    (folder / "study.yaml").write_text(STUDY.replace("plugins: [theirs.py]\n", ""))
    return folder


def test_a_dry_run_says_what_is_finished_and_how_long_the_rest_takes(plain, run_command, capsys):
    assert run_command("study", "study.yaml", "--dry-run") == 0
    printed = capsys.readouterr().out
    assert printed.count("to run  uniform-double-auction-private-values") == 2
    assert "2 cells, 0 finished, 2 to run" in printed
    assert "no cells were timed here" in printed
    assert not (plain / "runs").exists()
    assert run_command("study", "study.yaml", "--workers", 1) == 0
    wider = "economies.private.n_traders=[4, 6, 8]"
    for option in ("--set", "-s"):
        capsys.readouterr()
        assert run_command("study", "study.yaml", "--dry-run", option, wider) == 0
    printed = capsys.readouterr().out
    assert printed.count("finished  ") == 2
    assert "3 cells, 2 finished, 1 to run" in printed
    assert all(f"(n_traders={size}" in printed for size in (4, 6, 8))
    assert "as the finished cells of this study took" in printed


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (["steps=x"], "--set steps: steps must be a whole number, got 'x'"),
        (["cells.0.sigma=x"], "--set cells.0.sigma: cells[0].sigma must be a number"),
        (["cells.3.sigma=1"], "--set cells.3.sigma must lead to a value"),
        (["stepps=1"], "stepps is no key that is known here; did you mean steps?"),
        (["name.first=1"], "must lead to a value by keys"),
        (["steps"], "must be given as name=value"),
    ],
)
def test_settings_that_lead_nowhere(plain, run_command, capsys, settings, message):
    words = [word for setting in settings for word in ("--set", setting)]
    assert run_command("study", "study.yaml", "--dry-run", *words) == 2
    assert message in " ".join(capsys.readouterr().err.split())


def test_settings_replace_values_of_the_file(plain):
    changed = read_study(
        plain / "study.yaml", {"cells.0.trader": [0, 1], "steps": 7, "economies.private.slope": 2.0}
    )
    cells = changed.expand()
    assert [(cell.market.trader, cell.steps) for cell in cells] == [(0, 7), (1, 7)] * 2
    assert {cell.market.economy.parameters["slope"] for cell in cells} == {2.0}
    assert read_study(plain / "study.yaml").steps == 200_000


def test_code_of_a_study_is_refused_where_nobody_can_be_asked(folder, run_command, capsys):
    assert run_command("study", "study.yaml", "--dry-run") == 2
    said = " ".join(capsys.readouterr().err.split())
    assert "study small comes with code, theirs.py (sha256 " in said
    assert "pass --trust" in said
    with pytest.raises(RefusedError, match="comes with code"):
        confirm(folder / "study.yaml", out=folder / "run")
    assert not (folder / "run").exists()
    assert not (folder / "it_ran").exists()


def test_what_the_user_trusts_is_remembered_until_it_changes(folder, run_command, capsys):
    assert run_command("study", "study.yaml", "--dry-run", "--trust") == 0
    assert run_command("confirm", "study.yaml", "--dry-run") == 0
    (folder / "theirs.py").write_text(THEIRS + "\n# edited")
    assert run_command("study", "study.yaml", "--dry-run") == 2
    assert run_command("study", "study.yaml", "--dry-run", "--plugin", "theirs.py") == 0
    assert run_command("study", "study.yaml", "--dry-run") == 2
    capsys.readouterr()


@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("n\n", 2)])
def test_a_terminal_is_asked(folder, run_command, capsys, monkeypatch, answer, code):
    import io

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr("sys.stdin", Terminal(answer))
    monkeypatch.setattr(agreement, "has_terminal", lambda: True)
    assert run_command("study", "study.yaml", "--dry-run") == code
    said = capsys.readouterr().err
    assert "comes with code" in said
    assert "Run it?" in said
    monkeypatch.setattr(agreement, "has_terminal", lambda: False)
    assert run_command("study", "study.yaml", "--dry-run") == code


def test_code_that_changes_while_the_user_is_asked_is_not_run(
    folder, run_command, capsys, monkeypatch
):
    def answer(*_, **__):
        (folder / "theirs.py").write_text(THEIRS + "\n# swapped")
        return True

    monkeypatch.setattr(agreement, "has_terminal", lambda: True)
    monkeypatch.setattr("typer.confirm", answer)
    assert run_command("study", "study.yaml", "--dry-run") == 2
    assert "changed while you were asked" in " ".join(capsys.readouterr().err.split())
    monkeypatch.setattr(agreement, "has_terminal", lambda: False)
    assert run_command("study", "study.yaml", "--dry-run") == 2


def test_without_a_home_nothing_is_remembered_and_nothing_fails(folder, run_command, monkeypatch):
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.delenv("HOME")
    assert run_command("study", "study.yaml", "--dry-run", "--trust") == 0
    assert run_command("study", "study.yaml", "--dry-run") == 2


def test_a_state_folder_that_cannot_be_written_is_done_without(folder, run_command, monkeypatch):
    (folder / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(folder / "file"))
    assert run_command("study", "study.yaml", "--dry-run", "--trust") == 0
    assert run_command("study", "study.yaml", "--dry-run") == 2


def test_json_names_the_cells_that_failed_in_words(plain, run_command, capsys, monkeypatch):
    def lose(*_):
        raise RuntimeError("planted")

    monkeypatch.setattr("deviator.studies.run.driver.run_cell", lose)
    assert run_command("study", "study.yaml", "--json", "--workers", 1) == 1
    found = json.loads(capsys.readouterr().out)
    assert set(found["failures"].values()) == {"RuntimeError: planted"}
    assert set(found["failed_cells"]) == set(found["failures"])
    for name in found["failed_cells"].values():
        assert name.startswith("uniform-double-auction in private values(")
