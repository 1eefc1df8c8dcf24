"""From a fresh clone to an audited rule of one's own, a LaTeX table and a figure, as the pages say."""

import os
import re
import shutil
import subprocess

import pytest
from helpers import virtual_environment
from helpers.repository import DOCS, ROOT
from helpers.tutorials import blocks, commands

INSTALL = ["python3 -m venv .venv", ". .venv/bin/activate", "pip install -c constraints.txt -e ."]
TUTORIAL = DOCS / "tutorials" / "first-audit.md"


def steps(page):
    """Return what a page asks for, in order: (name of a file, its text) or (None, a command)."""
    for block in blocks(page):
        if block.file:
            yield block.file, block.text
        elif block.kind == "console":
            yield from ((None, command) for command in commands(block.text))


def clone(folder):
    """Copy what git keeps, as it is now."""
    kept = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    for name in kept.stdout.decode().split("\0"):
        if name and (ROOT / name).is_symlink() | (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name, follow_symlinks=False)


def test_the_pages_name_their_files_and_commands():
    asked = list(steps(ROOT / "README.md"))
    assert [command for _, command in asked][:3] == INSTALL
    files = [name for name, _ in steps(TUTORIAL) if name]
    assert files == ["my_auction.py", "study.yaml", "figure.py"]


@pytest.mark.slow
def test_a_newcomer_gets_from_a_clone_to_a_table_and_a_figure(tmp_path):
    """Libraries are those of this environment: a download says nothing about the pages."""
    home, work = tmp_path / "clone", tmp_path / "work"
    work.mkdir()
    clone(home)
    before = os.times()
    variables = virtual_environment.create(tmp_path / "venv")
    variables["XDG_STATE_HOME"] = str(tmp_path / "state")
    printed = {
        command: virtual_environment.run(command, variables, home)
        for _, command in steps(ROOT / "README.md")
        if command not in INSTALL[:2]
    }
    where = virtual_environment.run(
        "python -c 'import deviator; print(deviator.__file__)'", variables, work
    )
    assert str(home) in where
    (quick,) = (command for command in printed if "confirm --quick" in command)
    (report,) = set(re.findall(r"runs/\S+-quick/report.html", (ROOT / "README.md").read_text()))
    assert (home / report).exists(), quick
    for file, text in steps(TUTORIAL):
        if file:
            (work / file).write_text(text)
        else:
            printed[text] = virtual_environment.run(text, variables, work)
    spent = os.times().children_user - before.children_user
    print(f"\nfrom a clone to a figure: {spent:.0f} CPU seconds, downloads apart")
    audited = "".join(text for command, text in printed.items() if "my_auction.py" in command)
    assert "profitable deviation found" in audited
    assert "no profitable deviation (certified, every profile)" in audited
    assert r"\begin{tabular}" in (work / "runs" / "refunds" / "export" / "rows.tex").read_text()
    assert (work / "runs" / "refunds" / "report.html").exists()
    assert (work / "menu.pdf").read_bytes().startswith(b"%PDF")
