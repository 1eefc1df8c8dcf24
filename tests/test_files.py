"""Files that are written whole or not at all, and nowhere else."""

import os
import stat

import pytest

from deviator import files
from deviator.errors import InvalidInputError
from deviator.files import read_text, write_atomically, written_whole


def test_a_file_appears_whole_and_replaces_another(tmp_path):
    path = tmp_path / "result.json"
    for content in ("old", "new: \u03c3", b"bytes"):
        write_atomically(path, content)
        want = content.encode() if isinstance(content, str) else content
        assert path.read_bytes() == want
    assert [each.name for each in tmp_path.iterdir()] == ["result.json"]


def test_what_ends_half_way_leaves_the_old_content(tmp_path):
    path = tmp_path / "result.json"
    write_atomically(path, "old")

    def write_half():
        with written_whole(path) as file:
            file.write(b"half")
            assert path.read_text() == "old"
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_half()
    assert path.read_text() == "old"
    assert [each.name for each in tmp_path.iterdir()] == ["result.json"]


def test_links_of_strangers_lead_nothing_out_of_the_folder(tmp_path, monkeypatch):
    """Also where its temporary name was foreseen; the villain opens whatever is there."""
    outside, folder = tmp_path / "outside", tmp_path / "folder"
    folder.mkdir()
    outside.write_text("mine")
    (folder / "result.json").symlink_to(outside)
    write_atomically(folder / "result.json", "result")
    assert outside.read_text() == "mine"
    assert not (folder / "result.json").is_symlink()
    monkeypatch.setattr(files.secrets, "token_hex", lambda size: "foreseen")
    trap = folder / ".foreseen.unfinished"
    trap.symlink_to(outside)
    with pytest.raises(FileExistsError):
        write_atomically(folder / "result.json", "other")
    assert outside.read_text() == "mine"
    trap.write_text("the villain")
    assert outside.read_text() == "the villain"


def test_names_of_temporary_files_are_never_the_same(tmp_path):
    seen = set[str]()
    for _ in range(20):
        with written_whole(tmp_path / "result.json"):
            seen |= set(os.listdir(tmp_path)) - {"result.json"}
    assert len(seen) == 20


def test_files_have_the_rights_that_new_files_have(tmp_path):
    write_atomically(tmp_path / "written", "x")
    (tmp_path / "opened").write_text("x")
    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("written", "opened")]
    assert modes[0] == modes[1]


@pytest.mark.parametrize(
    ("content", "reason"), [(b"\xff\xfe", "UTF-8 .*0xff"), (b"x" * 11, "at most 10 characters")]
)
def test_what_is_no_text_or_endless_is_one_sentence(tmp_path, content, reason):
    (tmp_path / "study.yaml").write_bytes(content)
    with pytest.raises(InvalidInputError, match=reason):
        read_text(tmp_path / "study.yaml", at_most=10)
