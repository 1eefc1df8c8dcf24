"""The published JSON schema is the code's, and knows the keys of the studies that ship."""

import json
import runpy

from helpers.repository import DOCS, ROOT

from deviator.plain_yaml import read_yaml
from deviator.studies import default_study


def test_the_published_schema_is_that_of_the_code():
    written = runpy.run_path(str(DOCS / "study_schema.py"))["text"]()
    assert written == (DOCS / "study.schema.json").read_text(), "run python docs/study_schema.py"


def test_the_schema_knows_all_keys_of_studies_that_ship():
    schema = json.loads((DOCS / "study.schema.json").read_text())
    entries = schema["$defs"]["CellsSpec"]["properties"]
    for path in (default_study(), *sorted((ROOT / "runs").glob("*.yaml"))):
        study = read_yaml(path.read_text(encoding="utf-8")).values
        assert study.keys() <= schema["properties"].keys()
        assert set(schema["required"]) <= study.keys()
        for entry in study["cells"]:
            assert entry.keys() <= entries.keys()
    assert "parameters" not in schema["$defs"]["StatedEconomy"]["properties"]
