"""The JSON schema of study files, for editors and for programs that write them."""

from typing import Any

from .study import StudySpec

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def study_schema() -> dict[str, Any]:
    """Return the JSON schema of study files.

    It knows keys and kinds of values; what a family, a mechanism or a learner takes is known to
    `deviator list`.

    Examples
    --------
    >>> study_schema()["required"]
    ['name', 'economies', 'cells']
    """
    schema = StudySpec.model_json_schema()
    parts = schema["$defs"]
    # Every other key of an economy is one of its parameters.
    del parts["StatedEconomy"]["properties"]["parameters"]
    parts["StatedEconomy"]["additionalProperties"] = True
    # A learner may be its name alone.
    parts["LearnerSpec"] = {"anyOf": [{"type": "string"}, parts["LearnerSpec"]]}
    return {"$schema": DIALECT, **schema}
