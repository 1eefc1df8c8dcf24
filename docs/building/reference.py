"""Writes the pages of docs/reference before Sphinx reads them; none is tracked but its index."""

from pathlib import Path
from typing import Any

from .api_pages import api_index, api_page, full_name, modules
from .member_pages import kind_page, member_page
from .members import KINDS, members


def setup(app: Any) -> dict[str, bool]:
    """Write the pages when a build begins."""
    app.connect("config-inited", _write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _write(app: Any, config: Any) -> None:
    del config
    docs = Path(app.srcdir)
    texts = {member.page: member_page(member) for member in members()}
    texts |= {f"reference/{folder}": kind_page(kind) for kind, (folder, _) in KINDS.items()}
    texts |= {f"reference/api/{full_name(each)}": api_page(each) for each in modules()}
    texts["reference/api"] = api_index()
    for page, text in texts.items():
        _write_changed(docs / f"{page}.md", text)
    for file in (docs / "reference").rglob("*.md"):
        if file.relative_to(docs).with_suffix("").as_posix() not in {*texts, "reference/index"}:
            file.unlink()


def _write_changed(file: Path, text: str) -> None:
    """Write a page where it is another than before: what is unchanged is not read again."""
    file.parent.mkdir(parents=True, exist_ok=True)
    if not file.exists() or file.read_text(encoding="utf-8") != text:
        file.write_text(text, encoding="utf-8")
