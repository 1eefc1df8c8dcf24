"""Golden values, computed by an independent implementation of the paper's formulas."""

import json
from pathlib import Path

KNOWN_ANSWERS = json.loads(Path(__file__).with_suffix(".json").read_text())
