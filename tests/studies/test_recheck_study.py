"""What a study refutes and certifies passes the stand-alone scripts."""

from helpers.rechecked_study import check_stand_alone, write_files


def test_the_small_study_is_checked_again(finished, tmp_path):
    states = [row["state"] for row in finished.rows]
    paths = write_files(finished.folder, tmp_path)
    assert len(paths["witness"]) >= states.count("refuted") > 0
    assert len(paths["certificate"]) >= states.count("confirmed") > 0
    for kind in paths:
        code, printed = check_stand_alone(kind, paths[kind])
        assert code == 0, printed
