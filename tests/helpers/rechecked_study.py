"""The files of a finished study, checked again by the stand-alone scripts."""

import json
import subprocess
import sys
from importlib.resources import files

from deviator.errors import RefusedError
from deviator.evidence import Certificate, certificate_file
from deviator.evidence.certificate_file import EXACT
from deviator.studies.run.store import RunStore
from deviator.studies.spec.cell import Cell

SCRIPTS = {"witness": "recheck_witness.py", "certificate": "recheck_certificate.py"}


def results(folder):
    """Yield each cell of a study's folder with its result."""
    for spec, result in RunStore(folder).finished():
        yield Cell.model_validate(spec), result


def write_files(folder, target):
    """Write all witnesses and exact certificates of a study as files; return their paths by kind."""
    paths = {"witness": [], "certificate": []}
    for cell, result in results(folder):
        documents = {"witness": result["witness"], "certificate": certificate_of(cell, result)}
        for kind, data in documents.items():
            if data is not None:
                path = target / f"{kind}-{result['key']}.json"
                path.write_text(json.dumps(data))
                paths[kind].append(path)
    return paths


def certificate_of(cell, result):
    if result["certificate"] is None:
        return None
    certificate = Certificate.from_dict(result["certificate"], result["trades"])
    if certificate.kind != EXACT or certificate.cap is None:
        return None
    try:
        return certificate_file(cell.market.build_market(), certificate, cell.information)
    except RefusedError as error:
        raise AssertionError(f"{cell.label()} has no certificate file: {error}") from error


def check_stand_alone(kind, paths):
    """Return exit code and output of the script for files of a kind, run as readers run it."""
    script = files("deviator.evidence.recheck") / SCRIPTS[kind]
    command = [sys.executable, "-I", "-S", str(script), *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout
