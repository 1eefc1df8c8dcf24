"""The check that importing a plugin's file changes nothing that all code in a process shares."""

import ast
import sys
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

from ..file_module import file_module
from ..provenance import FILE_MODULE
from .comparing import ELSEWHERE_S, elsewhere
from .process_state import changes, process_state


def check_import_leaves_the_process_alone(subject: Any) -> None:
    """Importing the file in a fresh process changes nothing that all code there shares."""
    module = sys.modules.get(type(subject).__module__)
    file = getattr(module, "__file__", None)
    if module is None or file is None or module.__name__ == "__main__":
        return
    changed = elsewhere(ELSEWHERE_S).run(changes_of_import, module.__name__, file)
    assert not changed, (
        f"importing {Path(file).name} must leave {' and '.join(changed)} alone, and changed it; "
        "do it where it is needed, and put back what was there"
    )


def changes_of_import(module: str, file: str) -> list[str]:
    """Import a module, and return what of the state of this process that changed, in words.

    What it imports from other packages is imported before: their doings are not the plugin's.
    """
    for name in _imported_from_elsewhere(module, Path(file)):
        with suppress(Exception):
            import_module(name)
    before = process_state()
    with suppress(ModuleNotFoundError):
        if module.startswith(FILE_MODULE):
            file_module(Path(file))
        else:
            import_module(module)
    return changes(before, process_state())


def _imported_from_elsewhere(module: str, file: Path) -> list[str]:
    """Return the modules of other packages that a file imports at its top."""
    package = module.partition(".")[0]
    names = []
    for node in ast.parse(file.read_bytes()).body:
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.append(node.module or "")
    beside = {each.stem for each in file.parent.glob("*.py")}
    own = {package, *beside}
    return [name for name in names if name.partition(".")[0] not in own]
