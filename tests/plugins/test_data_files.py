"""Data of a plugin file: named, part of its digest, and noticed where it is not named."""

import py_compile
from importlib.util import cache_from_source

import pytest

from deviator.errors import PluginLoadError
from deviator.plugins import make, plugins_of_file
from deviator.plugins.file_module import file_module
from deviator.plugins.guard import Guard
from deviator.plugins.parts_of_file import file_version
from deviator.plugins.provenance import module_digest
from deviator.plugins.undeclared_reads import undeclared_reads

RULE = '''
import json
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar
from deviator.mechanisms import SigmaDCDA
from beside_the_rule import read

@dataclass(frozen=True)
class Mine(SigmaDCDA):
    """A rule whose tax slope stands in a file."""

    sigma: float = read(Path(__file__).with_name("slope.json"))
    name: ClassVar[str] = "mine"
    DATA

    @property
    def share(self) -> float:
        from used_later import SHARE
        return SHARE
'''
BESIDE = "import json\ndef read(file):\n    return json.loads(file.read_text())\n"


@pytest.fixture
def folder(tmp_path):
    """Write a rule with what it needs, without naming its data."""
    write(tmp_path, "")
    (tmp_path / "beside_the_rule.py").write_text(BESIDE)
    (tmp_path / "used_later.py").write_text("SHARE = 0.25\n")
    (tmp_path / "slope.json").write_text("0.5")
    return tmp_path


def write(folder, data):
    """Write the rule, naming these data."""
    (folder / "mine.py").write_text(RULE.replace("DATA", data))
    return folder / "mine.py"


def version(file):
    """Return the digest of a file."""
    return plugins_of_file(file)[0].version


def test_named_data_are_part_of_the_digest(folder):
    file = folder / "mine.py"
    before = version(file)
    (folder / "slope.json").write_text("0.75")
    assert version(file) == before
    write(folder, 'data_files: ClassVar[tuple[str, ...]] = ("slope.json",)')
    before = version(file)
    (folder / "slope.json").write_text("0.5")
    assert version(file) != before


@pytest.mark.parametrize(
    "data",
    ['["missing.json"]', '["../slope.json"]', '["/etc/passwd"]', '[Path("slope.json")]', '"slope"'],
)
def test_data_files_that_cannot_be_what_they_must_be(folder, data):
    with pytest.raises(PluginLoadError, match=r"data_files of mine\.py must be"):
        plugins_of_file(write(folder, f"data_files = {data}"))


def test_code_beside_a_file_is_imported_from_there_and_edits_count(folder):
    file = folder / "mine.py"
    assert (make(f"{file}:mine").sigma, make(f"{file}:mine").share) == (0.5, 0.25)
    (folder / "beside_the_rule.py").write_text("def read(file):\n    return 0.9\n")
    (folder / "used_later.py").write_text("SHARE = 0.5\n")
    assert (make(f"{file}:mine").sigma, make(f"{file}:mine").share) == (0.9, 0.5)


def loaded(file):
    """Build the rule in this process, and return what it was noticed to read."""
    made = make(f"{file}:mine")
    assert made.share == 0.25
    (file.parent / "written.txt").write_text("written")
    (file.parent / "written.txt").read_text()
    return undeclared_reads()


def test_reads_of_what_is_not_named_are_noticed(folder):
    file = folder / "mine.py"
    with Guard(60) as guard:
        (sentence,) = guard.run(loaded, file)
        assert sentence.startswith("mine.py read slope.json beside it")
        guard.close()
        write(folder, 'data_files = ["slope.json"]')
        assert guard.run(loaded, file) == []


def test_packages_are_digested_whole(tmp_path, monkeypatch):
    package = tmp_path / "acme_with_data"
    (package / "tables").mkdir(parents=True)
    (package / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    digests = []
    for text in ("1", "2"):
        (package / "tables" / "numbers.csv").write_text(text)
        digests.append(module_digest("acme_with_data.rules"))
    (package / "__pycache__").mkdir()
    (package / "__pycache__" / "x.pyc").write_text("3")
    digests.append(module_digest("acme_with_data"))
    assert digests[0] != digests[1] == digests[2]


def test_bytecode_that_comes_with_a_file_is_not_run(tmp_path):
    (tmp_path / "its_helper.py").write_text("VALUE = 'as read'\n")
    file = tmp_path / "with_bytecode.py"
    file.write_text("from its_helper import VALUE\nOWN = 'as read'\n")
    other = tmp_path / "other.txt"
    other.write_text("VALUE = OWN = 'something else'\n")
    for source in (file, tmp_path / "its_helper.py"):
        py_compile.compile(
            str(other),
            cfile=cache_from_source(str(source)),
            doraise=True,
            invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
        )
    module = file_module(file)
    assert (module.VALUE, module.OWN) == ("as read", "as read")


def test_code_in_a_folder_without_an_init_file_is_part_of_the_digest(tmp_path):
    (tmp_path / "its_parts").mkdir()
    (tmp_path / "its_parts" / "one.py").write_text("VALUE = 1\n")
    (tmp_path / "its_parts" / "notes.txt").write_text("no code\n")
    file = tmp_path / "with_parts.py"
    file.write_text("from its_parts.one import VALUE\n")
    before = file_version(file)
    assert file_module(file).VALUE == 1
    (tmp_path / "its_parts" / "notes.txt").write_text("others\n")
    assert file_version(file) == before
    (tmp_path / "its_parts" / "one.py").write_text("VALUE = 2\n")
    assert file_version(file) != before
    assert file_module(file).VALUE == 2
