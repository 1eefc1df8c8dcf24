"""The files of a public project agree with each other and with the package."""

import ast
import doctest
import json
import re
import tomllib

import pytest
from helpers.repository import DOCS, ROOT

import deviator
from deviator import citation
from deviator.plain_yaml import read_yaml

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
SESSIONS = ast.parse((ROOT / "noxfile.py").read_text(encoding="utf-8"))
TEMPLATES = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))


def constant(name):
    """Return a constant of noxfile.py, which few environments can import."""
    for node in SESSIONS.body:
        if isinstance(node, ast.Assign) and node.targets[0].id == name:
            return ast.literal_eval(node.value)
    raise LookupError(name)


def yaml_of(path):
    return read_yaml(path.read_text(encoding="utf-8")).values


def test_versions_agree():
    cited = yaml_of(ROOT / "CITATION.cff")
    assert PROJECT["version"] == deviator.__version__ == str(cited["version"])
    assert f"## {deviator.__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert cited["license"] == PROJECT["license"]


def test_the_paper_is_cited_alike_everywhere():
    (paper,) = yaml_of(ROOT / "CITATION.cff")["references"]
    assert [author["family-names"] for author in paper["authors"]] == ["Andreyanov", "Sadzik"]
    readme = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    assert paper["title"] in readme
    assert str(paper["year"]) in readme
    ours = yaml_of(ROOT / "CITATION.cff")
    assert (ours["title"], ours["authors"][0]["name"]) == (citation.TITLE, citation.AUTHORS)
    stated = citation.PAPER_TITLE, citation.JOURNAL, citation.YEAR
    assert stated == (paper["title"], paper["journal"], paper["year"])
    page = (DOCS / "how-to" / "citing.md").read_text(encoding="utf-8")
    assert f"```bibtex\n{citation.bibtex(deviator.__version__)}\n```" in page


@pytest.mark.parametrize("file", ["LICENSE", "CITATION.cff", "docs/how-to/citing.md"])
def test_the_authors_have_one_name(file):
    """And no second one: "authors", "contributors"."""
    text = (ROOT / file).read_text(encoding="utf-8")
    assert set(re.findall(r"[Tt]he deviator \w+", text)) == {citation.AUTHORS}


def test_every_extra_is_tried():
    assert set(constant("EXTRAS")) == set(PROJECT["optional-dependencies"])
    assert set(constant("OPTIONAL")) <= set(PROJECT["optional-dependencies"])
    used = re.search(r'"\.\[(.*?)\]"', (ROOT / "Dockerfile").read_text(encoding="utf-8"))[1]
    assert set(used.split(",")) == set(constant("OPTIONAL"))


def test_every_floor_is_one_version():
    """So that `make matrix` can install all floors exactly."""
    for needed in PROJECT["dependencies"]:
        assert re.fullmatch(r"[\w.-]+>=[\w.]+", needed), needed


def test_every_test_of_interoperability_has_its_session():
    files = {
        path.stem.removeprefix("test_") for path in (ROOT / "tests/interoperability").glob("*")
    }
    assert files - {"__pycache__"} == set(constant("LIBRARIES"))


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.stem)
def test_issue_templates_ask_for_something(template):
    form = yaml_of(template)
    if template.stem != "config":
        assert form["name"]
        assert form["description"]
        assert any(part.get("validations", {}).get("required") for part in form["body"])


def test_the_containers_files_are_read():
    container = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text(encoding="utf-8"))
    assert "make lint" in container["postCreateCommand"]


def test_the_page_of_versions_holds():
    assert doctest.testfile(str(DOCS / "versions.md"), module_relative=False).failed == 0
