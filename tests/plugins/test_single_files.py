"""Plugins in single files are recognised by what they are, from the text alone."""

import pytest

from deviator.errors import InvalidInputError, PluginLoadError
from deviator.plugins import make, plugins_of_file
from deviator.plugins.single_file import nameless_of_file

HEAD = """
from dataclasses import dataclass, field
from typing import Any, ClassVar
import deviator
import deviator.mechanisms as rules
from deviator import mechanisms
from deviator.economies import LinearQuadratic as Quadratic, private_values
from deviator.mechanisms import Mechanism, Outcome, SigmaDCDA as Base, UniformDoubleAuction
"""

ENDING = "\nraise RuntimeError('imported')\n"

RECOGNISED = [
    ("class Mine(Base):\n    name = 'mine'", "mechanism"),
    ("class Mine(deviator.mechanisms.SigmaDCDA):\n    name: ClassVar[str] = 'mine'", "mechanism"),
    ("class Mine(rules.SigmaDCDA):\n    name: ClassVar[str] = 'mine'", "mechanism"),
    ("class Mine(mechanisms.PayAsBid):\n    name: str = 'mine'", "mechanism"),
    ("class Mine(Base):\n    name: str = field(default='mine')", "mechanism"),
    ("class Mine(Base):\n    @property\n    def name(self):\n        return 'mine'", "mechanism"),
    ("NAME = 'mine'\nclass Mine(Base):\n    name = NAME", "mechanism"),
    ("class _Step(Base):\n    pass\nclass Mine(_Step):\n    name = 'mine'", "mechanism"),
    ("class Mine(Mechanism, Generic[T]):\n    name = 'mine'", "mechanism"),
    ("def mine(fee: float = 0.1) -> Base:\n    return Base(fee)", "mechanism"),
    ("def mine() -> 'deviator.mechanisms.Mechanism':\n    return Base(0.1)", "mechanism"),
    ("def mine(n: int) -> Quadratic:\n    return private_values(n)", "economy"),
    ("from deviator.economies import *\ndef mine() -> Saturating: ...", "economy"),
    ("from beside import Shared\nclass Mine(Shared):\n    name = 'mine'", "mechanism"),
    ("import beside\nclass Mine(beside.Shared):\n    name = 'mine'", "mechanism"),
    ("from deviator.learners import Learner as L\nclass Mine(L):\n    name = 'mine'", "learner"),
]


@pytest.mark.parametrize(("text", "kind"), RECOGNISED)
def test_what_a_class_is_decides(tmp_path, text, kind):
    (tmp_path / "beside.py").write_text(
        "from deviator.mechanisms import SigmaDCDA\nclass Shared(SigmaDCDA):\n    pass\n" + ENDING
    )
    (tmp_path / "mine.py").write_text(HEAD + text + ENDING)
    assert [(spec.kind, spec.name) for spec in plugins_of_file(tmp_path / "mine.py")] == [
        (kind, "mine")
    ]


@pytest.mark.parametrize(
    "text",
    [
        "class GameMechanism:\n    name = 'mine'\nclass Mine(GameMechanism):\n    name = 'mine'",
        "from deviator.mechanisms import Outcome\nclass Mine(Outcome):\n    name = 'mine'",
        "from deviator.economies import TypeDistribution as Economy\n"
        "class Mine(Economy):\n    name = 'mine'",
        "class Mine(Mine):\n    name = 'mine'",
        "def mine() -> int:\n    return 3",
        "def _mine() -> Base:\n    return Base(0.1)",
    ],
)
def test_a_name_like_a_base_is_none(tmp_path, text):
    (tmp_path / "mine.py").write_text(HEAD + text)
    with pytest.raises(PluginLoadError, match="must define a plugin"):
        plugins_of_file(tmp_path / "mine.py")


def test_a_class_without_a_name_of_its_own_is_said(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(HEAD + "class Discounted(Base):\n    pass\n")
    with pytest.raises(PluginLoadError, match=r"class Discounted of mine\.py is no plugin"):
        plugins_of_file(path)
    path.write_text(path.read_text() + "class Named(Base):\n    name = 'named'\n")
    assert [spec.name for spec in plugins_of_file(path)] == ["named"]
    (sentence,) = nameless_of_file(path)
    assert 'write name: ClassVar[str] = "discounted" in it' in sentence


WRAPPER = '''
@dataclass(frozen=True)
class Half(Mechanism):
    """Half of what another rule has traders pay."""

    rule: Mechanism = UniformDoubleAuction()
    share: float = 0.5
    name: str = "half"

    @property
    def language(self):
        return self.rule.language

    def clear(self, bids):
        outcome = self.rule.clear(bids)
        return Outcome(outcome.price, outcome.quantity, self.share * outcome.transfer)

@dataclass(frozen=True)
class Steep(Base):
    """Another tax."""

    sigma: float = 0.7
    name: ClassVar[str] = "steep"

def gentle(sigma: float = 0.1) -> Mechanism:
    """A small tax."""
    return Base(sigma)
'''


def test_wrappers_subclasses_and_functions_are_built(tmp_path):
    (tmp_path / "mine.py").write_text(HEAD + WRAPPER)
    file = tmp_path / "mine.py"
    half = make(f"{file}:half", share=0.25)
    assert (half.name, half.language.name) == ("half", "schedules")
    assert make(f"{file}:steep").tax_slope == 0.7
    assert make(f"{file}:gentle", sigma=0.2).sigma == 0.2


def test_files_whose_classes_derive_from_each_other_define_no_plugin(tmp_path):
    """They are read as far as they tell anything: no command ends in a traceback."""
    (tmp_path / "first.py").write_text("from second import B\nclass A(B):\n    name = 'a'\n")
    (tmp_path / "second.py").write_text("from first import A\nclass B(A):\n    name = 'b'\n")
    with pytest.raises(PluginLoadError, match="defines none"):
        plugins_of_file(tmp_path / "first.py")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("class Mine(Base):\n    name = 'mine'", "alone; say .*mine.py:mine"),
        ("from deviator.learners import Learner as L\nclass Mine(L):\n    name = 'l'", "none"),
    ],
)
def test_a_file_where_a_rule_is_meant_is_told_from_a_name(tmp_path, text, message):
    (tmp_path / "mine.py").write_text(HEAD + text + ENDING)
    with pytest.raises(InvalidInputError, match=message):
        make(str(tmp_path / "mine.py"))
