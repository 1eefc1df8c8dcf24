"""Make the notebooks of the tutorials: python docs/notebooks.py.

A tutorial is Markdown. Its blocks of `python` become cells as they are, those of `console` become
commands of the shell, and a block that follows the name of a file (`my_auction.py`:) writes that
file. A block of `text` is what the cell above it prints: it becomes the output of that cell, in
which `...` stands for what differs from one computer to the next.
"""

import re
from pathlib import Path

import jupytext
import nbformat

TUTORIALS = Path(__file__).parent / "tutorials"
FILE = re.compile(r"(?P<said>`(?P<name>\w[\w.-]*)`:\n\n)```\w+\n")
CONSOLE = re.compile(r"^```console\n(?P<lines>.*?)```$", re.MULTILINE | re.DOTALL)
OUTPUT = re.compile(r"```text\n(?P<text>.*?)\n?```\n*", re.DOTALL)
LINK = re.compile(r"\]\((?!https?:|#)(?P<target>[^)]+)\)")

PLAIN = "# Commands print as into a file: no colours, no progress bars.\n%env FORCE_COLOR="


def main() -> None:
    """Write the notebook of every tutorial."""
    for tutorial in sources():
        nbformat.write(notebook(tutorial), target(tutorial))


def sources() -> list[Path]:
    """Return the files of the tutorials."""
    return sorted(path for path in TUTORIALS.glob("*.md") if path.stem not in ("README", "index"))


def target(tutorial: Path) -> Path:
    """Return where the notebook of a tutorial lies."""
    return TUTORIALS / "notebooks" / f"{tutorial.stem}.ipynb"


def notebook(tutorial: Path) -> nbformat.NotebookNode:
    """Return a tutorial as a notebook, with the outputs that its text states."""
    made = jupytext.reads(runnable(tutorial.read_text(encoding="utf-8")), fmt="md")
    cells: list[nbformat.NotebookNode] = []
    for cell in made.cells:
        stated = OUTPUT.match(cell.source)
        if stated and cells and cells[-1].cell_type == "code":
            cells[-1].outputs = [nbformat.v4.new_output("stream", text=stated["text"] + "\n")]
            cell.source = cell.source[stated.end() :]
        if cell.source:
            cells.append(cell)
    if any(cell.source.startswith("%%bash") for cell in cells):
        cells.insert(1, nbformat.v4.new_code_cell(PLAIN))
    for number, cell in enumerate(cells):
        cell.id = f"{tutorial.stem}-{number}"
        cell.metadata = {}
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})


def runnable(text: str) -> str:
    """Return a tutorial's text with files and commands as blocks of Python that a notebook runs."""
    text = FILE.sub(r"\g<said>```python\n%%writefile \g<name>\n", text)
    text = CONSOLE.sub(r"```python\n%%bash\n\g<lines>```", text)
    return LINK.sub(lambda found: f"](../{found['target']})", text)


if __name__ == "__main__":
    main()
