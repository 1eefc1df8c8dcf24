"""The tutorial: its files are written and its commands run, in order, as it shows them."""

import json
import re
import shlex

from helpers import virtual_environment
from helpers.repository import ROOT

BLOCK = re.compile(r"(?:`(?P<file>[\w.]+)`:\n\n)?```(?P<language>\w+)\n(?P<text>.*?)```", re.DOTALL)

SMALLER = (
    ("--steps 20000", "--steps 2048"),
    ("steps: 40000", "steps: 2048"),
    ("held_out: 5000", "held_out: 500\nlearner: none"),
)
"""Less learning, with which the verdicts, which are exact, are the same."""

OF_A_FILE = (".py", "study.yaml")
"""Ends of words of commands that need nothing installed."""


def steps(text):
    """Return what the tutorial asks for: (file, content) or (None, command), in order."""
    for block in BLOCK.finditer(text):
        if block["language"] == "console":
            yield from ((None, line) for line in block["text"].splitlines())
        else:
            assert block["file"], f"a block does not say which file it is: {block['text'][:60]}"
            yield block["file"], block["text"]


def test_every_command_of_the_tutorial_works(tmp_path, run_command, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    variables = virtual_environment.create(tmp_path / "venv")
    printed = {}
    page = (ROOT / "docs" / "plugin-tutorial.md").read_text()
    for large, small in SMALLER:
        assert large in page
        page = page.replace(large, small)
    asked = list(steps(page))
    files = ["my_auction.py", "my_tax.py", "study.yaml", "my_lottery.py", "my_market_maker.py"]
    assert [file for file, _ in asked if file] == files
    for file, text in asked:
        if file:
            (tmp_path / file).write_text(text)
        elif text.startswith("deviator") and any(word.endswith(OF_A_FILE) for word in text.split()):
            assert run_command(*shlex.split(text)[1:]) == 0
            printed[text] = capsys.readouterr().out
        else:
            printed[text] = virtual_environment.run(text, variables, tmp_path)
    assert "1 confirmed, 2 refuted" in printed["deviator study study.yaml --trust"].replace(
        "2 refuted, 1 confirmed", "1 confirmed, 2 refuted"
    )
    assert "my_auction.py" in printed["deviator study study.yaml --trust"]
    assert "check_units" in printed["deviator check my_tax.py --only check_units"]
    assert "check_claim_truthful" in printed["deviator check my_auction.py -m share=1.0"]
    assert "check_lots_decide" in printed["deviator check my_lottery.py"]
    (audited,) = (printed[command] for command in printed if "deviator audit" in command)
    assert "profitable deviation found" in audited
    report = json.loads((tmp_path / "runs" / "discounts" / "report.json").read_text())
    rows = {(row["mechanism"], row["parameters"].get("share")): row for row in report["rows"]}
    assert rows["discount-auction", 0.5]["state"] == "refuted"
    assert rows["discount-auction", 0.5]["witness"]["gain"] > 0
    assert (rows["discount-auction", 1.0]["state"], rows["discount-auction", 1.0]["cap"]) == (
        "confirmed",
        0.0,
    )
    listed = printed["deviator list mechanism"]
    assert re.search(r"discount-auction .* discount-auction 0.1.0", listed)
