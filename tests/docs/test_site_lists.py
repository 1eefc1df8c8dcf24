"""What the documentation lists: every member, every public name, every equation of the paper."""

import re
import tomllib

import gymnasium
import pettingzoo
import pytest
from docs.building.api_pages import MODULES, SOURCE, api_page, elsewhere, modules, names_of
from docs.building.docstrings import plain
from docs.building.mathml import TAG, anchor, mathml
from docs.building.members import ENVIRONMENTS, first_version, members, public_environments
from docs.building.public_names import public_names
from helpers.repository import DOCS, ROOT

import deviator

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
FOLDERS = {"mechanisms": "mechanism", "economies": "economy", "policies": "policy"}

INTERNAL = {"cli", "numerics", "pages"}
"""Families that are no part of the public API."""

PER_SECTION = {"A": 3, "B": 10, "C": 4, "D": 1, "E": 6, "G": 9}
IN_TEXT = {"2": (1, 7), "3": (8, 13), "4": (14, 22), "5": (23, 26), "6": (27, 29)}

MATH = re.compile(r"\$\$\n(.*?)\n\$\$|\$([^$\n]+(?:\n[^$\n]+)?)\$", re.DOTALL)


def registered():
    groups = PROJECT["project"]["entry-points"]
    return {
        (FOLDERS.get(kind, kind.removesuffix("s")), name)
        for group, entries in groups.items()
        for kind in [group.removeprefix("deviator.")]
        for name in entries
    }


def numbers_of_the_paper():
    appendices = [
        f"{letter}.{n}" for letter, last in PER_SECTION.items() for n in range(1, last + 1)
    ]
    text = [f"{section}.{n}" for section, (a, b) in IN_TEXT.items() for n in range(a, b + 1)]
    return sorted(appendices + text)


def test_every_registered_member_has_a_page():
    pages = {(each.kind, each.name) for each in members() if each.kind != "environment"}
    assert pages == registered()


def test_every_page_has_a_place_of_its_own():
    pages = [each.page for each in members()]
    assert len(set(pages)) == len(pages) > 40


def test_a_new_member_without_history_is_told():
    with pytest.raises(KeyError, match=r"mechanism 'my-auction' has no first version"):
        first_version("mechanism", "my-auction")


def test_every_environment_has_a_page():
    made = [*gymnasium.registry, *pettingzoo.parallel_registry]
    assert {each for each in made if each.startswith("deviator/")} <= set(ENVIRONMENTS)
    assert public_environments() <= {each.rpartition(".")[2] for each in ENVIRONMENTS.values()}


def test_every_family_with_public_names_is_in_the_reference():
    families = {
        folder.name
        for folder in SOURCE.iterdir()
        if (folder / "__init__.py").exists() and public_names(folder)
    }
    assert len(families) > 8
    assert families <= set(MODULES) | INTERNAL


@pytest.mark.parametrize("module", ["", "economies", "mechanisms", "policies", "evidence", "envs"])
def test_the_names_that_are_read_are_those_that_are_there(module):
    package = deviator if not module else getattr(deviator, module)
    assert set(names_of(module)) == set(package.__all__)


def test_the_page_of_a_module_has_each_of_its_names():
    page = api_page("errors")
    assert all(f"deviator.errors.{name}" in page for name in names_of("errors"))


def test_a_name_that_two_modules_have_is_told_once():
    assert elsewhere("envs", "Market") == "evidence"
    assert elsewhere("evidence", "Market") is None
    assert modules()[0] == ""


def test_every_equation_of_the_paper_is_there_once():
    pages = [page.read_text(encoding="utf-8") for page in (DOCS / "theory").glob("*.md")]
    assert sorted(TAG.findall("\n".join(pages))) == numbers_of_the_paper()


def test_every_formula_can_be_shown():
    for page in (DOCS / "theory").glob("*.md"):
        for block, line in MATH.findall(page.read_text(encoding="utf-8")):
            assert mathml(TAG.sub("", block or line), "block").startswith("<math")


def test_a_formula_that_cannot_be_shown_is_refused():
    with pytest.raises(ValueError, match="cannot show"):
        mathml(r"\unheardof{x}", "block")


def test_equations_have_anchors():
    assert anchor("B.10") == "equation-b-10"


def test_docstrings_stay_text():
    assert plain("tau(|q_i|) of s_-i [1]_") == r"tau(\|q_i\|) of s\_-i [1]\_"
    assert plain("``|q|`` and `s_`") == "``|q|`` and `s_`"
    assert plain(">>> a | b_") == ">>> a | b_"
