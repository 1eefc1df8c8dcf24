"""Write the JSON schema of study files: python docs/study_schema.py."""

import json
from pathlib import Path

from deviator.studies.spec.schema import study_schema

FILE = Path(__file__).parent / "study.schema.json"


def text() -> str:
    """Return the schema as it is published."""
    return json.dumps(study_schema(), indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
