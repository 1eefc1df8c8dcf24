"""Write the JSON schemas of the files of deviator: python docs/schemas.py writes docs/schemas/."""

import json
from pathlib import Path

from deviator.studies.json_schemas import json_schema, schema_titles

FOLDER = Path(__file__).parent / "schemas"


def texts() -> dict[str, str]:
    """Return the schemas as they are published, by the name of the file."""
    return {
        f"{name}.schema.json": json.dumps(json_schema(name), indent=1, sort_keys=True) + "\n"
        for name in schema_titles()
    }


if __name__ == "__main__":
    for file, text in texts().items():
        (FOLDER / file).write_text(text, encoding="utf-8")
