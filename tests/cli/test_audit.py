"""deviator audit: a card on the screen and in files, and one sentence where it cannot be made."""

import json

import pytest

ECONOMY = ("--economy", "private-values", "-s", "n_traders=4", "-s", "slope=2.0", "--held-out", 200)


def test_audit_prints_a_card_and_writes_files_that_recheck_takes(run_command, capsys, tmp_path):
    folder = tmp_path / "card"
    assert run_command("audit", "naive-walrasian", *ECONOMY, "--out", folder) == 0
    printed = capsys.readouterr().out
    assert "profitable deviation found" in printed
    assert json.loads((folder / "report.json").read_text())["state"] == "refuted"
    witness = folder / "witness-incentive_compatibility.json"
    assert str(witness) in printed
    certificates = sorted(folder.glob("certificate-*.json"))
    assert len(certificates) == 5
    assert run_command("recheck", witness, *certificates) == 0


def test_one_trader_can_be_asked_for_and_a_tolerance_stated(
    run_command, capsys, monkeypatch, tmp_path
):
    monkeypatch.setenv("COLUMNS", "40")
    options = ("--trader", 2, "--epsilon", 0.5, "--out", tmp_path)
    assert run_command("audit", "uniform-conditional", *ECONOMY, *options) == 0
    printed = capsys.readouterr().out
    assert "deviators: 2 (nobody else was tried)" in " ".join(printed.split())
    lines = printed.splitlines()
    assert max(len(line) for line in lines if not line.startswith("wrote ")) <= 40
    assert not any(line.endswith("...") for line in lines)
    assert list(json.loads((tmp_path / "report.json").read_text())["verdicts"]) == ["2"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--epsilon", "-1"), "epsilon must be non-negative"),
        (("--trader", "9"), "trader"),
        (("--information", "all"), "information must be one of"),
        (("--learner", "nobody"), "nobody"),
        (("--held-out", "3"), "held_out must be at least 100"),
        (("--steps", "0"), "steps must be at least 1, got 0"),
        (("--seed", "-1"), "seed must be at least 0, got -1"),
        (("--seconds", "0"), "seconds must be positive, got 0"),
        (("--learner", "ppo", "--learner", "ppo"), "must have different names, got ppo, ppo"),
    ],
)
def test_bad_input_is_one_sentence(run_command, capsys, tmp_path, options, message):
    assert run_command("audit", "sigma-dcda", *ECONOMY, *options, "--out", tmp_path / "card") == 2
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error
    assert not (tmp_path / "card").exists()


def test_a_folder_that_cannot_be_written_to_is_one_sentence(run_command, capsys, tmp_path):
    (tmp_path / "card").write_text("a file")
    assert run_command("audit", "sigma-dcda", *ECONOMY, "--out", tmp_path / "card") == 2
    assert "folder that can be written to" in capsys.readouterr().err
