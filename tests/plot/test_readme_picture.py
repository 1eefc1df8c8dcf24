"""docs/figure.py: the README's picture, drawn by the functions that users have."""

import json
import runpy

from helpers.report_content import row
from helpers.repository import DOCS

CURVES = [[[0, -0.2], [6000, 0.05]], [[0, -0.1], [6000, 0.07]]]


def test_the_picture_is_drawn_of_a_finished_study(tmp_path):
    settings = {"family": "two-groups", "parameters": {"n_traders": 10}}
    common = {"n_traders": 10, "economy_settings": settings, "curves": CURVES}
    rows = [
        row(**common, mechanism="sigma-dcda", sigma=0.0, key="a", best_gain=0.0),
        row(**common, mechanism="sigma-dcda", sigma=0.4, key="b", best_gain=0.0),
        row(**common, key="c"),
    ]
    content = {"study": "made up", "rows": rows, "failures": {}}
    (tmp_path / "report.json").write_text(json.dumps(content))
    main = runpy.run_path(str(DOCS / "figure.py"))["main"]
    first, second = tmp_path / "a.svg", tmp_path / "b.svg"
    for file in (first, second):
        main(str(tmp_path), file)
    assert first.read_bytes() == second.read_bytes()
    assert first.read_bytes().startswith(b"<?xml")
