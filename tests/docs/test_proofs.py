"""docs/proofs.md: its example runs, and prints the cap that it speaks of."""

from helpers.repository import ROOT


def test_the_example_runs(capsys):
    text = (ROOT / "docs" / "proofs.md").read_text()
    exec(text.split("```python")[1].split("```")[0], {})
    assert capsys.readouterr().out == "0.0\n"
